"""Numba kernels behind `ant_core.color.warp`: flat typed arrays in and out."""

from __future__ import annotations

import numpy as np

from segmentation._jit import kernel


@kernel()
def move_surfaces(  # noqa: PLR0917 - Numba kernels take flat arguments
    labels: np.ndarray,
    mode: np.ndarray,
    maps: np.ndarray,
    own: np.ndarray,
    inside: np.ndarray,
    source_labels: np.ndarray,
    source: np.ndarray,
    alpha: int,
    highest: float,
    out: np.ndarray,
) -> None:
    """Fill segments with the pixels of source segments, each through its own map.

    labels: (H, W) int32; mode: (N + 1,) uint8, 0 = leave alone, 1 = copy the nearest pixel of the
    source segment, 2 = interpolate; maps: (N + 1, 6) float64, target to source; own: (N + 1,)
    int32, the source segment; inside: (N + 1, 2) int32, a pixel x, y of it; source_labels: (H, W)
    int32; source: (H, W, C); alpha: the channel of alpha, -1 without; highest: value up to which
    sums are rounded to whole numbers, 0 where they are not; out: (H, W, C) of source's type.
    """
    height, width = labels.shape
    rows, columns, channels = source.shape
    sums = np.empty(channels, np.float64)
    for y in range(height):
        for x in range(width):
            i = labels[y, x]
            if i == 0 or mode[i] == 0:
                continue
            segment = own[i]
            u = maps[i, 0] * x + maps[i, 1] * y + maps[i, 2]
            v = maps[i, 3] * x + maps[i, 4] * y + maps[i, 5]
            u = min(max(u, 0.0), columns - 1.0)
            v = min(max(v, 0.0), rows - 1.0)
            left = int(u)
            top = int(v)
            a = u - left
            b = v - top
            right = min(left + 1, columns - 1)
            bottom = min(top + 1, rows - 1)
            w00 = (1 - a) * (1 - b) if source_labels[top, left] == segment else 0.0
            w01 = a * (1 - b) if source_labels[top, right] == segment else 0.0
            w10 = (1 - a) * b if source_labels[bottom, left] == segment else 0.0
            w11 = a * b if source_labels[bottom, right] == segment else 0.0
            total = w00 + w01 + w10 + w11
            if total <= 1e-9:
                # Outside: the nearest pixel of the segment, in rings of squares up to 8 px; and
                # beyond them the first one on the way to a place inside.
                px = int(u + 0.5)
                py = int(v + 0.5)
                least = 1e30
                fx = -1
                fy = -1
                for ring in range(9):
                    if least <= ring * ring:
                        break
                    for k in range(-ring, ring + 1):
                        for side in range(4):
                            if side == 0:
                                qx = px + k
                                qy = py - ring
                            elif side == 1:
                                qx = px + k
                                qy = py + ring
                            elif side == 2:
                                qx = px - ring
                                qy = py + k
                            else:
                                qx = px + ring
                                qy = py + k
                            if qx < 0 or qy < 0 or qx >= columns or qy >= rows:
                                continue
                            if source_labels[qy, qx] != segment:
                                continue
                            far = (qx - u) * (qx - u) + (qy - v) * (qy - v)
                            if far < least:
                                least = far
                                fx = qx
                                fy = qy
                if fx < 0:
                    dx = inside[i, 0] - u
                    dy = inside[i, 1] - v
                    steps = int(max(abs(dx), abs(dy))) + 1
                    fx = inside[i, 0]
                    fy = inside[i, 1]
                    for k in range(steps):
                        qx = int(u + dx * k / steps + 0.5)
                        qy = int(v + dy * k / steps + 0.5)
                        if source_labels[qy, qx] == segment:
                            fx = qx
                            fy = qy
                            break
                for c in range(channels):
                    out[y, x, c] = source[fy, fx, c]
                continue
            if mode[i] == 1:
                fx = left
                fy = top
                most = w00
                if w01 > most:
                    most = w01
                    fx = right
                if w10 > most:
                    most = w10
                    fx = left
                    fy = bottom
                if w11 > most:
                    fx = right
                    fy = bottom
                for c in range(channels):
                    out[y, x, c] = source[fy, fx, c]
                continue
            if alpha >= 0:
                # From here on the weights are those of premultiplied values.
                w00 = w00 * source[top, left, alpha] if w00 > 0 else 0.0
                w01 = w01 * source[top, right, alpha] if w01 > 0 else 0.0
                w10 = w10 * source[bottom, left, alpha] if w10 > 0 else 0.0
                w11 = w11 * source[bottom, right, alpha] if w11 > 0 else 0.0
                solid = w00 + w01 + w10 + w11
                if not solid > 0:
                    for c in range(channels):
                        out[y, x, c] = 0
                    continue
                sums[alpha] = solid / total
                total = solid
            for c in range(channels):
                if c == alpha:
                    continue
                value = w00 * source[top, left, c] if w00 > 0 else 0.0
                value += w01 * source[top, right, c] if w01 > 0 else 0.0
                value += w10 * source[bottom, left, c] if w10 > 0 else 0.0
                value += w11 * source[bottom, right, c] if w11 > 0 else 0.0
                sums[c] = value / total
            for c in range(channels):
                value = sums[c]
                if highest > 0:
                    value = min(max(np.floor(value + 0.5), 0.0), highest)
                out[y, x, c] = value


@kernel()
def count_paints(
    labels: np.ndarray, codes: np.ndarray, values: np.ndarray, uses: np.ndarray, others: np.ndarray
) -> None:
    """Count the first different codes of every segment.

    labels: (P,) int32; codes: (P,) uint64; values: (N + 1, K) uint64 and uses: (N + 1, K) int64,
    zeroed, receive up to K codes and how many pixels have them; others: (N + 1,) int64, zeroed,
    the pixels of further codes.
    """
    most = values.shape[1]
    for p in range(labels.shape[0]):
        i = labels[p]
        if i == 0:
            continue
        code = codes[p]
        k = 0
        while k < most and uses[i, k] > 0 and values[i, k] != code:
            k += 1
        if k == most:
            others[i] += 1
        else:
            values[i, k] = code
            uses[i, k] += 1
            # What is met often is looked at first.
            if k > 0 and uses[i, k] > uses[i, k - 1]:
                values[i, k], values[i, k - 1] = values[i, k - 1], values[i, k]
                uses[i, k], uses[i, k - 1] = uses[i, k - 1], uses[i, k]


@kernel()
def count_near(
    labels: np.ndarray, image: np.ndarray, meant: np.ndarray, limit: np.ndarray, near: np.ndarray
) -> None:
    """Count the pixels of every segment that differ from the colour meant by no more than a limit.

    labels: (H, W) int32; image: (H, W, C); meant: (N + 1, C) float64; limit: (C,) float64;
    near: (N + 1,) int64, zeroed.
    """
    height, width, channels = image.shape
    for y in range(height):
        for x in range(width):
            i = labels[y, x]
            if i == 0:
                continue
            alike = True
            for c in range(channels):
                # What is no number is near nothing.
                if not abs(float(image[y, x, c]) - meant[i, c]) <= limit[c]:
                    alike = False
                    break
            if alike:
                near[i] += 1
