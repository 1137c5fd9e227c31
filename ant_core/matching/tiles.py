"""Matching drawings of thousands of segments piece by piece, so that memory stays bounded.

The network compares every target segment with every reference segment at some 700 bytes a pair,
and the reference segments among each other at some 60. Above a limit the target is split into
groups of neighbouring segments, each matched against the reference segments around its place.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ant_core.matching.descriptors import edges_between
from ant_core.matching.matcher import DrawingFeatures

__all__ = ["Tile", "cut", "split"]

_SURROUND = 4  # reference segments a tile and reference, in multiples of its target segments


@dataclass(frozen=True)
class Tile:
    """One piece of a match.

    Attributes
    ----------
    target : (n,) int64
        Rows of the target.
    references : tuple of (m,) int64
        Rows of each reference; one may be empty.
    """

    target: NDArray[np.int64]
    references: tuple[NDArray[np.int64], ...]


def split(
    target: NDArray[np.float32],
    references: Sequence[NDArray[np.float32]],
    max_pairs: int,
    max_columns: int,
) -> Iterator[Tile]:
    """Cut a match into tiles of bounded size; one tile when it fits as it is.

    Parameters
    ----------
    target : (N, 4) float32
        Boxes: centre x, centre y, width, height.
    references : sequence of (M, 4) float32
    max_pairs : int
        Target times reference segments of a tile.
    max_columns : int
        Reference segments of a tile; each sees at least one, even over the limits.
    """
    columns = sum(len(boxes) for boxes in references)
    if len(target) * columns <= max_pairs and columns <= max_columns:
        every = tuple(np.arange(len(boxes)) for boxes in references)
        yield Tile(np.arange(len(target)), every)
        return
    spread = _SURROUND * len(references)
    size = max(1, min(math.isqrt(max_pairs // spread), max_columns // spread))
    centers = [np.asarray(boxes[:, :2], np.float64) for boxes in references]
    for rows in _groups(np.asarray(target[:, :2], np.float64), size):
        limit = max(1, min(columns, max_columns, max_pairs // len(rows)))
        yield Tile(rows, _around(np.asarray(target[rows, :2], np.float64), centers, limit))


def _groups(centers: NDArray[np.float64], size: int) -> Iterator[NDArray[np.int64]]:
    """Halve the points along their longer extent until no group is larger than `size`."""
    waiting = [np.arange(len(centers))]
    while waiting:
        rows = waiting.pop()
        if len(rows) <= size:
            yield np.sort(rows)
            continue
        extent = np.ptp(centers[rows], axis=0)
        order = rows[np.argsort(centers[rows, int(extent[1] > extent[0])], kind="stable")]
        waiting += [order[len(order) // 2 :], order[: len(order) // 2]]


def _around(
    target: NDArray[np.float64], references: Sequence[NDArray[np.float64]], limit: int
) -> tuple[NDArray[np.int64], ...]:
    """Return the rows of the `limit` reference segments that lie nearest to a group."""
    low, high = target.min(axis=0), target.max(axis=0)
    middle = (low + high) / 2
    centers = np.concatenate(references)
    outside = np.maximum(np.maximum(low - centers, centers - high), 0).sum(axis=1)
    order = np.lexsort((np.abs(centers - middle).sum(axis=1), outside))
    chosen = np.sort(order[:limit])
    ends = np.cumsum([len(reference) for reference in references])
    parts = np.split(chosen, np.searchsorted(chosen, ends[:-1]))
    starts = [0, *ends[:-1].tolist()]
    return tuple(part - start for part, start in zip(parts, starts, strict=True))


def cut(features: DrawingFeatures, rows: NDArray[np.int64]) -> DrawingFeatures:
    """Return some rows of a drawing's features, in order, with the edges between them."""
    if len(rows) == features.count:
        return features
    edges = edges_between(rows, features.count, features.edges, features.edge_weight)
    small = features.small and features.small.taken(rows, features.count)
    return DrawingFeatures(
        features.tokens[rows], features.shape[rows], features.box[rows], *edges, small
    )
