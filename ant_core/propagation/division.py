"""Which pieces of a drawing are one segment, once their colours are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ant_core.propagation.prepared import Analysis
from segmentation import Pieces, Segmentation, locate

__all__ = ["Division"]


@dataclass(frozen=True)
class Division:
    """A drawing divided into segments, without its pixels.

    Attributes
    ----------
    of_piece : (P,) int32
        Segment 1..N of every piece.
    plain : bool
        Whether these are the segments that the lines alone divide.
    area : (N,) int64
        Pixels of the segments, lines left out.
    box : (N, 4) int32
        x, y, width, height in pixels.
    point : (N, 2) int32
        A pixel x, y well inside of each segment.
    closed_gaps : (G, 4) float32
        x0, y0, x1, y1 in pixels: the two sides of each hole in a line that is closed.
    by_colors : (G,) bool
        Closed because the colours beside it differ, not by the shape of the lines alone.
    """

    of_piece: NDArray[np.int32]
    plain: np.bool_
    area: NDArray[np.int64]
    box: NDArray[np.int32]
    point: NDArray[np.int32]
    closed_gaps: NDArray[np.float32]
    by_colors: NDArray[np.bool_]

    @classmethod
    def make(cls, analysis: Analysis, segmentation: Segmentation) -> Division:
        """Keep what a segmentation of an analysed drawing says."""
        plain = np.array_equal(segmentation.of_piece, analysis.segmentation.of_piece)
        places = locate(segmentation.labels)
        corner = places.box[:, :2]
        return cls(
            segmentation.of_piece,
            np.bool_(plain),
            places.area,
            np.concatenate([corner, places.box[:, 2:] - corner], axis=1),
            places.point,
            segmentation.closed_gaps,
            segmentation.by_colors,
        )

    def of(self, pieces: Pieces) -> Segmentation:
        """Return the segmentation that this was made from, given the pieces of the drawing."""
        return Segmentation(
            pieces.labels, pieces.gap_px, self.closed_gaps, self.by_colors, self.of_piece
        )

    @classmethod
    def whole(cls, count: int) -> Division:
        """Return the division of something whose pieces are its segments, places unknown."""
        return cls(
            np.arange(1, count + 1, dtype=np.int32),
            np.bool_(True),
            np.zeros(count, np.int64),
            np.zeros((count, 4), np.int32),
            np.zeros((count, 2), np.int32),
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.bool_),
        )
