"""Hints and locks: what the artist says about single segments, in the engine's own form."""

from __future__ import annotations

from typing import Any, NamedTuple

from .i18n import tr
from .state import review
from .state.answers import Refused
from .state.model import UNPAINTED, FrameState, Point
from .state.shot import DocumentShot
from .viewing import ShotView


class GivenHint(NamedTuple):
    """A hint that was given, and what it took the place of."""

    point: Point
    hints: list[Any]
    locks: list[Any]


def give_hint(shot: DocumentShot, view: ShotView, time: int, point: Point, color: Any) -> None:
    """Fix the colour of the segment under a point in later runs."""
    say(shot, view, _frame(shot, view, time), point, color)


def say(shot: DocumentShot, view: ShotView, frame: int, point: Point, color: Any) -> GivenHint:
    """Give a hint on a frame that may have one."""
    hints = _drop(shot, view, "hints", frame, point)
    # A lock would keep the present colour instead.
    said = GivenHint(point, hints, _drop(shot, view, "locks", frame, point))
    color = color if color == UNPAINTED else list(color)
    shot.journal.hints["hints"].append({"frame": frame, "point": list(point), "color": color})
    return said


def take_back(shot: DocumentShot, view: ShotView, frame: int, said: GivenHint) -> None:
    """Let hold again what a hint took the place of."""
    _drop(shot, view, "hints", frame, said.point)
    shot.journal.hints["hints"] += said.hints
    shot.journal.hints["locks"] += said.locks


def remove_hint(shot: DocumentShot, view: ShotView, time: int, point: Point) -> None:
    """Let the segment under a point be coloured by the engine again."""
    if not _drop(shot, view, "hints", shot.stands_for(time), point):
        raise Refused(tr("There is no hint on this segment."))


def toggle_lock(shot: DocumentShot, view: ShotView, time: int, point: Point) -> None:
    """Keep the present colour of the segment under a point in later runs, or no longer."""
    frame = _frame(shot, view, time)
    if _drop(shot, view, "locks", frame, point):
        return
    if shot.state(frame) not in {FrameState.PREDICTED, FrameState.ACCEPTED}:
        raise Refused(tr("Frame {time} has no colors yet that could be kept.", time=frame))
    shot.journal.hints["locks"].append({"frame": frame, "point": list(point)})


def _frame(shot: DocumentShot, view: ShotView, time: int) -> int:
    """Return the frame that is meant; Refused when it is the artist's own.

    So is what the artist put on a hold, even a blank key: no run writes where no drawing begins.
    """
    frame = shot.stands_for(time)
    state = shot.state(frame)
    on_a_hold = frame != view.drawing(time) and state not in review.OURS
    if on_a_hold or state in {FrameState.ARTIST, FrameState.UNKNOWN}:
        raise Refused(tr("Frame {time} is yours: paint the color there directly.", time=frame))
    return frame


def _drop(shot: DocumentShot, view: ShotView, kind: str, frame: int, point: Point) -> list[Any]:
    """Remove what was said about the segment under a point, and return it."""
    items = shot.journal.hints[kind]
    dropped = [
        item
        for item in items
        if item["frame"] == frame
        and "point" in item
        and view.same_place(frame, item["point"], point)
    ]
    shot.journal.hints[kind] = [item for item in items if item not in dropped]
    return dropped
