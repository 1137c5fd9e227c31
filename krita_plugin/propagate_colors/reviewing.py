"""The controller's commands about whole frames: yes, no, and back to what was there."""

from __future__ import annotations

from typing import Callable, Sequence

from .desk import Desk
from .i18n import tr, tr_n
from .signals import Signal
from .state import review
from .state.model import FrameRow, FrameState
from .work import tasks


class Reviewing:
    """What the artist says about frames of the document in front."""

    progress: Signal
    frames: list[FrameRow]
    _desk: Desk
    _free: Callable[[], bool]
    _say: Callable[..., None]
    _say_sentences: Callable[[Sequence[str]], None]
    _show_frames: Callable[[], None]
    _start: Callable[..., None]

    def accept(self, times: Sequence[int]) -> None:
        """Say yes to frames that are ours."""
        if self._free():
            shot = self._desk.shot
            work = tasks.Accept(shot, sorted({shot.shown_at(time) for time in times}))
            self._start("reading", "accept", work.steps, self._say_sentences)

    def take_back_accept(self, times: Sequence[int]) -> None:
        """Let accepted frames be looked at again; their colours stay."""
        if self._free():
            shot = self._desk.shot
            for time in {shot.shown_at(time) for time in times}:
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
            shot = self._desk.shot
            shown = sorted({shot.shown_at(time) for time in times})
            work = tasks.Undo(shot, shown, self.progress.emit, self._desk.wrote)
            self._start("undoing", "undo", work.steps, self._say_sentences)
