"""The tone of the paper from place to place: light, tint and shade of scans and photographs."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

# Blocks along the diagonal: far larger than a line, far smaller than a picture.
_BLOCKS = 70
_LEAST_PX = 16
# Paper is the tone that this share of a block's pixels stays under: lines take less than the rest.
_PAPER_SHARE = 0.65
# Paper whose blocks differ by this much is uneven.
_UNEVEN = 6
# A block darker than its surroundings' paper by this much is ink.
_INK = 24.0
_FITS = 12


@dataclass(frozen=True)
class Paper:
    """Paper tones in the middle of square blocks.

    Attributes
    ----------
    tones : (B, K, C) float32, B x K blocks
    side_px : side of a block in pixels
    """

    tones: NDArray[np.float32]
    side_px: int


def block_side(shape: tuple[int, int], step: int) -> int:
    """Side of a block in samples, `step` pixels apart."""
    return max(6, round(max(_LEAST_PX, float(np.hypot(*shape)) / _BLOCKS) / step))


def blocks_of(sample: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Cut samples into square blocks, mirrored at the far edges.

    Parameters
    ----------
    sample : (h, w, C) uint8; not modified
    side : int
        Side of a block in samples.

    Returns
    -------
    (B, K, C, side * side) uint8
    """
    height, width, channels = sample.shape
    rows, columns = -(-height // side), -(-width // side)
    room = ((0, rows * side - height), (0, columns * side - width), (0, 0))
    # Mirrored only where there is enough to mirror.
    how = "reflect" if min(height, width) > side else "edge"
    whole = np.pad(sample, room, mode=how)  # type: ignore[call-overload]
    parts = whole.reshape(rows, side, columns, side, channels).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(parts).reshape(rows, columns, channels, side * side)


def tones(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Paper tone of every block, (B, K, C) float32, where paper is lighter than ink."""
    place = int(_PAPER_SHARE * blocks.shape[3])
    return np.partition(blocks, place, axis=3)[..., place].astype(np.float32)


def uneven(blocks: NDArray[np.float32], darkest: int) -> bool:
    """Tell whether paper differs from place to place; blocks under `darkest` are ink."""
    paper = blocks[blocks > darkest]
    if paper.size == 0:
        return False
    low, high = np.percentile(paper, (3, 97))
    return bool(high - low > _UNEVEN)


def fit(blocks: NDArray[np.float32], side_px: int) -> Paper:
    """Fit paper to block tones, past blocks that are full of ink.

    A surface of second order is fitted again and again with blocks the less weight the darker
    they are than it; what light blocks differ from it is then smoothed and added.

    Parameters
    ----------
    blocks : (B, K, C) float32; not modified
    side_px : int
        Side of a block in pixels.
    """
    rows, columns, channels = blocks.shape
    ys, xs = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    terms = np.stack([np.ones_like(xs), xs, ys, xs * ys, xs * xs, ys * ys], axis=-1)
    flat = terms.reshape(-1, 6)
    level = blocks.min(axis=2).ravel()
    weight = np.where(level >= np.median(level[level >= level.mean()]) - _INK, 1.0, 0.02)
    for _ in range(_FITS):
        solved = _solve(flat, blocks.reshape(-1, channels), weight)
        below = (flat @ solved - blocks.reshape(-1, channels)).max(axis=1)
        weight = np.where(below > _INK / 4, (_INK / 4 / np.maximum(below, 1)) ** 2, 1.0)
    surface = (flat @ solved).reshape(blocks.shape)
    paper = ((surface - blocks).max(axis=2) < _INK).astype(np.float32)
    rest = np.asarray(blocks - surface, np.float32) * paper[:, :, None]
    near = _smooth(paper)[:, :, None]
    local = _smooth(rest).reshape(blocks.shape) / np.maximum(near, 1e-3)
    shown = surface + local * np.minimum(1, 4 * near)
    return Paper(np.ascontiguousarray(np.clip(shown, 1, 255), np.float32), side_px)


def _solve(
    terms: NDArray[np.float64], values: NDArray[np.float32], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    weighted = terms * weight[:, None]
    # A touch of ridge: pictures of a block or two leave terms undetermined.
    square = terms.T @ weighted + 1e-6 * np.eye(terms.shape[1])
    return np.asarray(np.linalg.solve(square, weighted.T @ values))


def _smooth(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(
        cv2.GaussianBlur(plane, (0, 0), 1.0, borderType=cv2.BORDER_REFLECT), np.float32
    )
