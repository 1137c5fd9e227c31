"""The controller's commands about single segments: put right, keep, and in what colour."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Sequence

from . import editing
from .host.dabs import Dabs
from .i18n import join_sentences, tr, tr_n
from .link.engine_room import EngineRoom
from .open_documents import OpenDocuments
from .signals import Signal
from .state.model import Point, Rgb
from .state.pixels import is_transparent
from .state.review import OURS
from .state.shot import DocumentShot
from .state.timeline import drawing_at
from .work.fix import Fix, Fixed, Former, Place, TakeBack


class Dab(NamedTuple):
    """A click on the canvas that waits for the one before it."""

    shot: DocumentShot
    time: int
    point: Point
    color: Any


class Fixing:
    """What the artist says about segments of the document in front."""

    busy: str | None
    foreground_color: Callable[[], tuple[Any, Rgb] | None]
    mistake_at: Callable[[int], Any]
    progress: Signal
    segment_at: Callable[[int, Point], Any]
    _dabs: Dabs
    _host: Any
    _answered: Callable[[int, Point], None]
    _documents: OpenDocuments
    _engine: EngineRoom
    _free: Callable[[], bool]
    _guard: Callable[[Callable[[], Any]], bool]
    _say: Callable[..., None]
    _say_sentences: Callable[[Sequence[str]], None]
    _start: Callable[..., None]
    _tell: Callable[[str], None]
    _unanswered: Fixed | None  # what dabs did before the one that is at work
    _waiting: list[Dab]
    propagate: Callable[[], None]

    def give_hint(self, time: int, point: Point, color: Any) -> None:
        """Give the segment under a point another colour, at once where its frame is coloured."""
        if not self._free():
            return
        shot = self._documents.shot
        frame = shot.stands_for(time)
        if shot.state(frame) in OURS:
            before, self._unanswered = self._unanswered, None
            former = () if before is None else before.former
            place = Place(frame, point)
            self._fix([place], color, lambda it: self._ask_about_later(it, before), former)
        else:
            self._edit(editing.give_hint, time, point, color)

    @property
    def fix_on_canvas(self) -> bool:
        """Whether clicks on Krita's canvas fix colours."""
        return self._dabs.on

    def set_fix_on_canvas(self, on: bool) -> None:
        """Let dabs on Krita's canvas give segments the foreground colour, or paint as ever."""
        self._dabs.switch(on, tr("Fix: a click gives the segment the foreground color"))
        self._tell("fix")
        self._prepare_click()

    def _prepare_click(self) -> None:
        """Know the segments of the frame in front before the first click on it, where one is due.

        Not of a group of lines: to read it, the playhead of an artist who scrubs would be moved.
        """
        shot, time = self._documents.shot, self._documents.time
        due = self.fix_on_canvas or self.mistake_at(time) is not None
        wanted = due and not self.busy and shot is not None
        if wanted and not drawing_at(shot.lines, time).grouped:
            self.segment_at(time, (0.0, 0.0))

    def _on_dab(self, point: Point | None) -> None:
        """Fix the segment below a dab on the canvas of the document in front."""
        self._look()
        color = self.foreground_color()
        if point is None:
            self._say("info", tr("Krita does not tell where this canvas lies: use the viewer."))
        elif self._documents.shot is None:
            self._free()
        elif color is None:
            self._say("info", tr("Krita tells no foreground color: choose one and click again."))
        else:
            self._waiting.append(Dab(self._documents.shot, self._documents.time, point, color[0]))
            if self.busy != "fixing":
                self._fix_next()

    def _on_pick(self, point: Point | None) -> None:
        """Take the foreground colour from the colour layer, as a click with Ctrl does in Krita."""
        self._look()
        shot = self._documents.shot
        layer = None if shot is None or point is None else shot.document.layer(shot.color or "")
        time = 0 if layer is None or layer.is_still() else shot.shown_at(self._documents.time)
        if layer is not None and (layer.is_still() or layer.has_key(time)):
            pixel = layer.read(time, (int(point[0]), int(point[1]), 1, 1))
            if not is_transparent(pixel, shot.color_format):
                self._host.set_foreground_color(layer, pixel)

    def _look(self) -> None:
        """Notice document and frame in front, but not during a run: it keeps the layers chosen."""
        if self.busy in {None, "fixing"}:
            self._documents.look()

    def _fix_next(self) -> None:
        """Follow the dabs that came while a fix was at work."""
        in_front = True
        while self._waiting and self.busy != "fixing":
            dab = self._waiting.pop(0)
            in_front = dab.shot is self._documents.shot
            if in_front:
                self.give_hint(dab.time, dab.point, dab.color)
        if self.busy != "fixing":
            fixed, self._unanswered = self._unanswered, None
            if fixed is not None and in_front:
                self._offer(fixed)

    def _fix(
        self,
        places: Sequence[Place],
        color: Any,
        done: Callable[[Fixed], None],
        former: Sequence[Former] = (),
    ) -> None:
        shot, view = self._documents.shot, self._documents.view

        def hint(place: Place) -> Any:
            return editing.say(shot, view, place.time, place.point, color)

        progress, show = self.progress.emit, self._show

        def report(fixed: Fixed) -> None:
            if shot is self._documents.shot:  # its answers would change another document
                done(fixed)

        fix = Fix(shot, self._engine, places, color, hint, progress, show, former)
        self._start("fixing", "fix", fix.steps, report)

    def _show(self, time: int) -> None:
        self._documents.wrote(time)
        self._tell("viewer")

    def _ask_about_later(self, fixed: Fixed, before: Fixed | None) -> None:
        """Offer what follows from a dab, and from those `before` whose answers it replaces."""
        for former in fixed.former[0 if before is None else len(before.former) :]:
            self._answered(former.time, former.said.point)
        if before is not None:
            later = before.later if before.color == fixed.color else []
            refused = before.refused + fixed.refused
            fixed = fixed._replace(later=later + fixed.later, refused=refused)
        if self._waiting:
            self._unanswered = fixed
        else:
            self._offer(fixed)

    def _offer(self, fixed: Fixed) -> None:
        """Offer what follows from fixes that were made."""
        if fixed.refused:
            self._on_fixed(fixed)
        else:
            self._offer_later(fixed)

    def _offer_later(self, fixed: Fixed) -> None:
        count = len({later.time for later in fixed.later})
        undo = (tr("Undo"), lambda: self._take_back(fixed.former))
        holds = self._stay_fixed(fixed.former)

        def end() -> None:
            self._say("info", tr("Fixed."), undo, holds=lambda: any(holds()))

        if not count:
            end()
            return
        text = tr_n("Also fix {n} later frame?", "Also fix {n} later frames?", count)
        fix = (tr("Fix"), lambda: self._fix_later(fixed, holds))
        self._say("info", text, fix, (tr("No"), end), holds=lambda: all(holds()))

    def _stay_fixed(self, former: Sequence[Former]) -> Callable[[], list[bool]]:
        """Return a check which fixed frames were neither taken back nor painted on since.

        By Krita's undo, too: it brings back other pixels of ours.
        """
        shot = self._documents.shot
        held = {one.time: shot.seen.get(one.time) for one in former}
        return lambda: [it is not None and shot.seen.get(t) == it for t, it in held.items()]

    def _fix_later(self, fixed: Fixed, holds: Callable[[], list[bool]]) -> None:
        shot = self._documents.shot
        if not self._free() or any(it.entry.layer != shot.color for it in fixed.former):
            return
        times = {it.time for it in fixed.former}
        # Krita's undo may have come since the last look at them.
        if not self._guard(lambda: [shot.look_at(time) for time in times]):
            return
        if all(holds()):
            places = [Place(later.time, later.point) for later in fixed.later]
            self._fix(places, fixed.color, self._on_fixed, fixed.former)
        else:
            self._documents.changed("frames")  # the question goes

    def _on_fixed(self, fixed: Fixed) -> None:
        count = len({former.time for former in fixed.former})
        refused = list(dict.fromkeys(fixed.refused))
        text = join_sentences(tr_n("{n} frame fixed.", "{n} frames fixed.", count), *refused)
        undo = (tr("Undo"), lambda: self._take_back(fixed.former))
        holds = self._stay_fixed(fixed.former)
        level = "warning" if refused else "info"
        self._say(level, text, undo, holds=lambda: any(holds()))

    def _take_back(self, former: Sequence[Former]) -> None:
        """Bring back what fixed frames held, and what the artist had said about them."""
        if self._free():
            shot, view = self._documents.shot, self._documents.view

            def unsay(one: Former) -> None:
                editing.take_back(shot, view, one.time, one.said)

            work = TakeBack(shot, former, unsay, self._show)
            self._start("undoing", "take back", work.steps, self._say_sentences)

    def _say_stopped(self) -> None:
        """Say what became of a job that was stopped, and of hints that it did not come to."""
        shot = self._documents.shot
        count = 0 if shot is None else shot.pending_hints()
        said = [tr("Stopped: finished frames are kept.")]
        if count:
            said.append(
                tr_n("1 hint waits for the next run.", "{n} hints wait for the next run.", count)
            )

        def holds() -> bool:
            return not count or shot.pending_hints() == count

        self._say("info", join_sentences(*said), holds=holds)

    def remove_hint(self, time: int, point: Point) -> None:
        """Let the engine choose again."""
        self._edit(editing.remove_hint, time, point)

    def toggle_lock(self, time: int, point: Point) -> None:
        """Keep a segment's present colour, or no longer."""
        self._edit(editing.toggle_lock, time, point)

    def _edit(self, change: Callable[..., None], *arguments: Any) -> None:
        if not self._free():
            return
        shot, view = self._documents.shot, self._documents.view
        if self._guard(lambda: change(shot, view, *arguments)):
            self._noted()

    def _noted(self) -> None:
        self._documents.shot.save()
        self._documents.changed("frames")
        self._tell("viewer")
        again = (tr("Color again"), self.propagate)
        self._say("info", tr("This holds from the next run on."), again)
