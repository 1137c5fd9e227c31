"""Ink as brushes, pencils and pens leave it: soft, faint, grained, dry, with bubbles."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest

from segmentation import _hole_kernels as kernels
from segmentation import extract_lines, ink, segment, stroke_holes


def rooms(width: int, shape=(300, 420)) -> np.ndarray:
    """Share of ink, 0..1, of two rooms, a ring and a slanted room; five segments."""
    page = np.zeros(shape, np.uint8)
    cv2.rectangle(page, (40, 40), (220, 250), 255, width, cv2.LINE_AA)
    cv2.line(page, (40, 130), (220, 150), 255, width, cv2.LINE_AA)
    cv2.circle(page, (320, 100), 55, 255, width, cv2.LINE_AA)
    corners = np.array([[270, 200], [370, 185], [390, 260], [290, 270]], np.int32)
    cv2.polylines(page, [corners], True, 255, width, cv2.LINE_AA)
    return page.astype(np.float32) / 255


def grey(cover):
    return np.clip(np.rint(255 - 255 * cover), 0, 255).astype(np.uint8)


def noise(seed, sigma, shape=(300, 420)):
    plane = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    if sigma:
        plane = cv2.GaussianBlur(plane, (0, 0), sigma)
    return plane / plane.std()


def count(page) -> int:
    return int(segment(extract_lines(page)).labels.max())


def test_the_drawing_of_these_tests_has_five_segments():
    for width in (2, 4, 6, 12):
        assert count(grey(rooms(width))) == 5


@pytest.mark.parametrize("sigma", [2, 3, 4])
def test_a_soft_brush_gives_the_line_and_no_fat_band(sigma):
    cover = cv2.GaussianBlur(rooms(4), (0, 0), sigma) * 0.7
    lines = extract_lines(grey(cover))
    hard = rooms(4) > 0.5
    assert lines.ink[hard].mean() > 0.98
    far = cv2.distanceTransform((~hard).astype(np.uint8), cv2.DIST_L2, 5)
    # Beyond the steepest place of the blurred stroke's rim, a deviation and a half at most.
    assert far[lines.ink].max() <= 1.5 * sigma + 1
    assert int(segment(lines).labels.max()) == 5


def test_soft_strokes_near_each_other_stay_two():
    page = np.zeros((120, 200), np.float32)
    page[:, 90:94] = page[:, 103:107] = 1
    page = cv2.GaussianBlur(page, (0, 0), 4) * 0.7
    across = extract_lines(grey(page)).ink[60]
    assert np.count_nonzero(np.diff(across.astype(int)) == 1) == 2


def test_a_soft_solid_shape_is_ink_throughout():
    page = np.zeros((160, 200), np.float32)
    cv2.circle(page, (100, 80), 40, 1.0, -1)
    page = cv2.GaussianBlur(page, (0, 0), 4) * 0.7
    lines = extract_lines(grey(page))
    disc = cv2.circle(np.zeros(page.shape, np.uint8), (100, 80), 36, 1, -1) > 0
    assert lines.ink[disc].all()


@pytest.mark.parametrize("deviation", [4, 8, 15])
def test_grain_of_the_paper_is_no_ink(deviation):
    cover = rooms(3)
    page = np.clip(225 - 190 * cover + deviation * noise(deviation, 0), 0, 255).astype(np.uint8)
    lines = extract_lines(page)
    near = cv2.dilate((cover > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert not lines.ink[~near].any()
    assert lines.ink[cover > 0.9].mean() > 0.98
    assert int(segment(lines).labels.max()) == 5


@pytest.mark.parametrize("seed", range(3))
def test_faint_pencil_is_read_through_grain(seed):
    pressure = np.clip(0.8 + 0.12 * noise(seed, 20), 0.55, 1)
    page = 238 - 60 * rooms(4) * pressure + 6 * noise(seed + 10, 0.6)
    lines = extract_lines(np.clip(np.rint(page), 0, 255).astype(np.uint8))
    assert 5 <= int(segment(lines).labels.max()) <= 7
    near = cv2.dilate((rooms(4) > 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert not (lines.ink & ~near).any()


@pytest.mark.parametrize("quality", [30, 60, 85])
@pytest.mark.parametrize("strength", [1.0, 0.35])
def test_compression_noise_is_no_ink(quality, strength):
    code = cv2.imencode(".jpg", grey(rooms(3) * strength), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    lines = extract_lines(cv2.imdecode(code, cv2.IMREAD_GRAYSCALE))
    clean = extract_lines(grey(rooms(3) * strength))
    assert np.count_nonzero(lines.ink ^ clean.ink) < 0.2 * np.count_nonzero(clean.ink)
    assert int(segment(lines).labels.max()) == 5


@pytest.mark.parametrize("grain", [0, 1, 2])
def test_a_dry_brush_leaves_whole_strokes(grain):
    texture = noise(grain, grain)
    page = grey(rooms(12) * (texture > np.quantile(texture, 0.2)))
    lines = extract_lines(page)
    whole = extract_lines(grey(rooms(12)))
    assert 0.7 * whole.line_width_px < lines.line_width_px < 1.3 * whole.line_width_px
    # The coarser the grain the more of it opens the stroke's rim.
    bare = np.count_nonzero(whole.ink & ~lines.ink)
    assert bare < (0.04, 0.08, 0.16)[grain] * np.count_nonzero(whole.ink)
    assert 5 <= int(segment(lines).labels.max()) <= 7


def test_bubbles_in_a_pen_line_are_ink():
    cover = rooms(9)
    inside = cv2.erode((cover > 0.9).astype(np.uint8), np.ones((5, 5), np.uint8))
    ys, xs = np.nonzero(inside)
    page = grey(cover)
    rng = np.random.default_rng(4)
    for i in rng.choice(len(ys), 60, replace=False):
        cv2.circle(page, (int(xs[i]), int(ys[i])), int(rng.integers(1, 3)), 255, -1)
    filled, clean = extract_lines(page), extract_lines(grey(cover))
    # What is bare within the erased rim of the stroke, or merged bubbles open to the outside.
    assert np.count_nonzero(clean.ink & ~filled.ink) < 0.01 * np.count_nonzero(clean.ink)
    assert int(segment(filled).labels.max()) == 5


def test_a_highlight_a_ring_and_a_narrow_room_are_no_holes():
    page = np.full((200, 260), 255, np.uint8)
    cv2.circle(page, (60, 60), 16, 0, -1, cv2.LINE_AA)  # a pupil and its light
    cv2.circle(page, (54, 54), 4, 255, -1, cv2.LINE_AA)
    cv2.circle(page, (140, 60), 6, 0, 3, cv2.LINE_AA)  # a button
    cv2.rectangle(page, (40, 120), (220, 128), 0, 3)  # a cord
    cv2.line(page, (20, 100), (240, 100), 0, 3, cv2.LINE_AA)
    lines = extract_lines(page)
    for x, y in ((54, 54), (140, 60), (100, 124)):
        assert not lines.ink[y, x]
    assert int(segment(lines).labels.max()) == 4 + 1 - 1  # light, button, cord, the rest


def test_a_ring_of_thin_line_beside_thick_lines_is_no_hole():
    page = grey(rooms(9))
    cv2.circle(page, (130, 90), 6, 0, 2, cv2.LINE_AA)
    assert not extract_lines(page).ink[90, 130]


def slow_holes(mask, most):
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (~mask).astype(np.uint8), connectivity=4
    )
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    kept = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] <= most and i not in set(edge)]
    first = {i: int(np.flatnonzero(labels.ravel() == i)[0]) for i in kept}
    return [set(np.flatnonzero(labels.ravel() == i).tolist()) for i in sorted(kept, key=first.get)]


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("most", [1, 6, 40])
def test_small_holes_equal_their_slow_twin(seed, most):
    mask = np.random.default_rng(seed).random((26, 33)) < 0.35 + 0.05 * seed
    pixels, starts = kernels.small_holes(mask, most)
    found = [set(pixels[a:b].tolist()) for a, b in pairwise(starts)]
    assert found == slow_holes(mask, most)


@pytest.mark.parametrize("seed", range(3))
def test_disc_of_ink_equals_its_slow_twin(seed):
    mask = np.random.default_rng(seed).random((20, 24)) < 0.9
    ys, xs = np.indices(mask.shape)
    for y, x, radius in ((0, 0, 2.0), (10, 12, 3.5), (19, 3, 1.0), (7, 7, 2.9)):
        around = (ys - y) ** 2 + (xs - x) ** 2 <= radius**2
        assert kernels.disc_of_ink(mask, y, x, radius) == mask[around].all()


def test_in_strokes_tells_a_hole_in_a_stroke_from_one_in_a_blob():
    mask = np.zeros((60, 120), bool)
    mask[10:19, 5:70] = True  # a stroke 9 px wide
    mask[30:55, 80:105] = True  # a blob
    places = [(14, 30), (42, 92)]
    pixels = np.array([y * 120 + x for y, x in places], np.int64)
    starts = np.array([0, 1, 2], np.int64)
    assert kernels.in_strokes(mask, pixels, starts, 14.0, 0.65, 0.0).tolist() == [True, False]
    assert kernels.in_strokes(mask, pixels, starts, 14.0, 0.65, 1.0).tolist() == [True, True]
    assert kernels.in_strokes(mask, pixels, starts, 7.0, 0.65, 0.0).tolist() == [False, False]


def test_clean_ink_is_left_as_it_is(scribble):
    for seed in range(5):
        dark = 255 - scribble(seed)
        mask, width = ink.mask(dark, np.bincount(dark.ravel(), minlength=256))
        filled, after = stroke_holes.fill(mask, width)
        assert not (mask & ~filled).any()
        assert np.count_nonzero(filled) - np.count_nonzero(mask) < 0.02 * np.count_nonzero(mask)
        assert after == pytest.approx(width, rel=0.3)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_ink_does_not_depend_on_threads(threads):
    page = np.clip(230 - 150 * rooms(4) + 9 * noise(1, 0.5), 0, 255).astype(np.uint8)
    expected = extract_lines(page).ink
    before = cv2.getNumThreads()
    cv2.setNumThreads(threads)
    try:
        np.testing.assert_array_equal(extract_lines(page).ink, expected)
    finally:
        cv2.setNumThreads(before)
