"""`ant_core propagate` over several cels of a shot: a run a cel, one report over all.

A cel is a line sequence with painted frames of its own. An exposure sheet says which of its
drawings are shown, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ant_core.errors import InputError, UsageError
from ant_core.files import WholeFiles, json_bytes
from ant_core.formats.frame_names import Frame, name_of
from ant_core.formats.sequence import SequenceReader
from ant_core.formats.xdts import Cel, ExposureSheet, read_xdts
from ant_core.output.exposed import expose
from ant_core.reporter import Reporter
from ant_core.shot.frames import FrameRanges, describe_frames, select_frames
from ant_core.workflow.outcome import Outcome
from ant_core.workflow.propagate_options import PropagateOptions

__all__ = ["run_cels"]

RunOne = Callable[[PropagateOptions, Reporter], Outcome]
_MARK = "{cel}"
# Where the drawings of a cel are looked for when no pattern says; the first that is there counts.
_PLACES = ("{cel}/%s", "%s/{cel}", "%s/{cel}_*.*", "%s/*.{cel}.*")


@dataclass(frozen=True)
class _Task:
    """One cel: the options of its run, and its column of the sheet.

    `missing` has the names of the drawings that are not made yet, and the frames that show them.
    """

    name: str
    options: PropagateOptions
    exposures: Cel | None
    missing: Mapping[str, list[int]] = field(default_factory=dict)


def run_cels(
    options: PropagateOptions, reporter: Reporter, files: WholeFiles, run_one: RunOne
) -> Outcome:
    """Colour every cel, each into OUT/CEL, and write OUT/report.json over all of them.

    Parameters
    ----------
    run_one : callable
        Runs one cel with its own options.
    """
    sheet = read_xdts(Path(options.xdts)) if options.xdts else None
    assert options.out is not None  # `PropagateOptions.check`
    names = options.cel or (tuple(cel.name for cel in sheet.cels) if sheet else ())
    for note in sheet.notes if sheet else ():
        reporter.warn(note)
    tasks = _tasks(options, list(dict.fromkeys(names)), sheet, reporter)
    out = Path(options.out)
    entries, codes, text = [], [], ""
    for task in tasks:
        reporter.say(f"cel {task.name}:")
        if task.missing:
            reporter.warn(
                f"cel {task.name} shows drawings {', '.join(task.missing)} that are not there "
                "yet: the others are coloured"
            )
        outcome = run_one(task.options, _CelReporter(reporter, task.name))
        codes.append(outcome.exit_code)
        text = text or str(outcome.event.get("error", ""))
        entries.append(_entry(task, outcome.event))
    if options.expose and sheet is not None:
        for task, entry in zip(tasks, entries, strict=True):
            assert task.exposures is not None
            folder = out / "exposed" / task.name
            later = {frame for frames in task.missing.values() for frame in frames}
            report = Path(entry["report"])
            entry["exposed"] = expose(report, task.exposures, folder, files, later)
    summary = _total([entry["summary"] for entry in entries])
    document = {
        "schema": 1,
        "kind": "cels",
        "exposure_sheet": options.xdts,
        "length": sheet.length if sheet is not None else None,
        "cels": entries,
        "summary": summary,
    }
    path = out / "report.json"
    files.write(path, json_bytes(document))
    event = {"report": str(path), "cels": entries, "summary": summary}
    if text:
        event["error"] = text
    if options.gate.fails(
        segments=summary["segments"],
        doubtful=summary["doubtful"],
        no_counterpart=0,  # every cel's own run has looked at its segments one by one
        lowest_confidence=None,
    ):
        codes.append(3)
    return Outcome(1 if 1 in codes else max(codes), str(path), event)


class _NotDrawn(InputError):
    """No drawing of a cel is there."""


def _tasks(
    options: PropagateOptions,
    names: list[str],
    sheet: ExposureSheet | None,
    reporter: Reporter,
) -> list[_Task]:
    """Return what to do for each cel; cels of a sheet that are not drawn yet are passed over."""
    tasks, missing = [], []
    for name in names:
        try:
            tasks.append(_task(options, name, sheet))
        except _NotDrawn as why:
            missing.append(why)
    if missing and (options.cel or not tasks):
        raise missing[0]
    for error in missing:
        reporter.warn(f"{error}; the other cels are coloured")
    return tasks


def _task(options: PropagateOptions, name: str, sheet: ExposureSheet | None) -> _Task:
    """Return what to do for one cel; InputError when its drawings are not there."""
    base = Path(options.shot) if options.shot is not None else Path()
    assert options.out is not None
    line = _pattern(options.line[0] if options.line else None, "line", name, base)
    if line is None and sheet is not None and len(sheet.cels) == 1 and (base / "line").is_dir():
        line = "line"  # one cel, and a shot that does not name it
    if line is None:
        tried = ", ".join(place.replace(_MARK, name) % "line" for place in _PLACES)
        raise _NotDrawn(
            f"cel {name} has no line drawings in {base} (tried {tried}): name them with --line, "
            f"such as 'line/{_MARK}_%04d.png'"
        )
    color = _pattern(options.color, "color", name, base)
    chosen: dict[str, Any] = {
        "line": (line,),
        "color": color or ("color" if line == "line" else f"{name}/color"),
        "out": str(Path(options.out) / name),
        "hints": options.hints.replace(_MARK, name) if options.hints else None,
        "shade": tuple(_marked(pattern, "shade", name) for pattern in options.shade),
        "review_notes": options.review_notes and options.review_notes.replace(_MARK, name),
        "cel": (),
        "xdts": None,
        "expose": False,
        "fail_over": None,  # counts over all cels
    }
    if color is None and line != "line" and options.model_sheet:
        chosen["color"] = None  # no painted frames: the sheets are enough
    if sheet is None:
        return _Task(name, replace(options, **chosen), None)
    lines = SequenceReader(line, base, lines=True)
    exposures, missing = _matched(sheet.cel(name), lines)
    chosen["frames"] = _shown(exposures, options.frames)
    return _Task(name, replace(options, **chosen), exposures, missing)


def _pattern(given: str | None, kind: str, name: str, base: Path) -> str | None:
    """Return the pattern of a cel's drawings: the one given, or that of the usual places."""
    if given is not None:
        return _marked(given, kind, name)
    for place in _PLACES:
        pattern = place.replace(_MARK, name) % kind
        if "*" not in pattern:
            if (base / pattern).is_dir():
                return pattern
        elif (base / kind).is_dir() and any(base.glob(pattern)):
            return pattern
    return None


