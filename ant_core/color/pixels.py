"""Pixel formats: the depth and channels of painted frames, as raw values that are never converted.

The number of channels tells the colour model: 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA, 5 CMYK
and alpha. Alpha is always last. Colours are compared by their bits, so that a negative zero, a
value out of range or what is no number at all comes back as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError

__all__ = [
    "FLOAT_INK",
    "PixelFormat",
    "from_codes",
    "same_as_next",
    "to_codes",
    "to_display",
    "to_levels",
]

_WITH_ALPHA = (2, 4, 5)
_CMYKA = 5
FLOAT_INK = 100.0  # full ink of a floating-point CMYK channel; its alpha goes to 1
_PACKED_BYTES = 8  # pixels up to this size are handled as one integer


@dataclass(frozen=True)
class PixelFormat:
    """Depth and channels that every painted frame of a shot gets.

    Attributes
    ----------
    depth : int
        Bits a channel: 8 or 16, or 16 or 32 where `floating`.
    channels : int
        1 grey, 2 grey + alpha, 3 RGB, 4 RGBA, 5 CMYK + alpha.
    floating : bool
        Whether the values are floating-point numbers, 0 to 1 in the usual range.
    """

    depth: int
    channels: int
    floating: bool = False

    @property
    def dtype(self) -> type[np.generic]:
        """The type of one channel in NumPy."""
        if self.floating:
            return np.float32 if self.depth == 32 else np.float16
        return np.uint16 if self.depth == 16 else np.uint8

    @property
    def full(self) -> int:
        """The highest usual value of alpha, and of every channel but floating-point ink."""
        return 1 if self.floating else (1 << self.depth) - 1

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel is alpha."""
        return self.channels in _WITH_ALPHA

    @property
    def depth_name(self) -> str:
        """The depth in words, for messages."""
        return f"{self.depth} bits a channel" + (" (floating point)" if self.floating else "")

    def bare(self) -> NDArray[Any]:
        """Return the pixel of nothing painted: transparent, or white where there is no alpha."""
        return np.full(self.channels, 0 if self.has_alpha else self.full, self.dtype)

    def convert(self, image: NDArray[Any], place: str) -> NDArray[Any]:
        """Give an image of fewer channels this format's, values unchanged.

        Parameters
        ----------
        image : (H, W) or (H, W, C)
        place : str
            Where it comes from, for the message.

        Returns
        -------
        (H, W, channels), the given memory where nothing had to change
        """
        if image.dtype != self.dtype:
            own = replace(self, depth=image.dtype.itemsize * 8, floating=image.dtype.kind == "f")
            raise InputError(
                f"{place} has {own.depth_name} but the references have "
                f"{self.depth_name}: export all painted frames with the same depth"
            )
        if image.ndim == 2:
            image = image[:, :, None]
        if image.shape[2] == 1 and self.channels in (3, 4):
            image = np.repeat(image, 3, axis=2)
        if image.shape[2] == 3 and self.channels == 4:
            alpha = np.full((*image.shape[:2], 1), self.full, self.dtype)
            image = np.concatenate([image, alpha], axis=2)
        if image.shape[2] != self.channels:
            raise InputError(
                f"{place} has {image.shape[2]} channels but the references have {self.channels}: "
                "export all painted frames the same way"
            )
        return np.ascontiguousarray(image)


def _bits(pixels: NDArray[Any]) -> NDArray[Any]:
    """Return the same memory as unsigned integers of the same size, for floats too."""
    return pixels.view(f"u{pixels.dtype.itemsize}")


def same_as_next(pixels: NDArray[Any], pixel_format: PixelFormat) -> NDArray[np.bool_]:
    """Mark the pixels whose follower has the same bits, or is transparent as they are.

    Parameters
    ----------
    pixels : (P, C) of the format, C-contiguous; not modified

    Returns
    -------
    (P - 1,) bool
    """
    size = pixels.dtype.itemsize * pixels.shape[1]
    word = max(width for width in (1, 2, 4, 8) if size % width == 0)
    words = pixels.view(f"u{word}")  # (P, K), as wide as the pixel's size allows
    same = words[1:, 0] == words[:-1, 0]
    for place in range(1, words.shape[1]):
        same &= words[1:, place] == words[:-1, place]
    if pixel_format.has_alpha:
        clear = pixels[:, -1] == 0
        same |= clear[1:] & clear[:-1]
    return np.asarray(same)


