"""Finished shots as clips: line drawings with the true colours beside them, for evaluation.

A colour is all that such pictures tell of a part, so part and colour are the same number.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.synthesis.clip import clip_arrays, sample
from ant_core.synthesis.ink import Drawn
from ant_core.synthesis.source import SourceClip, SourceFrame, Split

__all__ = ["shot_arrays", "shot_pictures"]


def shot_pictures(folder: Path) -> list[tuple[Path, Path]]:
    """Pair line/NAME.png and truth/NAME.png of a folder, in the order of their names."""
    pairs = [
        (line, folder / "truth" / line.name) for line in sorted((folder / "line").glob("*.png"))
    ]
    missing = [truth for _, truth in pairs if not truth.exists()]
    if missing or not pairs:
        what = f"{missing[0]} is missing" if missing else f"{folder / 'line'} holds no PNG files"
        raise InputError(f"{what}; a shot with true colours is line/NAME.png and truth/NAME.png")
    return pairs


def _read(path: Path) -> NDArray[np.uint8]:
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise InputError(f"{path} is no picture that OpenCV can read; export it again as PNG")
    codes = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
    return cv2.cvtColor(image, codes[image.shape[2]]) if image.ndim == 3 else image


def shot_arrays(
    name: str, split: Split, pictures: Sequence[tuple[Path, Path]]
) -> dict[str, NDArray[np.generic]]:
    """Segment and describe a shot; return the arrays of a stored clip (see `clip`).

    `pictures` are (line, truth) paths of one size. Fully transparent truth is colour 0.
    """
    numbers: dict[int, int] = {}
    drawn, frames = [], []
    for line_path, truth_path in pictures:
        truth = _read(truth_path)
        alpha = truth[..., 3] if truth.shape[2] == 4 else np.full(truth.shape[:2], 255, np.uint8)
        code = truth[..., :3].astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
        code[alpha == 0] = -1
        values, index = np.unique(code, return_inverse=True)
        table = [0 if v < 0 else numbers.setdefault(int(v), len(numbers) + 1) for v in values]
        ids = np.array(table, np.int32)[index].reshape(code.shape)
        frames.append(SourceFrame(ids))
        drawn.append(sample(Drawn(_read(line_path), ids)))
    colors = {n: (v >> 16, v >> 8 & 255, v & 255) for v, n in numbers.items()}
    clip = SourceClip(name, split, (name,), (name,), frames, colors)
    return clip_arrays(clip, drawn)
