"""The last thing the plugin has to say, with up to two answers."""

from __future__ import annotations

from ..i18n import tr
from ..qt import Qt, QtCore, QtWidgets
from . import look
from .slots import pressed, push_button, watch


class MessageBar(QtWidgets.QFrame):
    """One sentence that wraps, a coloured edge for its level, answers, and a way to close it."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self._controller = controller
        self._level = "info"
        self._functions = [None, None]
        self._text = look.message_label("message_label", self)
        self._area = QtWidgets.QScrollArea(self)
        self._area.setObjectName("message_area")
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.viewport().setAutoFillBackground(False)
        self._area.setWidget(self._text)
        self._text.setAutoFillBackground(False)
        self._actions = [
            push_button("message_action", "", lambda: self._act(0), self),
            push_button("message_other_action", "", lambda: self._act(1), self),
        ]
        self._close = look.tool_button("message_close", tr("Close this message"), self)
        self._close.clicked.connect(pressed(controller.close_message))
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(10, look.SPACE, 2, look.SPACE)
        grid.setSpacing(look.SPACE)
        grid.addWidget(self._area, 0, 0)
        grid.addWidget(self._close, 0, 1, Qt.AlignmentFlag.AlignTop)
        row = QtWidgets.QHBoxLayout()
        row.setSpacing(look.SPACE)
        for button in self._actions:
            row.addWidget(button)
        row.addStretch(1)
        grid.addLayout(row, 1, 0, 1, 2)
        grid.setColumnStretch(0, 1)
        watch(self, controller.message, self._show_message)
        self._draw_icon()
        self.hide()

    def _show_message(self, level: str, text: str, actions=()) -> None:
        """Show a sentence; `actions` are up to two pairs (label, function)."""
        self._level = level
        self._text.setText(text)
        for place, button in enumerate(self._actions):
            label, self._functions[place] = actions[place] if place < len(actions) else ("", None)
            button.setText(label)
            button.setVisible(bool(label))
        self.setVisible(bool(text))
        self.update()

    def fit(self, width: int, most: int) -> None:
        """Take the height that the sentence needs at a width; beyond `most` it scrolls."""
        if self.isHidden():
            return
        sides = self.layout().contentsMargins()
        beside = sides.left() + sides.right() + look.SPACE + self._close.sizeHint().width()
        around = sides.top() + sides.bottom()
        buttons = [b.sizeHint().height() for b in self._actions if not b.isHidden()]
        around += look.SPACE + max(buttons) if buttons else 0
        line = self.fontMetrics().height()
        text = self._text.heightForWidth(width - beside)
        if text > most - around:  # with a scroll bar beside it
            bar = self._area.verticalScrollBar().sizeHint().width()
            text = min(self._text.heightForWidth(width - beside - bar), most - around)
        text = max(text, line, self._close.sizeHint().height())
        self._area.setFixedHeight(text)
        self.setFixedHeight(text + around)

    def _act(self, place: int) -> None:
        function = self._functions[place]
        self._controller.close_message()
        if function is not None:
            function()

    def _draw_icon(self) -> None:
        self._close.setIcon(look.icon("close", self.palette()))

    def changeEvent(self, event) -> None:
        """Draw the icon anew when Krita's theme changes."""
        super().changeEvent(event)
        if event.type() == QtCore.QEvent.Type.PaletteChange and hasattr(self, "_close"):
            self._draw_icon()

    def paintEvent(self, _event) -> None:
        """Draw a field with the level's colour at its left edge."""
        look.paint_field(self, look.LEVEL_COLORS.get(self._level, look.BLUE))
