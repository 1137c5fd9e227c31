from __future__ import annotations

import numpy as np
import pytest

from segmentation import extract_lines, locate, measure, segment

ROOMS = np.array(
    [
        [1, 1, 1, 0, 2, 2, 2],
        [1, 1, 1, 0, 2, 0, 2],
        [1, 1, 1, 0, 2, 2, 2],
        [0, 0, 0, 0, 0, 0, 0],
        [3, 3, 3, 3, 3, 3, 3],
    ],
    np.int32,
)


def test_three_rooms_by_eye():
    places = locate(ROOMS)
    assert places.area.tolist() == [9, 8, 7]
    assert places.box.tolist() == [[0, 0, 3, 3], [4, 0, 7, 3], [0, 4, 7, 5]]
    assert places.point[0].tolist() == [1, 0]
    # The middle of a ring's box lies in its hole; the point does not.
    x, y = places.point[1]
    assert ROOMS[y, x] == 2


def test_an_id_without_pixels_keeps_its_row():
    places = locate(np.array([[1, 0, 3]], np.int32))
    assert places.area.tolist() == [1, 0, 1]
    assert places.point.tolist() == [[0, 0], [0, 0], [2, 0]]


def test_a_label_map_of_line_alone_has_no_places():
    assert locate(np.zeros((3, 4), np.int32)).box.shape == (0, 4)


def way_out(labels, x, y):
    """Count the steps that all four directions stay within the label, the picture's edge too."""
    label, step = labels[y, x], 0
    padded = np.pad(labels, 1)
    while all(
        0 <= y + dy * step < labels.shape[0]
        and 0 <= x + dx * step < labels.shape[1]
        and padded[1 + y + dy * step, 1 + x + dx * step] == label
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ):
        step += 1
    return step


def slow_point(labels, label):
    """The twin: the middles of all rows of pixels, one after the other."""
    far, best = 0, (0, 0)
    for y in range(len(labels)):
        if y % 2 and far:
            continue
        edges = np.flatnonzero(np.diff(np.pad(labels[y] == label, 1).astype(int)))
        for start, end in edges.reshape(-1, 2):
            middle = (start + end - 1) // 2
            steps = way_out(labels, middle, y)
            if steps > far + far // 8:
                far, best = steps, (int(middle), y)
    return best


@pytest.mark.parametrize("seed", range(4))
def test_places_equal_their_slow_twins(seed, scribble):
    labels = segment(extract_lines(scribble(seed))).labels
    places, measured = locate(labels), measure(labels)
    np.testing.assert_array_equal(places.area, measured.area)
    np.testing.assert_array_equal(places.box, measured.box)
    for label in range(1, int(labels.max()) + 1):
        assert tuple(places.point[label - 1].tolist()) == slow_point(labels, label)


@pytest.mark.parametrize("seed", range(3))
def test_every_point_lies_in_its_segment_and_in_no_narrow_part(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 40, (12, 16)).astype(np.int32).repeat(9, axis=0).repeat(9, axis=1)
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape).astype(np.int32)
    places = locate(labels)
    for label, (x, y) in enumerate(places.point.tolist(), start=1):
        assert labels[y, x] == label
        assert way_out(labels, x, y) >= 4
