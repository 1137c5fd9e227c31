"""Holes inside strokes: what a dry brush or a pen leaves bare belongs to the line."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation import _hole_kernels as kernels
from segmentation import _line_kernels as line_kernels

# Pixels of holes as flat indices, and where each hole starts in that list.
Holes = tuple[NDArray[np.int64], NDArray[np.int64]]

# Holes are looked at up to this share of a squared line width, and at least this area.
_HOLE_SHARE = 4.0
_HOLE_PX = 12
# A stroke may be this much wider than the typical line, and this much narrower beside a hole.
_WIDER = 1.5
_NARROWER = 0.65
# Up to this share of a squared line width a hole is none of the drawing's, even in solid black.
_PIN_SHARE = 1 / 16
# From so many holes in strokes on, their size up to this percentile is the pen's.
_USUAL_COUNT, _USUAL_PERCENT = 20, 95
_SPECK_PX = 3
# Fewer holes than this share of the ink do not change what is measured.
_MANY_SHARE = 0.01
# From this share of the ink on, what was missing shows a dry stroke, whose edge is ragged too.
_DRY_SHARE = 0.04
# Scales at which strokes look whole.
_AFAR = (2, 4)
# How many times as wide as its whole pieces a stroke may be.
_WHOLE = 4.0
# Filling makes lines measure wider, which shows more holes: how often that is followed.
_ROUNDS = 3
_GROWS = 1.25


def fill(ink: NDArray[np.bool_], width: float) -> tuple[NDArray[np.bool_], float]:
    """Fill the holes inside strokes.

    A hole that is drawn (an eye's highlight, a button, a ring) has a line on either side: with
    it filled, the ink is far wider than a line, or nothing as wide goes on beside it. A hole
    inside a stroke leaves a stroke of plausible width.

    Parameters
    ----------
    ink : (H, W) bool, C-contiguous; not modified
    width : float
        Typical width of the lines in pixels, as measured with the holes.

    Returns
    -------
    (H, W) bool, and the width measured without holes, in pixels
    """
    if width <= 1:
        return ink, width
    inked = np.count_nonzero(ink)
    holes = _holes(ink, width)
    if holes[0].size > _MANY_SHARE * inked:
        width = _whole_width(ink, width)
        holes = _holes(ink, width)
    for _ in range(_ROUNDS):
        ink, added = _filled(ink, width, holes)
        if added <= _MANY_SHARE * inked:
            break
        if added > _DRY_SHARE * inked:
            ink = _closed(ink, width)
            ink, _ = _filled(ink, width, _holes(ink, width))
        measured = float(line_kernels.line_width(ink))
        grown = measured > _GROWS * width
        width = measured
        if not grown:
            break
        holes = _holes(ink, width)
    return ink, width


def _whole_width(ink: NDArray[np.bool_], width: float) -> float:
    """Width of strokes with holes inside: at a small scale strokes are whole."""
    whole = width
    for scale in _AFAR:
        small = cv2.resize(
            255 * ink.view(np.uint8), None, fx=1 / scale, fy=1 / scale, interpolation=cv2.INTER_AREA
        )
        seen = float(line_kernels.line_width(small >= 128))
        # Of lines thinner than two of these pixels nothing can be told, nor of black areas.
        if seen >= 2 and scale * seen <= _WHOLE * width:
            whole = max(whole, scale * seen)
    return whole


def _holes(ink: NDArray[np.bool_], width: float) -> Holes:
    most = max(_HOLE_PX, round(_HOLE_SHARE * width * width))
    pixels, starts = kernels.small_holes(ink, most)
    return pixels, starts


def _filled(ink: NDArray[np.bool_], width: float, holes: Holes) -> tuple[NDArray[np.bool_], int]:
    """Fill those of the holes that lie in strokes; return the new mask and how many pixels."""
    pixels, starts = holes
    if pixels.size == 0:
        return ink, 0
    if pixels.size <= _MANY_SHARE * np.count_nonzero(ink):
        # Specks in a clean line are none of the pen's; segmentation gives them to a neighbour.
        pixels, starts = _larger(holes, _SPECK_PX)
        if pixels.size == 0:
            return ink, 0
    whole = ink.copy()
    whole.ravel()[holes[0]] = True
    inside = kernels.in_strokes(
        whole, pixels, starts, _WIDER * width + 2, _NARROWER, _PIN_SHARE * width * width
    )
    area = np.diff(starts)
    found = int(np.count_nonzero(inside))
    if found >= max(_USUAL_COUNT, inside.size - found):
        # A pen that leaves holes of this size in its strokes leaves them in solid black too.
        inside |= area <= np.percentile(area[inside], _USUAL_PERCENT)
    added = pixels[np.repeat(inside, area)]
    if added.size == 0:
        return ink, 0
    filled = ink.copy()
    filled.ravel()[added] = True
    return filled, int(added.size)


def _larger(holes: Holes, area_px: int) -> Holes:
    """Keep the holes of more than `area_px` pixels."""
    pixels, starts = holes
    areas = np.diff(starts)
    kept = areas > area_px
    return pixels[np.repeat(kept, areas)], np.append(0, np.cumsum(areas[kept]))


def _closed(ink: NDArray[np.bool_], width: float) -> NDArray[np.bool_]:
    """Close the ragged edge of dry strokes by a twelfth of their width; more closes corners."""
    side = 2 * max(1, round(width / 12)) + 1
    box = np.ones((side, side), np.uint8)
    return cv2.morphologyEx(ink.view(np.uint8), cv2.MORPH_CLOSE, box).view(np.bool_)
