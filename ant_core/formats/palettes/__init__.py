"""Colour palettes with names: GIMP's, Adobe's two and Krita's."""

from ant_core.formats.palettes.base import NamedColor, NamedPalette
from ant_core.formats.palettes.read import read_palette

__all__ = ["NamedColor", "NamedPalette", "read_palette"]
