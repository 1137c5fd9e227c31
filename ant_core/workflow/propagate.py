"""`ant_core propagate`: a shot with some painted frames in, every frame painted out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from ant_core.errors import InputError, UsageError
from ant_core.files import WholeFiles
from ant_core.formats.palettes import read_palette
from ant_core.formats.pictures import picture_format
from ant_core.formats.sequence import SequenceReader
from ant_core.matching.matcher import Matcher
from ant_core.models.installed import locate
from ant_core.output.color_names import name_colors
from ant_core.output.folder import OutputFolder
from ant_core.output.notes import Note, keep_notes, merge_notes, read_notes
from ant_core.output.report import (
    RunInfo,
    lines_told,
    lowest_confidence,
    notes_of,
    summarize,
    summary_json,
    write_report,
    write_sheet,
)
from ant_core.output.review_page import write_review_page
from ant_core.propagation.assemble import assemble
from ant_core.propagation.output import RunNotes
from ant_core.propagation.progress import Progress, RunResult
from ant_core.propagation.result import SCHEMA
from ant_core.propagation.run import Settings
from ant_core.propagation.timing import Timings
from ant_core.reporter import Reporter
from ant_core.shot.frames import describe_frames
from ant_core.shot.model_sheet import open_model_sheets
from ant_core.workflow.cels import run_cels
from ant_core.workflow.gate import Gate
from ant_core.workflow.krita_document import prepare_kra
from ant_core.workflow.outcome import Outcome
from ant_core.workflow.prepare import PreparedShot, chosen_frames, read_hints
from ant_core.workflow.propagate_options import PropagateOptions
from ant_core.workflow.shades import open_shades

__all__ = ["make_matcher", "run"]


def run(
    options: PropagateOptions,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
    load_matcher: Callable[[], Matcher] | None = None,
    *,
    frame_events: bool = False,
) -> Outcome:
    """Colour a shot; see `ant_core propagate --help`.

    Parameters
    ----------
    options : PropagateOptions
        Checked.
    cancel : threading.Event
        Set from another thread to stop.
    load_matcher : callable, optional
        Gives the matcher where one is loaded already; the options name it otherwise.
    frame_events : bool
        Whether events of progress carry the whole result of the frame.
    """
    if options.has_cels:
        loaded = cache(load_matcher or partial(make_matcher, options))

        def run_one(one: PropagateOptions, tell: Reporter) -> Outcome:
            return run(one, tell, cancel, files, loaded, frame_events=frame_events)

        return run_cels(options, reporter, files, run_one)
    start = time.perf_counter()
    timings = Timings()
    palette = read_palette(Path(options.palette)) if options.palette else None
    with timings.measure("check"):
        job = prepare_kra(options, files) if options.is_kra else _prepare(options, files)
        review_notes = _review_notes(options, job)
    for warning in job.warnings:
        reporter.warn(warning)
    matcher = load_matcher() if load_matcher else make_matcher(options)
    with job.output.alone():
        job.output.prepare()
        settings, review_below = (
            Settings(gap_px=options.gap, rough=options.rough),
            options.review_below,
        )

        def notify(progress: Progress) -> None:
            _tell(reporter, progress, propagation.palette, review_below, full=frame_events)

        propagation = job.assembly.propagation(
            matcher, options, cancel=cancel, notify=notify, timings=timings
        )
        result = propagation.run()
        notes = RunNotes(matcher.model_hash, review_below, result.palette, options.gap)
        with timings.measure("write"):
            job.output.finish(result.results, notes)
        info = RunInfo(
            model_name=matcher.model_name,
            model_hash=matcher.model_hash,
            device=matcher.device,
            settings=settings,
            threads=options.threads,
            review_below=review_below,
            hints=job.hints_document,
            warnings=job.warnings,
            wall_s=time.perf_counter() - start,
            palette=palette,
        )
        return _conclude(job, result, info, reporter, options.gate, review_notes)


def _review_notes(options: PropagateOptions, job: PreparedShot) -> list[Note]:
    """Return the notes kept beside the output, and those that the options name."""
    paths = [job.output.notes_path] if job.output.notes_path.is_file() else []
    if options.review_notes:
        paths.append(Path(options.review_notes))
    return merge_notes(*map(read_notes, paths))


def make_matcher(options: PropagateOptions) -> Matcher:
    """Load the model that the options name."""
    model = locate(Path(options.model)) if options.model else None
    return Matcher(model, options.device, options.threads)


def _conclude(
    job: PreparedShot,
    run: RunResult,
    info: RunInfo,
    reporter: Reporter,
    gate: Gate,
    review_notes: list[Note],
) -> Outcome:
    """Write sheet, page and report, and tell what came of the run."""
    sheet = write_sheet(job.output, job.assembly.shot, run, info)
    report = write_report(job.output, job.assembly.shot, run, info)
    notes = notes_of(run.results)
    try:
        review_notes = keep_notes(job.output.notes_path, review_notes, job.output.files)
    except InputError as error:  # saved during the run
        notes = [*notes, str(error)]
    page = write_review_page(job.output, job.assembly.shot, run, info, review_notes)
    summary = summarize(run.results, info.review_below)
    for note in notes:
        reporter.warn(note)
    for sentence in lines_told(run.results):
        reporter.say(sentence)
    for line in summary.lines():
        reporter.say(line)
    if info.palette is not None:
        colors = name_colors(run.results.values(), run.palette, info.palette)
        strange = sum(not item["names"] for item in colors)
        if strange:
            reporter.warn(f"{strange} of {len(colors)} colours are not in {info.palette.place}")
    reporter.say(f"{info.wall_s:.1f} s on {info.device}; contact sheet: {sheet}; review: {page}")
    event = {
        "report": str(report),
        "contact_sheet": str(sheet),
        "review_page": str(page),
        "device": info.device,
        "model": {"name": info.model_name, "sha256": info.model_hash},
        "summary": summary_json(summary),
        "warnings": [*info.warnings, *notes],
    }
    exit_code = 0
    if summary.failed:
        exit_code = 1
        event["error"] = (
            f"frames {describe_frames(summary.failed)} could not be coloured, the others are "
            "done: see the report for the reasons"
        )
    elif gate.fails(
        segments=summary.segments,
        doubtful=summary.doubtful,
        no_counterpart=summary.no_counterpart,
        lowest_confidence=lowest_confidence(run.results.values()),
    ):
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
    event = {}
    if full:
        event = {"schema": SCHEMA, "frame_result": result.to_json(palette, review_below)}
    reporter.progress(progress.done, progress.total, text, event)


def _prepare(options: PropagateOptions, files: WholeFiles) -> PreparedShot:
    """Open the pictures of a folder and check every input; nothing is written yet."""
    assert options.out is not None  # `PropagateOptions.check`
    lines, colors = _readers(options)
    sheets = open_model_sheets([Path(name) for name in options.model_sheet])
    frames = chosen_frames(options.frames, lines.frames, "--frames", "line drawing")
    references = chosen_frames(options.references, colors.frames, "--references", "painted frame")
    painted = list(colors.frames) if references is None else references
    hints, document = read_hints(options, lines)
    suffix = picture_format(sheets[0].path).suffix or sheets[0].path.suffix if sheets else ".png"
    output = OutputFolder(Path(options.out), lines, colors, painted, files, suffix)
    wanted = list(lines.frames) if frames is None else frames
    edited = output.survey(wanted, painted, hints.frames, options.overwrite)
    assembly = assemble(
        lines=lines,
        colors=colors,
        output=output,
        frames=frames,
        references=references,
        kept=sorted({*hints.frames, *edited}),
        hints=hints,
        sheets=sheets,
    )
    warnings = [*lines.remarks(), *colors.remarks(), *assembly.without_effect]
    shades, told = open_shades(options, assembly.shot, output, lines, colors, hints.frames)
    assembly = replace(assembly, shades=shades)
    warnings += told
    if edited:
        warnings.append(
            f"frames {describe_frames(edited)} were changed in {output.folder} since the last "
            "run: they are kept and learned from; delete a file to have it coloured again"
        )
    return PreparedShot(assembly, output, document, tuple(warnings))


def _readers(options: PropagateOptions) -> tuple[SequenceReader, SequenceReader]:
    """Open line and colour frames: the folders of SHOT, or what the patterns name."""
    base = Path(options.shot) if options.shot is not None else Path()
    line = options.line[0] if options.line else "line"
    lines = SequenceReader(line, base, lines=True, layer=options.layer_of("line"))
    if options.model_sheet and not options.color and not (base / "color").exists():
        colors = SequenceReader.nothing(base / "color")
    else:
        layer = options.layer_of("color")
        colors = SequenceReader(options.color or "color", base, like=lines.frames, layer=layer)
    if options.layer and not (lines.has_layers or colors.has_layers):
        raise UsageError(
            f"--layer names a layer of OpenEXR files, and there are none in {lines.folder} and "
            f"{colors.folder}: leave it out"
        )
    return lines, colors
