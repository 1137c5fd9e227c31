"""What a run leaves behind for people and for other programs: report.json, sheet, summary."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core import __version__
from ant_core.formats.palettes import NamedPalette
from ant_core.formats.png import encode_png
from ant_core.matching.fills import NO_COUNTERPART
from ant_core.matching.sources import SheetId, SourceId
from ant_core.output.color_names import name_colors
from ant_core.output.contact_sheet import Cell, draw_sheet, read_thumbnail
from ant_core.propagation.output import RunOutput
from ant_core.propagation.progress import RunResult
from ant_core.propagation.result import SCHEMA, FrameResult
from ant_core.propagation.run import Settings
from ant_core.reporter import counted
from ant_core.shot.frames import describe_frames, name_frames
from ant_core.shot.shot import Shot

__all__ = [
    "RunInfo",
    "Summary",
    "lines_told",
    "lowest_confidence",
    "notes_of",
    "summarize",
    "write_report",
    "write_sheet",
]

_PACKAGES = ("numpy", "opencv-python-headless", "numba", "onnxruntime", "onnxruntime-gpu")
_KINDS: dict[str, Any] = {
    "reference": "reference",
    "held_reference": "held",
    "locked": "locked",
    "predicted": "predicted",
    "failed": "failed",
}


@dataclass(frozen=True, kw_only=True)
class RunInfo:
    """What the report says about a run beside its results.

    Attributes
    ----------
    model_name, model_hash, device : str
        As the matcher reports them.
    settings : Settings
    threads : int or None
    review_below : float
        Confidence under which a segment counts as doubtful.
    hints : dict
        The hints document as given, {} without.
    warnings : tuple of str
    wall_s : float
        Of the whole run, with checking and loading.
    palette : NamedPalette or None
        Names the colours.
    """

    model_name: str
    model_hash: str
    device: str
    settings: Settings
    threads: int | None
    review_below: float
    hints: dict[str, Any]
    warnings: tuple[str, ...]
    wall_s: float
    palette: NamedPalette | None = None


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The figures of a run.

    Attributes
    ----------
    frames, drawings, segments : int
        Written or kept; drawings that are no references; their segments.
    doubtful_frames : tuple of int
        Frames with at least one doubtful segment.
    doubtful, no_counterpart, not_flat : int
        Segments, each drawing counted once.
    failed : tuple of int
    recomputed : tuple of (str, tuple of int)
        Why, and which frames.
    kept : tuple of int
        Frames taken over from an earlier run.
    """

    frames: int
    drawings: int
    segments: int
    doubtful_frames: tuple[int, ...]
    doubtful: int
    no_counterpart: int
    not_flat: int
    failed: tuple[int, ...]
    recomputed: tuple[tuple[str, tuple[int, ...]], ...]
    kept: tuple[int, ...]

    def lines(self) -> list[str]:
        """Return the summary for people."""
        text = [
            f"{counted(self.frames, 'frame')}, {counted(self.drawings, 'drawing')} coloured, "
            f"{counted(self.segments, 'segment')}: "
            f"{self.doubtful} doubtful, {self.no_counterpart} of them without counterpart"
        ]
        if self.not_flat:
            are = "segment is" if self.not_flat == 1 else "segments are"
            text.append(f"{self.not_flat} reference {are} painted in more than one colour")
        if self.kept:
            text.append(f"kept from the last run: {name_frames(self.kept)}")
            for reason, frames in self.recomputed:
                text.append(f"recomputed: {name_frames(frames)} ({reason})")
        if self.doubtful_frames:
            text.append(f"to review: {name_frames(self.doubtful_frames)}")
        if self.failed:
            text.append(f"failed: {name_frames(self.failed)}")
        return text


def summarize(results: dict[int, FrameResult], review_below: float) -> Summary:
    """Count what matters in the results of a run; every drawing counts once."""
    drawings = {(r.drawing, r.drawing_frame): r for r in results.values()}.values()
    marks = {r.drawing_frame: r.fills.doubtful(review_below) for r in drawings}
    reasons: dict[str, list[int]] = {}
    for result in results.values():
        reasons.setdefault(result.recomputed, []).append(result.frame)
    kept = reasons.pop("", [])
    return Summary(
        frames=len(results),
        drawings=sum(result.role == "predicted" for result in drawings),
        segments=sum(result.fills.count for result in drawings),
        doubtful_frames=tuple(
            f for f, r in results.items() if r.error or marks[r.drawing_frame].any()
        ),
        doubtful=int(sum(mark.sum() for mark in marks.values())),
        no_counterpart=int(
            sum((result.fills.state == NO_COUNTERPART).sum() for result in drawings)
        ),
        not_flat=sum(len(result.not_flat) for result in drawings),
        failed=tuple(frame for frame, result in results.items() if result.error),
        recomputed=tuple((reason, tuple(frames)) for reason, frames in reasons.items()),
        kept=tuple(kept),
    )


def lowest_confidence(results: Iterable[FrameResult]) -> float | None:
    """Return the lowest confidence of the segments coloured from a counterpart; None without.

    As the report writes it, in [0, 1]. Frames that the artist painted or locked do not count.
    """
    lowest = [
        float(result.fills.confidence[has_counterpart].min())
        for result in results
        if result.role == "predicted"
        and (has_counterpart := result.fills.state != NO_COUNTERPART).any()
    ]
    return round(min(lowest), 4) if lowest else None


