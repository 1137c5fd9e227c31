"""Kernels that join pieces and tell their holes: what is too slow as a loop over passes."""

from __future__ import annotations

import math

import numpy as np

from segmentation._gap_kernels import find
from segmentation._jit import Array, kernel


@kernel("int32[::1](int64, int32[:,::1])")
def connected(count: int, pairs: Array) -> Array:
    """For every id below `count`, the lowest id that pairs of ids connect it with."""
    parents = np.arange(count).astype(np.int32)
    for k in range(len(pairs)):
        one, other = find(parents, pairs[k, 0]), find(parents, pairs[k, 1])
        parents[max(one, other)] = min(one, other)
    for i in range(count):
        parents[i] = find(parents, np.int32(i))
    return parents


@kernel("void(int32[::1], int64[::1], int32[:,::1], int64[::1], float64[::1])")
def merge_crumbs(takes: Array, size: Array, sides: Array, order: Array, crumb: Array) -> None:
    """Join pieces in place, over passes in the given order, where one is at most the pass's crumb.

    The larger takes the smaller, of equals the first of the two sides; `size` is kept up.
    """
    for i in order:
        a, b = find(takes, sides[i, 0]), find(takes, sides[i, 1])
        if a != b and min(size[a], size[b]) <= crumb[i]:
            if size[b] > size[a]:
                a, b = b, a
            takes[b] = a
            size[a] += size[b]
    for i in range(takes.size):
        takes[i] = find(takes, np.int32(i))


@kernel("boolean[::1](float32[:,::1], float32[::1], float32)")
def apart(middle: Array, width: Array, line: float) -> Array:
    """Tell which holes, in this order, lie further from all kept before than line and width.

    `middle` is (G, 2) x, y; of two holes the width is that of the narrower. All in pixels.
    """
    kept = np.zeros(len(middle), np.bool_)
    chosen = np.empty(len(middle), np.int64)
    count = 0
    for i in range(len(middle)):
        alone = True
        for k in range(count):
            j = chosen[k]
            away = math.hypot(middle[j, 0] - middle[i, 0], middle[j, 1] - middle[i, 1])
            if away <= line + min(width[j], width[i]):
                alone = False
                break
        if alone:
            kept[i] = True
            chosen[count] = i
            count += 1
    return kept


@kernel("int32[:,::1](int32[:,::1], int32[::1])")
def relabelled(labels: Array, numbers: Array) -> Array:
    """Look up the number of every pixel's label."""
    found = np.empty(labels.shape, np.int32)
    old, new = labels.ravel(), found.ravel()
    for i in range(old.size):
        new[i] = numbers[old[i]]
    return found
