"""The controller's commands about single segments: step to what is doubtful, and put it right."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from . import editing
from .desk import Desk
from .i18n import tr, tr_n
from .link.engine_room import EngineRoom
from .signals import Signal
from .state import review
from .state.model import FrameState, Point
from .work.fix import Fix, Fixed, Former, Place, TakeBack

_OURS = {FrameState.PREDICTED, FrameState.ACCEPTED}


class Fixing:
    """What the artist says about segments of the document in front."""

    progress: Signal
    _desk: Desk
    _engine: EngineRoom
    _doubt: tuple[int, int] | None
    _free: Callable[[], bool]
    _guard: Callable[[Callable[[], Any]], bool]
    _quietly: Callable[..., None]
    _say: Callable[..., None]
    _say_sentences: Callable[[Sequence[str]], None]
    _start: Callable[..., None]
    _tell: Callable[[str], None]
    go_to: Callable[[int], None]
    propagate: Callable[[], None]

    def step_doubtful(self, direction: int) -> None:
        """Go to the next or previous doubtful segment, worst first, across frames."""
        shot, below = self._desk.shot, self._engine.review_below
        if shot is None:
            return
        if not shot.digests.complete(below):
            self._quietly(
                "step", lambda: shot.digests.steps(below), lambda: self.step_doubtful(direction)
            )
            return
        queue = review.doubtful_queue(shot.digests.made(below))
        if not queue:
            self._say("info", tr("No segment is doubtful."))
            return
        if self._doubt in queue:
            place = (queue.index(self._doubt) + direction) % len(queue)
        else:
            place = 0 if direction > 0 else len(queue) - 1
        self._doubt = queue[place]
        self.go_to(self._doubt[0])
        self._tell("viewer")

    def give_hint(self, time: int, point: Point, color: Any) -> None:
        """Give the segment under a point another colour, at once where its frame is coloured."""
        if not self._free():
            return
        shot, view = self._desk.shot, self._desk.view
        frame = view.drawing(time)
        if shot.state(frame) in _OURS:
            self._fix([Place(frame, point)], color, self._ask_about_later)
        else:
            self._edit(editing.give_hint, time, point, color)

    def _fix(
        self,
        places: Sequence[Place],
        color: Any,
        done: Callable[[Fixed], None],
        former: Sequence[Former] = (),
    ) -> None:
        shot, view = self._desk.shot, self._desk.view

        def hint(place: Place) -> Any:
            return editing.say(shot, view, place.time, place.point, color)

        progress, show = self.progress.emit, self._show
        fix = Fix(shot, self._engine, places, color, hint, progress, show, former)
        self._start("fixing", "fix", fix.steps, done)

    def _show(self, time: int) -> None:
        self._desk.wrote(time)
        self._tell("viewer")

    def _ask_about_later(self, fixed: Fixed) -> None:
        count = len(fixed.later)
        undo = (tr("Undo"), lambda: self._take_back(fixed.former))
        if not count:
            self._say("info", tr("Fixed."), undo)
            return
        text = tr_n("Also fix {n} later frame?", "Also fix {n} later frames?", count)
        fix = (tr("Fix"), lambda: self._fix_later(fixed))
        self._say("info", text, fix, (tr("No"), lambda: self._say("info", tr("Fixed."), undo)))

    def _fix_later(self, fixed: Fixed) -> None:
        if self._free():
            places = [Place(later.time, later.point) for later in fixed.later]
            self._fix(places, fixed.color, self._on_fixed, fixed.former)

    def _on_fixed(self, fixed: Fixed) -> None:
        count, refused = len(fixed.former), list(dict.fromkeys(fixed.refused))
        text = " ".join([tr_n("{n} frame fixed.", "{n} frames fixed.", count), *refused])
        undo = (tr("Undo"), lambda: self._take_back(fixed.former))
        self._say("warning" if refused else "info", text, undo)

    def _take_back(self, former: Sequence[Former]) -> None:
        """Bring back what fixed frames held, and what the artist had said about them."""
        if self._free():
            shot, view = self._desk.shot, self._desk.view

            def unsay(one: Former) -> None:
                editing.take_back(shot, view, one.time, one.said)

            work = TakeBack(shot, former, unsay, self._show)
            self._start("undoing", "take back", work.steps, self._say_sentences)

    def remove_hint(self, time: int, point: Point) -> None:
        """Let the engine choose again."""
        self._edit(editing.remove_hint, time, point)

    def toggle_lock(self, time: int, point: Point) -> None:
        """Keep a segment's present colour, or no longer."""
        self._edit(editing.toggle_lock, time, point)

    def _edit(self, change: Callable[..., None], *arguments: Any) -> None:
        if not self._free():
            return
        shot, view = self._desk.shot, self._desk.view
        if self._guard(lambda: change(shot, view, *arguments)):
            self._noted()

    def _noted(self) -> None:
        self._desk.shot.save()
        self._desk.changed("frames")
        self._tell("viewer")
        again = (tr("Color again"), self.propagate)
        self._say("info", tr("This holds from the next run on."), again)
