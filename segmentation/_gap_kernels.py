"""Kernels that tell a hole in a line from a narrow place between two lines."""

from __future__ import annotations

import math

import numpy as np

from segmentation._jit import Array, kernel
from segmentation._tip_kernels import stroke_end

# Bare stretches up to this many line widths are grain within a stroke.
_GRAIN_WIDTHS = 0.5
# Narrow places up to this many line widths are holes even where no stroke is seen to end ...
_SLIT_WIDTHS = 1.0
# ... if within this many line widths both sides open by this share of the way: a wedge of at
# least 40 degrees. Between two lines space opens slowly.
_OPENING_WIDTHS = 2.4
_OPENING_SHARE = 0.35


@kernel("int32(int32[::1], int32)")
def find(parents: Array, item: int) -> int:
    """Root of an item, shortening the way."""
    while parents[item] != item:
        parents[item] = parents[parents[item]]
        item = parents[item]
    return item


@kernel("void(int32[::1], int32[::1], int32, int32)")
def unite(parents: Array, highest: Array, a: int, b: int) -> None:
    """Let the lower of two roots join the higher one, of equal ones that of the greater number."""
    if highest[b] > highest[a] or (highest[a] == highest[b] and b < a):
        a, b = b, a
    parents[b] = a


@kernel("void(int32[::1])")
def flatten(parents: Array) -> None:
    """Give every item its root."""
    for i in range(parents.size):
        parents[i] = find(parents, np.int32(i))


@kernel("boolean(boolean[:,::1], int64, int64)")
def is_near(marked: Array, y: int, x: int) -> bool:
    """Tell whether a pixel within two of a place is marked: that is one place."""
    near = False
    for y2 in range(max(0, y - 2), min(marked.shape[0], y + 3)):
        for x2 in range(max(0, x - 2), min(marked.shape[1], x + 3)):
            near |= marked[y2, x2]
    return near


@kernel("UniTuple(int64, 4)(boolean[:,::1], int64, int64, int64)")
def facing_ink(ink: Array, my: int, mx: int, squared: int) -> tuple[int, int, int, int]:
    """Nearest ink pixel to a pass, and the nearest one facing it: y, x, y, x.

    Facing: more than 114 degrees away as seen from the pass. The second y is -1 without one.
    """
    height, width = ink.shape
    half = int(math.sqrt(squared)) + 3
    near = 1 << 40
    py, px = -1, -1
    for y in range(max(0, my - half), min(height, my + half + 1)):
        for x in range(max(0, mx - half), min(width, mx + half + 1)):
            away = (y - my) * (y - my) + (x - mx) * (x - mx)
            if ink[y, x] and away < near:
                near = away
                py, px = y, x
    facing = 1 << 40
    qy, qx = -1, -1
    for y in range(max(0, my - half), min(height, my + half + 1)):
        for x in range(max(0, mx - half), min(width, mx + half + 1)):
            away = (y - my) * (y - my) + (x - mx) * (x - mx)
            dot = (y - my) * (py - my) + (x - mx) * (px - mx)
            if ink[y, x] and away < facing and dot < 0 and dot * dot >= 0.17 * away * near:
                facing = away
                qy, qx = y, x
    return py, px, qy, qx


@kernel("int64(boolean[:,::1], int64, int64, int64, int64, float64, float64, float64)")
def ends_beside(
    ink: Array, py: int, px: int, qy: int, qx: int, bare: float, line: float, radius: float
) -> int:
    """Count the ink points of a narrow place of `bare` pixels on which a stroke ends: -1 for none.

    Beside a wider place, a stroke that goes on after one bare pixel has not ended there. A point
    that is no ink (a link that geometry leaves open) makes it no hole: -1.
    """
    if not (ink[py, px] and ink[qy, qx]):
        return -1
    bridge = 2 if bare > _GRAIN_WIDTHS * line else 1
    first, _, _ = stroke_end(ink, py, px, radius, bridge)
    second, _, _ = stroke_end(ink, qy, qx, radius, bridge)
    return int(first) + int(second)


@kernel("boolean(boolean[:,::1], int64, int64)")
def on_frame(ink: Array, y: int, x: int) -> bool:
    """Tell whether a pixel belongs to the frame around the canvas."""
    return bool(y == 0 or x == 0 or y == ink.shape[0] - 1 or x == ink.shape[1] - 1)


@kernel("float64(uint16[:,::1], int32[:,::1], int32[::1], int64, int64, int32, int32, float64)")
def opening(
    squared: Array, labels: Array, parents: Array, my: int, mx: int, a: int, b: int, radius: float
) -> float:
    """The lesser of how far two joined hills open within `radius` of their pass, in pixels."""
    height, width = squared.shape
    half = int(radius)
    most_a, most_b = 0, 0
    for y in range(max(0, my - half), min(height, my + half + 1)):
        for x in range(max(0, mx - half), min(width, mx + half + 1)):
            if labels[y, x] == 0 or (y - my) * (y - my) + (x - mx) * (x - mx) > radius * radius:
                continue
            root = find(parents, labels[y, x])
            if root == a:
                most_a = max(most_a, squared[y, x])
            elif root == b:
                most_b = max(most_b, squared[y, x])
    return math.sqrt(min(most_a, most_b))


@kernel("void(int64[:,::1], int64, UniTuple(int64, 4), int32[::1])")
def note(rows: Array, k: int, ink_points: tuple[int, int, int, int], entry: Array) -> None:
    """Write a pass into a row: y, x, y, x of its ink points, hill, hill, squared height."""
    rows[k, 0], rows[k, 1], rows[k, 2], rows[k, 3] = ink_points
    rows[k, 4], rows[k, 5], rows[k, 6] = entry[2], entry[3], entry[4]