def _versions() -> dict[str, str]:
    versions = {"ant_core": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _head(shot: Shot, run: RunResult, info: RunInfo) -> dict[str, Any]:
    summary = summarize(run.results, info.review_below)
    computed = sum(
        bool(r.recomputed) and r.role == "predicted" and r.frame == r.drawing_frame
        for r in run.results.values()
    )
    return {
        "schema": SCHEMA,
        "kind": "propagate",
        "versions": _versions(),
        "model": {"name": info.model_name, "sha256": info.model_hash},
        "device": info.device,
        "settings": asdict(info.settings)
        | {"threads": info.threads, "review_below": info.review_below},
        "hints": info.hints,
        "shot": {
            "width": shot.size[1],
            "height": shot.size[0],
            "depth": shot.pixels.depth,
            "floating": shot.pixels.floating,
            "channels": shot.pixels.channels,
            "frames": list(shot.frames),
            "references": [
                {"frame": reference.frame, "origin": reference.origin}
                for reference in shot.references
            ],
            "model_sheets": [
                {"name": sheet.name, "path": str(sheet.path), "sha256": sheet.digest}
                for sheet in shot.sheets
            ],
        },
        "timings": {
            "wall_s": round(info.wall_s, 3),
            "per_computed_drawing_s": round(info.wall_s / computed, 4) if computed else None,
            "stages": run.timings.summary(),
        },
        "palette": _palette(run, info.palette),
        "summary": summary_json(summary),
        "warnings": [*info.warnings, *notes_of(run.results)],
    }


def notes_of(results: dict[int, FrameResult]) -> list[str]:
    """Return what the painted frames have that flat ones have not, each sentence once."""
    return list(dict.fromkeys(note for result in results.values() for note in result.notes))


def lines_told(results: dict[int, FrameResult]) -> list[str]:
    """Say what was taken for lines where that is not plain dark ink, each in one sentence."""
    sentences = {
        ("rough", "ignored"): "a light coloured sketch under the ink is left out of the lines: "
        "pass --rough keep to use it",
        ("rough", "kept"): "light coloured strokes beside the ink are taken for lines: pass "
        "--rough ignore to leave them out",
        ("ground", "dark"): "light lines on a dark ground are taken for lines",
    }
    told = []
    for (field, value), sentence in sentences.items():
        frames = [f for f, result in results.items() if getattr(result.lines, field) == value]
        if frames:
            told.append(f"frames {describe_frames(frames)}: {sentence}")
    return told


def _palette(run: RunResult, named: NamedPalette | None) -> dict[str, Any] | None:
    if named is None:
        return None
    colors = name_colors(run.results.values(), run.palette, named)
    return {"file": named.place, "left_out": named.left_out, "colors": colors}


def summary_json(summary: Summary) -> dict[str, Any]:
    """Return the figures as report and final event carry them."""
    values = asdict(summary)
    values["recomputed"] = [
        {"reason": reason, "frames": list(frames)} for reason, frames in summary.recomputed
    ]
    return {
        key: list(value) if isinstance(value, tuple) else value for key, value in values.items()
    }


def _report_json(shot: Shot, run: RunResult, info: RunInfo) -> Iterator[str]:
    """Yield the report as pieces of JSON text, a frame at a time."""
    head = json.dumps(_head(shot, run, info), ensure_ascii=False, indent=1)
    yield head[: head.rindex("}")].rstrip() + ',\n "frames": ['
    separator = "\n  "
    for result in run.results.values():
        frame = result.to_json(run.palette, info.review_below)
        yield separator + json.dumps(frame, ensure_ascii=False)
        separator = ",\n  "
    yield "\n ]\n}\n"


def write_report(output: RunOutput, shot: Shot, run: RunResult, info: RunInfo) -> Path:
    """Write the report; returns its path."""
    path = output.report_path
    pieces = _report_json(shot, run, info)
    # A file name that is no UTF-8 has lone surrogates, which are escaped as JSON escapes them.
    data = (piece.encode("utf-8", "backslashreplace") for piece in pieces)
    output.files.write_pieces(path, data)
    return path


def write_sheet(output: RunOutput, shot: Shot, run: RunResult, info: RunInfo) -> Path:
    """Draw and write the contact sheet; returns its path."""

    def picture(source: SourceId) -> NDArray[np.uint8] | None:
        record = output.state.load(run.records.get(source, ""), run.palette)
        return read_thumbnail(record.thumbnail) if record is not None else None

    empty = np.zeros((0, 3), np.float32)
    cells = [
        Cell(SheetId(place), "reference", 1.0, 0, empty, sheet.name)
        for place, sheet in enumerate(shot.sheets)
        if SheetId(place) in run.records
    ]
    cells += [_cell(result, info.review_below, shot.size) for result in run.results.values()]
    summary = summarize(run.results, info.review_below)
    title = f"{counted(summary.frames, 'frame')}, {counted(summary.doubtful, 'doubtful segment')}"
    subtitle = (
        f"frames {describe_frames(shot.frames)}   references "
        f"{describe_frames([reference.frame for reference in shot.references])}   model "
        f"{info.model_name}   {info.device}"
    )
    sheet = draw_sheet(cells, picture, shot.size, title, subtitle)
    path = output.sheet_path
    output.files.write(path, encode_png(sheet))
    return path


def _cell(result: FrameResult, review_below: float, size: tuple[int, int]) -> Cell:
    doubtful = result.fills.doubtful(review_below)
    places = result.division.point / np.array([size[1], size[0]], np.float32)
    missing = result.fills.state == NO_COUNTERPART
    marks = np.column_stack([places, missing])[doubtful].astype(np.float32)
    return Cell(
        result.frame, _KINDS[result.role], result.mean_confidence, int(doubtful.sum()), marks
    )
