"""One shot of a batch, from the list to its record; runs in an engine process.

The batch itself and the workers of a cluster import this too, for `ShotTask`: what only
colouring needs (NumPy, OpenCV, the kernels) is imported where a shot is coloured.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_core.batch.fingerprint import inputs_digest, outputs_digest
from ant_core.batch.records import Records
from ant_core.batch.result import ShotResult
from ant_core.errors import AntError, Cancelled, DeviceUnavailable, ModelError
from ant_core.files import WholeFiles
from ant_core.locks import process_name
from ant_core.reporter import Reporter
from ant_core.workflow.options import options_from_json, options_to_json
from ant_core.workflow.propagate_options import PropagateOptions

if TYPE_CHECKING:
    from ant_core.matching.matcher import Matcher

_COUNTS = ("frames", "drawings", "segments", "doubtful", "no_counterpart", "not_flat")

__all__ = ["ShotTask", "TaskModel", "run_task"]


@dataclass(frozen=True)
class ShotTask:
    """What an engine needs to know of a shot.

    Attributes
    ----------
    name : str
    options : PropagateOptions
        All of them; `out` is the folder of the shot.
    out : str
        OUT of the batch.
    attempt : int
        1 for the first.
    """

    name: str
    options: PropagateOptions
    out: str
    attempt: int = 1

    def to_json(self) -> dict[str, Any]:
        """Return it as the engine processes take it."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "options": options_to_json(self.options)
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> ShotTask:
        """Read what `to_json` wrote."""
        return cls(**document | {"options": options_from_json(document["options"])})

    @property
    def folder(self) -> Path:
        """Where the results of the shot lie."""
        return Path(self.out) / self.name

    def with_threads(self, threads: int) -> ShotTask:
        """Return it with another number of CPU threads."""
        return replace(self, options=replace(self.options, threads=threads))


class TaskModel:
    """The model of a process: loaded for the first shot, used for all."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._matcher: Matcher | None = None

    def matcher(self, options: PropagateOptions) -> Matcher:
        """Return the matcher that the options ask for."""
        from ant_core.workflow.propagate import make_matcher

        key = (options.model, options.device, options.threads)
        if self._matcher is None or key != self._key:
            self._matcher = None  # before the next one is loaded: two may not fit
            self._matcher, self._key = make_matcher(options), key
        return self._matcher


def run_task(
    task: ShotTask, engine: TaskModel, reporter: Reporter, cancel: threading.Event
) -> ShotResult:
    """Colour a shot, unless its record shows that this was done; write its record.

    Raises
    ------
    Held
        When another process works on the shot.
    Cancelled
        When `cancel` was set; the next run goes on from the finished frames.
    ModelError, DeviceUnavailable
        When no shot at all can be coloured.
    OutputError
        When the record cannot be written.
    """
    from ant_core.batch.picture import shot_picture

    files = WholeFiles()
    records = Records(Path(task.out), files)

    def check() -> None:
        if cancel.is_set():
            raise Cancelled(f"stopped before {task.name} was done")

    options, folder = task.options, task.folder
    matcher = engine.matcher(options)
    with records.lock(task.name):
        try:
            inputs = inputs_digest(options, matcher.model_hash, check)
            record = records.read(task.name)
            same = record is not None and record.inputs == inputs
            if record is not None and same and record.outputs == outputs_digest(folder, check):
                return replace(record.result, kept=True)
            result = _colored(task, matcher, reporter, cancel, files)
        except (Cancelled, ModelError, DeviceUnavailable):
            raise
        except Exception as error:
            records.write(_failed(task, error), "", "", b"")
            return _failed(task, error)
        picture = shot_picture(folder, result.picture_frame, Path(task.out) / result.contact_sheet)
        whole = result.exit_code in (0, 3)
        records.write(
            result,
            inputs if whole else "",
            outputs_digest(folder, check) if whole else "",
            picture,
        )
    return result


def _colored(
    task: ShotTask,
    matcher: Matcher,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> ShotResult:
    """Run propagate and gather what the summary tells of it."""
    from ant_core.batch.picture import choose_frame
    from ant_core.workflow import propagate

    start = time.perf_counter()
    outcome = propagate.run(task.options, reporter, cancel, files, lambda: matcher)
    event = outcome.event
    # A shot of several cels has a report for each, and one over all that names them.
    parts = event.get("cels", [event])
    reports = [json.loads(Path(part["report"]).read_bytes()) for part in parts]
    frames = [frame for report in reports for frame in report["frames"]]
    predicted = [frame["confidence"] for frame in frames if frame["role"] == "predicted"]
    doubt = _doubt_by_frame(frames)
    return ShotResult(
        name=task.name,
        state="done",
        exit_code=outcome.exit_code,
        error=event.get("error", ""),
        error_type="AntError" if "error" in event else "",
        **{key: event["summary"][key] for key in _COUNTS},
        doubtful_frames=_numbers(f for f in frames if f["doubtful"] or "error" in f),
        failed_frames=_numbers(f for f in frames if "error" in f),
        doubt=doubt,
        confidence=round(sum(predicted) / len(predicted), 4) if predicted else None,
        lowest_confidence=_lowest(frames),
        seconds=round(time.perf_counter() - start, 2),
        attempts=task.attempt,
        report=_inside(event["report"], task.out),
        contact_sheet=_inside(parts[0]["contact_sheet"], task.out),
        review_page=_inside(parts[0]["review_page"], task.out),
        picture_frame=choose_frame(doubt),
        warnings=tuple(text for report in reports for text in report["warnings"]),
        device=reports[0]["device"],
        model_name=reports[0]["model"]["name"],
        model_hash=reports[0]["model"]["sha256"],
        worker=process_name(),
    )


def _doubt_by_frame(frames: Iterable[dict[str, Any]]) -> tuple[tuple[int, int], ...]:
    """Count doubtful segments by frame; cels that share a number share an entry."""
    doubt: dict[int, int] = {}
    for frame in frames:
        doubt[frame["frame"]] = doubt.get(frame["frame"], 0) + frame["doubtful"]
    return tuple(sorted(doubt.items()))


def _lowest(frames: Iterable[dict[str, Any]]) -> float | None:
    """Return the lowest confidence of the segments coloured from a counterpart; None without."""
    return min(
        (
            segment["confidence"]
            for frame in frames
            if frame["role"] == "predicted"
            for segment in frame["segments"]
            if segment["state"] != "no_counterpart"
        ),
        default=None,
    )


def _numbers(frames: Iterable[dict[str, Any]]) -> tuple[int, ...]:
    return tuple(sorted({frame["frame"] for frame in frames}))


def _inside(path: str, out: str) -> str:
    return Path(path).absolute().relative_to(out).as_posix()


def _failed(task: ShotTask, error: Exception) -> ShotResult:
    """Tell of a shot that could not be coloured; the details go to the log."""
    if isinstance(error, AntError):
        text, code = str(error), error.exit_code
    else:
        traceback.print_exception(error, file=sys.stderr)
        text, code = f"something unexpected happened ({type(error).__name__}: {error})", 1
    return ShotResult(
        name=task.name,
        state="failed",
        exit_code=code,
        error=text,
        error_type=type(error).__name__,
        attempts=task.attempt,
        worker=process_name(),
    )
