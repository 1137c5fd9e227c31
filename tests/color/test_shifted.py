"""A painted frame beside its lines is recognised; lines and paint of other kinds are not."""

import numpy as np
import pytest

from ant_core.color.palette import Palette, PixelFormat, read_segment_colors
from ant_core.color.shifted import find_shift, move_back

RGBA8 = PixelFormat(8, 4)


def cells(seed, line_px, size=400, count=60):
    """Cells about random points, lines between them; labels, and the cell of every pixel."""
    rng = np.random.default_rng(seed)
    points = rng.uniform(0, size, (count, 2))
    ys, xs = np.mgrid[:size, :size]
    far = np.hypot(ys[..., None] - points[:, 0], xs[..., None] - points[:, 1])
    nearest = np.sort(far, axis=2)[..., :2]
    cell = far.argmin(axis=2)
    labels = np.where(nearest[..., 1] - nearest[..., 0] > line_px, cell + 1, 0).astype(np.int32)
    return labels, cell


def colors_of(seed, count=60):
    table = np.random.default_rng(seed).integers(0, 256, (count, 4)).astype(np.uint8)
    table[:, 3] = 255
    return table


def shift_of(labels, image):
    colors = read_segment_colors(labels, image, Palette(RGBA8))
    return find_shift(labels, image, RGBA8, colors)


@pytest.mark.parametrize("line_px", [1, 3, 8])
@pytest.mark.parametrize("shift", [(8, 0), (-9, 4), (3, -12)])
def test_a_moved_painting_is_told_with_its_offset(line_px, shift):
    labels, cell = cells(1, line_px)
    image = move_back(colors_of(2)[cell], (-shift[0], -shift[1]))
    found = shift_of(labels, image)
    assert found is not None
    assert max(abs(found[0] - shift[0]), abs(found[1] - shift[1])) <= 1
    straight = read_segment_colors(labels, move_back(image, found), Palette(RGBA8))
    assert (straight.share > 0.9).mean() > 0.95


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["whole", "inside the lines", "half", "one colour", "shaded"])
@pytest.mark.parametrize("line_px", [1, 4, 16])
def test_other_paintings_are_not(seed, kind, line_px):
    labels, cell = cells(seed, line_px)
    table = colors_of(seed + 20)
    image = table[cell]
    if kind == "inside the lines":
        image = np.where(cells(seed, line_px + 6)[0][..., None] > 0, image, 0).astype(np.uint8)
    elif kind == "half":
        image[cell % 2 == 0] = 0
    elif kind == "one colour":
        image[:] = (9, 90, 200, 255)
    elif kind == "shaded":  # a shade in every cell, its border beside the line
        shade = np.roll(cell, (5, 5), (0, 1)) != cell
        image[shade] = image[shade] // 2 + np.array([0, 0, 0, 128], np.uint8)
    assert shift_of(labels, image) is None
