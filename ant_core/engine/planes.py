"""Pictures kept in memory: the box around what is painted, compressed, until they are read."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.krita_layers import Box
from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo

__all__ = ["Kept", "MemoryFrames", "Shelf", "box_of", "pack", "unpack", "unpack_box"]

_HEAD = struct.Struct("<4i")
_LEVEL = 1  # flat colour and line art shrink a hundredfold as it is, and this is the fastest


def pack(image: NDArray[Any]) -> bytes:
    """Compress the tight box around the pixels of an image that are not all zero.

    Parameters
    ----------
    image : (H, W, C)
        Transparent pixels are zero.
    """
    x, y, width, height = box = _tight(image)
    part = np.ascontiguousarray(image[y : y + height, x : x + width])
    return _HEAD.pack(*box) + zlib.compress(part.tobytes(), _LEVEL)


def _tight(image: NDArray[Any]) -> Box:
    flat = np.ascontiguousarray(image).view(np.uint8)
    size = flat.shape[2]
    word = max(width for width in (1, 2, 4, 8) if size % width == 0)
    words = flat.view(f"u{word}")  # fewer, wider numbers to look at
    rows = np.flatnonzero(words.any(axis=(1, 2)))
    if len(rows) == 0:
        return (0, 0, 0, 0)
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    columns = np.flatnonzero(words[top:bottom].any(axis=(0, 2)))
    left, right = int(columns[0]), int(columns[-1]) + 1
    return (left, top, right - left, bottom - top)


def box_of(packed: bytes) -> Box:
    """Return the box of a packed image; width and height are 0 when nothing is painted."""
    x, y, width, height = _HEAD.unpack_from(packed)
    return (x, y, width, height)


def unpack_box(packed: bytes, channels: int, dtype: Any) -> NDArray[Any]:
    """Return the pixels of the box alone, (h, w, channels)."""
    _, _, width, height = box_of(packed)
    data = zlib.decompress(memoryview(packed)[_HEAD.size :])
    return np.frombuffer(data, dtype).reshape(height, width, channels)


def unpack(packed: bytes, size: tuple[int, int], channels: int, dtype: Any) -> NDArray[Any]:
    """Return the whole image, (H, W, channels), zero around its box."""
    x, y, width, height = box_of(packed)
    image = np.zeros((*size, channels), dtype)
    image[y : y + height, x : x + width] = unpack_box(packed, channels, dtype)
    return image


@dataclass(frozen=True)
class Kept:
    """A packed picture, the digest that its sender gave it, and where it comes from."""

    digest: str
    packed: bytes
    place: str

    @property
    def is_blank(self) -> bool:
        """Whether nothing is painted on it."""
        return box_of(self.packed)[2] == 0


class Shelf:
    """Packed pictures by frame; frames that show the same picture share it.

    A picture that no frame shows any more is dropped.
    """

    def __init__(self) -> None:
        self._frames: dict[int, Kept] = {}

    def find(self, digest: str) -> Kept | None:
        """Return the picture of a digest, None when no frame shows it."""
        return next((kept for kept in self.frames.values() if kept.digest == digest), None)

    @property
    def frames(self) -> dict[int, Kept]:
        """The pictures by frame, as they are now; later changes do not show in it."""
        return dict(self._frames)

    @property
    def digests(self) -> set[str]:
        return {kept.digest for kept in self.frames.values()}

    def put(self, frame: int, kept: Kept) -> None:
        self._frames[frame] = kept

    def remove(self, frame: int) -> None:
        self._frames.pop(frame, None)


class MemoryFrames:
    """Packed pictures of one layer; implements `FrameReader`.

    Parameters
    ----------
    kept : dict of int to Kept
        By frame.
    size : (int, int)
        Height and width of the canvas.
    pixels : PixelFormat
        Of every picture.
    """

    def __init__(
        self, kept: Mapping[int, Kept], size: tuple[int, int], pixels: PixelFormat
    ) -> None:
        self._kept = dict(sorted(kept.items()))
        self._size = size
        self._pixels = pixels

    @property
    def frames(self) -> tuple[int, ...]:
        return tuple(self._kept)

    def place(self, frame: int) -> str:
        return self._of(frame).place

    def probe(self, frame: int) -> FrameInfo:
        pixels = self._pixels
        digest = self._of(frame).digest
        return FrameInfo(*self._size, pixels.channels, pixels.depth, digest, pixels.floating)

    def read(self, frame: int) -> NDArray[Any]:
        return unpack(self.raw(frame), self._size, self._pixels.channels, self._pixels.dtype)

    def raw(self, frame: int) -> bytes:
        return self._of(frame).packed

    def _of(self, frame: int) -> Kept:
        if frame not in self._kept:
            raise InputError(f"frame {frame} has no picture here: send it before the run")
        return self._kept[frame]
