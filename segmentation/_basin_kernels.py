"""Kernels from line mask to basins: the hills of the distance to the nearest ink."""

# ruff: noqa: PLR0912, PLR0915, PLR1714 - a kernel is one plain loop over plain arrays

from __future__ import annotations

import numpy as np

from segmentation._jit import Array, kernel


@kernel("uint16[:,::1](boolean[:,::1], int64)")
def near_distance(ink: Array, reach: int) -> Array:
    """Squared distance to the nearest ink pixel, in pixels, cut off at reach**2 + 1.

    Exact below the cut. `reach` is at most 180, so that sums fit uint16.
    """
    height, width = ink.shape
    far = np.uint8(reach + 1)
    column = np.empty((height, width), np.uint8)  # distance within the column
    for x in range(width):
        column[0, x] = 0 if ink[0, x] else far
    for y in range(1, height):
        for x in range(width):
            step = min(column[y - 1, x] + 1, reach + 1)
            column[y, x] = np.uint8(0) if ink[y, x] else np.uint8(step)
    for y in range(height - 2, -1, -1):
        for x in range(width):
            column[y, x] = min(column[y, x], np.uint8(column[y + 1, x] + 1))
    squared = np.empty((height, width), np.uint16)
    cut = np.uint16(reach * reach + 1)
    padded = np.empty(width + 2 * reach, np.uint16)
    padded[:reach] = cut
    padded[width + reach :] = cut
    for y in range(height):
        row = squared[y]
        for x in range(width):
            step16 = np.uint16(column[y, x])
            padded[x + reach] = min(np.uint16(step16 * step16), cut)
        for x in range(width):
            row[x] = padded[x + reach]
        for shift in range(1, reach + 1):
            cost = np.uint16(shift * shift)
            left = padded[reach - shift : reach - shift + width]
            right = padded[reach + shift : reach + shift + width]
            for x in range(width):
                row[x] = min(row[x], np.uint16(min(left[x], right[x]) + cost))
    return squared


@kernel("int32[::1](uint16[:,::1], int32[:,::1], int64, int64)")
def ascend(squared: Array, labels: Array, cut: int, balls: int) -> Array:
    """Label every free pixel below the cut with the hill it climbs to; return the peaks.

    `labels` holds 1..balls where the distance is at the cut, else 0, and is completed in
    place; new hills count on from there. A pixel climbs to its highest 4-neighbour (the first
    of up, left, right, down among equals); a top beside an equal one already labelled joins it.
    peaks[i] is the squared height of hill i.
    """
    height, width = squared.shape
    peaks = np.empty(balls + 1024, np.int32)
    peaks[: balls + 1] = cut
    hills = balls
    trail = np.empty(cut + 1, np.int64)  # heights rise strictly, so a climb is no longer
    for y0 in range(height):
        for x0 in range(width):
            if labels[y0, x0] != 0 or squared[y0, x0] == 0:
                continue
            y, x = y0, x0
            steps = 0
            while True:
                top = squared[y, x]
                best = top
                level = 0
                ny, nx = y, x
                if y > 0:
                    if squared[y - 1, x] > best:
                        best = squared[y - 1, x]
                        ny, nx = y - 1, x
                    elif squared[y - 1, x] == top and level == 0:
                        level = labels[y - 1, x]
                if x > 0:
                    if squared[y, x - 1] > best:
                        best = squared[y, x - 1]
                        ny, nx = y, x - 1
                    elif squared[y, x - 1] == top and level == 0:
                        level = labels[y, x - 1]
                if x + 1 < width:
                    if squared[y, x + 1] > best:
                        best = squared[y, x + 1]
                        ny, nx = y, x + 1
                    elif squared[y, x + 1] == top and level == 0:
                        level = labels[y, x + 1]
                if y + 1 < height:
                    if squared[y + 1, x] > best:
                        best = squared[y + 1, x]
                        ny, nx = y + 1, x
                    elif squared[y + 1, x] == top and level == 0:
                        level = labels[y + 1, x]
                trail[steps] = y * width + x
                steps += 1
                if best > top:
                    y, x = ny, nx
                    label = labels[y, x]
                    if label != 0:
                        break
                    continue
                label = level
                if label == 0:
                    hills += 1
                    if hills == peaks.size:
                        longer = np.empty(peaks.size * 2, np.int32)
                        longer[: peaks.size] = peaks
                        peaks = longer
                    peaks[hills] = top
                    label = np.int32(hills)
                break
            for i in range(steps):
                at = trail[i]
                labels[at // width, at % width] = label
    return peaks[: hills + 1].copy()


@kernel("void(int32[::1], int32[::1], int32[::1], uint8[::1])")
def mark_meetings(row: Array, right: Array, below: Array, meets: Array) -> None:
    """Mark the pixels of a row with another label beside or below them, in place; 0 is none."""
    for x in range(right.size):
        beside = (right[x] != 0) & (right[x] != row[x])
        under = (below[x] != 0) & (below[x] != row[x])
        meets[x] = np.uint8((row[x] != 0) & (beside | under))
    x = row.size - 1
    meets[x] = np.uint8(row[x] != 0 and below[x] != 0 and below[x] != row[x])


@kernel("int32[:,::1](uint16[:,::1], int32[:,::1], int64)")
def passes(squared: Array, labels: Array, cut: int) -> Array:
    """List where two hills touch, highest first: rows of y, x, label, other label, height.

    A pass lies at the lower pixel of the touching pair; equal heights keep raster order.
    """
    height, width = squared.shape
    seen = np.empty((4096, 5), np.int32)
    found = np.zeros(cut + 2, np.int64)
    total = 0
    # Few pixels are met: eight are looked at together.
    meets = np.zeros((width + 7) // 8 * 8, np.uint8)
    words = meets.view(np.uint64)
    for y in range(height):
        mark_meetings(labels[y], labels[y, 1:], labels[min(y + 1, height - 1)], meets)
        if total + 2 * width > len(seen):
            longer = np.empty((2 * (total + width), 5), np.int32)
            longer[:total] = seen[:total]
            seen = longer
        for k in range(words.size):
            if words[k] == 0:
                continue
            for x in range(8 * k, min(8 * k + 8, width)):
                if meets[x] == 0:
                    continue
                label = labels[y, x]
                right = labels[y, x + 1] if x + 1 < width else label
                below = labels[y + 1, x] if y + 1 < height else label
                for turn in range(2):
                    other = below if turn else right
                    if other == 0 or other == label:
                        continue
                    y2, x2 = y + turn, x + 1 - turn
                    lower = squared[y, x] <= squared[y2, x2]
                    level = squared[y, x] if lower else squared[y2, x2]
                    found[level] += 1
                    row = seen[total]
                    total += 1
                    row[0] = y if lower else y2
                    row[1] = x if lower else x2
                    row[2] = label
                    row[3] = other
                    row[4] = level
    start = 0
    for level in range(cut + 1, -1, -1):
        count = found[level]
        found[level] = start
        start += count
    table = np.empty((total, 5), np.int32)
    for i in range(total):
        at = found[seen[i, 4]]
        found[seen[i, 4]] += 1
        for k in range(5):
            table[at, k] = seen[i, k]
    return table
