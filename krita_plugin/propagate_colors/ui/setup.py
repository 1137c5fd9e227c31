"""What is coloured: line layers, colour layer, frame range, gap size."""

from __future__ import annotations

from ..i18n import tr
from ..qt import QAction, Qt, QtCore, QtWidgets, event_position
from . import look
from .elided import ElidedButton, ElidedLabel
from .gap_row import GapRow
from .slots import calm_wheel, guarded, observe, pressed

_LAST_FRAME = 99_999


class StayingMenu(QtWidgets.QMenu):
    """A menu that stays open while its check boxes are clicked, so that several can be chosen."""

    def mouseReleaseEvent(self, event) -> None:
        """Toggle without closing."""
        action = self.activeAction()
        if action is not None and action.isEnabled() and action.isCheckable():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)


class LayersButton(ElidedButton):
    """A button that names the layers chosen in its menu."""

    def __init__(self, name: str, tip: str, choose, parent) -> None:
        super().__init__(name, parent)
        self.setToolTip(tip)
        self._choose = choose  # takes the ids of the chosen layers
        self._shown: tuple = ([], [], "")
        self._menu = StayingMenu(self)
        self._menu.setToolTipsVisible(True)
        self.setMenu(self._menu)

    def show_choices(self, choices, chosen, nothing: str) -> None:
        """Show the layers, those that are chosen checked; `nothing`: the text without any."""
        if list(choices) != self._shown[0]:
            self._menu.clear()
            for choice in choices:
                self._menu.addAction(self._action(choice))
        self._shown = (list(choices), list(chosen), nothing)
        # In place: a menu that is open, and the action that is just being triggered, must last.
        for action in self._menu.actions():
            action.setChecked(action.data() in chosen)
        self.setText(_names(choices, chosen) or nothing)
        self.setEnabled(bool(choices))

    def _action(self, choice):
        action = QAction("    " * choice.indent + choice.name.replace("&", "&&"), self._menu)
        action.setCheckable(True)
        action.setEnabled(choice.enabled)
        action.setToolTip(choice.why_not)
        action.setData(choice.uuid)
        action.triggered.connect(pressed(self._on_action))
        return action

    def _on_action(self) -> None:
        self._choose([a.data() for a in self._menu.actions() if a.isChecked()])
        self.show_choices(*self._shown)  # the check marks as they are, should it not be taken


def _names(choices, chosen) -> str:
    return ", ".join(choice.name for choice in choices if choice.uuid in chosen)


class Heading(QtWidgets.QWidget):
    """A row that can be clicked anywhere."""

    clicked = QtCore.pyqtSignal()

    def mouseReleaseEvent(self, event) -> None:
        """Tell of a click."""
        place = event_position(event).toPoint()
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(place):
            self.clicked.emit()


