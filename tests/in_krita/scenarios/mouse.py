"""Presses widgets with the X screen's own pointer, as a hand does."""

import ctypes
import functools

from krita_plugin.propagate_colors.qt import QtCore, QtWidgets


@functools.cache
def _screen():
    library = ctypes.CDLL("libX11.so.6")
    library.XOpenDisplay.restype = ctypes.c_void_p
    display = ctypes.c_void_p(library.XOpenDisplay(None))
    assert display.value, "there is no screen"
    return library, ctypes.CDLL("libXtst.so.6"), display


def move_to(place):
    """Move the pointer to a QPoint of the screen, without a wait."""
    library, test, display = _screen()
    test.XTestFakeMotionEvent(display, -1, place.x(), place.y(), ctypes.c_ulong(0))
    library.XFlush(display)


def press_there():
    """Press the left button where the pointer is, without a wait."""
    library, test, display = _screen()
    for pressed in (1, 0):
        test.XTestFakeButtonEvent(display, 1, pressed, ctypes.c_ulong(0))
        library.XFlush(display)


def click(widget):
    """Scroll a widget into view, go there and press it; steps of a scenario."""
    assert widget.isEnabled(), f"{widget.objectName()} cannot be pressed"
    parent = widget.parent()
    while parent is not None:
        if isinstance(parent, QtWidgets.QScrollArea):
            parent.ensureWidgetVisible(widget, 0, 4)
        parent = parent.parent()
    yield 0.3
    assert not widget.visibleRegion().isEmpty(), f"{widget.objectName()} cannot be seen"
    middle = widget.visibleRegion().boundingRect().center()
    place = widget.mapToGlobal(QtCore.QPoint(middle.x(), middle.y()))
    move_to(place)
    library, test, display = _screen()
    yield 0.1
    for pressed in (1, 0):
        test.XTestFakeButtonEvent(display, 1, pressed, ctypes.c_ulong(0))
        library.XFlush(display)
        yield 0.05
    yield 0.2
