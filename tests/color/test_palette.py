"""References as painted: the majority of a segment's interior, every other colour reported."""

import numpy as np
import pytest

from ant_core.color.palette import NO_COLOR, UNPAINTED, Palette, PixelFormat, read_segment_colors
from ant_core.errors import InputError

RED, BLUE, CLEAR = (200, 0, 0, 255), (0, 0, 200, 255), (9, 9, 9, 0)
RGBA8 = PixelFormat(8, 4)

# Two segments of 5 x 5, from (1, 1) and (7, 1), with lines between and around them.
LABELS = np.pad(np.array([[1] * 5 + [0] + [2] * 5] * 5, np.int32), 1)


def picture(left, right, line=(0, 0, 0, 255)):
    image = np.array([left] * 6 + [line] + [right] * 6, np.uint8)
    return np.tile(image, (7, 1, 1))


def colors_of(labels, image, palette):
    read = read_segment_colors(labels, image, palette)
    return [palette.color(i) if i > UNPAINTED else i for i in read.index.tolist()]


def test_a_flat_segment_has_its_colour_and_no_second():
    palette = Palette(RGBA8)
    read = read_segment_colors(LABELS, picture(RED, BLUE), palette)
    assert [palette.color(i) for i in read.index] == [RED, BLUE]
    assert read.second.tolist() == [NO_COLOR, NO_COLOR]


def test_transparent_is_the_colour_unpainted_whatever_lies_under_it():
    palette = Palette(RGBA8)
    image = picture(CLEAR, RED)
    image[1, 1] = (77, 1, 2, 0)
    read = read_segment_colors(LABELS, image, palette)
    assert read.index[0] == UNPAINTED
    assert read.second[0] == NO_COLOR


def test_white_paper_of_an_opaque_picture_is_simply_a_colour():
    palette = Palette(PixelFormat(8, 3))
    image = np.full((*LABELS.shape, 3), 255, np.uint8)
    assert colors_of(LABELS, image, palette) == [(255, 255, 255)] * 2


def test_antialiased_rim_does_not_count():
    palette = Palette(RGBA8)
    image = picture(RED, BLUE)
    image[1, :6] = (100, 0, 0, 255)
    image[:, 1] = (50, 0, 0, 128)
    read = read_segment_colors(LABELS, image, palette)
    assert palette.color(read.index[0]) == RED
    assert read.second[0] == NO_COLOR


def test_missed_slivers_along_the_line_do_not_count():
    palette = Palette(RGBA8)
    image = picture(RED, BLUE)
    image[:, 5] = 0
    read = read_segment_colors(LABELS, image, palette)
    assert palette.color(read.index[0]) == RED
    assert read.second[0] == NO_COLOR


def test_second_colour_is_reported_with_share_and_place():
    palette = Palette(RGBA8)
    image = picture(RED, BLUE)
    image[3, 2:5] = BLUE  # three of the nine interior pixels
    read = read_segment_colors(LABELS, image, palette)
    assert palette.color(read.index[0]) == RED
    assert palette.color(read.second[0]) == BLUE
    assert read.second_share[0] == pytest.approx(3 / 9)
    assert read.second_at[0].tolist() == [3, 3]


def test_a_segment_without_interior_is_read_from_all_its_pixels():
    labels = np.pad(np.array([[1, 1, 1, 1, 0, 2]], np.int32), 1)
    image = np.zeros((3, 8, 4), np.uint8)
    image[1, 1:7] = [RED, RED, RED, BLUE, CLEAR, BLUE]
    palette = Palette(RGBA8)
    read = read_segment_colors(labels, image, palette)
    assert [palette.color(i) for i in read.index] == [RED, BLUE]
    assert read.second_share[0] == pytest.approx(0.25)


def test_the_edge_of_the_picture_is_no_rim():
    labels = np.ones((2, 2), np.int32)
    image = np.array([[RED, RED], [RED, BLUE]], np.uint8)
    assert read_segment_colors(labels, image, Palette(RGBA8)).second_share[0] == 0.25


def test_a_tie_goes_to_the_lower_value():
    labels = np.array([[1, 1]], np.int32)
    for order in ([BLUE, RED], [RED, BLUE]):
        assert colors_of(labels, np.array([order], np.uint8), Palette(RGBA8)) == [BLUE]


@pytest.mark.parametrize(
    ("depth", "channels", "values"),
    [
        (8, 1, [(0,), (255,)]),
        (16, 1, [(256,), (65535,)]),
        (8, 3, [(1, 2, 3), (3, 2, 1)]),
        (16, 3, [(1, 2, 3), (65535, 256, 257)]),
        (16, 4, [(1, 2, 3, 65535), (65535, 65534, 65533, 1)]),
        (8, 2, [(7, 255), (255, 1)]),
        (16, 2, [(256, 65535), (65535, 1)]),
        (8, 5, [(1, 2, 3, 4, 255), (255, 254, 253, 252, 1)]),
        (16, 5, [(1, 2, 3, 4, 65535), (65535, 256, 257, 0, 1)]),
    ],
)
def test_values_of_every_format_come_back_untouched(depth, channels, values):
    pixels = PixelFormat(depth, channels)
    palette = Palette(pixels)
    image = np.tile(np.array([values[0]] * 7 + [values[1]] * 6, pixels.dtype), (7, 1, 1))
    read = read_segment_colors(LABELS, image, palette)
    assert [palette.color(i) for i in read.index] == values
    table = palette.table(read.index)
    assert table.dtype == pixels.dtype
    assert table[1:].tolist() == [list(value) for value in values]


