"""The smaller jobs on frames: look at them, accept them, take them back; and what runs say."""

from __future__ import annotations

from typing import Callable, Sequence

from ..host import hand, writing
from ..i18n import tr, tr_n
from ..link.talk import Steps
from ..state import review
from ..state.shot import Shot
from . import reading, write
from .run import Outcome, Progress

REST_SECONDS = 0.03  # between two keys, about as long as one takes


def scan(shot: Shot) -> Steps:
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


def look_again(shot: Shot) -> Steps:
    """Read the frames that we wrote or took back: Krita's own undo changed one of them, perhaps."""
    reading.require_ready(shot)
    for time in shot.journal.touched(shot.color):
        shot.look_at(time)
        yield REST_SECONDS
        yield hand.is_up, hand.STROKE_SECONDS
    _keep(shot)


def _keep(shot: Shot) -> None:
    """Save the journal if it followed Krita's own undo."""
    if shot.unsaved:
        shot.save()


def look_at(shot: Shot, time: int) -> Steps:
    """Read one frame that the artist may have painted on."""
    reading.require_ready(shot)
    shot.look_at(time)
    _keep(shot)
    yield


class Accept:
    """Accepts frames that still hold what we wrote; `steps()` returns sentences."""

    def __init__(self, shot: Shot, times: Sequence[int]) -> None:
        self._shot = shot
        self._times = times

    def steps(self) -> Steps:
        """Run."""
        shot, accepted, changed = self._shot, [], []
        for time in sorted(self._times):
            reading.require_ready(shot)
            shot.look_at(time)
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
                    frames=frame_list(changed),
                )
            ]
        return [] if accepted else [tr("There is no colored frame to accept here.")]


class Undo:
    """Takes frames back; `steps()` returns sentences."""

    def __init__(
        self,
        shot: Shot,
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
        keys = writing.Keys(self._shot.document, self._shot.color or "")
        try:
            return (yield from self._all(keys))
        finally:
            keys.close()

    def _all(self, keys: writing.Keys) -> Steps:
        shot = self._shot
        times = [time for time in sorted(self._times) if shot.journal.entry(shot.color, time)]
        refused = []
        for done, time in enumerate(times):
            self._progress(done, len(times), None, tr("Taking back"))
            try:
                yield from write.undo_frame(shot, keys, time)
            except write.CannotUndo as error:
                refused.append(str(error))
            self._wrote(time)
        return refused if times else [tr("There is no colored frame to take back here.")]


def describe(outcome: Outcome, doubtful: int = 0) -> str:
    """Return what a run did, in one to three sentences; `doubtful`: how many to look at."""
    written, failed = len(outcome.written), len(outcome.failed)
    sentence = tr("Nothing had to be colored again.")
    if written and doubtful:
        sentence = tr("{n} colored, {doubtful} to look at.", n=written, doubtful=doubtful)
    elif written or failed:
        sentence = tr_n("{n} frame colored.", "{n} frames colored.", written)
    sentences = [sentence]
    if failed:
        sentences.append(tr_n("{n} frame failed.", "{n} frames failed.", failed))
    if outcome.left:
        sentences.append(
            tr("Yours meanwhile, so left alone: {frames}.", frames=frame_list(outcome.left))
        )
    if outcome.stale:
        sentences.append(
            tr(
                "Lines changed meanwhile, press again: {frames}.",
                frames=frame_list(outcome.stale),
            )
        )
    if outcome.beyond:
        sentences.append(
            tr(
                "After the end of the animation, so not colored: {frames}.",
                frames=frame_list(outcome.beyond),
            )
        )
    return " ".join([*sentences, *outcome.warnings])


def frame_list(times: Sequence[int]) -> str:
    """Return "3, 5-9, 12"."""
    runs: list[list[int]] = []
    for time in sorted(times):
        if runs and time == runs[-1][1] + 1:
            runs[-1][1] = time
        else:
            runs.append([time, time])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
