"""What to do first, in three pictures; there until a frame is painted."""

from __future__ import annotations

from ..i18n import tr
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.model import FrameState
from . import look
from .elided import ElidedButton
from .slots import observe, pressed

LINES, PAINT, PRESS = "lines", "paint", "press"
_PICTURE = QtCore.QSize(64, 46)
_BLANK = {FrameState.TODO, FrameState.HOLD, FrameState.FAILED}
_SKIN, _SHIRT, _PAPER, _INK = "#f2c9ac", "#467abe", "#fbfbf8", "#202020"


class Guide(QtWidgets.QWidget):
    """Lines, one painted frame, the button; and what takes the artist there."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("guide")
        self._controller = controller
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, look.SPACE, 0, look.SPACE)
        grid.setColumnStretch(1, 1)
        steps = (
            (LINES, tr("Draw the lines on an animated layer.")),
            (PAINT, tr("Paint one frame on a layer below.")),
            (PRESS, tr("Press Propagate colors: the others follow.")),
        )
        for row, (kind, text) in enumerate(steps):
            label = QtWidgets.QLabel(text, self)
            label.setObjectName(f"guide_{kind}")
            label.setWordWrap(True)
            grid.addWidget(GuidePicture(kind, self), row, 0)
            grid.addWidget(label, row, 1)
        self._begin = self._button("guide_begin", controller.begin_painting)
        self._suggest = self._button("guide_suggest", controller.suggest_frames)
        self._suggest.setText(tr("Suggest frames"))
        self._sample = self._button("guide_sample", controller.open_sample)
        self._sample.setText(tr("Open the sample"))
        for row, button in enumerate((self._begin, self._suggest, self._sample), len(steps)):
            grid.addWidget(button, row, 0, 1, 2)
        grid.setRowStretch(len(steps) + 3, 1)
        topics = ("document", "choices", "frames", "busy")
        observe(self, controller, dict.fromkeys(topics, self.refresh))
        self.refresh()

    def _button(self, name: str, function):
        button = ElidedButton(name, self)
        button.clicked.connect(pressed(function))
        return button

    def refresh(self) -> None:
        """Show what fits, or hide once there is paint to learn from."""
        controller = self._controller
        self.setVisible(is_needed(controller))
        ready = controller.has_document and bool(controller.line_layers)
        new = controller.color_layer is None
        self._begin.setText(
            tr("Make color layer and go there") if new else tr("Go to the color layer")
        )
        tip = tr("Go to a frame that is best painted, with a key of its own on the color layer")
        self._begin.setToolTip(tip)
        for button in (self._begin, self._suggest):
            button.setVisible(ready)
            button.setEnabled(controller.busy is None)
        self._sample.setVisible(not ready)
        self._sample.setEnabled(controller.busy is None)


def is_needed(controller) -> bool:
    """Tell whether there is nothing yet to color from."""
    if not controller.has_document or not controller.line_layers:
        return True
    painted = any(row.state not in _BLANK for row in controller.frames)
    return not painted and not controller.model_sheets


class GuidePicture(QtWidgets.QWidget):
    """A small drawing of one step."""

    def __init__(self, kind: str, parent=None) -> None:
        super().__init__(parent)
        self._kind = kind
        self.setFixedSize(_PICTURE)

    def paintEvent(self, _event) -> None:
        """Draw a figure on paper: in lines, in colours, or three with the button below."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        if self._kind == PRESS:
            for place in range(3):
                _paper(painter, QtCore.QRectF(1 + 21 * place, 1, 19, 27), True, place)
            self._paint_button(painter)
            return
        for place in (2, 1):
            _paper(painter, QtCore.QRectF(9 + 5 * place, 2 * place - 1, 34, 40), False, None)
        _paper(painter, QtCore.QRectF(9, 5, 34, 40), self._kind == PAINT, 0)
        if self._kind == PAINT:
            box = QtCore.QRect(38, 14, 26, 26)
            look.paint_pencil(painter, box, look.text_color(self.palette()))

    def _paint_button(self, painter) -> None:
        palette = self.palette()
        painter.setPen(palette.color(palette.ColorRole.Text))
        painter.setBrush(palette.color(palette.ColorRole.Button))
        painter.drawRoundedRect(QtCore.QRectF(8.5, 32.5, 47, 12), 3, 3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(look.GREEN))
        tip = [QtCore.QPointF(x, y) for x, y in ((29, 35), (36, 38.5), (29, 42))]
        painter.drawPolygon(QtGui.QPolygonF(tip))


def _paper(painter, box, colored: bool, pose: int | None) -> None:
    """Draw a sheet with a figure that leans with its pose; None: a blank sheet."""
    painter.setPen(QtGui.QPen(QtGui.QColor("#9a9a9a"), 1))
    painter.setBrush(QtGui.QColor(_PAPER))
    painter.drawRect(box)
    if pose is None:
        return
    lean = (pose - 1) * box.width() * 0.1
    middle, unit = box.center().x() + lean / 2, box.width() / 10
    painter.setPen(QtGui.QPen(QtGui.QColor(_INK), max(1.0, unit * 0.45)))
    body = [(-2.6, 9.6), (-1.6, 5.4), (1.6, 5.4), (2.6, 9.6)]
    painter.setBrush(QtGui.QColor(_SHIRT) if colored else Qt.BrushStyle.NoBrush)
    top = box.top() + unit
    corners = [QtCore.QPointF(middle + x * unit - lean * (y > 6), top + y * unit) for x, y in body]
    painter.drawPolygon(QtGui.QPolygonF(corners))
    painter.setBrush(QtGui.QColor(_SKIN) if colored else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QtCore.QPointF(middle, top + 3.2 * unit), 2.1 * unit, 2.1 * unit)
