"""Numba kernels behind `ant_core.matching.descriptors`: flat typed arrays in and out."""

from __future__ import annotations

import numpy as np
from numba import prange

from segmentation._jit import kernel

CROP = 32  # side of a crop in pixels; Casey et al. 2021, section 3.1


@kernel()
def accumulate_moments(labels: np.ndarray, centroid: np.ndarray, out: np.ndarray) -> None:
    """Add up second central moments and boundary length of every segment.

    labels: (H, W) int32; centroid: (N, 2) float64 x, y; out: (N, 4) float64, zeroed, receives the
    sums of dx*dx, dy*dy, dx*dy and the number of pixel sides that face another label.
    """
    height, width = labels.shape
    for y in range(height):
        for x in range(width):
            segment = labels[y, x]
            if segment == 0:
                continue
            i = segment - 1
            dx = x - centroid[i, 0]
            dy = y - centroid[i, 1]
            out[i, 0] += dx * dx
            out[i, 1] += dy * dy
            out[i, 2] += dx * dy
            if x > 0 and labels[y, x - 1] != segment:
                out[i, 3] += 1
            if x + 1 < width and labels[y, x + 1] != segment:
                out[i, 3] += 1
            if y > 0 and labels[y - 1, x] != segment:
                out[i, 3] += 1
            if y + 1 < height and labels[y + 1, x] != segment:
                out[i, 3] += 1


@kernel(parallel=True)
def sample_crops(  # noqa: PLR0917 - Numba kernels take flat arguments
    labels: np.ndarray,
    boxes: np.ndarray,
    pyramid: np.ndarray,
    level_shape: np.ndarray,
    level_start: np.ndarray,
    windows: np.ndarray,
    samples: int,
    out: np.ndarray,
    channel: int,
) -> None:
    """Resample darkness and mask of every window to CROP x CROP.

    labels: (H, W) int32; boxes: (N, 4) int, x0, y0, x1, y1 of the segments, half-open;
    pyramid: flat uint8, the darkness at halving resolutions, level l of
    shape level_shape[l] from level_start[l]; windows: (N, 4) float32 x0, y0, x1, y1 in pixels,
    may reach outside the picture (paper, mask 0); samples: points a cell and axis;
    out: (N, 4, CROP, CROP) uint8, receives channels `channel` and `channel + 1`.
    """
    height, width = labels.shape
    levels = level_shape.shape[0]
    # Sums are at most 255 * 9: multiplied by this and shifted they are divided, exactly.
    share = (1 << 16) // (samples * samples) + 1
    for i in prange(windows.shape[0]):
        x0 = windows[i, 0]
        y0 = windows[i, 1]
        step_x = (windows[i, 2] - x0) / CROP
        step_y = (windows[i, 3] - y0) / CROP
        # The level whose pixels are just smaller than the distance between two samples.
        spacing = max(step_x, step_y) / samples
        level = 0
        while level + 1 < levels and spacing >= 2.0:
            spacing *= 0.5
            level += 1
        level_height = level_shape[level, 0]
        level_width = level_shape[level, 1]
        # Columns are alike in all rows: their places are worked out once, and which of them lie
        # in the picture and in the segment's box.
        place = np.empty(CROP * samples, np.uint32)  # unsigned: no look for negative ones
        reduced = np.empty(CROP * samples, np.uint32)
        shown = np.zeros(2, np.int64)
        own = np.zeros(2, np.int64)
        for k in range(CROP * samples):
            column, sx = divmod(k, samples)
            x = int(np.floor(x0 + (column + (sx + 0.5) / samples) * step_x))
            place[k] = x
            reduced[k] = min(x >> level, level_width - 1)
            shown[0] += x < 0
            shown[1] += x < width
            own[0] += x < boxes[i, 0]
            own[1] += x < boxes[i, 2]
        wanted = np.int32(i + 1)
        dark = np.empty(CROP * samples, np.int32)
        inside = np.empty(CROP * samples, np.int32)
        for row in range(CROP):
            dark[:] = 0
            inside[:] = 0
            for sy in range(samples):
                y = int(np.floor(y0 + (row + (sy + 0.5) / samples) * step_y))
                if y < 0 or y >= height:
                    continue
                start = level_start[level] + min(y >> level, level_height - 1) * level_width
                line = pyramid[start : start + level_width]
                for k in range(shown[0], shown[1]):
                    dark[k] += line[reduced[k]]
                if boxes[i, 1] <= y < boxes[i, 3]:
                    names = labels[y]
                    for k in range(own[0], own[1]):
                        inside[k] += names[place[k]] == wanted
            for column in range(CROP):
                darkness = 0
                mask = 0
                for k in range(column * samples, (column + 1) * samples):
                    darkness += dark[k]
                    mask += inside[k]
                out[i, channel, row, column] = (darkness * share) >> 16
                out[i, channel + 1, row, column] = (mask * 255 * share) >> 16
