"""Painted drawings as the networks see them, and what training varies of them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

__all__ = [
    "appearance",
    "distance_field",
    "hint_planes",
    "nearest",
    "network_color",
    "network_line",
    "picture_of",
    "sampled_hints",
    "source_cells",
    "spaced",
]

_INK = 128  # darker is ink
_FAR = 0.25  # of the size: the distance field ends there
_MORE_HINTS = 0.125  # of the geometric distribution of the number of hints
_LARGEST = 8  # side of a hint's patch


def network_color(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(..., H, W, 3) levels -> (..., 3, H, W) float32 in [-1, 1]."""
    return np.ascontiguousarray(np.moveaxis(picture.astype(np.float32) / 127.5 - 1, -1, -3))


def network_line(line: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(..., H, W) levels -> (..., 1, H, W) float32, -1 = ink, 1 = paper."""
    return line[..., None, :, :].astype(np.float32) / 127.5 - 1


def picture_of(output: Tensor) -> NDArray[np.uint8]:
    """(..., 3, H, W) in [-1, 1] -> (..., H, W, 3) levels."""
    levels = (output.detach().float().clamp(-1, 1) + 1) * 127.5
    return np.rint(np.moveaxis(levels.cpu().numpy(), -3, -1)).astype(np.uint8)


def distance_field(line: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return how far each pixel is from ink, (1, H, W): -1 on it, 1 from a quarter of the size on.

    Shi et al. 2020, section 3.1.
    """
    paper = (line >= _INK).astype(np.uint8)
    field = cv2.distanceTransform(paper, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    nearer = np.clip(field[None] / (_FAR * max(line.shape)), 0, 1)
    return np.asarray(nearer * 2 - 1, np.float32)


def appearance(
    pictures: NDArray[np.uint8], most: int, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Move all pictures' colours by one random amount a channel (Lee et al. 2020, section 3.2)."""
    noise = rng.integers(-most, most + 1, 3)
    return np.clip(pictures.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def source_cells(x: NDArray[np.float32], y: NDArray[np.float32], cells: int) -> NDArray[np.int64]:
    """Say which cell of the drawing each cell of the warped reference shows.

    Parameters
    ----------
    x, y
        (S, S) columns and rows that the warped picture is taken from.
    cells
        Cells a side.

    Returns
    -------
    (cells * cells,) int64
        By rows; -1 where it shows what lies outside the drawing.
    """
    size = x.shape[0]
    centers = np.int64((np.arange(cells) + 0.5) * size / cells)
    column = np.floor((x[np.ix_(centers, centers)] + 0.5) * cells / size)
    row = np.floor((y[np.ix_(centers, centers)] + 0.5) * cells / size)
    inside = (column >= 0) & (column < cells) & (row >= 0) & (row < cells)
    return np.where(inside, row * cells + column, -1).astype(np.int64).ravel()


def spaced(frames: int, count: int) -> tuple[int, ...]:
    """Return `count` frames from the first to the last, evenly spaced; the first alone for one.

    >>> spaced(9, 1), spaced(9, 2), spaced(9, 3)
    ((0,), (0, 8), (0, 4, 8))
    """
    places = np.rint(np.linspace(0, frames - 1, count)).astype(int)
    return tuple(sorted({int(place) for place in places}))


def nearest(given: Sequence[int], frame: int) -> int:
    """Return the painted frame that is nearest in time."""
    return min(given, key=lambda other: abs(other - frame))


def sampled_hints(
    size: tuple[int, int], rng: np.random.Generator, count: int | None = None
) -> NDArray[np.int64]:
    """Draw places of hints as Yuan and Simo-Serra 2021, section 4.1, do.

    Parameters
    ----------
    size
        Height and width.
    count
        None: drawn from the geometric distribution.

    Returns
    -------
    (N, 3) int64
        Top, left and side in pixels; all lie inside.
    """
    height, width = size
    number = int(rng.geometric(_MORE_HINTS)) if count is None else count
    side = rng.integers(1, _LARGEST + 1, number)
    center = rng.normal((height / 2, width / 2), (height / 4, width / 4), (number, 2))
    corner = np.int64(np.floor(center - side[:, None] / 2))
    corner = np.clip(corner, 0, np.array(size) - side[:, None])
    return np.concatenate([corner, side[:, None]], 1)


def hint_planes(picture: NDArray[np.uint8], places: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return hints, (4, H, W): the mean colour of each place in [-1, 1], and a mask; else 0."""
    planes = np.zeros((4, *picture.shape[:2]), np.float32)
    for top, left, side in places:
        box = np.s_[top : top + side, left : left + side]
        planes[:3, box[0], box[1]] = (picture[box].mean((0, 1)) / 127.5 - 1)[:, None, None]
        planes[3, box[0], box[1]] = 1
    return planes
