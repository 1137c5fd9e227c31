"""What every palette format gives: names for raw channel values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError

__all__ = ["Model", "NamedColor", "NamedPalette"]

Model = Literal["grey", "RGB", "CMYK"]
_MODELS: dict[int, Model] = {1: "grey", 2: "grey", 3: "RGB", 4: "RGB", 5: "CMYK"}
_FLOAT_INK = 100  # full ink of a floating-point CMYK channel, as in `ant_core.color.pixels`


@dataclass(frozen=True)
class NamedColor:
    """One colour of a palette.

    Attributes
    ----------
    name : str
    model : "grey", "RGB" or "CMYK"
    values : tuple of float
        Channel values without alpha, 0 to 1; CMYK is 1 for full ink.
    """

    name: str
    model: Model
    values: tuple[float, ...]

    def raw(self, pixels: PixelFormat) -> NDArray[Any] | None:
        """Return the opaque pixel that the colour is in a format; None in another colour model.

        Whole numbers are rounded to the nearest, and cut off at the ends of the range; an 8-bit
        palette in a deeper shot is exact.
        """
        values = self.values
        if self.model == "grey" and _MODELS[pixels.channels] == "RGB":
            values = values * 3
        elif self.model != _MODELS[pixels.channels]:
            return None
        ink = _FLOAT_INK if pixels.floating and self.model == "CMYK" else pixels.full
        channels = [value * ink for value in values]
        if pixels.has_alpha:
            channels.append(pixels.full)
        array = np.array(channels, np.float64)
        if pixels.floating:
            with np.errstate(over="ignore"):  # beyond what 16 bits hold: infinite
                return array.astype(pixels.dtype)
        return np.rint(array.clip(0, pixels.full)).astype(pixels.dtype)


@dataclass(frozen=True)
class NamedPalette:
    """The colours of one palette file.

    Attributes
    ----------
    place : str
        The file, for messages.
    colors : tuple of NamedColor
        In the order of the file.
    left_out : int
        Colours of models that have no raw values here, such as Lab.
    """

    place: str
    colors: tuple[NamedColor, ...]
    left_out: int = 0

    def names_of(self, pixels: PixelFormat) -> dict[bytes, tuple[str, ...]]:
        """Return the names of every raw opaque pixel, in the order of the file."""
        names: dict[bytes, tuple[str, ...]] = {}
        for color, raw in self._in(pixels):
            key = raw.tobytes()
            if color.name not in names.get(key, ()):
                names[key] = (*names.get(key, ()), color.name)
        return names

    def by_name(self, pixels: PixelFormat) -> dict[str, NDArray[Any]]:
        """Return the raw opaque pixel of every name; of colours without one the first.

        Raises
        ------
        InputError
            When one name stands for two colours.
        """
        found: dict[str, NDArray[Any]] = {}
        for color, raw in self._in(pixels):
            known = found.setdefault(color.name, raw)
            if color.name and known.tobytes() != raw.tobytes():
                raise InputError(
                    f"{self.place} has two colours called {color.name!r}: rename one of them"
                )
        return found

    def _in(self, pixels: PixelFormat) -> Iterator[tuple[NamedColor, NDArray[Any]]]:
        for color in self.colors:
            raw = color.raw(pixels)
            if raw is not None:
                yield color, raw
