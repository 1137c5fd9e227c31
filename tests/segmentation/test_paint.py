from __future__ import annotations

from collections import deque

import cv2
import numpy as np
import pytest

from segmentation import expand_labels, extract_lines, measure, paint, preview, segment

INK = np.array([10, 10, 30], np.float64)


def test_colour_reaches_under_the_line_to_its_middle():
    labels = np.array([[1, 0, 0, 0, 0, 2]], np.int32)
    np.testing.assert_array_equal(expand_labels(labels), [[1, 1, 1, 2, 2, 2]])


def test_a_map_without_segments_stays_line():
    np.testing.assert_array_equal(expand_labels(np.zeros((2, 3), np.int32)), 0)


def test_segments_keep_their_own_pixels_and_the_input_is_not_modified(scribble):
    labels = segment(extract_lines(scribble(1))).labels
    before = labels.copy()
    grown = expand_labels(labels)
    np.testing.assert_array_equal(labels, before)
    np.testing.assert_array_equal(grown[labels > 0], labels[labels > 0])
    assert (grown > 0).all()


def slow_expand(labels):
    grown = labels.copy()
    height, width = labels.shape
    around = ((-1, 0), (0, -1), (0, 1), (1, 0))
    queue = deque()
    for y, x in np.ndindex(height, width):
        for dy, dx in around:
            inside = 0 <= y + dy < height and 0 <= x + dx < width
            if labels[y, x] == 0 and inside and labels[y + dy, x + dx] > 0:
                grown[y, x] = labels[y + dy, x + dx]
                queue.append((y, x))
                break
    while queue:
        y, x = queue.popleft()
        for dy, dx in around:
            inside = 0 <= y + dy < height and 0 <= x + dx < width
            if inside and grown[y + dy, x + dx] == 0:
                grown[y + dy, x + dx] = grown[y, x]
                queue.append((y + dy, x + dx))
    return grown


@pytest.mark.parametrize("seed", range(6))
def test_expand_equals_its_slow_twin(seed):
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random((25, 31)) < 0.1, rng.integers(1, 6, (25, 31)), 0)
    labels = labels.astype(np.int32)
    np.testing.assert_array_equal(expand_labels(labels), slow_expand(labels))


@pytest.mark.parametrize("seed", range(3))
def test_every_line_pixel_goes_to_a_nearest_segment(seed):
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random((20, 20)) < 0.05, rng.integers(1, 6, (20, 20)), 0)
    grown = expand_labels(labels.astype(np.int32))
    ys, xs = np.nonzero(labels)
    for y, x in np.ndindex(20, 20):
        steps = np.abs(ys - y) + np.abs(xs - x)
        assert grown[y, x] in labels[ys, xs][steps == steps.min()]


@pytest.mark.parametrize(
    "colors",
    [
        np.array([[0, 0, 0, 0], [255, 0, 0, 255], [0, 255, 9, 255]], np.uint8),
        np.array([[0, 0, 0], [255, 0, 0], [0, 255, 9]], np.uint8),
        np.array([[0, 0, 0, 0], [65535, 1, 2, 3], [4, 5, 6, 7]], np.uint16),
        np.array([[0.0], [0.25], [1e9]], np.float32),
        np.array([[0, 0, 0, 0, 0], [1, 2, 3, 4, 5], [6, 7, 8, 9, 10]], np.uint8),
        np.array([[0, 0, 0, 0], [1, 2, 3, 4], [6, 7, 8, 9]], np.uint8)[:, ::-1],
    ],
    ids=["rgba8", "rgb8", "rgba16", "grey float", "cmyka8", "strided"],
)
def test_colour_values_are_copied_untouched(colors):
    labels = np.array([[1, 0, 2], [1, 0, 2]], np.int32)
    painted = paint(labels, colors, under_lines=False)
    assert painted.dtype == colors.dtype
    np.testing.assert_array_equal(painted, colors[labels])
    np.testing.assert_array_equal(paint(labels, colors), colors[[[1, 1, 2], [1, 1, 2]]])


def test_line_alone_gets_row_0():
    colors = np.array([[7, 8, 9, 10]], np.uint8)
    np.testing.assert_array_equal(paint(np.zeros((1, 2), np.int32), colors), [[colors[0]] * 2])


