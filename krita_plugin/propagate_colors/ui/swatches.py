"""The palette's colours in a menu: pressed by the mouse, or reached by arrows and taken by Return.

A menu gives the focus to a widget within it that takes it, and knows nothing of what lies in there.
"""

from __future__ import annotations

from typing import Any, Sequence

from ..i18n import tr
from ..qt import Qt, QtCore, QtWidgets
from . import look
from .slots import pressed

_SIDE = 24
_COLUMNS = 8
_STEPS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Up: -_COLUMNS,
    Qt.Key.Key_Down: _COLUMNS,
}
_TAKES = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}


class Swatches(QtWidgets.QWidget):
    """A title above a button for each colour; `colors` holds (color, (red, green, blue))."""

    chosen = QtCore.pyqtSignal(object)  # the color

    def __init__(self, colors: Sequence[tuple[Any, Any]], menu: Any) -> None:
        super().__init__(menu)
        self.setObjectName("swatches")
        title = tr("Give this segment the color")
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._menu = menu
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(6, 6, 6, 2)
        grid.setSpacing(2)
        grid.addWidget(QtWidgets.QLabel(title, self), 0, 0, 1, _COLUMNS + 1)
        self._buttons = [self._button(place, *one) for place, one in enumerate(colors)]
        for place, button in enumerate(self._buttons):
            grid.addWidget(button, 1 + place // _COLUMNS, place % _COLUMNS)
        grid.setColumnStretch(_COLUMNS, 1)

    def _button(self, place: int, color: Any, rgb: Any) -> Any:
        button = look.tool_button(f"swatch_{place}", "#{:02x}{:02x}{:02x}".format(*rgb), self)
        button.setIconSize(QtCore.QSize(_SIDE, _SIDE))
        button.setIcon(look.swatch(rgb, _SIDE, self.palette()))
        button.clicked.connect(pressed(lambda: self.chosen.emit(color)))
        button.installEventFilter(self)
        return button

    def focusInEvent(self, event: Any) -> None:
        """Hand the focus to the first colour; the menu gives it to the whole."""
        super().focusInEvent(event)
        self._buttons[0].setFocus(event.reason())

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Take a colour's keys; those that lead out of the colours are the menu's."""
        if event.type() != QtCore.QEvent.Type.KeyPress or watched not in self._buttons:
            return False
        if event.key() in _TAKES:
            watched.click()
            return True
        place = self._buttons.index(watched) + _STEPS.get(event.key(), len(self._buttons))
        if 0 <= place < len(self._buttons):
            self._buttons[place].setFocus(Qt.FocusReason.TabFocusReason)
        elif event.key() not in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            QtWidgets.QApplication.sendEvent(self._menu, event)
        return True