@kernel(
    "Tuple((int32[::1], int64[:,::1]))"
    "(boolean[:,::1], boolean[:,::1], uint16[:,::1], int32[:,::1], int32[:,::1], int32[::1],"
    " float64, float64, float64, float64)"
)
def join(
    ink: Array,
    barrier: Array,
    squared: Array,
    labels: Array,
    table: Array,
    peaks: Array,
    gap: float,
    rise: float,
    line: float,
    radius: float,
) -> tuple[Array, Array]:
    """Join hills over every pass, highest first, that is no hole in a line.

    A hole is at most `gap` wide and opens by at least `rise` on both sides. Either a stroke ends
    on one of its ink points (looked at within `radius`), or it is a slit of less than a `line`
    width and the space opens at once on both sides, as it does beside a line and not between two.
    All in pixels. `barrier` is `ink` and the links that geometry leaves open; both have a frame of
    ink around the canvas. Returns the parent of each hill and the holes: rows of y, x, y, x (the
    ink points), hill, hill, squared height, ends.
    """
    height, width = ink.shape
    parents = np.arange(peaks.size).astype(np.int32)
    highest = peaks.copy()
    closed = np.zeros((height, width), np.bool_)
    holes = np.empty((table.shape[0], 8), np.int64)
    count = 0
    for i in range(table.shape[0]):
        a = find(parents, np.int32(table[i, 2]))
        b = find(parents, np.int32(table[i, 3]))
        if a == b:
            continue
        y, x, level = table[i, 0], table[i, 1], table[i, 4]
        # The cut runs down from its pass to both ink points: what touches it belongs to it.
        if is_near(closed, y, x):
            closed[y, x] = True
            continue
        neck = math.sqrt(level)
        opens = math.sqrt(min(highest[a], highest[b])) - neck
        if 2 * neck - 1 <= gap and opens >= rise:
            py, px, qy, qx = facing_ink(barrier, y, x, level)
            ends = -1
            if qy >= 0:
                ends = ends_beside(ink, py, px, qy, qx, 2 * neck - 1, line, radius)
            hole = ends > 0
            slit = ends == 0 and 2 * neck - 1 <= _SLIT_WIDTHS * line
            if slit and not on_frame(ink, py, px) and not on_frame(ink, qy, qx):
                around = _OPENING_WIDTHS * line + 2
                wide = opening(squared, labels, parents, y, x, a, b, around)
                hole = wide >= neck + _OPENING_SHARE * around
            if hole:
                closed[y, x] = True
                note(holes, count, (py, px, qy, qx), table[i])
                holes[count, 7] = ends
                count += 1
                continue
        unite(parents, highest, a, b)
    flatten(parents)
    return parents, holes[:count].copy()


@kernel(
    "Tuple((int32[::1], int64[:,::1]))"
    "(boolean[:,::1], boolean[:,::1], int32[:,::1], int32[::1], int32[::1], float64, float64)"
)
def divide(
    ink: Array,
    barrier: Array,
    table: Array,
    peaks: Array,
    groups: Array,
    narrow: float,
    rise: float,
) -> tuple[Array, Array]:
    """Join the hills of each group anew, but over no pass of up to `narrow` bare pixels.

    `groups` is what `join` made of the hills. A corner may hide that a stroke ends beside such a
    pass: whether it is a hole is left to the colours. Both sides open by at least `rise`, and the
    frame does not count. Returns the parent of each hill, and such passes as rows of y, x, y, x
    (the ink points), hill, hill, squared height: one a place.
    """
    height, width = ink.shape
    parents = np.arange(peaks.size).astype(np.int32)
    highest = peaks.copy()
    cut = np.zeros((height, width), np.bool_)
    found = np.empty((table.shape[0], 7), np.int64)
    count = 0
    for i in range(table.shape[0]):
        if groups[table[i, 2]] != groups[table[i, 3]]:
            continue
        a = find(parents, np.int32(table[i, 2]))
        b = find(parents, np.int32(table[i, 3]))
        if a == b:
            continue
        y, x, level = table[i, 0], table[i, 1], table[i, 4]
        if is_near(cut, y, x):
            cut[y, x] = True
            continue
        neck = math.sqrt(level)
        if 2 * neck - 1 <= narrow and math.sqrt(min(highest[a], highest[b])) - neck >= rise:
            py, px, qy, qx = facing_ink(barrier, y, x, level)
            if qy >= 0 and not on_frame(ink, py, px) and not on_frame(ink, qy, qx):
                cut[y, x] = True
                note(found, count, (py, px, qy, qx), table[i])
                count += 1
                continue
        unite(parents, highest, a, b)
    flatten(parents)
    return parents, found[:count].copy()


@kernel("int64[:,::1](boolean[:,::1], boolean[:,::1], int32[:,::1], int64[::1], float64, float64)")
def describe_passes(
    ink: Array, barrier: Array, table: Array, rows: Array, line: float, radius: float
) -> Array:
    """Describe passes of the table as join() does its holes; ends are -1 without two ink points."""
    found = np.empty((len(rows), 8), np.int64)
    for k, i in enumerate(rows):
        y, x, level = table[i, 0], table[i, 1], table[i, 4]
        py, px, qy, qx = facing_ink(barrier, y, x, level)
        ends = -1
        if qy >= 0:
            bare = 2 * math.sqrt(level) - 1
            ends = ends_beside(ink, py, px, qy, qx, bare, line, radius)
        else:
            qy, qx = y, x
        note(found, k, (py, px, qy, qx), table[i])
        found[k, 7] = ends
    return found
