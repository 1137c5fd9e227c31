"""Small pictures of frames, read layer by layer so that Krita hardly waits."""

from __future__ import annotations

from typing import Any

from ..host import hand, pictures
from ..link.requests import Steps
from ..state import review
from ..state.journal import PRUNED, Plane, unpack_plane
from ..state.layer_frames import LayerFrames
from ..state.model import Size
from ..state.pixels import Format
from ..state.shot import DocumentShot
from ..state.timeline import drawing_at
from . import reading
from .shown import shown_at

REST_SECONDS = 0.02  # between two pictures


def thumbnail(shot: DocumentShot, time: int, most: Size, before: bool) -> Steps:
    """Return lines over painted layers in BGRA; `before`: as the frame was before our first write.

    None where that is no longer kept.
    """
    yield REST_SECONDS
    yield hand.is_up, hand.STROKE_SECONDS
    yield reading.is_not_playing(shot), hand.STROKE_SECONDS
    reading.require_ready(shot)
    painted = yield from _painted(shot, time, most, before)
    if painted is None:
        return None
    size = pictures.fitted((shot.document.width, shot.document.height), most)
    below = pictures.laid(size, painted)
    document, lines = shot.document, []
    for part in drawing_at(shot.lines, time).parts:
        layer = None if part.grouped else document.layer(part.uuid)
        if layer is not None:
            data = layer.read(part.key or 0, shot.box)
            yield
            lines.append(_image(data, shot.line_format, shot, most))
            yield
    return pictures.to_bgra(pictures.stacked(below, lines))


def _painted(shot: DocumentShot, time: int, most: Size, before: bool) -> Steps:
    """Return the painted layers as `pictures.laid` takes them; None where one is not kept."""
    found = []
    for frames, key, *how in shown_at(shot, time):
        entry = shot.journal.entry(frames.color, key)
        if before and entry is not None and key not in frames.seen:
            frames.look_at(key)
            yield
        if before and entry is not None and frames.state(key) in review.OURS:
            if entry.before == PRUNED:
                return None
            data = None if entry.before is None else _unpacked(entry.before, frames)
        else:
            layer = shot.document.layer(frames.color)
            there = layer is not None and (layer.is_still() or layer.has_key(key))
            data = layer.read(key, shot.box) if there else None
        yield
        if data is not None:
            found.append((_image(data, frames.color_format, shot, most), *how))
            yield
    return found


def _unpacked(plane: Plane, frames: LayerFrames) -> bytes:
    """Return all of the canvas; a plane holds whole rows of it, or none."""
    row = frames.document.width * frames.color_format.pixel_bytes
    above = bytes(plane.box[1] * row)
    whole = frames.document.height * row
    return (above + unpack_plane(plane, frames.color_format)).ljust(whole, b"\0")


def _image(data: bytes, form: Format | None, shot: DocumentShot, most: Size) -> Any:
    return pictures.image(data, form, (shot.document.width, shot.document.height), most)
