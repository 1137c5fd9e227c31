"""What the tests of the widgets do with widgets: find, press, type, let Qt work."""

import logging
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from krita_plugin.propagate_colors.qt import Qt, QtCore, QtGui, QtWidgets

_FONT_POINTS = 10  # as most desktops have it, in whatever (often wide) fallback font there is
_kept = []  # the one QApplication of the process; dropping it would end Qt


class Store:
    """Settings in memory."""

    def __init__(self):
        self.values = {}

    def read_setting(self, name, default):
        return self.values.get(name, default)

    def write_setting(self, name, value):
        self.values[name] = value


class Failures(logging.Handler):
    """Collects what guarded slots would only have logged."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.records = []

    def emit(self, record):
        self.records.append(record)


def application():
    """Return the one application, with Krita's usual style."""
    if not _kept:
        _kept.append(QtWidgets.QApplication.instance() or QtWidgets.QApplication(["tests"]))
        _kept[0].setStyle("Fusion")
        font = _kept[0].font()
        font.setPointSize(_FONT_POINTS)
        _kept[0].setFont(font)
    return _kept[0]


def turn():
    """Let Qt do what is due."""
    application().processEvents()
    application().sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)


def find(parent, name):
    """Return the one widget or menu of that name."""
    found = parent.findChildren(QtCore.QObject, name)
    assert len(found) == 1, f"{len(found)} objects are named {name}"
    return found[0]


def click(parent, name):
    """Press a button as the mouse would."""
    button = find(parent, name)
    assert button.isEnabled(), f"{name} is disabled"
    button.click()


def commands(controller):
    """Return the calls that change something, without the questions that painting asks."""
    asked = {"segment_at", "viewer_picture", "thumbnail"}
    return [call for call in controller.take_calls() if call[0] not in asked]


def mouse(widget, kind, place, buttons=None):
    """Send a mouse event of the left button to a widget."""
    left = Qt.MouseButton.LeftButton
    held = left if buttons is None else buttons
    point = QtCore.QPointF(place)
    event = QtGui.QMouseEvent(kind, point, left, held, Qt.KeyboardModifier.NoModifier)
    application().sendEvent(widget, event)


def press(widget, place):
    """Press and release the left button at a place of a widget."""
    mouse(widget, QtCore.QEvent.Type.MouseButtonPress, place)
    mouse(widget, QtCore.QEvent.Type.MouseButtonRelease, place, Qt.MouseButton.NoButton)


def double_click(widget, place):
    """Double-click at a place, with the events that Qt sends for it."""
    press(widget, place)
    mouse(widget, QtCore.QEvent.Type.MouseButtonDblClick, place)
    mouse(widget, QtCore.QEvent.Type.MouseButtonRelease, place, Qt.MouseButton.NoButton)


def key(widget, code):
    """Press a key in a widget."""
    event = QtGui.QKeyEvent(QtCore.QEvent.Type.KeyPress, int(code), Qt.KeyboardModifier.NoModifier)
    application().sendEvent(widget, event)


def wheel(widget, steps=1):
    """Turn the wheel over a widget; return whether it took the turn."""
    middle = QtCore.QPointF(widget.rect().center())
    event = QtGui.QWheelEvent(
        middle,
        QtCore.QPointF(widget.mapToGlobal(widget.rect().center())),
        QtCore.QPoint(),
        QtCore.QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    application().sendEvent(widget, event)
    return event.isAccepted()
