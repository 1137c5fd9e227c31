"""Targa (TGA) in and out, with Pillow: grey, RGB and RGBA of 8 bits."""

from __future__ import annotations

import hashlib
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.formats.base import FrameInfo, PictureFormat, library_errors, need
from ant_core.guard import check_pixels

__all__ = ["FORMAT"]

_DENSEST = 128  # pixels a byte: a run has a byte for its length and one or more for its pixel


def _open(data: bytes, place: str) -> Any:
    """Return the picture, unpacked; InputError when it is damaged."""
    plugin = need("PIL.TgaImagePlugin", "TGA")
    with library_errors(place, _damaged):
        # Not through PIL.Image.open, which warns of sizes that real work has.
        image = plugin.TgaImageFile(io.BytesIO(data))
        width, height = image.size
        check_pixels(width, height, len(data), _DENSEST)
        image.load()
    return image


def _damaged(place: str, why: object) -> InputError:
    return InputError(f"{place} is no whole TGA file ({why}): export or copy the file again")


def _decode(data: bytes, place: str) -> NDArray[Any]:
    image = _open(data, place)
    if image.mode == "P":
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    pixels = np.array(image)  # of its own: what Pillow shows of its memory is read-only
    if image.mode == "RGBA" and not pixels[:, :, 3].any() and pixels.any():
        pixels = pixels[:, :, :3]  # the fourth byte of such a file is no alpha
    return np.ascontiguousarray(pixels)


def _check(data: bytes, place: str) -> FrameInfo:
    pixels = _decode(data, place)
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    digest = hashlib.sha256(data).hexdigest()
    return FrameInfo(pixels.shape[0], pixels.shape[1], channels, 8, digest)


def _extras(data: bytes, place: str) -> bytes:
    packed = _open(data, place).info.get("compression") == "tga_rle"
    return b"rle" if packed else b""


def _encode(pixels: NDArray[Any], extras: bytes) -> bytes:
    image_module = need("PIL.Image", "TGA")
    if pixels.dtype != np.uint8:
        raise ValueError(f"TGA holds 8 bits a channel, not {pixels.dtype}")
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    buffer = io.BytesIO()
    options = {"compression": "tga_rle"} if extras == b"rle" else {}
    image_module.fromarray(np.ascontiguousarray(pixels)).save(buffer, "TGA", **options)
    return buffer.getvalue()


FORMAT = PictureFormat(name="TGA", check=_check, decode=_decode, extras=_extras, encode=_encode)
