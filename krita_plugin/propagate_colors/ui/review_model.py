"""The frames to review as a list model; thumbnails are fetched one a turn, as they are needed."""

from __future__ import annotations

from ..qt import QtCore, QtGui
from ..state.model import FrameRow, FrameState
from . import look
from .frame_model import FrameModel
from .slots import guarded

BY_TIME, BY_DOUBT = "time", "doubt"
_LISTED = {
    FrameState.PREDICTED,
    FrameState.ACCEPTED,
    FrameState.FAILED,
    FrameState.ARTIST,
    FrameState.UNKNOWN,
}
_FETCH_MS = 15


class ReviewModel(FrameModel):
    """Rows of frames that have, or should have, pixels of their own."""

    def __init__(self, controller, parent=None) -> None:
        super().__init__(controller, parent)
        self._order = BY_TIME
        self._only: frozenset[int] | None = None
        self._thumbnails: dict[int, QtGui.QImage | None] = {}
        self._wanted: list[int] = []
        self._fetch = QtCore.QTimer(self)
        self._fetch.setInterval(_FETCH_MS)
        self._fetch.timeout.connect(guarded(self._fetch_next))

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
        self.take(rows)

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

    # --- thumbnails

    def picture(self, time: int) -> QtGui.QImage | None:
        """Return a frame's thumbnail, fetched when it is first seen."""
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
