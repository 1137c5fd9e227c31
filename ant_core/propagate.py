"""Colour a shot: the run that puts plan, matcher, votes, paint and files together.

What an earlier run already did is kept as long as all that it depends on is the same: the line
drawing, settings, model, hints, and the fills of the drawings it was coloured from. A drawing
that comes out as before does not disturb those that were coloured from it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.analysis import Analysis, MatcherLike
from ant_core.colors import UNPAINTED, Palette, read_segment_colors
from ant_core.contact_sheet import make_thumbnail
from ant_core.errors import Cancelled, InputError
from ant_core.given import GivenColors
from ant_core.hints import HintSet
from ant_core.matcher import DrawingFeatures, Match
from ant_core.output import OutputFolder
from ant_core.plan import Plan, Source, Step, make_plan
from ant_core.result import (
    LOCKED,
    NOT_FLAT,
    PAINTED,
    STATE_UNPAINTED,
    Fills,
    FrameResult,
    NotFlat,
    Role,
    SourceUsed,
)
from ant_core.shot import Reference, Shot
from ant_core.state import Record, record_name, why_computed
from ant_core.tiles import Tile, cut, split
from ant_core.timing import Timings
from ant_core.voting import Ballot, apply_given, vote
from ant_core.workbench import Settings, Workbench
from segmentation import paint

__all__ = ["Progress", "Propagation", "RunResult", "Settings"]

_LEAST_SOURCES = 2  # are seen by every target, in tiles if need be
_NOT_FLAT_SHARE = 0.1  # design, section 4: a second colour over a tenth of a segment


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
    records : dict of int to str
        Name of the record that each frame's thumbnail lies in.
    """

    results: dict[int, FrameResult]
    palette: Palette
    timings: Timings
    records: dict[int, str]


@dataclass(frozen=True)
class _Solved:
    """A drawing whose fills are known; `record` is the name of its record."""

    frame: int
    line_hash: str
    digest: str
    record: str
    result: FrameResult

    @property
    def has_failed(self) -> bool:
        return self.result.role == "failed"


_Sources = Sequence[tuple[Source, _Solved]]


