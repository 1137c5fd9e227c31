"""Krita work in steps: generators for work.jobs.Runner, where each yield returns to the event loop.

Between two yields the artist may do anything, so every step looks again: is the document open and
in front, is the layer still there, unlocked and visible, is nothing being played. If not, the
step raises HostError and nothing more is changed.
"""

from __future__ import annotations

from typing import Any, Callable, Generator, NamedTuple

import krita

from ..i18n import tr
from ..pauses import pauses
from . import timeline_cells
from .document import Box, Document, HostError, Layer

Steps = Generator[Any, None, Any]

ATTEMPTS = 5
# A new layer becomes active, and gets its row in the timeline, a few turns after it was added.
# On a busy machine Krita 6.0 takes up to a second to enable its actions after a change of layer.
FOLLOW_SECONDS = 0.02
FOLLOW_TURNS = 300
COLUMN_TURNS = 60
ANEW_TURNS = (10, 75, 150, 225)  # not at every one: each puts off what Krita does next
RESULT_TURNS = 12


def _nothing() -> None:
    """Stand in where nobody wants to be called."""


class Painted(HostError):
    """The artist painted on a frame between our look and our change, which was not made then."""

    def __init__(self, t: int) -> None:
        super().__init__(tr("Frame {time} was painted on just now, so it stays as it is.", time=t))


class View(NamedTuple):
    """Where the artist was."""

    time: int
    layer_uuid: str | None
    selection: tuple[Box, bytes] | None


def goto(document: Document, t: int) -> Steps:
    """Go to a frame; when it returns, the image has been rendered there."""
    for _ in range(ATTEMPTS):
        _require_quiet(document)
        _settle_at(document, t)
        yield
        if document.current_time == t:
            return
    raise HostError(tr("Frame {time} could not be reached: the playhead is being moved.", time=t))


def make_key(document: Document, layer_uuid: str, t: int) -> Steps:
    """Make a blank keyframe, unless there is a keyframe at t already."""
    yield from goto(document, t)
    if _writable(document, layer_uuid).has_key(t):
        return

    def missing() -> bool:  # Krita may have made one for a stroke: the action would clear that
        return not _writable(document, layer_uuid).has_key(t)

    for _ in range(ATTEMPTS):
        yield from _trigger_at(document, layer_uuid, t, "add_blank_frame", missing)
        for _ in range(RESULT_TURNS):
            if _writable(document, layer_uuid).has_key(t):
                yield  # Krita 5.1 and 5.2 abort if another layer is activated in this very step
                return
            yield FOLLOW_SECONDS
    raise HostError(_no_key(document, layer_uuid, t))


def remove_key(
    document: Document, layer_uuid: str, t: int, check: Callable[[], None] = _nothing
) -> Steps:
    """Remove the keyframe at t; at frame 0 Krita puts a fresh blank one in its place.

    `check` is called in the very step that removes it, and raises where it must stay.
    """
    yield from goto(document, t)
    if not _writable(document, layer_uuid).has_key(t):
        return

    def there() -> bool:
        check()
        return _writable(document, layer_uuid).has_key(t)

    for _ in range(ATTEMPTS):
        yield from _trigger_at(document, layer_uuid, t, "remove_frames", there)
        for _ in range(RESULT_TURNS):
            layer = _writable(document, layer_uuid)
            if not layer.has_key(t) or (t == 0 and layer.is_blank(t, _canvas(document))):
                yield
                return
            yield FOLLOW_SECONDS
    raise HostError(
        tr(
            'Krita did not remove the keyframe at frame {time} of the layer "{name}".',
            time=t,
            name=_writable(document, layer_uuid).info.name,
        )
    )


def put(
    document: Document,
    layer_uuid: str,
    t: int,
    box: Box,
    data: bytes | None,
    check: Callable[[], None] = _nothing,
    written: Callable[[], Any] = _nothing,
) -> Steps:
    """Replace key t by one that holds `data` in `box` and nothing else; None leaves it blank.

    Writing pixels is not on Krita's undo stack, and over a key with strokes on it the artist's
    next Ctrl+Z would undo the wrong thing. So the key is always a fresh one: undo takes key and
    pixels away together and brings the former key back with its own history.

    `check` is called in the step that removes the former key, `written` in the one that fills the
    new one. A stroke that comes in between ends this with Painted and stays.
    """
    _check_size(document, _writable(document, layer_uuid), box, data)
    yield from goto(document, t)
    if _writable(document, layer_uuid).has_key(t):
        yield from remove_key(document, layer_uuid, t, check)
    if t > 0 or not _writable(document, layer_uuid).has_key(t):
        yield from make_key(document, layer_uuid, t)
    if t == 0 and not _writable(document, layer_uuid).is_blank(t, _canvas(document)):
        # The first key of a still layer takes over what the layer showed.
        yield from remove_key(document, layer_uuid, t, check)
    yield from _fill(document, layer_uuid, t, box, data, written)


