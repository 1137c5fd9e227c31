"""The controller's commands that lead through a shot: to what is doubtful, yes, no, and back."""

from __future__ import annotations

from typing import Callable, NamedTuple, Sequence

from .i18n import tr, tr_n
from .link.engine_room import EngineRoom
from .open_documents import OpenDocuments
from .signals import Signal
from .state import review
from .state.mistakes import Mistake
from .state.model import FrameRow, FrameState, MistakeShown, Point
from .work import tasks


class ReviewStep(NamedTuple):
    """Where the artist is among the mistakes."""

    serial: int
    place: int  # from 0
    count: int
    mistake: Mistake | None  # None: it was put right


class Reviewing:
    """What the artist is shown of the document in front, and says about its frames."""

    go_to: Callable[[int], None]
    progress: Signal
    frames: list[FrameRow]
    _documents: OpenDocuments
    _engine: EngineRoom
    _quietly: Callable[..., None]
    _step: ReviewStep | None
    _tell: Callable[[str], None]
    _free: Callable[[], bool]
    _prepare_click: Callable[[], None]
    _say: Callable[..., None]
    _say_sentences: Callable[[Sequence[str]], None]
    _show_frames: Callable[[], None]
    _start: Callable[..., None]

    def step_doubtful(self, direction: int) -> None:
        """Go to the next or previous mistake, worst first, at the first of its frames."""
        found = self._mistakes(lambda: self.step_doubtful(direction))
        if found is None:
            return
        if not found:
            self._step = None
            self._tell("viewer")
            self._say("info", tr("No segment is doubtful."))
            return
        place = _next_place(found, self._step, direction)
        serial = 0 if self._step is None else self._step.serial + 1
        self._step = ReviewStep(serial, place, len(found), found[place])
        first = found[place].times[0]
        self.go_to(first)
        self._tell("viewer")
        self._tell("step")
        if first == self._documents.time:  # else that is done on the way there
            self._prepare_click()

    def _mistakes(self, then: Callable[[], None]) -> list[Mistake] | None:
        """Return all mistakes; None where they are gathered first: `then` is called after that."""
        shot, below = self._documents.shot, self._engine.review_below
        if shot is None:
            return None
        if not shot.digests.complete(below):
            self._quietly("step", lambda: shot.digests.steps(below), then)
            return None
        frames = shot.to_review(below)
        found = shot.mistakes.of(frames)
        if found is None:
            self._quietly("step", lambda: shot.mistakes.steps(frames, shot.canvas_px), then)
        return found

    def mistake_at(self, time: int) -> MistakeShown | None:
        """Return the mistake last stepped to, where it was carried to the frame shown at a time."""
        shot, step = self._documents.shot, self._step
        if shot is None or step is None or step.mistake is None:
            return None
        mark, first = step.mistake.at(shot.stands_for(time)), step.mistake.times[0]
        if mark is None:
            return None
        return MistakeShown(step.serial, step.place + 1, step.count, first, mark.segment, mark.box)

    def _answered(self, time: int, point: Point) -> None:
        """Forget the mistake stepped to where it was put right; Next goes on from its place."""
        shown = self.mistake_at(time)
        if shown is not None and shown.box is not None:
            x, y, width, height = shown.box
            if x <= point[0] < x + width and y <= point[1] < y + height:
                self._step = self._step._replace(mistake=None)
                self._tell("viewer")

    def stands_for(self, time: int) -> int:
        """Return the frame that commands given at a time act on: of a hold the one it holds."""
        shot = self._documents.shot
        return time if shot is None else shot.stands_for(time)

    def accept(self, times: Sequence[int]) -> None:
        """Say yes to frames that are ours."""
        if self._free():
            shot = self._documents.shot
            work = tasks.Accept(shot, sorted({shot.stands_for(time) for time in times}))
            self._start("reading", "accept", work.steps, self._say_sentences)

    def take_back_accept(self, times: Sequence[int]) -> None:
        """Let accepted frames be looked at again; their colours stay."""
        if self._free():
            shot = self._documents.shot
            for time in {shot.stands_for(time) for time in times}:
                shot.take_back_accept(time)
            shot.save()
            self._show_frames()

    def accept_all(self) -> None:
        """Say yes to every coloured frame; where some are doubtful, ask first."""
        self._ask_to_accept([row for row in self.frames if row.state == FrameState.PREDICTED])

    def accept_above(self, confidence: float) -> None:
        """Say yes to all frames that are at least so sure; where some are doubtful, ask first."""
        times = review.acceptable_above(self.frames, confidence)
        if times:
            self._ask_to_accept([row for row in self.frames if row.time in times])
        else:
            self._say("info", tr("No frame is that sure."))

    def _ask_to_accept(self, rows: Sequence[FrameRow]) -> None:
        times = [row.time for row in rows]
        doubtful = sum(row.doubtful + row.no_counterpart > 0 for row in rows)
        if not doubtful:
            self.accept(times)
        elif self._free():
            text = tr_n(
                "{n} of {all} frames has doubtful segments. Accept all the same?",
                "{n} of {all} frames have doubtful segments. Accept all the same?",
                doubtful,
                all=len(rows),
            )
            sure = [row.time for row in rows if not row.doubtful + row.no_counterpart]
            all_of_them = (tr("All"), lambda: self.accept(times))
            sure_ones = ((tr("Only sure ones"), lambda: self.accept(sure)),) if sure else ()
            self._say("warning", text, all_of_them, *sure_ones)

    def undo(self, times: Sequence[int]) -> None:
        """Give frames back their former pixels."""
        if self._free():
            shot = self._documents.shot
            meant = sorted({shot.stands_for(time) for time in times})
            work = tasks.Undo(shot, meant, self.progress.emit, self._documents.wrote)
            self._start("undoing", "undo", work.steps, self._say_sentences)


def _next_place(found: Sequence[Mistake], step: ReviewStep | None, direction: int) -> int:
    """Return the place to go to; one that was put right gives its own to the one after it."""
    if step is None:
        return 0 if direction > 0 else len(found) - 1
    keys = [mistake.key for mistake in found]
    if step.mistake is not None and step.mistake.key in keys:
        return (keys.index(step.mistake.key) + direction) % len(found)
    return (step.place if direction > 0 else step.place - 1) % len(found)