class SetupBox(QtWidgets.QWidget):
    """Rows of choices; `heading` is a row for elsewhere that folds them away and sums them up."""

    unfolded = QtCore.pyqtSignal()  # by the artist, who wants to see the rows

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("setup_box")
        self._controller = controller
        self._folded = False
        grid = look.without_margins(QtWidgets.QGridLayout(self))
        grid.setColumnStretch(1, 1)
        self._add_row(grid, 0, tr("Lines"), self._line_button())
        self._add_row(grid, 1, tr("Colors"), self._color_combo())
        self._add_row(grid, 2, tr("Also move"), self._moved_button())
        grid.addWidget(self._surfaces_box(), 3, 0, 1, 2)
        self._add_row(grid, 4, tr("Frames"), self._range_row())
        self.gap = GapRow(controller, self)
        self._add_row(grid, 5, tr("Gaps"), self.gap)
        grid.addWidget(self.gap.check_button, 6, 1)
        self.heading = self._make_heading(parent)
        observe(self, controller, dict.fromkeys(("choices", "document", "busy"), self.refresh))
        self.refresh()

    # --- building

    def _make_heading(self, parent):
        heading = Heading(parent)
        heading.setObjectName("setup_heading")
        heading.clicked.connect(pressed(self._on_fold))
        self._fold = look.tool_button("setup_toggle", tr("Show or hide the choices"), heading)
        self._fold.clicked.connect(pressed(self._on_fold))
        self._summary = ElidedLabel("setup_summary", heading)
        row = look.without_margins(QtWidgets.QHBoxLayout(heading))
        row.addWidget(self._fold)
        row.addWidget(self._summary, 1)
        return heading

    @staticmethod
    def _add_row(grid, row: int, text: str, field) -> None:
        label = QtWidgets.QLabel(text)
        label.setBuddy(field)
        field.setAccessibleName(text)
        grid.addWidget(label, row, 0)
        grid.addWidget(field, row, 1)

    def _line_button(self):
        tip = tr("Layers whose lines bound the segments; choose several if needed")
        self._lines = LayersButton("line_button", tip, self._controller.set_line_layers, self)
        return self._lines

    def _moved_button(self):
        tip = tr("Shadow, light and texture layers: what you painted there moves with the segments")
        self._moved = LayersButton("moved_button", tip, self._controller.set_moved_layers, self)
        return self._moved

    def _surfaces_box(self):
        self._surfaces = QtWidgets.QCheckBox(tr("Painted surfaces"), self)
        self._surfaces.setObjectName("surfaces_box")
        self._surfaces.setToolTip(
            tr("Segments painted with texture, a gradient or shadows keep them, not one flat color")
        )
        self._surfaces.clicked.connect(guarded(self._controller.set_surfaces))
        return self._surfaces

    def _color_combo(self):
        self._color = QtWidgets.QComboBox(self)
        self._color.setObjectName("color_combo")
        self._color.setToolTip(tr("Layer that you paint on and that receives the colors"))
        policy = QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self._color.setSizeAdjustPolicy(policy)
        self._color.setMinimumContentsLength(6)
        self._color.view().setTextElideMode(Qt.TextElideMode.ElideRight)
        calm_wheel(self._color)
        self._color.activated.connect(guarded(self._on_color))
        return self._color

    def _range_row(self):
        field = QtWidgets.QWidget(self)
        row = look.without_margins(QtWidgets.QHBoxLayout(field))
        self._first = self._frame_spin("first_spin", tr("First frame to color"))
        self._last = self._frame_spin("last_spin", tr("Last frame to color"))
        calm_wheel(self._first, self._last)
        row.addWidget(self._first, 1)
        row.addWidget(QtWidgets.QLabel("\u2013", field))
        row.addWidget(self._last, 1)
        return field

    def _frame_spin(self, name: str, tip: str):
        spin = QtWidgets.QSpinBox(self)
        spin.setObjectName(name)
        spin.setToolTip(tip)
        spin.setAccessibleName(tip)
        spin.setRange(0, _LAST_FRAME)
        spin.setKeyboardTracking(False)
        spin.setMinimumWidth(48)
        spin.valueChanged.connect(guarded(self._on_range))
        return spin

    # --- showing

    def refresh(self) -> None:
        """Show the controller's choices."""
        free = self._controller.has_document and self._controller.busy is None
        self.setEnabled(free)
        controller = self._controller
        self._lines.show_choices(controller.line_choices, controller.line_layers, tr("Choose…"))
        self._moved.show_choices(controller.moved_choices, controller.moved_layers, tr("Nothing"))
        self._surfaces.setChecked(controller.surfaces)
        self._fill_colors()
        for spin, value in zip((self._first, self._last), self._controller.frame_range):
            if not spin.hasFocus() or not free:
                with QtCore.QSignalBlocker(spin):
                    spin.setValue(value)
        self.gap.refresh()
        self._show_summary()

    def _fill_colors(self) -> None:
        with QtCore.QSignalBlocker(self._color):
            self._color.clear()
            self._color.addItem(self._created_text(), None)
            for choice in self._controller.color_choices:
                self._color.addItem("    " * choice.indent + choice.name, choice.uuid)
                item = self._color.model().item(self._color.count() - 1)
                item.setEnabled(choice.enabled)
                item.setToolTip(choice.why_not)
            chosen = self._color.findData(self._controller.color_layer)
            self._color.setCurrentIndex(max(chosen, 0))

    def _created_text(self) -> str:
        names = self._line_names()
        if not names:
            return tr("New layer")
        return tr("New, below {layer}", layer=names)

    def _line_names(self) -> str:
        return _names(self._controller.line_choices, self._controller.line_layers)

    def _show_summary(self) -> None:
        lines = self._line_names()
        if not self._controller.has_document:
            text = tr("No document open")
        elif not lines:
            text = tr("Choose a line layer")
        elif not self._folded:
            text = tr("Layers and frames")
        else:
            first, last = self._controller.frame_range
            text = f"{lines} → {self._color.currentText().strip()}, {first} … {last}"
        self._summary.setText(text)
        self._summary.update()
        name = "closed" if self._folded else "open"
        self._fold.setIcon(look.icon(name, self.heading.palette()))

    def changeEvent(self, event) -> None:
        """Draw the icon anew when Krita's theme changes."""
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange and hasattr(self, "heading"):
            self._show_summary()

    # --- what the artist does

    def fold(self, folded: bool) -> None:
        """Fold the choices away or show them."""
        self._folded = folded
        focused = self.focusWidget()
        if folded and focused is not None and focused.hasFocus():
            self._fold.setFocus()  # or Qt would scroll to the next widget
        self.setVisible(not folded)
        self._show_summary()

    def _on_fold(self) -> None:
        self.fold(not self._folded)
        if not self._folded:
            self.unfolded.emit()

    def _on_color(self, index: int) -> None:
        self._controller.set_color_layer(self._color.itemData(index))

    def _on_range(self, _value: int) -> None:
        first, last = self._first.value(), self._last.value()
        if self.sender() is self._first:
            last = max(first, last)
        else:
            first = min(first, last)
        self._controller.set_range(first, last)
