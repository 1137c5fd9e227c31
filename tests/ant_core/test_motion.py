"""Optical flow as a second opinion: where pixels lead, and when it has a say."""

import cv2
import numpy as np
import pytest

from ant_core.motion import SmallDrawing, guide, shares, shrink

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


@pytest.mark.parametrize("shift", [(0, 0), (9, 4), (-7, 6)])
def test_pixels_lead_to_where_they_came_from(shift):
    found = shares(row_of_squares(shift), row_of_squares(), (4, 4))
    assert found.shape == (4, 4)
    assert found.sum(axis=1) == pytest.approx(1)
    assert (found.diagonal() > 0.9).all()


def test_a_segment_without_pixels_leads_nowhere():
    target = row_of_squares()
    assert shares(target, row_of_squares(), (5, 4))[4].tolist() == [0, 0, 0, 0]
    assert shares(target, SmallDrawing(target.darkness, 0 * target.labels), (4, 4)).sum() == 0


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
            found.append(shares(*drawings, (144, 144)))
    finally:
        cv2.setNumThreads(before)
    np.testing.assert_array_equal(*found)


def test_flow_tells_twins_apart_that_the_network_cannot():
    target, before = row_of_squares((8, 0)), row_of_squares()
    undecided = np.full((4, 4), 0.25, np.float32)
    guided = guide(undecided, target, [before], [4], [1])
    assert guided.sum(axis=1) == pytest.approx(1)
    assert (guided.diagonal() > 0.7).all()
    sure = np.eye(4, dtype=np.float32)[::-1] * 0.997 + 0.001
    assert guide(sure, target, [before], [4], [1]).argmax(axis=1).tolist() == [3, 2, 1, 0]


def test_only_the_nearest_in_time_are_asked():
    target, other = row_of_squares((8, 0)), row_of_squares()
    even = np.full((4, 12), 1 / 12, np.float32)
    guided = guide(even, target, [other] * 3, [4] * 3, [1, -1, 5])
    np.testing.assert_allclose(guided[:, :4], guided[:, 4:8], atol=1e-6)
    assert (guided[:, :4].diagonal() > 0.2).all()
    assert guided[:, 8:] == pytest.approx(guided[0, 8])  # the far one: as if nothing were known


@pytest.mark.parametrize(
    "case", ["a model sheet", "another size", "no picture", "no reference", "a tiny one"]
)
def test_without_a_neighbour_the_match_stays_as_it_is(case):
    target = row_of_squares()
    if case == "a tiny one":
        target = SmallDrawing(target.darkness[60:70], target.labels[60:70])
    reference, offset = {
        "a model sheet": (target, 0),
        "another size": (row_of_squares(size=(200, 330)), 1),
        "no picture": (None, 1),
        "no reference": (target, 1),
        "a tiny one": (target, 1),
    }[case]
    match = np.random.default_rng(0).dirichlet(np.ones(4), 4).astype(np.float32)
    if case == "no reference":
        assert guide(match[:, :0], target, [], [], []).shape == (4, 0)
    else:
        assert guide(match, target, [reference], [4], [offset]) is match
        assert guide(match, None, [target], [4], [1]) is match


def test_a_segment_too_small_for_flow_keeps_its_match():
    target = row_of_squares()
    labels = np.where(target.labels == 2, 0, target.labels)
    match = np.random.default_rng(0).dirichlet(np.ones(4), 4).astype(np.float32)
    guided = guide(match, SmallDrawing(target.darkness, labels), [row_of_squares()], [4], [1])
    np.testing.assert_allclose(guided[1], match[1], rtol=1e-5)


def test_large_drawings_shrink_and_small_ones_stay():
    labels = np.zeros((1080, 1920), np.int32)
    labels[:, 960:] = 7
    darkness = np.where(labels == 7, 100, 0).astype(np.uint8)
    small = shrink(darkness, labels)
    assert small.labels.shape == small.darkness.shape == (360, 640)
    assert set(np.unique(small.labels[:, :320])) == {0}
    assert set(np.unique(small.labels[:, 320:])) == {7}
    assert small.darkness[:, 330:].min() == 100
    drawing = row_of_squares()
    same = shrink(drawing.darkness, drawing.labels)
    np.testing.assert_array_equal(same.labels, drawing.labels)
    assert shrink(np.zeros((1, 3000), np.uint8), np.ones((1, 3000), np.int32)).labels.all()


def test_some_of_the_segments_are_numbered_anew():
    drawing = row_of_squares()
    part = drawing.taken(np.array([1, 3]), 4)
    assert (part.labels == 1).sum() == (drawing.labels == 2).sum()
    assert (part.labels == 2).sum() == (drawing.labels == 4).sum()
    assert part.labels.max() == 2