ODD_FLOATS = (
    [0x7F800001, 0x7FC00000, 0xFF800000, 0x3F800000],  # two kinds of no number, minus infinity
    [0x80000000, 0x00000001, 0x42280000, 0x3F000000],  # minus zero, a denormal, 42, half opaque
)


@pytest.mark.parametrize("depth", [16, 32])
@pytest.mark.parametrize("channels", [2, 4, 5])
def test_odd_floats_come_back_bit_for_bit(depth, channels):
    pixels = PixelFormat(depth, channels, True)
    bits = [np.array((values * 2)[-channels:], np.uint32) for values in ODD_FLOATS]
    if depth == 16:
        bits = [(values >> 16).astype(np.uint16) for values in bits]
    left, right = (values.view(pixels.dtype) for values in bits)
    palette = Palette(pixels)
    read = read_segment_colors(
        LABELS, np.tile(np.array([left] * 6 + [right] * 7), (7, 1, 1)), palette
    )
    assert palette.table(read.index)[1:].tobytes() == left.tobytes() + right.tobytes()
    assert [palette.index_of_raw(palette.raw(i)) for i in read.index] == read.index.tolist()


def test_zero_and_minus_zero_are_two_colours_but_no_alpha_is_unpainted():
    palette = Palette(PixelFormat(32, 4, True))
    assert palette.index((0.0, 1, 1, 1)) != palette.index((-0.0, 1, 1, 1))
    assert palette.index((1, 1, 1, -0.0)) == UNPAINTED


def test_what_lies_under_transparency_does_not_split_a_wide_pixels_run():
    pixels = PixelFormat(16, 5)
    image = np.tile(np.array([1, 2, 3, 4, 65535], np.uint16), (7, 13, 1))
    image[3, 2:5] = [[9, 0, 0, 0, 0], [8, 0, 0, 0, 0], [7, 0, 0, 0, 0]]
    read = read_segment_colors(LABELS, image, Palette(pixels))
    assert read.second[0] == UNPAINTED
    assert read.second_at[0].tolist() == [3, 3]


def slow_colors(labels, image):
    """The obvious way: look at every pixel, count, take the most frequent."""
    height, width = labels.shape
    result = []
    for segment in range(1, labels.max() + 1):
        inner, every = {}, {}
        for y, x in zip(*np.nonzero(labels == segment), strict=True):
            color = tuple(image[y, x].tolist())
            around = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
            inside = [(j, i) for j, i in around if 0 <= j < height and 0 <= i < width]
            every[color] = every.get(color, 0) + 1
            if all(labels[place] == segment for place in inside):
                inner[color] = inner.get(color, 0) + 1
        solid = sum(inner.values()) >= max(1, 0.1 * sum(every.values()))
        counts = inner if solid else every
        result.append(min(counts, key=lambda c, n=counts: (-n[c], c)))
    return result


@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_looking_at_every_pixel(seed, monkeypatch):
    monkeypatch.setattr("ant_core.color.palette._BAND_PIXELS", 60)  # several bands of rows
    rng = np.random.default_rng(seed)
    blobs = rng.integers(0, 5, (6, 7)).repeat(4, 0).repeat(4, 1)
    _, labels = np.unique(blobs, return_inverse=True)
    labels = labels.reshape(blobs.shape).astype(np.int32)
    pixels = (RGBA8, PixelFormat(32, 4, True))[seed % 2]  # packed and wide pixels
    choices = np.array([RED, BLUE, (0, 200, 0, 255), (1, 2, 3, 255)], pixels.dtype)
    image = choices[rng.integers(0, 4, labels.shape)]
    palette = Palette(pixels)
    read = read_segment_colors(labels, image, palette)
    got = [palette.color(i) for i in read.index]
    assert got == slow_colors(labels, image)


def test_no_counterpart_and_bare_line_are_left_unpainted():
    palette = Palette(RGBA8)
    red = palette.index(RED)
    table = palette.table(np.array([red, NO_COLOR, UNPAINTED], np.int32))
    assert table.tolist() == [[0] * 4, list(RED), [0] * 4, [0] * 4]


def test_palette_ranks_by_value_not_by_order_of_arrival():
    first, second = Palette(RGBA8), Palette(RGBA8)
    for color in (RED, BLUE):
        first.index(color)
    for color in (BLUE, RED):
        second.index(color)
    ranks = [p.order()[[p.index(RED), p.index(BLUE)]].tolist() for p in (first, second)]
    assert ranks[0] == ranks[1]


def test_fewer_channels_are_filled_up_and_another_depth_is_refused():
    grey = np.array([[7, 9]], np.uint8)
    assert RGBA8.convert(grey, "a.png").tolist() == [[[7, 7, 7, 255], [9, 9, 9, 255]]]
    with pytest.raises(InputError, match="16 bits a channel"):
        RGBA8.convert(grey.astype(np.uint16), "a.png")
    with pytest.raises(InputError, match="4 channels"):
        PixelFormat(8, 3).convert(np.zeros((1, 1, 4), np.uint8), "a.png")
