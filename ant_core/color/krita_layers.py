"""Raw layer bytes as Krita gives and takes them, in any colour model and depth it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import FLOAT_INK, PixelFormat
from ant_core.errors import InputError
from segmentation import to_bytes

__all__ = ["Box", "LayerFormat", "line_pixels", "over", "visible"]

Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the canvas; may reach outside

_CHANNELS = {"GRAYA": 2, "RGBA": 4, "CMYKA": 5}
_DEPTHS = {"U8": (8, False), "U16": (16, False), "F16": (16, True), "F32": (32, True)}


@dataclass(frozen=True)
class LayerFormat:
    """How a layer stores its pixels.

    Attributes
    ----------
    model : str
        "RGBA", "GRAYA" or "CMYKA".
    depth : str
        "U8", "U16", "F16" or "F32".
    profile : str
        Name of the colour profile; values are never converted.

    Raises
    ------
    InputError
        For another model or depth.
    """

    model: str
    depth: str
    profile: str = ""

    def __post_init__(self) -> None:
        if self.model not in _CHANNELS or self.depth not in _DEPTHS:
            raise InputError(
                f"layers of colour model {self.model} and depth {self.depth} cannot be worked on: "
                "convert the image to RGB, grayscale or CMYK with 8, 16 or 32 bits a channel"
            )

    @property
    def channels(self) -> int:
        """Channels of a pixel, alpha among them."""
        return _CHANNELS[self.model]

    @property
    def pixels(self) -> PixelFormat:
        """The format of decoded pixels, in logical order."""
        depth, floating = _DEPTHS[self.depth]
        return PixelFormat(depth, self.channels, floating)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of one channel."""
        return np.dtype(self.pixels.dtype)

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one stored pixel."""
        return self.channels * self.dtype.itemsize

    @property
    def _is_bgra(self) -> bool:
        """Krita stores whole-number RGB blue first, everything else in logical order."""
        return self.model == "RGBA" and self.dtype.kind == "u"

    def decode_box(self, data: bytes, box: Box) -> NDArray[Any]:
        """Return the pixels of a box, (h, w, C) in the order R G B A, G A or C M Y K A.

        Parameters
        ----------
        data : bytes
            Rows first, without padding, in Krita's order of channels.
        box : x, y, width, height

        Raises
        ------
        InputError
            When the number of bytes is not that of the box.
        """
        width, height = box[2:]
        expected = max(0, width) * max(0, height) * self.pixel_bytes
        if min(width, height) < 0 or len(data) != expected:
            raise InputError(
                f"a box of {width} x {height} pixels of {self.model} {self.depth} came with "
                f"{len(data)} bytes, expected {expected}: send the layer again"
            )
        pixels = np.frombuffer(data, self.dtype).reshape(height, width, self.channels)
        return self._swapped(pixels)

    def decode(self, data: bytes, box: Box, size: tuple[int, int]) -> NDArray[Any]:
        """Return the whole canvas, transparent around the box; see `decode_box`.

        Parameters
        ----------
        size : (int, int)
            Height and width of the canvas; what lies outside is cut off.
        """
        canvas = np.zeros((*size, self.channels), self.dtype)
        target, source = visible(box, size)
        canvas[target] = self.decode_box(data, box)[source]
        return canvas

    def encode(self, array: NDArray[Any]) -> bytes:
        """Return pixels, (h, w, C) of this format, as Krita's bytes."""
        return self._swapped(array).tobytes()

    def _swapped(self, pixels: NDArray[Any]) -> NDArray[Any]:
        if self._is_bgra and pixels.size:
            return np.asarray(cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGBA2BGRA))
        return pixels


def visible(box: Box, size: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return where a box lies within a canvas, and which part of the box that is.

    Parameters
    ----------
    box : x, y, width, height
    size : (int, int)
        Height and width.
    """
    spans = []
    for start, length, end in ((box[1], box[3], size[0]), (box[0], box[2], size[1])):
        first = min(max(start, 0), end)
        last = max(first, min(start + length, end))
        spans.append((slice(first, last), slice(first - start, last - start)))
    (rows, own_rows), (columns, own_columns) = spans
    return (rows, columns), (own_rows, own_columns)


def line_pixels(pixels: NDArray[Any], model: str) -> NDArray[np.uint8]:
    """Reduce line art to what `segmentation.extract_lines` looks at.

    Parameters
    ----------
    pixels : (h, w, C)
        As `LayerFormat.decode_box` gives them.
    model : str
        Their colour model; CMYK becomes RGB without colour management, for its darkness only.

    Returns
    -------
    (h, w, 2 | 4) uint8
        Grey and alpha, or RGBA.
    """
    if pixels.size == 0:  # the layer lies beside the canvas
        return np.zeros((*pixels.shape[:2], min(pixels.shape[2], 4)), np.uint8)
    if model != "CMYKA":
        return to_bytes(pixels)
    if pixels.dtype.kind == "f":  # in percent here, also where no value is above 1
        pixels = pixels.astype(np.float32) / np.array([FLOAT_INK] * 4 + [1], np.float32)
    return to_bytes(pixels, "cmyk")


def over(below: NDArray[np.uint8], above: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay one picture over another, as the blending mode "normal" does.

    Parameters
    ----------
    below, above : (h, w, C) uint8
        Alpha last, not premultiplied; not modified.
    """
    alpha = above[:, :, -1:].astype(np.float32) / 255
    under = below[:, :, -1:].astype(np.float32) / 255 * (1 - alpha)
    total = alpha + under
    color = above[:, :, :-1] * alpha + below[:, :, :-1] * under
    color = color / np.where(total > 0, total, 1)
    return np.rint(np.concatenate([color, total * 255], axis=2)).astype(np.uint8)
