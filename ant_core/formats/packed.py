"""Pictures packed into memory: the box around what is painted, compressed."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["box_of", "pack", "unpack", "unpack_box"]

Box = tuple[int, int, int, int]  # x, y, width, height in pixels

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
