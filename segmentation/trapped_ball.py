"""Line mask to label map, closed across gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation.lines import LineArt
from segmentation.pieces import Pieces, find_pieces


@dataclass(frozen=True)
class Segmentation:
    """The segments of one drawing.

    Attributes
    ----------
    labels : (H, W) int32, 0 = line, 1..N in raster order of the first pixel
    gap_px : widest hole that may be closed, in pixels
    closed_gaps : (G, 4) float32, x0, y0, x1, y1 in pixels: the two sides of each closed hole
    """

    labels: NDArray[np.int32]
    gap_px: float
    closed_gaps: NDArray[np.float32]


def segment(lines: LineArt, gap_px: float | None = None) -> Segmentation:
    """Divide a drawing into line-enclosed segments that do not leak through gaps.

    Parameters
    ----------
    lines : LineArt; not modified
    gap_px : float or None
        Widest hole in a line to close, in pixels; 0 closes nothing; None derives it from line
        width, image size and what speaks for each hole.

    Returns
    -------
    Segmentation
    """
    return join_pieces(find_pieces(lines, gap_px))


def join_pieces(pieces: Pieces) -> Segmentation:
    """Join pieces over every pass that geometry leaves open."""
    passes = pieces.passes
    segments = united(pieces.count, passes.pieces[~passes.closed])
    table = np.concatenate([[0], segments]).astype(np.int32)
    labels = table[pieces.labels]
    gaps = passes.banks[passes.closed]
    return Segmentation(labels, pieces.gap_px, gaps)


def united(count: int, pairs: NDArray[np.int32]) -> NDArray[np.int32]:
    """Number the groups of pieces that pairs of ids connect, by their first piece.

    Parameters
    ----------
    count : number of pieces P
    pairs : (E, 2) int, piece ids 1..P

    Returns
    -------
    (P,) int32, 1..N
    """
    parents = list(range(count + 1))

    def root(item: int) -> int:
        while parents[item] != item:
            parents[item] = parents[parents[item]]
            item = parents[item]
        return item

    for a, b in pairs.tolist():
        one, other = root(a), root(b)
        parents[max(one, other)] = min(one, other)
    roots = np.array([root(i) for i in range(1, count + 1)], np.int64)
    return (np.unique(roots, return_inverse=True)[1] + 1).astype(np.int32)
