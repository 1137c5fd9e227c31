"""Narrow places beside which no stroke is seen to end: holes at corners, lines side by side."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation import cut_by_colors, extract_lines, find_pieces, segment, settle_doubts

INSIDE, OUTSIDE = (66, 190), (200, 60)  # x, y
CORNER, MIDDLE = (62, 46), (80, 120)


def flag(*holes):
    """A narrow triangle of 1 px lines with bare places of 3 x 3 px, x, y of their middles."""
    sheet = np.full((640, 640), 255, np.uint8)
    cv2.polylines(sheet, [np.array([(60, 40), (60, 200), (100, 200)])], True, 0, 1)
    for x, y in holes:
        sheet[y - 1 : y + 2, x - 1 : x + 2] = 255
    return find_pieces(extract_lines(sheet))


def at(labels, spot):
    return labels[spot[1], spot[0]]


def test_a_hole_at_a_corner_is_in_doubt_until_colours_decide():
    sheet = flag(CORNER)
    first, second = at(sheet.labels, INSIDE), at(sheet.labels, OUTSIDE)
    assert first != second
    assert sheet.passes.doubtful.any()
    assert not sheet.passes.closed[sheet.passes.doubtful].any()
    joined, part_of = settle_doubts(sheet)
    assert part_of[first - 1] == part_of[second - 1]
    assert joined.passes.count == 0
    assert joined.area.tolist() == np.bincount(joined.labels.ravel())[1:].tolist()
    colors = np.full(sheet.count, -1)
    colors[[first - 1, second - 1]] = 5, 7
    labels = cut_by_colors(sheet, colors).labels
    assert at(labels, INSIDE) != at(labels, OUTSIDE)


def test_a_hole_at_a_corner_of_a_line_that_is_closed_elsewhere_is_closed():
    sheet = flag(CORNER, MIDDLE)
    assert at(sheet.labels, INSIDE) != at(sheet.labels, OUTSIDE)
    assert sheet.passes.count == 2
    assert not sheet.passes.doubtful.any()
    assert sheet.passes.closed.all()
    joined, part_of = settle_doubts(sheet)
    assert joined is sheet
    assert part_of.tolist() == list(range(1, sheet.count + 1))


@pytest.mark.parametrize("seed", range(4))
def test_what_a_hole_bares_where_lines_cross_is_no_segment(seed):
    """With the first seed a hole lies on a crossing and bares 7 px between four stumps."""
    rng = np.random.default_rng(seed)
    sheet = np.full((640, 640), 255, np.uint8)
    cv2.rectangle(sheet, (150, 200), (320, 400), 0, 2)
    cv2.ellipse(sheet, (360, 300), (140, 45), 12, 0, 360, 0, 2)
    ys, xs = np.nonzero(sheet == 0)
    for i in rng.choice(len(ys), len(ys) // 45, replace=False):
        sheet[max(0, ys[i] - 1) : ys[i] + 2, max(0, xs[i] - 1) : xs[i] + 2] = 255
    assert segment(extract_lines(sheet)).labels.max() == 4


@pytest.mark.parametrize("seed", range(6))
def test_settled_pieces_are_the_segments_where_only_doubts_are_open(seed, scribble):
    sheet = find_pieces(extract_lines(scribble(seed, 160, 200)))
    joined, part_of = settle_doubts(sheet)
    assert not joined.passes.doubtful.any()
    np.testing.assert_array_equal(
        joined.labels, np.concatenate([[0], part_of]).astype(np.int32)[sheet.labels]
    )
    sides = joined.passes.pieces
    assert (sides[:, 0] < sides[:, 1]).all()
    assert (np.lexsort((sides[:, 1], sides[:, 0])) == np.arange(len(sides))).all()
