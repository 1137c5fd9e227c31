"""The smaller jobs on frames: look at them, accept them, take them back; and what runs say."""

from __future__ import annotations

from typing import Callable, Sequence

from ..host import hand
from ..i18n import join_sentences, tr, tr_n
from ..link.requests import Steps
from ..state import review
from ..state.layer_frames import LayerFrames
from ..state.shot import DocumentShot
from . import reading, write
from .run import Progress, RunOutcome
from .shown import shown_at

REST_SECONDS = 0.03  # between two keys, about as long as one takes


def scan(shot: DocumentShot) -> Steps:
    """Read the line layers' keys, new keys of the colour layer and the frame that is shown.

    It has no deadline, and the artist may be drawing: it rests between keys and during strokes.
    """
    reading.require_ready(shot)
    shot.look()
    yield
    for _ in shot.scan({shot.shown_at(shot.document.current_time)}):
        yield REST_SECONDS
        yield hand.is_up, hand.STROKE_SECONDS
    _keep(shot)


def look_again(shot: DocumentShot) -> Steps:
    """Read the frames that we wrote or took back: Krita's own undo changed one of them, perhaps."""
    reading.require_ready(shot)
    for layer in (shot, *shot.ever_moved()):
        for time in shot.journal.touched(layer.color):
            layer.look_at(time)
            yield REST_SECONDS
            yield hand.is_up, hand.STROKE_SECONDS
    _keep(shot)


def _keep(shot: DocumentShot) -> None:
    """Save the journal if it followed Krita's own undo."""
    if shot.unsaved:
        shot.save()


def look_at(shot: DocumentShot, time: int) -> Steps:
    """Read what is shown at a time: the artist may have painted on it."""
    reading.require_ready(shot)
    shot.look_at(shot.shown_at(time))
    yield
    for one in shown_at(shot, time):
        if one.frames is not shot:  # a layer that moves along, whose key may be held over others
            yield hand.is_up, hand.STROKE_SECONDS
            one.frames.look_at(one.key)
            yield REST_SECONDS
    _keep(shot)


class Accept:
    """Accepts frames that still hold what we wrote; `steps()` returns sentences."""

    def __init__(self, shot: DocumentShot, times: Sequence[int]) -> None:
        self._shot = shot
        self._times = times

    def steps(self) -> Steps:
        """Run."""
        shot, accepted, changed = self._shot, [], []
        for time in sorted(self._times):
            reading.require_ready(shot)
            shot.look_at(time)
            yield
            for layer in shot.moved_at(time):
                layer.look_at(time)
                yield
            if shot.state(time) in review.OURS:
                accepted.append(time)
            elif shot.journal.entry(shot.color, time) is not None:
                changed.append(time)
        for time in accepted:
            shot.accept(time)
        if accepted:
            shot.save()
        return self._sentences(accepted, changed)

    @staticmethod
    def _sentences(accepted: list[int], changed: list[int]) -> list[str]:
        if changed:
            return [
                tr(
                    "Changed since they were colored, so yours already: {frames}.",
                    frames=_frame_list(changed),
                )
            ]
        return [] if accepted else [tr("There is no colored frame to accept here.")]


class Undo:
    """Takes frames back; `steps()` returns sentences."""

    def __init__(
        self,
        shot: DocumentShot,
        times: Sequence[int],
        progress: Progress,
        wrote: Callable[[int], None],
    ) -> None:
        self._shot = shot
        self._times = times
        self._progress = progress
        self._wrote = wrote

    def steps(self) -> Steps:
        """Run; neither playhead nor active layer moves."""
        keys = write.LayerKeys(self._shot.document)
        try:
            return (yield from self._all(keys))
        finally:
            keys.close()

    def _all(self, keys: write.LayerKeys) -> Steps:
        shot = self._shot
        for time in self._times:
            shot.adopt(time)
        times = [time for time in sorted(self._times) if self._layers(time)]
        for layer in {id(layer): layer for time in times for layer in self._layers(time)}.values():
            write.color_layer(layer)  # before the first is written: all layers of a frame or none
        refused = []
        for done, time in enumerate(times):
            text = tr("Taking back {n} of {all}", n=done + 1, all=len(times))
            self._progress(done, len(times), None, text)
            for layer in self._layers(time):
                try:
                    yield from write.undo_frame(layer, keys.of(layer), time)
                except write.CannotUndo as error:
                    refused.append(_of_layer(shot, layer, str(error)))
            self._wrote(time)
        return refused if times else [tr("There is no colored frame to take back here.")]

    def _layers(self, time: int) -> list[LayerFrames]:
        """Return the layers in which a frame is noted as ours, the colours first."""
        shot = self._shot
        own = [shot] if shot.journal.entry(shot.color, time) else []
        return [*own, *shot.moved_at(time)]


def _of_layer(shot: DocumentShot, layer: LayerFrames, text: str) -> str:
    """Say of which layer a sentence is, where that is not the colours."""
    if layer is shot:
        return text
    return tr('On the layer "{name}": {text}', name=shot.info(layer.color).name, text=text)


def describe(outcome: RunOutcome, doubtful: int = 0) -> str:
    """Return what a run did, in one to three sentences; `doubtful`: how many to look at."""
    written, failed = len(outcome.written), len(outcome.failed)
    sentence = tr("Nothing had to be colored again.")
    if written and doubtful:
        sentence = tr("{n} colored, {doubtful} to look at.", n=written, doubtful=doubtful)
    elif written or failed:
        sentence = tr_n("{n} frame colored.", "{n} frames colored.", written)
    said = [sentence]
    if outcome.moved:
        moved = len(outcome.moved)
        said.append(
            tr_n("Other layers moved on {n} frame.", "Other layers moved on {n} frames.", moved)
        )
    if failed:
        said.append(tr_n("{n} frame failed.", "{n} frames failed.", failed))
    if outcome.left:
        said.append(
            tr("Yours meanwhile, so left alone: {frames}.", frames=_frame_list(outcome.left))
        )
    if outcome.stale:
        said.append(
            tr(
                "Lines changed meanwhile, press again: {frames}.",
                frames=_frame_list(outcome.stale),
            )
        )
    if outcome.beyond:
        said.append(
            tr(
                "After the end of the animation, so not colored: {frames}.",
                frames=_frame_list(outcome.beyond),
            )
        )
    for name, times in outcome.emptied.items():
        said.append(
            tr(
                'Nothing was painted on the layer "{name}" beside the painted colors: {frames}. '
                "It stays empty there.",
                name=name,
                frames=_frame_list(times),
            )
        )
    for name, times in outcome.stayed.items():
        said.append(
            tr(
                "Colors are given, so what was moved there before stays on the layer "
                '"{name}": {frames}.',
                name=name,
                frames=_frame_list(times),
            )
        )
    return join_sentences(*said, *outcome.warnings)


def _frame_list(times: Sequence[int]) -> str:
    """Return "3, 5-9, 12"."""
    runs: list[list[int]] = []
    for time in sorted(set(times)):  # two layers may have the same name
        if runs and time == runs[-1][1] + 1:
            runs[-1][1] = time
        else:
            runs.append([time, time])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
