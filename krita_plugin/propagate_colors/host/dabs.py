"""The artist's dabs on Krita's canvas, taken before Krita can paint with them.

Krita tells zoom, rotation and mirror of a view. Where the picture lies in the canvas only the
scroll bars tell: their values are the corner of the box around the turned picture, and their ranges
have its size, by which everything else is checked. What does not agree is not guessed.
"""

from __future__ import annotations

from math import cos, radians, sin
from typing import Any, Callable, NamedTuple, Optional, Tuple

import krita

from ..log import logger
from ..qt import Qt, QtCore, QtGui, QtWidgets
from . import hand

Point = Tuple[float, float]
OnPlace = Callable[[Optional[Point]], None]

_KINDS = QtCore.QEvent.Type
_PRESSES = {_KINDS.MouseButtonPress, _KINDS.MouseButtonDblClick, _KINDS.TabletPress}
_MOVES = {_KINDS.MouseMove, _KINDS.TabletMove}
_RELEASES = {_KINDS.MouseButtonRelease, _KINDS.TabletRelease}
_FINGERS = {_KINDS.TouchBegin, _KINDS.TouchUpdate, _KINDS.TouchEnd, _KINDS.TouchCancel}
_KEYS = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.MetaModifier,
)
_CANVASES = {"KisOpenGLCanvas2", "KisQPainterCanvas"}
_INCH = 72.0  # points; Krita's zoom is in these
_AGREES_PX = 3.0  # between the picture's size by zoom and by the scroll bars, which round


class Shown(NamedTuple):
    """How a canvas shows a document."""

    size: tuple[int, int]  # of the document, in its own pixels
    scale: float  # the canvas's pixels for one of the document
    degrees: float  # clockwise
    mirrored: bool  # left and right, before it is turned
    corner: Point  # of the canvas, from the corner of the box around the turned document
    repeated: bool = False  # wrap-around mode: the document is everywhere

    def to_document(self, place: Point) -> Point:
        """Return the document position below a position of the canvas."""
        left, top, _, _ = self.box()
        x, y = place[0] + self.corner[0] + left, place[1] + self.corner[1] + top
        c, s = cos(radians(self.degrees)), sin(radians(self.degrees))
        u, v = (c * x + s * y) / self.scale, (c * y - s * x) / self.scale
        u = -u if self.mirrored else u
        return (u % self.size[0], v % self.size[1]) if self.repeated else (u, v)

    def box(self) -> tuple[float, float, float, float]:
        """Return left, top, width and height of the turned document, turned about its corner."""
        c, s = cos(radians(self.degrees)), sin(radians(self.degrees))
        width, height = self.size[0] * self.scale, self.size[1] * self.scale
        width = -width if self.mirrored else width
        across = [0.0, c * width, -s * height, c * width - s * height]
        down = [0.0, s * width, c * height, s * width + c * height]
        return min(across), min(down), max(across) - min(across), max(down) - min(down)

    def holds(self, point: Point) -> bool:
        """Tell whether a position lies in the document."""
        return 0 <= point[0] < self.size[0] and 0 <= point[1] < self.size[1]


class Dabs:
    """Takes presses on the canvas while it is on; `on_dab(point)` gets the document position.

    None: where that lies cannot be told. With Ctrl `on_pick` gets it, as Krita picks colours then;
    with other keys the press is ignored. Space with a press moves the canvas as ever, and so do the
    other buttons and the wheel.
    """

    def __init__(self, on_dab: OnPlace, on_pick: OnPlace) -> None:
        self.on = False
        self._on_dab = on_dab
        self._on_pick = on_pick
        self._taking = False  # until the button goes up, or the pen
        self._space = False
        self._sign: Any = None

    def switch(self, on: bool, text: str = "") -> None:
        """Take dabs from now on, and say `text` on the canvas; or let Krita have them again."""
        if on == self.on:
            return
        self.on, self._taking, self._space = on, False, False
        hand.give_to(self._take if on else None)
        former, self._sign = self._sign, None
        if former is not None:
            hand.remove(former)
        if on:
            self._sign = hand.sign("fix_sign", text)

    def _take(self, watched: Any, event: Any) -> bool:
        """Tell whether an event was ours, so that Krita must not see it."""
        kind = event.type()
        if kind in hand.LEAVES:
            self._space = False
            return False
        if kind in hand.KEYS:
            if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
                self._space = kind != _KINDS.KeyRelease
            return False
        if not _is_canvas(watched):
            return False
        taken = kind in _FINGERS or self._is_ours(kind, event)
        if taken:
            event.accept()  # or Qt would send a mouse's event after a pen's
        if taken and kind in _PRESSES:
            self._press(watched, event)
        return taken

    def _is_ours(self, kind: Any, event: Any) -> bool:
        if kind in _PRESSES:
            ours = event.button() == Qt.MouseButton.LeftButton and not self._space
            self._taking = self._taking or ours
            return ours
        taken = self._taking and kind in _MOVES | _RELEASES
        if taken and kind in _RELEASES and event.button() == Qt.MouseButton.LeftButton:
            self._taking = False
        elif taken and event.buttons() == Qt.MouseButton.NoButton and not _presses_on(event):
            self._taking = False  # the release went elsewhere
        return taken

    def _press(self, canvas: Any, event: Any) -> None:
        try:
            if event.type() != _KINDS.TabletPress and (_is_made(event) or not hand.is_pen_up()):
                return  # a mouse's event for a press of the pen
            if _bring_to_front(canvas):
                return
            tell = self._told_of(event)
            if tell is not None:
                _report(canvas, _place(event), tell)
        except Exception:  # Krita would open a dialog over the artist's work
            logger.exception("a dab on the canvas failed")

    def _told_of(self, event: Any) -> OnPlace | None:
        """Return who is told of a press with the keys that are held."""
        held = [key for key in _KEYS if event.modifiers() & key]
        if held == [Qt.KeyboardModifier.ControlModifier]:
            return self._on_pick
        return None if held else self._on_dab


