"""The one result of a frame, from which report, events and protocol replies are written.

Kept as columns: a frame of 300 segments is some kilobytes, however long the shot.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ant_core.colors import NO_COLOR, UNPAINTED, Palette

__all__ = [
    "FAILED",
    "FLAG_HINT",
    "FLAG_SIDES_DISAGREE",
    "LOCKED",
    "NOT_FLAT",
    "NO_COUNTERPART",
    "PAINTED",
    "REVIEW_BELOW",
    "STATES",
    "STATE_UNPAINTED",
    "Fills",
    "FrameResult",
    "NotFlat",
    "Role",
    "SourceUsed",
]

STATES = ("painted", "unpainted", "no_counterpart", "not_flat", "locked", "failed")
PAINTED, STATE_UNPAINTED, NO_COUNTERPART, NOT_FLAT, LOCKED, FAILED = range(len(STATES))

FLAG_SIDES_DISAGREE = 1  # painted frames before and after would give different colours
FLAG_HINT = 2  # the colour was given by a hint
REVIEW_BELOW = 0.6  # confidence under which a segment counts as doubtful, if nobody says otherwise

_FLAGS = ((FLAG_SIDES_DISAGREE, "sides_disagree"), (FLAG_HINT, "hint"))

Role = Literal["reference", "held_reference", "locked", "predicted", "failed"]


@dataclass(frozen=True)
class Fills:
    """The fill of every segment of one drawing; row i is segment id i + 1.

    Attributes
    ----------
    color : (N,) int32
        Palette index; `NO_COLOR` where nothing is known.
    state : (N,) uint8
        Index into `STATES`.
    confidence : (N,) float32
        Chance in [0, 1] that the fill is right; for "no_counterpart" that there is none.
    source_frame : (N,) int32
        Frame of the reference segment that the fill came from; -1 for the first model sheet,
        -2 for the next.
    source_segment : (N,) int32
        Its id there; 0 where there is no source.
    flags : (N,) uint8
        Sum of the `FLAG_...` that apply.
    """

    color: NDArray[np.int32]
    state: NDArray[np.uint8]
    confidence: NDArray[np.float32]
    source_frame: NDArray[np.int32]
    source_segment: NDArray[np.int32]
    flags: NDArray[np.uint8]

    @property
    def count(self) -> int:
        return len(self.color)

    @classmethod
    def given(cls, color: NDArray[np.int32], state: NDArray[np.uint8], frame: int) -> Fills:
        """Return the fills of a drawing whose colours are given: certain, its own source."""
        count = len(color)
        return cls(
            color.astype(np.int32),
            state.astype(np.uint8),
            np.ones(count, np.float32),
            np.full(count, frame, np.int32),
            np.arange(1, count + 1, dtype=np.int32),
            np.zeros(count, np.uint8),
        )

    @classmethod
    def unknown(cls, count: int) -> Fills:
        """Return the answer for segments when there is no reference segment at all."""
        return cls(
            np.full(count, NO_COLOR, np.int32),
            np.full(count, NO_COUNTERPART, np.uint8),
            np.ones(count, np.float32),
            np.zeros(count, np.int32),
            np.zeros(count, np.int32),
            np.zeros(count, np.uint8),
        )

    def taken(self, rows: NDArray[np.int64]) -> Fills:
        """Return the rows in another order."""
        return Fills(*(getattr(self, item.name)[rows] for item in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence[Fills]) -> Fills:
        """Join the rows of several."""
        names = [item.name for item in fields(cls)]
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    def digest(self, line_hash: str, palette: Palette) -> str:
        """Hash all that a drawing coloured from this one can depend on."""
        digest = hashlib.sha256(line_hash.encode())
        digest.update(repr(palette.format).encode())
        colors = [palette.raw(i) if i > UNPAINTED else i for i in self.color.tolist()]
        digest.update(repr(colors).encode())
        digest.update(self.confidence.tobytes())
        digest.update((self.state == NO_COUNTERPART).tobytes())
        return digest.hexdigest()

    def doubtful(self, review_below: float) -> NDArray[np.bool_]:
        """Mark the segments somebody should look at, (N,) bool."""
        bad = (self.state == NO_COUNTERPART) | (self.state == NOT_FLAT) | (self.state == FAILED)
        unsure = (self.state == PAINTED) | (self.state == STATE_UNPAINTED)
        disagree = (self.flags & FLAG_SIDES_DISAGREE) > 0
        return np.asarray(bad | (unsure & ((self.confidence < review_below) | disagree)))


@dataclass(frozen=True)
class NotFlat:
    """A reference segment painted in more than one colour: which other, how much, where."""

    segment: int
    color: int
    share: float
    at: tuple[int, int]


@dataclass(frozen=True)
class SourceUsed:
    """One drawing that a frame was coloured from; an edit of it invalidates the frame.

    `frame` is -1 for the first model sheet, -2 for the next.
    """

    frame: int
    kind: Literal["painted", "predicted", "sheet"]
    offset: int
    digest: str


@dataclass(frozen=True)
class FrameResult:
    """What happened to one frame.

    Attributes
    ----------
    frame : int
    role : str
        "reference", "held_reference" (shows a painted drawing), "locked", "predicted", "failed".
    drawing : str
        Hash of the decoded line drawing.
    drawing_frame : int
        The frame under which the drawing was coloured; another one where this frame is a hold.
    fills : Fills
    sources : tuple of SourceUsed
    recomputed : str
        Why it was computed in this run; empty when it was kept from an earlier one.
    not_flat : tuple of NotFlat
    gap_px : float
        The gap width that segmentation used.
    error : str
        Why it failed, in one sentence; empty otherwise.
    line_file : str
    color_file : str or None
        None when it failed.
    sheets : tuple of str
        Names of the shot's model sheets.
    """

    frame: int
    role: Role
    drawing: str
    drawing_frame: int
    fills: Fills
    sources: tuple[SourceUsed, ...] = ()
    recomputed: str = ""
    not_flat: tuple[NotFlat, ...] = ()
    gap_px: float = 0.0
    error: str = ""
    line_file: str = ""
    color_file: str | None = None
    sheets: tuple[str, ...] = ()

    def to_json(self, palette: Palette, review_below: float) -> dict[str, Any]:
        """Return the form that report.json, events and replies share (`schema: 1`)."""
        doubtful = self.fills.doubtful(review_below)
        result: dict[str, Any] = {
            "frame": self.frame,
            "role": self.role,
            "drawing": self.drawing,
            "drawing_frame": self.drawing_frame,
            "recomputed": self.recomputed,
            "gap_px": round(self.gap_px, 3),
            "confidence": self.mean_confidence,
            "doubtful": int(doubtful.sum()),
            "sources": [
                self._origin(source.frame) | {"kind": source.kind, "offset": source.offset}
                for source in self.sources
            ],
            "line_file": self.line_file,
            "color_file": self.color_file,
            "segments": self._segments(palette),
        }
        if self.error:
            result["error"] = self.error
        return result

    @property
    def mean_confidence(self) -> float:
        """Mean over the segments, those without counterpart counting as 0; 1 without segments."""
        if self.fills.count == 0:
            return 0.0 if self.error else 1.0
        sure = np.where(self.fills.state == NO_COUNTERPART, 0, self.fills.confidence)
        return round(float(sure.mean()), 4)

    def _origin(self, frame: int) -> dict[str, Any]:
        """Name a source: a frame, or a model sheet."""
        return {"frame": frame} if frame >= 0 else {"sheet": self.sheets[-frame - 1]}

    def _segments(self, palette: Palette) -> list[dict[str, Any]]:
        fills = self.fills
        second = {item.segment: item for item in self.not_flat}
        rows = zip(
            fills.color.tolist(),
            fills.state.tolist(),
            fills.confidence.tolist(),
            fills.source_frame.tolist(),
            fills.source_segment.tolist(),
            fills.flags.tolist(),
            strict=True,
        )
        segments = []
        for number, (color, state, confidence, frame, source, flags) in enumerate(rows, start=1):
            segment: dict[str, Any] = {
                "id": number,
                "color": _color_json(color, palette),
                "state": STATES[state],
                "confidence": round(confidence, 4),
                "source": self._origin(frame) | {"segment": source} if source else None,
            }
            if flags:
                segment["flags"] = [name for bit, name in _FLAGS if flags & bit]
            if number in second:
                item = second[number]
                segment["second"] = {
                    "color": _color_json(item.color, palette),
                    "share": round(item.share, 4),
                    "at": list(item.at),
                }
            segments.append(segment)
        return segments


def _color_json(index: int, palette: Palette) -> list[float | None] | str | None:
    """Write a colour as hints give it: channel values, "unpainted", or null for none."""
    if index == NO_COLOR:
        return None
    if index == UNPAINTED:
        return "unpainted"
    # JSON knows no infinity and nothing that is no number.
    return [value if math.isfinite(value) else None for value in palette.color(index)]
