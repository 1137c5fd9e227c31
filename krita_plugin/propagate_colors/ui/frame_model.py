"""Frames as a list model; what they show is up to those that build on it."""

from __future__ import annotations

from ..qt import Qt, QtCore, QtGui
from ..state.model import FrameRow
from .frame_words import describe

ROW_ROLE = Qt.ItemDataRole.UserRole


class FrameModel(QtCore.QAbstractListModel):
    """One row a frame: its FrameRow, its picture, its words."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._rows: list[FrameRow] = []

    def picture(self, time: int) -> QtGui.QImage | None:
        """Return a frame's picture, None while there is none."""
        raise NotImplementedError

    def rowCount(self, parent=None) -> int:
        """Return the number of frames listed."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        """Return the frame's row, its picture, or its text."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DecorationRole:
            return self.picture(row.time)
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return describe(row)
        if role == Qt.ItemDataRole.DisplayRole:
            return str(row.time)
        return None

    def take(self, rows: list[FrameRow]) -> None:
        """List these frames; where they are the same ones, the selection stays."""
        if [row.time for row in rows] == [row.time for row in self._rows]:
            self._rows = rows
            self.show_anew()
        else:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()

    def show_anew(self) -> None:
        """Draw all frames in view again."""
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def rows(self) -> list[FrameRow]:
        """Return the listed frames in order."""
        return list(self._rows)

    def row_of(self, time: int) -> int:
        """Return the row of a frame, -1 if it is not listed."""
        return next((i for i, row in enumerate(self._rows) if row.time == time), -1)
