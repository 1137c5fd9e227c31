"""How a frame looks in the review list: thumbnail, number, state, confidence, what is doubtful."""

from __future__ import annotations

from typing import Callable

from ..i18n import tr, tr_n
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.model import FrameRow
from . import look
from .frame_model import ROW_ROLE
from .frame_words import with_layers

_THUMBNAIL = QtCore.QSize(64, 38)
_SMALL_THUMBNAIL = QtCore.QSize(48, 28)  # where text would be short of room
_NARROW = 250  # pixels
_STRIPE = 4  # the state's colour at the left edge
_APART = 6  # between the state and how sure it is
_SEPARATOR = " · "


class ReviewDelegate(QtWidgets.QStyledItemDelegate):
    """Paints one row; needs 200 pixels, uses what it gets."""

    def sizeHint(self, option, _index) -> QtCore.QSize:
        """Return the height of a thumbnail or of two lines of text."""
        text = 2 * option.fontMetrics.height()
        return QtCore.QSize(160, max(_THUMBNAIL.height(), text) + 2 * look.SPACE)

    def paint(self, painter, option, index) -> None:
        """Draw the row."""
        row = index.data(ROW_ROLE)
        painter.save()
        style = option.widget.style() if option.widget else QtWidgets.QApplication.style()
        panel = QtWidgets.QStyle.PrimitiveElement.PE_PanelItemViewItem
        style.drawPrimitive(panel, option, painter, option.widget)
        state = look.shown_state(row)
        box = option.rect
        stripe = QtCore.QRect(box.left(), box.top() + 1, _STRIPE, box.height() - 2)
        painter.fillRect(stripe, look.state_color(state, option.palette))
        size = _SMALL_THUMBNAIL if box.width() < _NARROW else _THUMBNAIL
        place = QtCore.QRect(QtCore.QPoint(box.left() + _STRIPE + 4, box.top()), size)
        place.moveTop(box.top() + (box.height() - size.height()) // 2)
        self._paint_thumbnail(painter, place, index.data(Qt.ItemDataRole.DecorationRole), option)
        left = place.right() + 8
        text = QtCore.QRect(left, box.top(), box.right() - left - 4, box.height())
        self._paint_text(painter, text, row, state, option)
        painter.restore()

    @staticmethod
    def _paint_thumbnail(painter, place, image, option) -> None:
        palette = option.palette
        target = paint_picture(painter, place, image, palette)
        if target.isEmpty():
            return
        base = palette.color(palette.ColorRole.Base)
        painter.setPen(look.blend(base, look.text_color(palette), 0.3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(target.adjusted(0, 0, -1, -1))

    @staticmethod
    def _paint_text(painter, box, row, state: str, option) -> None:
        selected = bool(option.state & QtWidgets.QStyle.StateFlag.State_Selected)
        roles = option.palette.ColorRole
        role = roles.HighlightedText if selected else roles.Text
        painter.setPen(option.palette.color(role))
        line = option.fontMetrics.height()
        bold = look.font(option.font, bold=True)
        number = str(row.time)
        width = QtGui.QFontMetrics(bold).horizontalAdvance(number) + 8
        name = tr(look.STATE_NAMES[state])
        advance = option.fontMetrics.horizontalAdvance
        sure, below = beside_or_below(row, name, box.width() - width, box.width(), advance)
        taken = advance(sure) + _APART if sure else 0
        top = box.top() + (box.height() - (2 if below else 1) * line) // 2
        upper = QtCore.QRect(box.left(), top, box.width(), line)
        lower = upper.translated(0, line)
        left = look.flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(bold)
        painter.drawText(upper, left, number)
        painter.setFont(option.font)
        right = look.flags(Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter)
        painter.drawText(upper, right, sure)
        _draw_elided(painter, upper.adjusted(width, 0, -taken, 0), name, option)
        _draw_elided(painter, lower, below, option)


def _draw_elided(painter, box, text: str, option) -> None:
    left = look.flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter)
    elide = Qt.TextElideMode.ElideRight
    painter.drawText(box, left, option.fontMetrics.elidedText(text, elide, box.width()))


def summary(row) -> str:
    """Return what to look at, as short as it goes; the tooltip has words."""
    if row.error:
        return row.error
    parts = []
    if row.doubtful:
        parts.append(tr("{n} doubtful", n=row.doubtful))
    if row.surfaces:
        parts.append(with_layers(tr_n("{n} surface", "{n} surfaces", row.surfaces), row))
    if row.no_counterpart:
        parts.append(tr("{n} new", n=row.no_counterpart))
    return _SEPARATOR.join(parts)


def beside_or_below(
    row: FrameRow, name: str, room: int, room_below: int, advance: Callable[[str], int]
) -> tuple[str, str]:
    """Return what stands beside a state and what below it, in rooms of so many pixels.

    The state is not cut for how sure it is: that stands below where it must, and else nowhere but
    in the tooltip.
    """
    sure = "" if row.confidence is None else f"{round(100 * row.confidence)} %"
    below = summary(row)
    if not sure or advance(name) + _APART + advance(sure) <= room:
        return sure, below
    both = _SEPARATOR.join(filter(None, (below, sure)))
    return "", both if advance(both) <= room_below else below


def paint_picture(painter, place, image, palette) -> QtCore.QRect:
    """Draw a frame's picture on paper in the middle of a place; return where it lies."""
    painter.fillRect(place, palette.color(palette.ColorRole.AlternateBase))
    if image is None:
        return QtCore.QRect()
    size = image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    target = QtCore.QRect(QtCore.QPoint(0, 0), size)
    target.moveCenter(place.center())
    # Drawings are made on paper: without it dark lines vanish on a dark theme.
    painter.fillRect(target, Qt.GlobalColor.white)
    painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(target, image)
    return target
