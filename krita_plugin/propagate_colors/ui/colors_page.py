"""Review by colour: every palette colour of the shot and where it went."""

from __future__ import annotations

from ..i18n import tr, tr_n
from ..qt import Qt, QtCore, QtGui, QtWidgets
from . import look
from .slots import guarded, observe, on_opened

_SWATCH = 28


class ColorsPage(QtWidgets.QWidget):
    """A list of colours; a double click lists the frames of one."""

    frames_wanted = QtCore.pyqtSignal(object, str)  # (frozenset of times, what they share)

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._stale = True
        self.list = QtWidgets.QListWidget(self)
        self.list.setObjectName("color_list")
        self.list.setAccessibleName(tr("Colors of the shot"))
        self.list.setIconSize(QtCore.QSize(_SWATCH, _SWATCH))
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setUniformItemSizes(True)
        on_opened(self.list, self._on_opened)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, look.SPACE, 0, 0)
        layout.addWidget(self.list)
        observe(self, controller, dict.fromkeys(("colors", "document"), self._on_change))

    def showEvent(self, event) -> None:
        """Count the colours when they are looked at, not before."""
        super().showEvent(event)
        if self._stale:
            guarded(self.refresh)()

    def refresh(self) -> None:
        """Show the controller's groups, most doubtful first."""
        self._stale = False
        row = self.list.currentRow()
        self.list.clear()
        groups = sorted(self._controller.color_groups(), key=lambda g: (-g.doubtful, -g.segments))
        for group in groups:
            self.list.addItem(self._item(group))
        self.list.setCurrentRow(min(row, self.list.count() - 1))

    def _item(self, group):
        item = QtWidgets.QListWidgetItem(_text(group))
        rgb = None if group.color == "unpainted" else group.display
        item.setIcon(look.swatch(rgb, _SWATCH, self.palette()))
        item.setSizeHint(QtCore.QSize(0, 2 * self.fontMetrics().lineSpacing() + 10))
        item.setData(Qt.ItemDataRole.UserRole, group)
        item.setToolTip(tr("Double click: list these frames"))
        return item

    def _on_change(self) -> None:
        self._stale = True
        if self.isVisible():
            self.refresh()

    def _on_opened(self, index) -> None:
        group = index.data(Qt.ItemDataRole.UserRole)
        text = tr("Only frames with {color}", color=_name(group))
        self.frames_wanted.emit(frozenset(group.frames), text)


def _name(group) -> str:
    if group.color == "unpainted":
        return tr("Unpainted")
    return QtGui.QColor(*group.display).name()


def _text(group) -> str:
    count = tr_n("1 segment", "{n} segments", group.segments)
    frames = tr_n("in 1 frame", "in {n} frames", len(group.frames))
    if group.doubtful:
        frames = f"{frames} · {tr('{n} doubtful', n=group.doubtful)}"
    return f"{count}\n{frames}"
