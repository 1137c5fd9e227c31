"""Line mask to label map, closed across gaps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation import _piece_kernels as kernels
from segmentation.lines import LineArt
from segmentation.pieces import Pieces, find_pieces


@dataclass(frozen=True)
class Segmentation:
    """The segments of one drawing.

    Attributes
    ----------
    pieces : (H, W) int32, 0 = line, the label map of the pieces
    gap_px : widest hole that may be closed, in pixels
    closed_gaps : (G, 4) float32, x0, y0, x1, y1 in pixels: the two sides of each closed hole
    by_colors : (G,) bool, closed because colours differ, not by geometry
    of_piece : (P,) int32, the segment of every piece
    """

    pieces: NDArray[np.int32]
    gap_px: float
    closed_gaps: NDArray[np.float32]
    by_colors: NDArray[np.bool_]
    of_piece: NDArray[np.int32]

    @property
    def labels(self) -> NDArray[np.int32]:
        """Label map, (H, W) int32, 0 = line, 1..N in raster order of the first pixel.

        Made at each call where segments have several pieces: of huge drawings two maps are much.
        """
        return relabel_pieces(self.pieces, self.of_piece)


def relabel_pieces(pieces: NDArray[np.int32], of_piece: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the label map of the segments that pieces belong to.

    Parameters
    ----------
    pieces : (H, W) int32, 0 = line, 1..P = pieces
    of_piece : (P,) int32, the segment of every piece, numbered by their first pieces

    Returns
    -------
    (H, W) int32
        `pieces` itself where every segment is one piece.
    """
    if of_piece.size == of_piece.max(initial=0):
        return pieces
    numbers = np.concatenate([np.zeros(1, np.int32), of_piece.astype(np.int32)])
    return np.asarray(kernels.relabelled(pieces, numbers))


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
    return join_by_lines(find_pieces(lines, gap_px))


def join_by_lines(pieces: Pieces) -> Segmentation:
    """Join the pieces of a drawing over every pass that geometry leaves open."""
    return joined(pieces, pieces.passes.closed)


def joined(pieces: Pieces, apart: NDArray[np.bool_]) -> Segmentation:
    """Join pieces over every pass that neither geometry nor `apart` closes.

    Parameters
    ----------
    apart : (Q,) bool, passes that colours close

    Returns
    -------
    Segmentation
    """
    passes = pieces.passes
    segments = united(pieces.count, passes.pieces[~(passes.closed | apart)])
    numbers = np.concatenate([np.zeros(1, np.int32), segments])
    shut = _holes(pieces, numbers[passes.pieces])
    return Segmentation(
        pieces.labels, pieces.gap_px, passes.ink_points[shut], ~passes.closed[shut], segments
    )


def _holes(pieces: Pieces, sides: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the passes between different segments, one for each hole.

    Two ends, and the corners of a thick one, propose links across the same hole: of passes that
    lie no further apart than a line and the hole are wide, the one with most strength is told.
    """
    passes = pieces.passes
    middle = passes.ink_points.reshape(-1, 2, 2).mean(axis=1)
    shut = np.flatnonzero(sides[:, 0] != sides[:, 1])
    shut = shut[np.argsort(-passes.strength[shut], kind="stable")]
    alone = kernels.apart(middle[shut], passes.width_px[shut], pieces.line_width_px)
    return np.sort(shut[alone])


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
    lowest = kernels.connected(count + 1, np.ascontiguousarray(pairs, np.int32))[1:]
    own = lowest == np.arange(1, count + 1)
    return np.cumsum(own, dtype=np.int32)[lowest - 1]
