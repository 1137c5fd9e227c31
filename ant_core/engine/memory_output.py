"""The output of a run that writes no files: packed frames and records, kept in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.krita_layers import Box, LayerFormat
from ant_core.color.palette import Palette
from ant_core.engine.planes import Kept, box_of, pack, unpack, unpack_box
from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo
from ant_core.propagation.memory import Record, pack_record, unpack_record

__all__ = ["MemoryOutput", "MemoryState"]


class MemoryState:
    """Implements `ant_core.propagation.output.Memory`; records are kept packed."""

    def __init__(self) -> None:
        self._records: dict[str, bytes] = {}
        self._frames: dict[int, str] = {}
        self._pixels: dict[str, str] = {}

    def pixels_of(self, digest: str) -> str | None:
        return self._pixels.get(digest)

    def note_pixels(self, digest: str, pixels: str) -> None:
        self._pixels[digest] = pixels

    def record_of(self, frame: int) -> str | None:
        return self._frames.get(frame)

    def note_record(self, frame: int, name: str) -> None:
        self._frames[frame] = name

    def load(self, name: str, palette: Palette) -> Record | None:
        data = self._records.get(name)
        return unpack_record(data, palette) if data is not None else None

    def save(self, name: str, record: Record, palette: Palette) -> None:
        self._records[name] = pack_record(record, palette)

    def finish(self, live_digests: Collection[str]) -> None:
        """Forget records that no frame uses; runs of a part of the shot leave the rest alone."""
        del live_digests
        used = set(self._frames.values())
        self._records = {name: data for name, data in self._records.items() if name in used}

    def close(self) -> None:
        """There is nothing to close."""

    def forget_frame(self, frame: int) -> None:
        """A frame is gone; its record goes with the next run, if no other frame uses it."""
        self._frames.pop(frame, None)

    def keep_pixels(self, digests: Collection[str]) -> None:
        """Forget the pixel hashes of drawings that are gone."""
        known = self._pixels
        self._pixels = {digest: known[digest] for digest in digests if digest in known}


class MemoryOutput:
    """Painted frames in memory; implements `ant_core.propagation.output.Output`.

    Parameters
    ----------
    size : (int, int)
        Height and width of the canvas.
    layer : LayerFormat
        Of the colour layer.
    """

    packing = "a layer's pixels"
    format_key = ""

    def __init__(self, size: tuple[int, int], layer: LayerFormat) -> None:
        self.state = MemoryState()
        self._size = size
        self._layer = layer
        self._frames: dict[int, bytes] = {}
        self._present: Mapping[int, Kept] = {}
        self._on_put: Callable[[int], None] = lambda _: None
        # Of the last frame that was asked for; held frames come one after the other.
        self._last_data: tuple[bytes, bytes] = (b"", b"")
        self._last_hash: tuple[bytes, str] = (b"", "")

    def begin(self, present: Mapping[int, Kept], on_put: Callable[[int], None]) -> None:
        """Begin a run.

        Parameters
        ----------
        present : dict of int to Kept
            Pictures that the document has now: of frames that no run here has painted.
        on_put : callable
            Told of every frame that is put in place, also on the thread that writes.
        """
        self._present = present
        self._on_put = on_put

    def place(self, frame: int) -> str:
        return f"color layer, frame {frame}"

    def is_intact(self, frame: int) -> bool:
        return frame in self._frames

    def probe(self, frame: int) -> FrameInfo:
        """Describe what a locked frame shows now; InputError when nothing is known of it."""
        pixels = self._layer.pixels
        digest = hashlib.sha256(self.raw(frame)).hexdigest()
        return FrameInfo(*self._size, pixels.channels, pixels.depth, digest, pixels.floating)

    def read(self, frame: int) -> NDArray[Any]:
        return unpack(self.raw(frame), self._size, self._layer.channels, self._layer.dtype)

    def raw(self, frame: int) -> bytes:
        if frame in self._frames:
            return self._frames[frame]
        if frame in self._present:
            return self._present[frame].packed
        raise InputError(
            f"frame {frame} is locked but its colours are not known: color it without the lock "
            "first"
        )

    def encode(self, painted: NDArray[Any]) -> bytes:
        packed = pack(painted)
        x, y, width, height = box_of(packed)
        # Almost always wanted next, and quicker from here than by unpacking it again.
        data = self._layer.encode(painted[y : y + height, x : x + width])
        self._last_data = (packed, data)
        return packed

    def thumbnail(self, line: NDArray[Any], painted: NDArray[Any]) -> bytes:
        """Nobody looks at one: the program has the frames themselves."""
        del line, painted
        return b""

    def put(self, frame: int, data: bytes) -> None:
        self._frames[frame] = data
        self._on_put(frame)

    def remove(self, frame: int) -> None:
        self._frames.pop(frame, None)

    def plane(self, frame: int) -> tuple[Box, bytes]:
        """Return the tight box around a frame's painted pixels and its bytes as Krita has them."""
        packed = self.raw(frame)
        return box_of(packed), self._data(packed)

    def plane_hash(self, frame: int) -> str:
        """Hash the bytes that Krita's layer has on the whole canvas once the frame is written."""
        packed, last = self.raw(frame), self._last_hash
        if last[0] is not packed:
            data = _on_canvas(box_of(packed), self._data(packed), self._size, self._layer)
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
