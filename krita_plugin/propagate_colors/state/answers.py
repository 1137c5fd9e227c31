"""What the artist says about frames: yes, no, learn from this one, and hints for the engine."""

from __future__ import annotations

from typing import Any, Callable, Collection, Mapping, Sequence

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
    adopt: Callable[[int], None]
    entry_of: Callable[[int], journals.Entry | None]
    is_reference: Callable[[int], bool]
    moved_at: Callable[[int], Sequence[Any]]
    look_at: Callable[[int], bytes | None]
    save: Callable[[], None]
    state: Callable[[int], str]

    def accept(self, time: int) -> None:
        """Note the artist's yes."""
        self.adopt(time)
        entry = self.journal.entry(self.color, time)
        if entry is not None:
            entry.state = journals.ACCEPTED
        for layer in self.moved_at(time):
            layer.accept(time)

    def take_back_accept(self, time: int) -> None:
        """Let a frame be looked at again; its colors stay."""
        entry = self.entry_of(time)
        if entry is not None:
            entry.state = journals.PREDICTED
        for layer in self.moved_at(time):
            layer.take_back_accept(time)

    def toggle_reference(self, time: int) -> None:
        """Let a painted frame teach the others, or no longer; a toggled unknown one is known."""
        self.look_at(time)
        if self.state(time) not in review.PAINTED_STATES:
            raise Refused(tr("Frame {time} has no colors to learn from.", time=time))
        journal = self.journal
        turn_on, turn_off = journal.on, journal.off
        if self.is_reference(time):
            turn_on, turn_off = turn_off, turn_on
        self.adopt(time)
        turn_off.discard(time)
        turn_on.add(time)
        self.save()

    def teach_from(self, time: int) -> None:
        """Make a corrected frame a reference; Refused when it would teach nothing new."""
        self.look_at(time)
        state = self.state(time)
        if state in {FrameState.ARTIST, FrameState.UNKNOWN, FrameState.ACCEPTED}:
            self.adopt(time)
            self.journal.off.discard(time)
            if self.journal.entry(self.color, time) is None:
                self.journal.on.add(time)
            self.save()
        elif state != FrameState.PREDICTED:
            raise Refused(tr("Frame {time} has no colors to learn from.", time=time))
        elif not self._has_hints(time):
            raise Refused(
                tr(
                    "Frame {time} is as it was colored: correct or accept it first, then run on.",
                    time=time,
                )
            )

    def _has_hints(self, time: int) -> bool:
        """Tell whether the artist said something about segments of a frame."""
        hints = self.journal.hints
        return any(item["frame"] == time for item in hints["hints"] + hints["locks"])

    def said_on(self, time: int, kind: str) -> list[dict[str, Any]]:
        """Return the hints ("hints") or locks ("locks") of a frame."""
        items = self.journal.hints[kind]
        return [item for item in items if item["frame"] == time and "point" in item]

    def is_pending(self, hint: Mapping[str, Any]) -> bool:
        """Tell whether a hint's segment has not got its colour yet."""
        if self.state(hint["frame"]) not in review.OURS:
            return True
        entry = self.entry_of(hint["frame"])
        result = None if entry is None else entry.result
        if result is None:
            return False
        return not any(_got(segment, hint) for segment in result.get("segments", ()))

    def pending_hints(self) -> int:
        """Return how many hints wait for the next run."""
        return sum(self.is_pending(item) for item in self.journal.hints["hints"] if "point" in item)

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


def _got(segment: Mapping[str, Any], hint: Mapping[str, Any]) -> bool:
    """Tell whether a segment of a result, by its box, is the one of a hint and has its colour."""
    x, y, width, height = segment.get("box") or (0, 0, 0, 0)
    u, v = hint["point"]
    inside = x <= u < x + width and y <= v < y + height
    return inside and review.as_color(segment["color"]) == review.as_color(hint["color"])
