"""Label map to a table of segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation import _kernels as kernels
from segmentation.paint import checked_labels, expand_labels


@dataclass(frozen=True)
class Segments:
    """The segments of one drawing; row i describes id i + 1.

    Attributes
    ----------
    area : (N,) int64, pixels
    box : (N, 4) int32, x0, y0, x1, y1 in pixels, half-open
    centroid : (N, 2) float32, x, y in pixels
    touches_border : (N,) bool
    edges : (E, 2) int32, ids a < b of segments that meet across a line or a closed gap, sorted
    edge_length : (E,) int32, pixels of that shared boundary, measured in the line's middle
    """

    area: NDArray[np.int64]
    box: NDArray[np.int32]
    centroid: NDArray[np.float32]
    touches_border: NDArray[np.bool_]
    edges: NDArray[np.int32]
    edge_length: NDArray[np.int32]

    @property
    def count(self) -> int:
        """Number of segments N."""
        return int(self.area.size)


def measure(labels: NDArray[np.int32]) -> Segments:
    """Measure every segment of a label map.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line, 1..N = segments; not modified
        Ids without pixels get area 0, an empty box and a centroid of 0, 0.

    Returns
    -------
    Segments
    """
    labels = checked_labels(labels)
    count = int(labels.max())
    area = np.zeros(count, np.int64)
    box = np.zeros((count, 4), np.int32)
    total = np.zeros((count, 2), np.float64)
    border = np.zeros(count, np.bool_)
    kernels.tally(labels, area, box, total, border)
    centroid = (total / np.maximum(area, 1)[:, None]).astype(np.float32)
    edges, lengths = _adjacency(expand_labels(labels), count)
    return Segments(area, box, centroid, border, edges, lengths)


def _adjacency(
    expanded: NDArray[np.int32], count: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    base = count + 1
    codes, lengths = np.unique(kernels.contacts(expanded, base), return_counts=True)
    edges = np.stack([codes // base, codes % base], axis=1)
    real = edges[:, 0] > 0
    return edges[real].astype(np.int32), lengths[real].astype(np.int32)
