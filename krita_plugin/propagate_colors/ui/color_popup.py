"""What can be done with one segment: another colour, unpainted, lock, or take the hint back."""

from __future__ import annotations

from ..i18n import tr
from ..model import UNPAINTED
from ..qt import Qt, QtCore, QtWidgets
from . import look
from .slots import pressed

_SWATCH = 24
_COLUMNS = 8


class ColorPopup(QtWidgets.QFrame):
    """Closes by itself when something is chosen or another place is clicked."""

    def __init__(self, controller, time: int, point, info, parent=None) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("color_popup")
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._controller = controller
        self._time, self._point = time, point
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        layout.setSpacing(look.SPACE)
        title = QtWidgets.QLabel(tr("Give this segment the color"), self)
        layout.addWidget(title)
        layout.addLayout(self._swatches())
        layout.addWidget(self._foreground())
        layout.addWidget(self._action("unpainted_button", tr("Leave unpainted"), self._unpainted))
        locked = info is not None and info.locked
        text = tr("Unlock this segment") if locked else tr("Lock this segment")
        layout.addWidget(self._action("lock_button", text, self._toggle_lock))
        if info is not None and info.hinted:
            text = tr("Remove your hint")
            layout.addWidget(self._action("remove_hint_button", text, self._remove_hint))

    def _swatches(self):
        grid = QtWidgets.QGridLayout()
        grid.setSpacing(2)
        for index, (color, rgb) in enumerate(self._controller.palette()):
            button = look.tool_button(f"swatch_{index}", "", self)
            button.setIconSize(QtCore.QSize(_SWATCH, _SWATCH))
            shown = None if color == UNPAINTED else rgb
            button.setIcon(look.swatch(shown, _SWATCH, self.palette()))
            button.clicked.connect(pressed(lambda color=color: self._give(color)))
            grid.addWidget(button, index // _COLUMNS, index % _COLUMNS)
        grid.setColumnStretch(_COLUMNS, 1)
        return grid

    def _foreground(self):
        button = self._action("foreground_button", tr("Foreground color"), self._give_foreground)
        found = self._controller.foreground_color()
        button.setEnabled(found is not None)
        if found is not None:
            button.setIcon(look.swatch(found[1], 16, self.palette()))
        return button

    def _action(self, name: str, text: str, function):
        button = look.tool_button(name, "", self)
        button.setText(text)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed
        )
        button.clicked.connect(pressed(function))
        return button

    def show_at(self, place: QtCore.QPoint) -> None:
        """Show the popup at a global position, inside the screen."""
        self.adjustSize()
        screen = QtWidgets.QApplication.primaryScreen()
        if self.parentWidget() is not None and self.parentWidget().window().windowHandle():
            screen = self.parentWidget().window().windowHandle().screen() or screen
        room = screen.availableGeometry()
        x = min(place.x() + 6, room.right() - self.width())
        y = min(place.y() + 6, room.bottom() - self.height())
        self.move(max(x, room.left()), max(y, room.top()))
        self.show()

    # --- what the artist does

    def _give(self, color) -> None:
        self.close()
        self._controller.give_hint(self._time, self._point, color)

    def _give_foreground(self) -> None:
        found = self._controller.foreground_color()
        if found is not None:
            self._give(found[0])

    def _unpainted(self) -> None:
        self._give(UNPAINTED)

    def _toggle_lock(self) -> None:
        self.close()
        self._controller.toggle_lock(self._time, self._point)

    def _remove_hint(self) -> None:
        self.close()
        self._controller.remove_hint(self._time, self._point)
