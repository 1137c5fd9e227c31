"""What the network sees of a drawing: crops, boxes, shape features, adjacency of segments.

Crops and boxes are those of Casey et al. (ICCV 2021), section 3.1: the line image and the
segment's mask inside the segment's bounding box, resized to 32 x 32. Beside them stand a second
pair of crops with the surroundings, and a row of hand-made shape features, which our own
configuration of the network uses and `ant_paper` does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.matching._descriptor_kernels import CROP, accumulate_moments, sample_crops
from ant_core.matching.flow import SmallDrawing, shrink
from segmentation import LineArt, Segments

__all__ = [
    "CROP",
    "DESCRIPTOR_VERSION",
    "SHAPE_FEATURES",
    "Descriptors",
    "adjacency_matrix",
    "describe",
    "edges_between",
    "pair_geometry",
]

DESCRIPTOR_VERSION = 1  # written into model files; raised whenever a number below changes meaning

SHAPE_FEATURES = (
    "log_area",  # natural log of area / picture area
    "log_width",  # natural log of box width / longer side of the picture
    "log_height",
    "extent",  # area / box area
    "compactness",  # 4 pi area / perimeter^2
    "elongation",  # 0 round .. 1 a line
    "cos_2_angle",  # direction of the longer axis, times elongation
    "sin_2_angle",
    "touches_border",
    "neighbours",  # log(1 + number of adjacent segments)
    "content_x",  # centroid inside the box of all segments but those at the border, -1 .. 1
    "content_y",
    "log_content_area",  # natural log of area / area of that box
    "line_width",  # line width / 8 px
)

_CONTEXT = 3.0  # side of the second crop in units of the box's longer side
_SMALLEST_WINDOW_PX = 8.0  # specks are shown with some surroundings, not blown up to noise


@dataclass(frozen=True)
class Descriptors:
    """The segments of one drawing as the network sees them; row i is segment id i + 1.

    Attributes
    ----------
    crops : (N, 4, 32, 32) uint8
        Line darkness and mask in the segment's box, then both in a square three times as large.
    shape : (N, len(SHAPE_FEATURES)) float32
    box : (N, 4) float32
        Centre x, centre y, width, height; the picture's centre is 0, its longer side is 2.
    edges : (E, 2) int32
        Rows of adjacent segments, first < second.
    edge_weight : (E,) float32
        Length of the shared boundary in pixels.
    size : (int, int)
        Height and width of the drawing in pixels.
    line_width_px : float
    small : SmallDrawing or None
        What optical flow is taken of; None where there are descriptors but no picture.
    """

    crops: NDArray[np.uint8]
    shape: NDArray[np.float32]
    box: NDArray[np.float32]
    edges: NDArray[np.int32]
    edge_weight: NDArray[np.float32]
    size: tuple[int, int]
    line_width_px: float
    small: SmallDrawing | None = None

    @property
    def count(self) -> int:
        """The number of segments, N."""
        return len(self.box)


def describe(lines: LineArt, labels: NDArray[np.int32], segments: Segments) -> Descriptors:
    """Describe every segment of a drawing.

    Parameters
    ----------
    lines : LineArt
        The line layer that the labels come from.
    labels : (H, W) int32
        Label map, 0 = line, 1..N = segments; not modified.
    segments : Segments
        `segmentation.measure(labels)`.

    Returns
    -------
    Descriptors
        With N = 0 rows for a drawing without segments.
    """
    height, width = labels.shape
    box = _normalised_boxes(segments, (height, width))
    return Descriptors(
        crops=_crops(lines.darkness, labels, segments),
        shape=_shape_features(lines, labels, segments),
        box=box,
        edges=(segments.edges - 1).astype(np.int32).reshape(-1, 2),
        edge_weight=segments.edge_length.astype(np.float32),
        size=(height, width),
        line_width_px=float(lines.line_width_px),
        small=shrink(lines.darkness, labels, segments.centroid),
    )


def _normalised_boxes(segments: Segments, size: tuple[int, int]) -> NDArray[np.float32]:
    height, width = size
    x0, y0, x1, y1 = segments.box.astype(np.float32).reshape(-1, 4).T
    half = max(height, width) / 2.0
    box = np.stack(
        [
            ((x0 + x1) - width) / 2 / half,
            ((y0 + y1) - height) / 2 / half,
            (x1 - x0) / half,
            (y1 - y0) / half,
        ],
        axis=1,
    )  # (N, 4)
    return box.astype(np.float32)


def _crops(
    darkness: NDArray[np.uint8], labels: NDArray[np.int32], segments: Segments
) -> NDArray[np.uint8]:
    count = len(segments.area)
    crops = np.zeros((count, 4, CROP, CROP), np.uint8)
    if count == 0:
        return crops
    labels = np.ascontiguousarray(labels)
    pyramid, shapes, starts = _mean_pyramid(np.ascontiguousarray(darkness))
    x0, y0, x1, y1 = segments.box.astype(np.float32).T
    centre_x, centre_y = (x0 + x1) / 2, (y0 + y1) / 2
    half_w = np.maximum(x1 - x0, _SMALLEST_WINDOW_PX) / 2
    half_h = np.maximum(y1 - y0, _SMALLEST_WINDOW_PX) / 2
    tight = np.stack(
        [centre_x - half_w, centre_y - half_h, centre_x + half_w, centre_y + half_h], axis=1
    )
    boxes = segments.box
    sample_crops(labels, boxes, pyramid, shapes, starts, tight.astype(np.float32), 3, crops, 0)
    half = np.maximum(half_w, half_h) * _CONTEXT
    around = np.stack([centre_x - half, centre_y - half, centre_x + half, centre_y + half], axis=1)
    sample_crops(labels, boxes, pyramid, shapes, starts, around.astype(np.float32), 2, crops, 2)
    return crops


def _mean_pyramid(
    picture: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
    """Halve a picture until a side is below CROP; return levels, flat, with shapes and starts."""
    levels = [picture]
    while min(levels[-1].shape) >= 2 * CROP:
        height, width = levels[-1].shape
        even = levels[-1][: height // 2 * 2, : width // 2 * 2]
        half = cv2.resize(even, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
        levels.append(half.astype(np.uint8, copy=False))
    shapes = np.array([level.shape for level in levels], np.int64)
    starts = np.concatenate([[0], np.cumsum(shapes.prod(axis=1))[:-1]]).astype(np.int64)
    return np.concatenate([level.ravel() for level in levels]), shapes, starts


def _shape_features(
    lines: LineArt, labels: NDArray[np.int32], segments: Segments
) -> NDArray[np.float32]:
    count = len(segments.area)
    features = np.zeros((count, len(SHAPE_FEATURES)), np.float32)
    if count == 0:
        return features
    height, width = labels.shape
    area = segments.area.astype(np.float64)
    x0, y0, x1, y1 = segments.box.astype(np.float64).T
    moments = np.zeros((count, 4))
    accumulate_moments(np.ascontiguousarray(labels), segments.centroid.astype(np.float64), moments)
    # 1/12: the variance of a single pixel, without which thin segments have none across.
    xx, yy, xy = moments[:, 0] / area + 1 / 12, moments[:, 1] / area + 1 / 12, moments[:, 2] / area
    spread = np.hypot(xx - yy, 2 * xy)
    elongation = spread / (xx + yy)
    angle = np.arctan2(2 * xy, xx - yy)
    degree = np.bincount(segments.edges.ravel() - 1, minlength=count)
    centre, half, content_area = _content_box(segments, (height, width))
    longer = max(height, width)
    columns = [
        np.log(area / (height * width)),
        np.log((x1 - x0) / longer),
        np.log((y1 - y0) / longer),
        area / ((x1 - x0) * (y1 - y0)),
        np.minimum(4 * np.pi * area / np.maximum(moments[:, 3], 1) ** 2, 1.0),
        elongation,
        elongation * np.cos(angle),
        elongation * np.sin(angle),
        segments.touches_border.astype(np.float64),
        np.log1p(degree),
        np.clip((segments.centroid[:, 0] - centre[0]) / half[0], -2, 2),
        np.clip((segments.centroid[:, 1] - centre[1]) / half[1], -2, 2),
        np.log(area / content_area),
        np.full(count, lines.line_width_px / 8.0),
    ]
    features[:] = np.stack(columns, axis=1)
    return features


def _content_box(
    segments: Segments, size: tuple[int, int]
) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Centre, half sides and area of the box around all segments that do not touch the border."""
    inner = segments.box[~segments.touches_border]
    if len(inner) == 0:
        inner = np.array([[0, 0, size[1], size[0]]])
    x0, y0 = inner[:, :2].min(axis=0)
    x1, y1 = inner[:, 2:].max(axis=0)
    half = (max((x1 - x0) / 2, 1.0), max((y1 - y0) / 2, 1.0))
    return (float(x0 + x1) / 2, float(y0 + y1) / 2), half, float(4 * half[0] * half[1])


