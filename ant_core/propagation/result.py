"""The one result of a frame, from which report, events and protocol replies are written.

Kept as columns: a frame of 300 segments is some kilobytes, however long the shot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from ant_core.color.palette import NO_COLOR, UNPAINTED, Palette
from ant_core.formats.frame_names import Frame
from ant_core.matching.fills import FLAGS, NO_COUNTERPART, STATES, Fills
from ant_core.matching.sources import SheetId, SourceId, source_of_code
from ant_core.propagation.division import Division
from ant_core.propagation.prepared import LinesTaken
from ant_core.propagation.surfaces import Surfaces

__all__ = [
    "COLOR",
    "SCHEMA",
    "FrameResult",
    "NotFlat",
    "Role",
    "Solved",
    "SourceUsed",
    "color_json",
]


SCHEMA = 2  # of results as report.json, events and replies have them

COLOR = "color"  # the layer of the colours among those that surfaces have

Role = Literal["reference", "held_reference", "locked", "predicted", "failed"]


@dataclass(frozen=True)
class NotFlat:
    """A reference segment that is not flat: which other colour, how much, where.

    `cover` is the share of the segment's inside that has the colour meant.
    """

    segment: int
    color: int
    share: float
    at: tuple[int, int]
    cover: float


@dataclass(frozen=True)
class SourceUsed:
    """One drawing that a frame was coloured from; an edit of it invalidates the frame."""

    frame: SourceId
    kind: Literal["painted", "predicted", "sheet"]
    offset: int
    digest: str


@dataclass(frozen=True, kw_only=True)
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
    division : Division
        Which pieces of the drawing are one segment, and where gaps were closed.
    notes : tuple of str
        What a painted frame has that a flat one has not, in sentences.
    lines : LinesTaken
    surfaces : dict of str to Surfaces
        Where painted pixels come from, by layer: `COLOR`, and the names of further layers.
    layer_files : dict of str to str
        The files of further layers, by name.
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
    division: Division = field(default_factory=lambda: Division.whole(0))
    notes: tuple[str, ...] = ()
    lines: LinesTaken = field(default_factory=LinesTaken)
    surfaces: Mapping[str, Surfaces] = field(default_factory=dict)
    layer_files: Mapping[str, str] = field(default_factory=dict)

    def to_json(self, palette: Palette, review_below: float) -> dict[str, Any]:
        """Return the form that report.json, events and replies share (`SCHEMA`)."""
        doubtful = self.fills.doubtful(review_below)
        result: dict[str, Any] = {
            "frame": self.frame,
            "role": self.role,
            "drawing": self.drawing,
            "drawing_frame": self.drawing_frame,
            "recomputed": self.recomputed,
            "gap_px": round(self.gap_px, 3),
            "lines": {"ground": self.lines.ground, "rough": self.lines.rough},
            "closed_gaps": self._closed_gaps(),
            "pieces": self.division.to_json(),
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
        if isinstance(self.frame, Frame):
            result["name"] = str(self.frame)
        if self.notes:
            result["notes"] = list(self.notes)
        if self.layer_files:
            result["layers"] = [
                {"name": name, "file": place} | self._layer(name)
                for name, place in self.layer_files.items()
            ]
        return result

    def _layer(self, layer: str) -> dict[str, Any]:
        """Write which surfaces of a further layer pixels were taken through, and the doubtful."""
        own = self.surfaces.get(layer, Surfaces.none(0))
        used, doubtful = (np.flatnonzero(rows).tolist() for rows in (own.used, own.doubtful))
        return {
            "surfaces": [{"id": row + 1} | own.to_json(row) for row in used],
            "doubtful": [row + 1 for row in doubtful],
        }

    def doubtful_layers(self, row: int | None = None) -> list[str]:
        """Return the layers, or `COLOR`, whose surfaces need a look: in a row of fills, or any."""
        rows = slice(None) if row is None else row
        return [name for name, own in self.surfaces.items() if own.doubtful[rows].any()]

    @property
    def mean_confidence(self) -> float:
        """Mean over the segments, those without counterpart counting as 0; 1 without segments."""
        if self.fills.count == 0:
            return 0.0 if self.error else 1.0
        sure = np.where(self.fills.state == NO_COUNTERPART, 0, self.fills.confidence)
        return round(float(sure.mean()), 4)

    def _closed_gaps(self) -> list[dict[str, Any]]:
        """Write where holes in lines were closed: both sides in pixels, and what decided it."""
        division = self.division
        return [
            {"from": [x0, y0], "to": [x1, y1], "by": "colors" if colors else "lines"}
            for (x0, y0, x1, y1), colors in zip(
                division.closed_gaps.round(1).tolist(), division.by_colors.tolist(), strict=True
            )
        ]

    def _origin(self, source: SourceId) -> dict[str, Any]:
        """Name a source: a frame, or a model sheet."""
        if isinstance(source, SheetId):
            return {"sheet": self.sheets[source.index]}
        return {"frame": source}

    def source_json(self, row: int) -> dict[str, Any] | None:
        """Name the segment that the fill in a row of `fills` came from; None where none did."""
        segment = int(self.fills.source_segment[row])
        if segment == 0:
            return None
        source = source_of_code(int(self.fills.source_frame[row]))
        return self._origin(source) | {"segment": segment}

    def _segments(self, palette: Palette) -> list[dict[str, Any]]:
        fills = self.fills
        second = {item.segment: item for item in self.not_flat}
        surfaces = self.surfaces.get(COLOR)
        rows = zip(
            fills.color.tolist(),
            fills.state.tolist(),
            fills.confidence.tolist(),
            fills.flags.tolist(),
            self.division.box.tolist(),
            self.division.point.tolist(),
            self.division.area.tolist(),
            strict=True,
        )
        segments = []
        for number, row in enumerate(rows, start=1):
            color, state, confidence, flags, box, point, area = row
            segment: dict[str, Any] = {
                "id": number,
                "box": box,
                "point": point,
                "area": area,
                "color": color_json(color, palette),
                "state": STATES[state],
                "confidence": round(confidence, 4),
                "source": self.source_json(number - 1),
            }
            if flags:
                segment["flags"] = [name for bit, name in FLAGS if flags & bit]
            if surfaces is not None and surfaces.used[number - 1]:
                segment["surface"] = surfaces.to_json(number - 1)
            others = self._others(number - 1, palette)
            if others:
                segment["others"] = others
            if number in second:
                item = second[number]
                segment["second"] = {
                    "color": color_json(item.color, palette),
                    "share": round(item.share, 4),
                    "at": list(item.at),
                }
                segment["cover"] = round(item.cover, 4)
            segments.append(segment)
        return segments

    def _others(self, row: int, palette: Palette) -> list[dict[str, Any]]:
        """Write the colours that would come next, the likeliest first."""
        color, share = self.fills.other_color[row].tolist(), self.fills.other_share[row].tolist()
        return [
            {"color": color_json(index, palette), "share": round(part, 4)}
            for index, part in zip(color, share, strict=True)
            if index != NO_COLOR
        ]


@dataclass(frozen=True)
class Solved:
    """A drawing whose fills are known; `record` is the name of its record."""

    frame: SourceId
    line_hash: str
    digest: str
    record: str
    result: FrameResult

    @property
    def has_failed(self) -> bool:
        """Whether it could not be coloured."""
        return self.result.role == "failed"


def color_json(index: int, palette: Palette) -> list[float | None] | str | None:
    """Write a colour as hints give it: channel values, "unpainted", or null for none."""
    if index == NO_COLOR:
        return None
    if index == UNPAINTED:
        return "unpainted"
    # JSON knows no infinity and nothing that is no number.
    return [value if math.isfinite(value) else None for value in palette.color(index)]
