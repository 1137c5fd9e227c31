"""Kernels that number the segments and give specks away."""

# ruff: noqa: PLR0912 - a kernel is one plain loop over plain arrays

from __future__ import annotations

import numpy as np

from segmentation._jit import Array, kernel

# Segments that one round around a speck can tell apart: a speck is a few pixels.
_MOST_MET = 64


@kernel("Tuple((int64[::1], int64[::1]))(int32[:,::1], int32[::1])")
def settle(labels: Array, parents: Array) -> tuple[Array, Array]:
    """Replace hills by their roots, in place; return area and first pixel of each root."""
    count = 0
    for root in parents:
        count = max(count, root + 1)
    area = np.zeros(count, np.int64)
    first = np.zeros(count, np.int64)
    flat = labels.ravel()
    i = 0
    while i < flat.size:
        label = flat[i]
        start = i
        if label == 0:
            i += 1
            continue
        root = parents[label]
        # Run by run: a count for every pixel would wait for that of the pixel before.
        while i < flat.size and flat[i] == label:
            flat[i] = root
            i += 1
        if area[root] == 0:
            first[root] = start
        area[root] += i - start
    return area, first


@kernel("int64(int32[:,::1], int64[::1], int64, int64, int64)")
def host(labels: Array, area: Array, start: int, speck: int, half: int) -> int:
    """Segment that shares most boundary with the speck at pixel `start`; 0 without one nearby.

    Walks outwards in 4-steps, first over the speck, then over lines and segments of up
    to `speck` pixels, at most `half` pixels away, and counts how often each round meets each
    larger segment; the first round that meets any decides. Among equals the lower label wins.
    """
    height, width = labels.shape
    cy, cx = divmod(start, width)
    own = labels[cy, cx]
    side = 2 * half + 1
    seen = np.zeros(side * side, np.bool_)
    queue = np.empty(side * side, np.int32)
    met = np.zeros(_MOST_MET, np.int32)
    times = np.zeros(_MOST_MET, np.int32)
    kinds = 0
    queue[0] = half * side + half
    seen[queue[0]] = True
    head, tail = 0, 1
    inside = True
    while head < tail:
        end = tail
        while head < end:
            dy, dx = divmod(queue[head], side)
            head += 1
            for turn in range(4):
                y = dy + (turn == 3) - (turn == 0)
                x = dx + (turn == 2) - (turn == 1)
                if not (0 <= y < side and 0 <= x < side):
                    continue
                y2, x2 = cy + y - half, cx + x - half
                if not (0 <= y2 < height and 0 <= x2 < width):
                    continue
                label = labels[y2, x2]
                if label != 0 and area[label] > speck:
                    k = 0
                    while k < kinds and met[k] != label:
                        k += 1
                    if k < _MOST_MET:
                        met[k] = label
                        times[k] += 1
                        kinds = max(kinds, k + 1)
                elif not seen[y * side + x] and (label == own or not inside):
                    seen[y * side + x] = True
                    queue[tail] = y * side + x
                    tail += 1
        if inside and tail == end:  # the whole speck is known: step out over its rim
            inside = False
            if kinds == 0:
                head = 0
        if not inside and kinds > 0:
            break
    best = 0
    for k in range(1, kinds):
        if times[k] > times[best] or (times[k] == times[best] and met[k] < met[best]):
            best = k
    return int(met[best])


@kernel("int32[::1](int32[:,::1], int64[::1], int64[::1], int64, int64)")
def takers(labels: Array, area: Array, first: Array, speck: int, half: int) -> Array:
    """For every root, the root that it joins: its host for a speck, else itself."""
    takes = np.arange(area.size).astype(np.int32)
    for label in range(1, area.size):
        if 0 < area[label] <= speck:
            taker = host(labels, area, first[label], speck, half)
            if taker > 0:
                takes[label] = taker
    return takes


@kernel("Tuple((int64, int32[::1], int32[:,::1]))(int32[:,::1], int32[::1], int64)")
def renumber(labels: Array, parents: Array, margin: int) -> tuple[int, Array, Array]:
    """Number the roots 1..N in raster order of their first pixel.

    Returns N, the number of every root, and the numbered labels without `margin` pixels on all
    sides.
    """
    height, width = labels.shape
    numbers = np.zeros(parents.size, np.int32)
    numbered = np.empty((height - 2 * margin, width - 2 * margin), np.int32)
    count = 0
    for y in range(margin, height - margin):
        row, out = labels[y, margin : width - margin], numbered[y - margin]
        last, number = np.int32(0), np.int32(0)
        for x in range(row.size):
            if row[x] != last:
                last = row[x]
                number = np.int32(0)
                if last != 0:
                    root = parents[last]
                    if numbers[root] == 0:
                        count += 1
                        numbers[root] = count
                    number = numbers[root]
            out[x] = number
    return count, numbers, numbered
