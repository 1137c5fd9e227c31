"""The marks of a quick hand: strokes that run beyond corners, and strokes drawn twice."""

from __future__ import annotations

from statistics import NormalDist

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.ink.borders import Border
from ant_core.training.synthesis.ink.ink_style import InkStyle
from ant_core.training.synthesis.ink.noise import field, grid

__all__ = ["overshoots", "redrawn_widths", "stray"]

_RING_PX = 9  # a corner's branches are looked at this far from it
_MOST_CORNERS = 1500


def overshoots(
    mask: NDArray[np.bool_], style: InkStyle, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return short lines that go on beyond some of the corners and junctions of lines.

    Parameters
    ----------
    mask
        (H, W) bool, lines one pixel wide.

    Returns
    -------
    (H, W) bool
    """
    lines = np.zeros(mask.shape, dtype=np.uint8)
    if style.overshoot <= 0:
        return lines.astype(bool)
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.5)
    corners = cv2.goodFeaturesToTrack(soft, _MOST_CORNERS, 0.15, _RING_PX)
    for x, y in np.zeros((0, 2)) if corners is None else np.rint(corners[:, 0]).astype(int):
        if rng.random() >= style.overshoot:
            continue
        ways = _branches(mask, int(y), int(x))
        if len(ways) < 2:
            continue
        turn = np.arctan2(*ways[rng.integers(len(ways))]) + rng.normal(0, 0.1)
        far = rng.uniform(0.3, 1.0) * style.overshoot_px
        end = (round(x - far * np.cos(turn)), round(y - far * np.sin(turn)))
        cv2.line(lines, (int(x), int(y)), end, 1)
    return lines.astype(bool)


def _branches(mask: NDArray[np.bool_], y: int, x: int) -> NDArray[np.float64]:
    """Return where lines leave a ring around a point, as rows of y, x from the point."""
    top, left = max(0, y - _RING_PX), max(0, x - _RING_PX)
    window = mask[top : y + _RING_PX + 1, left : x + _RING_PX + 1]
    rows, columns = np.indices(window.shape)
    away = np.hypot(rows + top - y, columns + left - x)
    ring = (window & (away > _RING_PX - 2.5) & (away <= _RING_PX)).astype(np.uint8)
    _, _, _, centers = cv2.connectedComponentsWithStats(ring, connectivity=8)
    return np.asarray(centers[1:, ::-1] + (top - y, left - x), dtype=np.float64)


def redrawn_widths(
    border: Border, width: NDArray[np.float32], style: InkStyle, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the pen width of the second strokes, (P,) float32; 0 where ink is drawn but once.

    Trace lines are drawn once: they belong to the clean-up.
    """
    noise = field(rng, border.mask.shape, style.redrawn_wave_px)[border.y, border.x]
    least = NormalDist().inv_cdf(1 - np.clip(style.redrawn, 0.001, 0.999))
    second = width * np.clip(4 * (noise - least), 0, 1) * rng.uniform(0.6, 1.0)
    second[(second < 0.5) | (border.kind > 0)] = 0
    return np.asarray(second, dtype=np.float32)


def stray(
    cover: NDArray[np.float32], style: InkStyle, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Displace ink by a slow noise: the second stroke meets the first here and leaves it there."""
    x, y = grid(cover.shape)
    x += style.redrawn_px * field(rng, cover.shape, style.redrawn_wave_px)
    y += style.redrawn_px * field(rng, cover.shape, style.redrawn_wave_px)
    moved = cv2.remap(cover, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, dtype=np.float32)