def _report(canvas: Any, place: Point, tell: OnPlace) -> None:
    view = shown(canvas)
    point = None if view is None else view.to_document(place)
    if view is None or view.holds(point):
        tell(point)


def shown(canvas: Any) -> Shown | None:
    """Return how the canvas of the view in front shows its document; None where Krita tells not."""
    window = krita.Krita.instance().activeWindow()
    view = None if window is None else window.activeView()
    document = None if view is None else view.document()
    area = _scroll_area(canvas)
    if document is None or area is None or not _lies_in(canvas, window.qwindow()):
        return None  # or it is of another window, which shows another document
    across, down, port = area.horizontalScrollBar(), area.verticalScrollBar(), area.viewport()
    krita_s = view.canvas()
    found = Shown(
        (document.width(), document.height()),
        krita_s.zoomLevel() * _INCH / document.resolution(),
        krita_s.rotation(),
        krita_s.mirror(),
        (float(across.value()), float(down.value())),
        krita_s.wrapAroundMode(),
    )
    held = (across.minimum() + across.maximum() + port.width(),
            down.minimum() + down.maximum() + port.height())  # fmt: skip
    # On a screen of more pixels a point, Krita's zoom counts the screen's.
    for scale in (found.scale, found.scale / canvas.devicePixelRatioF()):
        tried = found._replace(scale=scale)
        if all(abs(one - other) <= _AGREES_PX for one, other in zip(tried.box()[2:], held)):
            return tried
    logger.info("the canvas is not where it should be: %s, %s", found, held)
    return None


def _is_canvas(widget: Any) -> bool:
    """Tell whether a widget is one that Krita draws documents on."""
    if not isinstance(widget, QtWidgets.QWidget):
        return False
    return widget.metaObject().className() in _CANVASES


def _place(event: Any) -> Point:
    """Return where an event is in its widget, between pixels too."""
    names = ("position", "posF", "localPos")  # of PyQt6, of a pen's and of a mouse's in PyQt5
    place = next(getattr(event, name)() for name in names if hasattr(event, name))
    return place.x(), place.y()


def _is_made(event: Any) -> bool:
    """Tell whether Qt or the system made a mouse's event out of a pen's or finger's."""
    if hasattr(event, "source"):  # of PyQt5; Qt 6 tells the device instead
        return event.source() != Qt.MouseEventSource.MouseEventNotSynthesized
    devices = QtGui.QInputDevice.DeviceType
    return event.pointingDevice().type() in {devices.Stylus, devices.TouchScreen}


def _presses_on(event: Any) -> bool:
    return hasattr(event, "pressure") and event.pressure() > 0


def _lies_in(widget: Any, window: Any) -> bool:
    """Tell whether a widget belongs to a window, be it through one that was detached from it."""
    while widget is not None and widget is not window:
        widget = widget.parentWidget()
    return widget is not None


def _scroll_area(canvas: Any) -> Any:
    widget = canvas.parentWidget()
    while widget is not None and not isinstance(widget, QtWidgets.QAbstractScrollArea):
        widget = widget.parentWidget()
    return widget


def _bring_to_front(canvas: Any) -> bool:
    """Activate the canvas's view where another one is in front; tell whether that was so."""
    inner = canvas
    while inner is not None and not isinstance(inner, QtWidgets.QMdiSubWindow):
        inner = inner.parentWidget()
    area = None if inner is None else inner.mdiArea()
    if area is None or area.activeSubWindow() in {inner, None}:
        return False
    area.setActiveSubWindow(inner)
    return True
