"""Label map to a table of segments, and to a picture that shows them."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation import _kernels as kernels
from segmentation.labels import checked_labels, expand_labels
from segmentation.paint import paint

_PREVIEW_HUES = 24


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


def preview(labels: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Draw the segments in distinct colours, lines in black.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified

    Returns
    -------
    (H, W, 3) uint8 RGB
        Segments that meet across a line or a closed gap differ in colour. One that stays as it is
        while others are joined or parted mostly keeps its own.
    """
    segments = measure(labels)
    neighbours: list[list[int]] = [[] for _ in range(segments.count + 1)]
    for a, b in segments.edges.tolist():
        neighbours[a].append(b)
        neighbours[b].append(a)
    tint = np.full(segments.count + 1, -1)
    starts = [0, *(_place_hash(labels, label, box) for label, box in enumerate(segments.box, 1))]
    for label in sorted(range(1, segments.count + 1), key=lambda i: -len(neighbours[i])):
        taken = {int(tint[other]) for other in neighbours[label]}
        start = starts[label]
        free = (start + k for k in range(_PREVIEW_HUES) if (start + k) % _PREVIEW_HUES not in taken)
        tint[label] = next(free, start) % _PREVIEW_HUES
    table = np.zeros((segments.count + 1, 3), np.uint8)
    table[1:] = _tints()[tint[1:]]
    return np.asarray(paint(labels, table, under_lines=False), np.uint8)


def _place_hash(labels: NDArray[np.int32], label: int, box: NDArray[np.int32]) -> int:
    """Return a number that belongs to a segment's first pixel, not to its own number."""
    x, y, right, _ = box.tolist()
    if x == right:  # an id without pixels
        return 0
    return 31 * y + 17 * (x + int(np.argmax(labels[y, x:right] == label)))


def _tints() -> NDArray[np.uint8]:
    """Return (24, 3) uint8 colours, light enough to be seen beside black lines."""
    rows = []
    for i in range(_PREVIEW_HUES):
        hue, level = i % 12 / 12, i // 12
        rows.append(colorsys.hsv_to_rgb(hue, 0.75 - 0.35 * level, 0.8 + 0.2 * level))
    return np.rint(np.array(rows) * 255).astype(np.uint8)
