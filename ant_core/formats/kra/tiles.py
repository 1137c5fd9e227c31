"""The pixels of one frame as a .kra file stores them: a text header and packed tiles.

    VERSION 2
    TILEWIDTH 64
    TILEHEIGHT 64
    PIXELSIZE 4
    DATA 2
    0,0,LZF,312        left, top, scheme, bytes; then so many bytes
    ...

The first byte of a tile says how it is stored: 1 LZF of the planar tile, 0 plain pixels.
"""

from __future__ import annotations

import functools
import itertools
import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.formats.kra import _lzf_kernels as kernels
from ant_core.formats.kra.spaces import Space

__all__ = ["check_tiles", "decode_tiles", "encode_tiles"]

_MOST_THREADS = 4
_MOST_TILES = 1 << 19  # two thousand million pixels
_LEAST_TILES = 32  # for each thread: less is not worth the hand-over

_HEADER = re.compile(
    rb"VERSION (\d{1,9})\nTILEWIDTH (\d{1,9})\nTILEHEIGHT (\d{1,9})\nPIXELSIZE (\d{1,9})\n"
    rb"DATA (\d{1,9})\n"
)
_TILE = re.compile(rb"(-?\d{1,9}),(-?\d{1,9}),LZF,(\d{1,9})\n")


def check_tiles(data: bytes, space: Space, bare: bytes, place: str) -> None:
    """Check that a pixel file has all its tiles, without unpacking them.

    Raises
    ------
    InputError
        As `decode_tiles`.
    """
    _index(data, space, (0, 0), place)
    _check_bare(bare, space, place)


def decode_tiles(
    data: bytes,
    space: Space,
    bare: bytes,
    offset: tuple[int, int],
    size: tuple[int, int],
    place: str,
    threads: int | None = None,
) -> NDArray[Any]:
    """Unpack the part of a frame that lies on the canvas.

    Parameters
    ----------
    data : bytes
        The pixel file.
    bare : bytes
        The stored pixel that fills what no tile covers.
    offset : (int, int)
        x, y in pixels, added to the position of every tile.
    size : (int, int)
        Height and width of the canvas.
    place : str
        For messages.
    threads : int, optional
        How many unpack at once; all cores, but at most four, if not given.

    Returns
    -------
    (H, W, C) of the space's format, channels in logical order

    Raises
    ------
    InputError
        When the file is damaged or of another layout.
    """
    tiles = _index(data, space, offset, place)
    out = _filled(bare, space, size, place)
    row = _unpack(np.frombuffer(data, np.uint8), tiles, space, out.view(np.uint8), threads)
    if row >= 0:
        x, y = tiles[row, 0] - offset[0], tiles[row, 1] - offset[1]
        raise _damaged(place, f"its tile at {x}, {y} cannot be unpacked")
    return out


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_MOST_THREADS, "tiles")


