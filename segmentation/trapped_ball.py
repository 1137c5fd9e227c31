"""Line mask to label map, closed across gaps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation import _basin_kernels as basins
from segmentation import _gap_kernels as gaps
from segmentation import _speck_kernels as specks
from segmentation import _tip_kernels as tips
from segmentation.lines import LineArt

# Wider holes are drawing, and squared distances must fit 16 bits.
_WIDEST_GAP_PX = 256
# Both sides of a hole open by at least this much, else the narrow place is a wobble of a line.
_RISE_PX = 1.0
# How far around its end a stroke is followed to see that it ends.
_TIP_RADIUS_WIDTHS = 1.3
_TIP_RADIUS_PX = 2.4
# Where to look for ends: the ink around is at most this share of that around a whole line.
_CROWD_AT_END = 0.9
# Segments up to this share of a squared line width are grain, not drawing; within these areas.
_SPECK_SHARE = 0.25
_SPECK_PX = (3, 12)
# How far a speck looks for the segment that takes it.
_SPECK_WALK_PX = 24


@dataclass(frozen=True)
class Segmentation:
    """The segments of one drawing.

    Attributes
    ----------
    labels : (H, W) int32, 0 = line, 1..N in raster order of the first pixel
    gap_px : widest hole that was closed, in pixels
    closed_gaps : (G, 4) float32, x0, y0, x1, y1 in pixels: the two sides of each closed hole
    """

    labels: NDArray[np.int32]
    gap_px: float
    closed_gaps: NDArray[np.float32]


def default_gap(shape: tuple[int, int], line_width_px: float) -> float:
    """Return the widest hole to close, in pixels.

    Strokes that end a 150th of the diagonal apart count as one, measured where their middles
    end: the bare hole is a line width less. For 3 px lines that is 12 px at 1080p. At least a
    220th of the diagonal (10 px at 1080p, 20 px at 4K) and at least one line width, unless that
    is more than twice as much (solid black is no line); at most ten line widths and 4 px, so
    that thin lines on a huge canvas do not close what is meant to be open.
    """
    diagonal = min(float(np.hypot(*shape)), 110.0 * _WIDEST_GAP_PX)
    wanted = max(diagonal / 220, diagonal / 150 - line_width_px)
    least = min(line_width_px, diagonal / 110)
    return float(np.clip(wanted, least, max(10 * line_width_px + 4, least)))


def segment(lines: LineArt, gap_px: float | None = None) -> Segmentation:
    """Divide a drawing into line-enclosed segments that do not leak through gaps.

    Parameters
    ----------
    lines : LineArt; not modified
    gap_px : float or None
        Widest hole in a line to close, in pixels; 0 closes nothing; None derives it from line
        width and image size.

    Returns
    -------
    Segmentation
    """
    gap = default_gap(lines.ink.shape, lines.line_width_px) if gap_px is None else float(gap_px)
    if not 0 <= gap <= _WIDEST_GAP_PX:
        raise ValueError(f"gap width is {gap} px, expected 0 to {_WIDEST_GAP_PX}")
    labels, parents, holes = _hills(lines, gap)
    area, first = specks.settle(labels, parents)
    speck = round(np.clip(_SPECK_SHARE * lines.line_width_px**2, *_SPECK_PX))
    takes = specks.takers(labels, area, first, speck, _SPECK_WALK_PX)
    _, numbers = specks.renumber(labels, takes)
    sides = numbers[takes[parents[holes[:, 4:]]]]
    closed = holes[sides[:, 0] != sides[:, 1]][:, [1, 0, 3, 2]].astype(np.float32)
    return Segmentation(labels, gap, closed)


def _hills(
    lines: LineArt, gap: float
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int64]]:
    """Return hills of the free space, the parent of each once joined, and the closed holes."""
    if gap == 0:
        mask = np.logical_not(lines.ink).view(np.uint8)
        count, labels = _components(mask)
        return labels, np.arange(count, dtype=np.int32), np.zeros((0, 6), np.int64)
    radius = _TIP_RADIUS_WIDTHS * lines.line_width_px + _TIP_RADIUS_PX
    barrier = lines.ink.copy()
    pairs, added = _link(barrier, gap, lines.line_width_px, radius)
    # The ball at a hole's pass measures half the hole plus half a pixel, and must be
    # distinguishable from the hills beside it.
    reach = int(np.ceil((gap + 1) / 2 + _RISE_PX))
    squared = basins.near_distance(barrier, reach)
    cut = reach * reach + 1
    balls = (squared == cut).view(np.uint8)
    count, labels = _components(balls)
    peaks = basins.ascend(squared, labels, cut, count - 1)
    table = basins.passes(squared, labels, cut)
    parents, holes = gaps.join(
        barrier, squared, labels, table, peaks, gap, _RISE_PX, lines.line_width_px, radius
    )
    sides = np.hstack([pairs, tips.shores(labels, parents, added, len(pairs))])
    spare = np.arange(parents.size, parents.size + len(added), dtype=np.int32)
    tips.release(labels, added, parents.size)
    return labels, np.concatenate([parents, spare]), np.concatenate([holes, sides])


def _components(mask: NDArray[np.uint8]) -> tuple[int, NDArray[np.int32]]:
    count, labels = cv2.connectedComponents(mask, connectivity=4, ltype=cv2.CV_32S)
    return count, np.asarray(labels, np.int32)


def _link(
    barrier: NDArray[np.bool_], gap: float, width: float, radius: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Close the breaks between two facing stroke ends, in place."""
    half = max(2, round(width))
    side = 2 * half + 1
    crowd = cv2.boxFilter(
        barrier.view(np.uint8),
        cv2.CV_16U,
        (side, side),
        normalize=False,
        borderType=cv2.BORDER_REPLICATE,
    )
    ends = tips.stroke_ends(barrier, crowd, round(_CROWD_AT_END * side * width), half, radius)
    pairs = tips.links(ends, gap)
    return pairs, tips.draw(barrier, pairs)
