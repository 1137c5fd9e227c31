"""The propagate job: read what is drawn, have it coloured, write frame by frame as they arrive.

It reads before it writes anything, so that what cannot be read ends the run with the document
untouched; then every frame is written whole and noted before the next one. Frames that the
engine need not colour again, and that still hold what we wrote, are not written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Callable

from ..host import steps, writing
from ..host.document import HostError
from ..i18n import tr
from ..link.talk import Call, Steps, Talk
from ..state import layers, review, timeline
from ..state.journal import pack_result
from ..state.model import FrameState
from ..state.pixels import Format
from ..state.shot import Shot
from . import reading, write

Progress = Callable[[int, int, "float | None", str], None]  # done, total, seconds left, text
RUN_SECONDS = 3600.0  # between two messages of a run; a dead engine is noticed otherwise


@dataclass
class Outcome:
    """What became of the frames of a run."""

    written: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)  # the artist's meanwhile
    stale: list[int] = field(default_factory=list)  # their lines changed meanwhile
    failed: list[int] = field(default_factory=list)
    beyond: list[int] = field(default_factory=list)  # keys after the animation's end
    warnings: list[str] = field(default_factory=list)  # the engine's sentences


class Run:
    """One run over a shot; `steps()` is the job."""

    def __init__(
        self, shot: Shot, talk: Talk, progress: Progress, wrote: Callable[[int], None]
    ) -> None:
        self.outcome = Outcome()
        self._shot = shot
        self._talk = talk
        self._progress = progress
        self._wrote = wrote  # after each frame, for the widgets
        self._model = ""
        self._lines: dict[int, str] = {}  # hash of the drawing by time, as it was sent
        self._began = 0.0
        self._keys: writing.Keys | None = None

    def steps(self) -> Steps:
        """Run; neither playhead nor active layer moves, but to a colour layer that is made."""
        try:
            yield from self._all()
        finally:
            if self._keys is not None:
                self._keys.close()
            self._note_kept()
        return self.outcome

    def _note_kept(self) -> None:
        """Save the engine's new word on frames that stay as they are."""
        if self.outcome.kept and self._shot.document.is_open():
            self._shot.save()

    def _all(self) -> Steps:
        shot = self._shot
        reading.require_ready(shot)
        shot.look()
        check_lines(shot)
        yield
        yield from self._color_layer()
        self._keys = writing.Keys(shot.document, shot.color or "")
        self._progress(0, 0, None, tr("Looking at the frames"))
        yield from reading.scan(shot)
        targets, references = shot.targets(), shot.references()
        self.outcome.beyond = timeline.times_beyond(shot.lines, shot.document.clip[1])
        check_work(shot, targets, references)
        yield from reading.open_shot(shot, self._talk)
        yield from self._send(targets, references)
        # Before the first frame: one that is saved, or lost in a crash, a moment before it is noted
        # must not be taken for the artist's when the document is opened again.
        shot.save()
        yield
        yield from self._color(targets, references)

    def _color_layer(self) -> Steps:
        """Make the colour layer below the lines, named after them, if none was chosen."""
        shot = self._shot
        if shot.color is not None:
            write.color_layer(shot)
            shot.chosen |= {"lines", "color"}  # by pressing the button
            return
        line = shot.info(shot.lines[0].uuid)
        name = layers.color_layer_name(line.name)
        uuid = yield from steps.create_color_layer(shot.document, name, line.uuid)
        shot.choose(color=uuid)

    # ---- what the engine must know

    def _send(self, targets: list[int], references: list[int]) -> Steps:
        shot, talk = self._shot, self._talk
        times = sorted({*targets, *references})
        painted = sorted({*references, *(shot.locked_segments() & set(targets))})
        total = len(times) + len(painted)
        for done, time in enumerate(times):
            self._progress(done, total, None, tr("Reading drawings"))
            self._lines[time] = yield from reading.teach_drawing(shot, talk, time)
        for done, time in enumerate(painted, len(times)):
            self._progress(done, total, None, tr("Reading colors"))
            ours = shot.state(time) in review.OURS
            origin = "accepted" if ours else "painted"
            yield from reading.teach_reference(shot, talk, time, origin)
        for path in shot.journal.choices.model_sheets:
            yield from talk.ask(
                {"type": "add_model_sheet", "shot": shot.document.key, "path": path}
            )

    def _request(self, targets: list[int], references: list[int]) -> dict[str, Any]:
        shot = self._shot
        predicted = [time for time in targets if shot.state(time) == FrameState.PREDICTED]
        return {
            "type": "propagate",
            "shot": shot.document.key,
            "frames": sorted({*targets, *references}),
            "references": references,
            "model_sheets": shot.journal.choices.model_sheets,
            "hints": shot.hints_for(targets),
            "gap_px": shot.journal.choices.gap_px,
            "known": {str(time): shot.known_to_engine(time) for time in predicted},
        }

    # ---- what comes back

    def _color(self, targets: list[int], references: list[int]) -> Steps:
        self._model = self._talk.client.model_hash
        self._began = monotonic()
        self._shot.failures, self._shot.taught = {}, {}
        self._progress(0, len(targets), None, tr("Coloring"))
        call = self._talk.start(self._request(targets, references))
        try:
            yield from self._follow(call)
        except Exception:
            self._talk.stop(call)
            raise

    def _follow(self, call: Call) -> Steps:
        while True:
            yield from self._talk.await_message(call, RUN_SECONDS)
            header, plane = call.take()
            if header["type"] == "finished":
                self.outcome.warnings += header.get("summary", {}).get("warnings", [])
                return
            if header["type"] == "frame_result":
                yield from self._take_frame(header, plane)
                done, total = header["done"], header["total"]
                self._progress(done, total, self._left(done, total), tr("Coloring"))

    def _left(self, done: int, total: int) -> float | None:
        """Return the seconds that the rest will take at the pace so far."""
        return (monotonic() - self._began) / done * (total - done) if done else None

    def _take_frame(self, header: dict[str, Any], plane: bytes) -> Steps:
        shot, outcome, time = self._shot, self.outcome, header["frame"]
        result = header["result"]
        if result["role"] == "failed":
            shot.failures[time] = result.get("error") or tr("The engine could not color it.")
            outcome.failed.append(time)
        elif result["role"] == "reference":
            shot.taught[time] = pack_result(result)
        elif header.get("box") is None:
            shot.kept(time, result)
            outcome.kept.append(time)
        elif (yield from self._lines_changed(time)):
            outcome.stale.append(time)
        else:
            colored = write.Colored(
                time, tuple(header["box"]), plane, result, self._model, header.get("hash", "")
            )
            state = yield from write.write_frame(shot, self._keys, colored)
            (outcome.written if state == FrameState.PREDICTED else outcome.left).append(time)
        entry = shot.entry_of(time)
        if entry is not None:  # while the result is at hand unpacked
            shot.digests.make(entry, self._talk.review_below, result)
        self._wrote(time)

    def _lines_changed(self, time: int) -> Steps:
        """Tell whether a drawing was edited since it was sent; stop when keys were moved."""
        shot = self._shot
        if not timeline.same_drawings(shot.lines, shot.current_lines()):
            raise HostError(
                tr("Frames of the line layer were moved, made or removed: press again.")
            )
        yield
        drawing = timeline.drawing_at(shot.lines, time)
        digest, _ = yield from reading.read_drawing(shot, drawing)
        return digest != self._lines[time]


