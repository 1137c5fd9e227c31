"""Which pieces of a drawing are one segment, once their colours are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ant_core.propagation.prepared import Analysis
from segmentation import Pieces, Segmentation, measure

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
    places : (N, 2) float32
        Where the segments lie, their centroids, x, y as shares of width and height.
    closed_gaps : (G, 4) float32
        x0, y0, x1, y1 in pixels: the two sides of each hole in a line that is closed.
    by_colors : (G,) bool
        Closed because the colours beside it differ, not by the shape of the lines alone.
    """

    of_piece: NDArray[np.int32]
    plain: np.bool_
    places: NDArray[np.float32]
    closed_gaps: NDArray[np.float32]
    by_colors: NDArray[np.bool_]

    @classmethod
    def make(cls, analysis: Analysis, segmentation: Segmentation) -> Division:
        """Keep what a segmentation of an analysed drawing says."""
        height, width = analysis.pieces.labels.shape
        plain = np.array_equal(segmentation.of_piece, analysis.segmentation.of_piece)
        measured = analysis.measured if plain else measure(segmentation.labels)
        places = measured.centroid / np.array([width, height], np.float32)
        return cls(
            segmentation.of_piece,
            np.bool_(plain),
            places.astype(np.float32),
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
            np.zeros((count, 2), np.float32),
            np.zeros((0, 4), np.float32),
            np.zeros(0, np.bool_),
        )
