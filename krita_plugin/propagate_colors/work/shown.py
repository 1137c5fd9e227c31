"""What lies under the lines in a picture: the colours and the layers that move with them."""

from __future__ import annotations

from typing import Any, Hashable, NamedTuple

from ..state import timeline
from ..state.layer_frames import LayerFrames
from ..state.shot import DocumentShot


class ShownLayer(NamedTuple):
    """One layer as the timeline shows it."""

    frames: LayerFrames
    key: int
    multiplied: bool  # as shadow layers often are; every other way is drawn as the normal one
    opacity: float


def shown_at(shot: DocumentShot, time: int) -> list[ShownLayer]:
    """Return the layers with a key at a time, the lowest first; hidden ones are left out."""
    moved = shot.moved_layers()
    order = [info.uuid for info in reversed(shot.infos) if info.uuid in {shot.color, *moved}]
    now = shot.document.layers_by_uuid() if moved else {}
    found = [_moved(shot, now.get(uuid), time) if uuid in moved else _color(shot, time)
             for uuid in order]  # fmt: skip
    return [one for one in found if one is not None]


def version(shot: DocumentShot, time: int) -> Hashable:
    """Return what a picture of the layers that move depends on, as far as it was read."""
    shown = (one for one in shown_at(shot, time) if one.frames is not shot)
    return tuple((one.frames.color, one.frames.seen.get(one.key), *one[1:]) for one in shown)


def _color(shot: DocumentShot, time: int) -> ShownLayer | None:
    key = timeline.held_key(sorted(shot.seen), time)
    return None if key is None else ShownLayer(shot, key, False, 1.0)


def _moved(shot: DocumentShot, layer: Any, time: int) -> ShownLayer | None:
    if layer is None or not layer.info.visible:
        return None
    key = _held_key(layer, time)
    if key is None:
        return None
    return ShownLayer(shot.layer(layer.info.uuid), key, *layer.laid_on())


def _held_key(layer: Any, time: int) -> int | None:
    """Return the key that a layer shows at a time; 0 of a still layer.

    Looked for from there backwards: widgets ask at every paint, and `key_times` looks at all times.
    """
    if layer.info.animated:
        for earlier in range(time, -1, -1):
            if layer.has_key(earlier):
                return earlier
    return 0 if layer.is_still() else None
