"""A sketch under the ink, and trace lines that must stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation import extract_lines, segment

SHAPE = (360, 480)
SKETCHES = {
    "light blue": (150, 198, 240),
    "blue": (140, 160, 250),
    "pink": (250, 170, 180),
    "orange": (250, 190, 120),
    "green": (170, 235, 170),
}


def figure(width=3, shift=(0, 0)):
    """Share of ink, 0..1: rooms that touch, a ring; five segments."""
    page = np.zeros(SHAPE, np.uint8)
    x, y = shift
    cv2.rectangle(page, (40 + x, 40 + y), (250 + x, 300 + y), 255, width, cv2.LINE_AA)
    cv2.line(page, (40 + x, 150 + y), (250 + x, 170 + y), 255, width, cv2.LINE_AA)
    cv2.ellipse(page, (365 + x, 150 + y), (70, 100), 10, 0, 360, 255, width, cv2.LINE_AA)
    cv2.line(page, (330 + x, 160 + y), (400 + x, 165 + y), 255, width, cv2.LINE_AA)
    return page.astype(np.float32) / 255


def lay(page, cover, color):
    share = cover[..., None]
    return page * (1 - share) + np.float32(color) * share


def sketch(seed):
    """Searching strokes along the figure, and construction lines across it."""
    rng = np.random.default_rng(seed)
    total = np.zeros(SHAPE, np.float32)
    for _ in range(4):
        stroke = figure(2, rng.integers(-6, 7, 2).tolist())
        total = np.maximum(total, stroke * rng.uniform(0.5, 1))
    for _ in range(6):
        ends = (rng.uniform(0, 1, (2, 2)) * SHAPE[::-1]).astype(int).tolist()
        plane = cv2.line(np.zeros(SHAPE, np.uint8), *ends, 255, 2, cv2.LINE_AA)
        total = np.maximum(total, plane.astype(np.float32) / 255 * 0.8)
    return total


def shadows():
    """Trace lines that bound shadows: they end at the ink or close in themselves."""
    plane = np.zeros(SHAPE, np.uint8)
    cv2.ellipse(plane, (145, 240), (60, 30), 0, 0, 360, 255, 2, cv2.LINE_AA)
    cv2.line(plane, (44, 60), (180, 152), 255, 2, cv2.LINE_AA)
    cv2.ellipse(plane, (365, 100), (30, 20), 0, 0, 360, 255, 2, cv2.LINE_AA)
    return plane.astype(np.float32) / 255


def finished(page):
    return np.clip(np.rint(page), 0, 255).astype(np.uint8)


def on_transparency(below, color, above):
    """Black ink over strokes of a colour on a transparent layer."""
    total = 1 - (1 - below) * (1 - above)
    share = (below * (1 - above) / np.maximum(total, 1e-6))[..., None]
    return np.dstack([finished(share * np.float32(color)), finished(255 * total)])


WHITE = np.full((*SHAPE, 3), 255, np.float32)
CLEAN = extract_lines(finished(lay(WHITE, figure(), (0, 0, 0))))


@pytest.mark.parametrize("name", SKETCHES)
@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_a_light_sketch_under_the_ink_is_ignored(name, alpha, seed):
    if alpha:
        page = on_transparency(sketch(seed), SKETCHES[name], figure())
    else:
        page = finished(lay(lay(WHITE, sketch(seed), SKETCHES[name]), figure(), (0, 0, 0)))
    lines = extract_lines(page)
    assert lines.rough == "ignored"
    box = np.ones((3, 3), np.uint8)
    assert not (lines.ink & (cv2.dilate(CLEAN.ink.view(np.uint8), box) == 0)).any()
    assert lines.ink[cv2.erode(CLEAN.ink.view(np.uint8), box) > 0].all()
    assert segment(lines).labels.max() == segment(CLEAN).labels.max()
    assert lines.darkness[~CLEAN.ink].mean() < 12


def test_a_sketch_may_be_kept_as_lines():
    page = finished(lay(lay(WHITE, sketch(0), SKETCHES["light blue"]), figure(), (0, 0, 0)))
    kept, ignored = (extract_lines(page, rough=rough) for rough in ("keep", "ignore"))
    assert (kept.rough, ignored.rough) == ("kept", "ignored")
    assert np.count_nonzero(kept.ink) > 1.3 * np.count_nonzero(ignored.ink)


@pytest.mark.parametrize("color", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (20, 190, 235)])
def test_trace_lines_at_full_pressure_stay_lines(color):
    page = finished(lay(lay(WHITE, shadows(), color), figure(), (0, 0, 0)))
    for rough in ("auto", "ignore"):
        lines = extract_lines(page, rough=rough)
        assert lines.rough == "none"
        assert lines.ink[shadows() > 0.5].all()


@pytest.mark.parametrize("color", [(255, 140, 140), (130, 220, 130), (130, 150, 255)])
def test_light_trace_lines_stay_lines_unless_told_otherwise(color):
    page = finished(lay(lay(WHITE, shadows(), color), figure(), (0, 0, 0)))
    lines = extract_lines(page)
    assert lines.rough == "kept"
    assert lines.ink[shadows() > 0.5].all()
    told = extract_lines(page, rough="ignore")
    assert told.rough == "ignored"
    apart = cv2.dilate((figure() > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    assert not told.ink[apart].any()


def test_full_trace_lines_stay_where_a_sketch_of_another_colour_goes():
    page = lay(WHITE, sketch(1), SKETCHES["light blue"])
    page = lay(lay(page, shadows(), (255, 0, 0)), figure(), (0, 0, 0))
    lines = extract_lines(finished(page))
    assert lines.rough == "ignored"
    traced = (shadows() > 0.6) & (figure() < 0.1)
    assert lines.ink[traced].mean() > 0.97
    assert (lines.trace[traced & lines.ink] == 1).mean() > 0.9


def test_a_drawing_all_in_light_blue_is_its_lines():
    page = finished(lay(WHITE, figure(), SKETCHES["light blue"]))
    lines = extract_lines(page)
    assert lines.rough == "none"
    assert lines.ink[figure() > 0.5].all()


def test_plain_ink_has_no_sketch():
    assert CLEAN.rough == "none"
    assert extract_lines(255 - finished(lay(WHITE, figure(), (0, 0, 0)))[..., 0]).rough == "none"


def test_an_unknown_choice_is_refused():
    with pytest.raises(ValueError, match="rough is 'maybe', expected one of"):
        extract_lines(finished(WHITE), rough="maybe")
