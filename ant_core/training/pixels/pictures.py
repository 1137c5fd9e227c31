"""Small painted clips with exact truth, which the networks that paint pixels learn from.

A stored clip is one .npz file; F frames of S x S pixels, P kinds of paint:

    line (F, S, S) uint8           255 = paper, dark = ink
    color (P, F, S, S, 3) uint8    RGB on white paper, without lines
    ids (F, S, S) int16            part ids, 0 = paper
    rest (F, S, S, 3) float16      where the surface lies while its figure stands at rest
    flow (F - 1, S, S, 2) float16  exact flow x, y to the next frame, in pixels
    meta () str                    JSON: name, split, characters, paints

Clips of drawn frames have one part, the painted pixels, and empty `rest` and `flow`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError

__all__ = [
    "PictureClip",
    "clip_paths",
    "cut",
    "load_pictures",
    "on_white",
    "square_box",
]

_MARGIN = 0.06  # of the figures' box, on every side


@dataclass(frozen=True)
class PictureClip:
    """One stored clip; see the module for shapes."""

    name: str
    paints: tuple[str, ...]
    line: NDArray[np.uint8]
    color: NDArray[np.uint8]
    ids: NDArray[np.int16]
    rest: NDArray[np.float16]
    flow: NDArray[np.float16]

    @property
    def is_exact(self) -> bool:
        """Whether true parts, places at rest and flow are known."""
        return self.flow.size > 0


def square_box(inside: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom of a square around what is there; it may reach outside."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    side = int(max(bottom - top, right - left) * (1 + 2 * _MARGIN))
    x, y = int(left + right - side) // 2, int(top + bottom - side) // 2
    return x, y, x + side, y + side


def cut(
    plane: NDArray[Any], box: tuple[int, int, int, int], size: int, how: int, outside: int
) -> NDArray[Any]:
    """Return a part of a plane in another size; what lies beside it is `outside`."""
    left, top, right, bottom = box
    height, width = plane.shape[:2]
    above, below = max(0, -top), max(0, bottom - height)
    before, after = max(0, -left), max(0, right - width)
    value = (outside,) * 4
    padded = cv2.copyMakeBorder(
        plane, above, below, before, after, cv2.BORDER_CONSTANT, value=value
    )
    inner = padded[top + above : bottom + above, left + before : right + before]
    return cv2.resize(inner, (size, size), interpolation=how)


def on_white(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return (H, W, 3) of (H, W, 4) RGBA: what is painted at all, else white."""
    return np.where(image[..., 3:] > 0, image[..., :3], 255).astype(np.uint8)


def clip_paths(folder: Path) -> list[Path]:
    """Return the clips of a folder; InputError when there are none."""
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise InputError(f"no clips (*.npz) in {folder}: make some with scripts/pixels.py generate")
    return paths


def load_pictures(path: Path) -> PictureClip:
    """Read a stored clip; InputError when it is none."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            meta = json.loads(str(arrays["meta"]))
            planes = {name: arrays[name] for name in ("line", "color", "ids", "rest", "flow")}
            return PictureClip(meta["name"], tuple(meta["paints"]), **planes)
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise InputError(
            f"{path} is no clip of scripts/pixels.py generate ({error}): remove it"
        ) from error
