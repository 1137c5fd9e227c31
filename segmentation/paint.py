"""Label map and one colour a segment to pixels."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation import _kernels as kernels

_PREVIEW_HUES = 24


def checked_labels(labels: NDArray[Any]) -> NDArray[np.int32]:
    """Return labels as C-contiguous (H, W) int32, or say what is wrong with them."""
    array = np.asarray(labels)
    if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "iu":
        raise ValueError(
            f"label map has shape {array.shape} and type {array.dtype}, expected (H, W) "
            "integers: pass the labels that segment() returned"
        )
    if int(array.min()) < 0:
        raise ValueError("label map holds negative ids, expected 0 for line and 1..N")
    return np.ascontiguousarray(array, dtype=np.int32)


def expand_labels(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Let every segment reach under its lines, to their middle.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified

    Returns
    -------
    (H, W) int32
        Without a 0 unless there is no segment at all. A pixel equally near (in 4-steps) to
        two segments goes to the one whose rim comes first in raster order.
    """
    grown = checked_labels(labels).copy()
    kernels.grow(grown, np.ones(grown.shape, np.bool_))
    return grown


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


def preview(labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Draw the segments in distinct colours, lines in black.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified

    Returns
    -------
    (H, W, 3) uint8 RGB
        Segments that meet across a line or a closed gap differ in colour.
    """
    from segmentation.regions import measure

    segments = measure(labels)
    neighbours: list[list[int]] = [[] for _ in range(segments.count + 1)]
    for a, b in segments.edges.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    tint = np.full(segments.count + 1, -1)
    for label in sorted(range(1, segments.count + 1), key=lambda i: -len(neighbours[i])):
        taken = {int(tint[other]) for other in neighbours[label]}
        start = label * 7
        free = (start + k for k in range(_PREVIEW_HUES) if (start + k) % _PREVIEW_HUES not in taken)
        tint[label] = next(free, start) % _PREVIEW_HUES
    table = np.zeros((segments.count + 1, 3), np.uint8)
    table[1:] = _tints()[tint[1:]]
    return np.asarray(paint(labels, table, under_lines=False), np.uint8)


def _tints() -> NDArray[np.uint8]:
    """Return (24, 3) uint8 colours, light enough to be seen beside black lines."""
    rows = []
    for i in range(_PREVIEW_HUES):
        hue, level = i % 12 / 12, i // 12
        rows.append(colorsys.hsv_to_rgb(hue, 0.75 - 0.35 * level, 0.8 + 0.2 * level))
    return np.rint(np.array(rows) * 255).astype(np.uint8)
