"""The frames of a run as the raw bytes of a painting program's layer."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.krita_layers import Box, LayerFormat
from ant_core.formats.packed import box_of, unpack_box
from ant_core.output.memory import MemoryOutput

__all__ = ["LayerOutput"]


class LayerOutput(MemoryOutput):
    """Painted frames of one layer.

    Parameters
    ----------
    size : (int, int)
        Height and width of the canvas.
    name : str
        The layer's, for messages.
    """

    packing = "a layer's pixels"

    def __init__(
        self, size: tuple[int, int], layer: LayerFormat, name: str = "color layer"
    ) -> None:
        super().__init__(size, layer.pixels)
        self._layer = layer
        self._name = name
        # Of the last frame that was asked for; held frames come one after the other.
        self._last_data: tuple[bytes, bytes] = (b"", b"")
        self._last_hash: tuple[bytes, str] = (b"", "")

    def place(self, frame: int) -> str:
        """Name the layer and the frame, for messages."""
        return f"{self._name}, frame {frame}"

    def encode(self, painted: NDArray[Any]) -> bytes:
        """Pack a painted frame, (H, W, C); its bytes for the layer are kept for the next call."""
        packed = super().encode(painted)
        x, y, width, height = box_of(packed)
        # Almost always wanted next, and quicker from here than by unpacking it again.
        data = self._layer.encode(painted[y : y + height, x : x + width])
        self._last_data = (packed, data)
        return packed

    def plane(self, frame: int) -> tuple[Box, bytes]:
        """Return the tight box around a frame's painted pixels and its bytes as Krita has them."""
        packed = self.raw(frame)
        return box_of(packed), self._data(packed)

    def plane_hash(self, frame: int) -> str:
        """Hash the bytes that Krita's layer has on the whole canvas once the frame is written."""
        packed, last = self.raw(frame), self._last_hash
        if last[0] is not packed:
            data = _on_canvas(box_of(packed), self._data(packed), self.size, self._layer)
            last = (packed, hashlib.blake2b(data, digest_size=16).hexdigest())
            self._last_hash = last
        return last[1]

    def _data(self, packed: bytes) -> bytes:
        """Return the bytes of a packed frame's box as Krita has them."""
        last = self._last_data
        if last[0] is not packed:
            pixels = unpack_box(packed, self._layer.channels, self._layer.dtype)
            last = (packed, self._layer.encode(pixels))
            self._last_data = last
        return last[1]


def _on_canvas(box: Box, data: bytes, size: tuple[int, int], layer: LayerFormat) -> bytes:
    """Return a box's bytes within the zeros of the whole canvas."""
    x, y, width, height = box
    if (height, width) == size:
        return data
    canvas = np.zeros((size[0], size[1] * layer.pixel_bytes), np.uint8)
    part = np.frombuffer(data, np.uint8).reshape(height, width * layer.pixel_bytes)
    start = x * layer.pixel_bytes
    canvas[y : y + height, start : start + part.shape[1]] = part
    return canvas.tobytes()
