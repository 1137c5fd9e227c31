"""Krita work in steps: generators for work.jobs.Runner, where each yield returns to the event loop.

Between two yields the artist may do anything, so every step looks again: is the document open and
in front, is the layer still there, unlocked and visible, is nothing being played. If not, the
step raises HostError and nothing more is changed.
"""

from __future__ import annotations

from typing import Any, Callable, Generator, NamedTuple

import krita

from ..i18n import tr
from ..log import logger
from ..pauses import pauses
from ..state.pixels import Box
from . import hand, timeline_cells
from .document import Document, HostError, OpenLayer

Steps = Generator[Any, None, Any]

ATTEMPTS = 5
# A new layer becomes active, and gets its row in the timeline, a few turns after it was added.
# On a busy machine Krita 6.0 takes up to a second to enable its actions after a change of layer.
FOLLOW_SECONDS = 0.02
FOLLOW_TURNS = 300
COLUMN_TURNS = 60
ANEW_TURNS = (10, 75, 150, 225)  # not at every one: each puts off what Krita does next
RESULT_TURNS = 12


class ArtistView(NamedTuple):
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
    if writable(document, layer_uuid).has_key(t):
        return

    def missing() -> bool:  # Krita may have made one for a stroke: the action would clear that
        return not writable(document, layer_uuid).has_key(t)

    for _ in range(ATTEMPTS):
        yield from _add_blank_frame(document, layer_uuid, t, missing)
        for _ in range(RESULT_TURNS):
            if writable(document, layer_uuid).has_key(t):
                yield  # Krita 5.1 and 5.2 abort if another layer is activated in this very step
                return
            yield FOLLOW_SECONDS
    raise HostError(no_key(document, layer_uuid, t))


def restoring_view(document: Document, work: Steps, text: str) -> Steps:
    """Run steps that move playhead or active layer, behind a shield that says why; come back."""
    yield hand.is_up, hand.STROKE_SECONDS
    with hand.shielded(text):
        view = save_view(document)
        try:
            value = yield from work
        except Exception:  # a cancel too: it is passed on once the view is restored
            yield from _come_back(document, view)
            raise
        yield from _come_back(document, view)
    return value


def _come_back(document: Document, view: ArtistView) -> Steps:
    """Bring the view back if Krita lets us: a job ends with its own reason, not with this one."""
    try:
        yield from restore_view(document, view)
    except HostError as error:
        logger.info("view not restored: %s", error)


def reachable(document: Document, layer_uuid: str) -> Steps:
    """Wait for the end of a stroke, and see to it that the timeline has a row for the layer."""
    writable(document, layer_uuid)
    if not timeline_cells.has_row(layer_uuid):
        yield from restoring_view(
            document, show_row(document, layer_uuid), tr("Showing the color layer …")
        )
    yield hand.is_up, hand.STROKE_SECONDS
    writable(document, layer_uuid)


def show_row(document: Document, layer_uuid: str) -> Steps:
    """Give a layer a row in the timeline that stays; it is the active one then."""
    yield from _activate(document, layer_uuid)
    for _ in range(FOLLOW_TURNS):
        if timeline_cells.has_row(layer_uuid):
            timeline_cells.pin(layer_uuid)
            return
        yield FOLLOW_SECONDS
    raise HostError(
        tr(
            'The timeline does not show the layer "{name}"; open the timeline and start again.',
            name=writable(document, layer_uuid).info.name,
        )
    )


def create_color_layer(document: Document, name: str, below_uuid: str) -> Steps:
    """Add an animated paint layer just below another layer, the active one then; returns its id."""
    yield hand.is_up, hand.STROKE_SECONDS
    with hand.shielded(tr("Making the color layer …")):
        return (yield from _create_color_layer(document, name, below_uuid))


def _create_color_layer(document: Document, name: str, below_uuid: str) -> Steps:
    time = document.current_time
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
    yield from show_row(document, uuid)
    yield from goto(document, time)
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


def save_view(document: Document) -> ArtistView:
    """Note where the artist is."""
    return ArtistView(document.current_time, document.active_layer_uuid(), _selection(document))


def restore_view(document: Document, view: ArtistView) -> Steps:
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


def writable(document: Document, layer_uuid: str) -> OpenLayer:
    """Return a layer that can be written now; HostError says why it cannot."""
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


def canvas_box(document: Document) -> Box:
    """Return the whole canvas."""
    return (0, 0, document.width, document.height)


def _settle_at(document: Document, t: int) -> None:
    """Without the wait, pixels land on the frame that is being rendered."""
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


def _add_blank_frame(
    document: Document, layer_uuid: str, t: int, wanted: Callable[[], bool]
) -> Steps:
    """Trigger the timeline's action on exactly this cell and wait for its strokes.

    Unless it is no longer `wanted`, asked in the very step of the action.
    """
    action = krita.Krita.instance().action("add_blank_frame")
    for turn in range(FOLLOW_TURNS):
        yield from _activate(document, layer_uuid)
        writable(document, layer_uuid)
        if document.current_time != t:
            yield from goto(document, t)
        elif not timeline_cells.select_cell(layer_uuid, t, turn in ANEW_TURNS) or (
            not action.isEnabled()
        ):
            if turn >= COLUMN_TURNS and not timeline_cells.has_column(t):
                break
            yield FOLLOW_SECONDS
        elif document.current_time == t:  # still, after the cell was selected
            if not wanted():
                return
            with pauses.measure("add_blank_frame"):
                action.trigger()
                document.raw.waitForDone()
            yield
            return
    raise HostError(no_key(document, layer_uuid, t))


def no_key(document: Document, layer_uuid: str, t: int) -> str:
    """Return why Krita made no keyframe at a frame."""
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
        name=writable(document, layer_uuid).info.name,
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
    writable(document, layer_uuid)
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
