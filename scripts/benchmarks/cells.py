"""Procedural shots: a sheet of some hundred distinct closed cells that bends as time goes on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["write_shot"]

_STEPS = 6  # straight pieces of each cell side
_SHIFT = 4  # fractional bits of OpenCV's drawing coordinates


def _bend(points: NDArray[np.float64], frame: int, scale: float) -> NDArray[np.float64]:
    """Move points, (..., 2) in grid units, as a sheet that waves; returns pixels."""
    x, y = points[..., 0], points[..., 1]
    t = frame * 0.11
    dx = 0.28 * np.sin(0.9 * y + t) + 0.18 * np.sin(1.7 * x - 0.7 * t + y)
    dy = 0.28 * np.sin(0.8 * x - 0.6 * t) + 0.18 * np.cos(1.9 * y + t)
    return np.stack([x + dx, y + dy], axis=-1) * scale


def _cells(
    columns: int, rows: int, frame: int, scale: float, rng: np.random.Generator
) -> list[NDArray[np.int32]]:
    """Return the outline of every cell, row by row, in fixed point for OpenCV."""
    knots = np.stack(np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0)), axis=-1)
    knots += rng.uniform(-0.22, 0.22, knots.shape)  # no two cells alike
    share = np.linspace(0, 1, _STEPS, endpoint=False)[:, None]
    outlines = []
    for row in range(rows):
        for column in range(columns):
            corners = [
                knots[row, column],
                knots[row, column + 1],
                knots[row + 1, column + 1],
                knots[row + 1, column],
            ]
            sides = [
                a + (b - a) * share for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
            ]
            points = _bend(np.concatenate(sides), frame, scale) * (1 << _SHIFT)
            outlines.append(points.round().astype(np.int32))
    return outlines


def write_shot(
    folder: Path,
    *,
    width: int,
    height: int,
    cells: int,
    frames: int,
    painted: tuple[int, ...] = (1,),
    seed: int = 0,
) -> int:
    """Draw a shot into SHOT/line and SHOT/color, frames numbered from 1.

    Parameters
    ----------
    width, height : int
        Pixels.
    cells : int
        About how many cells; the paper around them is one segment more.
    frames : int
        All different.
    painted : tuple of int
        Frames that get a painting.
    seed : int
        Decides shape and colours.

    Returns
    -------
    int
        Cells drawn.
    """
    columns = max(1, round(np.sqrt(cells * width / height)))
    rows = max(1, round(cells / columns))
    scale = min(width / (columns + 2), height / (rows + 2))
    colors = np.random.default_rng(seed).integers(30, 255, (columns * rows, 4))
    colors[:, 3] = 255
    line_width = max(1, round(height / 360))
    (folder / "line").mkdir(parents=True, exist_ok=True)
    (folder / "color").mkdir(exist_ok=True)
    margin = np.int32((1 << _SHIFT) * scale)
    for frame in range(1, frames + 1):
        rng = np.random.default_rng(seed)
        outlines = [outline + margin for outline in _cells(columns, rows, frame, scale, rng)]
        line = np.full((height, width), 255, np.uint8)
        cv2.polylines(line, outlines, True, 0, line_width, cv2.LINE_AA, _SHIFT)
        _save(folder / "line" / f"{frame:04d}.png", line)
        if frame in painted:
            picture = np.zeros((height, width, 4), np.uint8)
            for outline, color in zip(outlines, colors.tolist(), strict=True):
                cv2.fillPoly(picture, [outline], color, cv2.LINE_8, _SHIFT)
            _save(folder / "color" / f"{frame:04d}.png", picture)
    return columns * rows


def _save(path: Path, image: NDArray[np.uint8]) -> None:
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
