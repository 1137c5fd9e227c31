"""What the tests of the widgets do with widgets: find, press, type, let Qt work."""

import logging
import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from krita_plugin.propagate_colors.qt import Qt, QtCore, QtGui, QtWidgets

_FONT_POINTS = 10  # as most desktops have it, in the fallback font that is there, often a wide one
_SCRIPTS = {"ja": "Japanese", "zh": "SimplifiedChinese"}  # as Qt names them
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


def need_font_for(language):
    """Skip where the computer has no font for a language: what is shown instead is wider."""
    script = _SCRIPTS.get(language)
    if script:
        system = getattr(QtGui.QFontDatabase.WritingSystem, script)
        if not QtGui.QFontDatabase().families(system):
            pytest.skip(f"there is no font for {script} on this computer")


def turn():
    """Let Qt do what is due."""
    application().processEvents()
    application().sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete)


def find(parent, name):
    """Return the one widget or menu of that name."""
    found = parent.findChildren(QtCore.QObject, name)
    assert len(found) == 1, f"{len(found)} objects are named {name}"
    return found[0]


def in_view(area, widget):
    """Tell whether all of a widget lies inside all that surrounds it, up to `area`."""
    if not widget.isVisible():
        return False
    around = widget
    while around is not area:
        around = around.parentWidget()
        corner = widget.mapTo(around, QtCore.QPoint(0, 0))
        if not around.rect().contains(QtCore.QRect(corner, widget.size())):
            return False
    return True


def click(parent, name):
    """Press a button as the mouse would."""
    button = find(parent, name)
    assert button.isEnabled(), f"{name} is disabled"
    button.click()


def commands(controller):
    """Return the calls that change something, without the questions that painting asks."""
    asked = {"segment_at", "viewer_picture", "thumbnail", "sheet_picture"}
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


def roll(widget, steps=1):
    """Turn the wheel over a widget; what does not take it passes it to its parent, as in Qt."""
    while not wheel(widget, steps) and not widget.isWindow():
        widget = widget.parentWidget()


def contrast(first, second):
    """Return the contrast ratio of two colours as the WCAG defines it."""

    def light(color):
        parts = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color.getRgbF()[:3]
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(first), light(second)))
    return (high + 0.05) / (low + 0.05)
