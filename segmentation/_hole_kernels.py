"""Kernels that find small holes in ink and tell those inside a stroke."""

from __future__ import annotations

import numpy as np

from segmentation._jit import Array, kernel

_UNSEEN, _OPEN, _HOLE = 0, 1, 2
# Directions in which a stroke is looked for around a hole.
_TURNS = 32


@kernel("int64(boolean[:,::1], uint8[:,::1], int64[::1], int64, int64)")
def flood(ink: Array, seen: Array, stack: Array, y: int, x: int) -> int:
    """Walk a bare component from a pixel; return its size, 0 where it is larger than `stack`.

    Nor is it a hole where it meets the canvas edge. Its pixels are marked in `seen`.
    """
    height, width = ink.shape
    stack[0] = y * width + x
    seen[y, x] = _HOLE
    filled = 1
    at = 0
    closed = True
    while at < filled and closed:
        py, px = stack[at] // width, stack[at] % width
        at += 1
        for turn in range(4):
            ny = py + (1 if turn == 0 else (-1 if turn == 1 else 0))
            nx = px + (1 if turn == 2 else (-1 if turn == 3 else 0))
            if ink[ny, nx] or seen[ny, nx] == _HOLE:
                continue
            edge = ny == 0 or nx == 0 or ny == height - 1 or nx == width - 1
            if edge or seen[ny, nx] == _OPEN or filled == stack.size:
                closed = False
                break
            seen[ny, nx] = _HOLE
            stack[filled] = ny * width + nx
            filled += 1
    if closed:
        return filled
    for i in range(filled):
        seen[stack[i] // width, stack[i] % width] = _OPEN
    return 0


@kernel("void(boolean[::1], boolean[::1], boolean[::1], uint8[::1])")
def mark_corners(row: Array, before: Array, above: Array, corners: Array) -> None:
    """Mark the bare pixels of a row that have ink before and above them, in place."""
    for x in range(row.size):
        corners[x] = np.uint8(before[x]) & np.uint8(above[x]) & np.uint8(not row[x])


@kernel("int64[::1](boolean[:,::1], int64)")
def hole_tops(ink: Array, most: int) -> Array:
    """Flat indices of places where a bare component of up to `most` pixels may begin.

    The first row of one has ink on both sides and all along above. A kernel of its own: memory
    handling in the same loop makes the scan several times slower.
    """
    height, width = ink.shape
    # Memory that is not written to costs nothing.
    tops = np.empty(height * width // 2 + 1, np.int64)
    # Few pixels are corners: eight are looked at together.
    corners = np.zeros((width + 7) // 8 * 8, np.uint8)
    words = corners.view(np.uint64)
    count = 0
    for y in range(1, height - 1):
        row, above = ink[y], ink[y - 1]
        mark_corners(row[1:-1], row[:-2], above[1:-1], corners)
        for k in range(words.size):
            if words[k] == 0:
                continue
            for x in range(1 + 8 * k, min(9 + 8 * k, width - 1)):
                if corners[x - 1] == 0:
                    continue
                end = x + 1
                while end < width and end - x <= most and not row[end] and above[end]:
                    end += 1
                if end < width and row[end]:
                    tops[count] = y * width + x
                    count += 1
    return tops[:count].copy()


@kernel("Tuple((int64[::1], int64[::1]))(boolean[:,::1], int64)")
def small_holes(ink: Array, most: int) -> tuple[Array, Array]:
    """Find the 4-connected bare components of up to `most` pixels off the canvas edge.

    Returns their pixels as flat indices, one hole after the other in raster order of the first
    pixel, and the (count + 1,) starts of the holes in that list.
    """
    height, width = ink.shape
    seen = np.zeros((height, width), np.uint8)
    stack = np.empty(most, np.int64)
    tops = hole_tops(ink, most)
    pixels = np.empty(tops.size * most, np.int64)
    starts = np.zeros(tops.size + 1, np.int64)
    count = 0
    for top in tops:
        y, x = top // width, top % width
        if seen[y, x] != _UNSEEN:
            continue
        size = flood(ink, seen, stack, y, x)
        if size > 0:
            for i in range(size):
                pixels[starts[count] + i] = stack[i]
            count += 1
            starts[count] = starts[count - 1] + size
    return pixels[: starts[count]].copy(), starts[: count + 1].copy()


@kernel("boolean(boolean[:,::1], int64, int64, float64)")
def disc_of_ink(ink: Array, y: int, x: int, radius: float) -> bool:
    """Tell whether all pixels within `radius` of a place are ink; outside the canvas counts."""
    height, width = ink.shape
    reach = int(radius)
    for ny in range(max(0, y - reach), min(height, y + reach + 1)):
        for nx in range(max(0, x - reach), min(width, x + reach + 1)):
            if not ink[ny, nx] and (ny - y) ** 2 + (nx - x) ** 2 <= radius * radius:
                return False
    return True


@kernel("boolean[::1](boolean[:,::1], int64[::1], int64[::1], float64, float64, float64)")
def in_strokes(
    ink: Array, pixels: Array, starts: Array, widest: float, share: float, pin: float
) -> Array:
    """Tell for each hole whether it lies inside a stroke.

    `ink` has all holes filled. A hole is in a stroke where the ink around it, looked at as
    filled, is no wider than `widest`, and where ink of at least `share` of that width goes on
    beside it. Holes of up to `pin` pixels are in a stroke wherever they lie.
    """
    height, width = ink.shape
    count = starts.size - 1
    found = np.zeros(count, np.bool_)
    most = widest / 2
    reach = int(most) + 1
    for hole in range(count):
        if starts[hole + 1] - starts[hole] <= pin:
            found[hole] = True
            continue
        deepest = np.int64(0)
        cy, cx = 0, 0
        for i in range(starts[hole], starts[hole + 1]):
            y, x = pixels[i] // width, pixels[i] % width
            nearest = np.int64(4 * reach * reach)
            for ny in range(max(0, y - reach), min(height, y + reach + 1)):
                for nx in range(max(0, x - reach), min(width, x + reach + 1)):
                    if not ink[ny, nx]:
                        nearest = min(nearest, (ny - y) ** 2 + (nx - x) ** 2)
            if nearest > deepest:
                deepest = nearest
                cy, cx = y, x
            if nearest > most * most:
                break
        if deepest > most * most:
            continue
        depth = float(np.sqrt(deepest))
        for step in range(2 * _TURNS):
            angle = 2 * np.pi * (step // 2) / _TURNS
            away = depth * (2.0 if step % 2 == 0 else 2.75)
            y, x = int(np.rint(cy + away * np.sin(angle))), int(np.rint(cx + away * np.cos(angle)))
            if y < 0 or x < 0 or y >= height or x >= width:
                continue
            if disc_of_ink(ink, y, x, share * depth):
                found[hole] = True
                break
    return found
