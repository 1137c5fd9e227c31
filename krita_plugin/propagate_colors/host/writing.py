"""Keyframes written without moving anything: a stroke lands where it is drawn, whatever we write.

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
from . import timeline_cells
from .document import Box, Document, HostError, Layer
from .steps import (
    ATTEMPTS,
    FOLLOW_SECONDS,
    RESULT_TURNS,
    Steps,
    away,
    canvas_box,
    make_key,
    no_key,
    reachable,
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
        self,
        t: int,
        box: Box,
        data: bytes | None,
        check: Callable[[], None] = _nothing,
        written: Callable[[], Any] = _nothing,
    ) -> Steps:
        """Replace key t by one that holds `data` in `box` and nothing else; None leaves it blank.

        `check` and `written` are called in the very step that writes, before and after it. What
        `check` raises ends this, and nothing is written.
        """
        document, uuid = self._document, self._uuid
        _check_size(document, writable(document, uuid), box, data)
        if writable(document, uuid).is_still():
            yield from away(
                document, make_key(document, uuid, 0), tr("Writing frame {time} …", time=t)
            )
        if self._source is None:
            self._source = _Source(document)
            yield
            self._source.take(writable(document, uuid))
            yield
        for _ in range(ATTEMPTS):
            yield from reachable(document, uuid)
            layer = writable(document, uuid)
            _check_size(document, layer, box, data)
            document.raw.waitForDone()  # for the rest of a stroke that has just ended
            check()
            self._source.fill(box, data)
            taken = self._source.copy_to(uuid, t)
            document.raw.waitForDone()
            if taken and layer.has_key(t):
                _check_written(layer, t, box, data)
                written()
                yield
                return
            yield FOLLOW_SECONDS
        raise HostError(no_key(document, uuid, t))

    def close(self) -> None:
        """Let go of what writing needed."""
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


def remove_key(
    document: Document, layer_uuid: str, t: int, check: Callable[[], None] = _nothing
) -> Steps:
    """Remove the keyframe at t; at frame 0 Krita puts a fresh blank one in its place.

    `check` is called in the very step that removes it, and raises where it must stay.
    """
    for _ in range(ATTEMPTS):
        yield from reachable(document, layer_uuid)
        if not writable(document, layer_uuid).has_key(t):
            return
        document.raw.waitForDone()
        check()
        with pauses.measure("remove key"):
            timeline_cells.remove_key(layer_uuid, t)
            document.raw.waitForDone()
        for _ in range(RESULT_TURNS):
            layer = writable(document, layer_uuid)
            if not layer.has_key(t) or (t == 0 and layer.is_blank(t, canvas_box(document))):
                yield
                return
            yield FOLLOW_SECONDS
    raise HostError(
        tr(
            'Krita did not remove the keyframe at frame {time} of the layer "{name}".',
            time=t,
            name=writable(document, layer_uuid).info.name,
        )
    )


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

    def take(self, layer: Layer) -> None:
        """Take a copy of the layer; a hidden one, or Krita would compose a picture of it."""
        with pauses.measure("copy layer"):
            self._node = layer.node.duplicate()
            self._node.setVisible(False)
            self._raw.rootNode().addChildNode(self._node, None)
            self._raw.waitForDone()
        self._raw.setModified(False)

    def fill(self, box: Box, data: bytes | None) -> None:
        """Let the key hold `data` in `box` and nothing else."""
        held = self._node.bounds()
        with pauses.measure("write"):
            if held.width() and held.height():
                empty = self._clear * (held.width() * held.height())
                self._node.setPixelData(empty, held.x(), held.y(), held.width(), held.height())
            if data is not None and box[2] and box[3]:
                self._node.setPixelData(data, *box)

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


def _check_written(layer: Layer, t: int, box: Box, data: bytes | None) -> None:
    if data is not None and box[2] and box[3] and layer.read(t, box) != data:
        raise HostError(
            tr(
                'Krita did not take the colors for frame {time} of the layer "{name}"; '
                "save a copy of the document and start again.",
                time=t,
                name=layer.info.name,
            )
        )
