"""Small pictures of one segment in its drawing: close by, and with surroundings."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.data.true_shots import TrueFrame

__all__ = ["TILE_PX", "Tiles", "tiles"]

TILE_PX = 160
_CLOSE, _WIDE = 1.3, 4.0  # window's side in units of the segment's longer side
_LEAST_CLOSE_PX, _LEAST_WIDE_PX = 24, 160
_MARK = np.array([255, 120, 0], np.float32)  # RGB
_PAPER = 255
_EASILY_SEEN_PX = 16  # smaller marks get a ring

Tiles = tuple[NDArray[np.uint8], NDArray[np.uint8]]  # close and wide, (TILE_PX, TILE_PX, 3) RGB


def tiles(frame: TrueFrame, row: int) -> Tiles:
    """Picture the segment of a row, marked in colour, close by and with its surroundings.

    From the drawing where the frame keeps it, or else from what the network sees of it.
    """
    if frame.labels is None or frame.darkness is None:
        dark, mask, wide_dark, wide_mask = frame.crops[row].astype(np.float32) / 255
        return _tile(dark, mask), _tile(wide_dark, wide_mask)
    mask = frame.labels == row + 1
    y, x = np.nonzero(mask)
    middle = ((y.min() + y.max()) / 2, (x.min() + x.max()) / 2)
    side = max(y.max() - y.min(), x.max() - x.min()) + 1
    close = max(_CLOSE * side, _LEAST_CLOSE_PX)
    wide = max(_WIDE * side, _LEAST_WIDE_PX)
    planes: list[NDArray[np.float32]] = [
        np.asarray(frame.darkness, np.float32) / np.float32(255),
        np.asarray(mask, np.float32),
    ]
    return (
        _tile(*(_window(plane, middle, close) for plane in planes)),
        _tile(*(_window(plane, middle, wide) for plane in planes)),
    )


def _window(
    plane: NDArray[np.float32], middle: tuple[float, float], side: float
) -> NDArray[np.float32]:
    """Cut a square around (y, x) and bring it to the tile's size; 0 outside the picture."""
    scale = TILE_PX / side
    shift = [(TILE_PX / 2 - scale * centre) for centre in (middle[1], middle[0])]
    move = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]], np.float64)
    if scale < 1:  # a thin line must not fall between the samples
        spread = max(1, round(1 / scale)) | 1
        plane = cv2.blur(plane, (spread, spread)).astype(np.float32)
    cut: Any = cv2.warpAffine(plane, move, (TILE_PX, TILE_PX), flags=cv2.INTER_LINEAR)
    return np.asarray(cut, np.float32)


def _tile(dark: NDArray[np.float32], mask: NDArray[np.float32]) -> NDArray[np.uint8]:
    size = (TILE_PX, TILE_PX)
    dark = np.asarray(cv2.resize(dark, size, interpolation=cv2.INTER_LINEAR), np.float32)
    mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.float32)
    ground = _PAPER + mask[..., None] * (_MARK - _PAPER)
    # As the network does: thin lines average to pale grey, the root brings them back.
    tile = (ground * (1 - np.sqrt(np.clip(dark, 0, 1)))[..., None]).round().astype(np.uint8)
    x, y, width, height = cv2.boundingRect((mask > 0).astype(np.uint8))
    if 0 < max(width, height) < _EASILY_SEEN_PX:
        middle = (x + width // 2, y + height // 2)
        cv2.circle(tile, middle, _EASILY_SEEN_PX, _MARK.tolist(), 2, cv2.LINE_AA)
    return tile
