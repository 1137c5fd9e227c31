"""What can be done with one segment: another colour, unpainted, lock, ask why, take a hint back."""

from __future__ import annotations

from ..i18n import tr
from ..qt import Qt, QtCore, QtWidgets
from ..state.model import UNPAINTED
from . import look
from .slots import guarded, pressed
from .swatches import Swatches

_APART = 14  # pixels between the menu and the segment's box


class ColorMenu(QtWidgets.QMenu):
    """The palette's swatches above a few commands; closes when something is chosen."""

    def __init__(self, controller, time: int, point, info, parent=None) -> None:
        super().__init__(parent)
        self.setObjectName("color_menu")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._controller = controller
        self._time, self._point = time, point
        colors = [(color, rgb) for color, rgb in controller.palette() if color != UNPAINTED]
        if colors:
            swatches = Swatches(colors, self)
            swatches.chosen.connect(guarded(self._give))
            action = QtWidgets.QWidgetAction(self)
            action.setDefaultWidget(swatches)
            self.addAction(action)
        self._add_foreground()
        self._add("unpainted_action", tr("Leave unpainted"), self._leave_unpainted).setIcon(
            look.swatch(None, 16, self.palette())
        )
        self.addSeparator()
        locked = info is not None and info.locked
        text = tr("Unlock this segment") if locked else tr("Lock this segment")
        self._add("lock_action", text, self._toggle_lock)
        if controller.may_explain(time, info):
            self._add("why_action", tr("Why this color?"), self._ask_why)
        if info is not None and info.hinted:
            self._add("remove_hint_action", tr("Remove your hint"), self._remove_hint)

    def _add_foreground(self) -> None:
        action = self._add("foreground_action", tr("Foreground color"), self._give_foreground)
        found = self._controller.foreground_color()
        action.setEnabled(found is not None)
        if found is not None:
            action.setIcon(look.swatch(found[1], 16, self.palette()))

    def _add(self, name: str, text: str, function):
        action = self.addAction(text)
        action.setObjectName(name)
        action.setIconVisibleInMenu(True)  # Krita shows none otherwise, but this one is a colour
        action.triggered.connect(pressed(function))
        return action

    # --- what the artist does

    def _give(self, color) -> None:
        self.close()
        self._controller.give_hint(self._time, self._point, color)

    def _give_foreground(self) -> None:
        found = self._controller.foreground_color()
        if found is not None:
            self._give(found[0])

    def _leave_unpainted(self) -> None:
        self._give(UNPAINTED)

    def _toggle_lock(self) -> None:
        self._controller.toggle_lock(self._time, self._point)

    def _ask_why(self) -> None:
        self._controller.explain_segment(self._time, self._point)

    def _remove_hint(self) -> None:
        self._controller.remove_hint(self._time, self._point)


def beside(box: QtCore.QRect, size: QtCore.QSize, place: QtCore.QPoint) -> QtCore.QPoint:
    """Return where a menu goes that must not cover a box of the screen: right, left, below, above.

    Where no side has room for it, it goes to `place`, where the pointer is.
    """
    screen = QtWidgets.QApplication.screenAt(place) or QtWidgets.QApplication.primaryScreen()
    room = screen.availableGeometry()
    top = max(room.top(), min(place.y(), room.bottom() - size.height()))
    left = max(room.left(), min(place.x(), room.right() - size.width()))
    for corner in (
        QtCore.QPoint(box.right() + _APART, top),
        QtCore.QPoint(box.left() - _APART - size.width(), top),
        QtCore.QPoint(left, box.bottom() + _APART),
        QtCore.QPoint(left, box.top() - _APART - size.height()),
    ):
        if room.contains(QtCore.QRect(corner, size)):
            return corner
    return place
