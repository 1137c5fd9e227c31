"""Colour spaces by the names that .kra files give them, and how their tiles order the bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ant_core.color.krita_layers import LayerFormat
from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError

__all__ = ["Space", "space_named"]

_DEPTHS = ("U8", "U16", "F16", "F32")
_NAMES = {
    "RGBA": ("RGBA", "RGBA16", "RGBAF16", "RGBAF32"),
    "GRAYA": ("GRAYA", "GRAYAU16", "GRAYAF16", "GRAYAF32"),
    "CMYKA": ("CMYK", "CMYKAU16", "CMYKAF16", "CMYKAF32"),
}
_KNOWN = {
    name: LayerFormat(model, depth)
    for model, names in _NAMES.items()
    for name, depth in zip(names, _DEPTHS, strict=True)
}


@dataclass(frozen=True)
class Space:
    """A colour model and depth.

    Attributes
    ----------
    name : str
        As `colorspacename` in a .kra file.
    format : LayerFormat
        The same as Krita's programming interface gives and takes it.
    """

    name: str
    format: LayerFormat

    @property
    def pixels(self) -> PixelFormat:
        """The format of decoded pixels, in logical order."""
        return self.format.pixels

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one stored pixel."""
        return self.format.pixel_bytes

    @property
    def order(self) -> NDArray[np.int64]:
        """Where in a pixel of logical order each stored byte goes, (pixel_bytes,)."""
        numbers = np.arange(self.pixel_bytes, dtype=np.uint8)[None, None]  # one pixel's own bytes
        stored = self.format.encode(numbers.view(self.format.dtype))
        return np.frombuffer(stored, np.uint8).astype(np.int64)


def space_named(name: str, place: str) -> Space:
    """Return the colour space of a layer; InputError names one that cannot be worked on.

    Parameters
    ----------
    name : str
        As the file gives it.
    place : str
        The layer, for the message.
    """
    if name not in _KNOWN:
        raise InputError(
            f"{place} has the colour space {name or 'without a name'}, which cannot be read: "
            "convert the layer to RGBA, greyscale or CMYK in Krita"
        )
    return Space(name, _KNOWN[name])