def _unpack(
    data: NDArray[np.uint8],
    tiles: NDArray[np.int64],
    space: Space,
    out: NDArray[np.uint8],
    threads: int | None,
) -> int:
    """Lay all tiles into a picture; returns -1, or the row of a damaged one."""
    share = min(_MOST_THREADS, threads or os.cpu_count() or 1, len(tiles) // _LEAST_TILES)
    if share < 2:
        return kernels.decode(data, tiles, space.pixel_bytes, space.order, out)
    starts = [len(tiles) * i // share for i in range(share + 1)]
    jobs = [
        _pool().submit(kernels.decode, data, tiles[a:b], space.pixel_bytes, space.order, out)
        for a, b in itertools.pairwise(starts)
    ]
    rows = [job.result() for job in jobs]
    return next((a + row for a, row in zip(starts, rows, strict=False) if row >= 0), -1)


def _index(data: bytes, space: Space, offset: tuple[int, int], place: str) -> NDArray[np.int64]:
    """Return left, top, start and stop of every tile, (T, 4); see `kernels.decode`."""
    header = _HEADER.match(data)
    if header is None:
        raise _damaged(place, "it does not begin as Krita's pixel files do")
    version, width, height, pixel_bytes, count = map(int, header.groups())
    if version != 2 or (width, height) != (kernels.SIDE, kernels.SIDE):
        raise InputError(
            f"{place} is stored as version {version} in tiles of {width} x {height}, but only "
            "version 2 in tiles of 64 x 64 is known: save the document with Krita 5 or 6"
        )
    if pixel_bytes != space.pixel_bytes:
        raise _damaged(place, f"its pixels have {pixel_bytes} bytes instead of {space.pixel_bytes}")
    if count > _MOST_TILES:
        raise _damaged(place, f"it claims {count} tiles")
    rows: list[tuple[int, int, int, int]] = []
    seen: set[tuple[int, int]] = set()
    at = header.end()
    for _ in range(count):
        tile = _TILE.match(data, at)
        if tile is None:
            raise _damaged(place, f"only {len(rows)} of its {count} tiles are there")
        x, y, size = int(tile[1]), int(tile[2]), int(tile[3])
        start, at = tile.end(), tile.end() + size
        if size < 1 or at > len(data):
            raise _damaged(place, f"its tile at {x}, {y} is cut off")
        if x % width or y % height or (x, y) in seen:
            raise _damaged(place, f"its tile at {x}, {y} is out of place")
        seen.add((x, y))
        rows.append((x + offset[0], y + offset[1], start, at))
    return np.array(rows, np.int64).reshape(-1, 4)


def _check_bare(bare: bytes, space: Space, place: str) -> None:
    if len(bare) != space.pixel_bytes:
        raise _damaged(place, f"its default pixel has {len(bare)} bytes")


def _filled(bare: bytes, space: Space, size: tuple[int, int], place: str) -> NDArray[Any]:
    """Return a picture of nothing but the bare pixel."""
    _check_bare(bare, space, place)
    shape = (*size, space.pixels.channels)
    if not any(bare):
        return np.zeros(shape, space.pixels.dtype)
    out = np.empty(shape, space.pixels.dtype)
    out[:] = _bare_pixel(bare, space)
    return out


def _bare_pixel(bare: bytes, space: Space) -> NDArray[Any]:
    """Return a stored pixel in logical order, (C,)."""
    pixel = np.empty(space.pixel_bytes, np.uint8)
    pixel[space.order] = np.frombuffer(bare, np.uint8)
    return pixel.view(space.pixels.dtype)


def encode_tiles(image: NDArray[Any], space: Space, bare: bytes) -> bytes:
    """Pack a picture of the canvas' size into a pixel file.

    Parameters
    ----------
    image : (H, W, C) of the space's format, channels in logical order; not modified
    bare : bytes
        The stored pixel of the layer's default; tiles of nothing else are left out.
    """
    raw = np.ascontiguousarray(image).view(np.uint8)
    height, width = raw.shape[:2]
    side = kernels.SIDE
    most = -(-height // side) * -(-width // side)
    out = np.empty(most * (1 + kernels.AREA * space.pixel_bytes), np.uint8)
    tiles = np.empty((most, 4), np.int64)
    default = _bare_pixel(bare, space).view(np.uint8)
    count = kernels.encode(raw, default, space.order, out, tiles)
    head = f"VERSION 2\nTILEWIDTH {side}\nTILEHEIGHT {side}\nPIXELSIZE {space.pixel_bytes}\n"
    pieces = [f"{head}DATA {count}\n".encode()]
    for x, y, start, stop in tiles[:count].tolist():
        pieces.append(f"{x},{y},LZF,{stop - start}\n".encode())
        pieces.append(out[start:stop].tobytes())
    return b"".join(pieces)


def _damaged(place: str, why: str) -> InputError:
    return InputError(f"{place} is damaged ({why}): take the file from a backup or save it again")
