"""Further painted layers of a painting program: what is painted on them, and what is moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ant_core.color.krita_layers import Box, LayerFormat
from ant_core.engine.layer_output import LayerOutput
from ant_core.engine.planes import (
    AskedShade,
    MemoryFrames,
    PackedPicture,
    PictureStore,
    take_picture,
)
from ant_core.engine.protocol import MAX_PAYLOAD
from ant_core.errors import InputError
from ant_core.propagation.shades import Shade, left_on_references, load_shade
from ant_core.shot.frames import describe_frames
from ant_core.shot.shot import Shot

__all__ = ["MovedPlane", "ShadeList", "Shades"]


@dataclass(frozen=True)
class MovedPlane:
    """What a frame of a further layer is to hold: `data` in `box`, nothing around it."""

    layer: str
    box: Box
    data: bytes
    hash: str


class _ShadeLayer:
    def __init__(self, name: str, size: tuple[int, int], form: LayerFormat) -> None:
        self.name, self.form = name, form
        self.paintings = PictureStore()
        self.output = LayerOutput(size, form, f'layer "{name}"')


class ShadeList:
    """The further layers of a shot, by the names that the program gives them.

    Parameters
    ----------
    size : (int, int)
        Height and width of the canvas.
    color : LayerFormat
        Of the colour layer.
    """

    def __init__(self, size: tuple[int, int], color: LayerFormat) -> None:
        self._size, self._color = size, color
        self._layers: dict[str, _ShadeLayer] = {}

    def add(
        self, name: str, form: LayerFormat, frame: int, digest: str, plane: tuple[Box, bytes] | None
    ) -> bool:
        """Give a frame of a layer what is painted on it; returns False when it has to be sent.

        A layer that comes in another format than before is known no more.
        """
        layer = self._layers.get(name)
        if layer is None or layer.form != form:
            layer = self._layers[name] = _ShadeLayer(name, self._size, form)
        kept = layer.paintings.find(digest)
        if kept is None:
            if plane is None:
                return False
            kept = PackedPicture(digest, take_picture(form, *plane, self._size), "")
        layer.paintings.put(frame, replace(kept, place=f'layer "{name}", frame {frame}'))
        return True

    def remove_drawing(self, frame: int) -> None:
        """Forget what was moved onto a frame; what is painted there stays."""
        for layer in self._layers.values():
            layer.output.remove(frame)

    def open(self, asked: Sequence[AskedShade], drawings: PictureStore) -> Shades:
        """Check that all that is painted was sent.

        Raises
        ------
        InputError
        """
        opened: list[tuple[_ShadeLayer, AskedShade, Mapping[int, PackedPicture]]] = []
        for one in asked:
            layer = self._layers.get(one.layer)
            sent = {} if layer is None else layer.paintings.frames
            missing = sorted(frame for frame in one.painted if frame not in sent)
            if layer is None or missing or not one.painted:
                raise InputError(
                    f'the layer "{one.layer}" came without what is painted on it '
                    f"({describe_frames(missing)}): send it before the run"
                )
            undrawn = sorted(frame for frame in one.painted if frame not in drawings.frames)
            if undrawn:
                raise InputError(
                    f'frames {describe_frames(undrawn)} of the layer "{one.layer}" came without '
                    "line drawing: send it before the run"
                )
            if any(layer is other for other, _, _ in opened):
                raise InputError(f'the layer "{one.layer}" is to be moved twice: name it once')
            opened.append((layer, one, {frame: sent[frame] for frame in one.painted}))
        self._check_size([layer.form for layer, _, _ in opened])
        return Shades(opened, self._size)

    def _check_size(self, forms: Sequence[LayerFormat]) -> None:
        """Raise InputError where the planes of a frame may not fit into one message."""
        height, width = self._size
        size = height * width * sum(form.pixel_bytes for form in (self._color, *forms))
        if forms and size > MAX_PAYLOAD:
            raise InputError(
                f"a frame of {len(forms) + 1} layers is {size >> 20} MiB and the engine takes "
                f"{MAX_PAYLOAD >> 20} MiB: move fewer layers at a time"
            )


class Shades:
    """The further layers of one run."""

    def __init__(
        self,
        layers: Sequence[tuple[_ShadeLayer, AskedShade, Mapping[int, PackedPicture]]],
        size: tuple[int, int],
    ) -> None:
        self._layers = layers
        self._size = size

    def load(self, shot: Shot) -> tuple[Shade, ...]:
        """Return the layers as a run takes them."""
        return tuple(
            load_shade(
                layer.name,
                MemoryFrames(painted, self._size, layer.form.pixels),
                layer.output,
                shot,
                sorted(painted),
                kept=[
                    frame
                    for frame in left_on_references(shot, layer.output, painted)
                    # Not what the artist has taken back since.
                    if asked.known.get(frame) == layer.output.plane_hash(frame)
                ],
            )
            for layer, asked, painted in self._layers
        )

    def planes(self, frame: int, given: int | None = None) -> list[MovedPlane]:
        """Return what the program needs to write on a frame that is done.

        `given` is the frame whose colours are those of this one, None where they were matched.
        """
        found = []
        for layer, asked, painted in self._layers:
            if frame in painted:
                continue
            digest = layer.output.plane_hash(frame)
            if asked.known.get(frame) == digest:
                continue
            box, data = layer.output.plane(frame)
            # Of an engine before this one: it could not be made again there.
            if not data and given in asked.known and given not in painted:
                continue
            found.append(MovedPlane(layer.name, box, data, digest))
        return found