def create_color_layer(document: Document, name: str, below_uuid: str) -> Steps:
    """Add an animated paint layer just below another layer; returns its id."""
    above = document.layer(below_uuid)
    if above is None:
        raise HostError(_gone())
    _require_quiet(document)
    node = document.raw.createNode(name, "paintlayer")
    parent = above.node.parentNode()
    siblings = [sibling.uniqueId().toString() for sibling in parent.childNodes()]
    place = siblings.index(below_uuid)
    with pauses.measure("add layer"):
        # Without a layer to go on top of, Krita would put it above all others.
        parent.addChildNode(node, parent.childNodes()[max(place - 1, 0)])
        document.raw.waitForDone()
    yield
    uuid = node.uniqueId().toString()
    if place == 0:
        yield from _activate(document, uuid)
        yield from _lower(document, uuid, below_uuid)
    yield from make_key(document, uuid, 0)
    return uuid


def read_group(document: Document, layer_uuid: str, t: int, box: Box) -> Steps:
    """Return the pixels that a group, vector layer or masked layer shows at frame t."""
    for _ in range(ATTEMPTS):
        yield from goto(document, t)
        layer = document.layer(layer_uuid)
        if layer is None:
            raise HostError(_gone())
        if document.current_time == t:
            with pauses.measure("read group"):
                return bytes(layer.node.projectionPixelData(*box))
    raise HostError(tr("Frame {time} could not be reached: the playhead is being moved.", time=t))


def save_view(document: Document) -> View:
    """Note where the artist is."""
    return View(document.current_time, document.active_layer_uuid(), _selection(document))


def restore_view(document: Document, view: View) -> Steps:
    """Bring playhead, active layer and selection back, and the canvas up to date."""
    for _ in range(ATTEMPTS):  # on a busy machine Krita may follow the last cell written only now
        _require_quiet(document)
        layer = document.layer(view.layer_uuid) if view.layer_uuid else None
        if layer is not None:
            yield from _activate(document, view.layer_uuid)
        yield from goto(document, view.time)
        if _selection(document) != view.selection:
            document.raw.setSelection(_make_selection(view.selection))
        yield from _refresh(document)
        there = layer is None or document.active_layer_uuid() == view.layer_uuid
        if there and document.current_time == view.time:
            return


def _require_quiet(document: Document) -> None:
    document.require_open()
    if document.is_active() and document.is_playing():
        raise HostError(tr("The animation is being played; stop it and start again."))


def _writable(document: Document, layer_uuid: str) -> Layer:
    _require_quiet(document)
    if not document.is_active():
        raise HostError(
            tr("Another document came to the front; go back to the first one and start again.")
        )
    layer = document.layer(layer_uuid)
    if layer is None:
        raise HostError(_gone())
    if layer.info.locked:
        raise HostError(
            tr(
                'The layer "{name}" is locked; unlock it, or choose another one.',
                name=layer.info.name,
            )
        )
    if not layer.info.visible:
        raise HostError(
            tr(
                'The layer "{name}" is hidden; show it, or choose another one.',
                name=layer.info.name,
            )
        )
    return layer


def _gone() -> str:
    return tr("The layer is no longer in the document; choose another one.")


def _canvas(document: Document) -> Box:
    return (0, 0, document.width, document.height)


def _settle_at(document: Document, t: int) -> None:
    """Without the wait, pixels land on whatever frame is being rendered."""
    with pauses.measure("go to frame"):
        if document.current_time != t:
            document.raw.setCurrentTime(t)
        document.raw.waitForDone()


def _activate(document: Document, layer_uuid: str) -> Steps:
    for _ in range(FOLLOW_TURNS):
        if document.active_layer_uuid() == layer_uuid:
            return
        layer = document.layer(layer_uuid)
        if layer is None:
            raise HostError(_gone())
        document.raw.setActiveNode(layer.node)
        yield FOLLOW_SECONDS
    raise HostError(tr("Krita did not activate the layer; select it and start again."))


