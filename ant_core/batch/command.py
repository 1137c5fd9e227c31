"""The run of `ant_core batch`: list, engines, summary, exit code."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ant_core.batch.board import Board
from ant_core.batch.options import BatchOptions
from ant_core.batch.pool import Event, Finished, FrameDone, Passed, Pool, Retried
from ant_core.batch.records import Records
from ant_core.batch.result import ShotResult
from ant_core.batch.shots import BatchShot, close_to_options, read_shots
from ant_core.batch.task import ShotTask
from ant_core.engine.process import usable_cores
from ant_core.errors import Cancelled, UsageError
from ant_core.files import WholeFiles
from ant_core.reporter import Reporter, counted
from ant_core.workflow.outcome import Outcome

__all__ = ["batch"]

_CORES_A_JOB = 2  # an engine reads ahead and writes behind, and fills about two cores


def batch(
    options: BatchOptions, reporter: Reporter, cancel: threading.Event, files: WholeFiles
) -> Outcome:
    """Colour every shot of the list; see `ant_core batch --help`."""
    out = Path(options.out).absolute()
    shots = read_shots(options.lists, options.defaults, out)
    for title, option in close_to_options(shots).items():
        reporter.warn(
            f"the column {title!r} is no option and is passed through: did you mean {option}?"
        )
    chosen = _only(shots, options.only)
    records = Records(out, files)
    files.make_folder(out)
    board = Board(out, shots, records, files, options.gate)
    if not options.collect:
        tasks = [_task(shot, options, out) for shot in chosen]
        board.expect(task.name for task in tasks)
        _color(tasks, options, reporter, cancel, files, board)
    board.write()
    return _conclude(board, {shot.name for shot in chosen}, options, reporter)


def _task(shot: BatchShot, options: BatchOptions, out: Path) -> ShotTask:
    chosen = replace(shot.options, out=str(out / shot.name), **options.common)
    return ShotTask(shot.name, chosen, str(out))


def _only(shots: list[BatchShot], names: Sequence[str]) -> list[BatchShot]:
    known = {shot.name for shot in shots}
    for name in names:
        if name not in known:
            few = ", ".join(sorted(known)[:5]) + (", ..." if len(known) > 5 else "")
            raise UsageError(f"--only {name} is no shot of the list, which has {few}")
    return [shot for shot in shots if not names or shot.name in names]


def _color(
    tasks: Sequence[ShotTask],
    options: BatchOptions,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
    board: Board,
) -> None:
    done = 0
    passed: set[str] = set()
    for event in _events(tasks, options, cancel, files, Path(board.out)):
        if isinstance(event, Passed):
            if event.name not in passed:  # it is asked for again every second
                reporter.say(f"{event.name} is in the hands of another batch: it comes later")
            passed.add(event.name)
            continue
        if isinstance(event, Finished):
            done += 1
            _tell(Finished(board.put(event.result)), done, len(tasks), reporter)
        else:
            _tell(event, done, len(tasks), reporter)
    if done < len(tasks):
        board.write()
        raise Cancelled(
            f"stopped after {done} of {len(tasks)} shots: run the same command again to go on "
            "from there"
        )


def _events(
    tasks: Sequence[ShotTask],
    options: BatchOptions,
    cancel: threading.Event,
    files: WholeFiles,
    out: Path,
) -> Iterator[Event]:
    jobs = options.jobs or _usual_jobs(options.device)
    jobs = min(jobs, len(tasks))
    if options.cluster is not None:
        from ant_core.batch.cluster import run_on_cluster

        yield from run_on_cluster(
            options.cluster,
            tasks,
            jobs=jobs,
            threads=options.threads,
            retries=options.retries,
            cancel=cancel,
        )
        return
    threads = options.threads or max(1, usable_cores() // max(1, jobs))
    pool = Pool(
        [task.with_threads(threads) for task in tasks],
        jobs=jobs,
        threads=threads,
        retries=options.retries,
        out=out,
        files=files,
    )
    yield from pool.run(cancel)


def _usual_jobs(device: str) -> int:
    """Return how many shots to colour at a time: a graphics card takes one engine."""
    if device != "cpu":
        import onnxruntime

        if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            return 1
    return max(1, usable_cores() // _CORES_A_JOB)


def _tell(event: FrameDone | Retried | Finished, done: int, total: int, reporter: Reporter) -> None:
    if isinstance(event, Retried):
        reporter.warn(f"{event.name} is begun again: {event.why}")
        reporter.progress(done, total, f"{event.name} again", _json(event.name, retry=event.why))
    elif isinstance(event, FrameDone):
        if reporter.live:
            frame = {"done": event.done, "total": event.total, "worker": event.worker}
            text = f"{event.name}: frame {event.done} of {event.total}"
            reporter.progress(done, total, text, _json(event.name, frame=frame))
    else:
        result = event.result
        text = f"{result.name}: {_in_words(result)}"
        reporter.progress(done, total, text, _json(result.name, result=result.to_json()))


def _json(name: str, **more: Any) -> dict[str, Any]:
    return {"shot": name} | more


def _in_words(result: ShotResult) -> str:
    if result.state == "failed" or result.failed_frames:
        return result.error
    how = "kept" if result.kept else f"{result.seconds:.1f} s"
    doubt = f"{result.doubtful} of {counted(result.segments, 'segment')} doubtful"
    return f"{counted(result.frames, 'frame')}, {doubt}, {how}"


def _conclude(board: Board, chosen: set[str], options: BatchOptions, reporter: Reporter) -> Outcome:
    """Say what came of the batch; failures weigh more than doubt."""
    results = [result for result in board.results() if result.name in chosen]
    failed = [r.name for r in results if r.state == "failed" or r.failed_frames]
    waiting = [r.name for r in results if r.state == "waiting"]
    review = [r.name for r in results if r.exit_code == 3]
    for line in board.lines(results):
        reporter.say(line)
    event: dict[str, Any] = board.event() | {"review": review, "failed": failed}
    exit_code = 0
    if failed or waiting:
        exit_code = 1
        parts = [f"{_names(failed)} failed"] if failed else []
        parts += [f"{_names(waiting)} not done yet"] if waiting else []
        event["error"] = f"{', '.join(parts)}; the others are done: see {board.page}"
        event["error_type"] = "AntError"
    elif options.gate.is_set and review:
        exit_code = 3
        reporter.say(f"to review: {_names(review)}")
    return Outcome(exit_code, str(board.page), event)


def _names(names: Sequence[str]) -> str:
    """Write the names of shots: all of them, because each needs a look."""
    return ("shot " if len(names) == 1 else "shots ") + ", ".join(names)
