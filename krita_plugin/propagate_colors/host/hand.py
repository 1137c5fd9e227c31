"""The artist's hand: whether the pen is down, and a shield over the canvas while it must wait.

Most of the plugin's work moves neither playhead nor active layer, and waits only for a stroke to
end. What must move them (a group can be read only where the playhead is) does so behind the shield,
and is back before it goes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Iterator

import krita

from ..log import logger
from ..qt import Qt, QtCore, QtWidgets

STROKE_SECONDS = 3600.0

_KINDS = QtCore.QEvent.Type
_DOWN = {_KINDS.TabletPress, _KINDS.TouchBegin}
_UP = {_KINDS.TabletRelease, _KINDS.TabletLeaveProximity, _KINDS.TouchEnd, _KINDS.TouchCancel}
_MOVES = {_KINDS.MouseMove, _KINDS.TabletMove, _KINDS.TouchUpdate, _KINDS.Wheel}
KEYS = {_KINDS.KeyPress, _KINDS.KeyRelease, _KINDS.ShortcutOverride}
LEAVES = {_KINDS.WindowDeactivate, _KINDS.ApplicationStateChange}  # no release comes after these
_INPUT = (
    _DOWN
    | _UP
    | _MOVES
    | KEYS
    | {
        _KINDS.MouseButtonPress,
        _KINDS.MouseButtonRelease,
        _KINDS.MouseButtonDblClick,
        _KINDS.Drop,
    }
)
_STYLE = "background: #2b2b2b; color: #f2f2f2; padding: 8px 16px; border-radius: 4px;"


class _Watch(QtCore.QObject):
    """Sees the application's events: a pen's are no buttons of a mouse."""

    def __init__(self) -> None:
        super().__init__()
        self.pen_down = False
        self.touches = 0  # what the artist pressed, released or dropped
        self.shielded: Any = None  # the widget that takes no input now
        self.taker: Callable[[Any, Any], bool] | None = None

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Note pen and presses, and keep input away from what is shielded."""
        kind = event.type()
        if kind in LEAVES:
            return self._is_taken(watched, event)
        if kind not in _INPUT:
            return False
        if kind in _DOWN:
            self.pen_down = True
        elif kind in _UP or (kind == _KINDS.TabletMove and not _is_pressed(event)):
            self.pen_down = False
        if kind not in _MOVES:
            self.touches += 1
        shielded = self.shielded is not None and _lies_in(watched, self.shielded)
        if shielded and kind not in KEYS:
            return True
        # A key that was pressed before the shield may be released behind it.
        return self._is_taken(watched, event) or shielded

    def _is_taken(self, watched: Any, event: Any) -> bool:
        return self.taker is not None and self.taker(watched, event)


_watch: list[_Watch] = []  # needs an application


def start() -> None:
    """Know of the pen from now on: a stroke may have begun long before a job asks."""
    application = QtWidgets.QApplication.instance()
    if application is not None and not _watch:
        _watch.append(_Watch())
        application.installEventFilter(_watch[0])


def is_up() -> bool:
    """Tell whether neither pen nor mouse is in the middle of a stroke."""
    if QtWidgets.QApplication.mouseButtons() != Qt.MouseButton.NoButton:
        return False
    return is_pen_up()


def is_pen_up() -> bool:
    """Tell whether no pen lies on its tablet; a mouse does not count."""
    return not (_watch and _watch[0].pen_down)


def give_to(taker: Callable[[Any, Any], bool] | None) -> None:
    """Show the artist's input to a function, widget and event, before Krita sees it.

    What it says True to Krita never sees; None: Krita sees everything again. It is told of keys
    behind a shield too, and of windows that are left.
    """
    if _watch:
        _watch[0].taker = taker


def sign(name: str, text: str) -> Any:
    """Show a line of text on the canvas, which lets input through; return it, None without one."""
    area = _canvas_area()
    if area is None:
        return None
    label = _label(area, text)
    label.setObjectName(name)
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return label


def remove(label: Any) -> None:
    """Take a label of ours away, unless its window took it along."""
    try:
        label.deleteLater()
    except RuntimeError as error:
        logger.info("no label to remove: %s", error)


def touches() -> int:
    """Return a number that is another one after any press, release, key or drop of the artist's."""
    return _watch[0].touches if _watch else 0


@contextmanager
def shielded(text: str) -> Iterator[None]:
    """Keep the artist's input away from the canvas, and say why on it; wait for `is_up` before."""
    area = _canvas_area()
    watch = _watch[0] if _watch else None
    if area is None or watch is None or watch.shielded is not None:
        yield
        return
    label = _label(area, text)
    watch.shielded = area
    try:
        yield
    finally:
        watch.shielded = None
        remove(label)


def _canvas_area() -> Any:
    """Return the part of Krita's window that holds the documents."""
    window = krita.Krita.instance().activeWindow()
    if window is None or not hasattr(window, "qwindow"):
        return None
    return window.qwindow().centralWidget()


def _label(area: Any, text: str) -> Any:
    label = QtWidgets.QLabel(text, area)
    label.setObjectName("canvas_shield")
    label.setStyleSheet(_STYLE)
    label.adjustSize()
    label.move((area.width() - label.width()) // 2, 24)
    label.show()
    label.raise_()
    return label


def _is_pressed(event: Any) -> bool:
    return event.buttons() != Qt.MouseButton.NoButton or event.pressure() > 0


def _lies_in(watched: Any, area: Any) -> bool:
    if not isinstance(watched, QtWidgets.QWidget):
        return False
    return watched is area or area.isAncestorOf(watched)
