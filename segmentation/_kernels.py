"""Kernels over label maps. Each has a slow twin in the tests that it must equal."""

# ruff: noqa: PLR0912 - a kernel is one plain loop over plain arrays

from __future__ import annotations

import numpy as np

from segmentation._jit import Array, kernel


@kernel("void(int32[:,::1], boolean[:,::1])")
def grow(labels: Array, allowed: Array) -> None:
    """Give every allowed pixel of label 0 the label that reaches it in fewest 4-steps.

    In place. Among equals the label that was queued first wins: raster order of the sources.
    """
    height, width = labels.shape
    room = 0
    for y in range(height):
        for x in range(width):
            if labels[y, x] == 0 and allowed[y, x]:
                room += 1
    queue = np.empty(room, np.int32)
    head = 0
    tail = 0
    for y in range(height):
        for x in range(width):
            if labels[y, x] != 0 or not allowed[y, x]:
                continue
            found = 0
            if y > 0 and labels[y - 1, x] > 0:
                found = labels[y - 1, x]
            elif x > 0 and labels[y, x - 1] > 0:
                found = labels[y, x - 1]
            elif x + 1 < width and labels[y, x + 1] > 0:
                found = labels[y, x + 1]
            elif y + 1 < height and labels[y + 1, x] > 0:
                found = labels[y + 1, x]
            if found > 0:
                # Negative until the whole first ring is known: a ring pixel must not feed
                # its own neighbours in the same sweep.
                labels[y, x] = -found
                queue[tail] = y * width + x
                tail += 1
    for i in range(tail):
        y, x = divmod(queue[i], width)
        labels[y, x] = -labels[y, x]
    while head < tail:
        y, x = divmod(queue[head], width)
        head += 1
        label = labels[y, x]
        if y > 0 and labels[y - 1, x] == 0 and allowed[y - 1, x]:
            labels[y - 1, x] = label
            queue[tail] = (y - 1) * width + x
            tail += 1
        if x > 0 and labels[y, x - 1] == 0 and allowed[y, x - 1]:
            labels[y, x - 1] = label
            queue[tail] = y * width + x - 1
            tail += 1
        if x + 1 < width and labels[y, x + 1] == 0 and allowed[y, x + 1]:
            labels[y, x + 1] = label
            queue[tail] = y * width + x + 1
            tail += 1
        if y + 1 < height and labels[y + 1, x] == 0 and allowed[y + 1, x]:
            labels[y + 1, x] = label
            queue[tail] = (y + 1) * width + x
            tail += 1


@kernel("void(int32[:,::1], int64[::1], int32[:,::1], float64[:,::1], boolean[::1])")
def tally(labels: Array, area: Array, box: Array, total: Array, border: Array) -> None:
    """Fill area, half-open box, sum of x and y, and border contact of every label."""
    height, width = labels.shape
    for y in range(height):
        x = 0
        while x < width:
            label = labels[y, x]
            start = x
            while x < width and labels[y, x] == label:
                x += 1
            if label == 0:
                continue
            row = label - 1
            run = x - start
            if area[row] == 0:
                box[row, 0] = start
                box[row, 1] = y
            area[row] += run
            total[row, 0] += run * (start + x - 1) * 0.5
            total[row, 1] += run * y
            box[row, 0] = min(box[row, 0], start)
            box[row, 2] = max(box[row, 2], x)
            box[row, 3] = y + 1
            if start == 0 or x == width or y == 0 or y == height - 1:
                border[row] = True


@kernel("int64[::1](int32[:,::1], int64)")
def contacts(labels: Array, base: int) -> Array:
    """List lower label * base + higher label for each pair of touching pixels that differ."""
    height, width = labels.shape
    count = 0
    for y in range(height):
        for x in range(width):
            a = labels[y, x]
            if x + 1 < width and labels[y, x + 1] != a:
                count += 1
            if y + 1 < height and labels[y + 1, x] != a:
                count += 1
    pairs = np.empty(count, np.int64)
    count = 0
    for y in range(height):
        for x in range(width):
            a = labels[y, x]
            if x + 1 < width and labels[y, x + 1] != a:
                b = labels[y, x + 1]
                pairs[count] = np.int64(min(a, b)) * base + max(a, b)
                count += 1
            if y + 1 < height and labels[y + 1, x] != a:
                b = labels[y + 1, x]
                pairs[count] = np.int64(min(a, b)) * base + max(a, b)
                count += 1
    return pairs
