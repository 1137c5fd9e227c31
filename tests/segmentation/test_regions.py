from __future__ import annotations

import numpy as np
import pytest

from segmentation import expand_labels, extract_lines, measure, segment

ROOMS = np.array(
    [
        [1, 1, 0, 2, 2],
        [1, 1, 0, 2, 2],
        [0, 0, 0, 0, 0],
        [3, 3, 3, 3, 3],
    ],
    np.int32,
)


def test_three_rooms_by_eye():
    segments = measure(ROOMS)
    assert segments.count == 3
    np.testing.assert_array_equal(segments.area, [4, 4, 5])
    np.testing.assert_array_equal(segments.box, [[0, 0, 2, 2], [3, 0, 5, 2], [0, 3, 5, 4]])
    np.testing.assert_allclose(segments.centroid, [[0.5, 0.5], [3.5, 0.5], [2, 3]])
    np.testing.assert_array_equal(segments.touches_border, [True, True, True])
    np.testing.assert_array_equal(segments.edges, [[1, 2], [1, 3], [2, 3]])


def test_shared_boundary_is_measured_across_the_line():
    labels = np.array([[1, 1, 1, 1], [0, 0, 0, 0], [2, 2, 2, 2]], np.int32)
    segments = measure(labels)
    np.testing.assert_array_equal(segments.edge_length, [4])


def test_a_segment_inside_does_not_touch_the_border():
    labels = np.ones((7, 7), np.int32)
    labels[2:5, 2:5] = 0
    labels[3, 3] = 2
    np.testing.assert_array_equal(measure(labels).touches_border, [True, False])


def test_a_label_map_of_line_alone_has_no_segments():
    segments = measure(np.zeros((3, 4), np.int32))
    assert segments.count == 0
    assert segments.edges.shape == (0, 2)
    assert segments.box.shape == (0, 4)


def test_an_id_without_pixels_keeps_its_row():
    segments = measure(np.array([[1, 0, 3]], np.int32))
    np.testing.assert_array_equal(segments.area, [1, 0, 1])


@pytest.mark.parametrize("seed", range(4))
def test_measures_equal_their_slow_twins(seed, scribble):
    labels = segment(extract_lines(scribble(seed))).labels
    segments = measure(labels)
    height, width = labels.shape
    for label in range(1, segments.count + 1):
        ys, xs = np.nonzero(labels == label)
        row = label - 1
        assert segments.area[row] == ys.size
        assert segments.box[row].tolist() == [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        np.testing.assert_allclose(segments.centroid[row], [xs.mean(), ys.mean()], rtol=1e-5)
        touches = xs.min() == 0 or ys.min() == 0 or xs.max() == width - 1 or ys.max() == height - 1
        assert segments.touches_border[row] == touches
    grown = expand_labels(labels)
    pairs: dict[tuple[int, int], int] = {}
    for first, second in ((grown[:, :-1], grown[:, 1:]), (grown[:-1], grown[1:])):
        for a, b in zip(first.ravel().tolist(), second.ravel().tolist(), strict=True):
            if a != b:
                key = (min(a, b), max(a, b))
                pairs[key] = pairs.get(key, 0) + 1
    assert [tuple(edge) for edge in segments.edges.tolist()] == sorted(pairs)
    assert segments.edge_length.tolist() == [pairs[key] for key in sorted(pairs)]


@pytest.mark.parametrize("labels", [np.zeros((2, 2, 3), int), np.zeros((2, 2)), np.array([[-1]])])
def test_what_is_no_label_map_is_refused(labels):
    with pytest.raises(ValueError, match="label map"):
        measure(labels)
