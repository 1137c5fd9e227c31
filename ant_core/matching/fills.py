"""The fill of every segment of one drawing: colour, state, confidence, source.

Kept as columns: a frame of 300 segments is some kilobytes, however long the shot.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import NO_COLOR, UNPAINTED, Palette
from ant_core.matching.review import REVIEW_BELOW
from ant_core.matching.sources import SourceId, source_code

__all__ = [
    "FAILED",
    "FLAGS",
    "FLAG_DAB",
    "FLAG_HINT",
    "FLAG_SHADE",
    "FLAG_SIDES_DISAGREE",
    "FLAG_SURFACE",
    "LOCKED",
    "NEVER",
    "NOT_FLAT",
    "NO_COUNTERPART",
    "OTHERS",
    "PAINTED",
    "REVIEW_BELOW",
    "STATES",
    "STATE_UNPAINTED",
    "Fills",
    "no_others",
]

STATES = ("painted", "unpainted", "no_counterpart", "not_flat", "locked", "failed", "never")
PAINTED, STATE_UNPAINTED, NO_COUNTERPART, NOT_FLAT, LOCKED, FAILED, NEVER = range(len(STATES))
FLAG_SIDES_DISAGREE = 1  # painted frames before and after would give different colours
FLAG_HINT = 2  # the colour was given by a hint
FLAG_DAB = 4  # the artist's paint does not fill the segment
FLAG_SURFACE = 8  # what is painted there did not go with it: its flat colour was taken
FLAG_SHADE = 16  # a further layer that goes with it is perhaps not where it belongs
OTHERS = 2  # alternatives that are kept of each segment
FLAGS = (
    (FLAG_SIDES_DISAGREE, "sides_disagree"),
    (FLAG_HINT, "hint"),
    (FLAG_DAB, "dab"),
    (FLAG_SURFACE, "surface"),
    (FLAG_SHADE, "shade"),
)


def no_others(count: int) -> dict[str, NDArray[Any]]:
    """Return `other_color` and `other_share` of segments without alternatives, by name."""
    color = np.full((count, OTHERS), NO_COLOR, np.int32)
    return {"other_color": color, "other_share": np.zeros((count, OTHERS), np.float32)}


@dataclass(frozen=True, kw_only=True)
class Fills:
    """The fill of every segment of one drawing; row i is segment id i + 1.

    Attributes
    ----------
    color : (N,) int32
        Palette index; `NO_COLOR` where nothing is known.
    state : (N,) uint8
        Index into `STATES`.
    confidence : (N,) float32
        Chance in [0, 1] that the fill is right; for "no_counterpart" that there is none. Of a
        given colour, the share that it covers where its segment is painted in two, else 1.
    source_frame : (N,) int32
        `source_code` of the frame or model sheet of the segment that the fill came from.
    source_segment : (N,) int32
        Its id there; 0 where there is no source.
    flags : (N,) uint8
        Sum of the `FLAG_...` that apply.
    other_color : (N, OTHERS) int32
        Palette indices of the colours that would come next, the likeliest first; `NO_COLOR` where
        there is none.
    other_share : (N, OTHERS) float32
        Their shares of all similarity, in [0, 1].
    """

    color: NDArray[np.int32]
    state: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    source_frame: NDArray[np.int32]
    source_segment: NDArray[np.int32]
    flags: NDArray[np.uint8]
    other_color: NDArray[np.int32]
    other_share: NDArray[np.float32]

    @property
    def count(self) -> int:
        """The number of segments."""
        return len(self.color)

    @classmethod
    def given(cls, color: NDArray[np.int32], state: NDArray[np.uint8], source: SourceId) -> Fills:
        """Return the fills of a drawing whose colours are given: certain, its own source.

        Callers lower the confidence where a segment is painted in two colours.
        """
        count = len(color)
        return cls(
            color=color.astype(np.int32),
            state=state.astype(np.uint8),
            confidence=np.ones(count, np.float32),
            source_frame=np.full(count, source_code(source), np.int32),
            source_segment=np.arange(1, count + 1, dtype=np.int32),
            flags=np.zeros(count, np.uint8),
            **no_others(count),
        )

    @classmethod
    def unknown(cls, count: int) -> Fills:
        """Return the answer for segments when there is no reference segment at all."""
        return cls(
            color=np.full(count, NO_COLOR, np.int32),
            state=np.full(count, NO_COUNTERPART, np.uint8),
            confidence=np.ones(count, np.float32),
            source_frame=np.zeros(count, np.int32),
            source_segment=np.zeros(count, np.int32),
            flags=np.zeros(count, np.uint8),
            **no_others(count),
        )

    def taken(self, rows: NDArray[np.int64]) -> Fills:
        """Return the rows in another order."""
        return Fills(**{item.name: getattr(self, item.name)[rows] for item in fields(self)})

    def replaced(self, rows: NDArray[np.int64], other: Fills) -> Fills:
        """Return these with some rows, (n,), taken from another, whose rows are in that order."""
        columns = {item.name: getattr(self, item.name).copy() for item in fields(self)}
        for name, column in columns.items():
            column[rows] = getattr(other, name)
        return Fills(**columns)

    @classmethod
    def concatenate(cls, parts: Sequence[Fills]) -> Fills:
        """Join the rows of several."""
        names = [item.name for item in fields(cls)]
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})

    def merged(self, of_piece: NDArray[np.int32], area: NDArray[np.int64]) -> Fills:
        """Return the fills of segments, given those of their pieces.

        A segment has the colour and source of its largest piece, the first of equals; its
        confidence is the mean over its pixels. One piece that is not flat makes it not flat.

        Parameters
        ----------
        of_piece : (P,) int32
            Segment 1..N of every piece.
        area : (P,) int64
            Pixels of every piece.
        """
        segment = of_piece.astype(np.int64) - 1
        count = int(of_piece.max(initial=0))
        if count == self.count:
            return self.taken(np.argsort(segment, kind="stable"))
        order = np.lexsort((np.arange(self.count), -area, segment))
        fills = self.taken(order[np.searchsorted(segment[order], np.arange(count))])
        weight = np.maximum(area, 1).astype(np.float64)
        sure = np.bincount(segment, weight * self.confidence) / np.bincount(segment, weight)
        state, flags = fills.state.copy(), fills.flags.copy()
        state[segment[self.state == NOT_FLAT]] = NOT_FLAT
        np.bitwise_or.at(flags, segment, self.flags)
        return replace(fills, state=state, flags=flags, confidence=sure.astype(np.float32))

    def digest(self, line_hash: str, palette: Palette) -> str:
        """Hash all that a drawing coloured from this one can depend on."""
        digest = hashlib.sha256(line_hash.encode())
        digest.update(repr(palette.format).encode())
        colors = [palette.raw(i) if i > UNPAINTED else i for i in self.color.tolist()]
        digest.update(repr(colors).encode())
        digest.update(self.confidence.tobytes())
        digest.update((self.state == NO_COUNTERPART).tobytes())
        digest.update((self.state == NEVER).tobytes())
        return digest.hexdigest()

    def doubtful(self, review_below: float) -> NDArray[np.bool_]:
        """Mark the segments that need a look, (N,) bool."""
        bad = (self.state == NO_COUNTERPART) | (self.state == NOT_FLAT) | (self.state == FAILED)
        unsure = np.isin(self.state, (PAINTED, STATE_UNPAINTED, NEVER))
        disagree = (self.flags & FLAG_SIDES_DISAGREE) > 0
        bad |= (self.flags & (FLAG_SURFACE | FLAG_SHADE)) > 0
        return np.asarray(bad | (unsure & ((self.confidence < review_below) | disagree)))