def to_codes(pixels: NDArray[Any], pixel_format: PixelFormat) -> NDArray[Any]:
    """Turn each pixel into one value; codes are equal where the bits are.

    They are ordered as the channel values are; floats only in some fixed order. All fully
    transparent pixels have one code, the lowest.

    Parameters
    ----------
    pixels : (P, C) of the format, C-contiguous; not modified

    Returns
    -------
    (P,) uint64, or fixed-length byte strings for pixels of more than 8 bytes
    """
    bits = _bits(pixels)
    if bits.dtype.itemsize * bits.shape[1] <= _PACKED_BYTES:
        shift = np.uint64(8 * bits.dtype.itemsize)
        code: NDArray[Any] = bits[:, 0].astype(np.uint64)
        for channel in range(1, bits.shape[1]):
            code = (code << shift) | bits[:, channel]
    else:
        big = np.ascontiguousarray(bits.astype(bits.dtype.newbyteorder(">")))
        code = big.view(f"S{big.dtype.itemsize * big.shape[1]}")[:, 0].copy()
    if pixel_format.has_alpha:
        code[pixels[:, -1] == 0] = 0 if code.dtype.kind == "u" else b""
    return code


def from_codes(codes: NDArray[Any], pixel_format: PixelFormat) -> NDArray[Any]:
    """Turn codes back into pixels, (P, C) of the format, bit for bit."""
    dtype = np.dtype(pixel_format.dtype)
    if codes.dtype.kind == "u":
        shifts = 8 * dtype.itemsize * np.arange(pixel_format.channels - 1, -1, -1, dtype=np.uint64)
        mask = np.uint64((1 << (8 * dtype.itemsize)) - 1)
        bits = (codes[:, None] >> shifts) & mask
    else:
        bits = np.ascontiguousarray(codes).view(f">u{dtype.itemsize}")
        bits = bits.reshape(len(codes), pixel_format.channels)
    return np.ascontiguousarray(bits.astype(f"u{dtype.itemsize}")).view(dtype)


def to_display(image: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Show pixels of any format roughly, without colour management: for thumbnails and previews.

    Parameters
    ----------
    image : (H, W, C), uint8, uint16, float16 or float32
        C as in `PixelFormat`; not modified.

    Returns
    -------
    (H, W, 3) float32 RGB in [0, 255] and (H, W, 1) float32 alpha in [0, 1]
    """
    channels = image.shape[2]
    floating = image.dtype.kind == "f"
    full = np.float32(1 if floating else np.iinfo(image.dtype).max)
    values = image.astype(np.float32)
    if floating:
        values = np.nan_to_num(values)
    if channels == _CMYKA:
        ink = values[:, :, :4] / (np.float32(FLOAT_INK) if floating else full)
        color = (1 - np.clip(ink[:, :, :3], 0, 1)) * (1 - np.clip(ink[:, :, 3:], 0, 1)) * 255
    else:
        color = values[:, :, :3] if channels > 2 else np.repeat(values[:, :, :1], 3, axis=2)
        color = color if full == 255 else color * (np.float32(255) / full)
    alpha = np.ones_like(values[:, :, :1])
    if channels in _WITH_ALPHA:
        alpha = values[:, :, -1:] / full
    if floating:
        color, alpha = np.clip(color, 0, 255), np.clip(alpha, 0, 1)
    return color, alpha


def to_levels(pixels: NDArray[Any], pixel_format: PixelFormat) -> NDArray[np.float32]:
    """Bring channel values to steps of 8 bits, so that one tolerance serves every format.

    Parameters
    ----------
    pixels : (P, C) of the format; not modified

    Returns
    -------
    (P, C) float32, 0 to 255 in the usual range; what is no number lies far outside it
    """
    full = np.full(pixels.shape[1], pixel_format.full, np.float32)
    if pixel_format.floating and pixel_format.channels == _CMYKA:
        full[:-1] = FLOAT_INK
    with np.errstate(over="ignore"):
        levels = pixels.astype(np.float32) * (np.float32(255) / full)
    return np.nan_to_num(levels, nan=1e9, posinf=1e9, neginf=-1e9)
