"""Pieces and passes: small drawings, then invariants on random ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation import _link_kernels as links
from segmentation import extract_lines, find_pieces, segment
from segmentation.pieces import SURE, default_gap, gap_widths
from segmentation.trapped_ball import united


def page(height=240, width=320):
    return np.full((height, width), 255, np.uint8)


def two_rooms(hole_px, line=3, sheet=None):
    """A box with a wall in its middle that has a hole."""
    sheet = page() if sheet is None else sheet
    cv2.rectangle(sheet, (40, 40), (280, 200), 0, line)
    cv2.line(sheet, (160, 40), (160, 200), 0, line)
    half = hole_px // 2
    sheet[120 - half : 120 - half + hole_px, 150:171] = 255
    return sheet


def kinds(pieces):
    return set(pieces.passes.kind.tolist())


def test_without_holes_there_are_no_passes():
    pieces = find_pieces(extract_lines(two_rooms(0)))
    assert pieces.count == 3
    assert pieces.passes.count == 0
    assert pieces.area.tolist() == np.bincount(pieces.labels.ravel())[1:].tolist()


def test_a_hole_between_facing_ends_is_one_pass_with_its_width_and_banks():
    pieces = find_pieces(extract_lines(two_rooms(8, sheet=page(640, 640))))
    passes = pieces.passes
    assert passes.count == 1
    assert passes.pieces.tolist() == [[2, 3]]
    assert passes.width_px[0] == pytest.approx(8, abs=0.5)
    assert passes.kind[0] == links.TO_END
    assert passes.ends[0] == 2
    x0, y0, x1, y1 = passes.ink_points[0]
    assert (x0, x1) == pytest.approx((160, 160), abs=2)
    assert sorted((y0, y1)) == pytest.approx([115, 124], abs=1)
    assert passes.closed[0]
    assert passes.strength[0] > SURE


def test_strength_falls_with_the_width_of_the_hole():
    found = [find_pieces(extract_lines(two_rooms(hole)), 40).passes for hole in (4, 10, 20, 30)]
    strengths = [float(passes.strength.max()) for passes in found]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] > 0.9


@pytest.mark.parametrize("line", [1, 2, 4, 8, 14])
def test_thick_lines_do_not_shorten_the_gap(line):
    labels = segment(extract_lines(two_rooms(10, line, page(640, 640)))).labels
    assert labels[120, 100] != labels[120, 220]


@pytest.mark.parametrize("short", [1, 2, 4, 8])
@pytest.mark.parametrize("gap", [None, 10])
def test_a_line_that_ends_before_the_canvas_edge_is_closed_there(short, gap):
    sheet = np.full((320, 320), 255, np.uint8)
    cv2.circle(sheet, (319, 160), 80, 0, 3)
    sheet[:, -short:] = 255
    pieces = find_pieces(extract_lines(sheet), gap)
    assert pieces.count == 2
    assert pieces.passes.closed.all()
    assert links.TO_EDGE in kinds(pieces)
    assert (pieces.passes.ink_points[:, [0, 2]].max(axis=1) == 319).all()


def test_a_line_beside_the_canvas_edge_divides_nothing():
    sheet = page()
    cv2.circle(sheet, (60, 120), 57, 0, 3)  # two pixels from the edge
    assert segment(extract_lines(sheet)).labels.max() == 2


@pytest.mark.parametrize("seed", range(6))
def test_dashed_thin_lines_are_whole(seed):
    rng = np.random.default_rng(100 + seed)
    sheet = np.full((640, 640), 255, np.uint8)
    cv2.rectangle(sheet, (150, 200), (320, 400), 0, 2)
    cv2.ellipse(sheet, (360, 300), (140, 45), 12, 0, 360, 0, 2)
    ys, xs = np.nonzero(sheet == 0)
    for i in rng.choice(len(ys), len(ys) // 45, replace=False):
        sheet[max(0, ys[i] - 1) : ys[i] + 2, max(0, xs[i] - 1) : xs[i] + 2] = 255
    labels = segment(extract_lines(sheet)).labels
    spots = [labels[20, 20], labels[220, 200], labels[300, 280], labels[300, 420]]
    assert len(set(spots)) == 4
    assert np.count_nonzero(np.bincount(labels.ravel())[1:] > 40) == 4


def test_strokes_that_end_in_the_middle_of_an_area_do_not_cut_it():
    sheet = page(400, 400)
    cv2.circle(sheet, (200, 200), 180, 0, 3)
    for x in range(120, 290, 40):
        cv2.line(sheet, (x, 60 + abs(200 - x) // 4), (x + 8, 220), 0, 3)
    labels = segment(extract_lines(sheet)).labels
    assert labels.max() == 2


def test_a_pass_that_geometry_leaves_open_divides_pieces_but_not_segments():
    sheet = two_rooms(0)
    sheet[90:, 150:171] = 255  # half of the wall is missing: its end points at the floor
    sheet[200 - 1 : 202, 40:280] = 0
    lines = extract_lines(sheet)
    pieces = find_pieces(lines, 150)
    assert pieces.passes.closed.all()
    sheet = two_rooms(0)
    sheet[150:199, 150:171] = 255
    default = gap_widths(sheet.shape, 3, None)
    assert default.near < 49
    assert segment(extract_lines(sheet)).labels.max() == 2


def test_gap_0_leaves_the_components():
    lines = extract_lines(two_rooms(2))
    pieces = find_pieces(lines, 0)
    assert pieces.count == 2
    assert pieces.passes.count == 0


def test_the_default_gap_follows_picture_and_line():
    assert default_gap((1080, 1920), 3) == pytest.approx(55.1, abs=0.1)
    assert default_gap((1080, 1920), 14) == default_gap((1080, 1920), 3)
    assert default_gap((2160, 3840), 1) == 35
    assert default_gap((60000, 60000), 400) == 256
    assert gap_widths((1080, 1920), 3, None).near == pytest.approx(14.7, abs=0.1)
    assert gap_widths((1080, 1920), 14, 24).near == 24


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("gap", [None, 0, 5, 30])
def test_pieces_joined_over_all_passes_are_the_connected_components(seed, gap, scribble):
    lines = extract_lines(scribble(seed))
    pieces = find_pieces(lines, gap)
    np.testing.assert_array_equal(pieces.labels == 0, lines.ink)
    whole = np.concatenate([[0], united(pieces.count, pieces.passes.pieces)])[pieces.labels]
    _, components = cv2.connectedComponents((~lines.ink).astype(np.uint8), connectivity=4)
    # Specks are given to a neighbour across the line.
    large = np.flatnonzero(np.bincount(components.ravel()) > 12)
    groups = [np.unique(whole[components == i]).tolist() for i in large if i > 0]
    assert all(len(group) == 1 for group in groups)
    assert len({group[0] for group in groups}) == len(groups)


@pytest.mark.parametrize("seed", range(10))
def test_passes_lie_between_different_pieces_and_are_described_in_range(seed, scribble):
    lines = extract_lines(scribble(seed))
    pieces = find_pieces(lines)
    passes = pieces.passes
    assert (passes.pieces[:, 0] < passes.pieces[:, 1]).all()
    assert ((passes.pieces >= 1) & (passes.pieces <= pieces.count)).all()
    assert ((passes.strength >= 0) & (passes.strength <= 1)).all()
    assert (passes.strength[passes.closed] >= SURE).all()
    assert (passes.width_px > 0).all()
    height, width = lines.ink.shape
    assert (passes.ink_points >= 0).all()
    assert (passes.ink_points <= (width - 1, height - 1, width - 1, height - 1)).all()
    # Closed is a matter of the two pieces, not of the place.
    by_pair = {}
    for pair, closed in zip(map(tuple, passes.pieces), passes.closed, strict=True):
        assert by_pair.setdefault(pair, closed) == closed


@pytest.mark.parametrize("seed", range(4))
def test_pieces_are_the_same_on_any_number_of_threads(seed, scribble):
    sheet = scribble(seed, 300, 400)
    before = cv2.getNumThreads()
    try:
        found = []
        for threads in (1, 2):
            cv2.setNumThreads(threads)
            found.append(find_pieces(extract_lines(sheet)))
    finally:
        cv2.setNumThreads(before)
    np.testing.assert_array_equal(found[0].labels, found[1].labels)
    np.testing.assert_array_equal(found[0].passes.strength, found[1].passes.strength)
