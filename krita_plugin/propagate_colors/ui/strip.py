"""The frame strip: one cell a frame, its state, references as dots, the playhead."""

from __future__ import annotations

from ..i18n import tr
from ..qt import Qt, QtCore, QtGui, QtWidgets, event_position
from ..state.model import FrameRow, FrameState
from . import look, said_marks
from .frame_words import describe, may_refer
from .slots import keep_keys, observe

_SMALL = 0.8  # of the font, for numbers
_MIN_CELL, _MAX_CELL = 11, 26  # pixels; a pencil needs eleven
_LANE, _CELL, _DOTS = 6, 20, 13  # heights of the playhead's lane, the states and the dots

_KEYS = {
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
    *(Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space),
}


class FrameStrip(QtWidgets.QAbstractScrollArea):
    """Shows `controller.frames`; the dots' row toggles references, a double click goes there."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("frame_strip")
        self.setAccessibleName(tr("Frames"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed
        )
        self.viewport().setMouseTracking(True)
        self._controller = controller
        self._rows: list[FrameRow] = []
        self._suggested: set[int] = set()
        self._cursor = 0  # index of the cell that keys act on
        self._hovered = -1
        self._revealed: int | None = None  # the current time when it was last scrolled to
        self._kept = keep_keys(self, _KEYS)
        observe(self, controller, {"frames": self.refresh, "document": self.refresh})
        self.refresh()

    # --- what is shown

    def refresh(self) -> None:
        """Take the frames from the controller."""
        self._rows = list(self._controller.frames)
        self._suggested = set(self._controller.suggested)
        self._cursor = min(self._cursor, max(len(self._rows) - 1, 0))
        self._update_scroll_bar()
        if self._controller.current_time != self._revealed:
            self._revealed = self._controller.current_time
            self.reveal(self.current_index())
        self.viewport().update()

    def current_index(self) -> int:
        """Return the index of the document's current time, -1 outside the range."""
        time = self._controller.current_time
        return next((i for i, row in enumerate(self._rows) if row.time == time), -1)

    def cell_width(self) -> int:
        """Return the width of a cell: the range fills the strip where it can."""
        room = self.viewport().width() // max(len(self._rows), 1)
        return max(_MIN_CELL, min(_MAX_CELL, room))

    def cell_rect(self, index: int) -> QtCore.QRect:
        """Return the place of a cell's state in the viewport."""
        width = self.cell_width()
        return QtCore.QRect(index * width - self._offset(), self._ruler(), width, _CELL)

    def dot_rect(self, index: int) -> QtCore.QRect:
        """Return the place of a cell's reference dot in the viewport."""
        return (
            self.cell_rect(index)
            .translated(0, _CELL)
            .intersected(
                QtCore.QRect(-_MAX_CELL, self._cells_end(), self.width() + 2 * _MAX_CELL, _DOTS)
            )
        )

    def _index_at(self, x: float) -> int:
        """Return the index of the cell at a viewport position, -1 beside all of them."""
        index = (int(x) + self._offset()) // self.cell_width()
        return index if 0 <= index < len(self._rows) else -1

    def reveal(self, index: int) -> None:
        """Scroll so that a cell is in view, with two more beside it."""
        if index < 0:
            return
        width, bar = self.cell_width(), self.horizontalScrollBar()
        left, right = (index - 2) * width, (index + 3) * width
        if left < bar.value():
            bar.setValue(left)
        elif right > bar.value() + self.viewport().width():
            bar.setValue(right - self.viewport().width())

    def sizeHint(self) -> QtCore.QSize:
        """Keep room for the scroll bar, so that nothing jumps when it comes."""
        bar = self.style().pixelMetric(QtWidgets.QStyle.PixelMetric.PM_ScrollBarExtent)
        return QtCore.QSize(120, self._cells_end() + _DOTS + bar)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return the size hint; any width will do."""
        return self.sizeHint()

    # --- painting

    def paintEvent(self, event) -> None:
        """Draw the cells in view."""
        painter = QtGui.QPainter(self.viewport())
        if not self._rows:
            self._paint_empty(painter)
            return
        first = max(self._index_at(max(event.rect().left(), 0)), 0)
        last = self._index_at(event.rect().right())
        last = len(self._rows) - 1 if last < 0 else last
        painter.setFont(look.font(self.font(), share=_SMALL))
        for index in range(max(first - 1, 0), last + 1):
            self._paint_number(painter, index)
            self._paint_cell(painter, index)
            self._paint_dot(painter, index)
        self._paint_playhead(painter)

    def _paint_empty(self, painter) -> None:
        painter.setPen(self.palette().color(self.palette().ColorRole.PlaceholderText))
        flags = look.flags(Qt.AlignmentFlag.AlignCenter, Qt.TextFlag.TextWordWrap)
        text = tr("No frames: choose a line layer with keyframes.")
        painter.drawText(self.viewport().rect(), flags, text)

    def _paint_number(self, painter, index: int) -> None:
        row, width = self._rows[index], self.cell_width()
        digits = painter.fontMetrics().horizontalAdvance(str(self._rows[-1].time)) + 9
        every = next((n for n in (1, 2, 5, 10, 20, 50, 100) if n * width >= digits), 100)
        if row.time % every:
            return
        painter.setPen(look.text_color(self.palette()))
        left = self.cell_rect(index).left()
        flags = look.flags(Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignVCenter)
        box = QtCore.QRect(left + 1, 0, every * width, self._ruler() - _LANE)
        end = box.left() + painter.fontMetrics().horizontalAdvance(str(row.time))
        if box.left() >= 0 and end <= self.viewport().width():  # half a number is another one
            painter.drawText(box, flags, str(row.time))

    def _paint_cell(self, painter, index: int) -> None:
        row, palette = self._rows[index], self.palette()
        box = self.cell_rect(index)
        if row.state == FrameState.HOLD:
            self._paint_hold(painter, index, box)
        else:
            state = look.shown_state(row)
            inner = box.adjusted(1, 1, 0, -1)
            painter.fillRect(inner, look.state_color(state, palette))
            if row.time in self._suggested:
                _paint_suggested(painter, inner, palette)
            else:
                self._paint_mark(painter, state, inner)
            said_marks.paint_in_cell(painter, inner, row)
        if index == self._cursor and self.hasFocus():
            painter.setPen(palette.color(palette.ColorRole.Highlight))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0, 0, 0, -1))

    def _paint_hold(self, painter, index: int, box) -> None:
        """Draw a band at half height, attached to the cell that is held."""
        palette = self.palette()
        source = self._holder(index)
        color = look.state_color(look.shown_state(source) if source else "", palette)
        base = palette.color(palette.ColorRole.Window)
        middle = box.adjusted(0, _CELL // 2 - 3, 0, -(_CELL // 2 - 3))
        painter.fillRect(middle, look.blend(base, color, 0.75))

    def _holder(self, index: int) -> FrameRow | None:
        held_from = self._rows[index].held_from
        if held_from is None:
            return None
        guess = index - (self._rows[index].time - held_from)
        if 0 <= guess < index and self._rows[guess].time == held_from:
            return self._rows[guess]
        return None

    def _paint_mark(self, painter, state: str, box) -> None:
        """Add a sign to the colour, for those who do not see the difference."""
        palette = self.palette()
        center = QtCore.QPointF(box.center()) + QtCore.QPointF(0.5, 0.5)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtGui.QPen(QtGui.QColor(look.INK), 1.6))
        if state == FrameState.ARTIST:
            color = palette.color(palette.ColorRole.Base)
            look.paint_pencil(painter, box.adjusted(0, 3, 0, -3), color)
        elif state == FrameState.ACCEPTED:
            _polyline(painter, center, [(-3, 0), (-1, 2.5), (3, -2.5)])
        elif state == look.REVIEW:
            _polyline(painter, center, [(0, -5), (0, 1)])
            _polyline(painter, center, [(0, 4), (0, 4.3)])
        elif state == FrameState.FAILED:
            _polyline(painter, center, [(-2.5, -2.5), (2.5, 2.5)])
            _polyline(painter, center, [(2.5, -2.5), (-2.5, 2.5)])
        elif state == FrameState.UNKNOWN:
            painter.setPen(palette.color(palette.ColorRole.Base))
            painter.drawText(box, look.flags(Qt.AlignmentFlag.AlignCenter), "?")
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, False)

    def _paint_dot(self, painter, index: int) -> None:
        row = self._rows[index]
        hinted = index == self._hovered and may_refer(row)
        if not row.is_reference and not hinted:
            return
        palette = self.palette()
        center = QtCore.QPointF(self.dot_rect(index).center()) + QtCore.QPointF(1, 0.5)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtGui.QPen(look.text_color(palette), 1.2))
        brush = look.text_color(palette) if row.is_reference else Qt.BrushStyle.NoBrush
        painter.setBrush(brush)
        painter.drawEllipse(center, 3.6, 3.6)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, False)

    def _paint_playhead(self, painter) -> None:
        index = self.current_index()
        if index < 0:
            return
        box = self.cell_rect(index)
        color = self.palette().color(self.palette().ColorRole.Highlight)
        painter.setPen(QtGui.QPen(color, 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(box.adjusted(1, 0, 0, 0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color)
        middle = box.center().x() + 1
        ruler = self._ruler()
        tip = [(middle - 5, ruler - _LANE), (middle + 5, ruler - _LANE), (middle, ruler)]
        painter.drawPolygon(QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in tip]))

    # --- mouse and keys

    def mousePressEvent(self, event) -> None:
        """Move the cursor there; in the dots' row toggle the reference."""
        place = event_position(event)
        index = self._index_at(place.x())
        if index < 0 or event.button() != Qt.MouseButton.LeftButton:
            return
        self._cursor = index
        if place.y() >= self._cells_end():
            self._controller.toggle_reference(self._rows[index].time)
        self.viewport().update()

    def mouseDoubleClickEvent(self, event) -> None:
        """Go to the frame; in the dots' row the second click toggles as the first did."""
        place = event_position(event)
        index = self._index_at(place.x())
        if place.y() >= self._cells_end():
            self.mousePressEvent(event)
        elif index >= 0:
            self._controller.go_to(self._rows[index].time)

    def mouseMoveEvent(self, event) -> None:
        """Show where a click would set a dot."""
        place = event_position(event)
        inside = place.y() >= self._cells_end()
        self._hover(self._index_at(place.x()) if inside else -1)

    def leaveEvent(self, event) -> None:
        """Take the hovered dot away."""
        self._hover(-1)
        super().leaveEvent(event)

    def wheelEvent(self, event) -> None:
        """Scroll sideways with any wheel."""
        delta = event.angleDelta()
        steps = delta.x() if abs(delta.x()) > abs(delta.y()) else delta.y()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - steps // 2)
        event.accept()

    def keyPressEvent(self, event) -> None:
        """Move with the arrow keys; Return goes to the frame, Space toggles the reference."""
        last = len(self._rows) - 1
        moves = {
            Qt.Key.Key_Left: self._cursor - 1,
            Qt.Key.Key_Right: self._cursor + 1,
            Qt.Key.Key_PageUp: self._cursor - 10,
            Qt.Key.Key_PageDown: self._cursor + 10,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        key = event.key()
        if last < 0:
            super().keyPressEvent(event)
        elif key in moves:
            self._cursor = max(0, min(last, moves[key]))
            self.reveal(self._cursor)
            self._describe_cursor()
            self.viewport().update()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._controller.go_to(self._rows[self._cursor].time)
        elif key == Qt.Key.Key_Space:
            self._controller.toggle_reference(self._rows[self._cursor].time)
        else:
            super().keyPressEvent(event)

    def viewportEvent(self, event) -> bool:
        """Show a tooltip for the cell under the pointer."""
        if event.type() == QtCore.QEvent.Type.ToolTip:
            index = self._index_at(event.pos().x())
            if index >= 0:
                row = self._rows[index]
                text = describe(row, row.time in self._suggested)
                QtWidgets.QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().viewportEvent(event)

    def resizeEvent(self, event) -> None:
        """Fit the cells and the scroll bar."""
        super().resizeEvent(event)
        self._update_scroll_bar()

    # --- helpers

    def _describe_cursor(self) -> None:
        row = self._rows[self._cursor]
        self.setAccessibleDescription(describe(row, row.time in self._suggested))

    def _hover(self, index: int) -> None:
        if index != self._hovered:
            self._hovered = index
            self.viewport().update()

    def _ruler(self) -> int:
        """Return the height of numbers and lane; the lane takes the numbers' lower space."""
        numbers = QtGui.QFontMetrics(look.font(self.font(), share=_SMALL)).ascent()
        return numbers + _LANE

    def _cells_end(self) -> int:
        return self._ruler() + _CELL

    def _offset(self) -> int:
        return self.horizontalScrollBar().value()

    def _update_scroll_bar(self) -> None:
        bar, page = self.horizontalScrollBar(), self.viewport().width()
        bar.setPageStep(page)
        bar.setSingleStep(self.cell_width())
        bar.setRange(0, max(0, len(self._rows) * self.cell_width() - page))


def _polyline(painter, center, points) -> None:
    corners = [center + QtCore.QPointF(x, y) for x, y in points]
    painter.drawPolyline(QtGui.QPolygonF(corners))


def _paint_suggested(painter, box, palette) -> None:
    """Draw a diamond: this frame is best painted first."""
    center = QtCore.QPointF(box.center()) + QtCore.QPointF(0.5, 0.5)
    corners = [center + QtCore.QPointF(x, y) for x, y in ((0, -5.5), (4.5, 0), (0, 5.5), (-4.5, 0))]
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(QtGui.QPen(palette.color(palette.ColorRole.Base), 1))
    painter.setBrush(look.text_color(palette))
    painter.drawPolygon(QtGui.QPolygonF(corners))
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing, False)
