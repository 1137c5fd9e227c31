"""Pictures of finished shots: line drawings with the true colours beside them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError

__all__ = ["color_numbers", "read_picture", "shot_pictures"]


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


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read a picture as (H, W) grey or (H, W, 3|4) RGB(A)."""
    image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise InputError(f"{path} is no picture that OpenCV can read; export it again as PNG")
    codes = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
    turned = cv2.cvtColor(image, codes[image.shape[2]]) if image.ndim == 3 else image
    return turned.astype(np.uint8, copy=False)


def color_numbers(truth: NDArray[np.uint8], numbers: dict[int, int]) -> NDArray[np.int32]:
    """Number the colours of a picture; equal colours of a shot have equal numbers.

    Parameters
    ----------
    truth
        (H, W, 3|4) uint8 RGB(A). Fully transparent is number 0.
    numbers
        Number of each colour R << 16 | G << 8 | B seen so far, from 1; added to.

    Returns
    -------
    (H, W) int32
    """
    code = truth[..., :3].astype(np.int64) @ np.array([1 << 16, 1 << 8, 1])
    if truth.shape[2] == 4:
        code[truth[..., 3] == 0] = -1
    values, index = np.unique(code, return_inverse=True)
    table = [0 if v < 0 else numbers.setdefault(v, len(numbers) + 1) for v in values.tolist()]
    return np.array(table, np.int32)[index].reshape(code.shape)
