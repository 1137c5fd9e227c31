"""Small pictures of segments for the program's interface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color.krita_layers import Box
from ant_core.matching.fills import NO_COUNTERPART, REVIEW_BELOW, Fills
from ant_core.shot.hints import segment_under
from segmentation import Segmentation, preview

__all__ = ["Picture", "draw_ids", "draw_preview", "draw_tints", "segment_at", "tints_of"]

Tint = tuple[int, int, int, int]  # R, G, B, A

_DOUBTFUL: Tint = (255, 176, 60, 170)
_MISSING: Tint = (255, 64, 150, 170)
_GAP = (255, 64, 150)
_GAP_BY_COLORS = (64, 150, 255)


@dataclass(frozen=True)
class Picture:
    """A picture to show.

    Attributes
    ----------
    width, height : int
    data : bytes
        Rows first: B, G, R and straight alpha, or int32 little-endian segment ids.
    info : dict
        What goes with it.
    """

    width: int
    height: int
    data: bytes
    info: dict[str, Any] = field(default_factory=dict)


def _fitted(shape: tuple[int, ...], max_side: int | None) -> tuple[int, int]:
    """Return height and width of a picture no larger than `max_side` pixels."""
    height, width = shape[:2]
    scale = min(1.0, max_side / max(height, width)) if max_side else 1.0
    return max(1, round(height * scale)), max(1, round(width * scale))


def _nearest(labels: NDArray[np.int32], max_side: int | None) -> NDArray[np.int32]:
    """Shrink a label map; ids cannot be averaged."""
    size = _fitted(labels.shape, max_side)
    rows, columns = (
        ((np.arange(short) + 0.5) * long / short).astype(np.int64)
        for short, long in zip(size, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns[None, :]]


def draw_preview(segmentation: Segmentation, max_side: int | None) -> Picture:
    """Show every segment in its own tint, lines in black, closed gaps marked.

    Gaps that lines alone decided are magenta, those that colours decided are blue.

    Parameters
    ----------
    max_side : int or None
        Longer side in pixels; the drawing's own size if None.
    """
    full = preview(segmentation.labels)
    height, width = _fitted(full.shape, max_side)
    small = cv2.resize(full, (width, height), interpolation=cv2.INTER_AREA)
    scale = np.array([width / full.shape[1], height / full.shape[0]])
    gaps = segmentation.closed_gaps.reshape(-1, 2, 2)
    radius = max(4, max(height, width) // 120)
    by_colors = segmentation.by_colors.tolist()
    places = (gaps * scale).round().astype(int).tolist()
    for (first, second), colors in zip(places, by_colors, strict=True):
        ink = _GAP_BY_COLORS if colors else _GAP
        cv2.line(small, first, second, ink, 2, cv2.LINE_AA)
        middle = [(a + b) // 2 for a, b in zip(first, second, strict=True)]
        cv2.circle(small, middle, radius, ink, 2, cv2.LINE_AA)
    info = {
        "segments": int(segmentation.labels.max(initial=0)),
        "gap_px": round(segmentation.gap_px, 3),
        "closed": gaps.mean(axis=1).round(1).tolist(),
        "by_colors": by_colors,
    }
    return Picture(width, height, cv2.cvtColor(small, cv2.COLOR_RGB2BGRA).tobytes(), info)


def tints_of(fills: Fills | None, segments: Sequence[int] | None) -> dict[int, Tint]:
    """Choose a colour for each segment to be marked.

    Parameters
    ----------
    fills : Fills or None
        Of the frame, as far as they are known.
    segments : sequence of int or None
        The segments to mark; those that need a look if None.
    """
    tints: dict[int, Tint] = {}
    if fills is not None:
        for row in np.flatnonzero(fills.doubtful(REVIEW_BELOW)).tolist():
            tints[row + 1] = _MISSING if fills.state[row] == NO_COUNTERPART else _DOUBTFUL
    if segments is None:
        return tints
    return {int(segment): tints.get(int(segment), _DOUBTFUL) for segment in segments}


def segment_at(labels: NDArray[np.int32], point: tuple[float, float]) -> tuple[int, Box]:
    """Return the segment that a point x, y within the picture means, and its box.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified

    Returns
    -------
    int, Box
        On a line the nearest segment; 0 and an empty box when the drawing has none.
    """
    segment = segment_under(labels, (point,))
    if segment == 0:
        return 0, (0, 0, 0, 0)
    inside = labels == segment
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return segment, (left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def draw_tints(
    labels: NDArray[np.int32], tints: Mapping[int, Tint], max_side: int | None
) -> Picture:
    """Show some segments in a colour each, everything else transparent.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified
    tints : dict of int to (R, G, B, A)
        By segment id; ids that the drawing has not are left out.
    max_side : int or None
    """
    small = _nearest(labels, max_side)
    table = np.zeros((int(labels.max(initial=0)) + 1, 4), np.uint8)
    for segment, (red, green, blue, alpha) in tints.items():
        if 0 < segment < len(table):
            table[segment] = (blue, green, red, alpha)
    return Picture(small.shape[1], small.shape[0], table[small].tobytes())


def draw_ids(labels: NDArray[np.int32], max_side: int | None) -> Picture:
    """Return the segment ids themselves, int32 little-endian, 0 for lines."""
    small = _nearest(labels, max_side)
    return Picture(small.shape[1], small.shape[0], small.astype("<i4").tobytes())
