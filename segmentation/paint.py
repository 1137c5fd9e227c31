"""Label map and one colour a segment to pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation.labels import checked_labels, expand_labels


def paint(
    labels: NDArray[np.int32], colors: NDArray[Any], *, under_lines: bool = True
) -> NDArray[Any]:
    """Fill every segment with its colour, values copied untouched.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified
    colors : (N + 1, C), any dtype
        Row i is the colour of id i; row 0 is what line pixels get when nothing reaches them.
    under_lines : bool
        Whether colour reaches under the lines; if not, line pixels get row 0.

    Returns
    -------
    (H, W, C) of the dtype of `colors`
    """
    labels = checked_labels(labels)
    colors = np.asarray(colors)
    highest = int(labels.max())
    if colors.ndim != 2 or colors.shape[0] <= highest:
        raise ValueError(
            f"colour table has shape {colors.shape}, expected ({highest + 1}, C) or more rows: "
            "one row for each id and row 0 for bare line"
        )
    if under_lines:
        labels = expand_labels(labels)
    return _look_up(labels, colors)


def _look_up(labels: NDArray[np.int32], colors: NDArray[Any]) -> NDArray[Any]:
    """Index the table by pixel; whole colours move as one integer where they fit one."""
    colors = np.ascontiguousarray(colors)
    size = colors.dtype.itemsize * colors.shape[1]
    if size in (1, 2, 4, 8):
        packed = colors.view(f"u{size}")[:, 0]
        return packed[labels][:, :, None].view(colors.dtype)
    return np.take(colors, labels, axis=0)
