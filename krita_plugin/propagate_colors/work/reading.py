"""Steps that read layers and make a shot known to the engine; nothing here changes the document."""

from __future__ import annotations

import hashlib
from typing import Any, Callable

from ..host import steps
from ..host.document import HostError
from ..i18n import tr
from ..link.requests import EngineRequests, Steps
from ..pauses import pauses
from ..state.layer_frames import LayerFrames, MovedLayer
from ..state.pixels import worth_sending
from ..state.shot import DocumentShot
from ..state.timeline import Part, TimedDrawing, drawing_at


def scan(shot: DocumentShot) -> Steps:
    """Read what the colour layer holds, one key a step."""
    for _ in shot.scan():
        yield


def require_ready(shot: DocumentShot) -> None:
    """Raise HostError when the document was closed or is being played."""
    shot.document.require_open()
    if shot.document.is_playing():
        raise HostError(tr("The animation is playing: stop it and try again."))


def is_not_playing(shot: DocumentShot) -> Callable[[], bool]:
    """Return a condition to wait for: the animation is not being played."""
    return lambda: not shot.document.is_playing()


def require_layer(shot: DocumentShot, uuid: str) -> Any:
    """Return a Layer; HostError when it was deleted."""
    layer = shot.document.layer(uuid)
    if layer is None:
        raise HostError(tr("A chosen layer was deleted: choose layers again."))
    return layer


def _read_part(shot: DocumentShot, part: Part) -> Steps:
    """Return the raw pixels that one line layer adds to a drawing, in the canvas box."""
    require_ready(shot)
    if part.grouped:
        return (yield from steps.read_group(shot.document, part.uuid, part.key, shot.box))
    data = require_layer(shot, part.uuid).read(part.key or 0, shot.box)
    yield
    return data


def read_drawing(shot: DocumentShot, drawing: TimedDrawing) -> Steps:
    """Return (hash, planes) of a drawing, bottom layer first; behind a shield if it has groups."""
    if drawing.grouped:
        text = tr("Reading frame {time} …", time=drawing.time)
        return (yield from steps.restoring_view(shot.document, _read_drawing(shot, drawing), text))
    return (yield from _read_drawing(shot, drawing))


def _read_drawing(shot: DocumentShot, drawing: TimedDrawing) -> Steps:
    planes = []
    digest = hashlib.blake2b(digest_size=16)
    for part in drawing.parts:
        data = yield from _read_part(shot, part)
        with pauses.measure("hash"):
            digest.update(data)
        planes.append(data)
        yield
    return digest.hexdigest(), planes


def open_shot(shot: DocumentShot, requests: EngineRequests) -> Steps:
    """Tell the engine about the shot; what it knows of it already stays known."""
    yield from requests.ask(
        {
            "type": "open_shot",
            "shot": shot.document.key,
            "width": shot.document.width,
            "height": shot.document.height,
            "line": shot.line_format.message(),
            "color": shot.color_format.message(),
        }
    )


def teach_drawing(shot: DocumentShot, requests: EngineRequests, time: int) -> Steps:
    """Make the drawing shown at a time known to the engine; return its hash."""
    digest, planes = yield from read_drawing(shot, drawing_at(shot.lines, time))
    pixel_bytes = shot.line_format.pixel_bytes
    with pauses.measure("pack"):
        sent = [worth_sending(data, shot.box, pixel_bytes) for data in planes]
    yield
    header = {"type": "add_drawing", "shot": shot.document.key, "frame": time, "hash": digest}
    boxes = {"layers": [{"box": list(box), "bytes": len(rows)} for box, rows in sent]}
    yield from requests.tell(header, boxes, b"".join(rows for _, rows in sent))
    return digest


def teach_shade(
    shot: DocumentShot, layer: MovedLayer, requests: EngineRequests, time: int
) -> Steps:
    """Make what is painted on a frame of a layer that also moves known to the engine."""
    fields = {"type": "add_shade", "layer": layer.color, "format": layer.color_format.message()}
    yield from _teach(shot, layer, requests, time, fields)


def teach_reference(shot: DocumentShot, requests: EngineRequests, time: int, origin: str) -> Steps:
    """Make the colours of a reference frame known to the engine."""
    yield from _teach(shot, shot, requests, time, {"type": "add_reference", "origin": origin})


def _teach(
    shot: DocumentShot,
    layer: LayerFrames,
    requests: EngineRequests,
    time: int,
    fields: dict[str, Any],
) -> Steps:
    """Send what a layer holds at a time."""
    require_ready(shot)
    data = layer.look_at(time)
    if data is None:
        raise HostError(tr("Frame {time} was moved or deleted meanwhile.", time=time))
    yield
    box, rows = worth_sending(data, layer.box, layer.color_format.pixel_bytes)
    header = {
        **fields,
        "shot": shot.document.key,
        "frame": time,
        "hash": layer.seen[time].hash,
    }
    yield from requests.tell(header, {"box": list(box), "bytes": len(rows)}, rows)
