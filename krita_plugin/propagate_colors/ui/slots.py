"""Borders between Qt and the plugin: an exception in a slot would open Krita's modal dialog."""

from __future__ import annotations

import functools
from typing import Any, Callable

from ..log import logger
from ..qt import Qt, QtCore


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
        field.installEventFilter(_CalmWheel(field))


class _CalmWheel(QtCore.QObject):
    def __init__(self, field: Any) -> None:
        super().__init__(field)
        self._field = field

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Pass the wheel on to what lies below the field."""
        if event.type() != QtCore.QEvent.Type.Wheel or self._field.hasFocus():
            return False
        event.ignore()
        return True
