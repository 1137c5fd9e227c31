"""Keyframes written without moving anything: strokes drawn meanwhile land where they are drawn.

A key is filled in a document that has no view, on a copy of the layer, and then copied to its frame
in one undoable step. So Krita's undo takes key and pixels away together and brings the former key
back with its own history, the canvas never shows half a frame, and between our look at a frame and
the write into it there is no turn of the event loop in which the artist could paint.
"""

from __future__ import annotations

from typing import Any, Callable

import krita

from ..i18n import tr
from ..pauses import pauses
from ..state.pixels import Box
from . import hand, timeline_cells
from .document import Document, HostError, OpenLayer
from .steps import (
    ATTEMPTS,
    FOLLOW_SECONDS,
    RESULT_TURNS,
    Steps,
    canvas_box,
    make_key,
    no_key,
    reachable,
    restoring_view,
    writable,
)

_SOURCE_TIME = 0  # an animated layer always has a key there


def _nothing() -> None:
    """Stand in where there is nothing to call."""


class Painted(HostError):
    """The artist painted on a frame between our look and our change, which was not made then."""

    def __init__(self, t: int) -> None:
        super().__init__(tr("Frame {time} was painted on just now, so it stays as it is.", time=t))


class Keys:
    """Writes keys of one layer; `close` it when nothing more is to be written."""

    def __init__(self, document: Document, layer_uuid: str) -> None:
        self._document = document
        self._uuid = layer_uuid
        self._source: _Source | None = None

    def put(
        self, t: int, box: Box, data: bytes | None, check: Callable[[], None] = _nothing
    ) -> Steps:
        """Replace key t by one that holds `data` in `box` and nothing else; None leaves it blank.

        `check` is called in the very step that writes, before it; what it raises ends this, and
        nothing is written. Painted is raised, too, where the key has pixels beside the canvas.

        Returns the bytes of the whole canvas as they were written. A stroke that began while Krita
        was at it lies over them: then the key holds others.
        """
        document, uuid = self._document, self._uuid
        _check_size(document, writable(document, uuid), box, data)
        if writable(document, uuid).is_still():
            yield from restoring_view(
                document, make_key(document, uuid, 0), tr("Writing frame {time} …", time=t)
            )
        if self._source is None:
            self._source = _Source(document)
            yield
            self._source.take(writable(document, uuid))
            yield
        for _ in range(ATTEMPTS):
            touches = yield from self._settled(t, check)
            layer = writable(document, uuid)
            _check_size(document, layer, box, data)
            written = self._source.fill(canvas_box(document), box, data)
            taken = self._source.copy_to(uuid, t)
            document.raw.waitForDone()
            if taken and layer.has_key(t):
                held = layer.read(t, canvas_box(document))
                if held != written and hand.is_up() and hand.touches() == touches:
                    raise HostError(_not_taken(layer, t))
                yield
                return written
            yield FOLLOW_SECONDS
        raise HostError(no_key(document, uuid, t))

    def remove(self, t: int, check: Callable[[], None] = _nothing) -> Steps:
        """Remove key t; at frame 0 Krita puts a fresh blank one in its place. `check` as in put."""
        document, uuid = self._document, self._uuid
        for _ in range(ATTEMPTS):
            yield from reachable(document, uuid)
            if not writable(document, uuid).has_key(t):
                return
            yield from self._settled(t, check)
            with pauses.measure("remove key"):
                timeline_cells.remove_key(uuid, t)
                document.raw.waitForDone()
            for _ in range(RESULT_TURNS):
                layer = writable(document, uuid)
                if not layer.has_key(t) or (t == 0 and layer.is_blank(t, canvas_box(document))):
                    yield
                    return
                yield FOLLOW_SECONDS
        raise HostError(
            tr(
                'Krita did not remove the keyframe at frame {time} of the layer "{name}".',
                time=t,
                name=writable(document, uuid).info.name,
            )
        )

    def _settled(self, t: int, check: Callable[[], None]) -> Steps:
        """Wait for the end of strokes and call `check`; what comes next is in the same step.

        Returns hand.touches(). While Krita 6 waits for its strokes it runs an event loop, in which
        the artist can begin another one: that is waited for, too, and all is checked again.
        """
        document, uuid = self._document, self._uuid
        while True:
            yield from reachable(document, uuid)
            touches = hand.touches()
            document.raw.waitForDone()
            check()
            beside = self._reaches_out(t)
            if hand.is_up() and hand.touches() == touches:
                break
            yield
        if beside:
            raise Painted(t)
        return touches

    def _reaches_out(self, t: int) -> bool:
        """Tell whether a key has pixels beside the canvas: those are never ours.

        The layer's copy tells. Another one is taken where the artist can have painted since.
        """
        layer = writable(self._document, self._uuid)
        if not layer.has_key(t):
            return False
        if self._source is None or self._source.touches != hand.touches():
            self.close()
            self._source = _Source(self._document)
            self._source.take(layer)
        return self._source.reaches_out(t, canvas_box(self._document))

    def close(self) -> None:
        """Release what writing needed."""
        if self._source is not None:
            self._source.close()
            self._source = None


