"""Numba kernels behind `ant_core.color.warp`: flat typed arrays in and out."""

from __future__ import annotations

import numpy as np

from segmentation._jit import kernel


@kernel()
def nearest_pixel(
    labels: np.ndarray, segment: int, u: float, v: float, x: int, y: int
) -> tuple[int, int]:
    """Return the pixel x, y of a segment that is nearest to a place outside of it.

    Looked for in rings of squares up to 8 px; beyond them it is the first one on the way to x, y,
    a pixel inside. labels: (H, W) int32; u, v: inside the picture.
    """
    rows, columns = labels.shape
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
                if side < 2:
                    qx = px + k
                    qy = py - ring if side == 0 else py + ring
                else:
                    qx = px - ring if side == 2 else px + ring
                    qy = py + k
                if qx < 0 or qy < 0 or qx >= columns or qy >= rows:
                    continue
                if labels[qy, qx] != segment:
                    continue
                far = (qx - u) * (qx - u) + (qy - v) * (qy - v)
                if far < least:
                    least = far
                    fx = qx
                    fy = qy
    if fx >= 0:
        return fx, fy
    dx = x - u
    dy = y - v
    steps = int(max(abs(dx), abs(dy))) + 1
    for k in range(steps):
        qx = int(u + dx * k / steps + 0.5)
        qy = int(v + dy * k / steps + 0.5)
        if labels[qy, qx] == segment:
            return qx, qy
    return x, y


@kernel()
def mix(  # noqa: PLR0917 - Numba kernels take flat arguments
    source: np.ndarray,
    at: np.ndarray,
    weight: np.ndarray,
    alpha: int,
    highest: float,
    pixel: np.ndarray,
) -> None:
    """Mix four pixels, premultiplied.

    source: (H, W, C); at: (4, 2) int64 y, x; weight: (4,) float64, changed; alpha and highest: see
    `move_surfaces`; pixel: (C,) of source's type.
    """
    channels = source.shape[2]
    total = weight[0] + weight[1] + weight[2] + weight[3]
    solid = total
    if alpha >= 0:
        solid = 0.0
        for k in range(4):
            if weight[k] > 0:
                weight[k] *= source[at[k, 0], at[k, 1], alpha]
                solid += weight[k]
        if not solid > 0:
            for c in range(channels):
                pixel[c] = 0
            return
    for c in range(channels):
        if c == alpha:
            value = solid / total
        else:
            value = 0.0
            for k in range(4):
                if weight[k] > 0:  # what is no number stays out where it has no weight
                    value += weight[k] * source[at[k, 0], at[k, 1], c]
            value /= solid
        if highest > 0:
            value = min(max(np.floor(value + 0.5), 0.0), highest)
        pixel[c] = value


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
    source segment, 2 = mix; maps: (N + 1, 6) float64, target to source; own: (N + 1,) int32, the
    source segment; inside: (N + 1, 2) int32, a pixel x, y of it; source_labels: (H, W) int32;
    source: (H, W, C); alpha: the channel of alpha, -1 without; highest: value up to which mixed
    ones are rounded to whole numbers, 0 where they are not; out: (H, W, C) of source's type.
    """
    height, width = labels.shape
    rows, columns, channels = source.shape
    at = np.empty((4, 2), np.int64)
    weight = np.empty(4, np.float64)
    for y in range(height):
        for x in range(width):
            i = labels[y, x]
            if i == 0 or mode[i] == 0:
                continue
            u = maps[i, 0] * x + maps[i, 1] * y + maps[i, 2]
            v = maps[i, 3] * x + maps[i, 4] * y + maps[i, 5]
            u = min(max(u, 0.0), columns - 1.0)
            v = min(max(v, 0.0), rows - 1.0)
            best = 0
            total = 0.0
            for k in range(4):
                at[k, 0] = min(int(v) + k // 2, rows - 1)
                at[k, 1] = min(int(u) + k % 2, columns - 1)
                weight[k] = 0.0
                if source_labels[at[k, 0], at[k, 1]] == own[i]:
                    near_x = u - int(u) if k % 2 else 1.0 - u + int(u)
                    near_y = v - int(v) if k // 2 else 1.0 - v + int(v)
                    weight[k] = near_x * near_y
                total += weight[k]
                if weight[k] > weight[best]:
                    best = k
            if total > 1e-9 and mode[i] == 2:
                mix(source, at, weight, alpha, highest, out[y, x])
                continue
            fy = at[best, 0]
            fx = at[best, 1]
            if total <= 1e-9:
                fx, fy = nearest_pixel(source_labels, own[i], u, v, inside[i, 0], inside[i, 1])
            for c in range(channels):
                out[y, x, c] = source[fy, fx, c]


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
