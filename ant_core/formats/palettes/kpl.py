"""Krita's palettes (.kpl): a zip archive with colorset.xml."""

from __future__ import annotations

from xml.etree import ElementTree

from ant_core.formats.palettes.base import Model, NamedColor
from ant_core.guard import open_zip, read_xml

__all__ = ["parse_kpl"]

_MODELS: dict[str, tuple[Model, str]] = {
    "RGB": ("RGB", "rgb"),
    "sRGB": ("RGB", "rgb"),
    "CMYK": ("CMYK", "cmyk"),
    "Gray": ("grey", "g"),
}


def parse_kpl(data: bytes) -> tuple[list[NamedColor], int]:
    """Return the colours, and how many were left out; ValueError says what is wrong."""
    with open_zip(data) as archive:
        root = read_xml(archive, "colorset.xml")
    entries = list(root.iter("ColorSetEntry"))
    colors = [color for entry in entries if (color := _color(entry)) is not None]
    return colors, len(entries) - len(colors)


def _color(entry: ElementTree.Element) -> NamedColor | None:
    name = entry.get("name") or entry.get("id") or ""
    for value in entry:
        if value.tag in _MODELS:
            model, channels = _MODELS[value.tag]
            return NamedColor(name, model, tuple(float(value.get(c, "")) for c in channels))
    return None
