"""Adobe's swatch exchange (.ase): blocks of groups and colours, floating point."""

from __future__ import annotations

import struct

from ant_core.formats.palettes.base import Model, NamedColor

__all__ = ["parse_ase"]

_COLOR = 0x0001
_MODELS: dict[bytes, tuple[Model, int]] = {
    b"RGB ": ("RGB", 3),
    b"CMYK": ("CMYK", 4),
    b"Gray": ("grey", 1),
}


def parse_ase(data: bytes) -> tuple[list[NamedColor], int]:
    """Return the colours, and how many were left out; ValueError says what is wrong."""
    if not data.startswith(b"ASEF"):
        raise ValueError("it does not begin with ASEF; Aseprite's pictures have the same suffix")
    colors: list[NamedColor] = []
    left_out, at = 0, 12
    try:
        (count,) = struct.unpack_from(">I", data, 8)
        for _ in range(count):
            kind, length = struct.unpack_from(">HI", data, at)
            block = data[at + 6 : at + 6 + length]
            if len(block) != length:
                raise ValueError("it ends before its last colour")
            at += 6 + length
            if kind == _COLOR:
                color = _color(block)
                left_out += color is None
                colors += [color] if color else []
    except struct.error:
        raise ValueError("it ends before its last colour") from None
    return colors, left_out


def _color(block: bytes) -> NamedColor | None:
    (length,) = struct.unpack_from(">H", block)
    end = 2 + 2 * length
    name = block[2:end].decode("utf-16-be", "replace").rstrip("\0")
    known = _MODELS.get(block[end : end + 4])
    if known is None:
        return None
    model, channels = known
    return NamedColor(name, model, struct.unpack_from(f">{channels}f", block, end + 4))
