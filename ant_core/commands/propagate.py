"""`ant_core propagate`: a shot with some painted frames in, every frame painted out."""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ant_core.commands.outcome import Outcome
from ant_core.errors import UsageError
from ant_core.formats.files import WholeFiles, read_bytes
from ant_core.formats.pictures import picture_format
from ant_core.formats.sequence import SequenceReader
from ant_core.hints import Hint, HintSet, SegmentLock, parse_hints, read_document
from ant_core.matcher import Matcher
from ant_core.model_sheet import open_model_sheets
from ant_core.output import OutputFolder
from ant_core.propagate import Progress, Propagation, RunResult, Settings
from ant_core.report import (
    RunInfo,
    summarize,
    summary_json,
    write_report,
    write_sheet,
)
from ant_core.reporter import Reporter
from ant_core.result import REVIEW_BELOW
from ant_core.shot import (
    Shot,
    describe_frames,
    load_shot,
    parse_frames,
    select_frames,
)
from ant_core.timing import Timings

__all__ = ["make_matcher", "run"]


@dataclass(frozen=True)
class _Job:
    """Everything that is settled before the first pixel is touched."""

    shot: Shot
    output: OutputFolder
    hints: HintSet
    hints_document: dict[str, Any]
    warnings: tuple[str, ...]


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
    load_matcher: Callable[[], Matcher] | None = None,
) -> Outcome:
    """Colour a shot; see `ant_core propagate --help`.

    `load_matcher` gives the matcher where one is loaded already; the options name it otherwise.
    """
    start = time.perf_counter()
    timings = Timings()
    with timings.measure("check"):
        job = _prepare(options, files)
    for warning in job.warnings:
        reporter.warn(warning)
    matcher = load_matcher() if load_matcher else make_matcher(options)
    job.output.prepare()
    settings = Settings(gap_px=options.gap)
    review_below = REVIEW_BELOW if options.fail_under is None else options.fail_under

    def notify(progress: Progress) -> None:
        _tell(reporter, progress, propagation.palette, review_below, full=options.json)

    propagation = Propagation(
        job.shot,
        job.output,
        matcher,
        settings,
        job.hints,
        cancel=cancel,
        notify=notify,
        timings=timings,
        threads=options.threads,
    )
    result = propagation.run()
    info = RunInfo(
        matcher.model_name,
        matcher.model_hash,
        matcher.device,
        settings,
        options.threads,
        review_below,
        job.hints_document,
        job.warnings,
        time.perf_counter() - start,
    )
    return _conclude(job, result, info, reporter, strict=options.fail_under is not None)


def make_matcher(options: argparse.Namespace) -> Matcher:
    """Load the model that the options name."""
    model = Path(options.model) if options.model else None
    return Matcher(model, options.device, options.threads)


def _conclude(
    job: _Job, run: RunResult, info: RunInfo, reporter: Reporter, *, strict: bool
) -> Outcome:
    """Write sheet and report, and tell what came of the run; `strict` fails on doubt."""
    sheet = write_sheet(job.output, job.shot, run, info)
    report = write_report(job.output, job.shot, run, info)
    summary = summarize(run.results, info.review_below)
    for line in summary.lines():
        reporter.say(line)
    reporter.say(f"{info.wall_s:.1f} s on {info.device}; contact sheet: {sheet}")
    event = {
        "report": str(report),
        "contact_sheet": str(sheet),
        "device": info.device,
        "model": {"name": info.model_name, "sha256": info.model_hash},
        "summary": summary_json(summary),
        "warnings": list(info.warnings),
    }
    exit_code = 0
    if summary.failed:
        exit_code = 1
        event["error"] = (
            f"frames {describe_frames(summary.failed)} could not be coloured, the others are "
            "done: see the report for the reasons"
        )
    elif strict and summary.doubtful_frames:
        exit_code = 3
    return Outcome(exit_code, str(report), event)


def _tell(
    reporter: Reporter, progress: Progress, palette: Any, review_below: float, *, full: bool
) -> None:
    result = progress.result
    how = result.recomputed or "kept"
    if result.role in ("reference", "held_reference", "locked"):
        how = result.role.replace("_", " ")
    doubtful = int(result.fills.doubtful(review_below).sum())
    text = f"frame {result.frame}: {how}" + (f", {doubtful} doubtful" if doubtful else "")
    if result.error:
        text = result.error
    event = {"frame_result": result.to_json(palette, review_below)} if full else {}
    reporter.progress(progress.done, progress.total, text, event)


