"""Painted frames as people make them: one paint is one colour that occurs in the picture."""

import cv2
import numpy as np
import pytest

from ant_core.color.palette import NO_COLOR, UNPAINTED, Palette, PixelFormat, read_segment_colors

RGBA8, RGB8 = PixelFormat(8, 4), PixelFormat(8, 3)
RED, NEAR_RED, BLUE = (200, 40, 40, 255), (206, 46, 46, 255), (30, 60, 190, 255)


def grid(rows=2, columns=5, size=60):
    """Segments of size x size between lines of 3 px, numbered by rows."""
    step = size + 3
    labels = np.zeros((rows * step + 3, columns * step + 3), np.int32)
    for row in range(rows):
        for column in range(columns):
            top, left = row * step + 3, column * step + 3
            labels[top : top + size, left : left + size] = row * columns + column + 1
    return labels


def painted(labels, colors):
    """Paint segments with a colour each; colours meet in the middle of the lines."""
    table = np.zeros((labels.max() + 1, 4), np.uint8)
    table[1:] = colors
    lines = cv2.distanceTransformWithLabels(
        (labels == 0).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )[1]
    owner = np.zeros(lines.max() + 1, np.int32)
    owner[lines[labels > 0]] = labels[labels > 0]
    return table[owner[lines]]


def noisy(image, sigma, seed):
    off = np.random.default_rng(seed).normal(0, sigma, (*image.shape[:2], 3)).round()
    result = image.copy()
    result[..., :3] = np.clip(image[..., :3] + off, 0, 255)
    return result


