"""What only Krita's timeline docker knows: which cell its actions work on, and whether it plays.

Krita's actions for keyframes work on the docker's current cell and, for removal, on every
selected cell, not on the active layer and the current frame. The two come apart: after the artist
selected several cells, the current cell stays where it was whatever the playhead does, so that
"add blank frame" would clear some other key, and "remove frames" would take them all. So the
cell is set here, and looked at again, in the very step that triggers the action.

Objects are found by their class names: Krita's own widgets have no Python classes.
"""

from __future__ import annotations

from typing import Any, Iterator

import krita

NAME_SHOWN = 13  # characters of a layer's name in the timeline, in every version so far


def select_cell(layer_name: str, t: int, anew: bool = False) -> bool:
    """Make the cell of that layer and frame the only selected one; tell whether it is now.

    False also means "not yet": Krita adds a layer's row and new columns some turns later.
    `anew` selects it again: Krita looks which of its actions fit a cell only when that changes, so
    "remove frames" stays disabled on a cell that was selected before it got its key.
    """
    view = _timeline_view()
    if view is None or view.model() is None:
        return False
    model = view.model()
    row = _row(view, layer_name)
    if t >= model.columnCount():
        _learn_the_clip_s_end(model)
    if row is None or t >= model.columnCount():
        return False
    if anew or not _is_selected(view, row, t):  # again and again would put off what Krita does next
        view.clearSelection()
        view.setCurrentIndex(model.index(row, t))
    return _is_selected(view, row, t)


def has_column(t: int) -> bool:
    """Tell whether the timeline has a cell at t; since Krita 5.2 it ends with the clip."""
    view = _timeline_view()
    return view is not None and view.model() is not None and t < view.model().columnCount()


def is_playing() -> bool:
    """Tell whether the play button shows the pause sign; Krita offers nothing better."""
    pause = _picture(krita.Krita.instance().icon("animation_pause"))
    return any(_picture(button.icon()) == pause for button in _find("QToolButton"))


def _timeline_view() -> Any | None:
    return next(_find("KisAnimTimelineFramesView"), None)


def _learn_the_clip_s_end(model: Any) -> None:
    """Make columns up to the clip's end; Krita 5.3 does so by itself only on another change."""
    kind = model.metaObject()
    slot = kind.indexOfSlot("slotPlaybackRangeChanged()")
    if slot >= 0:
        kind.method(slot).invoke(model)


def _is_selected(view: Any, row: int, t: int) -> bool:
    chosen = [(cell.row(), cell.column()) for cell in view.selectionModel().selectedIndexes()]
    current = view.currentIndex()
    return chosen == [(row, t)] and (current.row(), current.column()) == (row, t)


def _row(view: Any, layer_name: str) -> int | None:
    model, orientation = view.model(), view.verticalHeader().orientation()
    shown = (layer_name, layer_name[:NAME_SHOWN] + "...")  # long names are cut off
    rows = [row for row in range(model.rowCount()) if model.headerData(row, orientation) in shown]
    # Of several layers of one name, the timeline's current row is the active layer's.
    current = view.currentIndex().row()
    if len(rows) > 1:
        return current if current in rows else None
    return rows[0] if rows else None


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
