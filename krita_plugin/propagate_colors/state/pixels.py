"""Raw bytes of layers: fingerprints, emptiness, rows worth sending. Standard library only."""

from __future__ import annotations

import hashlib
import struct
from typing import NamedTuple, Sequence, Tuple

Box = Tuple[int, int, int, int]  # x, y, width, height in document pixels

_CHANNELS = {"RGBA": 4, "GRAYA": 2, "CMYKA": 5}
CODES = {"U8": "B", "U16": "H", "F16": "e", "F32": "f"}  # of struct
CHANNEL_BYTES = {"U8": 1, "U16": 2, "F16": 2, "F32": 4}


class Format(NamedTuple):
    """How a layer stores a pixel, in Krita's names; alpha comes last in all of them."""

    model: str
    depth: str
    profile: str = ""

    @property
    def known(self) -> bool:
        """Tell whether the engine can read and write such pixels."""
        return self.model in _CHANNELS and self.depth in CHANNEL_BYTES

    @property
    def channels(self) -> int:
        """Channels of a pixel, alpha included."""
        return _CHANNELS[self.model]

    @property
    def channel_bytes(self) -> int:
        """Bytes of a channel."""
        return CHANNEL_BYTES[self.depth]

    @property
    def pixel_bytes(self) -> int:
        """Bytes of a pixel."""
        return self.channels * self.channel_bytes

    def pack(self, color: Sequence[float]) -> bytes:
        """Return the raw bytes of a colour given by channel values in logical order, alpha last."""
        values = list(color)
        whole = self.depth in {"U8", "U16"}
        if whole and self.model == "RGBA":  # Krita's own order is blue, green, red
            values[0], values[2] = values[2], values[0]
        if whole:
            values = [int(value) for value in values]
        return struct.pack(f"<{self.channels}{CODES[self.depth]}", *values)

    def message(self) -> dict[str, str]:
        """Return the form that the engine protocol uses."""
        return {"model": self.model, "depth": self.depth, "profile": self.profile}


def fingerprint(data: bytes) -> str:
    """Return the hash by which a frame's pixels are known in the journal and to the engine."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def is_transparent(data: bytes, form: Format) -> bool:
    """Tell whether every pixel's alpha is 0; erased pixels may still carry a colour."""
    if data == bytes(len(data)):  # compared in C: any() takes 30 ms for full HD
        return True
    first = form.pixel_bytes - form.channel_bytes
    clear = bytes(len(data) // form.pixel_bytes)
    return all(
        data[first + byte :: form.pixel_bytes] == clear for byte in range(form.channel_bytes)
    )


def worth_sending(data: bytes, box: Box, pixel_bytes: int) -> tuple[Box, bytes]:
    """Leave out the rows of zeros above and below: most of a drawing's paper is empty."""
    x, y, width, height = box
    stride = width * pixel_bytes
    if not data:
        return (x, y, 0, 0), b""
    top = (len(data) - len(data.lstrip(b"\0"))) // stride
    if top == height:
        return (x, y, 0, 0), b""
    bottom = -(-len(data.rstrip(b"\0")) // stride)
    return (x, y + top, width, bottom - top), data[top * stride : bottom * stride]
