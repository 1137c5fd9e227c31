"""Photoshop's colour swatches (.aco): a list without names, then the same list with them."""

from __future__ import annotations

import struct

from ant_core.formats.palettes.base import NamedColor

__all__ = ["parse_aco"]

_RGB, _CMYK, _GREY = 0, 2, 8
_FULL_GREY = 10_000


def parse_aco(data: bytes) -> tuple[list[NamedColor], int]:
    """Return the colours, and how many were left out; ValueError says what is wrong."""
    try:
        version, count = struct.unpack_from(">HH", data)
        at = 4
        if version == 1:
            at += 10 * count
            if len(data) == at:  # files of the first version have no names
                rows = [struct.unpack_from(">5H", data, 4 + 10 * i) for i in range(count)]
                return _colors([(row, "") for row in rows])
            version, count = struct.unpack_from(">HH", data, at)
            at += 4
        if version != 2:
            raise ValueError(f"it is of version {version}, not 1 or 2")
        named = []
        for _ in range(count):
            row = struct.unpack_from(">5H", data, at)
            (length,) = struct.unpack_from(">I", data, at + 10)
            text = data[at + 14 : at + 14 + 2 * length]
            if len(text) != 2 * length:
                raise ValueError("it ends in the middle of a name")
            named.append((row, text.decode("utf-16-be", "replace").rstrip("\0")))
            at += 14 + 2 * length
    except struct.error:
        raise ValueError("it ends before its last colour") from None
    return _colors(named)


def _colors(rows: list[tuple[tuple[int, ...], str]]) -> tuple[list[NamedColor], int]:
    # Some programs write 8 bits as the high byte alone, Photoshop times 257.
    coarse = all(value % 256 == 0 for row, _ in rows for value in row[1:4] if row[0] == _RGB)
    full = 255 * 256 if coarse else 65535
    colors: list[NamedColor] = []
    for (space, *values), name in rows:
        if space == _RGB:
            colors.append(NamedColor(name, "RGB", tuple(value / full for value in values[:3])))
        elif space == _CMYK:  # 0 is full ink
            colors.append(NamedColor(name, "CMYK", tuple(1 - value / 65535 for value in values)))
        elif space == _GREY:
            colors.append(NamedColor(name, "grey", (min(1.0, values[0] / _FULL_GREY),)))
    return colors, len(rows) - len(colors)
