"""Kernels that link the ends of strokes with what they point at: ends, strokes, the canvas edge."""

# ruff: noqa: PLR0915, PLR1714 - a kernel is one plain loop over plain arrays

from __future__ import annotations

import math

import numpy as np

from segmentation._jit import Array, kernel

# What a link leads to.
TO_END = 2
TO_STROKE = 3
TO_EDGE = 4
# Ends face each other when the way between them leaves each ahead: cosine of 90 degrees.
_FACING = 0.0
# Two ends are one line interrupted when the way bends by at most 25 degrees at either (cosine);
# from 60 degrees on only their nearness speaks for it.
_STRAIGHT = 0.9
_BENT = 0.5
# An end looks ahead along rays this far apart, this many to either side: 45 degrees in all.
_RAY_STEP = math.pi / 24
_RAYS = 6
# How much further an end reaches straight ahead than at 45 degrees.
_AHEAD = 2.5
# How much further than to a stroke a link reaches to the canvas edge.
_EDGE_REACH = 1.5
# Links of less strength are not proposed: they are about as likely wrong as anything near.
_LEAST_STRENGTH = 0.1


@kernel("boolean(boolean[:,::1], int64, int64, int64, int64, float64)")
def is_clear(ink: Array, y0: int, x0: int, y1: int, x1: int, spare: float) -> bool:
    """Tell whether no ink lies on the way between two pixels, `spare` px at either end aside."""
    height, width = ink.shape
    dy, dx = y1 - y0, x1 - x0
    steps = max(abs(dy), abs(dx))
    away = math.hypot(dy, dx)
    for k in range(1, steps):
        along = away * k / steps
        if along <= spare or away - along <= spare:
            continue
        y = y0 + (2 * dy * k + steps) // (2 * steps)
        x = x0 + (2 * dx * k + steps) // (2 * steps)
        if not (0 < y < height - 1 and 0 < x < width - 1):
            return False
        # A link is 8-connected: what it crosses may be so too.
        if ink[y, x] or (ink[y - 1, x] and ink[y, x - 1]) or (ink[y + 1, x] and ink[y, x + 1]):
            return False
    return True


@kernel("UniTuple(int64, 4)(boolean[:,::1], int64, int64, int64, int64)")
def bare_stretch(ink: Array, y0: int, x0: int, y1: int, x1: int) -> tuple[int, int, int, int]:
    """Shorten a way between two ink pixels to the ink beside its first and last bare pixel."""
    dy, dx = y1 - y0, x1 - x0
    steps = max(abs(dy), abs(dx))
    first, last = 0, steps
    while first < steps - 1:
        y = y0 + (2 * dy * (first + 1) + steps) // (2 * steps)
        x = x0 + (2 * dx * (first + 1) + steps) // (2 * steps)
        if not ink[y, x]:
            break
        first += 1
    while last > first + 1:
        y = y0 + (2 * dy * (last - 1) + steps) // (2 * steps)
        x = x0 + (2 * dx * (last - 1) + steps) // (2 * steps)
        if not ink[y, x]:
            break
        last -= 1
    return (
        y0 + (2 * dy * first + steps) // (2 * steps),
        x0 + (2 * dx * first + steps) // (2 * steps),
        y0 + (2 * dy * last + steps) // (2 * steps),
        x0 + (2 * dx * last + steps) // (2 * steps),
    )


@kernel("float64(float64, float64, float64, float64)")
def facing_limit(ahead: float, back: float, near: float, wide: float) -> float:
    """Widest bare stretch that two ends bridge, given the cosines of the bends at both."""
    straight = min(max((min(ahead, back) - _BENT) / (_STRAIGHT - _BENT), 0.0), 1.0)
    return near + (wide - near) * straight


@kernel(
    "Tuple((int64, int64, float64))"
    "(boolean[:,::1], int64, int64, float64, float64, float64, float64, float64)"
)
def look_ahead(
    ink: Array, y: int, x: int, uy: float, ux: float, near: float, wide: float, line: float
) -> tuple[int, int, float]:
    """Find the ink that an end most likely runs on to: y, x, strength (0: none).

    A stroke that points straight at other ink reaches _AHEAD times as far as one that passes it
    at 45 degrees or more. The frame of the canvas, to which strokes are seldom drawn by chance,
    is reached half as far again.
    """
    height, width = ink.shape
    best = 0.0
    by, bx = -1, -1
    for turn in range(-_RAYS, _RAYS + 1):
        sine, cosine = math.sin(turn * _RAY_STEP), math.cos(turn * _RAY_STEP)
        ry, rx = uy * cosine + ux * sine, ux * cosine - uy * sine
        left = -1.0
        limit = near * (1.0 + (_AHEAD - 1.0) * max((cosine - 0.7071) / 0.2929, 0.0))
        for k in range(1, int(wide + line) + 3):
            y2, x2 = round(y + k * ry), round(x + k * rx)
            if not (0 <= y2 < height and 0 <= x2 < width):
                break
            if not ink[y2, x2]:
                if left < 0:
                    left = k - 1.0
            elif left < 0:
                if k > line + 1:  # along its own stroke: not ahead
                    break
            else:
                length = k - 1.0 - left
                if y2 == 0 or x2 == 0 or y2 == height - 1 or x2 == width - 1:
                    limit *= _EDGE_REACH
                strength = 1.0 - length / (2 * limit)
                if length <= wide and strength > best:
                    best = strength
                    by, bx = y2, x2
                break
    return by, bx, best


