"""A picture that can be zoomed with the wheel and moved by dragging; knows document positions."""

from __future__ import annotations

from ..qt import Qt, QtCore, QtGui, QtWidgets, event_position
from . import look, said_marks
from .slots import delayed

_MOST_ZOOM = 16.0  # screen pixels for a document pixel
_STEP = 1.25
_DRAG_PX = 4  # less than this between press and release is a click
_SETTLE_MS = 120
_NEAR_ZOOM = 4.0  # at most, where the canvas goes near by itself
_ROUND_IT = 3.0  # the canvas shows so many times the box then
_RING_PX = 5.0  # between box and ring
_CAPTION_GROUND = (20, 20, 20, 215)


class DocumentCanvas(QtWidgets.QWidget):
    """Shows an image of the whole document at any scale; asks for one of a better size."""

    hovered = QtCore.pyqtSignal(object)  # document position (x, y) or None
    clicked = QtCore.pyqtSignal(object, QtCore.QPoint)  # document position, global position
    size_wanted = QtCore.pyqtSignal()  # another picture size would be better

    def __init__(self, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("viewer_canvas")
        self.setMouseTracking(True)
        self.setMinimumSize(120, 96)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._image: QtGui.QImage | None = None
        self._document = QtCore.QSize()
        self._zoom: float | None = None  # screen pixels for a document pixel; None: all in view
        self._center = QtCore.QPointF()  # document position in the middle
        self._pressed: QtCore.QPointF | None = None
        self._dragging = False
        self._text = ""
        self._ring: tuple[int, int, int, int] | None = None  # in document pixels
        self._caption = ""
        self._said = []
        self._settle = delayed(self.size_wanted.emit, _SETTLE_MS, self)

    # --- what is shown

    def show_picture(self, image, document_size) -> None:
        """Show an image of the whole document, whose size is (width, height)."""
        self._image = image
        self._document = QtCore.QSize(*document_size)
        self._text = ""
        self.update()

    def show_text(self, text: str) -> None:
        """Show a sentence in place of a picture."""
        self._image = None
        self._text = text
        self.update()

    def fit(self) -> None:
        """Show the whole picture."""
        self._zoom = None
        self._settle.start()
        self.update()

    def ring(self, box, caption: str) -> None:
        """Draw a ring about a box of the document, and a line of text; None: no ring."""
        self._ring, self._caption = box, caption
        self.update()

    def show_said(self, said) -> None:
        """Mark the hints and locks of the picture."""
        self._said = list(said)
        self.update()

    def box_on_screen(self, box) -> QtCore.QRect:
        """Return where a box of the document lies on the screen, as far as it is in view."""
        target, scale = self._target(), self.scale()
        x, y, width, height = (side * scale for side in box)
        place = QtCore.QRectF(x, y, width, height).translated(target.topLeft()).toAlignedRect()
        place = place.intersected(self.rect())
        return QtCore.QRect(self.mapToGlobal(place.topLeft()), place.size())

    def go_near(self, box, document_size) -> None:
        """Zoom so that a box of the document is in the middle, with what lies round it."""
        self._document = QtCore.QSize(*document_size)
        self._zoom = None
        if box is not None:
            x, y, width, height = box
            room = min(self.width() / max(width, 1), self.height() / max(height, 1))
            zoom = min(room / _ROUND_IT, _NEAR_ZOOM)
            if zoom > self._fit_scale():
                self._zoom = zoom
                self._center = QtCore.QPointF(x + width / 2, y + height / 2)
        self._settle.start()
        self.update()

    def wanted_size(self) -> tuple[int, int]:
        """Return the picture size that would be sharp at the present zoom."""
        ratio = self.devicePixelRatioF()
        if self._zoom is None or self._document.isEmpty():
            return round(self.width() * ratio), round(self.height() * ratio)
        share = min(self._zoom * ratio, 1.0)
        return round(self._document.width() * share), round(self._document.height() * share)

    def scale(self) -> float:
        """Return screen pixels for a document pixel."""
        if self._zoom is not None:
            return self._zoom
        if self._document.isEmpty():
            return 1.0
        across = self.width() / self._document.width()
        return min(across, self.height() / self._document.height())

    def to_document(self, place: QtCore.QPointF) -> tuple[float, float] | None:
        """Return the document position below a widget position, None beside the picture."""
        if self._image is None or self._document.isEmpty():
            return None
        target = self._target()
        if not target.contains(place):
            return None
        x = (place.x() - target.left()) / self.scale()
        y = (place.y() - target.top()) / self.scale()
        return min(x, self._document.width() - 1e-3), min(y, self._document.height() - 1e-3)

    def _target(self) -> QtCore.QRectF:
        scale = self.scale()
        size = QtCore.QSizeF(self._document) * scale
        middle = QtCore.QPointF(self.width() / 2, self.height() / 2)
        if self._zoom is None:
            corner = middle - QtCore.QPointF(size.width() / 2, size.height() / 2)
        else:
            corner = middle - self._center * scale
        return QtCore.QRectF(corner, size)

    def paintEvent(self, _event) -> None:
        """Draw paper and picture, or the sentence."""
        painter = QtGui.QPainter(self)
        palette = self.palette()
        painter.fillRect(self.rect(), palette.color(palette.ColorRole.Base).darker(108))
        if self._image is None:
            painter.setPen(look.text_color(palette))
            flags = look.flags(Qt.AlignmentFlag.AlignCenter, Qt.TextFlag.TextWordWrap)
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), flags, self._text)
            return
        target = self._target()
        painter.fillRect(target, Qt.GlobalColor.white)  # paper: lines are drawn to be seen on it
        smooth = self.scale() * self._document.width() < 2 * self._image.width()
        painter.setRenderHint(QtGui.QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(target, self._image)
        for said in self._said:
            place = QtCore.QPointF(*said.point) * self.scale() + target.topLeft()
            said_marks.paint_on_picture(painter, place, said)
        self._paint_ring(painter, target)

    def _paint_ring(self, painter, target) -> None:
        """Draw in black and white, to be seen on any colour."""
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self._ring is not None:
            x, y, width, height = (side * self.scale() for side in self._ring)
            box = QtCore.QRectF(x, y, width, height).translated(target.topLeft())
            box.adjust(-_RING_PX, -_RING_PX, _RING_PX, _RING_PX)
            for color, thick in ((Qt.GlobalColor.black, 4.0), (Qt.GlobalColor.white, 1.8)):
                painter.setPen(QtGui.QPen(color, thick))
                painter.drawRoundedRect(box, 2 * _RING_PX, 2 * _RING_PX)
        if self._caption:
            self._paint_caption(painter)

    def _paint_caption(self, painter) -> None:
        box = QtCore.QRectF(painter.fontMetrics().boundingRect(self._caption))
        box = box.adjusted(-6, -3, 6, 3)
        box.moveTopLeft(QtCore.QPointF(4, 4))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(*_CAPTION_GROUND))
        painter.drawRoundedRect(box, 3, 3)
        painter.setPen(Qt.GlobalColor.white)
        painter.drawText(box, look.flags(Qt.AlignmentFlag.AlignCenter), self._caption)

    # --- zoom and drag

    def wheelEvent(self, event) -> None:
        """Zoom about the pointer."""
        steps = event.angleDelta().y() / 120
        if self._image is None or not steps:
            return
        place = event_position(event)
        self.zoom_at(place, _STEP**steps)
        event.accept()

    def zoom_at(self, place: QtCore.QPointF, factor: float) -> None:
        """Zoom by a factor and keep the document position below `place` there."""
        corner, old = self._target().topLeft(), self.scale()
        below = (place - corner) / old
        smallest = min(self._fit_scale(), 1.0)
        new = max(smallest, min(_MOST_ZOOM, old * factor))
        if new <= smallest:
            self._zoom = None
        else:
            middle = QtCore.QPointF(self.width() / 2, self.height() / 2)
            self._zoom = new
            self._center = below + (middle - place) / new
        self._settle.start()
        self.update()

    def _fit_scale(self) -> float:
        across = self.width() / max(self._document.width(), 1)
        return min(across, self.height() / max(self._document.height(), 1))

    def mousePressEvent(self, event) -> None:
        """Begin a click or a drag."""
        self._pressed = event_position(event)
        self._dragging = False

    def mouseMoveEvent(self, event) -> None:
        """Drag the picture, or tell what is below the pointer."""
        place = event_position(event)
        if self._pressed is None:
            self.hovered.emit(self.to_document(place))
            return
        moved = place - self._pressed
        if not self._dragging and moved.manhattanLength() < _DRAG_PX:
            return
        self._dragging = True
        if self._zoom is not None:
            self._center -= moved / self.scale()
            self._pressed = place
            self.update()

    def mouseReleaseEvent(self, event) -> None:
        """End a drag, or report a click."""
        place = event_position(event)
        was_click = self._pressed is not None and not self._dragging
        self._pressed = None
        point = self.to_document(place)
        if was_click and point is not None and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit(point, self.mapToGlobal(place.toPoint()))

    def leaveEvent(self, event) -> None:
        """Nothing is below the pointer any more."""
        self.hovered.emit(None)
        super().leaveEvent(event)

    def resizeEvent(self, event) -> None:
        """Ask for a picture of the new size, once it stays."""
        super().resizeEvent(event)
        self._settle.start()