def pair_geometry(
    shape: NDArray[np.float32], box: NDArray[np.float32], offset: float
) -> NDArray[np.float32]:
    """Gather what the network compares between every two segments.

    Returns (N, 8) float32: box centre x, y, width, height, content x, y, log area, and the frame
    offset of the drawing (target frame - its own frame; 0 for the target itself).
    """
    columns = [SHAPE_FEATURES.index(name) for name in ("content_x", "content_y", "log_area")]
    frame = np.full((len(box), 1), offset, np.float32)
    return np.concatenate([box, shape[:, columns], frame], axis=1)


def edges_between(
    rows: NDArray[np.int64],
    count: int,
    edges: NDArray[np.int32],
    edge_weight: NDArray[np.float32],
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the edges between some of `count` rows, as places in `rows`, and their weights."""
    place = np.full(count, -1, np.int32)
    place[rows] = np.arange(len(rows))
    moved = place[edges]
    inside = (moved >= 0).all(axis=1)
    return moved[inside], edge_weight[inside]


def adjacency_matrix(
    count: int, edges: NDArray[np.int32], edge_weight: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return (N, N) float32: share of each row's boundary that it has with each column."""
    matrix = np.zeros((count, count), np.float32)
    if len(edges):
        matrix[edges[:, 0], edges[:, 1]] = edge_weight
        matrix[edges[:, 1], edges[:, 0]] = edge_weight
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1e-6)
