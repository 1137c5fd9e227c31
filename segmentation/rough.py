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
from segmentation.ground import on_white

Rough = Literal["auto", "keep", "ignore"]
RoughTaken = Literal["none", "kept", "ignored"]

# A pixel has a colour if its channels differ by this share of its darkness, and by this much.
_COLOURED = 0.3
_COLOUR_LEAST = 8
# Lighter than this is paper.
_FAINTEST = 20
# From this share of what is drawn on a colour is looked at.
_SEEN = 0.02
# Pixels that tell whether there is any.
_SAMPLES = 100_000
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
    pixels : (H, W, 3 | 4) uint8 RGB or RGBA, paper white or transparent; not modified
    darkness : (H, W) uint8, 255 = full ink; not modified
    rough : "auto", "keep" or "ignore"
        Whether a light coloured sketch belongs to the lines; "auto" decides.

    Returns
    -------
    (H, W) uint8 darkness, without the sketch where it is ignored, and what was taken
    """
    if rough not in get_args(Rough):
        raise ValueError(f"rough is {rough!r}, expected one of {get_args(Rough)}")
    height, width, _ = pixels.shape
    step = max(1, round(float(np.sqrt(height * width / _SAMPLES))))
    # Seldom does a picture have such colours; a sample of it tells.
    if not _light_colours(_Split.of(np.ascontiguousarray(pixels[::step, ::step])))[0]:
        return darkness, "none"
    split = _Split.of(on_white(pixels))
    found, full = _light_colours(split)
    if rough == "auto":
        ink = split.neutral & (split.depth >= full / 2)
        found = [colour for colour in found if _disordered(colour.where, ink)]
    if rough == "keep" or not found:
        return darkness, "kept"
    return _without(split, darkness, found, full), "ignored"


@dataclass(frozen=True)
class _Split:
    """Pixels (H, W, 3) on white, how dark they are, and which have a colour and which none."""

    pixels: NDArray[np.uint8]
    high: NDArray[np.uint8]
    depth: NDArray[np.uint8]
    coloured: NDArray[np.bool_]
    neutral: NDArray[np.bool_]

    @staticmethod
    def of(pixels: NDArray[np.uint8]) -> _Split:
        """Split pixels (H, W, 3 or 4) uint8, laid on white."""
        pixels = on_white(pixels)
        red, green, blue = cv2.split(pixels)
        low = cv2.min(cv2.min(red, green), blue)
        high = cv2.max(cv2.max(red, green), blue)
        depth, chroma = 255 - low, high - low
        drawn = depth >= _FAINTEST
        coloured = (chroma >= _COLOUR_LEAST) & (chroma >= _COLOURED * depth)
        planes = np.asarray(high, np.uint8), np.asarray(depth, np.uint8)
        return _Split(pixels, *planes, coloured, drawn & ~coloured)


def _light_colours(split: _Split) -> tuple[list[_Colour], float]:
    """Find colours that are lighter than the ink; also return how dark the ink is."""
    drawn = split.coloured & (split.depth >= _FAINTEST)
    coloured, neutral = np.count_nonzero(drawn), np.count_nonzero(split.neutral)
    if neutral == 0 or coloured <= _SEEN * neutral:
        return [], 0.0
    full = float(np.percentile(split.depth[split.neutral], 80))
    found = []
    for channel in range(3):
        where = split.coloured & (split.pixels[:, :, channel] == split.high)
        if np.count_nonzero(where & drawn) <= _SEEN * (coloured + neutral):
            continue
        level = float(np.percentile(split.depth[where & drawn], 80))
        if level <= _LIGHT * full:
            found.append(_Colour(channel, where, level))
    return found, full


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
    return bool(touching > 0 and np.count_nonzero(crossed & ink) >= _CROSSED * touching)


def _swept(plane: NDArray[np.uint8], dy: int, dx: int, reach: int) -> NDArray[np.bool_]:
    """Mark pixels that have a set pixel within `reach` steps of a direction."""
    side = 2 * reach + 1
    kernel = np.zeros((side, side), np.uint8)
    steps = np.arange(1, reach + 1)
    kernel[reach + dy * steps, reach + dx * steps] = 1
    return np.asarray(cv2.dilate(plane, kernel)).view(np.bool_)


def _without(
    split: _Split, darkness: NDArray[np.uint8], found: list[_Colour], full: float
) -> NDArray[np.uint8]:
    """Look at coloured pixels through a filter of the sketch's colour.

    In the strongest channel of its colour a sketch is as good as white, and ink over it is dark
    (the principle of non-photo blue). Trace lines of that colour are darker than the sketch.
    """
    cleaned = darkness.copy()
    for colour in found:
        loss = 255 - split.pixels[:, :, colour.channel]
        tone = float(np.percentile(loss[colour.where], 90))
        table = np.clip((np.arange(256) - tone) * 255.0 / (255 - tone), 0, 255)
        seen = np.asarray(cv2.LUT(loss, np.rint(table).astype(np.uint8)), np.uint8)
        light = colour.where & (split.depth < (colour.level + full) / 2)
        cleaned[light] = seen[light]
    return cleaned
