"""GIMP's palettes (.gpl): lines of three whole numbers and a name."""

from __future__ import annotations

from ant_core.formats.palettes.base import NamedColor

__all__ = ["parse_gpl"]


def parse_gpl(data: bytes) -> tuple[list[NamedColor], int]:
    """Return the colours, and how many were left out; ValueError says what is wrong."""
    lines = data.decode("utf-8-sig", "replace").splitlines()
    if not lines or lines[0].strip() != "GIMP Palette":
        raise ValueError("its first line is not 'GIMP Palette'")
    colors = []
    for number, line in enumerate(lines[1:], start=2):
        text = line.strip()
        if not text or text.startswith(("#", "Name:", "Columns:", "Channels:")):
            continue
        parts = text.split(None, 3)
        try:
            values = [int(part) for part in parts[:3]]
        except ValueError:
            values = []
        if len(values) != 3 or not all(0 <= value <= 255 for value in values):
            raise ValueError(f"line {number} is {text!r}, not three numbers from 0 to 255")
        name = parts[3] if len(parts) > 3 else ""
        colors.append(NamedColor(name.strip(), "RGB", tuple(value / 255 for value in values)))
    return colors, 0
