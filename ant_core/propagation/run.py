"""Colour a shot: the run that puts plan, matcher, votes, paint and files together.

What an earlier run already did is kept as long as all that it depends on is the same: the line
drawing, settings, model, hints, and the fills of the drawings it was coloured from. A drawing
that comes out as before does not disturb those that were coloured from it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial

import cv2

from ant_core.color.palette import Palette
from ant_core.errors import Cancelled, InputError
from ant_core.matching.fills import FLAG_DAB, Fills
from ant_core.matching.sources import SheetId
from ant_core.propagation.drawings import Drawings, Settings
from ant_core.propagation.fill import Filler, Sources
from ant_core.propagation.mover import Mover, Seen
from ant_core.propagation.never import NeverRules
from ant_core.propagation.output import Output
from ant_core.propagation.painter import Job, Painter
from ant_core.propagation.plan import Plan, Source, Step, make_plan
from ant_core.propagation.prepared import FeatureCache, MatcherLike
from ant_core.propagation.progress import Progress, Results, RunResult, solved_by
from ant_core.propagation.record import Record, digest_of, record_name
from ant_core.propagation.references import GivenColors, read_painting, read_reference
from ant_core.propagation.result import FrameResult, Role, Solved, SourceUsed
from ant_core.propagation.shades import Shade
from ant_core.propagation.sheet_references import SheetSources
from ant_core.propagation.timing import Timings
from ant_core.shot.hints import HintSet
from ant_core.shot.shot import Reference, Shot

__all__ = ["Propagation", "Settings"]

_ALGORITHM = 12  # raised when the same inputs would give other fills than before


class Propagation:
    """One run over one shot.

    Parameters
    ----------
    output : Output
        Ready to be written to.
    cancel : threading.Event, optional
        Set by another thread or a signal; the run then ends with Cancelled between two stages.
    notify : callable, optional
        Told of every frame that is done.
    timings : Timings, optional
        Where the stages are timed.
    threads : int, optional
        CPU threads of the kernels; all cores if not given.
    features : FeatureCache, optional
        Of an earlier run with the same matcher and gap width.
    shades : sequence of Shade
        Further layers that go with the segments.
    surfaces : bool
        Whether what is painted in more than one colour goes with its segment.
    """

    def __init__(
        self,
        shot: Shot,
        output: Output,
        matcher: MatcherLike,
        settings: Settings,
        hints: HintSet,
        *,
        cancel: threading.Event | None = None,
        notify: Callable[[Progress], None] | None = None,
        timings: Timings | None = None,
        threads: int | None = None,
        features: FeatureCache | None = None,
        shades: Sequence[Shade] = (),
        surfaces: bool = False,
    ) -> None:
        self._shot = shot
        self._output = output
        self._matcher = matcher
        self._timings = timings = timings or Timings()
        self.palette = palette = Palette(shot.pixels)
        self._drawings = drawings = Drawings(
            shot,
            output.state,
            matcher,
            settings,
            timings=timings,
            cancel=cancel or threading.Event(),
            threads=threads,
            features=features,
        )
        self._given = GivenColors(drawings, palette, output, hints)
        self._never = NeverRules(drawings, palette, shot, hints)
        self._filler = Filler(
            drawings, matcher, palette, settings, self._given, self._never, timings
        )
        painting = partial(read_painting, shot, output)
        self._mover = Mover(
            drawings, matcher, shot, palette, timings, shades, painting, colors=surfaces
        )
        self._painter = Painter(output, palette, drawings.pipeline, self._mover, timings)
        self._results = Results(shot, output, self._mover, palette, notify)
        self._keys = keys = {
            "settings": digest_of([_ALGORITHM, asdict(settings)]),
            "format": digest_of([asdict(shot.pixels), output.format_key]),
            **self._mover.common_keys(),
        }
        self._sheets = SheetSources(
            drawings, matcher, shot, output, palette, timings, keys, self._mover
        )
        self._wanted = frozenset(shot.frames)
        self._plan: Plan = make_plan(
            shot.drawings, shot.references, self._wanted, settings.max_references, len(shot.sheets)
        )
        self._references = {reference.frame: reference for reference in shot.references}
        self._solved: dict[int, Solved] = {}
        self._by_line: dict[str, Solved] = {}
        self._blank: set[int] = set()  # references without a line

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
            with self._drawings.pipeline as pipeline:
                self._check_rules()
                # Not strict: without steps there is nothing to walk.
                for step, following in zip(steps, (*steps[1:], None), strict=False):
                    self._color(step, following)
                for frame in self._plan.references:
                    self._reference(frame)
                pipeline.flush()
            self._output.state.finish(self._drawings.line_digests)
        except Cancelled as error:
            raise Cancelled(
                f"stopped after {len(self._results)} of {len(self._wanted)} frames: run the same "
                "command again to go on from there"
            ) from error
        finally:
            # As cycles, the listener and the sheets would outlive the run, pictures too.
            self._results.close()
            self._sheets.close()
            self._output.state.close()
        return self._results.of_run(self._sheets.records, self._timings)

    def _check_rules(self) -> None:
        """Raise InputError where a rule names nothing that is there."""
        self._never.check_places()
        if self._never.by_color:
            sheets = [SheetId(place) for place in range(len(self._shot.sheets))]
            sources = [self._reference(frame) for frame in self._plan.references]
            self._never.check_colors(sources + [self._sheets.get(sheet) for sheet in sheets])

    # ---- references

    def _reference(self, frame: int) -> Solved:
        """Return what a painted frame teaches, and put its file and holds in place."""
        if frame in self._solved:
            return self._solved[frame]
        self._drawings.check()
        reference = self._references[frame]
        line_hash = self._line_hash_of_reference(frame)
        name = record_name("reference", line_hash, reference.digest)
        keys = self._keys | {
            "line": line_hash,
            "painting": reference.digest,
            "origin": reference.origin,
            **self._mover.keys(self._frames_of(frame)),
        }
        record, reason = self._output.state.load(name, self.palette), ""
        if record is None or record.keys != keys:
            reason = self._results.why(frame, record, keys, ())
            record = self._reference_record(reference, keys)
            self._refuse_blank(reference, record)
            record = self._as_source(record, reference)
            self._output.state.save(name, record, self.palette)
        self.palette.note_paints(record.fills.color)
        role: Role = "reference" if reference.origin == "painted" else "locked"
        solved = solved_by(frame, line_hash, name, record, role, reason)
        self._solved[frame] = solved
        analysis = self._drawings.pipeline.get(frame) if reason and self._mover.active else None
        self._mover.note(solved, self._frames_of(frame), analysis)
        self._by_line.setdefault(line_hash, solved)
        # Also where the frame itself is not asked for: its record is needed the next time. Noted
        # before the files, which are put in place in every run: none is kept by this name alone.
        self._output.state.note_record(frame, name)
        self._show_reference(solved, reference)
        return solved

    def _reference_record(self, reference: Reference, keys: dict[str, str]) -> Record:
        """Read the colours of a painted frame, and encode its drawing."""
        frame = reference.frame
        analysis = self._drawings.pipeline.get(frame)
        self._drawings.check()
        with self._timings.measure("read"):
            image = read_painting(self._shot, self._output, reference)
            colors = self._mover.moves_colors
            record = read_reference(analysis, reference, image, self.palette, keys, surfaces=colors)
        # Now, before the pipeline drops this drawing.
        self._drawings.features(frame, analysis.line_hash, record.division)
        shown = self._mover.seen(image, {}, frame, self._frames_of(frame))
        return replace(record, thumbnail=self._output.thumbnail(analysis.image, shown))

    def _frames_of(self, reference: int) -> tuple[int, ...]:
        """Return the frames that take the colours of a reference, itself among them."""
        return self._plan.references[reference]

    def _as_source(self, record: Record, reference: Reference) -> Record:
        """Note in the record of a painted frame that its very pixels go on from it."""
        if not self._mover.active:
            return record
        frames = self._frames_of(reference.frame)
        own = self._mover.painted(reference.frame, frames, record.fills.count)
        digest = self._mover.digest(record.digest, own)
        return replace(record, surfaces=own, digest=digest)

    def _refuse_blank(self, reference: Reference, record: Record) -> None:
        """Raise InputError where no reference shows a line: then something else was exported.

        Blank drawings in one colour are backgrounds, single other ones empty cels: both are legal.
        """
        one_colour = not record.not_flat and not (record.fills.flags & FLAG_DAB).any()
        if one_colour or not record.lines.blank:
            return
        self._blank.add(reference.frame)
        if self._blank >= self._references.keys() and not self._shot.sheets:
            raise InputError(
                f"the line drawing of reference {reference.frame} "
                f"({self._shot.lines.place(reference.frame)}) shows no line: export the line art, "
                "dark on light paper or with transparency, or name it with --line"
            )

    def _line_hash_of_reference(self, frame: int) -> str:
        try:
            return self._drawings.line_hash(frame)
        except ValueError as error:
            raise InputError(
                f"the line drawing of reference {frame} ({self._shot.lines.place(frame)}) cannot "
                f"be segmented: {error}"
            ) from error

    def _show_reference(self, solved: Solved, reference: Reference) -> None:
        """Copy a painted file byte for byte to its own frame and to those that hold it."""
        shown = [f for f in self._plan.references[reference.frame] if f in self._wanted]
        if not shown:
            return
        painted = reference.origin == "painted"
        data = (self._shot.colors if painted else self._output).raw(reference.frame)
        for frame in shown:
            held = frame != reference.frame
            with self._timings.measure("write"):
                if held:
                    self._output.state.note_record(frame, solved.record)
                if painted or held:
                    self._output.put(frame, data)
                self._mover.files.put([frame], self._frames_of(reference.frame), {})
            self._results.finish(frame, solved, "held_reference" if held else solved.result.role)

    # ---- targets

    def _color(self, step: Step, following: Step | None) -> None:
        """Colour one drawing, or keep what an earlier run made of it."""
        self._drawings.check()
        frames = [frame for frame in step.frames if frame in self._wanted]
        sources = self._sources(step)
        try:
            line_hash = self._drawings.line_hash(step.frame)
            if line_hash in self._by_line:
                self._share(step, self._by_line[line_hash], frames)
            else:
                self._keep_or_compute(step, frames, line_hash, sources, following)
        except (ValueError, MemoryError, cv2.error) as error:
            self._fail(step, frames, error)

    def _sources(self, step: Step) -> Sources:
        pairs: list[tuple[Source, Solved]] = []
        for source in step.sources:
            if isinstance(source.frame, SheetId):
                pairs.append((source, self._sheets.get(source.frame)))
            elif source.kind == "painted":
                pairs.append((source, self._reference(source.frame)))
            elif not self._solved[source.frame].has_failed and self._never.teaches(
                source.frame, step.frames
            ):
                pairs.append((source, self._solved[source.frame]))
        return pairs

    def _keep_or_compute(
        self,
        step: Step,
        frames: Sequence[int],
        line_hash: str,
        sources: Sources,
        following: Step | None,
    ) -> None:
        name = record_name("drawing", line_hash)
        keys = self._keys | {
            "line": line_hash,
            "model": f"{self._matcher.model_hash} {self._matcher.device}",
            **self._given.keys(step.frame, step.frames),
            **self._never.keys(step.frames),
            **self._mover.keys(step.frames),
        }
        used = tuple(
            SourceUsed(solved.frame, source.kind, source.offset, solved.digest)
            for source, solved in sources
        )
        record, reason = self._output.state.load(name, self.palette), ""
        # A frame whose drawing was moved here from another one still shows its old picture.
        had = {self._output.state.record_of(frame) for frame in frames}
        elsewhere = not had <= {name, ""}  # "": a run was stopped while it wrote them
        intact = had <= {name} and all(self._output.is_intact(frame) for frame in frames)
        intact &= self._mover.files.intact(frames)
        analysis = None
        if record is None or record.keys != keys or record.sources != used or not intact:
            earlier = None if elsewhere else record
            reason = self._results.why(step.frame, earlier, keys, used)
            analysis = self._drawings.pipeline.get(step.frame)
            if following is not None:
                self._drawings.pipeline.prefetch(following.frame)
            fills, division = self._filler.fill(step, analysis, sources)
            seen = Seen(self._drawings.features(step.frame, line_hash), self._filler.seen)
            moved = self._mover.follow(step, analysis, (fills, division), seen)
            fills = moved.fills
            digest = fills.digest(line_hash, self.palette)
            digest = self._mover.digest(digest, moved.surfaces)
            record = Record(
                keys=keys,
                sources=used,
                digest=digest,
                fills=fills,
                division=division,
                gap_px=analysis.pieces.gap_px,
                lines=analysis.taken,
                surfaces=moved.surfaces,
            )
            self._drawings.check()
            self._painter.paint(Job(frames, name, record, analysis, earlier, moved))
        solved = solved_by(step.frame, line_hash, name, record, "predicted", reason)
        self._mover.note(solved, step.frames, analysis)
        self._solved[step.frame] = self._by_line[line_hash] = solved
        for frame in frames:
            self._results.finish(frame, solved, "predicted")

    def _share(self, step: Step, solved: Solved, frames: Sequence[int]) -> None:
        """Show a drawing that is packed differently but has the pixels of one that is done."""
        self._drawings.pipeline.flush()
        origin = self._references.get(solved.result.frame)
        if origin is not None and origin.origin == "painted":
            data = self._shot.colors.raw(origin.frame)
        else:
            data = self._output.raw(solved.result.frame)
        self._output.state.begin("", frames)
        self._mover.files.share(frames, step.frames, solved.result.frame)
        solved = self._mover.shared(solved, step.frame, step.frames)
        for frame in frames:
            self._output.put(frame, data)
            self._output.state.note_record(frame, solved.record)
            self._solved[frame] = solved
            self._results.finish(frame, solved, "predicted" if origin is None else "held_reference")

    def _fail(self, step: Step, frames: Sequence[int], error: BaseException) -> None:
        """Record that a drawing could not be coloured; the others go on."""
        self._drawings.pipeline.flush()
        text = str(error).strip() or "not enough memory"
        message = f"frame {step.frame} ({self._shot.lines.place(step.frame)}) failed: {text}"
        result = FrameResult(
            frame=step.frame,
            role="failed",
            drawing="",
            drawing_frame=step.frame,
            fills=Fills.unknown(0),
            recomputed="new",
            error=message,
        )
        solved = Solved(step.frame, "", "", "", result)
        self._solved[step.frame] = solved
        for frame in frames:
            self._output.remove(frame)
            self._mover.files.remove(frame)
            self._results.finish(frame, solved, "failed")
