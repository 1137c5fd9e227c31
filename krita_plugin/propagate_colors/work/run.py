"""The propagate job: read what is drawn, have it coloured, write frame by frame as they arrive.

It reads before it writes anything, so that what cannot be read ends the run with the document
untouched; then every frame is written whole and noted before the next one. Frames that the
engine need not colour again, and that still hold what we wrote, are not written.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable, Sequence

from ..host.document import HostError
from ..i18n import tr, tr_n
from ..link.engine_texts import sentence
from ..link.requests import Call, EngineRequests, Steps
from ..state import layers, review, timeline
from ..state.journal import pack_result
from ..state.layer_frames import MovedLayer
from ..state.model import FrameState
from ..state.pixels import Format
from ..state.shot import DocumentShot
from . import reading, write
from .pace import Pace

Progress = Callable[[int, int, "float | None", str], None]  # done, total, seconds left, text
RUN_SECONDS = 3600.0  # between two messages of a run; an engine that crashed is noticed otherwise


@dataclass
class RunOutcome:
    """What became of the frames of a run."""

    written: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)  # the artist's meanwhile
    stale: list[int] = field(default_factory=list)  # their lines changed meanwhile
    failed: list[int] = field(default_factory=list)
    beyond: list[int] = field(default_factory=list)  # keys after the animation's end
    moved: list[int] = field(default_factory=list)  # frames written on layers that also move
    emptied: dict[str, list[int]] = field(default_factory=dict)  # painted frames, by such a layer
    stayed: dict[str, list[int]] = field(default_factory=dict)  # the same, as runs before left them
    warnings: list[str] = field(default_factory=list)  # the engine's sentences


class ShotRun:
    """One run over a shot; `steps()` is the job."""

    def __init__(
        self,
        shot: DocumentShot,
        requests: EngineRequests,
        progress: Progress,
        wrote: Callable[[int], None],
    ) -> None:
        self.outcome = RunOutcome()
        self._shot = shot
        self._requests = requests
        self._progress = progress
        self._wrote = wrote  # after each frame, for the widgets
        self._model = ""
        self._lines: dict[int, str] = {}  # hash of the drawing by time, as it was sent
        self._pace = Pace()
        self._keys = write.LayerKeys(shot.document)
        self._moved: dict[MovedLayer, list[int]] = {}  # with the painted frames that are sent
        self._rewritten: set[tuple[MovedLayer, int]] = set()

    def steps(self) -> Steps:
        """Run; neither playhead nor active layer moves, but to a colour layer that is made."""
        try:
            yield from self._all()
        finally:
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
        yield from write.make_color_layer(shot)
        self._progress(0, 0, None, tr("Looking at the frames"))
        yield from reading.scan(shot)
        yield from self._scan_moved()
        targets, references = shot.targets(), shot.references()
        self.outcome.beyond = timeline.times_beyond(shot.lines, shot.document.clip[1])
        _check_work(shot, targets, references)
        yield from reading.open_shot(shot, self._requests)
        yield from self._send(targets, references)
        # Before the first frame: one that is saved, or lost in a crash, a moment before it is noted
        # must not be taken for the artist's when the document is opened again.
        shot.save()
        yield
        yield from self._color(targets, references)
        self._note_stayed(references)

    def _note_stayed(self, references: list[int]) -> None:
        """Note what no run could move again: no match leads to drawings whose colours are given."""
        for layer in self._moved:
            ours = [t for t in references if layer.state(t) == FrameState.PREDICTED]
            shown = [time for time in ours if not layer.seen[time].blank]
            stayed = [time for time in shown if (layer, time) not in self._rewritten]
            if stayed:
                self.outcome.stayed.setdefault(layer.name, []).extend(stayed)

    def _scan_moved(self) -> Steps:
        """Look at the layers that also move; those on which nothing is painted are told of."""
        shot = self._shot
        for layer in shot.also_moved():
            check_format(layer.color_format)
            write.color_layer(layer)
            for _ in layer.scan():
                yield
            painted = self._painted_on(layer)
            if painted:
                self._moved[layer] = painted
            else:
                self.outcome.warnings.append(
                    tr('Nothing is painted on the layer "{name}" to be moved.', name=layer.name)
                )

    def _painted_on(self, layer: MovedLayer) -> list[int]:
        """Return the painted frames of a layer that show a drawing."""
        lines = self._shot.lines
        return [time for time in layer.painted() if timeline.drawing_at(lines, time).parts]

    # ---- what the engine must know

    def _send(self, targets: list[int], references: list[int]) -> Steps:
        shot, requests = self._shot, self._requests
        shades = [(layer, time) for layer, frames in self._moved.items() for time in frames]
        times = sorted({*targets, *references, *(time for _, time in shades)})
        painted = sorted({*references, *(shot.locked_segments() & set(targets))})
        total = len(times) + len(painted) + len(shades)
        self._lines = yield from read_drawings(shot, requests, times, self._progress, total)
        text = tr_n("Reading 1 painted frame", "Reading {n} painted frames", len(painted))
        for done, time in enumerate(painted, len(times)):
            self._progress(done, total, None, text)
            ours = shot.state(time) in review.OURS
            origin = "accepted" if ours else "painted"
            yield from reading.teach_reference(shot, requests, time, origin)
        for done, (layer, time) in enumerate(shades, len(times) + len(painted)):
            self._progress(done, total, None, tr("Reading the layers that also move"))
            yield from reading.teach_shade(shot, layer, requests, time)
        for path in shot.journal.choices.model_sheets:
            yield from requests.ask(
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
            # Only where they are wanted: an engine before them knows no such fields.
            **({"surface": "auto"} if shot.journal.choices.surfaces else {}),
            **({"shades": [self._shade(layer) for layer in self._moved]} if self._moved else {}),
        }

    def _shade(self, layer: MovedLayer) -> dict[str, Any]:
        return {"layer": layer.color, "painted": self._moved[layer], "known": layer.known()}

    # ---- what comes back

    def _color(self, targets: list[int], references: list[int]) -> Steps:
        self._model = self._requests.client.model_hash
        self._pace = Pace()
        self._shot.failures, self._shot.taught = {}, {}
        self._tell(0, len(targets), None)
        call = self._requests.start(self._request(targets, references))
        try:
            yield from self._follow(call, len(targets))
        except Exception:
            self._requests.stop(call)
            raise

    def _follow(self, call: Call, total: int) -> Steps:
        done = 0  # references are answered too, at once
        while True:
            yield from self._requests.await_message(call, RUN_SECONDS)
            header, plane = call.take()
            if header["type"] == "finished":
                warnings = header.get("summary", {}).get("warnings", [])
                self.outcome.warnings += [sentence(text) for text in warnings]
                return
            if header["type"] == "frame_result":
                yield from self._take_frame(header, plane)
                if header["result"]["role"] != "reference":
                    done += 1
                    if header.get("box") is not None:
                        self._pace.arrived()
                    self._tell(done, total, self._pace.seconds(total - done))

    def _tell(self, done: int, total: int, seconds_left: float | None) -> None:
        text = tr("Coloring {n} of {all}", n=min(done + 1, total), all=total)
        self._progress(done, total, seconds_left, text)

    def _take_frame(self, header: dict[str, Any], payload: bytes) -> Steps:
        shot, outcome, time = self._shot, self.outcome, header["frame"]
        plane, rest = payload[: header.get("bytes", 0)], payload[header.get("bytes", 0) :]
        result = header["result"]
        if result["role"] == "failed":
            why = result.get("error")
            shot.failures[time] = sentence(why) if why else tr("The engine could not color it.")
            outcome.failed.append(time)
        elif result["role"] == "reference":
            shot.taught[time] = pack_result(result)
        elif header.get("box") is None:
            shot.kept(time, result, self._requests.review_below)
            outcome.kept.append(time)
        elif (yield from self._lines_changed(time)):
            outcome.stale.append(time)
        else:
            box, expected = tuple(header["box"]), header.get("hash", "")
            below = self._requests.review_below
            colored = write.Colored(
                time=time,
                box=box,
                data=plane,
                result=result,
                model=self._model,
                hash=expected,
                review_below=below,
            )
            state = yield from write.write_frame(shot, self._keys.of(shot), colored)
            (outcome.written if state == FrameState.PREDICTED else outcome.left).append(time)
        entry = shot.entry_of(time)
        if entry is not None:  # while the result is unpacked in memory
            shot.digests.make(entry, self._requests.review_below, result)
        if header.get("shades") and time not in outcome.stale:
            # Not read twice: lines in a group are read behind a shield.
            if header.get("box") is None and (yield from self._lines_changed(time)):
                outcome.stale.append(time)
            else:
                yield from self._take_moved(time, header["shades"], rest)
        self._wrote(time)

    def _take_moved(self, time: int, planes: list[dict[str, Any]], data: bytes) -> Steps:
        """Write what was moved onto a frame, a layer after the other."""
        outcome, start = self.outcome, 0
        for plane in planes:
            end = start + plane["bytes"]
            layer, box = self._shot.layer(plane["layer"]), tuple(plane["box"])
            moved = write.Colored(
                time=time,
                box=box,
                data=data[start:end],
                result={},
                model=self._model,
                hash=plane["hash"],
                review_below=self._requests.review_below,
            )
            start = end
            state = yield from write.write_frame(layer, self._keys.of(layer), moved)
            if state != FrameState.PREDICTED:
                outcome.left = sorted({*outcome.left, time})
                continue
            outcome.moved = sorted({*outcome.moved, time})
            self._rewritten.add((layer, time))
            if not moved.data and time in self._shot.seen and self._shot.is_reference(time):
                outcome.emptied.setdefault(layer.name, []).append(time)

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


def read_drawings(
    shot: DocumentShot,
    requests: EngineRequests,
    times: Sequence[int],
    progress: Progress,
    total: int,
) -> Steps:
    """Make drawings known to the engine; return their hashes by time. `total`: steps in all."""
    hashes = {}
    text = tr_n("Reading 1 drawing", "Reading {n} drawings", len(times))
    for done, time in enumerate(times):
        progress(done, total, None, text)
        hashes[time] = yield from reading.teach_drawing(shot, requests, time)
    return hashes


def check_lines(shot: DocumentShot) -> None:
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


def _check_work(shot: DocumentShot, targets: list[int], references: list[int]) -> None:
    """Raise HostError when there is nothing to learn from or nothing to colour."""
    if not references and not shot.journal.choices.model_sheets:
        raise HostError(
            tr("There is no painted frame to learn from: paint one frame in the color layer.")
        )
    if not targets:
        raise HostError(
            tr("There is nothing to color: every frame of the range is yours or accepted.")
        )
