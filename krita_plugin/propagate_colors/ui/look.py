"""Colours, icons and pictures that the widgets share; only state colours are not the palette's."""

from __future__ import annotations

from ..i18n import mark
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.model import FrameState, Picture

SPACE = 4  # pixels between widgets and round a group

# Mid tones: black marks on them and they themselves stay readable on dark and light themes.
BLUE = "#5b9bd5"
AMBER = "#e0a030"
GREEN = "#62b462"
RED = "#dd5f57"
INK = "#161616"

NO_ARROW = "QToolButton::menu-indicator { image: none; }"  # for buttons whose icon says enough

REVIEW = "review"  # a predicted frame with something in it that is worth a look

STATE_COLORS = {
    FrameState.PREDICTED: BLUE,
    REVIEW: AMBER,
    FrameState.ACCEPTED: GREEN,
    FrameState.FAILED: RED,
}
STATE_NAMES = {
    FrameState.TODO: mark("To do"),
    FrameState.HOLD: mark("Held"),
    FrameState.PREDICTED: mark("Predicted"),
    REVIEW: mark("Needs review"),
    FrameState.ACCEPTED: mark("Accepted"),
    FrameState.ARTIST: mark("Yours"),
    FrameState.FAILED: mark("Failed"),
    FrameState.UNKNOWN: mark("Unknown"),
}
LEVEL_COLORS = {"info": BLUE, "warning": AMBER, "error": RED}


def shown_state(row) -> str:
    """Return the state that a frame is drawn in: predicted splits by doubt."""
    if row.state == FrameState.PREDICTED and row.needs_review:
        return REVIEW
    return row.state


def state_color(state: str, palette) -> QtGui.QColor:
    """Return the state's colour; states without one take a grey of the palette."""
    if state in STATE_COLORS:
        return QtGui.QColor(STATE_COLORS[state])
    share = 0.5 if state in {FrameState.ARTIST, FrameState.UNKNOWN} else 0.22
    return blend(palette.color(palette.ColorRole.Base), text_color(palette), share)


def text_color(palette) -> QtGui.QColor:
    """Return the colour of text in lists and fields."""
    return palette.color(palette.ColorRole.Text)


def blend(first, second, share: float) -> QtGui.QColor:
    """Return `first` with `share` of `second` in it."""
    pairs = zip(first.getRgb()[:3], second.getRgb()[:3])
    return QtGui.QColor(*(round(a + (b - a) * share) for a, b in pairs))


def to_image(picture: Picture) -> QtGui.QImage:
    """Return a picture of the controller as an image that owns its pixels."""
    width, height, data = picture
    shape = QtGui.QImage.Format.Format_ARGB32
    return QtGui.QImage(data, width, height, 4 * width, shape).copy()


def flags(*members) -> int:
    """Join flags for QPainter.drawText, which takes a plain number on both Qt versions."""
    joined = 0
    for member in members:
        joined |= int(getattr(member, "value", member))
    return joined


def font(base, *, bold: bool = False, share: float = 1.0) -> QtGui.QFont:
    """Return a variant of a widget's font."""
    changed = QtGui.QFont(base)
    changed.setBold(bold)
    if share != 1.0 and base.pointSizeF() > 0:
        changed.setPointSizeF(base.pointSizeF() * share)
    return changed


def swatch(rgb, size: int, palette) -> QtGui.QIcon:
    """Return a square of one colour with a thin frame; None is drawn as unpainted."""
    pixmap = QtGui.QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(pixmap)
    _paint_swatch(painter, QtCore.QRect(0, 0, size, size), rgb, palette)
    painter.end()
    return QtGui.QIcon(pixmap)


def _paint_swatch(painter, box, rgb, palette) -> None:
    """Draw a swatch into `box`; unpainted is an empty square with a stroke through it."""
    inner = box.adjusted(0, 0, -1, -1)
    painter.setPen(blend(palette.color(palette.ColorRole.Base), text_color(palette), 0.5))
    fill = palette.color(palette.ColorRole.Base) if rgb is None else QtGui.QColor(*rgb)
    painter.setBrush(fill)
    painter.drawRect(inner)
    if rgb is None:
        painter.setPen(QtGui.QPen(QtGui.QColor(RED), 1.5))
        painter.drawLine(inner.bottomLeft(), inner.topRight())