def put(document: Document, layer_uuid: str, t: int, box: Box, data: bytes | None) -> Steps:
    """Replace one key, as Keys does."""
    keys = Keys(document, layer_uuid)
    try:
        yield from keys.put(t, box, data)
    finally:
        keys.close()


def remove_key(document: Document, layer_uuid: str, t: int) -> Steps:
    """Remove one key, as Keys does."""
    keys = Keys(document, layer_uuid)
    try:
        yield from keys.remove(t)
    finally:
        keys.close()


class _Source:
    """A layer's copy in a document without a view, whose one key is filled and copied."""

    def __init__(self, document: Document) -> None:
        raw, application = document.raw, krita.Krita.instance()
        size, space = (raw.width(), raw.height()), (raw.colorModel(), raw.colorDepth())
        with pauses.measure("copy layer"):
            self._raw = application.createDocument(*size, "", *space, raw.colorProfile(), 72.0)
        if hasattr(self._raw, "setAutosave"):
            self._raw.setAutosave(False)
        blank = self._raw.createNode("", "paintlayer")
        self._clear = bytes(blank.pixelData(0, 0, 1, 1))  # in CMYK that is not zero
        self._node: Any = None
        self._bounds: dict[int, Box] = {}  # of the keys that were copied
        self.touches = 0  # when the copy was taken

    def take(self, layer: OpenLayer) -> None:
        """Take a copy of the layer; a hidden one, or Krita would compose a picture of it."""
        self.touches = hand.touches()
        with pauses.measure("copy layer"):
            self._node = layer.node.duplicate()
            self._node.setVisible(False)
            self._raw.rootNode().addChildNode(self._node, None)
            self._raw.waitForDone()
        self._raw.setModified(False)
        self._bounds[_SOURCE_TIME] = _box_of(self._node)

    def reaches_out(self, t: int, canvas: Box) -> bool:
        """Tell whether key t, as it was when the copy was taken, has pixels beside the canvas."""
        with pauses.measure("bounds"):
            if t not in self._bounds:
                self._go_to(t)
                self._bounds[t] = _box_of(self._node)
                self._go_to(_SOURCE_TIME)
        x, y, width, height = self._bounds[t]
        right, bottom = x + width, y + height
        inside = x >= 0 and y >= 0 and right <= canvas[2] and bottom <= canvas[3]
        return bool(width and height) and not inside

    def _go_to(self, t: int) -> None:
        self._raw.setCurrentTime(t)
        self._raw.waitForDone()

    def fill(self, canvas: Box, box: Box, data: bytes | None) -> bytes:
        """Let the key hold `data` in `box` and nothing else; return the canvas's bytes."""
        x, y, width, height = _box_of(self._node)
        with pauses.measure("write"):
            if width and height:
                self._node.setPixelData(self._clear * (width * height), x, y, width, height)
            if data is not None and box[2] and box[3]:
                self._node.setPixelData(data, *box)
        # Krita's own bytes: a CMYK layer has others for clear pixels than a blank layer has.
        return bytes(self._node.pixelData(*canvas))

    def copy_to(self, layer_uuid: str, t: int) -> bool:
        """Copy the key to a frame of the document in front; tell whether Krita took it."""
        root = self._raw.rootNode().uniqueId().toString()
        source = self._node.uniqueId().toString()
        with pauses.measure("copy key"):
            return timeline_cells.copy_key(root, source, _SOURCE_TIME, layer_uuid, t)

    def close(self) -> None:
        """Let the copy go."""
        self._raw.setModified(False)
        self._raw.close()


def _check_size(document: Document, layer: OpenLayer, box: Box, data: bytes | None) -> None:
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


def _box_of(node: Any) -> Box:
    """Return where a layer has pixels at its document's time, in the canvas and beside it."""
    held = node.bounds()
    return held.x(), held.y(), held.width(), held.height()


def _not_taken(layer: OpenLayer, t: int) -> str:
    return tr(
        'Krita did not take the colors for frame {time} of the layer "{name}"; '
        "save a copy of the document and start again.",
        time=t,
        name=layer.info.name,
    )
