"""Frames that a caller has as arrays, as a run reads them."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError, UsageError
from ant_core.formats.base import FrameInfo
from ant_core.formats.packed import pack
from ant_core.propagation.prepared import pixel_hash

__all__ = ["ArrayFrames", "Frames", "checked", "frame_number"]

# Pictures by frame number, or in order from frame 0, None where a frame has none.
Frames = Mapping[int, NDArray[Any]] | Sequence[NDArray[Any] | None] | NDArray[Any]

_TYPES = ("uint8", "uint16", "float16", "float32")
_MOST_CHANNELS = 5  # CMYK and alpha


class ArrayFrames:
    """Arrays by frame number; implements `ant_core.formats.base.FrameReader`.

    Every picture is asked for once here, and again whenever the run reads it: a mapping may load
    it then, rather than keep all of them.

    Parameters
    ----------
    frames : Frames
    name : str
        Of the argument, for messages: "lines".

    Raises
    ------
    InputError
        When a picture is no such array.
    UsageError
        When a frame is no number from 0 up.
    """

    def __init__(self, frames: Frames, name: str) -> None:
        self._frames: Any = frames
        self._name = name
        self._keys = dict(sorted(_keys(frames, name).items()))
        self._pixels: PixelFormat | None = None
        self._infos = {frame: self._describe(frame) for frame in self._keys}

    def _describe(self, frame: int) -> FrameInfo:
        image = self.read(frame)
        height, width = image.shape[:2]
        channels = image.shape[2] if image.ndim == 3 else 1
        depth = 8 * image.dtype.itemsize
        floating = image.dtype.kind == "f"
        return FrameInfo(height, width, channels, depth, pixel_hash(image), floating)

    @property
    def frames(self) -> tuple[int, ...]:
        """Frame numbers, rising."""
        return tuple(self._keys)

    def place(self, frame: int) -> str:
        """Say where the caller's array came in, such as `lines[3]`."""
        return f"{self._name}[{frame}]"

    def probe(self, frame: int) -> FrameInfo:
        """Return size, channels and depth as they were found when the arrays came in."""
        return self._infos[frame]

    def read(self, frame: int) -> NDArray[Any]:
        """Return the picture, (H, W) or (H, W, C), in the shot's format where there is one."""
        image = checked(self._frames[self._keys[frame]], self.place(frame))
        return image if self._pixels is None else self._pixels.convert(image, self.place(frame))

    def raw(self, frame: int) -> bytes:
        """Return the picture's pixels, packed."""
        return pack(self.read(frame))

    def bring_to_one_format(self) -> PixelFormat | None:
        """Give all pictures the channels of the one that has most; returns None without any.

        Raises
        ------
        InputError
            When the depths or colour models differ.
        """
        formats = {
            frame: PixelFormat(info.depth, info.channels, info.floating)
            for frame, info in self._infos.items()
        }
        if not formats:
            return None
        self._pixels = max(formats.values(), key=lambda pixels: pixels.channels)
        for frame, own in formats.items():
            self._pixels.convert(np.zeros((1, 1, own.channels), own.dtype), self.place(frame))
        return self._pixels


def checked(picture: Any, place: str) -> NDArray[Any]:
    """Return a picture as an array in the machine's byte order, C-contiguous.

    Parameters
    ----------
    picture : array_like, (H, W) or (H, W, 1 to 5), uint8, uint16, float16 or float32
        Not modified; returned itself where nothing has to change.
    place : str
        Where it comes from, for the message.

    Raises
    ------
    InputError
    """
    try:
        image = np.asarray(picture)
    except (ValueError, TypeError) as error:
        raise InputError(f"{place} is no array: {error}") from None
    if image.dtype.name not in _TYPES:
        raise InputError(
            f"{place} is an array of {image.dtype}, expected one of {', '.join(_TYPES)}: convert it"
        )
    if image.ndim not in (2, 3) or 0 in image.shape or image.shape[2:] > (_MOST_CHANNELS,):
        raise InputError(
            f"{place} has the shape {image.shape}, expected (height, width) or (height, width, "
            f"channels) with 1 to {_MOST_CHANNELS} channels, alpha last: bring it into this order"
        )
    return np.ascontiguousarray(image, image.dtype.newbyteorder("="))


def _keys(frames: Frames, name: str) -> dict[int, Any]:
    """Return under which key `frames` has the picture of each frame number."""
    if not isinstance(frames, Mapping):
        return {number: number for number, item in enumerate(frames) if item is not None}
    return {frame_number(key, name): key for key in frames}


def frame_number(value: Any, name: str) -> int:
    """Return a frame's number as a Python int; UsageError when it is none."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if number < 0:
        raise UsageError(f"{name} has the frame {value!r}: frames are whole numbers from 0 up")
    return number
