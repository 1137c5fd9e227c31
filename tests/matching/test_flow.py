"""Optical flow as evidence: where pixels lead, whether they come back, and who is asked."""

from itertools import pairwise

import cv2
import numpy as np
import pytest

from ant_core.matching import flow
from ant_core.matching.flow import (
    EVIDENCE,
    Motion,
    SmallDrawing,
    flow_rank,
    shrink,
    under_lines,
)

SPACING = 60


def row_of_squares(shift=(0, 0), count=4, size=(200, 320)):
    """Draw squares side by side that look alike; segment i is the i-th from the left."""
    darkness, labels = np.zeros(size, np.uint8), np.zeros(size, np.int32)
    for i in range(count):
        x, y = 40 + SPACING * i + shift[0], 70 + shift[1]
        cv2.rectangle(darkness, (x, y), (x + 40, y + 40), 255, 2)
        cv2.line(darkness, (x + 8 + 6 * i, y), (x + 8 + 6 * i, y + 40), 255, 2)
        labels[y + 2 : y + 39, x + 2 : x + 39] = i + 1
    return SmallDrawing(darkness, labels)


def compare(target, reference, counts=(4, 4)):
    """Return ahead, back and returned, (N, M) each."""
    return np.moveaxis(Motion().compare(target, reference, counts), -1, 0)


def counted_slowly(motion, target, reference, counts):
    """Return what `Motion.compare` does, by whole planes."""
    ahead, back = (
        motion._flow(*pair)
        for pair in ((target.darkness, reference.darkness), (reference.darkness, target.darkness))
    )
    height, width = target.labels.shape
    grid = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in (width, height)))
    there, here = ([axis + field[..., i] for i, axis in enumerate(grid)] for field in (ahead, back))
    again = cv2.remap(back, *there, cv2.INTER_LINEAR, borderValue=(np.inf, np.inf))
    returned = ((ahead + again) ** 2).sum(axis=2) < 1
    shares = []
    for drawing, place, other, kept in (
        (target, there, reference, True),
        (reference, here, target, True),
        (target, there, reference, returned),
    ):
        plane = under_lines(other).astype(np.float32)
        reached = cv2.remap(plane, *place, cv2.INTER_NEAREST, borderValue=0)
        joint = np.zeros((counts[0] + 2, counts[1] + 2))
        np.add.at(joint, (drawing.labels, reached.astype(int)), kept)
        sizes = np.bincount(drawing.labels.ravel(), minlength=counts[0] + 2)
        shares.append((joint / np.maximum(sizes, 1)[:, None])[1:-1, 1:-1])
    return np.stack([shares[0], shares[1].T, shares[2]], axis=-1).astype(np.float32)


