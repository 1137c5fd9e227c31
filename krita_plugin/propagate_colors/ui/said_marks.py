"""How hints and locks look: on the picture in the viewer, and in a cell of the strip."""

from __future__ import annotations

from ..i18n import tr_n
from ..qt import Qt, QtCore, QtGui
from ..state.model import HINT, FrameRow
from . import look

_RADIUS = 5.0  # of a hint on the picture, in screen pixels
_CELL = 4  # of a mark in a cell


def paint_on_picture(painter, place, said) -> None:
    """Draw a hint as a dot of its colour, hollow while it waits for a run; a lock as a padlock."""
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    if said.kind != HINT:
        _paint_padlock(painter, place)
        return
    color = QtGui.QColor(*said.display)
    for pen, thick in ((Qt.GlobalColor.black, 4.5), (Qt.GlobalColor.white, 2.5)):
        painter.setPen(QtGui.QPen(pen, thick))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(place, _RADIUS, _RADIUS)
    painter.setPen(QtGui.QPen(color, 2.5) if said.pending else Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if said.pending else color)
    painter.drawEllipse(place, _RADIUS - 1.0, _RADIUS - 1.0)


def _paint_padlock(painter, place) -> None:
    body = QtCore.QRectF(place.x() - 5, place.y() - 1, 10, 7)
    bow = QtCore.QRectF(place.x() - 3, place.y() - 6, 6, 9)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for color, thick in ((Qt.GlobalColor.white, 4.0), (QtGui.QColor(look.INK), 1.8)):
        painter.setPen(QtGui.QPen(color, thick))
        painter.drawArc(bow, 0, 180 * 16)
    painter.setPen(QtGui.QPen(Qt.GlobalColor.white, 1.2))
    painter.setBrush(QtGui.QColor(look.INK))
    painter.drawRoundedRect(body, 1.5, 1.5)


def paint_in_cell(painter, box, row: FrameRow) -> None:
    """Draw hints that wait as a dot at the cell's lower left, locks as a square at the right."""
    painter.setPen(QtGui.QPen(QtGui.QColor(look.INK), 1.0))
    painter.setBrush(Qt.GlobalColor.white)
    bottom = box.bottom() - _CELL - 1
    if row.pending_hints:
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.drawEllipse(QtCore.QRectF(box.left() + 1.5, bottom + 0.5, _CELL, _CELL))
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, False)
    if row.locks:
        painter.drawRect(box.right() - _CELL - 1, bottom, _CELL, _CELL)


def facts(row: FrameRow) -> list[str]:
    """Return in words what the marks in a cell say."""
    found = []
    if row.pending_hints:
        waiting = row.pending_hints
        found.append(tr_n("1 hint for the next run", "{n} hints for the next run", waiting))
    if row.locks:
        found.append(tr_n("1 locked segment", "{n} locked segments", row.locks))
    return found
