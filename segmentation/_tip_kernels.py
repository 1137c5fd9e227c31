"""Kernels that find where strokes end."""

# ruff: noqa: PLR0912 - a kernel is one plain loop over plain arrays

from __future__ import annotations

import math

import numpy as np

from segmentation._jit import Array, kernel

# A stroke that ends leaves this much of the circle around its end bare (of 32 sectors).
_SECTORS = 32
_BARE_SECTORS = 24
# A stroke that bends by more than 41 degrees (cosine) near its end points where its last bit does.
_BEND = 0.75
# Ink seen through fewer bare sectors than this counts as one arc: grain, not two strokes.
_ARC_BREAK = 3


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


@kernel("float64[:,::1](boolean[:,::1], uint16[:,::1], int64, int64, float64, float64)")
def stroke_ends(
    ink: Array, crowd: Array, most: int, apart: int, radius: float, sight: float
) -> Array:
    """Find the ends of strokes: rows of y, x and the direction y, x in which they point.

    `crowd` counts the ink around each pixel: an end has at most `most`, and no more than any ink
    within `apart` pixels (the first in raster order among equals). It is an end within `radius`;
    its direction is taken within `sight` where the stroke goes on that far without a fork or bend.
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
            far, vy, vx = stroke_end(ink, y, x, sight, 1)
            if far and vy * uy + vx * ux > _BEND:
                uy, ux = vy, vx
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
