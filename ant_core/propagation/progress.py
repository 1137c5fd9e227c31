"""What has come of each frame of a run so far, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ant_core.color.palette import Palette
from ant_core.matching.sources import SourceId
from ant_core.propagation.mover import Mover
from ant_core.propagation.output import Output
from ant_core.propagation.record import Record, why_computed
from ant_core.propagation.result import FrameResult, Role, Solved, SourceUsed
from ant_core.propagation.timing import Timings
from ant_core.shot.shot import Shot

__all__ = ["Progress", "Results", "RunResult", "solved_by"]


@dataclass(frozen=True)
class Progress:
    """One frame is done."""

    done: int
    total: int
    result: FrameResult


@dataclass(frozen=True)
class RunResult:
    """What a run did.

    Attributes
    ----------
    results : dict of int to FrameResult
        By frame, rising.
    palette : Palette
    timings : Timings
    records : dict of int or SheetId to str
        Name of the record that the thumbnail of each frame and model sheet lies in.
    """

    results: dict[int, FrameResult]
    palette: Palette
    timings: Timings
    records: dict[SourceId, str]


class Results:
    """The results of a run by frame; each is told of as it comes.

    Parameters
    ----------
    palette : Palette
        Of the records that `output` keeps.
    notify : callable or None
        Told of every frame that is done.
    """

    def __init__(
        self,
        shot: Shot,
        output: Output,
        mover: Mover,
        palette: Palette,
        notify: Callable[[Progress], None] | None,
    ) -> None:
        self._shot = shot
        self._output = output
        self._mover = mover
        self._palette = palette
        self._notify = notify
        self._total = len(frozenset(shot.frames))
        self._results: dict[int, FrameResult] = {}
        self._records: dict[SourceId, str] = {}

    def __len__(self) -> int:
        return len(self._results)

    def close(self) -> None:
        """Let go of the listener."""
        self._notify = None

    def finish(self, frame: int, solved: Solved, role: Role) -> None:
        """Note the result of one frame, whose record the memory has by then, and tell of it."""
        color = None if solved.has_failed else self._output.place(frame)
        result = replace(
            solved.result,
            frame=frame,
            role=role,
            line_file=self._shot.lines.place(frame),
            color_file=color,
            sheets=self._shot.sheet_names,
            layer_files={} if solved.has_failed else self._mover.files.places(frame),
        )
        self._results[frame] = result
        if not solved.has_failed:
            self._records[frame] = solved.record
        if self._notify is not None:
            self._notify(Progress(len(self._results), self._total, result))

    def why(
        self,
        frame: int,
        record: Record | None,
        keys: dict[str, str],
        sources: tuple[SourceUsed, ...],
    ) -> str:
        """Tell why a frame is computed, whose record of an earlier run may be there."""
        if record is None:  # then the frame may have had another drawing or painting
            before = self._output.state.record_of(frame)
            record = self._output.state.load(before, self._palette) if before else None
        return why_computed(record, keys, sources)

    def of_run(self, sheets: dict[SourceId, str], timings: Timings) -> RunResult:
        """Return all of them; `sheets` are the records of the model sheets."""
        results = {frame: self._results[frame] for frame in sorted(self._results)}
        return RunResult(results, self._palette, timings, self._records | sheets)


def solved_by(
    frame: int, line_hash: str, name: str, record: Record, role: Role, reason: str
) -> Solved:
    """Return what a drawing's record says, under the frame at which it was coloured.

    `name` is the record's, `reason` why it was computed in this run, empty when it was kept.
    """
    result = FrameResult(
        frame=frame,
        role=role,
        drawing=line_hash,
        drawing_frame=frame,
        fills=record.fills,
        sources=record.sources,
        recomputed=reason,
        not_flat=record.not_flat,
        gap_px=record.gap_px,
        division=record.division,
        notes=record.notes,
        lines=record.lines,
        surfaces=record.surfaces,
    )
    return Solved(frame, line_hash, record.digest, name, result)
