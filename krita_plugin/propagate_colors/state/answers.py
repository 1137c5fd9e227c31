"""What the artist says about frames: yes, no, learn from this one, and hints for the engine."""

from __future__ import annotations

from typing import Any, Callable, Collection

from ..i18n import tr
from . import journal as journals
from . import review
from .journal import Journal
from .model import FrameState


class Refused(Exception):
    """Why a wish is not followed; the message is one sentence for the artist."""


class Answers:
    """The part of a shot that follows the artist."""

    color: str | None
    journal: Journal
    _adopt: Callable[[int], None]
    entry_of: Callable[[int], journals.Entry | None]
    is_reference: Callable[[int], bool]
    look_at: Callable[[int], bytes | None]
    save: Callable[[], None]
    state: Callable[[int], str]

    def accept(self, time: int) -> None:
        """Note the artist's yes."""
        self._adopt(time)
        entry = self.journal.entry(self.color, time)
        if entry is not None:
            entry.state = journals.ACCEPTED

    def take_back_accept(self, time: int) -> None:
        """Let a frame be looked at again; its colors stay."""
        entry = self.entry_of(time)
        if entry is not None:
            entry.state = journals.PREDICTED

    def toggle_reference(self, time: int) -> None:
        """Let a painted frame teach the others, or no longer; a toggled unknown one is known."""
        self.look_at(time)
        if self.state(time) not in review.PAINTED_STATES:
            raise Refused(tr("Frame {time} has no colors to learn from.", time=time))
        journal = self.journal
        turn_on, turn_off = journal.on, journal.off
        if self.is_reference(time):
            turn_on, turn_off = turn_off, turn_on
        self._adopt(time)
        turn_off.discard(time)
        turn_on.add(time)
        self.save()

    def teach_from(self, time: int) -> None:
        """Make a corrected frame a reference; Refused when it would teach nothing new."""
        self.look_at(time)
        state = self.state(time)
        if state in {FrameState.ARTIST, FrameState.UNKNOWN, FrameState.ACCEPTED}:
            self._adopt(time)
            self.journal.off.discard(time)
            if self.journal.entry(self.color, time) is None:
                self.journal.on.add(time)
            self.save()
        elif state != FrameState.PREDICTED:
            raise Refused(tr("Frame {time} has no colors to learn from.", time=time))
        elif not self.has_hints(time):
            raise Refused(
                tr(
                    "Frame {time} is as it was colored: correct or accept it first, then run on.",
                    time=time,
                )
            )

    def has_hints(self, time: int) -> bool:
        """Tell whether the artist said something about segments of a frame."""
        hints = self.journal.hints
        return any(item["frame"] == time for item in hints["hints"] + hints["locks"])

    def locked_segments(self) -> set[int]:
        """Return the frames with a lock whose colours are ours to keep."""
        times = {item["frame"] for item in self.journal.hints["locks"]}
        return {time for time in times if self.state(time) == FrameState.PREDICTED}

    def hints_for(self, frames: Collection[int]) -> dict[str, Any]:
        """Return the hints document of some frames; others would be refused."""
        hints = self.journal.hints
        held = self.locked_segments() & set(frames)
        return {
            "schema": 1,
            "hints": [item for item in hints["hints"] if item["frame"] in frames],
            "locks": [item for item in hints["locks"] if item["frame"] in held],
        }