def jpeg(image, quality):
    packed = cv2.imencode(".jpg", image[..., 2::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(packed, cv2.IMREAD_COLOR)[..., ::-1])


def dithered(image, step):
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]])
    tiles = [-(-side // 4) for side in image.shape[:2]]
    on = np.tile(bayer, tiles)[: image.shape[0], : image.shape[1], None] >= 8
    result = image.copy()
    result[..., :3] += np.where(on, step, 0).astype(np.uint8)
    return result


def occur(image, colors):
    return all((image == np.array(color, image.dtype)).all(axis=2).any() for color in colors)


@pytest.mark.parametrize("kind", ["jpeg 75", "jpeg 90", "noise 1", "noise 3", "dither 4"])
@pytest.mark.parametrize("seed", [1, 2])
def test_noise_in_ten_segments_of_one_paint_gives_one_colour_of_the_picture(kind, seed):
    labels = grid()
    image = painted(labels, [RED] * 4 + [BLUE] * 2 + [RED] * 4)
    name, amount = kind.split()
    image = {
        "jpeg": lambda: jpeg(image, int(amount)),
        "noise": lambda: noisy(image, float(amount), seed),
        "dither": lambda: dithered(image, int(amount)),
    }[name]()
    palette = Palette(RGB8 if image.shape[2] == 3 else RGBA8)
    read = read_segment_colors(labels, image, palette)
    assert len(set(read.index.tolist())) == 2
    named = [palette.color(i) for i in read.index[[0, 4]]]
    assert occur(image, named)
    for color, meant in zip(named, (RED, BLUE), strict=True):
        assert np.abs(np.array(color[:3]) - meant[:3]).max() <= 4
    assert (read.share >= 0.9).all()


def test_two_near_paints_stay_apart_in_noise_that_is_smaller():
    labels = grid()
    image = noisy(painted(labels, [RED] * 5 + [NEAR_RED] * 5), 1.5, 3)
    read = read_segment_colors(labels, image, Palette(RGBA8))
    assert len(set(read.index[:5].tolist())) == len(set(read.index[5:].tolist())) == 1
    assert read.index[0] != read.index[5]


def test_flat_colours_one_step_apart_stay_apart_beside_a_noisy_segment():
    labels = grid()
    colors = [(200 + i, 40, 40, 255) for i in range(9)] + [BLUE]
    image = painted(labels, colors)
    rough = noisy(image, 2, 4)
    image[labels == 10] = rough[labels == 10]
    palette = Palette(RGBA8)
    read = read_segment_colors(labels, image, palette)
    assert [palette.color(i) for i in read.index[:9]] == colors[:9]


def test_near_flat_colours_in_halves_of_a_segment_are_told():
    labels = grid(1, 1)
    image = painted(labels, [RED])
    image[:30] = NEAR_RED
    palette = Palette(RGBA8)
    read = read_segment_colors(labels, image, palette)
    assert palette.color(read.index[0]) == RED
    assert palette.color(read.second[0]) == NEAR_RED
    assert read.share[0] < 0.9


def test_a_noisy_frame_joins_the_paint_of_a_frame_before():
    labels, palette = grid(), Palette(RGBA8)
    first = read_segment_colors(labels, painted(labels, [RED] * 10), palette)
    palette.note_paints(first.index)
    second = read_segment_colors(labels, noisy(painted(labels, [RED] * 10), 2, 5), palette)
    assert second.index.tolist() == first.index.tolist()


@pytest.mark.parametrize("form", [PixelFormat(16, 4), PixelFormat(32, 4, True), PixelFormat(16, 5)])
def test_noise_is_joined_at_every_depth(form):
    labels = grid()
    image = noisy(painted(labels, [RED] * 5 + [BLUE] * 5), 2, 6).astype(np.float64) / 255
    if form.channels == 5:
        image = np.dstack([image[..., :3], image[..., :1] * 0, image[..., 3:]])
    image = (image * form.full).astype(form.dtype)
    read = read_segment_colors(labels, image, Palette(form))
    assert len(set(read.index.tolist())) == 2


def test_a_gradient_is_not_flat():
    labels = grid(1, 2)
    image = painted(labels, [RED, BLUE])
    image[..., 0] = np.where(labels == 1, np.arange(labels.shape[1]) * 2, image[..., 0])
    read = read_segment_colors(labels, image, Palette(RGBA8))
    assert read.share[0] < 0.9
    assert read.share[1] == 1


def test_blended_edges_inside_a_segment_do_not_make_it_unflat():
    labels = grid(2, 5, 30)
    colors = [RED, BLUE] * 5
    image = cv2.GaussianBlur(painted(labels, colors), (0, 0), 1.5)
    palette = Palette(RGBA8)
    read = read_segment_colors(labels, image, palette)
    assert [palette.color(i) for i in read.index] == colors
    assert (read.share >= 0.9).all()


@pytest.mark.parametrize("radius", [1, 3, 8, 20])
@pytest.mark.parametrize("ground", ["transparent", "paper"])
def test_a_dab_of_any_size_colours_its_segment(radius, ground):
    labels = grid()
    image = np.full((*labels.shape, 4), 255 if ground == "paper" else 0, np.uint8)
    centre = [int(v.mean()) for v in np.nonzero(labels == 7)]
    cv2.circle(image, (centre[1] + 9, centre[0] - 5), radius, RED, -1)
    if ground == "paper":
        image = np.ascontiguousarray(image[..., :3])
    palette = Palette(PixelFormat(8, image.shape[2]))
    read = read_segment_colors(labels, image, palette)
    assert palette.color(read.index[6]) == RED[: image.shape[2]]
    x, y = read.dab_at[6]
    assert image[y, x].tolist() == list(RED[: image.shape[2]])
    assert (np.delete(read.dab_at, 6, axis=0) == -1).all()


@pytest.mark.parametrize("overlap", [1, 2, 3, 6])
def test_paint_that_leaks_over_a_line_is_no_dab(overlap):
    labels = grid(1, 2)
    image = painted(labels, [RED, (0, 0, 0, 0)])
    left = np.nonzero(labels == 2)[1].min()
    image[3:63, : left + overlap] = RED
    read = read_segment_colors(labels, image, Palette(RGBA8))
    assert read.index[1] == UNPAINTED
    assert read.dab_at[1].tolist() == [-1, -1]


def test_two_dabs_of_two_colours_are_told():
    labels = grid(1, 1)
    image = np.zeros((*labels.shape, 4), np.uint8)
    cv2.circle(image, (20, 20), 8, RED, -1)
    cv2.circle(image, (45, 45), 6, BLUE, -1)
    palette = Palette(RGBA8)
    read = read_segment_colors(labels, image, palette)
    assert palette.color(read.index[0]) == RED
    assert palette.color(read.second[0]) == BLUE
    assert read.share[0] < 0.9


def test_a_segment_off_the_picture_and_an_empty_one_have_no_colour():
    labels = grid(1, 2)
    labels[labels == 1] = 3
    read = read_segment_colors(labels, noisy(painted(labels, [RED] * 3), 2, 8), Palette(RGBA8))
    assert read.index[0] == NO_COLOR
    assert read.index[1] == read.index[2] != NO_COLOR


def test_middle_of_two_halves_that_are_near_neither():
    # The medians channel by channel are those of a colour that no pixel comes near.
    labels = np.zeros((66, 66), np.int32)
    labels[3:63, 3:63] = 1
    image = np.full((66, 66, 4), (126, 129, 50, 255), np.uint8)
    image[:, 33:] = (129, 126, 50, 255)
    palette = Palette(RGBA8)
    colors = read_segment_colors(labels, image, palette)
    assert palette.color(colors.index[0]) == (126, 129, 50, 255)
    assert colors.share[0] == pytest.approx(0.5, abs=0.05)
