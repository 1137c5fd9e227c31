"""Merge specks of a plane of ids into their neighbours, before they become lines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segmentation._jit import kernel

__all__ = ["merge_islands"]


@kernel()
def _root(parent: NDArray[np.int32], i: int) -> int:
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@kernel()
def _components(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Label 4-connected areas of equal id 0, 1, ... (every pixel, paper too)."""
    h, w = ids.shape
    labels = np.empty((h, w), np.int32)
    parent = np.empty(h * w // 2 + w + 2, np.int32)
    count = 0
    for y in range(h):
        for x in range(w):
            left = x > 0 and ids[y, x - 1] == ids[y, x]
            up = y > 0 and ids[y - 1, x] == ids[y, x]
            if left:
                labels[y, x] = labels[y, x - 1]
                if up:
                    a, b = _root(parent, labels[y, x]), _root(parent, labels[y - 1, x])
                    parent[max(a, b)] = min(a, b)
            elif up:
                labels[y, x] = labels[y - 1, x]
            else:
                if count == len(parent):
                    parent = np.concatenate((parent, np.empty_like(parent)))
                parent[count] = count
                labels[y, x] = count
                count += 1
    names = np.full(count, -1, np.int32)
    named = 0
    for i in range(count):
        root = _root(parent, i)
        if names[root] < 0:
            names[root] = named
            named += 1
        names[i] = names[root]
    for y in range(h):
        for x in range(w):
            labels[y, x] = names[labels[y, x]]
    return labels


@kernel()
def _island_borders(
    labels: NDArray[np.int32], small: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """List the pixel pairs (small area, other area) along the border of small areas."""
    h, w = labels.shape
    inside = np.empty(1024, np.int32)
    outside = np.empty(1024, np.int32)
    n = 0
    for y in range(h):
        if n + 4 * w > len(inside):
            inside = np.concatenate((inside, np.empty(len(inside) + 4 * w, np.int32)))
            outside = np.concatenate((outside, np.empty(len(outside) + 4 * w, np.int32)))
        for x in range(w):
            a = labels[y, x]
            for dy, dx in ((0, 1), (1, 0)):
                if y + dy < h and x + dx < w:
                    b = labels[y + dy, x + dx]
                    if a != b and small[a]:
                        inside[n], outside[n], n = a, b, n + 1
                    if a != b and small[b]:
                        inside[n], outside[n], n = b, a, n + 1
    return inside[:n].copy(), outside[:n].copy()


def merge_islands(ids: NDArray[np.int32], min_area_px: int) -> NDArray[np.int32]:
    """Give every connected area under ``min_area_px`` the id of the neighbour it borders on most.

    Areas are merged smallest first and follow one another, so that a group of specks ends in one
    large neighbour.  Returns a new (H, W) int32 plane.
    """
    labels = _components(ids)
    area = np.bincount(labels.ravel())
    small = area < min_area_px
    if not small.any() or small.all():
        return ids.copy()
    inside, outside = _island_borders(labels, small)
    joint, length = np.unique(inside.astype(np.int64) * len(area) + outside, return_counts=True)
    pairs = np.stack(np.divmod(joint, len(area)), axis=1)
    # A neighbour that stays wins over one that is itself merged away.
    weight = length + np.where(small[pairs[:, 1]], 0, 1_000_000)
    order = np.lexsort((pairs[:, 1], -weight, pairs[:, 0]))
    first = np.unique(pairs[order, 0], return_index=True)[1]
    chosen = pairs[order][first]
    target = np.arange(len(area))
    for a, b in chosen[np.argsort(area[chosen[:, 0]], kind="stable")]:
        if target[b] != a:  # two specks that know only each other stay as they are
            target[a] = b
    for _ in range(16):
        target = target[target]
    owner = np.empty(len(area), dtype=np.int32)
    owner[labels] = ids
    return owner[target][labels]