@kernel("float64[:,::1](boolean[:,::1], float64[:,::1], float64, float64, float64)")
def propose(ink: Array, ends: Array, near: float, wide: float, line: float) -> Array:
    """List what every stroke end may be linked with.

    `ink` has a frame of ink around the canvas; `ends` are rows of y, x and the direction y, x.
    Returns rows of y, x, y, x, bare length, strength, kind, end, other end (-1: none). A link as
    long as its limit has strength 0.5, one of no length 1; all lengths in pixels.
    """
    height, width = ink.shape
    count = len(ends)
    room = 64
    found = np.empty((room, 9), np.float64)
    total = 0
    for a in range(count):
        y, x = int(ends[a, 0]), int(ends[a, 1])
        for turn in range(-1, count - a - 1):
            if total == room:
                room *= 2
                longer = np.empty((room, 9), np.float64)
                longer[:total] = found
                found = longer
            if turn < 0:
                y2, x2, strength = look_ahead(ink, y, x, ends[a, 2], ends[a, 3], near, wide, line)
                kind = TO_STROKE
                if y2 == 0 or x2 == 0 or y2 == height - 1 or x2 == width - 1:
                    kind = TO_EDGE
                b = -1
            else:
                b = a + 1 + turn
                dy = ends[b, 0] - ends[a, 0]
                # An end may be the far corner of a blunt stroke.
                if dy > wide + 2 * line + 1:
                    break
                dx = ends[b, 1] - ends[a, 1]
                away = math.hypot(dy, dx)
                if away < 2 or away > wide + 2 * line + 1:
                    continue
                ahead = (ends[a, 2] * dy + ends[a, 3] * dx) / away
                back = -(ends[b, 2] * dy + ends[b, 3] * dx) / away
                if ahead < _FACING or back < _FACING:
                    continue
                y2, x2 = int(ends[b, 0]), int(ends[b, 1])
                y3, x3, y4, x4 = bare_stretch(ink, y, x, y2, x2)
                length = math.hypot(y4 - y3, x4 - x3) - 1
                strength = 1.0 - length / (2 * facing_limit(ahead, back, near, wide))
                kind = TO_END
                if length > wide or not is_clear(ink, y, x, y2, x2, line):
                    continue
            if strength < _LEAST_STRENGTH:
                continue
            y3, x3, y4, x4 = bare_stretch(ink, y, x, y2, x2)
            found[total, 0] = y3
            found[total, 1] = x3
            found[total, 2] = y4
            found[total, 3] = x4
            found[total, 4] = math.hypot(y4 - y3, x4 - x3) - 1
            found[total, 5] = strength
            found[total, 6] = kind
            found[total, 7] = a
            found[total, 8] = b
            total += 1
    return found[:total].copy()


@kernel(
    "Tuple((int64[::1], int64[:,::1]))"
    "(boolean[:,::1], boolean[:,::1], float64[:,::1], int64[::1], int64, float64, float64)"
)
def draw(
    ink: Array, barrier: Array, proposed: Array, order: Array, ends: int, line: float, sure: float
) -> tuple[Array, Array]:
    """Draw links in the given order, in place, where they cross none drawn before.

    An end with a link of strength `sure` takes no other, else one to an end and one to a stroke.
    Links of that strength are drawn into `ink` and `barrier`, the others into `barrier` only.
    Returns the proposals drawn and rows of y, x, index among them for each pixel added.
    """
    firm = np.zeros(ends, np.bool_)
    met = np.zeros((ends, 2), np.bool_)
    drawn = np.empty(len(order), np.int64)
    added = np.empty((256, 3), np.int64)
    links, pixels = 0, 0
    for i in order:
        a, b = int(proposed[i, 7]), int(proposed[i, 8])
        lane = 0 if b >= 0 else 1
        if firm[a] or met[a, lane] or (b >= 0 and (firm[b] or met[b, 0])):
            continue
        y0, x0 = int(proposed[i, 0]), int(proposed[i, 1])
        y1, x1 = int(proposed[i, 2]), int(proposed[i, 3])
        if not is_clear(barrier, y0, x0, y1, x1, line):
            continue
        strong = proposed[i, 5] >= sure
        met[a, lane] = True
        firm[a] |= strong
        if b >= 0:
            met[b, 0] = True
            firm[b] |= strong
        dy, dx = y1 - y0, x1 - x0
        steps = max(abs(dy), abs(dx))
        for k in range(steps + 1):
            y = y0 + (2 * dy * k + steps) // (2 * steps)
            x = x0 + (2 * dx * k + steps) // (2 * steps)
            if strong:
                ink[y, x] = True
            if barrier[y, x]:
                continue
            barrier[y, x] = True
            if pixels == len(added):
                longer = np.empty((2 * pixels, 3), np.int64)
                longer[:pixels] = added
                added = longer
            added[pixels, 0] = y
            added[pixels, 1] = x
            added[pixels, 2] = links
            pixels += 1
        drawn[links] = i
        links += 1
    return drawn[:links].copy(), added[:pixels].copy()


@kernel("int64[:,::1](int32[:,::1], int64[:,::1])")
def contacts(labels: Array, added: Array) -> Array:
    """List which labels meet at the pixels of links: rows of label, other label, link."""
    height, width = labels.shape
    found = np.empty((4 * len(added), 3), np.int64)
    count = 0
    for i in range(len(added)):
        own = labels[added[i, 0], added[i, 1]]
        for turn in range(4):
            y = added[i, 0] + (turn == 3) - (turn == 0)
            x = added[i, 1] + (turn == 2) - (turn == 1)
            if not (0 <= y < height and 0 <= x < width):
                continue
            other = labels[y, x]
            if other != 0 and other != own:
                found[count, 0] = min(own, other)
                found[count, 1] = max(own, other)
                found[count, 2] = added[i, 2]
                count += 1
    return found[:count].copy()
