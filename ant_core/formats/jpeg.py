"""JPEG, read only, with OpenCV's codec: grey and RGB of 8 bits.

The compression leaves a colour of its own to many pixels of a flat area, so that what is made from
such files is written as PNG. OpenCV fills what a truncated file lacks with grey and says so on
stderr alone, so the markers (ITU-T T.81, annex B) are walked here first.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo, PictureFormat
from ant_core.formats.png import encode_png
from ant_core.guard import check_pixels

__all__ = ["FORMAT"]

_DENSEST = 4096  # pixels a byte: a block of 64 takes a bit and more
_START, _END, _SCAN = b"\xff\xd8", b"\xff\xd9", 0xDA
# Frame headers: all but DHT, JPG and DAC, which have numbers among theirs.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _damaged(place: str, why: str) -> InputError:
    return InputError(f"{place} is no whole JPEG file ({why}): export or copy the file again")


def _header(data: bytes, place: str) -> tuple[int, int, int]:
    """Walk the markers up to the pixels; return height, width and channels."""
    if not data.startswith(_START):
        raise _damaged(place, "it does not begin like one")
    position, size = len(_START), (0, 0, 0)
    while True:
        while data[position : position + 2] == b"\xff\xff":  # fill bytes before a marker
            position += 1
        if position + 4 > len(data):
            raise _damaged(place, "it ends before the picture does")
        mark, kind, length = struct.unpack_from(">BBH", data, position)
        if mark != 0xFF or length < 2:
            raise _damaged(place, "its header is broken")
        if kind in _FRAMES:
            if position + 10 > len(data):
                raise _damaged(place, "it ends before the picture does")
            size = struct.unpack_from(">HHB", data, position + 5)
        position += 2 + length
        if kind == _SCAN:
            break
    if not all(size):
        raise _damaged(place, "its header tells no size")
    if data.find(_END, position) < 0:
        raise _damaged(place, "it ends before the picture does")
    return size


def _check(data: bytes, place: str) -> FrameInfo:
    height, width, channels = _header(data, place)
    try:
        check_pixels(width, height, len(data), _DENSEST)
    except ValueError as error:
        raise InputError(f"{place} cannot be read ({error}): export it again, smaller") from None
    if channels not in (1, 3):
        raise InputError(f"{place} has {channels} channels: save it as grey or RGB")
    return FrameInfo(height, width, channels, 8, hashlib.sha256(data).hexdigest())


def _decode(data: bytes, place: str) -> NDArray[Any]:
    channels = _check(data, place).channels
    # The orientation that cameras note is left alone, as painting programs' files have none.
    how = cv2.IMREAD_GRAYSCALE if channels == 1 else cv2.IMREAD_COLOR
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), how | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        image = None
    if image is None:
        raise _damaged(place, "its pixels cannot be unpacked")
    if channels == 1:
        return np.asarray(image).reshape(image.shape[:2])
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))


FORMAT = PictureFormat(
    name="JPEG",
    check=_check,
    decode=_decode,
    encode=encode_png,
    suffix=".png",
    lossy=True,
)
