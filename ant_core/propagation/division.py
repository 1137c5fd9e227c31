"""Which pieces of a drawing are one segment, once their colours are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ant_core.propagation.prepared import Analysis
from segmentation import Pieces, Segmentation, joined, locate

__all__ = ["Division", "divided_as"]


@dataclass(frozen=True, kw_only=True)
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
    parted : (K,) int32
        The passes between pieces, 1..Q, that the lines leave open and that lie between segments.
    """

    of_piece: NDArray[np.int32]
    plain: np.bool_
    area: NDArray[np.int64]
    box: NDArray[np.int32]
    point: NDArray[np.int32]
    closed_gaps: NDArray[np.float32]
    by_colors: NDArray[np.bool_]
    parted: NDArray[np.int32]

    @classmethod
    def make(cls, analysis: Analysis, segmentation: Segmentation) -> Division:
        """Keep what a segmentation of an analysed drawing says."""
        plain = np.array_equal(segmentation.of_piece, analysis.segmentation.of_piece)
        places = locate(segmentation.labels)
        corner = places.box[:, :2]
        return cls(
            of_piece=segmentation.of_piece,
            plain=np.bool_(plain),
            area=places.area,
            box=np.concatenate([corner, places.box[:, 2:] - corner], axis=1),
            point=places.point,
            closed_gaps=segmentation.closed_gaps,
            by_colors=segmentation.by_colors,
            parted=_parted(analysis.pieces, segmentation.of_piece),
        )

    def of(self, pieces: Pieces) -> Segmentation:
        """Return the segmentation that this was made from, given the pieces of the drawing."""
        return Segmentation(
            pieces.labels, pieces.gap_px, self.closed_gaps, self.by_colors, self.of_piece
        )

    def to_json(self) -> list[int] | None:
        """Write what is to be known beside the lines: how many pieces, and which passes part them.

        A drawing may have many more pieces than places where colours divide it.
        """
        return None if self.plain else [len(self.of_piece), *self.parted.tolist()]

    @classmethod
    def whole(cls, count: int) -> Division:
        """Return the division of something whose pieces are its segments, places unknown."""
        return cls(
            of_piece=np.arange(1, count + 1, dtype=np.int32),
            plain=np.bool_(True),
            area=np.zeros(count, np.int64),
            box=np.zeros((count, 4), np.int32),
            point=np.zeros((count, 2), np.int32),
            closed_gaps=np.zeros((0, 4), np.float32),
            by_colors=np.zeros(0, np.bool_),
            parted=np.zeros(0, np.int32),
        )


def divided_as(pieces: Pieces, written: Sequence[int]) -> Segmentation | None:
    """Divide a drawing as `Division.to_json` wrote; None where that was of other pieces."""
    count, *parted = written
    rows = np.array(parted, np.int64) - 1
    fits = count == pieces.count and (rows < pieces.passes.count).all()
    if not (fits and (np.diff(rows) > 0).all()):
        return None
    apart = np.zeros(pieces.passes.count, np.bool_)
    apart[rows] = True
    return joined(pieces, apart)


def _parted(pieces: Pieces, of_piece: NDArray[np.int32]) -> NDArray[np.int32]:
    ends = of_piece[pieces.passes.pieces - 1]
    apart = (ends[:, 0] != ends[:, 1]) & ~pieces.passes.closed
    return (np.flatnonzero(apart) + 1).astype(np.int32)
