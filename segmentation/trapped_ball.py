"""Line mask to label map, closed across gaps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation import _kernels as kernels
from segmentation.lines import LineArt


@dataclass(frozen=True)
class Segmentation:
    """The segments of one drawing.

    Attributes
    ----------
    labels : (H, W) int32, 0 = line, 1..N in raster order of the first pixel
    gap_px : widest hole that was closed, in pixels
    closed_gaps : (G, 4) float32, x0, y0, x1, y1 in pixels: the two sides of each closed hole
    """

    labels: NDArray[np.int32]
    gap_px: float
    closed_gaps: NDArray[np.float32]


def default_gap(shape: tuple[int, int], line_width_px: float) -> float:
    """Return the widest hole to close, in pixels: a 220th of the diagonal, kept to the line.

    8-10 px at 1080p and twice that at 4K; between one and ten line widths, so that thin lines
    on a huge canvas do not close what is meant to be open.
    """
    wanted = float(np.hypot(*shape)) / 220
    return float(np.clip(wanted, line_width_px, max(10 * line_width_px, 2.0)))


def segment(lines: LineArt, gap_px: float | None = None) -> Segmentation:
    """Divide a drawing into line-enclosed segments that do not leak through gaps.

    Parameters
    ----------
    lines : LineArt; not modified
    gap_px : float or None
        Widest hole in a line to close, in pixels; 0 closes nothing; None derives it from line
        width and image size.

    Returns
    -------
    Segmentation
    """
    gap = default_gap(lines.ink.shape, lines.line_width_px) if gap_px is None else float(gap_px)
    if not 0 <= gap <= 400:
        raise ValueError(f"gap width is {gap} px, expected 0 to 400")
    free = ~lines.ink
    mask = free.astype(np.uint8)
    if not mask.any():
        return Segmentation(np.zeros(mask.shape, np.int32), gap, np.zeros((0, 4), np.float32))
    padded = cv2.copyMakeBorder(mask, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    reach = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    balls = (reach > gap / 2 + 0.5).astype(np.uint8)
    count, labels = cv2.connectedComponents(balls, connectivity=4, ltype=cv2.CV_32S)
    kernels.grow(labels, free)
    rest = ((labels == 0) & free).astype(np.uint8)
    _, more = cv2.connectedComponents(rest, connectivity=4, ltype=cv2.CV_32S)
    labels = np.where(more > 0, more + (count - 1), labels).astype(np.int32)
    kernels.renumber(labels)
    return Segmentation(labels, gap, np.zeros((0, 4), np.float32))
