"""A window that shows why a segment has its colour: above Krita, and without the keyboard."""

from __future__ import annotations

from .. import settings as declared
from ..i18n import tr
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.model import Explained, Explanation, MatchShown
from . import look
from .places import bring_back, place_of
from .segment_words import explain
from .slots import observe, pressed

_TILE = 128  # pixels of the longer side of a picture
_COLUMNS = 3
_LAYERS_HEIGHT = 260  # pixels in which layers scroll


class ExplanationWindow(QtWidgets.QWidget):
    """Shows the controller's explanation until it is closed or there is none any more."""

    closed = QtCore.pyqtSignal()

    def __init__(self, controller, settings, parent) -> None:
        kind = Qt.WindowType.Tool | Qt.WindowType.WindowDoesNotAcceptFocus
        super().__init__(parent, kind)
        self._controller = controller
        self._settings = settings
        self._shown: Explanation | None = None
        self._unfolded = False
        self.setObjectName("explanation_window")
        self.setWindowTitle(tr("Propagate Colors: why this color"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self._layout = QtWidgets.QVBoxLayout(self)
        self._layout.setContentsMargins(8, 8, 8, 8)
        self._layout.setSpacing(2 * look.SPACE)
        self._layout.setSizeConstraint(QtWidgets.QLayout.SizeConstraint.SetFixedSize)
        self._body: QtWidgets.QWidget | None = None
        topics = ("explanation", "document", "frames")
        observe(self, controller, dict.fromkeys(topics, self.refresh))
        self.refresh()

    def place_beside(self, docker) -> None:
        """Put it where it was last, or left of the docker."""
        corner = docker.mapToGlobal(QtCore.QPoint(0, 0))
        self.move(max(0, corner.x() - _COLUMNS * (_TILE + 4 * look.SPACE)), corner.y())
        bring_back(self, self._settings.get(declared.EXPLANATION_PLACE))

    def refresh(self) -> None:
        """Show what there is to show; close where there is nothing any more."""
        explanation = self._controller.explanation
        if explanation is None:
            self.close()
        elif explanation is not self._shown:
            self._shown = explanation
            self._show(explanation)

    def _show(self, explanation: Explanation) -> None:
        if self._body is not None:
            self._layout.removeWidget(self._body)
            self._body.deleteLater()
        self._body = QtWidgets.QWidget(self)
        rows = look.without_margins(QtWidgets.QVBoxLayout(self._body), 2 * look.SPACE)
        heading = self._label("explanation_heading", explain(explanation.info))
        heading.setFont(look.font(self.font(), bold=True))
        rows.addWidget(heading)
        told = explanation.told
        if told is None:
            rows.addWidget(
                self._label("explanation_text", explanation.problem or tr("Looking …"), wraps=True)
            )
        else:
            rows.addLayout(self._tiles(explanation, told))
            rows.addWidget(self._label("explanation_rest", _note(told), wraps=True))
            if told.layers:
                self._add_layers(rows, told)
        self._layout.addWidget(self._body)

    def _label(self, name: str, text: str, *, wraps: bool = False):
        label = QtWidgets.QLabel(text, self._body)
        label.setObjectName(name)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(wraps)
        if wraps:
            label.setFixedWidth(_COLUMNS * (_TILE + 2 * look.SPACE))
        return label

    # --- the five best

    def _tiles(self, explanation: Explanation, told: Explained):
        grid = QtWidgets.QGridLayout()
        grid.setSpacing(2 * look.SPACE)
        own = tr("This segment, frame {n}", n=explanation.time)
        tiles = [_Tile("explained_segment", told.picture, [(own, None)], parent=self._body)]
        for place, match in enumerate(told.matches):
            is_source = told.taken and place == 0
            lines = [(name_of(match.name), None), (_counts(match), match)]
            if is_source:
                lines.append((tr("The color is taken from here"), None))
            name = f"match_{place}"
            tiles.append(_Tile(name, match.picture, lines, marked=is_source, parent=self._body))
        for place, tile in enumerate(tiles):
            top = Qt.AlignmentFlag.AlignTop
            grid.addWidget(tile, place // _COLUMNS, place % _COLUMNS, top)
        return grid

    # --- layer by layer, folded away

    def _add_layers(self, rows, told: Explained) -> None:
        fold = look.tool_button("layers_fold", tr("Layer by layer"), self._body)
        fold.setText(tr("Layer by layer"))
        fold.setToolTip(tr("What the network looks at to find it, layer by layer"))
        fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        area = QtWidgets.QScrollArea(self._body)
        area.setObjectName("layers")
        area.setFixedHeight(_LAYERS_HEIGHT)
        area.setWidgetResizable(True)
        area.setWidget(_Layers(told, area))

        def show() -> None:
            area.setVisible(self._unfolded)
            shown = "open" if self._unfolded else "closed"
            fold.setIcon(look.icon(shown, self.palette()))

        def turn() -> None:
            self._unfolded = not self._unfolded
            show()

        fold.clicked.connect(pressed(turn))
        show()
        rows.addWidget(fold)
        rows.addWidget(area)

    def closeEvent(self, event) -> None:
        """Note where it was; no answer is waited for any more."""
        self._settings.set(declared.EXPLANATION_PLACE, place_of(self))
        self.closed.emit()
        super().closeEvent(event)


class _Tile(QtWidgets.QFrame):
    """A picture above lines of text; one with a match has a swatch of its colour before it."""

    def __init__(self, name: str, picture, lines, *, marked: bool = False, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        column = look.without_margins(QtWidgets.QVBoxLayout(self), 1)
        column.addWidget(_picture(picture, _TILE, self, (_TILE, _TILE)))
        for text, match in lines:
            row = QtWidgets.QHBoxLayout()
            row.setSpacing(look.SPACE)
            if match is not None:
                swatch = QtWidgets.QLabel(self)
                swatch.setPixmap(look.swatch(match.display, 12, self.palette()).pixmap(12, 12))
                row.addWidget(swatch)
            label = QtWidgets.QLabel(text, self)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            label.setMaximumWidth(_TILE - (16 if match is not None else 0))
            label.setFont(look.font(self.font(), bold=marked))
            row.addWidget(label, 1)
            column.addLayout(row)
        self.setAccessibleName(", ".join(text for text, _ in lines))


class _Layers(QtWidgets.QWidget):
    """What each layer looks at, tinted the more the more it looks there."""

    def __init__(self, told: Explained, parent) -> None:
        super().__init__(parent)
        column = QtWidgets.QVBoxLayout(self)
        column.setSpacing(2 * look.SPACE)
        for layer in told.layers:
            text = (
                tr("Layer {number}: looks at other frames", number=layer.number)
                if layer.across
                else tr("Layer {number}: looks at its own frame", number=layer.number)
            )
            label = QtWidgets.QLabel(text, self)
            label.setTextFormat(Qt.TextFormat.PlainText)
            column.addWidget(label)
            row = QtWidgets.QHBoxLayout()
            for name, picture in layer.pictures:
                row.addWidget(_Tile("", picture, [(name_of(name), None)], parent=self))
            row.addStretch(1)
            column.addLayout(row)
        column.addStretch(1)


def _picture(picture, side: int, parent, size):
    """Return a label with a picture that fits into `side`, as sharp as the screen is."""
    label = QtWidgets.QLabel(parent)
    ratio = parent.devicePixelRatioF()
    kind = Qt.AspectRatioMode.KeepAspectRatio
    smooth = Qt.TransformationMode.SmoothTransformation
    wanted = round(side * ratio)
    shown = QtGui.QPixmap.fromImage(look.to_image(picture).scaled(wanted, wanted, kind, smooth))
    shown.setDevicePixelRatio(ratio)
    label.setPixmap(shown)
    label.setFixedWidth(size[0])
    return label


def name_of(name) -> str:
    """Return what a source is called: a frame by its number, a model sheet by its name."""
    return name if isinstance(name, str) else tr("Frame {n}", n=name)


def _counts(match: MatchShown) -> str:
    percent = round(100 * match.share)
    return tr("counts {percent} %", percent=percent) if percent else tr("counts less than 1 %")


def _note(told: Explained) -> str:
    percent = round(100 * told.rest)
    if not percent:
        return tr("These were found most alike. All other segments together count less than 1 %.")
    return tr(
        "These were found most alike. All other segments together count {percent} %.",
        percent=percent,
    )