def _trigger_at(
    document: Document, layer_uuid: str, t: int, action_name: str, wanted: Callable[[], bool]
) -> Steps:
    """Trigger one of the timeline's actions on exactly this cell and wait for its strokes.

    Unless it is no longer `wanted`, asked in the very step of the action.
    """
    action = krita.Krita.instance().action(action_name)
    for turn in range(FOLLOW_TURNS):
        yield from _activate(document, layer_uuid)
        layer = _writable(document, layer_uuid)
        if document.current_time != t:
            yield from goto(document, t)
        elif not timeline_cells.select_cell(layer.info.name, t, turn in ANEW_TURNS) or (
            not action.isEnabled()
        ):
            if turn >= COLUMN_TURNS and not timeline_cells.has_column(t):
                break
            yield FOLLOW_SECONDS
        elif document.current_time == t:  # still, after the cell was selected
            if not wanted():
                return
            with pauses.measure(action_name):
                action.trigger()
                document.raw.waitForDone()
            yield
            return
    raise HostError(_no_key(document, layer_uuid, t))


def _no_key(document: Document, layer_uuid: str, t: int) -> str:
    if not timeline_cells.has_column(t):
        return tr(
            "Krita makes no keyframe at frame {time}, at or past the end of the clip; set the "
            "clip's end to {end} or later in the timeline's settings.",
            time=t,
            end=t + 1,
        )
    return tr(
        'Krita made no keyframe at frame {time} of the layer "{name}"; show the layer in the '
        "timeline and start again.",
        time=t,
        name=_writable(document, layer_uuid).info.name,
    )


def _check_size(document: Document, layer: Layer, box: Box, data: bytes | None) -> None:
    x, y, width, height = box
    inside = x >= 0 and y >= 0 and x + width <= document.width and y + height <= document.height
    # Krita 5.1 and 5.2 say nothing about data of the wrong length and write nothing.
    if data is not None and (not inside or len(data) != width * height * layer.pixel_size):
        raise HostError(
            tr(
                'The colors for the layer "{name}" do not fit the document; was its size or '
                "color space changed? Start again.",
                name=layer.info.name,
            )
        )


def _fill(
    document: Document,
    layer_uuid: str,
    t: int,
    box: Box,
    data: bytes | None,
    written: Callable[[], Any],
) -> Steps:
    """Write into a fresh key; nobody can paint between the look at it and the write."""
    yield from goto(document, t)
    layer = _writable(document, layer_uuid)
    _check_size(document, layer, box, data)
    _settle_at(document, t)
    if not layer.has_key(t):  # an undo of the artist's took it away
        raise HostError(_no_key(document, layer_uuid, t))
    if not layer.is_blank(t, _canvas(document)):
        raise Painted(t)
    if data is not None and box[2] and box[3]:
        _write(layer, t, box, data)
    written()
    yield
    yield from _refresh(document)


def _write(layer: Layer, t: int, box: Box, data: bytes) -> None:
    with pauses.measure("write"):
        layer.node.setPixelData(data, *box)
    if layer.read(t, box) != data:
        raise HostError(
            tr(
                'Krita did not take the colors for frame {time} of the layer "{name}"; '
                "save a copy of the document and start again.",
                time=t,
                name=layer.info.name,
            )
        )


def _refresh(document: Document) -> Steps:
    """Show written pixels: Krita does not notice them by itself."""
    _require_quiet(document)
    with pauses.measure("refresh"):
        document.raw.refreshProjection()
        document.raw.waitForDone()
    yield


def _lower(document: Document, layer_uuid: str, below_uuid: str) -> Steps:
    """Move the new layer, which lies on the lowest of its group, below it."""
    _writable(document, layer_uuid)
    lowest = document.layer(below_uuid).node
    collapsed = lowest.collapsed()
    lowest.setCollapsed(True)  # into an open group the layer would move instead of past it
    with pauses.measure("add layer"):
        krita.Krita.instance().action("move_layer_down").trigger()
        document.raw.waitForDone()
    lowest.setCollapsed(collapsed)
    yield
    order = [info.uuid for info in document.layers()]
    if order.index(layer_uuid) < order.index(below_uuid):
        raise HostError(
            tr("Krita did not move the new layer below the line layer; move it there yourself.")
        )


def _selection(document: Document) -> tuple[Box, bytes] | None:
    selection = document.raw.selection()
    if selection is None or not selection.width() or not selection.height():
        return None
    box = (selection.x(), selection.y(), selection.width(), selection.height())
    return box, bytes(selection.pixelData(*box))


def _make_selection(saved: tuple[Box, bytes] | None) -> Any:
    if saved is None:
        return None
    (x, y, width, height), data = saved
    selection = krita.Selection()
    selection.setPixelData(data, x, y, width, height)
    return selection
