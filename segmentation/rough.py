"""A light coloured sketch under the ink: told from trace lines, and taken out.

Trace lines (red, green, blue) bound shadows and stay lines. A sketch on the same layer has a
colour too, but is drawn with less pressure and without order: its strokes run under the ink and
across it, where trace lines end at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation import _line_kernels as kernels

Rough = Literal["auto", "keep", "ignore"]
RoughTaken = Literal["none", "kept", "ignored"]

# A pixel has a colour if its channels differ by this share of its darkness, and by this much.
_COLOURED = 0.3
_COLOUR_LEAST = 12
# Lighter than this is paper.
_FAINTEST = 20
# From this share of what is drawn on a colour is looked at.
_SEEN = 0.02
# Strokes of up to this share of the ink's darkness are light; trace lines are as full as ink.
_LIGHT = 0.7
# Of the ink that a sketch touches this share or more lies between strokes of it.
_CROSSED = 0.3
# How far on either side of an ink pixel a stroke is looked for, in line widths and pixels.
_REACH = (1.0, 3)


@dataclass(frozen=True)
class _Colour:
    """Pixels of the colours whose strongest channel is `channel`: their place and darkness."""

    channel: int
    where: NDArray[np.bool_]
    level: float


def take_out(
    pixels: NDArray[np.uint8], darkness: NDArray[np.uint8], rough: Rough
) -> tuple[NDArray[np.uint8], RoughTaken]:
    """Decide on a sketch under the ink.

    Parameters
    ----------
    pixels : (H, W, 3) uint8 RGB on white; not modified
    darkness : (H, W) uint8, 255 = full ink; not modified
    rough : "auto", "keep" or "ignore"
        Whether a light coloured sketch belongs to the lines; "auto" decides.

    Returns
    -------
    (H, W) uint8 darkness, without the sketch where it is ignored, and what was taken
    """
    if rough not in get_args(Rough):
        raise ValueError(f"rough is {rough!r}, expected one of {get_args(Rough)}")
    step = max(1, round(float(np.sqrt(darkness.size / 130_000))))
    if not _any_colour(pixels[::step, ::step], darkness[::step, ::step]):
        return darkness, "none"
    low, high = pixels.min(axis=2), pixels.max(axis=2)
    depth = 255 - low
    coloured = _is_coloured(low, high, depth)
    neutral = (depth >= _FAINTEST) & ~coloured
    if not neutral.any():
        return darkness, "none"
    full = float(np.percentile(depth[neutral], 80))
    found = [
        colour
        for channel in range(3)
        if (colour := _colour(pixels, coloured, depth, high, channel)) is not None
        and colour.level <= _LIGHT * full
    ]
    if not found:
        return darkness, "none"
    if rough == "auto":
        ink = neutral & (depth >= full / 2)
        found = [colour for colour in found if _disordered(colour.where, ink)]
    if rough == "keep" or not found:
        return darkness, "kept"
    return _without(pixels, darkness, depth, found, full), "ignored"


def _is_coloured(
    low: NDArray[np.uint8], high: NDArray[np.uint8], depth: NDArray[np.uint8]
) -> NDArray[np.bool_]:
    chroma = high - low
    return np.asarray((chroma >= _COLOUR_LEAST) & (chroma >= _COLOURED * depth))


def _any_colour(pixels: NDArray[np.uint8], darkness: NDArray[np.uint8]) -> bool:
    low, high = pixels.min(axis=2), pixels.max(axis=2)
    drawn = darkness >= _FAINTEST
    coloured = _is_coloured(low, high, 255 - low) & drawn
    return bool(np.count_nonzero(coloured) > _SEEN * np.count_nonzero(drawn))


def _colour(
    pixels: NDArray[np.uint8],
    coloured: NDArray[np.bool_],
    depth: NDArray[np.uint8],
    high: NDArray[np.uint8],
    channel: int,
) -> _Colour | None:
    where = coloured & (pixels[:, :, channel] == high) & (depth >= _FAINTEST)
    if np.count_nonzero(where) <= _SEEN * np.count_nonzero(coloured):
        return None
    return _Colour(channel, where, float(np.percentile(depth[where], 80)))


def _disordered(sketch: NDArray[np.bool_], ink: NDArray[np.bool_]) -> bool:
    """Tell whether strokes run under ink and across it, instead of ending at it."""
    width = float(kernels.line_width(np.ascontiguousarray(ink)))
    reach = round(_REACH[0] * width + _REACH[1])
    plane = sketch.view(np.uint8)
    crossed = np.zeros(ink.shape, np.bool_)
    touched = np.zeros(ink.shape, np.bool_)
    for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
        ahead, behind = _swept(plane, dy, dx, reach), _swept(plane, -dy, -dx, reach)
        crossed |= ahead & behind
        touched |= ahead | behind
    touching = np.count_nonzero(touched & ink)
    return touching > 0 and np.count_nonzero(crossed & ink) >= _CROSSED * touching


def _swept(plane: NDArray[np.uint8], dy: int, dx: int, reach: int) -> NDArray[np.bool_]:
    """Mark pixels that have a set pixel within `reach` steps of a direction."""
    side = 2 * reach + 1
    kernel = np.zeros((side, side), np.uint8)
    steps = np.arange(1, reach + 1)
    kernel[reach + dy * steps, reach + dx * steps] = 1
    return np.asarray(cv2.dilate(plane, kernel)).view(np.bool_)


def _without(
    pixels: NDArray[np.uint8],
    darkness: NDArray[np.uint8],
    depth: NDArray[np.uint8],
    found: list[_Colour],
    full: float,
) -> NDArray[np.uint8]:
    """Look at coloured pixels through a filter of the sketch's colour.

    In the strongest channel of its colour a sketch is as good as white, and ink over it is dark
    (the principle of non-photo blue). Trace lines of that colour are darker than the sketch.
    """
    cleaned = darkness.copy()
    for colour in found:
        loss = 255 - pixels[:, :, colour.channel]
        tone = float(np.percentile(loss[colour.where], 90))
        table = np.clip((np.arange(256) - tone) * 255.0 / (255 - tone), 0, 255)
        seen = np.rint(table).astype(np.uint8)[loss]
        light = colour.where & (depth < (colour.level + full) / 2)
        cleaned[light] = seen[light]
    return cleaned
