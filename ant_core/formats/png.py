"""PNG in and out, with OpenCV's codec and our own check that a file is whole.

OpenCV reports a truncated file only on some versions and only as text on stderr, so the chunks
are walked here first: signature, lengths, checksums, end mark.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo, PictureFormat
from ant_core.guard import DENSEST_DEFLATE, check_pixels

__all__ = [
    "FORMAT",
    "PNG_START",
    "check_png",
    "color_chunks",
    "decode_png",
    "encode_png",
    "shape_of_png",
]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_START = 25  # bytes at the beginning that tell size and depth
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGBA = 0, 2, 3, 4, 6
_PIXEL_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT"})
# They say how values are to be shown; outputs carry those of the references along.
_COLOR_CHUNKS = frozenset({b"iCCP", b"sRGB", b"gAMA", b"cHRM", b"cICP", b"pHYs"})
_PROBED_ROWS = 16  # one of so many tells whether a picture is flat
_SAMPLES = {_GREY: 1, _RGB: 3, _PALETTE: 1, _GREY_ALPHA: 2, _RGBA: 4}  # of a pixel


@dataclass(frozen=True)
class _Chunk:
    kind: bytes
    data: memoryview


def _damaged(place: str, why: str) -> InputError:
    return InputError(f"{place} is damaged ({why}): export or copy the file again")


def _chunks(data: bytes, place: str) -> list[_Chunk]:
    """Walk the chunks up to IEND, checking lengths and checksums."""
    if not data:
        raise _damaged(place, "it is empty")
    if not data.startswith(_SIGNATURE):
        raise InputError(f"{place} is not a PNG image: export the frames as PNG files")
    view, position, chunks = memoryview(data), len(_SIGNATURE), []
    while True:
        if position + 12 > len(data):
            raise _damaged(place, "it ends before the picture does")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise _damaged(place, "it ends before the picture does")
        (stored,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(view[position + 4 : end - 4]) != stored:
            raise _damaged(place, "a checksum does not match")
        chunks.append(_Chunk(kind, view[position + 8 : end - 4]))
        position = end
        if kind == b"IEND":
            return chunks


def _header(chunks: list[_Chunk], place: str) -> tuple[int, int, int, int]:
    """Return width, height, bit depth and colour type of the IHDR chunk."""
    if chunks[0].kind != b"IHDR" or len(chunks[0].data) != 13:
        raise _damaged(place, "its header is missing")
    width, height, depth, color_type = struct.unpack_from(">IIBB", chunks[0].data)
    if color_type not in _SAMPLES:
        raise _damaged(place, f"its header says it is of kind {color_type}")
    packed = sum(len(chunk.data) for chunk in chunks if chunk.kind == b"IDAT")
    pixel_bytes = depth * _SAMPLES[color_type] / 8
    try:
        check_pixels(width, height, packed, DENSEST_DEFLATE / max(pixel_bytes, 1 / 8))
    except ValueError as error:
        raise InputError(f"{place} cannot be read ({error}): export it again, smaller") from None
    return width, height, depth, color_type


def shape_of_png(start: bytes, place: str) -> tuple[int, int, int]:
    """Return width, height and bits a channel by the first PNG_START bytes of a file."""
    if len(start) < PNG_START or not start.startswith(_SIGNATURE):
        raise InputError(f"{place} is not a PNG image: export the frames as PNG files")
    width, height, depth = struct.unpack_from(">IIB", start, PNG_START - 9)
    return width, height, depth


def check_png(data: bytes, place: str) -> FrameInfo:
    """Check that a PNG file is whole and describe it, without unpacking its pixels.

    Parameters
    ----------
    data : bytes
        The file.
    place : str
        Its name, for the messages.

    Raises
    ------
    InputError
        When it is no PNG, is cut off, or a checksum does not match.
    """
    chunks = _chunks(data, place)
    width, height, depth, color_type = _header(chunks, place)
    if not any(chunk.kind == b"IDAT" for chunk in chunks):
        raise _damaged(place, "it holds no pixels")
    digest = hashlib.sha256()
    for chunk in chunks:
        if chunk.kind in _PIXEL_CHUNKS:
            digest.update(chunk.kind)
            digest.update(chunk.data)
    channels = _channels(chunks, color_type)
    return FrameInfo(height, width, channels, 16 if depth == 16 else 8, digest.hexdigest())


def _channels(chunks: list[_Chunk], color_type: int) -> int:
    """Return the channels that a file unpacks to."""
    if color_type in (_GREY_ALPHA, _RGBA) or any(chunk.kind == b"tRNS" for chunk in chunks):
        return 4
    return 1 if color_type == _GREY else 3


def color_chunks(data: bytes, place: str) -> bytes:
    """Return the chunks of a PNG file that say how its values are meant, ready to insert."""
    chunks = _chunks(data, place)
    kinds = _COLOR_CHUNKS
    if _header(chunks, place)[3] == _GREY_ALPHA:
        kinds = kinds - {b"iCCP"}  # a grey profile; this kind of file is written back as RGBA
    return b"".join(_pack(c.kind, bytes(c.data)) for c in chunks if c.kind in kinds)


def _pack(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def decode_png(data: bytes, place: str) -> NDArray[Any]:
    """Unpack a PNG file; values are the file's own, palettes are looked up.

    Returns
    -------
    (H, W) grey or (H, W, 3|4) RGB(A), uint8 or uint16
        Grey with transparency comes as RGBA.

    Raises
    ------
    InputError
        When the pixels cannot be unpacked.
    """
    chunks = _chunks(data, place)
    width, height, depth, color_type = _header(chunks, place)
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        image = None
    if image is None:
        raise _damaged(place, "its pixels cannot be unpacked")
    if image.ndim == 3 and image.shape[2] == 1:
        image = image[:, :, 0]
    if image.ndim == 2:
        image = _with_grey_key(image, chunks, depth, place)
    else:
        code = cv2.COLOR_BGR2RGB if image.shape[2] == 3 else cv2.COLOR_BGRA2RGBA
        image = np.asarray(cv2.cvtColor(image, code))
    channels = 1 if image.ndim == 2 else image.shape[2]
    told = height, width, _channels(chunks, color_type), 16 if depth == 16 else 8
    if (*image.shape[:2], channels, image.dtype.itemsize * 8) != told:  # OpenCV passes much over
        raise _damaged(place, "its pixels are not what its header says")
    return image


def _with_grey_key(
    image: NDArray[Any], chunks: list[_Chunk], depth: int, place: str
) -> NDArray[Any]:
    """Apply the one transparent grey of a tRNS chunk, which OpenCV leaves out."""
    key = next((chunk for chunk in chunks if chunk.kind == b"tRNS"), None)
    if key is None:
        return image
    if len(key.data) != 2:
        raise _damaged(place, "its transparent grey is none")
    (value,) = struct.unpack(">H", key.data)
    full = np.iinfo(image.dtype).max
    if depth < 8:
        value = value * 255 // ((1 << depth) - 1)
    alpha = np.where(image == value, 0, full).astype(image.dtype)
    return np.dstack([image, image, image, alpha])


def encode_png(pixels: NDArray[Any], extra_chunks: bytes = b"") -> bytes:
    """Pack pixels into a PNG file, fast, flat colours above all.

    Parameters
    ----------
    pixels : (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA, uint8 or uint16
        Not modified.
    extra_chunks : bytes
        Whole chunks to put behind the header, as `color_chunks` returns them.
    """
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim == 3:
        code = cv2.COLOR_RGB2BGR if pixels.shape[2] == 3 else cv2.COLOR_RGBA2BGRA
        pixels = cv2.cvtColor(pixels, code)
    done, buffer = cv2.imencode(".png", pixels, _encode_options(flat=_is_flat(pixels)))
    if not done:
        raise ValueError(f"cannot pack an array of shape {pixels.shape} and {pixels.dtype} as PNG")
    data = buffer.tobytes()
    if not extra_chunks:
        return data
    cut = len(_SIGNATURE) + 25  # behind IHDR
    return data[:cut] + extra_chunks + data[cut:]


def _is_flat(pixels: NDArray[Any]) -> bool:
    """Tell by some rows whether most pixels are as the one to their left."""
    rows = pixels[::_PROBED_ROWS].reshape(-1, pixels.shape[1], int(np.prod(pixels.shape[2:])))
    same = (rows[:, 1:] == rows[:, :-1]).all(axis=2)
    return same.size == 0 or bool(2 * np.count_nonzero(same) >= same.size)


def _encode_options(*, flat: bool) -> list[int]:
    """Level 1 without row filters: on flat colour four times as fast as the default, no larger.

    Texture is a third smaller as differences to the row above, and packed a fifth faster.
    """
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, 0]
    if hasattr(cv2, "IMWRITE_PNG_FILTER"):  # since OpenCV 4.12
        row_filter = cv2.IMWRITE_PNG_FILTER_NONE if flat else cv2.IMWRITE_PNG_FILTER_UP
        options += [cv2.IMWRITE_PNG_FILTER, row_filter]
    return options


FORMAT = PictureFormat(
    name="PNG", check=check_png, decode=decode_png, extras=color_chunks, encode=encode_png
)
