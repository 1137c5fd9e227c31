"""Kernels that find where strokes end and link the ends that face each other."""

# ruff: noqa: PLR0912 - a kernel is one plain loop over plain arrays

from __future__ import annotations

import math

import numpy as np

from segmentation._jit import Array, kernel

# A stroke that ends leaves this much of the circle around its end bare (of 32 sectors).
_SECTORS = 32
_BARE_SECTORS = 24
# Ink seen through fewer bare sectors than this counts as one arc: grain, not two strokes.
_ARC_BREAK = 3
# Ends face each other when the way between them leaves each ahead: cosine of 90 degrees.
_FACING = 0.0


@kernel("Tuple((boolean, float64, float64))(boolean[:,::1], int64, int64, float64, int64)")
def stroke_end(
    ink: Array, cy: int, cx: int, radius: float, bridge: int
) -> tuple[bool, float, float]:
    """Tell whether a stroke ends at an ink pixel, and which way it points there: y, x.

    Follows the ink from there within a disc and looks at the rim of the disc: a stroke that
    ends leaves it through one arc, one that passes through two, a speck not at all. `bridge` is
    how far one step along the ink may reach: 1 for touching pixels, 2 to leap a bare one.
    """
    height, width = ink.shape
    half = math.ceil(radius)
    side = 2 * half + 1
    seen = np.zeros(side * side, np.bool_)
    stack = np.empty(side * side, np.int32)
    stack[0] = half * side + half
    seen[stack[0]] = True
    top = 1
    rim = 0
    sum_y = 0.0
    sum_x = 0.0
    inner = (radius - 1.5) * (radius - 1.5)
    while top > 0:
        top -= 1
        dy, dx = divmod(stack[top], side)
        dy -= half
        dx -= half
        if dy * dy + dx * dx > inner:
            turn = math.atan2(dy, dx) / (2 * math.pi) + 1.0
            sum_y += dy
            sum_x += dx
            rim |= 1 << (int(turn * _SECTORS) % _SECTORS)
        for y in range(dy - bridge, dy + bridge + 1):
            for x in range(dx - bridge, dx + bridge + 1):
                if y * y + x * x > radius * radius:
                    continue
                at = (y + half) * side + x + half
                if seen[at] or not (0 <= cy + y < height and 0 <= cx + x < width):
                    continue
                if ink[cy + y, cx + x]:
                    seen[at] = True
                    stack[top] = at
                    top += 1
    if rim == 0:
        return False, 0.0, 0.0
    first = 0
    while not (rim >> first) & 1:
        first += 1
    arcs = 0
    bare = 0
    widest = 0
    for k in range(1, _SECTORS + 1):
        if (rim >> ((first + k) % _SECTORS)) & 1:
            if bare >= _ARC_BREAK:
                arcs += 1
            widest = max(widest, bare)
            bare = 0
        else:
            bare += 1
    length = math.hypot(sum_y, sum_x) + 1e-9
    return arcs == 1 and widest >= _BARE_SECTORS, -sum_y / length, -sum_x / length


@kernel("boolean(boolean[:,::1], uint16[:,::1], int64, int64, int64)")
def is_least(ink: Array, crowd: Array, y: int, x: int, apart: int) -> bool:
    """Tell whether no ink within `apart` has less crowd, nor as much and comes first."""
    height, width = ink.shape
    own = crowd[y, x]
    for y2 in range(max(0, y - apart), min(height, y + apart + 1)):
        for x2 in range(max(0, x - apart), min(width, x + apart + 1)):
            if not ink[y2, x2] or crowd[y2, x2] > own:
                continue
            if crowd[y2, x2] < own or y2 < y or (y2 == y and x2 < x):
                return False
    return True


@kernel("float64[:,::1](boolean[:,::1], uint16[:,::1], int64, int64, float64)")
def stroke_ends(ink: Array, crowd: Array, most: int, apart: int, radius: float) -> Array:
    """Find the ends of strokes: rows of y, x and the direction y, x in which they point.

    `crowd` counts the ink around each pixel: an end has at most `most`, and no more than any ink
    within `apart` pixels (the first in raster order among equals).
    """
    height, width = ink.shape
    ends = np.empty((256, 4), np.float64)
    count = 0
    for y in range(height):
        for x in range(width):
            if not ink[y, x] or crowd[y, x] > most:
                continue
            # Most ink is outdone by the pixel before or after it: look there before looking far.
            if x > 0 and ink[y, x - 1] and crowd[y, x - 1] <= crowd[y, x]:
                continue
            if x + 1 < width and ink[y, x + 1] and crowd[y, x + 1] < crowd[y, x]:
                continue
            if y > 0 and ink[y - 1, x] and crowd[y - 1, x] <= crowd[y, x]:
                continue
            if not is_least(ink, crowd, y, x, apart):
                continue
            found, uy, ux = stroke_end(ink, y, x, radius, 1)
            if not found:
                continue
            if count == len(ends):
                longer = np.empty((2 * count, 4), np.float64)
                longer[:count] = ends
                ends = longer
            ends[count, 0] = y
            ends[count, 1] = x
            ends[count, 2] = uy
            ends[count, 3] = ux
            count += 1
    return ends[:count].copy()


