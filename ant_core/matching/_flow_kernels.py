"""Numba kernels behind `ant_core.matching.flow`: flat typed arrays in and out."""

from __future__ import annotations

import numpy as np

from segmentation._jit import kernel


@kernel()
def find_returning(ahead: np.ndarray, back: np.ndarray, least: float, out: np.ndarray) -> None:
    """Tell which pixels come back to their place by way of the other picture.

    ahead, back: (h, w, 2) float32 x, y in pixels; back is interpolated between pixels, in steps of
    1/32 px, as `cv2.remap` does; least: distance from their place, float32; out: (h, w) bool.
    """
    height, width = out.shape
    one = np.float32(1)
    for y in range(height):
        for x in range(width):
            dx, dy = ahead[y, x, 0], ahead[y, x, 1]
            to_x = np.rint((np.float32(x) + dx) * np.float32(32))
            to_y = np.rint((np.float32(y) + dy) * np.float32(32))
            out[y, x] = False
            # Also false where flow led to no number.
            if not (0 <= to_x < (width - 1) * 32 and 0 <= to_y < (height - 1) * 32):
                continue
            column, row = int(to_x) >> 5, int(to_y) >> 5
            right = np.float32(int(to_x) & 31) / np.float32(32)
            low = np.float32(int(to_y) & 31) / np.float32(32)
            upper, lower = back[row], back[row + 1]
            for axis in range(2):
                again = (
                    upper[column, axis] * ((one - low) * (one - right))
                    + upper[column + 1, axis] * ((one - low) * right)
                    + lower[column, axis] * (low * (one - right))
                    + lower[column + 1, axis] * (low * right)
                )
                if axis == 0:
                    dx += again
                else:
                    dy += again
            out[y, x] = dx * dx + dy * dy < least * least


@kernel()
def count_landings(  # noqa: PLR0917 - Numba kernels take flat arguments
    labels: np.ndarray,
    flow: np.ndarray,
    reached: np.ndarray,
    marked: np.ndarray,
    counts: np.ndarray,
    sizes: np.ndarray,
) -> None:
    """Count the pixels of every segment that lead to every segment of the other picture.

    labels, reached: (h, w) integers, segments here and there, 0 = none, above N and M none that
    counts; flow: (h, w, 2) float32 x, y; marked: (h, w) bool; counts: (N, M, 2) float32, zeroed,
    receives all pixels and the marked ones; sizes: (N,) float32, zeroed, receives the pixels of
    every segment. Whole numbers are exact up to 2^24.
    """
    height, width = labels.shape
    rows, columns = counts.shape[:2]
    for y in range(height):
        for x in range(width):
            row = np.int64(labels[y, x]) - 1
            if row < 0 or row >= rows:
                continue
            sizes[row] += np.float32(1)
            to_x = np.rint(np.float32(x) + flow[y, x, 0])
            to_y = np.rint(np.float32(y) + flow[y, x, 1])
            if 0 <= to_x < width and 0 <= to_y < height:
                column = np.int64(reached[int(to_y), int(to_x)]) - 1
                if 0 <= column < columns:
                    counts[row, column, 0] += np.float32(1)
                    counts[row, column, 1] += np.float32(marked[y, x])
