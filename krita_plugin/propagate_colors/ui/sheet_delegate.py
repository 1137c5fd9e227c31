"""How a frame looks on the contact sheet: its picture in a ring of its state, number, doubts."""

from __future__ import annotations

from ..i18n import tr
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.model import FrameState
from . import look
from .frame_model import ROW_ROLE
from .review_delegate import paint_picture

_PICTURE = QtCore.QSize(144, 96)
_RING = 3


class SheetDelegate(QtWidgets.QStyledItemDelegate):
    """Paints one frame; a doubtful one has an amber ring and the number of doubts."""

    def sizeHint(self, option, _index) -> QtCore.QSize:
        """Return the size of picture, ring and one line of text."""
        below = option.fontMetrics.height() + look.SPACE
        return _PICTURE + QtCore.QSize(4 * _RING, 4 * _RING + below)

    def paint(self, painter, option, index) -> None:
        """Draw the frame."""
        row = index.data(ROW_ROLE)
        painter.save()
        if option.state & QtWidgets.QStyle.StateFlag.State_Selected:
            painter.fillRect(option.rect, option.palette.color(option.palette.ColorRole.Highlight))
        corner = option.rect.topLeft() + QtCore.QPoint(2 * _RING, 2 * _RING)
        box = QtCore.QRect(corner, _PICTURE)
        paint_picture(painter, box, index.data(Qt.ItemDataRole.DecorationRole), option.palette)
        state = look.shown_state(row)
        painter.setPen(QtGui.QPen(look.state_color(state, option.palette), _RING))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(-2, -2, 1, 1))
        if state == look.REVIEW:
            _paint_doubts(painter, box, row.doubts, option.fontMetrics)
        _paint_text(painter, option, box, row, state)
        if option.state & QtWidgets.QStyle.StateFlag.State_HasFocus:
            painter.setPen(option.palette.color(option.palette.ColorRole.Text))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(option.rect.adjusted(0, 0, -1, -1))
        painter.restore()


def _paint_doubts(painter, box, doubts: int, metrics) -> None:
    text = str(doubts)
    width = max(metrics.horizontalAdvance(text) + 8, metrics.height())
    badge = QtCore.QRect(box.right() - width + 1, box.top(), width, metrics.height())
    painter.fillRect(badge, QtGui.QColor(look.AMBER))
    painter.setPen(QtGui.QColor(look.INK))
    painter.drawText(badge, look.flags(Qt.AlignmentFlag.AlignCenter), text)


def _paint_text(painter, option, box, row, state: str) -> None:
    chosen = option.state & QtWidgets.QStyle.StateFlag.State_Selected
    role = option.palette.ColorRole
    painter.setPen(option.palette.color(role.HighlightedText if chosen else role.Text))
    line = QtCore.QRect(box.left(), box.bottom() + 2 * _RING, box.width(), 0)
    line.setHeight(option.fontMetrics.height())
    unsure = row.confidence is None or row.state == FrameState.ARTIST
    sure = "" if unsure else tr("{percent} %", percent=round(100 * row.confidence))
    right = look.flags(Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter)
    painter.drawText(line, right, sure)
    room = line.width() - option.fontMetrics.horizontalAdvance(sure) - look.SPACE
    words = f"{row.time}  {tr(look.STATE_NAMES[state])}"
    words = option.fontMetrics.elidedText(words, Qt.TextElideMode.ElideRight, room)
    painter.drawText(line, look.flags(Qt.AlignmentFlag.AlignLeft), words)
