"""The one place that knows which PyQt Krita has: PyQt5 in Krita 5, PyQt6 in Krita 6.

PyQt5 is tried first: a Krita 5 beside an installed PyQt6 would crash on the other order, and
Krita 6 refuses PyQt5 with the ImportError that is awaited here. Everything else writes its
enumerations in the scoped form, which both know (`Qt.AlignmentFlag.AlignLeft`).
"""

try:
    from PyQt5 import QtCore, QtGui, QtWidgets
    from PyQt5.QtWidgets import QAction
except ImportError:
    from PyQt6 import QtCore, QtGui, QtWidgets
    from PyQt6.QtGui import QAction

Qt = QtCore.Qt

__all__ = ["QAction", "Qt", "QtCore", "QtGui", "QtWidgets", "event_position", "network"]


def network():
    """Return QtNetwork, which downloads alone need."""
    if QtCore.__name__.startswith("PyQt5"):
        from PyQt5 import QtNetwork
    else:
        from PyQt6 import QtNetwork
    return QtNetwork


def event_position(event):
    """Return the QPointF of a mouse or hover event within its widget."""
    return event.position() if hasattr(event, "position") else QtCore.QPointF(event.pos())
