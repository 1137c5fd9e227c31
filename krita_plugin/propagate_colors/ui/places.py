"""Where windows were, as text in the settings."""

from __future__ import annotations

from ..qt import QtCore, QtGui

_GRIP = QtCore.QSize(80, 40)  # pixels of a window that must lie on a screen to be dragged by


def place_of(window) -> str:
    """Return a window's place as "left top width height"."""
    return " ".join(map(str, (window.x(), window.y(), window.width(), window.height())))


def bring_back(window, text: str) -> None:
    """Put a window where it was, if that can still be reached."""
    place = place_from(text)
    if place is not None and is_in_reach(place):
        window.move(place.topLeft())
        window.resize(place.size())


def place_from(text: str) -> QtCore.QRect | None:
    """Return the rectangle "x y width height"; None for anything else."""
    try:
        x, y, width, height = map(int, text.split())
    except ValueError:
        return None
    return QtCore.QRect(x, y, width, height) if width > 0 and height > 0 else None


def is_in_reach(place: QtCore.QRect) -> bool:
    """Tell whether the upper edge of a window can be taken hold of on one of the screens."""
    edge = QtCore.QRect(place.topLeft(), QtCore.QSize(place.width(), _GRIP.height()))
    for screen in QtGui.QGuiApplication.screens():
        part = screen.availableGeometry().intersected(edge)
        if part.width() >= _GRIP.width() and part.height() >= _GRIP.height() // 2:
            return True
    return False