@pytest.mark.parametrize("dtype", [np.uint16, np.int32])
@pytest.mark.parametrize("shift", [(9, 4), (70, -50)])
def test_pixels_are_counted_as_by_whole_planes(shift, dtype):
    pair = [row_of_squares(shift), row_of_squares()]
    # Segments up to the border, from where flow leads out of the picture, and one left out.
    rows, columns = np.indices(pair[0].labels.shape)
    labels = (1 + rows // 40 * 8 + columns // 40).astype(dtype)
    target, reference = (
        SmallDrawing(one.darkness, np.where(one.darkness > 96, dtype(0), labels)) for one in pair
    )
    motion, counts = Motion(), (39, 39)  # the fortieth is left out
    told = motion.compare(target, reference, counts)
    assert told.dtype == np.float32
    np.testing.assert_array_equal(told, counted_slowly(motion, target, reference, counts))
    assert 0 < told[..., 2].sum() < told[..., 0].sum() < 39


@pytest.mark.parametrize("shift", [(0, 0), (9, 4), (-7, 6)])
def test_pixels_lead_to_where_they_came_from(shift):
    for shares in compare(row_of_squares(shift), row_of_squares()):
        assert shares.shape == (4, 4)
        assert (shares.diagonal() > 0.9).all()
        assert (shares.sum(axis=1) <= 1 + 1e-6).all()


def test_a_covered_segment_leads_somewhere_and_does_not_come_back():
    target, reference = row_of_squares(), row_of_squares()
    covered = np.s_[60:125, 90:150]  # the second square, by a blot
    noise = np.random.default_rng(0).integers(0, 256, (65, 60), dtype=np.uint8)
    reference.darkness[covered] = cv2.GaussianBlur(noise, (0, 0), 2)
    reference.labels[covered] = 0
    _, back, returned = compare(target, reference)
    assert back[1].max() < 0.5
    assert returned[1].sum() < 0.5 < returned[[0, 2, 3]].sum(axis=1).min()


def test_a_segment_without_pixels_leads_nowhere():
    target = row_of_squares()
    assert not compare(target, row_of_squares(), (5, 4))[:, 4].any()
    unlabelled = SmallDrawing(target.darkness, 0 * target.labels)
    assert not any(shares.any() for shares in compare(target, unlabelled))


def test_pixels_that_lead_onto_a_line_count_for_the_segment_beside_it():
    target, reference = row_of_squares(), row_of_squares()
    inner = np.zeros_like(reference.labels)
    for i in range(4):  # half of each square is line
        x = 40 + SPACING * i
        inner[72:109, x + 2 : x + 20] = i + 1
    ahead, *_ = compare(target, SmallDrawing(reference.darkness, inner))
    assert (ahead.diagonal() > 0.9).all()


def test_flow_is_the_same_on_one_thread_and_on_several():
    rng = np.random.default_rng(0)
    drawings = []
    for shift in (0, 12):
        dark = cv2.GaussianBlur(rng.integers(0, 256, (360, 640), dtype=np.uint8), (0, 0), 5)
        labels = np.roll(np.arange(640)[None] // 40 + np.arange(360)[:, None] // 40 * 16, shift)
        drawings.append(SmallDrawing(dark, labels.astype(np.int32)))
    before, found = cv2.getNumThreads(), []
    try:
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            found.append(Motion().compare(*drawings, (144, 144)))
    finally:
        cv2.setNumThreads(before)
    np.testing.assert_array_equal(*found)


def test_the_nearest_in_time_and_the_next_are_asked():
    assert flow_rank([1, -1, 5, 9, 0]) == [1, 1, 2, 0, 0]
    assert flow_rank([4, 3]) == [2, 1]
    assert flow_rank([-4, 9, 4]) == [1, 2, 1]
    assert flow_rank([0]) == [0]
    assert flow_rank([]) == []
    target, other = row_of_squares((8, 0)), row_of_squares()
    evidence = Motion().evidence(target, [other] * 4, (4, [4] * 4), [1, -1, 5, 9])
    assert evidence.shape == (4, 16, len(EVIDENCE))
    np.testing.assert_array_equal(evidence[:, :4], evidence[:, 4:8])
    for start in (0, 8):
        assert (evidence[:, start : start + 4, 0] == 1).all()
        assert (evidence[:, start : start + 4, 1].diagonal() > 0.9).all()
    assert not evidence[:, 12:].any()


def test_a_far_drawing_is_compared_coarsely_whatever_was_compared_before():
    target, other = row_of_squares((8, 3)), row_of_squares()
    motion, counts = Motion(), (4, 4)
    fine = motion.compare(target, other, counts)
    coarse = motion.compare(target, other, counts, is_far=True)
    np.testing.assert_array_equal(coarse, Motion().compare(target, other, counts, is_far=True))
    np.testing.assert_array_equal(fine, motion.compare(target, other, counts))
    assert (fine != coarse).any()


@pytest.mark.parametrize(
    "case", ["a model sheet", "another size", "no picture", "no target", "a tiny one"]
)
def test_nothing_is_said_without_a_neighbour(case):
    target = row_of_squares()
    if case == "a tiny one":
        target = SmallDrawing(target.darkness[60:70], target.labels[60:70])
    reference, offset = {
        "a model sheet": (target, 0),
        "another size": (row_of_squares(size=(200, 330)), 1),
        "no picture": (None, 1),
        "no target": (target, 1),
        "a tiny one": (target, 1),
    }[case]
    shown = None if case == "no target" else target
    assert not Motion().evidence(shown, [reference], (4, [4]), [offset]).any()
    # One that cannot be asked does not keep another, farther one from being asked.
    if case == "no picture":
        farther = Motion().evidence(target, [None, target], (4, [4, 4]), [1, 2])
        assert farther[:, 4:, 0].all()
        assert not farther[:, :4].any()


def test_without_references_there_are_no_columns():
    assert Motion().evidence(row_of_squares(), [], (4, []), []).shape == (4, 0, len(EVIDENCE))


def test_pieces_of_a_drawing_are_told_the_same_as_the_whole():
    target, reference = row_of_squares((9, 4)), row_of_squares()
    motion = Motion()
    whole = motion.compare(target, reference, (4, 4))
    rows, columns = np.array([0, 2]), np.array([1, 2, 3])
    part = motion.compare(target.taken(rows, 4), reference.taken(columns, 4), (2, 3))
    np.testing.assert_allclose(part, whole[rows][:, columns], atol=0.02)


def test_a_flow_field_is_computed_once():
    target, reference = row_of_squares((9, 4)), row_of_squares()
    motion = Motion()
    first = motion._flow(target.darkness, reference.darkness)
    assert motion._flow(target.darkness, reference.darkness) is first
    assert motion._flow(reference.darkness, target.darkness) is not first
    assert motion._flow(target.darkness, reference.darkness, is_far=True) is not first
    assert motion._flow(target.darkness, reference.darkness) is first
    for i in range(5):
        motion._flow(row_of_squares((i, 0)).darkness, reference.darkness)
    assert len(motion._known) <= 8
    assert len(motion._made) <= 8


def test_what_is_made_of_a_drawing_is_made_once(monkeypatch):
    made = []
    real = flow._with_slopes
    monkeypatch.setattr(
        flow, "_with_slopes", lambda darkness: made.append(darkness) or real(darkness)
    )
    first, *others = (row_of_squares((i, 0)) for i in range(6))
    motion = Motion()
    for before, now in pairwise(others):  # as in a run: the drawing before, and a painted one
        motion.compare(now, before, (4, 4))
        motion.compare(now, first, (4, 4), is_far=True)
    assert len(made) == 6


def test_what_comes_back_is_found_once_for_a_match_and_its_surfaces(monkeypatch):
    asked = []
    returned = flow._returned
    monkeypatch.setattr(flow, "_returned", lambda *pair: asked.append(pair) or returned(*pair))
    target, near, far = (row_of_squares((i, 0)) for i in (6, 3, 0))
    motion = Motion()
    motion.compare(target, near, (4, 4))
    motion.compare(target, far, (4, 4), is_far=True)
    found = [motion.landing(target, near), motion.landing(target, far, is_far=True)]
    assert len(asked) == 2
    for landing, other, is_far in zip(found, (near, far), (False, True), strict=True):
        alone = Motion().landing(target, other, is_far=is_far).returned
        np.testing.assert_array_equal(landing.returned, alone)
    assert (found[0].returned != found[1].returned).any()


def test_large_drawings_shrink_and_small_ones_stay():
    labels = np.zeros((1080, 1920), np.int32)
    labels[:, 960:] = 1
    darkness = np.where(labels == 1, 100, 0).astype(np.uint8)
    small = shrink(darkness, labels, np.array([[1439.5, 539.5]], np.float32))
    assert small.labels.shape == small.darkness.shape == (360, 640)
    assert set(np.unique(small.labels[:, :320])) == {0}
    assert set(np.unique(small.labels[:, 320:])) == {1}
    assert small.darkness[:, 330:].min() == 100
    drawing = row_of_squares()
    centers = np.array([[60 + SPACING * i, 90] for i in range(4)], np.float32)
    same = shrink(drawing.darkness, drawing.labels, centers)
    np.testing.assert_array_equal(same.labels, drawing.labels)
    strip = np.ones((1, 3000), np.int32)
    assert shrink(np.zeros((1, 3000), np.uint8), strip, np.zeros((1, 2), np.float32)).labels.all()


def test_every_segment_keeps_a_pixel():
    labels = np.ones((1080, 1920), np.int32)
    labels[301, 903] = 2  # between the pixels that are kept
    labels[1079, 1919] = 3
    centers = np.array([[959.5, 539.5], [903, 301], [1919, 1079]], np.float32)
    small = shrink(np.zeros((1080, 1920), np.uint8), labels, centers)
    assert small.labels[100, 301] == 2
    assert small.labels[359, 639] == 3
    nothing = shrink(np.zeros((40, 40), np.uint8), np.zeros((40, 40), np.int32), np.zeros((0, 2)))
    assert not nothing.labels.any()


def test_some_of_the_segments_are_numbered_anew():
    drawing = row_of_squares()
    part = drawing.taken(np.array([1, 3]), 4)
    assert (part.labels == 1).sum() == (drawing.labels == 2).sum()
    assert (part.labels == 2).sum() == (drawing.labels == 4).sum()
    assert (part.labels == 3).sum() == (drawing.labels % 2 == 1).sum()  # the others
