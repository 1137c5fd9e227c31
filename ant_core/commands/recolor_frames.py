"""One palette swapped for another in finished pixels, exactly and by name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.pixels import PixelFormat, from_codes, same_as_next, to_codes
from ant_core.errors import InputError
from ant_core.formats.palettes import NamedPalette
from ant_core.formats.sequence import SequenceReader

__all__ = ["ColorCount", "Recolorer", "Recoloring", "recoloring"]

_MOST_TOLD = 24  # unmatched colours in the report; anti-aliased frames have thousands


@dataclass(frozen=True)
class ColorCount:
    """How often one colour was met; its channel values as Python numbers."""

    color: tuple[Any, ...]
    pixels: int


class Recoloring:
    """Which raw colour becomes which, in one pixel format.

    Parameters
    ----------
    names : sequence of str
    old, new : (K, C) of the format
        The opaque colour of every name before and after.
    """

    def __init__(
        self, pixels: PixelFormat, names: list[str], old: NDArray[Any], new: NDArray[Any]
    ) -> None:
        self.pixels = pixels
        codes = to_codes(np.ascontiguousarray(old), pixels)
        order = np.argsort(codes)
        self._codes, self._new = codes[order], np.ascontiguousarray(new)[order]
        self.names = [names[i] for i in order]
        self.old = [tuple(row) for row in old[order].tolist()]
        self.new = [tuple(row) for row in self._new.tolist()]
        self.swapped = np.zeros(len(names), np.int64)
        self.left: dict[tuple[Any, ...], int] = {}

    def apply(self, image: NDArray[Any]) -> NDArray[Any]:
        """Swap the colours of one picture, and count.

        Parameters
        ----------
        image : (H, W, C) of the format
            Not modified.

        Returns
        -------
        (H, W, C), `image` itself where nothing changes
        """
        flat = np.ascontiguousarray(image).reshape(-1, image.shape[2])
        # Flat pictures are few runs of equal pixels.
        change = ~same_as_next(flat, self.pixels)
        start = np.flatnonzero(np.concatenate([[True], change]))
        length = np.diff(np.append(start, len(flat)))
        codes, where = np.unique(to_codes(flat[start], self.pixels), return_inverse=True)
        counts = np.bincount(where, length).astype(np.int64)
        place = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        known = self._codes[place] == codes
        np.add.at(self.swapped, place[known], counts[known])
        table = from_codes(codes, self.pixels)
        self._note(table[~known], counts[~known])
        if np.array_equal(to_codes(self._new[place[known]], self.pixels), codes[known]):
            return image
        table[known] = self._new[place[known]]
        # Pixels of an unmatched colour are the picture's own: transparent ones differ among them.
        touched = np.repeat(known[where], length)
        result = flat.copy()
        result[touched] = np.repeat(table[where], length, axis=0)[touched]
        return np.asarray(result.reshape(image.shape))

    def _note(self, colors: NDArray[Any], counts: NDArray[np.int64]) -> None:
        for color, count in zip(colors.tolist(), counts.tolist(), strict=True):
            if not self.pixels.has_alpha or color[-1] != 0:
                self.left[tuple(color)] = self.left.get(tuple(color), 0) + count

    def unmatched(self) -> list[ColorCount]:
        """Return the colours that were left as they are, the most frequent first."""
        rows = sorted(self.left.items(), key=lambda item: (-item[1], item[0]))
        return [ColorCount(color, count) for color, count in rows]


def recoloring(before: NamedPalette, after: NamedPalette, pixels: PixelFormat) -> Recoloring:
    """Pair two palettes by name.

    Only colours whose name both palettes have are swapped.

    Raises
    ------
    InputError
        When a colour would have to become two different ones, or the palettes share no name.
    """
    old, new = before.by_name(pixels), after.by_name(pixels)
    names = [name for name in old if name in new and name]
    if not names:
        raise InputError(
            f"{before.place} and {after.place} share no name of a colour that the frames can "
            "have: name the colours alike in both"
        )
    chosen: dict[bytes, str] = {}
    for name in names:
        other = chosen.setdefault(old[name].tobytes(), name)
        if new[other].tobytes() != new[name].tobytes():
            raise InputError(
                f"{other!r} and {name!r} are the same colour in {before.place} but two in "
                f"{after.place}: pixels cannot tell which is meant, change one of them"
            )
    kept = sorted(chosen.values(), key=names.index)
    return Recoloring(
        pixels, kept, np.array([old[n] for n in kept]), np.array([new[n] for n in kept])
    )


class Recolorer:
    """Swaps one palette for another in frames of any format, and counts."""

    def __init__(self, before: NamedPalette, after: NamedPalette) -> None:
        self._before, self._after = before, after
        self._tables: dict[PixelFormat, Recoloring] = {}

    def recolor(self, reader: SequenceReader, frame: int) -> bytes:
        """Return the new file of one frame; byte for byte the old one where nothing changes.

        Raises
        ------
        InputError
            When it cannot be read, is layered, or the palettes do not go together.
        """
        place, form = reader.place(frame), reader.format(frame)
        if form.suffix is not None:
            raise InputError(
                f"{place} is layered, and its layers cannot be written back: export flat frames"
            )
        image = reader.read(frame)
        image = image if image.ndim == 3 else image[:, :, None]
        kind = PixelFormat(image.dtype.itemsize * 8, image.shape[2], image.dtype.kind == "f")
        if kind not in self._tables:
            self._tables[kind] = recoloring(self._before, self._after, kind)
        result = self._tables[kind].apply(image)
        return reader.raw(frame) if result is image else form.encode(result, reader.extras(frame))

    def report(self) -> dict[str, Any]:
        """Return what was swapped and what was left, as recolor.json and events carry it."""
        tables = self._tables.values()
        swapped = [
            {"name": name, "from": _json(old), "to": _json(new), "pixels": int(count)}
            for table in tables
            for name, old, new, count in zip(
                table.names, table.old, table.new, table.swapped, strict=True
            )
        ]
        left = sorted(
            (item for table in tables for item in table.unmatched()), key=lambda c: -c.pixels
        )
        names = [{color.name for color in palette.colors} for palette in self._both]
        return {
            "swapped": swapped,
            "unmatched": [
                {"color": _json(item.color), "pixels": item.pixels} for item in left[:_MOST_TOLD]
            ],
            "unmatched_colors": len(left),
            "unmatched_pixels": sum(item.pixels for item in left),
            "names_only_in_from": sorted(names[0] - names[1]),
            "names_only_in_to": sorted(names[1] - names[0]),
        }

    @property
    def _both(self) -> tuple[NamedPalette, NamedPalette]:
        return self._before, self._after


def _json(color: tuple[Any, ...]) -> list[Any]:
    """JSON knows no infinity and nothing that is no number."""
    return [value if math.isfinite(value) else None for value in color]
