"""All frames of the shot in a window: doubt rings, yes and undo for several, before and after."""

from __future__ import annotations

from .. import settings as declared
from ..i18n import tr, tr_n
from ..qt import Qt, QtCore, QtGui, QtWidgets
from ..state.model import FrameRow, FrameState
from ..state.review import OURS
from . import look
from .frame_model import ROW_ROLE, FrameModel
from .frame_words import undo_text
from .places import bring_back, place_of
from .sheet_delegate import SheetDelegate
from .slots import LIST_KEYS, guarded, keep_keys, observe, on_opened, pressed, push_button

_SIZE = QtCore.QSize(820, 560)
_KEYS = {
    *(Qt.Key.Key_B, Qt.Key.Key_A, Qt.Key.Key_U, Qt.Key.Key_Escape, Qt.Key.Key_Space),
    *LIST_KEYS,
}


class SheetModel(FrameModel):
    """Every frame that is no hold, with its picture now or before."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(controller, parent)
        self.before = False
        self.refresh()

    def picture(self, time: int) -> QtGui.QImage | None:
        """Return a frame's picture; only those in view are asked for."""
        picture = self._controller.sheet_picture(time, self.before)
        return None if picture is None else look.to_image(picture)

    def refresh(self) -> None:
        """Take the frames from the controller."""
        self.take([row for row in self._controller.frames if row.state != FrameState.HOLD])


class ContactSheet(QtWidgets.QWidget):
    """Thumbnails above the buttons Accept, Undo and Before; keys A, U, B and Space do the same."""

    closed = QtCore.pyqtSignal()

    def __init__(self, controller, settings, parent) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("contact_sheet")
        self.setWindowTitle(tr("Propagate Colors: contact sheet"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._controller = controller
        self._settings = settings
        self.model = SheetModel(controller, self)
        self.list = self._make_list()
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.list, 1)
        layout.addLayout(self._buttons())
        self._kept = keep_keys(self.list, _KEYS)
        self.list.installEventFilter(self)
        self.list.selectionModel().selectionChanged.connect(pressed(self._update))
        self.model.modelReset.connect(guarded(self._update))
        observe(self, controller, {"frames": self._refresh, "document": self._refresh})
        observe(self, controller, {"sheet": self.model.show_anew, "busy": self._update})
        self.resize(_SIZE)
        bring_back(self, settings.get(declared.SHEET_PLACE))
        self._update()
        self._start_at(controller.current_time)

    # --- building

    def _make_list(self):
        view = QtWidgets.QListView(self)
        view.setObjectName("sheet_list")
        view.setAccessibleName(tr("Frames"))
        view.setModel(self.model)
        view.setItemDelegate(SheetDelegate(view))
        view.setViewMode(QtWidgets.QListView.ViewMode.IconMode)
        view.setMovement(QtWidgets.QListView.Movement.Static)
        view.setResizeMode(QtWidgets.QListView.ResizeMode.Adjust)
        view.setUniformItemSizes(True)
        view.setSpacing(look.SPACE)
        view.setTextElideMode(Qt.TextElideMode.ElideRight)
        view.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.ExtendedSelection)
        view.setVerticalScrollMode(QtWidgets.QAbstractItemView.ScrollMode.ScrollPerPixel)
        on_opened(view, self._go_to)
        return view

    def _buttons(self):
        self._said = QtWidgets.QLabel(self)
        self._said.setObjectName("sheet_label")
        tip = tr("Show what the frames held before; with Space for as long as it is held")
        self._before = push_button("sheet_before", tr("Before (B)"), self._on_before, self, tip)
        self._before.setCheckable(True)
        accept = tr("Accept (A)")
        self._accept = push_button("sheet_accept", accept, self._accept_selected, self)
        self._undo = push_button("sheet_undo", _undo_text([]), self._undo_selected, self)
        row = QtWidgets.QHBoxLayout()
        row.addWidget(self._said, 1)
        for button in (self._before, self._accept, self._undo):
            button.setAutoDefault(False)
            row.addWidget(button)
        return row

    # --- showing

    def _start_at(self, time: int) -> None:
        if self.model.rowCount():
            row = sum(row.time <= time for row in self.model.rows()) - 1  # that of a hold's drawing
            index = self.model.index(max(row, 0))
            current = QtCore.QItemSelectionModel.SelectionFlag.NoUpdate
            self.list.selectionModel().setCurrentIndex(index, current)
            self.list.scrollTo(index)
        self.list.setFocus()

    def _refresh(self) -> None:
        self.model.refresh()
        self._update()

    def _update(self) -> None:
        rows, free = self.selected(), self._controller.busy is None
        self._accept.setEnabled(free and any(row.state == FrameState.PREDICTED for row in rows))
        ours = [row.time for row in rows if row.state in OURS]
        self._undo.setEnabled(free and bool(ours))
        self._undo.setText(_undo_text(ours))
        self._said.setText(tr_n("{n} frame selected", "{n} frames selected", len(rows)))

    def selected(self) -> list[FrameRow]:
        """Return the selected frames in order."""
        indexes = self.list.selectionModel().selectedIndexes()
        return sorted((index.data(ROW_ROLE) for index in indexes), key=lambda row: row.time)

    # --- what the artist does

    def _show_before(self, before: bool) -> None:
        """Show what the frames held before we coloured them, or what they hold now."""
        self.model.before = before
        self._before.setChecked(before)
        self.model.show_anew()

    def _on_before(self) -> None:
        self._show_before(self._before.isChecked())

    def _accept_selected(self) -> None:
        rows = self.selected()
        self._controller.accept([row.time for row in rows if row.state == FrameState.PREDICTED])

    def _undo_selected(self) -> None:
        self._controller.undo([row.time for row in self.selected() if row.state in OURS])

    def _go_to(self, index) -> None:
        self._controller.go_to(index.data(ROW_ROLE).time)

    def eventFilter(self, _watched, event) -> bool:
        """Take the list's keys: B and Space for before, A, U, Escape."""
        kinds = QtCore.QEvent.Type
        if event.type() not in {kinds.KeyPress, kinds.KeyRelease}:
            return False
        if event.key() == Qt.Key.Key_Space and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            if not event.isAutoRepeat():
                self._show_before(event.type() == kinds.KeyPress)
            return True
        buttons = {
            Qt.Key.Key_B: self._before,
            Qt.Key.Key_A: self._accept,
            Qt.Key.Key_U: self._undo,
        }
        plain = event.type() == kinds.KeyPress and not event.modifiers()
        if plain and event.key() in buttons:
            buttons[event.key()].click()
            return True
        if plain and event.key() == Qt.Key.Key_Escape:
            self.close()
            return True
        return False

    def closeEvent(self, event) -> None:
        """Note where it was."""
        self._settings.set(declared.SHEET_PLACE, place_of(self))
        self.closed.emit()
        super().closeEvent(event)


def _undo_text(times: list[int]) -> str:
    return f"{undo_text(times)} (U)"  # a key's name is the same in all languages
