"""Painted frames ready for a .kra file: a pixel file, and the hash of what it shows."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.formats.kra.journal import plane_hash
from ant_core.formats.kra.spaces import Space
from ant_core.formats.kra.tiles import decode_tiles, encode_tiles

__all__ = ["PackedFrame"]

_HASH_CHARS = 32
_LEVEL = 1  # LZF has taken out most of it
_MOST_BYTES = 1 << 31


@dataclass(frozen=True)
class PackedFrame:
    """A frame on the canvas.

    Attributes
    ----------
    hash : str
        See `plane_hash`.
    data : bytes
        Compressed pixel file whose default pixel is transparent.
    """

    hash: str
    data: bytes

    @classmethod
    def of(cls, image: NDArray[Any], space: Space) -> PackedFrame:
        """Pack a picture, (H, W, C) of the space's format."""
        tiles = encode_tiles(image, space, bytes(space.pixel_bytes))
        return cls(plane_hash(image, space), zlib.compress(tiles, _LEVEL))

    @classmethod
    def parse(cls, data: bytes) -> PackedFrame:
        """Read what `dump` wrote."""
        return cls(data[:_HASH_CHARS].decode("ascii", "replace"), data[_HASH_CHARS:])

    def dump(self) -> bytes:
        """Return the bytes that `parse` reads."""
        return self.hash.encode() + self.data

    def tiles(self, place: str) -> bytes:
        """Return the pixel file; InputError when it is damaged."""
        unpacker = zlib.decompressobj()
        try:
            data = unpacker.decompress(self.data, _MOST_BYTES)
        except zlib.error:
            data = b""
        if not unpacker.eof:
            raise InputError(f"{place} is damaged: delete it to have the frame coloured again")
        return data

    def image(self, space: Space, size: tuple[int, int], place: str) -> NDArray[Any]:
        """Return the picture, (H, W, C) of the space's format."""
        bare = bytes(space.pixel_bytes)
        return decode_tiles(self.tiles(place), space, bare, (0, 0), size, place)