def _prepare(options: argparse.Namespace, files: WholeFiles) -> _Job:
    """Read the options and check every input; nothing is written yet."""
    lines, colors = _readers(options)
    sheets = open_model_sheets([Path(name) for name in options.model_sheet or ()])
    frames = _frames(options.frames, lines.frames, "--frames", "line drawing")
    references = _frames(options.references, colors.frames, "--references", "painted frame")
    painted = list(colors.frames) if references is None else references
    hints, document = _hints(options, lines)
    suffix = picture_format(sheets[0].path).suffix or sheets[0].path.suffix if sheets else ".png"
    output = OutputFolder(Path(options.out), lines, colors, painted, files, suffix)
    wanted = list(lines.frames) if frames is None else frames
    edited = output.survey(wanted, painted, hints.frames, options.overwrite)
    locked = sorted({*hints.frames, *edited})
    shot = load_shot(
        lines,
        colors,
        references=references,
        frames=frames,
        locked={frame: output.probe(frame) for frame in locked},
        sheets=sheets,
    )
    hints.check_values(shot.size, shot.pixels)
    fixed = _fixed_frames(shot)
    for lock in hints.locks:
        if lock.frame in shot.frames and lock.frame not in fixed:
            output.probe(lock.frame)
    warnings = [*_ignored(lines), *_ignored(colors), *_without_effect(hints, fixed)]
    if edited:
        warnings.append(
            f"frames {describe_frames(edited)} were changed in {output.folder} since the last "
            "run: they are kept and learned from; delete a file to have it coloured again"
        )
    return _Job(shot, output, replace(hints, frames=tuple(locked)), document, tuple(warnings))


def _readers(options: argparse.Namespace) -> tuple[SequenceReader, SequenceReader]:
    """Open line and colour frames: the folders of SHOT, or what the patterns name."""
    if options.shot is None and not (options.line and options.color):
        raise UsageError(
            "no shot is named: give the SHOT folder, or both --line and --color patterns"
        )
    base = Path(options.shot) if options.shot is not None else Path()
    lines = SequenceReader(options.line or "line", base, lines=True)
    if options.model_sheet and not options.color and not (base / "color").exists():
        return lines, SequenceReader.nothing(base / "color")
    return lines, SequenceReader(options.color or "color", base)


def _frames(
    text: str | None, existing: tuple[int, ...], option: str, what: str
) -> list[int] | None:
    if text is None:
        return None
    return select_frames(parse_frames(text, option), existing, option, what)


def _hints(options: argparse.Namespace, lines: SequenceReader) -> tuple[HintSet, dict[str, Any]]:
    hints, document = HintSet(), {}
    if options.hints:
        path = Path(options.hints)
        document = read_document(read_bytes(path), str(path))
        hints = parse_hints(document, str(path))
    hints.check_frames(lines.frames)
    locked = _frames(options.lock, lines.frames, "--lock", "line drawing") or []
    document = json.loads(json.dumps(document))
    return replace(hints, frames=tuple(sorted({*hints.frames, *locked}))), document


def _ignored(reader: SequenceReader) -> list[str]:
    if not reader.ignored:
        return []
    names = ", ".join(reader.ignored[:3]) + (", ..." if len(reader.ignored) > 3 else "")
    return [f"left out because their format cannot be read: {names} in {reader.folder}"]


def _fixed_frames(shot: Shot) -> set[int]:
    """Return the frames whose drawing has its colours given."""
    given = {reference.frame for reference in shot.references}
    return {f for drawing in shot.drawings if given & set(drawing.frames) for f in drawing.frames}


def _without_effect(hints: HintSet, fixed: set[int]) -> list[str]:
    """Name the hints that lie on frames whose colours are given anyway."""
    items: list[Hint | SegmentLock] = [*hints.hints, *hints.locks]
    return [
        f"{item.name} has no effect: frame {item.frame} shows a painted or locked drawing"
        for item in items
        if item.frame in fixed
    ]
