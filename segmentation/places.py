"""Where the segments of a drawing lie, for reports and for programs that point at them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation import _place_kernels as kernels
from segmentation.labels import checked_labels


@dataclass(frozen=True)
class Places:
    """Where segments lie; row i describes id i + 1.

    Attributes
    ----------
    area : (N,) int64, pixels
    box : (N, 4) int32, x0, y0, x1, y1 in pixels, half-open
    point : (N, 2) int32
        A pixel x, y of the segment, well inside: the middle of a row of its pixels from which the
        way out of it is long in all four directions.
    """

    area: NDArray[np.int64]
    box: NDArray[np.int32]
    point: NDArray[np.int32]


def locate(labels: NDArray[np.int32]) -> Places:
    """Find where every segment of a label map lies.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line, 1..N = segments; not modified
        Ids without pixels get area 0, an empty box and the point 0, 0.

    Examples
    --------
    >>> labels = np.array([[1, 1, 1, 0, 2]] * 5, np.int32)
    >>> locate(labels).point.tolist()
    [[1, 2], [4, 0]]
    """
    labels = checked_labels(labels)
    count = int(labels.max(initial=0))
    places = Places(
        np.zeros(count, np.int64), np.zeros((count, 4), np.int32), np.zeros((count, 2), np.int32)
    )
    kernels.locate(labels, places.area, places.box, places.point)
    return places
