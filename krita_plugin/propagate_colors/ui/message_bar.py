"""The last thing the plugin has to say, with at most one action."""

from __future__ import annotations

from ..i18n import tr
from ..qt import Qt, QtCore, QtGui, QtWidgets
from . import look
from .slots import pressed, watch


class MessageBar(QtWidgets.QFrame):
    """One sentence that wraps, a coloured edge for its level, an action, and a way to close it."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self._level = "info"
        self._function = None
        self._text = QtWidgets.QLabel(self)
        self._text.setObjectName("message_label")
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._action = QtWidgets.QPushButton(self)
        self._action.setObjectName("message_action")
        self._action.clicked.connect(pressed(self._act))
        self._close = look.tool_button("message_close", tr("Close this message"), self)
        self._close.clicked.connect(pressed(self.clear))
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(10, look.SPACE, 2, look.SPACE)
        grid.setSpacing(look.SPACE)
        grid.addWidget(self._text, 0, 0)
        grid.addWidget(self._close, 0, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self._action, 1, 0, 1, 2, Qt.AlignmentFlag.AlignLeft)
        grid.setColumnStretch(0, 1)
        watch(self, controller.message, self.show_message)
        self._draw_icon()
        self.hide()

    def show_message(self, level: str, text: str, action=None) -> None:
        """Show a sentence; `action` is None or (label, function)."""
        self._level = level
        self._text.setText(text)
        label, self._function = action or ("", None)
        self._action.setText(label)
        self._action.setVisible(bool(label))
        self.setVisible(bool(text))
        self.update()

    def clear(self) -> None:
        """Take the message away."""
        self.show_message("info", "", None)

    def _act(self) -> None:
        function = self._function
        self.clear()
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
        painter = QtGui.QPainter(self)
        palette = self.palette()
        color = QtGui.QColor(look.LEVEL_COLORS.get(self._level, look.BLUE))
        window = palette.color(palette.ColorRole.Window)
        painter.fillRect(self.rect(), look.blend(window, color, 0.16))
        painter.fillRect(QtCore.QRect(0, 0, 4, self.height()), color)