def test_a_colour_table_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match=r"expected \(3, C\)"):
        paint(np.array([[1, 2]], np.int32), np.zeros((2, 4), np.uint8))


@pytest.mark.parametrize("thickness", [1, 2, 4, 8])
def test_no_pale_fringe_on_composited_pixels(thickness):
    """Each pixel of line art over paint mixes ink with the colours of the sides, nothing else."""
    cover = np.zeros((120, 160), np.uint8)
    cv2.circle(cover, (70, 60), 40, 255, thickness, cv2.LINE_AA)
    cv2.line(cover, (0, 20), (159, 95), 255, thickness, cv2.LINE_AA)
    layer = np.dstack([np.zeros((*cover.shape, 3), np.uint8), cover])
    labels = segment(extract_lines(layer)).labels
    count = int(labels.max())
    rng = np.random.default_rng(thickness)
    colors = np.vstack([np.full((1, 3), 255), rng.integers(0, 120, (count, 3))]).astype(np.uint8)
    painted = paint(labels, colors).astype(np.float64)
    alpha = cover[:, :, None] / 255
    composite = alpha * INK + (1 - alpha) * painted
    near = cv2.dilate((cover > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    # No part of the colour table is lighter than 119: paper white anywhere would show.
    assert composite[near].max() <= 119
    reach = thickness + 5
    for y, x in np.argwhere((cover > 0) & (cover < 255)):
        around = labels[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
        sides = np.unique(around[around > 0])
        mixes = alpha[y, x] * INK + (1 - alpha[y, x]) * colors[sides]
        assert np.abs(mixes - composite[y, x]).max(axis=1).min() < 1e-9


def test_paint_does_not_leak_through_a_closed_gap():
    page = np.full((100, 100), 255, np.uint8)
    cv2.ellipse(page, (50, 50), (30, 30), 0, 5, 355, 0, 2, cv2.LINE_AA)
    labels = segment(extract_lines(page), 8).labels
    colors = np.array([[0, 0], [1, 1], [2, 2]], np.uint8)
    painted = paint(labels, colors)[:, :, 0]
    assert painted[50, 50] == 2
    assert painted[50, 88] == 1
    assert set(painted[:, :15].ravel()) == {1}


def test_preview_gives_neighbours_different_colours_and_lines_black(scribble):
    for seed in range(4):
        labels = segment(extract_lines(scribble(seed))).labels
        drawn = preview(labels)
        assert drawn.shape == (*labels.shape, 3)
        assert drawn.dtype == np.uint8
        assert not drawn[labels == 0].any()
        tint = {int(i): tuple(drawn[labels == i][0]) for i in np.unique(labels[labels > 0])}
        for a, b in measure(labels).edges.tolist():
            assert tint[a] != tint[b]


def test_preview_of_a_star_of_more_segments_than_tints_still_differs():
    labels = np.zeros((1, 401), np.int32)
    labels[0, ::2] = np.arange(1, 202)
    labels = np.vstack([labels, np.full((1, 401), 202, np.int32)])
    drawn = preview(labels)
    hub = tuple(drawn[1, 0])
    assert all(tuple(color) != hub for color in drawn[0, ::2])


def grid(cells):
    """Return (7 * cells, 7 * cells) int32: squares of 6 pixels, numbered by rows, with lines."""
    labels = np.zeros((7 * cells, 7 * cells), np.int32)
    for place in range(cells * cells):
        y, x = 7 * (place // cells), 7 * (place % cells)
        labels[y : y + 6, x : x + 6] = place + 1
    return labels


@pytest.mark.parametrize("seed", range(5))
def test_preview_of_segments_that_stay_mostly_keeps_their_tints(seed):
    """While the gap slider moves, others are joined, and all have other numbers then."""
    labels, random = grid(6), np.random.default_rng(seed)
    joined = int(random.integers(1, 30))
    new = np.concatenate([[0], random.permutation(36) + 1]).astype(np.int32)
    new[joined + 6] = new[joined]  # with the one below it
    before, after = preview(labels), preview(new[labels])
    stay = [n for n in range(1, 37) if n not in {joined, joined + 6}]
    kept = [np.array_equal(before[labels == n], after[labels == n]) for n in stay]
    assert np.mean(kept) > 0.8, np.mean(kept)
