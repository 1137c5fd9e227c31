"""Numba kernel behind `ant_core.matching.surface_maps`: flat typed arrays in and out."""

from __future__ import annotations

import numpy as np

from segmentation._jit import kernel


@kernel()
def solve(s: np.ndarray, stiffness: float, fitted: np.ndarray) -> None:
    """Write the map, (6,), of weighted sums, (12,): 1, x, y, u, v, xx, xy, yy, xu, yu, xv, yv."""
    mx = s[1] / s[0]
    my = s[2] / s[0]
    mu = s[3] / s[0]
    mv = s[4] / s[0]
    xx = s[5] - s[0] * mx * mx
    xy = s[6] - s[0] * mx * my
    yy = s[7] - s[0] * my * my
    # How far the spread of the places reached differs from that of the pixels.
    ux = s[8] - s[0] * mx * mu - xx
    uy = s[9] - s[0] * my * mu - xy
    vx = s[10] - s[0] * mx * mv - xy
    vy = s[11] - s[0] * my * mv - yy
    px = xx + stiffness
    py = yy + stiffness
    determinant = px * py - xy * xy
    fitted[0] = 1.0 + (ux * py - uy * xy) / determinant
    fitted[1] = (uy * px - ux * xy) / determinant
    fitted[2] = mu - fitted[0] * mx - fitted[1] * my
    fitted[3] = (vx * py - vy * xy) / determinant
    fitted[4] = 1.0 + (vy * px - vx * xy) / determinant
    fitted[5] = mv - fitted[3] * mx - fitted[4] * my


@kernel()
def fit_affine(  # noqa: PLR0917 - Numba kernels take flat arguments
    labels: np.ndarray,
    reached: np.ndarray,
    chosen: np.ndarray,
    there_x: np.ndarray,
    there_y: np.ndarray,
    weights: np.ndarray,
    stiffness: float,
    rounds: int,
    maps: np.ndarray,
) -> None:
    """Fit an affine map to the pixels of every segment that lead to its chosen segment.

    labels, reached: (h, w) int32, the segment of every pixel and the one that it leads to, 0 where
    it does not count; chosen: (N + 1,) int32, 0 where there is none; there_x, there_y: (h, w)
    float32, where pixels lead; weights: (h, w) float32, how much each counts; stiffness: see
    `surface_maps`; rounds: of reweighting, by Geman and McClure's function of a residual in pixels;
    maps: (N + 1, 6) float64, receives xx, xy, x0, yx, yy, y0 of x' = xx x + xy y + x0 where there
    is a chosen segment.
    """
    height, width = labels.shape
    count = chosen.shape[0]
    for turn in range(rounds):
        sums = np.zeros((count, 12))
        for y in range(height):
            for x in range(width):
                i = labels[y, x]
                if i == 0 or i >= count or reached[y, x] == 0 or reached[y, x] != chosen[i]:
                    continue
                u = float(there_x[y, x])
                v = float(there_y[y, x])
                weight = float(weights[y, x])
                if turn > 0:
                    m = maps[i]
                    dx = m[0] * x + m[1] * y + m[2] - u
                    dy = m[3] * x + m[4] * y + m[5] - v
                    near = 1.0 / (1.0 + dx * dx + dy * dy)
                    weight *= near * near
                s = sums[i]
                s[0] += weight
                s[1] += weight * x
                s[2] += weight * y
                s[3] += weight * u
                s[4] += weight * v
                s[5] += weight * x * x
                s[6] += weight * x * y
                s[7] += weight * y * y
                s[8] += weight * x * u
                s[9] += weight * y * u
                s[10] += weight * x * v
                s[11] += weight * y * v
        for i in range(1, count):
            s = sums[i]
            if s[0] <= 0:
                continue
            solve(s, stiffness, maps[i])
