"""What only Krita's timeline docker does: keys of any layer and frame, and whether it plays.

Krita's own actions for keyframes work on the docker's current cell, and to go there moves the
playhead and the active layer under the artist's pen. The docker's model and selection do not: keys
are copied into a cell as if they had been dropped there, and removed as the only selected cell,
while current cell, active layer and playhead stay. A layer is found in it by its id, which the
model tells in the data of a drag; it has a row while it is active or pinned.

Objects are found by their class names: Krita's own widgets have no Python classes.
"""

from __future__ import annotations

import struct
import uuid
from typing import Any, Iterator

import krita

from ..qt import Qt, QtCore

_DRAGGED = "application/x-krita-frame"
_ROLES = range(Qt.ItemDataRole.UserRole + 100, Qt.ItemDataRole.UserRole + 130)
_ROWS = Qt.Orientation.Vertical


def has_row(layer_uuid: str) -> bool:
    """Tell whether the timeline shows a layer; False also means "not yet", some turns long."""
    return _row(layer_uuid) is not None


def pin(layer_uuid: str) -> None:
    """Keep the row of the active layer when another one becomes active."""
    model, row = _model(), _row(layer_uuid)
    if model is None or row is None:
        return
    # Two of Krita's own roles of a row are yes or no: whether it is active, and whether it is
    # pinned. Their numbers differ by version.
    for role in _ROLES:
        if _header(model, row, role) is False:
            model.setHeaderData(row, _ROWS, True, role)


def copy_key(root_uuid: str, source_uuid: str, source_time: int, layer_uuid: str, t: int) -> bool:
    """Copy a key of any open document's layer to a frame; tell whether Krita took it.

    One undoable step, which replaces a key that is there, pixels included.
    """
    model, row = _model(), _row(layer_uuid)
    if model is None or row is None:
        return False
    if not has_column(t):
        return False
    data = QtCore.QMimeData()
    data.setData(_DRAGGED, QtCore.QByteArray(_drag(root_uuid, source_uuid, source_time)))
    cell = model.index(row, t)
    return bool(model.dropMimeData(data, Qt.DropAction.CopyAction, -1, -1, cell))


def remove_key(layer_uuid: str, t: int) -> None:
    """Remove a key as one undoable step; what the artist selected is selected again."""
    view, row = _timeline_view(), _row(layer_uuid)
    if view is None or row is None:
        return
    chosen = view.selectionModel()
    kept = chosen.selection()
    flag = QtCore.QItemSelectionModel.SelectionFlag.ClearAndSelect
    chosen.select(view.model().index(row, t), flag)
    try:
        cells = [(cell.row(), cell.column()) for cell in chosen.selectedIndexes()]
        if cells == [(row, t)]:
            _invoke(view, "slotRemoveSelectedFrames()")
    finally:
        chosen.select(kept, flag)


def select_cell(layer_uuid: str, t: int, anew: bool = False) -> bool:
    """Make a cell the current one and the only selected one; tell whether it is now.

    Krita goes there. `anew` selects it again: Krita looks which of its actions fit a cell only when
    that changes.
    """
    view = _timeline_view()
    row = _row(layer_uuid)
    if view is None or row is None:
        return False
    model = view.model()
    if not has_column(t):
        return False
    if anew or not _is_selected(view, row, t):  # again and again would put off what Krita does next
        view.clearSelection()
        view.setCurrentIndex(model.index(row, t))
    return _is_selected(view, row, t)


def has_column(t: int) -> bool:
    """Tell whether the timeline has a cell at t; since Krita 5.2 it ends with the clip."""
    model = _model()
    if model is not None and t >= model.columnCount():
        # Makes columns up to the clip's end, which Krita 5.3 does only on another change.
        _invoke(model, "slotPlaybackRangeChanged()")
    return model is not None and t < model.columnCount()


def is_playing() -> bool:
    """Tell whether the play button shows the pause sign; Krita offers nothing better."""
    pause = _picture(krita.Krita.instance().icon("animation_pause"))
    return any(_picture(button.icon()) == pause for button in _find("QToolButton"))


def _timeline_view() -> Any | None:
    return next(_find("KisAnimTimelineFramesView"), None)


def _model() -> Any | None:
    view = _timeline_view()
    return None if view is None else view.model()


def _invoke(target: Any, slot: str) -> None:
    kind = target.metaObject()
    number = kind.indexOfSlot(slot)
    if number >= 0:
        kind.method(number).invoke(target)


def _is_selected(view: Any, row: int, t: int) -> bool:
    chosen = [(cell.row(), cell.column()) for cell in view.selectionModel().selectedIndexes()]
    current = view.currentIndex()
    return chosen == [(row, t)] and (current.row(), current.column()) == (row, t)


def _row(layer_uuid: str) -> int | None:
    model, wanted = _model(), _bytes(layer_uuid)
    for row in range(0 if model is None else model.rowCount()):
        dragged = bytes(model.mimeData([model.index(row, 0)]).data(_DRAGGED))
        if wanted in dragged[20:]:  # after the id of the document's root
            return row
    return None


def _drag(root_uuid: str, source_uuid: str, time: int) -> bytes:
    """Return what Krita writes for a drag of one cell, big endian: lengths before ids."""
    root, source = _bytes(root_uuid), _bytes(source_uuid)
    head = struct.pack(">i16siii", 16, root, 1, 0, time)
    return head + struct.pack(">iii16si", 0, 0, 16, source, 0)


def _bytes(text: str) -> bytes:
    return uuid.UUID(text.strip("{}+")).bytes


def _header(model: Any, row: int, role: int) -> Any:
    try:
        return model.headerData(row, _ROWS, role)
    except TypeError:  # a value of a kind that Python does not know
        return None


def _find(class_name: str) -> Iterator[Any]:
    for docker in krita.Krita.instance().dockers():
        if docker.objectName() == "TimelineDocker":
            yield from _descendants(docker, class_name)


def _descendants(parent: Any, class_name: str) -> Iterator[Any]:
    for child in parent.children():
        if child.metaObject().className() == class_name:
            yield child
        yield from _descendants(child, class_name)


def _picture(icon: Any) -> Any:
    return icon.pixmap(16, 16).toImage()
