"""Hints and locks: what the artist says about single segments, in the engine's own form."""

from __future__ import annotations

from typing import Any

from .i18n import tr
from .state.journal import PREDICTED
from .state.model import UNPAINTED, FrameState, Point
from .state.shot import Refused, Shot
from .viewing import View


def give_hint(shot: Shot, view: View, time: int, point: Point, color: Any) -> None:
    """Fix the colour of the segment under a point in later runs."""
    frame = _frame(shot, view, time)
    _drop(shot, view, "hints", frame, point)
    _drop(shot, view, "locks", frame, point)  # a lock would keep the present colour instead
    color = color if color == UNPAINTED else list(color)
    shot.journal.hints["hints"].append({"frame": frame, "point": list(point), "color": color})
    _look_again(shot, frame)


def remove_hint(shot: Shot, view: View, time: int, point: Point) -> None:
    """Let the segment under a point be coloured by the engine again."""
    if not _drop(shot, view, "hints", view.drawing(time), point):
        raise Refused(tr("There is no hint on this segment."))


def toggle_lock(shot: Shot, view: View, time: int, point: Point) -> None:
    """Keep the present colour of the segment under a point in later runs, or no longer."""
    frame = _frame(shot, view, time)
    if _drop(shot, view, "locks", frame, point):
        return
    if shot.state(frame) not in {FrameState.PREDICTED, FrameState.ACCEPTED}:
        raise Refused(tr("Frame {time} has no colors yet that could be kept.", time=frame))
    shot.journal.hints["locks"].append({"frame": frame, "point": list(point)})


def drop_hint(shot: Shot, view: View, frame: int, point: Point) -> None:
    """Forget a hint that the artist took back."""
    _drop(shot, view, "hints", frame, point)


def _frame(shot: Shot, view: View, time: int) -> int:
    """Return the frame where the drawing begins; Refused when it is the artist's own."""
    frame = view.drawing(time)
    if shot.state(frame) in {FrameState.ARTIST, FrameState.UNKNOWN}:
        raise Refused(tr("Frame {time} is yours: paint the color there directly.", time=frame))
    return frame


def _look_again(shot: Shot, frame: int) -> None:
    """A frame that is to be coloured otherwise is no longer accepted."""
    entry = shot.journal.entry(shot.color, frame)
    if entry is not None:
        entry.state = PREDICTED


def _drop(shot: Shot, view: View, kind: str, frame: int, point: Point) -> bool:
    """Remove what was said about the segment under a point; tell whether there was any."""
    kept = [
        item
        for item in shot.journal.hints[kind]
        if item["frame"] != frame
        or "point" not in item
        or not view.same_place(frame, item["point"], point)
    ]
    found = len(kept) < len(shot.journal.hints[kind])
    shot.journal.hints[kind] = kept
    return found
