"""The canvas without a mouse: a cross that arrows move, keys that zoom, Return that clicks."""

from __future__ import annotations

from typing import Any

from ..qt import Qt, QtCore, QtGui, QtWidgets
from .slots import keep_keys

_STEP_PX, _FINE_PX = 12, 1
_ZOOM = 1.25
_ARM_PX = 9
_MOVES = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_ZOOMS = {Qt.Key.Key_Plus: _ZOOM, Qt.Key.Key_Equal: _ZOOM, Qt.Key.Key_Minus: 1 / _ZOOM}
_CLICKS = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}


class CanvasKeys(QtWidgets.QWidget):
    """Lies over a canvas, lets the mouse through, and draws focus and cross."""

    def __init__(self, canvas: Any) -> None:
        super().__init__(canvas)
        self.setObjectName("canvas_keys")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._canvas = canvas
        self._at: QtCore.QPointF | None = None
        self._kept = keep_keys(canvas, {*_MOVES, *_ZOOMS, *_CLICKS})
        canvas.installEventFilter(self)
        self.resize(canvas.size())
        self.hide()

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Take the canvas's keys; follow its focus and size."""
        kinds = QtCore.QEvent.Type
        if event.type() == kinds.KeyPress:
            return self._press(event)
        if event.type() == kinds.Resize:
            self.resize(event.size())
            self._at = None
        elif event.type() == kinds.MouseButtonPress:
            self._at = None  # the pointer is in use, not the cross
            self.update()
        elif event.type() in {kinds.FocusIn, kinds.FocusOut}:
            self.setVisible(event.type() == kinds.FocusIn)
        return False

    def _press(self, event: Any) -> bool:
        at = self._at or QtCore.QPointF(self.width() / 2, self.height() / 2)
        if event.key() in _MOVES:
            fine = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            step = _FINE_PX if fine else _STEP_PX
            x, y = _MOVES[event.key()]
            self._at = QtCore.QPointF(
                min(max(at.x() + x * step, 0), self.width() - 1),
                min(max(at.y() + y * step, 0), self.height() - 1),
            )
            self._canvas.hovered.emit(self._canvas.to_document(self._at))
        elif event.key() in _ZOOMS:
            self._at = at
            self._canvas.zoom_at(at, _ZOOMS[event.key()])
        elif event.key() in _CLICKS:
            point = self._canvas.to_document(at)
            if point is not None:
                self._canvas.clicked.emit(point, self._canvas.mapToGlobal(at.toPoint()))
        else:
            return False
        self.update()
        return True

    def paintEvent(self, _event: Any) -> None:
        """Draw the frame of the focus, and the cross once it was moved."""
        painter = QtGui.QPainter(self)
        palette = self.palette()
        painter.setPen(QtGui.QPen(palette.color(palette.ColorRole.Highlight), 2))
        painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        if self._at is None:
            return
        for color, width in (("#ffffff", 3), ("#101010", 1)):
            painter.setPen(QtGui.QPen(QtGui.QColor(color), width))
            for x, y in ((_ARM_PX, 0), (0, _ARM_PX)):
                arm = QtCore.QPointF(x, y)
                painter.drawLine(self._at - arm, self._at + arm)