def check_lines(shot: Shot) -> None:
    """Raise HostError when the chosen line layers cannot be worked with."""
    if not shot.lines:
        raise HostError(tr("Choose the layer with the lines first."))
    if shot.color in layers.with_members(shot.infos, [line.uuid for line in shot.lines]):
        raise HostError(
            tr("The color layer is one of the line layers or lies in their group: choose another.")
        )
    formats = {layers.format_of(shot.info(line.uuid)) for line in shot.lines}
    if len(formats) > 1:
        raise HostError(
            tr("The line layers have different color models: convert them to the same one.")
        )
    for form in (*formats, shot.color_format):
        check_format(form)
    if not shot.drawing_times():
        raise HostError(tr("The line layer has no keyframe in the chosen range: animate it first."))


def check_format(form: Format) -> None:
    """Raise HostError for pixels that the engine does not know."""
    if not form.known:
        raise HostError(
            tr(
                "The color model {model} {depth} cannot be used: convert the layer to RGB, gray "
                "or CMYK.",
                model=form.model,
                depth=form.depth,
            )
        )


def check_work(shot: Shot, targets: list[int], references: list[int]) -> None:
    """Raise HostError when there is nothing to learn from or nothing to colour."""
    if not references and not shot.journal.choices.model_sheets:
        raise HostError(
            tr("There is no painted frame to learn from: paint one frame in the color layer.")
        )
    if not targets:
        raise HostError(
            tr("There is nothing to color: every frame of the range is yours or accepted.")
        )
