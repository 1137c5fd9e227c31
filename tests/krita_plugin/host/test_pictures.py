import struct

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.host import pictures
from krita_plugin.propagate_colors.state.pixels import Format

SIZE = (2, 1)
RED, HALF = (0, 0, 255, 255), (255, 0, 0, 128)  # blue, green, red, alpha: red, and clear blue


def shown(data, form, size=SIZE, most=(9, 9)):
    width, height, bgra = pictures.to_bgra(pictures.image(data, form, size, most))
    assert (width, height) == size
    return [tuple(bgra[4 * i : 4 * i + 4]) for i in range(width * height)]


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (Format("RGBA", "U8"), bytes([*RED, *HALF])),
        (Format("RGBA", "U16"), struct.pack("<8H", *(257 * v for v in (*RED, *HALF)))),
        (Format("RGBA", "F16"), struct.pack("<8e", 1, 0, 0, 1, 0, 0, 1, 128 / 255)),
        (Format("RGBA", "F32"), struct.pack("<8f", 1, 0, 0, 1, 0, 0, 1, 128 / 255)),
        (Format("CMYKA", "U8"), bytes([0, 255, 255, 0, 255, 255, 255, 0, 0, 128])),
        (Format("CMYKA", "F32"), struct.pack("<10f", 0, 100, 100, 0, 100, 100, 100, 0, 0, 50)),
    ],
)
def test_every_format_looks_alike(form, data):
    first, second = shown(data, form)
    assert first == RED
    assert second[:3] == HALF[:3]
    # The upper half of a 32-bit float has 8 binary places.
    assert abs(second[3] - 128) <= 1


def test_grey():
    assert shown(bytes([10, 255, 200, 7]), Format("GRAYA", "U8")) == [
        (10, 10, 10, 255),
        (200, 200, 200, 7),
    ]


def test_linear_light_is_shown_as_the_eye_sees_it():
    form = Format("RGBA", "F32", "sRGB-elle-V2-g10.icc")
    (first, second) = shown(struct.pack("<8f", 0.2, 0.2, 0.2, 0.5, -1, 9, float("nan"), 1), form)
    assert first[:3] == (123, 123, 123)  # 124 but for the lower half of the float
    assert first[3] in (127, 128)
    assert second == (0, 255, 0, 255)


def test_pictures_are_scaled_to_fit_and_never_up():
    assert pictures.fitted((1920, 1080), (160, 120)) == (160, 90)
    assert pictures.fitted((1920, 1080), (4000, 4000)) == (1920, 1080)
    assert pictures.fitted((4000, 1), (100, 100)) == (100, 1)


@pytest.mark.parametrize("depth", ["U8", "U16"])
def test_a_large_frame_is_sampled(depth):
    form = Format("RGBA", depth)
    pixel = b"".join(bytes([value] * form.channel_bytes) for value in (1, 2, 3, 255))
    picture = pictures.image(pixel * (300 * 200), form, (300, 200), (30, 30))
    width, height, data = pictures.to_bgra(picture)
    assert (width, height) == (30, 20)
    assert data == bytes([1, 2, 3, 255]) * 600


def test_white_paper_lets_colors_through():
    colors = pictures.image(bytes([*RED, *RED]), Format("RGBA", "U8"), SIZE, SIZE)
    paper = bytes([255, 255, 255, 255, 0, 0, 0, 255])
    lines = pictures.image(paper, Format("RGBA", "U8"), SIZE, SIZE)
    _, _, data = pictures.to_bgra(pictures.stacked(colors, [lines]))
    assert data == bytes([*RED, 0, 0, 0, 255])


@pytest.mark.parametrize(
    ("form", "color", "rgb"),
    [
        (Format("RGBA", "U8"), (1, 2, 3, 255), (1, 2, 3)),
        (Format("RGBA", "U16"), (257, 514, 65535, 65535), (1, 2, 255)),
        (Format("RGBA", "F32"), (0.0, 0.5, 2.0, 1.0), (0, 128, 255)),
        (Format("GRAYA", "U8"), (9, 255), (9, 9, 9)),
        (Format("CMYKA", "F32"), (0.0, 100.0, 0.0, 0.0, 1.0), (255, 0, 255)),
    ],
)
def test_a_color_in_logical_order_is_shown(form, color, rgb):
    assert pictures.display(color, form) == rgb


def test_a_mark_of_a_few_pixels_stands_out_at_docker_size():
    form, size = Format("RGBA", "U8"), (640, 360)
    below = pictures.image(bytes([*RED]) * (size[0] * size[1]), form, size, (160, 90))
    data = bytearray(4 * size[0] * size[1])
    for y in (180, 181, 182):
        place = 4 * (y * size[0] + 320)
        data[place : place + 12] = bytes([60, 176, 255, 170]) * 3
    marks = pictures.from_bgra((*size, bytes(data)), size)
    _, _, shown = pictures.to_bgra(pictures.marked(below, marks))
    pixels = [tuple(shown[place : place + 3]) for place in range(0, len(shown), 4)]
    pale = pixels[0]
    assert min(pale[:2]) > 180, pale  # red with much paper over it
    bold = [pixel for pixel in pixels if pixel[0] < 110 and pixel[2] > 220]
    assert 4 <= len(bold) <= 16
