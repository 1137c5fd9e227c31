"""Small pictures of frames, read layer by layer so that Krita hardly waits."""

from __future__ import annotations

from typing import Any

from ..host import hand, pictures
from ..link.talk import Steps
from ..state import review
from ..state.journal import PRUNED, Plane, unpack_plane
from ..state.model import Size
from ..state.pixels import Format
from ..state.shot import DocumentShot
from ..state.timeline import drawing_at, held_key
from . import reading

REST_SECONDS = 0.02  # between two pictures


def thumbnail(shot: DocumentShot, time: int, most: Size, before: bool) -> Steps:
    """Return lines over colours in BGRA; `before`: as the frame was before our first write.

    None where that is no longer kept.
    """
    yield REST_SECONDS
    yield hand.is_up, hand.STROKE_SECONDS
    yield reading.stands(shot), hand.STROKE_SECONDS
    reading.require_ready(shot)
    below = yield from _colors(shot, time, most, before)
    if below is None:
        return None
    document, lines = shot.document, []
    for part in drawing_at(shot.lines, time).parts:
        layer = None if part.grouped else document.layer(part.uuid)
        if layer is not None:
            data = layer.read(part.key or 0, shot.box)
            yield
            lines.append(_image(data, shot.line_format, shot, most))
            yield
    return pictures.to_bgra(pictures.stacked(below, lines))


def _colors(shot: DocumentShot, time: int, most: Size, before: bool) -> Steps:
    key = held_key(sorted(shot.seen), time)
    entry = None if key is None else shot.journal.entry(shot.color, key)
    if before and entry is not None and shot.state(key) in review.OURS:
        if entry.before == PRUNED:
            return None
        data = None if entry.before is None else _unpacked(entry.before, shot)
    else:
        layer = None if shot.color is None else shot.document.layer(shot.color)
        there = layer is not None and key is not None
        there = there and (layer.is_still() or layer.has_key(key))
        data = layer.read(key, shot.box) if there else None
    yield
    if data is None:
        size = (shot.document.width, shot.document.height)
        return pictures.clear(pictures.fitted(size, most))
    image = _image(data, shot.color_format, shot, most)
    yield
    return image


def _unpacked(plane: Plane, shot: DocumentShot) -> bytes:
    """Return all of the canvas; a plane holds whole rows of it, or none."""
    row = shot.document.width * shot.color_format.pixel_bytes
    above = bytes(plane.box[1] * row)
    return (above + unpack_plane(plane, shot.color_format)).ljust(shot.document.height * row, b"\0")


def _image(data: bytes, form: Format | None, shot: DocumentShot, most: Size) -> Any:
    return pictures.image(data, form, (shot.document.width, shot.document.height), most)