@kernel("int64[:,::1](float64[:,::1], float64)")
def links(ends: Array, gap: float) -> Array:
    """Pair the stroke ends that face each other across at most `gap` bare pixels.

    Rows of y, x, y, x. Two ends are paired when each is the other's cheapest partner; straight
    and short is cheap.
    """
    count = len(ends)
    partner = np.full(count, -1, np.int64)
    price = np.full(count, np.inf)
    for a in range(count):
        for b in range(a + 1, count):
            dy = ends[b, 0] - ends[a, 0]
            if dy > gap + 1:
                break
            dx = ends[b, 1] - ends[a, 1]
            away = math.hypot(dy, dx)
            if away < 2 or away > gap + 1:
                continue
            ahead = (ends[a, 2] * dy + ends[a, 3] * dx) / away
            back = -(ends[b, 2] * dy + ends[b, 3] * dx) / away
            if ahead < _FACING or back < _FACING:
                continue
            cost = away * (3 - ahead - back)
            if cost < price[a]:
                price[a] = cost
                partner[a] = b
            if cost < price[b]:
                price[b] = cost
                partner[b] = a
    pairs = np.empty((count, 4), np.int64)
    found = 0
    for a in range(count):
        b = partner[a]
        if b > a and partner[b] == a:
            pairs[found, 0] = np.int64(ends[a, 0])
            pairs[found, 1] = np.int64(ends[a, 1])
            pairs[found, 2] = np.int64(ends[b, 0])
            pairs[found, 3] = np.int64(ends[b, 1])
            found += 1
    return pairs[:found].copy()


@kernel("int64[:,::1](boolean[:,::1], int64[:,::1])")
def draw(ink: Array, pairs: Array) -> Array:
    """Draw the links into the mask, in place; rows of y, x, link for each pixel added."""
    room = 0
    for i in range(len(pairs)):
        room += abs(pairs[i, 2] - pairs[i, 0]) + abs(pairs[i, 3] - pairs[i, 1]) + 1
    added = np.empty((room, 3), np.int64)
    count = 0
    for i in range(len(pairs)):
        dy, dx = pairs[i, 2] - pairs[i, 0], pairs[i, 3] - pairs[i, 1]
        steps = max(abs(dy), abs(dx))
        for k in range(steps + 1):
            y = pairs[i, 0] + (2 * dy * k + steps) // (2 * steps)
            x = pairs[i, 1] + (2 * dx * k + steps) // (2 * steps)
            if not ink[y, x]:
                ink[y, x] = True
                added[count, 0] = y
                added[count, 1] = x
                added[count, 2] = i
                count += 1
    return added[:count].copy()


@kernel("int64[:,::1](int32[:,::1], int32[::1], int64[:,::1], int64)")
def shores(labels: Array, parents: Array, added: Array, count: int) -> Array:
    """Lowest and highest root that touches each of `count` links; 0, 0 where none does."""
    height, width = labels.shape
    found = np.zeros((count, 2), np.int64)
    for i in range(len(added)):
        link = added[i, 2]
        for turn in range(4):
            y = added[i, 0] + (turn == 3) - (turn == 0)
            x = added[i, 1] + (turn == 2) - (turn == 1)
            if not (0 <= y < height and 0 <= x < width) or labels[y, x] == 0:
                continue
            label = parents[labels[y, x]]
            if found[link, 0] == 0 or label < found[link, 0]:
                found[link, 0] = label
            found[link, 1] = max(found[link, 1], label)
    return found


@kernel("void(int32[:,::1], int64[:,::1], int32)")
def release(labels: Array, added: Array, fresh: int) -> None:
    """Label the pixels of links, which are no ink, after a 4-neighbour, in place.

    Order: up, left, right, down. Links that touch no segment get labels from `fresh` on.
    """
    height, width = labels.shape
    left = len(added)
    while left > 0:
        before = left
        for i in range(len(added)):
            y, x = added[i, 0], added[i, 1]
            if labels[y, x] != 0:
                continue
            label = 0
            if y > 0:
                label = labels[y - 1, x]
            if label == 0 and x > 0:
                label = labels[y, x - 1]
            if label == 0 and x + 1 < width:
                label = labels[y, x + 1]
            if label == 0 and y + 1 < height:
                label = labels[y + 1, x]
            if label != 0:
                labels[y, x] = label
                left -= 1
        if left == before:
            for i in range(len(added)):
                if labels[added[i, 0], added[i, 1]] == 0:
                    labels[added[i, 0], added[i, 1]] = fresh
                    fresh += 1
                    left -= 1
                    break
