"""What is coloured: line layers, colour layer, frame range, gap size."""

from __future__ import annotations

from ..i18n import tr
from ..qt import QAction, QtCore, QtWidgets
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


class SetupBox(QtWidgets.QWidget):
    """Rows of choices below a heading that folds them away and then sums them up."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("setup_box")
        self._controller = controller
        self._folded = False
        self._lines_shown: list | None = None
        self._rows = QtWidgets.QWidget(self)
        grid = QtWidgets.QGridLayout(self._rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(look.SPACE)
        grid.setColumnStretch(1, 1)
        self._add_row(grid, 0, tr("Lines"), self._line_button())
        self._add_row(grid, 1, tr("Colors"), self._color_combo())
        self._add_row(grid, 2, tr("Frames"), self._range_row())
        self.gap = GapRow(controller, self._rows)
        self._add_row(grid, 3, tr("Gaps"), self.gap)
        grid.addWidget(self.gap.check_button, 4, 1)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(look.SPACE)
        layout.addLayout(self._heading())
        layout.addWidget(self._rows)
        observe(self, controller, dict.fromkeys(("choices", "document", "busy"), self.refresh))
        self.refresh()

    # --- building

    def _heading(self):
        self._fold = look.tool_button("setup_toggle", tr("Show or hide the choices"), self)
        self._fold.clicked.connect(pressed(lambda: self.fold(not self._folded)))
        self._summary = ElidedLabel("setup_summary", self)
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(look.SPACE)
        row.addWidget(self._fold)
        row.addWidget(self._summary, 1)
        return row

    @staticmethod
    def _add_row(grid, row: int, text: str, field) -> None:
        label = QtWidgets.QLabel(text)
        label.setBuddy(field)
        grid.addWidget(label, row, 0)
        grid.addWidget(field, row, 1)

    def _line_button(self):
        self._lines = ElidedButton("line_button", self._rows)
        self._lines.setToolTip(
            tr("Layers whose lines bound the segments; choose several if needed")
        )
        self._line_menu = StayingMenu(self._lines)
        self._line_menu.setToolTipsVisible(True)
        self._lines.setMenu(self._line_menu)
        return self._lines

    def _color_combo(self):
        self._color = QtWidgets.QComboBox(self._rows)
        self._color.setObjectName("color_combo")
        self._color.setToolTip(tr("Layer that you paint on and that receives the colors"))
        policy = QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self._color.setSizeAdjustPolicy(policy)
        self._color.setMinimumContentsLength(6)
        calm_wheel(self._color)
        self._color.activated.connect(guarded(self._on_color))
        return self._color

    def _range_row(self):
        field = QtWidgets.QWidget(self._rows)
        row = QtWidgets.QHBoxLayout(field)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(look.SPACE)
        self._first = self._frame_spin("first_spin", tr("First frame to color"))
        self._last = self._frame_spin("last_spin", tr("Last frame to color"))
        calm_wheel(self._first, self._last)
        row.addWidget(self._first, 1)
        row.addWidget(QtWidgets.QLabel("…", field))
        row.addWidget(self._last, 1)
        field.setFocusProxy(self._first)
        return field

    def _frame_spin(self, name: str, tip: str):
        spin = QtWidgets.QSpinBox(self._rows)
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
        self._rows.setEnabled(free)
        self._fill_lines()
        self._fill_colors()
        for spin, value in zip((self._first, self._last), self._controller.frame_range):
            if not spin.hasFocus() or not free:
                with QtCore.QSignalBlocker(spin):
                    spin.setValue(value)
        self.gap.refresh()
        self._show_summary()

    def _fill_lines(self) -> None:
        chosen = self._controller.line_layers
        choices = list(self._controller.line_choices)
        if choices != self._lines_shown:
            self._lines_shown = choices
            self._line_menu.clear()
            for choice in choices:
                self._line_menu.addAction(self._line_action(choice))
        # In place: a menu that is open, and the action that is just being triggered, must last.
        for action in self._line_menu.actions():
            action.setChecked(action.data() in chosen)
        self._lines.setText(self._line_names() or tr("Choose…"))
        self._lines.setEnabled(bool(choices))

    def _line_action(self, choice):
        action = QAction("    " * choice.indent + choice.name.replace("&", "&&"), self._line_menu)
        action.setCheckable(True)
        action.setEnabled(choice.enabled)
        action.setToolTip(choice.why_not)
        action.setData(choice.uuid)
        action.triggered.connect(pressed(self._on_lines))
        return action

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
        chosen = self._controller.line_layers
        names = [c.name for c in self._controller.line_choices if c.uuid in chosen]
        return names[0] if len(names) == 1 else ", ".join(names)

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
        self._fold.setIcon(look.icon(name, self.palette()))

    def changeEvent(self, event) -> None:
        """Draw the icon anew when Krita's theme changes."""
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange and hasattr(self, "_summary"):
            self._show_summary()

    # --- what the artist does

    def fold(self, folded: bool) -> None:
        """Fold the choices away or show them."""
        self._folded = folded
        self._rows.setVisible(not folded)
        self._show_summary()

    def _on_lines(self) -> None:
        actions = self._line_menu.actions()
        self._controller.set_line_layers([a.data() for a in actions if a.isChecked()])
        self._fill_lines()  # the check marks as they are, should the choice not be taken

    def _on_color(self, index: int) -> None:
        self._controller.set_color_layer(self._color.itemData(index))

    def _on_range(self, _value: int) -> None:
        first, last = self._first.value(), self._last.value()
        if self.sender() is self._first:
            last = max(first, last)
        else:
            first = min(first, last)
        self._controller.set_range(first, last)
