"""Joining hills and describing passes, against slow, obvious twins on random drawings."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from segmentation import _basin_kernels as basins
from segmentation import _gap_kernels as gaps
from segmentation import _tip_kernels as tips

GAP, RISE, RADIUS = 14.0, 1.0, 6.0
REACH = 9


def scene(picture, seed):
    """Framed ink, the same with a few links drawn, distances, hills, passes and peaks."""
    ink = np.pad(picture < 128, 1, constant_values=True)
    barrier = ink.copy()
    for y, x in np.random.default_rng(seed).integers(8, 70, (6, 2)):
        barrier[y, x : x + 7] = True
    squared = basins.near_distance(barrier, REACH)
    cut = REACH * REACH + 1
    balls = (squared == cut).view(np.uint8)
    count, labels = cv2.connectedComponents(balls, connectivity=4, ltype=cv2.CV_32S)
    peaks = basins.ascend(squared, labels, cut, count - 1)
    return ink, barrier, squared, labels, basins.passes(squared, labels, cut), peaks


def slow_banks(ink, y, x, level):
    """Nearest ink and the nearest that faces it, each a (y, x) or None."""
    reach = int(math.sqrt(level)) + 3
    near = [
        (int((a - y) ** 2 + (b - x) ** 2), int(a), int(b)) for a, b in np.argwhere(ink)
        if abs(a - y) <= reach and abs(b - x) <= reach
    ]  # fmt: skip
    if not near:
        return None, None
    away, py, px = min(near)
    facing = []
    for other, a, b in near:
        dot = (a - y) * (py - y) + (b - x) * (px - x)
        if dot < 0 and dot * dot >= 0.17 * other * away:
            facing.append((other, a, b))
    return (py, px), min(facing)[1:] if facing else None


def slow_ends(ink, first, second, bare, line):
    """How many strokes end on the ink points; -1 where one is missing or no ink."""
    if second is None or not (ink[first] and ink[second]):
        return -1
    bridge = 2 if bare > line / 2 else 1
    return sum(tips.stroke_end(ink, *point, RADIUS, bridge)[0] for point in (first, second))


def slow_opening(squared, labels, y, x, groups, radius):
    """How far the space of both groups of hills opens around a pass, the lesser of the two."""
    ys, xs = np.indices(labels.shape)
    around = (ys - y) ** 2 + (xs - x) ** 2 <= radius * radius
    around &= np.maximum(abs(ys - y), abs(xs - x)) <= int(radius)
    most = [squared[around & np.isin(labels, sorted(group))].max(initial=0) for group in groups]
    return math.sqrt(min(most))


def on_frame(ink, point):
    return point[0] in (0, ink.shape[0] - 1) or point[1] in (0, ink.shape[1] - 1)


def slow_join(ink, barrier, squared, labels, table, peaks, line):
    groups = [{hill} for hill in range(len(peaks))]
    closed = np.zeros(ink.shape, bool)
    holes = []

    def root(group):
        return min(group, key=lambda hill: (-peaks[hill], hill))

    for y, x, a, b, level in table.tolist():
        one, other = groups[a], groups[b]
        if one is other:
            continue
        if closed[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].any():
            closed[y, x] = True
            continue
        neck = math.sqrt(level)
        bare = 2 * neck - 1
        opens = math.sqrt(min(peaks[root(one)], peaks[root(other)])) - neck
        if bare <= GAP and opens >= RISE:
            first, second = slow_banks(barrier, y, x, level)
            ends = slow_ends(ink, first, second, bare, line)
            hole = ends > 0
            if ends == 0 and bare <= line and not (on_frame(ink, first) or on_frame(ink, second)):
                around = 2.4 * line + 2
                wide = slow_opening(squared, labels, y, x, (one, other), around)
                hole = wide >= neck + 0.35 * around
            if hole:
                closed[y, x] = True
                holes.append((*first, *second, a, b, level, ends))
                continue
        one |= other
        for hill in other:
            groups[hill] = one
    return [root(group) for group in groups], holes


def slow_divide(ink, barrier, table, peaks, groups, narrow):
    pieces = [{hill} for hill in range(len(peaks))]
    cut = np.zeros(ink.shape, bool)
    found = []

    def root(piece):
        return min(piece, key=lambda hill: (-peaks[hill], hill))

    for y, x, a, b, level in table.tolist():
        one, other = pieces[a], pieces[b]
        if one is other or groups[a] != groups[b]:
            continue
        if cut[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3].any():
            cut[y, x] = True
            continue
        neck = math.sqrt(level)
        opens = math.sqrt(min(peaks[root(one)], peaks[root(other)])) - neck
        if 2 * neck - 1 <= narrow and opens >= RISE:
            first, second = slow_banks(barrier, y, x, level)
            if second is not None and not (on_frame(ink, first) or on_frame(ink, second)):
                cut[y, x] = True
                found.append((*first, *second, a, b, level))
                continue
        one |= other
        for hill in other:
            pieces[hill] = one
    return [root(piece) for piece in pieces], found


def discs():
    """A wall between two rooms, with a slit between discs, on whose ink points no stroke ends."""
    picture = np.full((90, 110), 255, np.uint8)
    picture[44:47] = 0
    picture[44:47, 50:57] = 255
    ys, xs = np.indices(picture.shape)
    for x in (46, 61):
        picture[(ys - 45) ** 2 + (xs - x) ** 2 <= 36] = 0
    return picture


@pytest.mark.parametrize("line", [1.0, 4.0])
def test_join_equals_its_slow_twin(line, scribble):
    kinds = set()
    for seed in range(6):
        case = scene(discs() if seed == 5 else scribble(seed, 90, 110), 1000 + seed)
        parents, holes = gaps.join(*case, GAP, RISE, line, RADIUS)
        expected, expected_holes = slow_join(*case, line)
        assert parents.tolist() == expected
        assert list(map(tuple, holes.tolist())) == expected_holes
        kinds |= set(holes[:, 7].tolist())
    # Without thick lines a slit has to open faster than beside the discs.
    assert kinds >= ({1} if line == 1 else {0, 1, 2})


@pytest.mark.parametrize("narrow", [2.0, 8.0])
def test_divide_equals_its_slow_twin(narrow, scribble):
    divided = 0
    for seed in range(6):
        case = scene(discs() if seed == 5 else scribble(seed, 90, 110), 1000 + seed)
        ink, barrier, _, _, table, peaks = case
        groups, _ = gaps.join(*case, GAP, RISE, 4.0, RADIUS)
        parents, found = gaps.divide(ink, barrier, table, peaks, groups, narrow, RISE)
        expected, expected_found = slow_divide(ink, barrier, table, peaks, groups, narrow)
        assert parents.tolist() == expected
        assert list(map(tuple, found.tolist())) == expected_found
        np.testing.assert_array_equal(groups[parents], groups)
        divided += len(found)
    assert divided > 0


@pytest.mark.parametrize("seed", range(3))
def test_describe_passes_equals_its_slow_twin(seed, scribble):
    ink, barrier, _, _, table, _ = scene(scribble(seed, 90, 110), seed)
    rows = np.arange(0, len(table), 3)
    expected = []
    for y, x, a, b, level in table[rows].tolist():
        first, second = slow_banks(barrier, y, x, level)
        ends = slow_ends(ink, first, second, 2 * math.sqrt(level) - 1, 2.0)
        expected.append((*first, *(second or (y, x)), a, b, level, ends))
    found = gaps.describe_passes(ink, barrier, table, rows, 2.0, RADIUS)
    assert list(map(tuple, found.tolist())) == expected
    assert {row[7] for row in expected} >= {-1, 0, 1}
