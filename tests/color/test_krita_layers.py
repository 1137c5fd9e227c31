"""Raw layer bytes: out and back bit for bit, boxes cut at the canvas, line art reduced."""

import numpy as np
import pytest

from ant_core.color.krita_layers import LayerFormat, line_pixels, over
from ant_core.engine.planes import MemoryFrames, PackedPicture, PictureStore
from ant_core.errors import InputError
from ant_core.formats.packed import box_of, pack, unpack

FORMATS = [
    ("RGBA", "U8"),
    ("RGBA", "U16"),
    ("RGBA", "F16"),
    ("RGBA", "F32"),
    ("GRAYA", "U8"),
    ("GRAYA", "U16"),
    ("GRAYA", "F32"),
    ("CMYKA", "U8"),
    ("CMYKA", "U16"),
    ("CMYKA", "F32"),
]


@pytest.mark.parametrize(("model", "depth"), FORMATS)
def test_bytes_come_back_as_they_were(model, depth):
    layer = LayerFormat(model, depth)
    data = np.random.default_rng(1).bytes(3 * 2 * layer.pixel_bytes)  # floats: any bits at all
    pixels = layer.decode(data, (0, 0, 3, 2), (2, 3))
    assert pixels.shape == (2, 3, layer.channels)
    assert layer.encode(pixels) == data


@pytest.mark.parametrize(
    ("model", "depth", "data", "values"),
    [
        ("RGBA", "U8", b"\x03\x02\x01\xff", [1, 2, 3, 255]),
        ("RGBA", "U16", b"\x03\x00\x02\x00\x01\x00\xff\xff", [1, 2, 3, 65535]),
        ("RGBA", "F16", b"\x00\x3c\x00\x38\x00\x80\x00\x3c", [1, 0.5, -0.0, 1]),
        ("GRAYA", "U8", b"\x07\xff", [7, 255]),
        ("CMYKA", "U8", b"\x01\x02\x03\x04\xff", [1, 2, 3, 4, 255]),
    ],
)
def test_channels_are_in_logical_order(model, depth, data, values):
    assert LayerFormat(model, depth).decode(data, (0, 0, 1, 1), (1, 1)).tolist() == [[values]]


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((-1, -1, 2, 2), {(0, 0): 4}),
        ((2, 1, 2, 2), {(1, 2): 1}),
        ((-1, 0, 5, 1), {(0, 0): 2, (0, 1): 3, (0, 2): 4}),
        ((9, 9, 2, 1), {}),
        ((-9, 0, 2, 1), {}),
        ((1, 1, 0, 0), {}),
    ],
)
def test_a_box_is_cut_at_the_canvas(box, inside):
    layer = LayerFormat("GRAYA", "U8")
    count = box[2] * box[3]
    data = bytes(value for number in range(1, count + 1) for value in (number, 255))
    canvas = layer.decode(data, box, (2, 3))
    expected = np.zeros((2, 3), np.uint8)
    for place, value in inside.items():
        expected[place] = value
    assert canvas[:, :, 0].tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("box", "size"), [((0, 0, 2, 2), 15), ((0, 0, 2, 2), 17), ((0, 0, -1, -4), 4)]
)
def test_bytes_that_do_not_fit_their_box_are_refused(box, size):
    with pytest.raises(InputError, match=r"came with .* bytes"):
        LayerFormat("RGBA", "U8").decode(bytes(size), box, (4, 4))


@pytest.mark.parametrize(("model", "depth"), [("LABA", "U8"), ("RGBA", "U12"), ("", "")])
def test_other_models_are_refused(model, depth):
    with pytest.raises(InputError, match="cannot be worked on"):
        LayerFormat(model, depth)