def _marked(given: str, kind: str, name: str) -> str:
    """Put the name of a cel into a pattern that leaves a place for it."""
    if _MARK not in given:
        raise UsageError(
            f"--{kind} {given!r} does not tell cels apart: write {_MARK} where their names are"
        )
    return given.replace(_MARK, name)


def _matched(cel: Cel, lines: SequenceReader) -> tuple[Cel, dict[str, list[int]]]:
    """Return the cel with the frames of the line drawings, and where it shows what is not drawn.

    Letters count where the drawings have them, or the sheet has one number with several.
    """
    numbers = [name_of(drawing)[0] for drawing in cel.drawings]
    lettered = any(isinstance(frame, Frame) for frame in lines.frames)
    by_name = lettered or len(set(numbers)) < len(numbers)
    known = {name_of(frame): frame for frame in lines.frames}
    found: dict[int, int | None] = {}
    for drawing in cel.drawings:
        number, letters = name_of(drawing)
        found[drawing] = known.get((number, letters if by_name else ""))
    if not any(frame is not None for frame in found.values()):
        raise _NotDrawn(
            f"cel {cel.name} shows drawings {describe_frames(cel.drawings)} that are not in "
            f"{lines.pattern}: there are {describe_frames(lines.frames)}"
        )
    missing = {
        str(drawing): cel.frames_of(drawing) for drawing, frame in found.items() if frame is None
    }
    shown = tuple(None if drawing is None else found[drawing] for drawing in cel.exposures)
    return Cel(cel.name, shown), missing


def _shown(exposures: Cel, frames: FrameRanges | None) -> FrameRanges:
    """Return the drawings that the sheet shows, as far as --frames names them."""
    chosen = list(exposures.drawings)
    if frames is not None:
        chosen = select_frames(frames, chosen, "--frames", "drawing")
    return tuple((drawing, drawing) for drawing in chosen)


def _entry(task: _Task, event: dict[str, Any]) -> dict[str, Any]:
    """Return what the report over all says of one cel."""
    entry = {"name": task.name} | {
        key: event[key] for key in ("report", "contact_sheet", "review_page")
    }
    entry["summary"] = event["summary"]
    if task.exposures is not None:
        entry["exposures"] = [
            {"drawing": drawing, "frames": task.exposures.frames_of(drawing)}
            | ({"name": str(drawing)} if isinstance(drawing, Frame) else {})
            for drawing in task.exposures.drawings
        ]
    if task.missing:
        entry["missing"] = list(task.missing)
    return entry


def _total(summaries: list[dict[str, Any]]) -> dict[str, int]:
    """Sum the counts of all cels."""
    counts = ("frames", "drawings", "segments", "doubtful", "no_counterpart", "not_flat")
    total = {name: sum(summary[name] for summary in summaries) for name in counts}
    lists = ("doubtful_frames", "failed", "kept")
    return total | {name: sum(len(summary[name]) for summary in summaries) for name in lists}


class _CelReporter:
    """Tells of one cel; its events carry the cel's name."""

    def __init__(self, reporter: Reporter, name: str) -> None:
        self._reporter, self._name = reporter, name
        self.live = reporter.live

    def say(self, text: str) -> None:
        self._reporter.say(f"  {text}")

    def warn(self, text: str) -> None:
        self._reporter.warn(f"cel {self._name}: {text}")

    def progress(self, done: int, total: int, text: str, event: dict[str, Any]) -> None:
        self._reporter.progress(done, total, f"{self._name}: {text}", event | {"cel": self._name})

    def result(self, event: dict[str, Any], text: str) -> None:
        self._reporter.result(event, text)
