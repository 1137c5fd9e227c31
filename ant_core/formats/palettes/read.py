"""Reads a palette file of any known format."""

from __future__ import annotations

import math
from pathlib import Path

from ant_core.errors import InputError
from ant_core.files import read_bytes
from ant_core.formats.palettes.aco import parse_aco
from ant_core.formats.palettes.ase import parse_ase
from ant_core.formats.palettes.base import NamedPalette
from ant_core.formats.palettes.gpl import parse_gpl
from ant_core.formats.palettes.kpl import parse_kpl

__all__ = ["read_palette"]

_READERS = {".gpl": parse_gpl, ".aco": parse_aco, ".ase": parse_ase, ".kpl": parse_kpl}


def read_palette(path: Path) -> NamedPalette:
    """Read a palette, by the suffix of its name.

    Raises
    ------
    InputError
        When the format is unknown, or the file is missing, damaged or without a colour.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(
            f"{path} is no palette that can be read: save it as .gpl, .aco, .ase or .kpl"
        )
    data = read_bytes(path)
    try:
        colors, left_out = reader(data)
        if not all(math.isfinite(value) for color in colors for value in color.values):
            raise ValueError("it has a colour that is no number")
    except ValueError as error:
        raise InputError(
            f"{path} is no whole {path.suffix} palette ({error}): save it again"
        ) from None
    if not colors:
        raise InputError(f"{path} has no colour in RGB, grey or CMYK: save it with some")
    return NamedPalette(str(path), tuple(colors), left_out)
