"""Kernels over pixels in stretches and over pieces, each against a slow, obvious twin."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation import _basin_kernels as basins
from segmentation import _hole_kernels as holes
from segmentation import _line_kernels as lines
from segmentation import _piece_kernels as pieces
from segmentation import _speck_kernels as specks


def blotches(seed, shape=(23, 150), channels=1, blank=255):
    """Pixels of noise here and there on a blank picture, with long blank stretches."""
    rng = np.random.default_rng(seed)
    picture = np.full((*shape, channels), blank, np.uint8)
    for y, x in rng.integers(0, shape, (12, 2)):
        part = picture[y : y + 3, x : x + 9]
        part[:] = rng.integers(0, 256, part.shape)
    return picture


def test_all_equal_sees_a_single_other_value_anywhere():
    for place in range(40):
        values = np.full(40, 7, np.uint8)
        assert lines.all_equal(values, 7)
        values[place] = 8
        assert not lines.all_equal(values, 7)


@pytest.mark.parametrize("seed", range(4))
def test_histogram_equals_its_slow_twin(seed):
    plane = blotches(seed)[..., 0]
    expected = np.bincount(plane.ravel(), minlength=256)
    np.testing.assert_array_equal(lines.histogram(plane), expected)


def slow_colour(pixel, opaque):
    """Darkness and trace class of one pixel of 2 to 4 channels."""
    *color, alpha = [*map(int, pixel), 255] if len(pixel) == 3 else map(int, pixel)
    if alpha == 0:
        return 0, 0
    low, middle, high = sorted(color * 3 if len(color) == 1 else color)
    darkness = (alpha * (255 - low) + 127) // 255 if opaque else alpha
    trace = high - low >= 24 and 2 * (high - low) >= 255 - low and 2 * (middle - low) <= high - low
    return darkness, color.index(high) + 1 if trace else 0


@pytest.mark.parametrize("channels", [2, 3, 4])
@pytest.mark.parametrize("opaque", [True, False])
@pytest.mark.parametrize("blank", [0, 255])
def test_coloured_equals_its_slow_twin(channels, opaque, blank):
    picture = blotches(channels, channels=channels, blank=blank)
    expected = [[slow_colour(pixel, opaque) for pixel in row] for row in picture]
    found = np.stack(lines.coloured(picture, opaque), axis=2)
    np.testing.assert_array_equal(found, expected)
    assert (found[..., 1] > 0).any() == (channels > 2)


@pytest.mark.parametrize("seed", range(4))
def test_hole_tops_are_corners_with_ink_all_along(seed):
    ink = np.random.default_rng(seed).random((17, 29)) < 0.7
    expected = []
    for y in range(1, 16):
        for x in range(1, 28):
            run = x
            while run < 29 and not ink[y, run] and ink[y - 1, run]:
                run += 1
            if ink[y, x - 1] and x < run < 29 and ink[y, run] and run - x <= 3:
                expected.append(y * 29 + x)
    assert holes.hole_tops(ink, 3).tolist() == expected


@pytest.mark.parametrize("width", [1, 2, 7, 8, 9, 33])
def test_meetings_are_marked_to_the_end_of_the_row(width):
    rng = np.random.default_rng(width)
    row, below = rng.integers(0, 3, (2, width)).astype(np.int32)
    right = np.append(row[1:], row[-1:])
    expected = (row > 0) & (((right > 0) & (right != row)) | ((below > 0) & (below != row)))
    meets = np.zeros(width, np.uint8)
    basins.mark_meetings(row, row[1:], below, meets)
    np.testing.assert_array_equal(meets, expected)


def test_settle_counts_runs_over_the_end_of_a_row():
    labels = np.array([[0, 0, 1], [1, 2, 2], [2, 1, 0]], np.int32)
    area, first = specks.settle(labels, np.array([0, 3, 2, 3], np.int32))
    assert labels.tolist() == [[0, 0, 3], [3, 2, 2], [2, 3, 0]]
    assert area.tolist() == [0, 0, 3, 3]
    assert first[2:].tolist() == [4, 2]


def slow_groups(count, pairs):
    groups = [{i} for i in range(count)]
    for a, b in pairs:
        whole = groups[a] | groups[b]
        for i in whole:
            groups[i] = whole
    return groups


@pytest.mark.parametrize("seed", range(5))
def test_connected_equals_its_slow_twin(seed):
    pairs = np.random.default_rng(seed).integers(0, 30, (18, 2)).astype(np.int32)
    expected = [min(group) for group in slow_groups(30, pairs.tolist())]
    assert pieces.connected(30, pairs).tolist() == expected


@pytest.mark.parametrize("seed", range(5))
def test_crumbs_join_over_the_first_pass_that_takes_them(seed):
    rng = np.random.default_rng(seed)
    area = rng.integers(1, 20, 12)
    sides = rng.integers(0, 12, (30, 2)).astype(np.int32)
    order, crumb = rng.permutation(30), rng.integers(0, 25, 30).astype(float)
    groups = [[i] for i in range(12)]  # the piece that took the others comes first
    for i in order.tolist():
        one, other = (groups[side] for side in sides[i])
        sizes = int(area[one].sum()), int(area[other].sum())
        if one is other or min(sizes) > crumb[i]:
            continue
        whole = other + one if sizes[1] > sizes[0] else one + other
        for piece in whole:
            groups[piece] = whole
    takes = np.arange(12, dtype=np.int32)
    pieces.merge_crumbs(takes, area.copy(), sides, order, crumb)
    assert takes.tolist() == [group[0] for group in groups]


@pytest.mark.parametrize("seed", range(5))
def test_holes_near_a_stronger_one_are_the_same(seed):
    rng = np.random.default_rng(seed)
    middle = rng.integers(0, 60, (40, 2)).astype(np.float32)
    width = rng.integers(1, 12, 40).astype(np.float32)
    kept = []
    for i in range(40):
        away = [np.hypot(*(middle[j] - middle[i])) for j in kept]
        if all(far > 3 + min(width[j], width[i]) for far, j in zip(away, kept, strict=True)):
            kept.append(i)
    assert np.flatnonzero(pieces.apart(middle, width, 3.0)).tolist() == kept
    assert 1 < len(kept) < 40


def test_relabelled_looks_every_label_up():
    labels = np.random.default_rng(0).integers(0, 9, (7, 11)).astype(np.int32)
    numbers = np.arange(9, dtype=np.int32)[::-1] * 3
    np.testing.assert_array_equal(pieces.relabelled(labels, numbers), numbers[labels])
