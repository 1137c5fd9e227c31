"""Which named colours a run used."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ant_core.color.palette import UNPAINTED, Palette
from ant_core.formats.palettes.base import NamedPalette
from ant_core.propagation.result import FrameResult

__all__ = ["name_colors"]


def name_colors(
    results: Iterable[FrameResult], colors: Palette, named: NamedPalette
) -> list[dict[str, Any]]:
    """Count the segments of every colour, each drawing once, and name the colours.

    Returns
    -------
    list of dict
        Colour, its names in the palette (none where it is not there) and its segments, the most
        frequent first.
    """
    drawings = {(result.drawing, result.drawing_frame): result for result in results}
    counts = np.zeros(len(colors), np.int64)
    for result in drawings.values():
        painted = result.fills.color[result.fills.color > UNPAINTED]
        np.add.at(counts, painted, 1)
    names = named.names_of(colors.format)
    used = [int(index) for index in np.argsort(-counts, kind="stable") if counts[index]]
    return [
        {
            "color": [v if math.isfinite(v) else None for v in colors.color(index)],
            "names": list(names.get(bytes.fromhex(colors.raw(index)), ())),
            "segments": int(counts[index]),
        }
        for index in used
    ]
