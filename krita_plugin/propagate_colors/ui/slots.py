"""Borders between Qt and the plugin: an exception in a slot would open Krita's modal dialog."""

from __future__ import annotations

import functools
from typing import Any, Callable

from ..log import logger
from ..qt import Qt, QtCore, QtWidgets


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return `function` as a slot: errors go to the log, and Qt's extra arguments stay away."""

    @functools.wraps(function)
    def slot(*arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception:
            logger.exception("a slot of the docker failed: %s", function)

    return slot


def pressed(function: Callable[[], Any]) -> Callable[..., Any]:
    """Return a slot for clicked(bool) and the like that calls `function` without arguments."""

    @functools.wraps(function)
    def slot(*_: Any) -> None:
        guarded(function)()

    return slot


def push_button(
    name: str, text: str, function: Callable[[], Any], parent: Any, tip: str = ""
) -> QtWidgets.QPushButton:
    """Make a button that calls `function` without arguments."""
    button = QtWidgets.QPushButton(text, parent)
    button.setObjectName(name)
    button.setToolTip(tip)
    button.clicked.connect(pressed(function))
    return button


def delayed(function: Callable[[], Any], delay_ms: int, owner: Any) -> QtCore.QTimer:
    """Make a timer that, each time it is started, calls `function` once after the delay."""
    timer = QtCore.QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(delay_ms)
    timer.timeout.connect(guarded(function))
    return timer


def watch(owner: Any, signal: Any, function: Callable[..., Any]) -> None:
    """Connect a signal of the controller to a widget's method for as long as the widget lives."""
    slot = guarded(function)
    signal.connect(slot)
    owner.destroyed.connect(lambda *_: signal.disconnect(slot))


def observe(owner: Any, controller: Any, topics: dict[str, Callable[[], Any]]) -> None:
    """Call the topic's function whenever the controller says that the topic changed."""

    def on_change(what: str) -> None:
        if what in topics:
            topics[what]()

    watch(owner, controller.changed, on_change)


def on_opened(view: Any, function: Callable[[Any], Any]) -> None:
    """Call `function(index)` on a double click and on Return.

    The view's own `activated` also comes with a single click on desktops set up that way.
    """
    view.doubleClicked.connect(guarded(function))
    view.installEventFilter(_ReturnKey(view, guarded(function)))


class _ReturnKey(QtCore.QObject):
    def __init__(self, view: Any, slot: Callable[[Any], Any]) -> None:
        super().__init__(view)
        self._view = view
        self._slot = slot

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Take the Return key."""
        if event.type() != QtCore.QEvent.Type.KeyPress:
            return False
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            return False
        if self._view.currentIndex().isValid():
            self._slot(self._view.currentIndex())
        return True


def calm_wheel(*fields: Any) -> None:
    """Let the wheel change these fields only with the focus in them; else it scrolls on."""
    for field in fields:
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        wheel_if(field, field.hasFocus)


def wheel_if(watched: Any, wanted: Callable[[], bool]) -> Any:
    """Let a widget have the wheel while `wanted()`; else what lies below it has it.

    Returns what does that: keep it where Qt made the widget, whose Python half may be collected.
    """
    calm = _CalmWheel(watched, wanted)
    watched.installEventFilter(calm)
    return calm


class _CalmWheel(QtCore.QObject):
    def __init__(self, watched: Any, wanted: Callable[[], bool]) -> None:
        super().__init__(watched)
        self._wanted = wanted

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Pass the wheel on."""
        if event.type() != QtCore.QEvent.Type.Wheel or self._wanted():
            return False
        event.ignore()
        return True


LIST_KEYS = frozenset(
    {
        *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home),
        *(Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Return),
        *(Qt.Key.Key_Enter, Qt.Key.Key_Space),
    }
)


def keep_keys(watched: Any, keys: Any) -> Any:
    """Let a widget that has the focus have these keys, also where they are shortcuts of Krita's.

    Returns what does that; see `wheel_if`.
    """
    kept = _KeptKeys(watched, keys)
    watched.installEventFilter(kept)
    return kept


def on_escape(watched: Any, wanted: Callable[[], bool], function: Callable[[], Any]) -> Any:
    """Call `function` when Escape is pressed with the focus in a widget, while `wanted()`.

    Returns what does that; see `wheel_if`.
    """
    escape = _EscapeKey(watched, wanted, pressed(function))
    watched.installEventFilter(escape)
    return escape


class _EscapeKey(QtCore.QObject):
    def __init__(self, watched: Any, wanted: Callable[[], bool], slot: Callable[..., Any]) -> None:
        super().__init__(watched)
        self._wanted = wanted
        self._slot = slot

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Take the key before it is taken for a shortcut of Krita's."""
        kinds = QtCore.QEvent.Type
        if event.type() not in {kinds.ShortcutOverride, kinds.KeyPress}:
            return False
        if event.key() != Qt.Key.Key_Escape or not self._wanted():
            return False
        event.accept()
        if event.type() == kinds.KeyPress:
            self._slot()
        return True


class _KeptKeys(QtCore.QObject):
    def __init__(self, watched: Any, keys: Any) -> None:
        super().__init__(watched)
        self._keys = set(keys)

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Claim a key before it is taken for a shortcut."""
        if event.type() != QtCore.QEvent.Type.ShortcutOverride or event.key() not in self._keys:
            return False
        command = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        if event.modifiers() & command:
            return False
        event.accept()
        return True
