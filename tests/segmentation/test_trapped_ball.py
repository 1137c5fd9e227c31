from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation import LineArt, extract_lines, segment


def ring(gap_px: float, radius: int = 40, thickness: int = 3) -> np.ndarray:
    """A circle with one hole on its right, of the given number of bare pixels."""
    ys, xs = np.indices((120, 120)) - 60
    page = np.full((120, 120), 255, np.uint8)
    page[np.abs(np.hypot(ys, xs) - radius) <= thickness / 2] = 0
    page[(np.abs(ys) <= gap_px / 2) & (xs > 0)] = 255
    return page


def test_a_closed_circle_has_an_inside_and_an_outside():
    result = segment(extract_lines(ring(-1)))
    assert result.labels.max() == 2
    assert result.labels[60, 60] == 2
    assert result.labels[0, 0] == 1
    assert result.closed_gaps.shape == (0, 4)


@pytest.mark.parametrize("hole", [1, 3, 5, 7])
@pytest.mark.parametrize("thickness", [2, 4, 7])
def test_a_hole_up_to_the_gap_is_closed_and_reported_where_it_is(hole, thickness):
    result = segment(extract_lines(ring(hole, thickness=thickness)), 8)
    assert result.labels.max() == 2
    assert result.labels[60, 60] != result.labels[60, 110]
    assert result.gap_px == 8
    assert result.closed_gaps.shape == (1, 4)
    assert result.closed_gaps.dtype == np.float32
    x0, y0, x1, y1 = result.closed_gaps[0]
    assert abs((x0 + x1) / 2 - 100) <= thickness
    assert abs((y0 + y1) / 2 - 60) <= 1
    assert abs(y1 - y0) == pytest.approx(hole + 1, abs=1)


def test_a_gap_wider_than_asked_stays_open():
    result = segment(extract_lines(ring(15)), 8)
    assert result.labels.max() == 1
    assert result.closed_gaps.shape == (0, 4)


def test_gap_0_closes_nothing():
    assert segment(extract_lines(ring(1)), 0).labels.max() == 1


@pytest.mark.parametrize("width", [2, 3, 5, 7])
def test_a_thin_neck_between_two_rooms_is_kept_whole(width):
    page = np.zeros((60, 140), np.uint8)
    cv2.rectangle(page, (5, 5), (50, 54), 255, -1)
    cv2.rectangle(page, (90, 5), (134, 54), 255, -1)
    page[25 : 25 + width, 40:100] = 255
    assert segment(extract_lines(page), 10).labels.max() == 1, "in solid black"
    for line in (1, 2, 3, 5):
        outline = np.where(cv2.dilate(page, np.ones((2 * line + 1,) * 2, np.uint8)) > page, 0, 255)
        labels = segment(extract_lines(outline.astype(np.uint8)), 10).labels
        assert len(np.unique(labels[page > 0])) == 1, f"between lines of {line} px"


def test_a_corridor_that_narrows_in_the_middle_is_kept_whole():
    page = np.full((80, 160), 255, np.uint8)
    xs = np.arange(160)
    for x, half in zip(xs, 2.5 + ((xs - 80) / 14.0) ** 2, strict=True):
        for y in (40 - half, 40 + half):
            if 0 <= y < 79:
                page[int(y) - 1 : int(y) + 2, x] = 0
    middle = segment(extract_lines(page), 10).labels[40]
    assert (middle == middle[0]).all()


def test_a_break_in_the_wall_of_a_thin_region_is_closed_though_wider_than_the_region():
    page = np.full((60, 120), 255, np.uint8)
    page[20:23, 10:110] = page[28:31, 10:110] = page[50:53, 10:110] = 0
    page[20:53, 10:13] = page[20:53, 107:110] = 0
    page[28:31, 56:63] = 255
    result = segment(extract_lines(page), 9)
    assert result.labels.max() == 3
    assert result.labels[25, 20] == result.labels[25, 100] != result.labels[40, 50]


def test_a_stroke_that_ends_in_the_open_divides_nothing():
    page = np.full((80, 80), 255, np.uint8)
    page[40:43, 10:60] = 0
    result = segment(extract_lines(page))
    assert result.labels.max() == 1
    assert result.closed_gaps.shape == (0, 4)


@pytest.mark.parametrize("area", [1, 3])
def test_a_speck_of_paper_in_a_line_goes_to_the_neighbour_with_most_boundary(area):
    page = np.full((60, 60), 255, np.uint8)
    page[20:27] = 0
    page[22, 30 : 30 + area] = 255
    labels = segment(extract_lines(page)).labels
    assert labels.max() == 2
    assert (labels[22, 30 : 30 + area] == 1).all()  # the upper side is nearer


def test_a_small_enclosed_region_larger_than_a_speck_is_kept():
    page = np.full((60, 60), 255, np.uint8)
    page[20:40, 20:40] = 0
    page[28:33, 28:33] = 255
    assert segment(extract_lines(page), 4).labels.max() == 2