def paint_field(widget, color) -> None:
    """Fill a widget as a message has it: tinted, with the colour at its left edge."""
    painter = QtGui.QPainter(widget)
    palette = widget.palette()
    color = QtGui.QColor(color)
    painter.fillRect(widget.rect(), blend(palette.color(palette.ColorRole.Window), color, 0.16))
    painter.fillRect(QtCore.QRect(0, 0, 4, widget.height()), color)


# Icons on a 16 x 16 grid, as polylines.
_ICONS = {
    "menu": [[(3, 4), (13, 4)], [(3, 8), (13, 8)], [(3, 12), (13, 12)]],
    "float": [
        [(7, 3), (3, 3), (3, 13), (13, 13), (13, 9)],
        [(9, 3), (13, 3), (13, 7)],
        [(13, 3), (7, 9)],
    ],
    "close": [[(4, 4), (12, 12)], [(12, 4), (4, 12)]],
    "previous": [[(10, 3), (5, 8), (10, 13)]],
    "next": [[(6, 3), (11, 8), (6, 13)]],
    "picture": [
        [(2, 3), (14, 3), (14, 13), (2, 13), (2, 3)],
        [(2, 11), (6, 7), (9, 10), (11, 8), (14, 11)],
    ],
    "segments": [
        [(2, 3), (14, 3), (14, 13), (2, 13), (2, 3)],
        [(8, 3), (6, 8), (2, 9)],
        [(6, 8), (10, 10), (9, 13)],
        [(10, 10), (14, 8)],
    ],
    "doubtful": [[(8, 2), (15, 14), (1, 14), (8, 2)], [(8, 6), (8, 10)], [(8, 12), (8, 12.3)]],
    "sort": [
        [(5, 3), (5, 13)],
        [(2, 10), (5, 13), (8, 10)],
        [(11, 13), (11, 3)],
        [(8, 6), (11, 3), (14, 6)],
    ],
    "suggest": [
        [(6, 11), (4, 8), (4, 5), (6, 3), (10, 3), (12, 5), (12, 8), (10, 11), (6, 11)],
        [(6, 13.5), (10, 13.5)],
    ],
    "open": [[(4, 6), (8, 10), (12, 6)]],
    "closed": [[(6, 4), (10, 8), (6, 12)]],
}


def icon(name: str, palette) -> QtGui.QIcon:
    """Return a line icon in the palette's text colour, for one and two device pixels."""
    made = QtGui.QIcon()
    for ratio in (1, 2):
        pixmap = QtGui.QPixmap(16 * ratio, 16 * ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QtGui.QPainter(pixmap)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.scale(ratio, ratio)
        color = palette.color(palette.ColorRole.ButtonText)
        painter.setPen(QtGui.QPen(color, 1.4))
        for line in _ICONS[name]:
            painter.drawPolyline(QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in line]))
        painter.end()
        made.addPixmap(pixmap)
    return made


def paint_pencil(painter, box, color) -> None:
    """Draw a small pencil, tip at the lower left, centred in `box`."""
    size = min(box.width(), box.height())
    painter.save()
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.translate(box.center().x() - size / 2 + 0.5, box.center().y() - size / 2 + 0.5)
    painter.scale(size / 10, size / 10)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    body = [(3.0, 5.0), (7.0, 1.0), (9.0, 3.0), (5.0, 7.0)]
    tip = [(2.4, 5.6), (4.4, 7.6), (1.0, 9.0)]
    for shape in (body, tip):
        painter.drawPolygon(QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in shape]))
    painter.restore()


def without_margins(layout, spacing: int = SPACE):
    """Return a layout that takes all of its widget, with so many pixels between what it holds."""
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    return layout


def message_label(name: str, parent) -> QtWidgets.QLabel:
    """Return a label for sentences, which wraps them and lets them be selected."""
    label = QtWidgets.QLabel(parent)
    label.setObjectName(name)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def tool_button(name: str, tip: str, parent) -> QtWidgets.QToolButton:
    """Return a flat square button named `name`."""
    button = QtWidgets.QToolButton(parent)
    button.setObjectName(name)
    button.setAutoRaise(True)
    button.setToolTip(tip)
    button.setIconSize(QtCore.QSize(16, 16))
    button.setAccessibleName(tip)
    return button
