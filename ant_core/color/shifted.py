"""A painted frame that lies beside its lines: its edges of colour fit the lines when moved."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.color._read_kernels import mark_edges
from ant_core.color.palette import SegmentColors
from ant_core.color.pixels import PixelFormat, to_levels

__all__ = ["find_shift", "move_back"]

_REACH = 0.025  # of the longer side: so far off is looked for
_LEAST_REACH_PX = 16
_EDGE_LEVELS = 24  # from which on neighbours differ by more than noise
_SECOND_SHARE = 0.003  # of a segment, from which on a second colour is a sign
_SIGNS = 0.1  # share of segments that must show it
_MOST = 0.6  # share of the edges that must lie on lines when moved
_GAIN = 1.25  # times as many must do so as without moving
_PLATEAU = 0.97  # of the best: thick lines fit over several pixels, the middle of which is taken
_LEAST_EDGES = 200  # pixels, under which chance decides


def find_shift(
    labels: NDArray[np.int32], image: NDArray[Any], pixels: PixelFormat, colors: SegmentColors
) -> tuple[int, int] | None:
    """Tell by how much a painted frame lies beside its lines.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified
    image : (H, W, C) of the format; not modified
    pixels : PixelFormat
    colors : SegmentColors
        Read from it as it lies: where hardly a segment has a second colour, nothing is moved.

    Returns
    -------
    (int, int) or None
        Pixels to the right and down; None where it fits or cannot be told.
    """
    signs = int((colors.second_share > _SECOND_SHARE).sum())
    if signs < max(1, _SIGNS * len(colors.share)):
        return None
    reach = max(_LEAST_REACH_PX, round(_REACH * max(labels.shape)))
    if min(labels.shape) <= 4 * reach:
        return None
    edges, lines = _edges(image, pixels), _lines(labels)
    inner = np.s_[reach:-reach, reach:-reach]
    total = float(edges[inner].sum())
    if total < _LEAST_EDGES:
        return None
    # [y, x]: edges on lines when the frame is moved back by x - reach, y - reach.
    fit = cv2.matchTemplate(edges, np.ascontiguousarray(lines[inner]), cv2.TM_CCORR)
    best = float(fit.max())
    if best < _MOST * total or best < _GAIN * float(fit[reach, reach]):
        return None
    y, x = np.nonzero(fit >= _PLATEAU * best)
    return round(float(x.mean())) - reach, round(float(y.mean())) - reach


def move_back(image: NDArray[Any], shift: tuple[int, int]) -> NDArray[Any]:
    """Return the picture moved against a shift, its edge pixels repeated; (H, W, C)."""
    rows = np.clip(np.arange(image.shape[0]) + shift[1], 0, image.shape[0] - 1)
    columns = np.clip(np.arange(image.shape[1]) + shift[0], 0, image.shape[1] - 1)
    return np.ascontiguousarray(image[rows][:, columns])


def _edges(image: NDArray[Any], pixels: PixelFormat) -> NDArray[np.float32]:
    """Mark the pixels whose right or lower neighbour has another colour, (H, W) float32."""
    levels: NDArray[Any] = np.ascontiguousarray(image)
    if pixels.depth != 8:  # those are levels as they are
        levels = to_levels(levels.reshape(-1, image.shape[2]), pixels).reshape(image.shape)
    edges = np.zeros(image.shape[:2], np.float32)
    mark_edges(levels, image.shape[2] - 1 if pixels.has_alpha else -1, _EDGE_LEVELS, edges)
    return edges


def _lines(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Mark lines and borders of segments, a pixel wider on each side, (H, W) float32."""
    lines = (labels == 0).astype(np.uint8)
    lines[:, :-1][labels[:, 1:] != labels[:, :-1]] = 1
    lines[:-1][labels[1:] != labels[:-1]] = 1
    return cv2.dilate(lines, np.ones((3, 3), np.uint8)).astype(np.float32)