@pytest.mark.parametrize(
    ("model", "pixel", "expected"),
    [
        ("RGBA", np.array([1, 2, 3, 4], np.uint8), [1, 2, 3, 4]),
        ("RGBA", np.array([65535, 257, 128, 129], np.uint16), [255, 1, 0, 1]),
        ("GRAYA", np.array([0.5, 7], np.float32), [128, 255]),
        ("GRAYA", np.array([np.nan, -1], np.float16), [0, 0]),
        ("CMYKA", np.array([0, 0, 0, 255, 255], np.uint8), [0, 0, 0, 255]),
        ("CMYKA", np.array([255, 0, 0, 0, 255], np.uint8), [0, 255, 255, 255]),
        ("CMYKA", np.array([0, 0, 0, 50, 1], np.float32), [127, 127, 127, 255]),
    ],
)
def test_line_art_is_reduced_to_eight_bits(model, pixel, expected):
    assert line_pixels(pixel[None, None], model).tolist() == [[expected]]


@pytest.mark.parametrize(("channels", "model", "left"), [(2, "GRAYA", 2), (5, "CMYKA", 4)])
def test_line_art_beside_the_canvas_is_nothing(channels, model, left):
    assert line_pixels(np.zeros((3, 0, channels), np.uint8), model).shape == (3, 0, left)


def test_laying_one_picture_over_another():
    below = np.array([[[200, 0, 0, 255], [200, 0, 0, 255], [9, 9, 9, 0], [9, 9, 9, 0]]], np.uint8)
    above = np.array([[[0, 0, 0, 0], [0, 0, 100, 255], [0, 7, 0, 128], [5, 5, 5, 0]]], np.uint8)
    result = over(below, above)
    assert result[0, :3].tolist() == [[200, 0, 0, 255], [0, 0, 100, 255], [0, 7, 0, 128]]
    assert result[0, 3, 3] == 0
    half = over(below[:, :1], np.array([[[0, 0, 0, 128]]], np.uint8))
    assert half[0, 0].tolist() == [100, 0, 0, 255]


@pytest.mark.parametrize(("model", "depth"), FORMATS)
@pytest.mark.parametrize("seed", range(3))
def test_packed_pictures_come_back_whatever_is_painted(model, depth, seed):
    layer = LayerFormat(model, depth)
    rng = np.random.default_rng(seed)
    image = np.zeros((9, 12, layer.channels), layer.dtype)
    x, y = rng.integers(0, 8, 2)
    image[y : y + 3, x : x + 2, -1] = 1
    packed = pack(image)
    assert box_of(packed) == (x, y, min(2, 12 - x), min(3, 9 - y))
    assert unpack(packed, (9, 12), layer.channels, layer.dtype).tobytes() == image.tobytes()


def test_an_empty_picture_has_an_empty_box():
    image = np.zeros((4, 5, 4), np.uint8)
    packed = pack(image)
    assert box_of(packed) == (0, 0, 0, 0)
    assert PackedPicture("d", packed, "").is_blank
    assert unpack(packed, (4, 5), 4, np.uint8).tolist() == image.tolist()


def test_pictures_that_no_frame_shows_are_dropped():
    shelf = PictureStore()
    shelf.put(1, PackedPicture("a", b"", ""))
    shelf.put(2, PackedPicture("a", b"", ""))
    shelf.remove(1)
    assert shelf.find("a") is not None
    shelf.put(2, PackedPicture("b", b"", ""))
    assert shelf.find("a") is None


def test_frames_in_memory_are_read_as_files_are():
    layer = LayerFormat("RGBA", "F16")
    image = np.zeros((4, 5, 4), np.float16)
    image[1, 2] = 1
    frames = MemoryFrames({7: PackedPicture("digest", pack(image), "here")}, (4, 5), layer.pixels)
    info = frames.probe(7)
    assert (info.height, info.width, info.channels, info.depth) == (4, 5, 4, 16)
    assert info.floating
    assert info.digest == "digest"
    assert frames.read(7).tolist() == image.tolist()
    with pytest.raises(InputError, match="frame 8 has no picture"):
        frames.read(8)
