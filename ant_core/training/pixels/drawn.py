"""Painted clips of frames that an artist drew; see `pictures` for what is stored.

They have no exact flow and no places at rest: what needs those is not measured on them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.training.data.pictures import read_picture
from ant_core.training.pixels.pictures import cut, square_box
from ant_core.training.synthesis.clip import write_arrays

__all__ = ["make_drawn", "read_on_white"]

_INK = 128  # darker is ink


def make_drawn(lines: Sequence[Path], painted: Sequence[Path], size: int, path: Path) -> None:
    """Store a clip of drawn frames, cut to what is drawn, whole or not at all.

    Parameters
    ----------
    lines, painted
        Line art, dark on white, and the same frames painted without lines, on white or clear
        ground, in order. What is white and reaches the border counts as paper.
    size
        S, in pixels.

    Raises
    ------
    InputError
        A picture cannot be read, their numbers or sizes differ, or nothing is drawn.
    OutputError
        The place cannot be written to.
    """
    drawn = [read_on_white(one).min(-1) for one in lines]
    colors = [read_on_white(one) for one in painted]
    sizes = {one.shape[:2] for one in (*drawn, *colors)}
    if len(drawn) != len(colors) or len(sizes) != 1:
        raise InputError(
            f"{len(drawn)} frames of line art and {len(colors)} painted ones, of {len(sizes)} "
            "sizes: give each frame once in both, all of one size"
        )
    figures = [_painted(one) for one in colors]
    inside = np.any([*figures, *(one < _INK for one in drawn)], axis=0)
    if not inside.any():
        raise InputError(f"nothing is drawn in {lines[0]} and the others: give other frames")
    box = square_box(inside)

    def small(planes: Sequence[NDArray[Any]], how: int, outside: int) -> NDArray[Any]:
        return np.stack([cut(one, box, size, how, outside) for one in planes])

    meta = {"name": path.stem, "split": "test", "characters": [], "paints": ["drawn"]}
    write_arrays(
        path,
        {
            "line": small(drawn, cv2.INTER_AREA, 255),
            "color": small(colors, cv2.INTER_AREA, 255)[None],
            "ids": small([one.astype(np.int16) for one in figures], cv2.INTER_NEAREST, 0),
            "rest": np.zeros(0, np.float16),
            "flow": np.zeros(0, np.float16),
            "meta": np.array(json.dumps(meta)),
        },
    )


def read_on_white(path: Path) -> NDArray[np.uint8]:
    """Read a picture as (H, W, 3) RGB on white; InputError when it is none."""
    image = read_picture(path)
    if image.ndim == 2:
        return np.repeat(image[..., None], 3, -1)
    cover = image[..., 3:] / 255 if image.shape[2] == 4 else 1.0
    return np.rint(image[..., :3] * cover + 255 * (1 - cover)).astype(np.uint8)


def _painted(color: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Tell what is painted, (H, W): all but the white that reaches the border."""
    white = np.pad((color == 255).all(-1), 1, constant_values=True)
    _, ids = cv2.connectedComponents(white.astype(np.uint8), connectivity=4)
    return np.asarray(ids[1:-1, 1:-1] != ids[0, 0])
