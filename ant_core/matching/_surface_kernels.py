"""Numba kernels behind `ant_core.matching.surface_maps`: flat typed arrays in and out."""

from __future__ import annotations

import numpy as np

from segmentation._jit import kernel


@kernel()
def add_square(  # noqa: PLR0917 - Numba kernels take flat arguments
    sums: np.ndarray, row: int, place: int, weight: float, x: float, y: float
) -> None:
    """Add xx, xy, x, yy, y and 1, weighted, to six sums of a row from a place on."""
    sums[row, place] += weight * x * x
    sums[row, place + 1] += weight * x * y
    sums[row, place + 2] += weight * x
    sums[row, place + 3] += weight * y * y
    sums[row, place + 4] += weight * y
    sums[row, place + 5] += weight


@kernel()
def sum_pixels(  # noqa: PLR0917 - Numba kernels take flat arguments
    labels: np.ndarray,
    reached: np.ndarray,
    chosen: np.ndarray,
    there_x: np.ndarray,
    there_y: np.ndarray,
    weights: np.ndarray,
    known: np.ndarray,
    centers: np.ndarray,
    moves: np.ndarray,
    robust: bool,
    sums: np.ndarray,
) -> None:
    """Sum up what the pixels of every segment that lead to its chosen segment say of its move.

    labels, reached: (h, w) int32, the segment of every pixel and the one that it leads to, 0 where
    it does not count; chosen: (N + 1,) int32, 0 where there is none; there_x, there_y: (h, w)
    float32, where pixels lead; weights: (h, w) float32, how much each counts; known: (h, w, 3)
    float32, in which directions; centers: (N + 1, 2) float64, x and y that places are counted from;
    moves: (N + 1, 6) float64, the last fit: dx = m0 x + m1 y + m2, dy = m3 x + m4 y + m5; robust:
    whether a pixel counts by Geman and McClure's function of its error there, in pixels; sums:
    (N + 1, 24) float64, 0 before: of xx, xy, x, yy, y, 1 weighted with each of the known, then of
    x, y, 1 weighted with the move's x and y.
    """
    height, width = labels.shape
    count = chosen.shape[0]
    for row in range(height):
        for column in range(width):
            i = labels[row, column]
            if i == 0 or i >= count or reached[row, column] == 0:
                continue
            if reached[row, column] != chosen[i]:
                continue
            x = column - centers[i, 0]
            y = row - centers[i, 1]
            dx = float(there_x[row, column]) - column
            dy = float(there_y[row, column]) - row
            a = float(known[row, column, 0])
            b = float(known[row, column, 1])
            c = float(known[row, column, 2])
            weight = float(weights[row, column])
            if robust:
                u = moves[i, 0] * x + moves[i, 1] * y + moves[i, 2] - dx
                v = moves[i, 3] * x + moves[i, 4] * y + moves[i, 5] - dy
                near = 1.0 / (1.0 + a * u * u + 2.0 * b * u * v + c * v * v)
                weight *= near * near
            add_square(sums, i, 0, weight * a, x, y)
            add_square(sums, i, 6, weight * b, x, y)
            add_square(sums, i, 12, weight * c, x, y)
            p = weight * (a * dx + b * dy)
            q = weight * (b * dx + c * dy)
            sums[i, 18] += p * x
            sums[i, 19] += p * y
            sums[i, 20] += p
            sums[i, 21] += q * x
            sums[i, 22] += q * y
            sums[i, 23] += q


@kernel()
def sum_places(labels: np.ndarray, sums: np.ndarray) -> None:
    """Sum up where the pixels of every segment lie.

    labels: (h, w) int32, those above N left out; sums: (N + 1, 6) float64, 0 before: pixels, and
    sums of x, y, x x, x y, y y.
    """
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            i = labels[y, x]
            if 0 < i < len(sums):
                sums[i, 0] += 1.0
                sums[i, 1] += x
                sums[i, 2] += y
                sums[i, 3] += x * x
                sums[i, 4] += x * y
                sums[i, 5] += y * y