class Propagation:
    """One run over one shot.

    Parameters
    ----------
    shot : Shot
    output : OutputFolder
        Prepared.
    matcher : MatcherLike
    settings : Settings
    hints : HintSet
    cancel : threading.Event, optional
        Set by another thread or a signal; the run then ends with Cancelled between two stages.
    notify : callable, optional
        Told of every frame that is done.
    timings : Timings, optional
        Where the stages are timed.
    threads : int, optional
        CPU threads of the kernels; all cores if not given.
    """

    def __init__(
        self,
        shot: Shot,
        output: OutputFolder,
        matcher: MatcherLike,
        settings: Settings,
        hints: HintSet,
        *,
        cancel: threading.Event | None = None,
        notify: Callable[[Progress], None] | None = None,
        timings: Timings | None = None,
        threads: int | None = None,
    ) -> None:
        self._shot = shot
        self._output = output
        self._matcher = matcher
        self._settings = settings
        self._timings = timings or Timings()
        self._notify = notify or (lambda _: None)
        self._bench = Workbench(
            shot,
            output,
            matcher,
            settings,
            timings=self._timings,
            cancel=cancel or threading.Event(),
            threads=threads,
        )
        self.palette = self._bench.palette
        self._given = GivenColors(self._bench, hints)
        self._common_keys = self._bench.common_keys()
        self._plan: Plan = make_plan(
            shot.drawings, shot.references, frozenset(shot.frames), settings.max_references
        )
        self._references = {reference.frame: reference for reference in shot.references}
        self._wanted = frozenset(shot.frames)
        self._solved: dict[int, _Solved] = {}
        self._by_line: dict[str, _Solved] = {}
        self._results: dict[int, FrameResult] = {}
        self._records: dict[int, str] = {}

    def run(self) -> RunResult:
        """Colour every frame of the shot.

        Raises
        ------
        Cancelled
            When `cancel` was set; finished frames stay, the next run goes on from them.
        InputError, OutputError
            When a picture cannot be read or the output not be written.
        """
        steps = self._plan.steps
        try:
            with self._bench.pipeline as pipeline:
                for step, following in zip(steps, (*steps[1:], None), strict=True):
                    self._color(step, following)
                for frame in self._plan.references:
                    self._reference(frame)
                pipeline.flush()
            self._output.state.finish(self._bench.line_digests)
        except Cancelled as error:
            raise Cancelled(
                f"stopped after {len(self._results)} of {len(self._wanted)} frames: run the same "
                "command again to go on from there"
            ) from error
        finally:
            self._output.state.close()
        results = {frame: self._results[frame] for frame in sorted(self._results)}
        return RunResult(results, self.palette, self._timings, self._records)

    # ---- references

    def _reference(self, frame: int) -> _Solved:
        """Return what a painted frame teaches, and put its file and holds in place."""
        if frame in self._solved:
            return self._solved[frame]
        self._bench.check()
        reference = self._references[frame]
        line_hash = self._line_hash_of_reference(frame)
        name = record_name("reference", line_hash, reference.digest)
        keys = self._common_keys | {
            "line": line_hash,
            "painting": reference.digest,
            "origin": reference.origin,
        }
        record, reason = self._output.state.load(name, self.palette), ""
        if record is None or record.keys != keys:
            reason = self._why(frame, record, keys, ())
            record = self._learn(reference, keys)
            self._output.state.save(name, record, self.palette)
        role: Role = "reference" if reference.origin == "painted" else "locked"
        solved = self._solve(frame, line_hash, name, record, role, reason)
        self._solved[frame] = solved
        self._by_line.setdefault(line_hash, solved)
        self._show_reference(solved, reference)
        return solved

    def _line_hash_of_reference(self, frame: int) -> str:
        try:
            return self._bench.line_hash(frame)
        except ValueError as error:
            raise InputError(
                f"the line drawing of reference {frame} ({self._shot.lines.place(frame)}) cannot "
                f"be segmented: {error}"
            ) from error

    def _learn(self, reference: Reference, keys: dict[str, str]) -> Record:
        """Read the colours of a painted frame, segment by segment."""
        frame = reference.frame
        analysis = self._bench.pipeline.get(frame)
        self._bench.check()
        with self._timings.measure("read"):
            image = self._bench.painting(reference)
            colors = read_segment_colors(analysis.labels, image, self.palette)
        state = np.where(colors.index == UNPAINTED, STATE_UNPAINTED, PAINTED)
        mixed = np.flatnonzero(colors.second_share > _NOT_FLAT_SHARE)
        state[mixed] = NOT_FLAT
        if reference.origin == "locked":
            state[:] = LOCKED
        fills = Fills.given(colors.index, state, frame)
        not_flat = tuple(
            NotFlat(
                int(row) + 1,
                int(colors.second[row]),
                float(colors.second_share[row]),
                (int(colors.second_at[row, 0]), int(colors.second_at[row, 1])),
            )
            for row in mixed
        )
        self._bench.features(frame, analysis.line_hash)  # while the drawing is at hand
        digest = fills.digest(analysis.line_hash, self.palette)
        record = _make_record(keys, (), digest, fills, not_flat, analysis)
        return replace(record, thumbnail=make_thumbnail(analysis.image, image))

    def _show_reference(self, solved: _Solved, reference: Reference) -> None:
        """Copy a painted file byte for byte to its own frame and to those that hold it."""
        shown = [f for f in self._plan.references[reference.frame] if f in self._wanted]
        if not shown:
            return
        painted = reference.origin == "painted"
        data = (self._shot.colors if painted else self._output).raw(reference.frame)
        for frame in shown:
            if painted or frame != reference.frame:
                with self._timings.measure("write"):
                    self._output.put(frame, data)
            held = frame != reference.frame
            self._finish(frame, solved, "held_reference" if held else solved.result.role)

    # ---- targets

    def _color(self, step: Step, following: Step | None) -> None:
        """Colour one drawing, or keep what an earlier run made of it."""
        self._bench.check()
        frames = [frame for frame in step.frames if frame in self._wanted]
        sources = self._sources(step.sources)
        try:
            line_hash = self._bench.line_hash(step.frame)
            if line_hash in self._by_line:
                self._share(self._by_line[line_hash], frames)
            else:
                self._keep_or_compute(step, frames, line_hash, sources, following)
        except (ValueError, MemoryError, cv2.error) as error:
            self._fail(step, frames, error)

    def _sources(self, sources: Sequence[Source]) -> _Sources:
        pairs = []
        for source in sources:
            if source.kind == "painted":
                pairs.append((source, self._reference(source.frame)))
            elif not self._solved[source.frame].has_failed:
                pairs.append((source, self._solved[source.frame]))
        return pairs

    def _keep_or_compute(
        self,
        step: Step,
        frames: Sequence[int],
        line_hash: str,
        sources: _Sources,
        following: Step | None,
    ) -> None:
        name = record_name("drawing", line_hash)
        keys = self._common_keys | {
            "line": line_hash,
            "model": f"{self._matcher.model_hash} {self._matcher.device}",
            **self._given.keys(step.frame, step.frames),
        }
        used = tuple(
            SourceUsed(solved.frame, source.kind, source.offset, solved.digest)
            for source, solved in sources
        )
        record, reason = self._output.state.load(name, self.palette), ""
        intact = all(self._output.is_intact(frame) for frame in frames)
        if record is None or record.keys != keys or record.sources != used or not intact:
            reason = self._why(step.frame, record, keys, used)
            analysis = self._bench.pipeline.get(step.frame)
            if following is not None:
                self._bench.pipeline.prefetch(following.frame)
            fills = self._fill(step, analysis, sources)
            digest = fills.digest(line_hash, self.palette)
            record = _make_record(keys, used, digest, fills, (), analysis)
            self._paint(frames, name, record, analysis)
        solved = self._solve(step.frame, line_hash, name, record, "predicted", reason)
        self._solved[step.frame] = self._by_line[line_hash] = solved
        for frame in frames:
            self._finish(frame, solved, "predicted")

    def _fill(self, step: Step, analysis: Analysis, sources: _Sources) -> Fills:
        """Match, vote, and let hints and locks have the last word."""
        target = self._bench.features(step.frame, analysis.line_hash)
        self._bench.check()
        ballots, features = self._ballots(sources, target.count)
        fills = apply_given(
            self._vote(features, target, ballots),
            step.frame,
            self._given.hinted(step.frames, analysis),
            self._given.locked(step.frames, analysis),
        )
        # Below this the network's own arithmetic differs from machine to machine.
        return replace(fills, confidence=fills.confidence.round(4))

    def _ballots(self, sources: _Sources, count: int) -> tuple[list[Ballot], list[DrawingFeatures]]:
        """Collect the sources, the nearest first, as far as memory allows."""
        ballots: list[Ballot] = []
        features: list[DrawingFeatures] = []
        columns = 0
        for source, solved in sorted(sources, key=lambda pair: abs(pair[0].offset)):
            self._bench.check()
            encoded = self._bench.features(solved.frame, solved.line_hash)
            columns += encoded.count
            too_many = (
                columns > self._settings.max_columns or columns * count > self._settings.max_pairs
            )
            if len(ballots) >= _LEAST_SOURCES and too_many:
                break
            if encoded.count == 0:
                continue
            fills = solved.result.fills
            weight = np.ones(fills.count, np.float32)
            if source.kind == "predicted":
                weight = fills.confidence
            ballots.append(Ballot(solved.frame, source.offset, fills.color, weight))
            features.append(encoded)
        return ballots, features

    def _vote(
        self, features: list[DrawingFeatures], target: DrawingFeatures, ballots: list[Ballot]
    ) -> Fills:
        """Match and vote, piece by piece where there are thousands of segments."""
        if not features or target.count == 0:
            return Fills.unknown(target.count)
        rows, parts = [], []
        boxes = [encoded.box for encoded in features]
        limits = self._settings.max_pairs, self._settings.max_columns
        for tile in split(target.box, boxes, *limits):
            self._bench.check()
            with self._timings.measure("match"):
                match = self._match(tile, features, target, ballots)
            with self._timings.measure("vote"):
                seen = [
                    replace(ballot, color=ballot.color[part], weight=ballot.weight[part])
                    for ballot, part in zip(ballots, tile.references, strict=True)
                ]
                rows.append(tile.target)
                parts.append(
                    vote(
                        match,
                        seen,
                        self.palette.order(),
                        self._matcher.confidence,
                        self._matcher.no_counterpart_threshold,
                        self._settings.disagreement_share,
                    )
                )
        return Fills.concatenate(parts).taken(np.argsort(np.concatenate(rows)))

    def _match(
        self,
        tile: Tile,
        features: list[DrawingFeatures],
        target: DrawingFeatures,
        ballots: list[Ballot],
    ) -> Match:
        """Match one tile; segment ids are those of the whole references."""
        match = self._matcher.match(
            [cut(encoded, part) for encoded, part in zip(features, tile.references, strict=True)],
            cut(target, tile.target),
            [ballot.offset for ballot in ballots],
        )
        return replace(match, segment=np.concatenate(tile.references).astype(np.int32) + 1)

    def _paint(self, frames: Sequence[int], name: str, record: Record, analysis: Analysis) -> None:
        """Paint a drawing and hand it to the writer."""
        self._bench.check()
        with self._timings.measure("paint"):
            painted = paint(analysis.labels, self.palette.table(record.fills.color))
        line = analysis.image
        self._bench.pipeline.hand_over(lambda: self._write(frames, name, record, line, painted))

    def _write(
        self,
        frames: Sequence[int],
        name: str,
        record: Record,
        line: NDArray[Any],
        painted: NDArray[Any],
    ) -> None:
        """Pack and write a drawing for every frame that shows it; runs on the writer thread."""
        with self._timings.measure("write"):
            data = self._output.writer.encode(painted)
            thumbnail = make_thumbnail(line, painted)
            # The record goes first: files that are in place can then always be accounted for.
            self._output.state.save(name, replace(record, thumbnail=thumbnail), self.palette)
            for frame in frames:
                self._output.put(frame, data)

    def _share(self, solved: _Solved, frames: Sequence[int]) -> None:
        """Show a drawing that is packed differently but has the pixels of one that is done."""
        self._bench.pipeline.flush()
        origin = self._references.get(solved.frame)
        if origin is not None and origin.origin == "painted":
            data = self._shot.colors.raw(solved.frame)
        else:
            data = self._output.raw(solved.frame)
        for frame in frames:
            self._output.put(frame, data)
            self._solved[frame] = solved
            self._finish(frame, solved, "predicted" if origin is None else "held_reference")

    def _fail(self, step: Step, frames: Sequence[int], error: BaseException) -> None:
        """Record that a drawing could not be coloured; the others go on."""
        self._bench.pipeline.flush()
        text = str(error).strip() or "not enough memory"
        message = f"frame {step.frame} ({self._shot.lines.place(step.frame)}) failed: {text}"
        result = FrameResult(
            step.frame, "failed", "", step.frame, Fills.unknown(0), recomputed="new", error=message
        )
        solved = _Solved(step.frame, "", "", "", result)
        self._solved[step.frame] = solved
        for frame in frames:
            self._output.remove(frame)
            self._finish(frame, solved, "failed")

    # ---- results

    def _solve(
        self, frame: int, line_hash: str, name: str, record: Record, role: Role, reason: str
    ) -> _Solved:
        result = FrameResult(
            frame,
            role,
            line_hash,
            frame,
            record.fills,
            record.sources,
            reason,
            record.not_flat,
            record.gap_px,
        )
        return _Solved(frame, line_hash, record.digest, name, result)

    def _finish(self, frame: int, solved: _Solved, role: Role) -> None:
        """Note the result of one frame and tell of it."""
        color = None if solved.has_failed else str(self._output.writer.path(frame))
        result = replace(
            solved.result,
            frame=frame,
            role=role,
            line_file=self._shot.lines.place(frame),
            color_file=color,
        )
        self._results[frame] = result
        if not solved.has_failed:
            self._records[frame] = solved.record
            self._output.state.note_record(frame, solved.record)
        self._notify(Progress(len(self._results), len(self._wanted), result))

    def _why(
        self,
        frame: int,
        record: Record | None,
        keys: dict[str, str],
        sources: tuple[SourceUsed, ...],
    ) -> str:
        if record is None:  # then the frame may have had another drawing or painting
            before = self._output.state.record_of(frame)
            record = self._output.state.load(before, self.palette) if before else None
        return why_computed(record, keys, sources)


def _make_record(
    keys: dict[str, str],
    sources: tuple[SourceUsed, ...],
    digest: str,
    fills: Fills,
    not_flat: tuple[NotFlat, ...],
    analysis: Analysis,
) -> Record:
    height, width = analysis.labels.shape
    places = analysis.segments.centroid / np.array([width, height], np.float32)
    return Record(
        keys, sources, digest, fills, not_flat, analysis.gap_px, b"", places.astype(np.float32)
    )
