"""The frames to review as a list model; thumbnails are fetched one a turn, as they are needed."""

from __future__ import annotations

from ..qt import Qt, QtCore, QtGui
from ..state.model import FrameRow, FrameState
from . import look
from .slots import guarded
from .strip import describe

BY_TIME, BY_DOUBT = "time", "doubt"
ROW_ROLE = Qt.ItemDataRole.UserRole
_LISTED = {
    FrameState.PREDICTED,
    FrameState.ACCEPTED,
    FrameState.FAILED,
    FrameState.ARTIST,
    FrameState.UNKNOWN,
}
_FETCH_MS = 15


class ReviewModel(QtCore.QAbstractListModel):
    """Rows of frames that have, or should have, pixels of their own."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._rows: list[FrameRow] = []
        self._order = BY_TIME
        self._only: frozenset[int] | None = None
        self._thumbnails: dict[int, QtGui.QImage | None] = {}
        self._wanted: list[int] = []
        self._fetch = QtCore.QTimer(self)
        self._fetch.setInterval(_FETCH_MS)
        self._fetch.timeout.connect(guarded(self._fetch_next))

    # --- Qt's interface

    def rowCount(self, parent=None) -> int:
        """Return the number of frames listed."""
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        """Return the frame's row, its thumbnail, or its text."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role == Qt.ItemDataRole.DecorationRole:
            return self._thumbnail(row.time)
        if role in {Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole}:
            return describe(row)
        if role == Qt.ItemDataRole.DisplayRole:
            return str(row.time)
        return None

    # --- what is listed

    def refresh(self) -> None:
        """Take the frames from the controller; rows that stay keep their place and selection."""
        rows = [row for row in self._controller.frames if row.state in _LISTED]
        if self._only is not None:
            rows = [row for row in rows if row.time in self._only]
        if self._order == BY_DOUBT:
            rows.sort(key=_doubt_key)
        old = {row.time: row for row in self._rows}
        for row in rows:
            if row != old.get(row.time):
                self._thumbnails.pop(row.time, None)
        if [row.time for row in rows] == [row.time for row in self._rows]:
            self._rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
        else:
            self.beginResetModel()
            self._rows = rows
            self.endResetModel()

    def forget_pictures(self) -> None:
        """Fetch every thumbnail anew when it is next seen."""
        self._thumbnails.clear()
        self._wanted.clear()

    def set_order(self, order: str) -> None:
        """Sort by time or by doubt."""
        self._order = order
        self.refresh()

    def show_only(self, times: frozenset[int] | None) -> None:
        """List only these frames; None lists all."""
        self._only = times
        self.refresh()

    def rows(self) -> list[FrameRow]:
        """Return the listed frames in order."""
        return list(self._rows)

    def row_of(self, time: int) -> int:
        """Return the row of a frame, -1 if it is not listed."""
        return next((i for i, row in enumerate(self._rows) if row.time == time), -1)

    # --- thumbnails

    def _thumbnail(self, time: int) -> QtGui.QImage | None:
        if time not in self._thumbnails:
            if time not in self._wanted:
                self._wanted.append(time)
            self._fetch.start()
        return self._thumbnails.get(time)

    def _fetch_next(self) -> None:
        """Fetch one picture; the one asked for last is the one in view."""
        if not self._wanted:
            self._fetch.stop()
            return
        time = self._wanted.pop()
        picture = self._controller.thumbnail(time)
        self._thumbnails[time] = None if picture is None else look.to_image(picture)
        row = self.row_of(time)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))


def _doubt_key(row: FrameRow):
    """Order failed frames first, then by doubt, then by confidence; settled frames last."""
    order = {FrameState.FAILED: 0, FrameState.PREDICTED: 1}
    sure = 1.0 if row.confidence is None else row.confidence
    return order.get(row.state, 2), -(row.doubtful + row.no_counterpart), sure, row.time