@pytest.mark.parametrize(
    ("image", "count"),
    [
        (np.full((1, 1), 255, np.uint8), 1),
        (np.full((1, 30), 255, np.uint8), 1),
        (np.full((30, 1), 255, np.uint8), 1),
        (np.full((40, 50), 255, np.uint8), 1),
        (np.zeros((40, 50, 4), np.uint8), 1),
    ],
    ids=["1x1", "row", "column", "paper", "transparent"],
)
def test_drawings_without_line_or_paper(image, count):
    result = segment(extract_lines(image))
    assert result.labels.shape == image.shape[:2]
    assert result.labels.dtype == np.int32
    assert result.labels.max() == count


@pytest.mark.parametrize("shape", [(1, 1), (40, 50), (1200, 1200)])
def test_ink_alone_has_no_segment(shape):
    ink = np.ones(shape, bool)
    lines = LineArt(255 * ink.view(np.uint8), ink, np.zeros(shape, np.uint8), float(shape[0]))
    labels = segment(lines).labels
    assert labels.shape == shape
    assert not labels.any()


def test_more_than_5000_segments():
    page = np.full((900, 900), 255, np.uint8)
    page[::11] = page[:, ::11] = 0
    labels = segment(extract_lines(page)).labels
    assert labels.max() == 81 * 81 + 81 + 81 + 1
    assert len(np.unique(labels)) == labels.max() + 1


def test_coloured_trace_lines_bound_segments():
    page = np.full((60, 60, 3), 255, np.uint8)
    for x, color in ((15, (255, 0, 0)), (30, (0, 255, 0)), (45, (0, 0, 255))):
        page[:, x : x + 2] = color
    assert segment(extract_lines(page)).labels.max() == 4


@pytest.mark.parametrize("gap", [-1, 257, float("nan"), float("inf")])
def test_a_gap_out_of_range_is_refused(gap):
    with pytest.raises(ValueError, match="expected 0 to 256"):
        segment(extract_lines(ring(1)), gap)


def speck_px(lines):
    return round(min(max(0.25 * lines.line_width_px**2, 3), 12))


def assert_partition(lines, labels):
    count = int(labels.max())
    np.testing.assert_array_equal(labels == 0, lines.ink)
    ids, first = np.unique(labels[labels > 0], return_index=True)
    assert ids.tolist() == list(range(1, count + 1))
    assert (np.diff(first) > 0).all()


def assert_connected(lines, labels):
    """Each segment is one 4-connected piece, but for the specks that it was given."""
    speck = speck_px(lines)
    for label in range(1, int(labels.max()) + 1):
        _, _, stats, _ = cv2.connectedComponentsWithStats(
            (labels == label).astype(np.uint8), connectivity=4
        )
        pieces = np.sort(stats[1:, cv2.CC_STAT_AREA])
        assert (pieces[:-1] <= speck).all()


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("gap", [None, 0, 3, 25])
def test_labels_partition_the_paper_into_numbered_connected_segments(seed, gap, scribble):
    lines = extract_lines(scribble(seed))
    before = lines.ink.copy()
    result = segment(lines, gap)
    assert_partition(lines, result.labels)
    assert_connected(lines, result.labels)
    np.testing.assert_array_equal(lines.ink, before)
    assert np.isfinite(result.closed_gaps).all()


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_still_partitioned(seed):
    rng = np.random.default_rng(seed)
    ink = rng.random((90, 120)) < rng.uniform(0.02, 0.6)
    lines = LineArt(255 * ink.view(np.uint8), ink, np.zeros(ink.shape, np.uint8), 1.0)
    assert_partition(lines, segment(lines, 6).labels)


@pytest.mark.parametrize("seed", range(6))
def test_segments_never_join_what_the_lines_divide(seed, scribble):
    lines = extract_lines(scribble(seed))
    _, parts = cv2.connectedComponents((~lines.ink).astype(np.uint8), connectivity=4)
    labels = segment(lines, 10).labels
    speck = speck_px(lines)
    areas = np.bincount(parts.ravel())
    for label in range(1, labels.max() + 1):
        inside = np.unique(parts[labels == label])
        assert (areas[inside] > speck).sum() == 1


@pytest.mark.parametrize("seed", range(3))
def test_the_same_labels_on_one_and_two_threads_and_again(seed, scribble):
    page = scribble(seed, 400, 600)
    before = cv2.getNumThreads()
    try:
        results = []
        for threads in (1, 2, 2):
            cv2.setNumThreads(threads)
            results.append(segment(extract_lines(page)))
    finally:
        cv2.setNumThreads(before)
    for other in results[1:]:
        np.testing.assert_array_equal(other.labels, results[0].labels)
        np.testing.assert_array_equal(other.closed_gaps, results[0].closed_gaps)


def test_every_reported_gap_lies_between_two_segments(scribble):
    reported = 0
    for seed in range(12):
        lines = extract_lines(scribble(seed))
        result = segment(lines, 12)
        for x0, y0, x1, y1 in result.closed_gaps.astype(int):
            for y, x in ((y0, x0), (y1, x1)):
                at_edge = y in (0, lines.ink.shape[0] - 1) or x in (0, lines.ink.shape[1] - 1)
                assert lines.ink[y, x] or at_edge
            box = result.labels[
                max(0, min(y0, y1) - 3) : max(y0, y1) + 4, max(0, min(x0, x1) - 3) : max(x0, x1) + 4
            ]
            assert len(np.unique(box[box > 0])) >= 2
            reported += 1
    assert reported > 10
