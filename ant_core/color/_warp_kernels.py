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
def move_surfaces(  # noqa: PLR0912, PLR0915, PLR0917 - one pass over the pixels, flat arguments
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
    source segment, 2 = mix the four around; maps: (N + 1, 6) float64, target to source; own:
    (N + 1,) int32, the source segment; inside: (N + 1, 2) int32, a pixel x, y of it;
    source_labels: (H, W) int32; source: (H, W, C); alpha: the channel of alpha, -1 without;
    highest: value up to which mixed ones are rounded to whole numbers, 0 where they are not;
    out: (H, W, C) of source's type.
    """
    height, width = labels.shape
    rows, columns, channels = source.shape
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
            right = min(left + 1, columns - 1)
            bottom = min(top + 1, rows - 1)
            a = u - left
            b = v - top
            w0 = (1 - a) * (1 - b) if source_labels[top, left] == segment else 0.0
            w1 = a * (1 - b) if source_labels[top, right] == segment else 0.0
            w2 = (1 - a) * b if source_labels[bottom, left] == segment else 0.0
            w3 = a * b if source_labels[bottom, right] == segment else 0.0
            total = w0 + w1 + w2 + w3
            if total <= 1e-9 or mode[i] == 1:
                fx = left
                fy = top
                if total <= 1e-9:
                    fx, fy = nearest_pixel(source_labels, segment, u, v, inside[i, 0], inside[i, 1])
                elif max(w1, w3) > max(w0, w2):
                    fx = right
                    fy = bottom if w3 > w1 else top
                elif w2 > w0:
                    fy = bottom
                for c in range(channels):
                    out[y, x, c] = source[fy, fx, c]
                continue
            even = highest > 0
            if alpha >= 0:
                level = source[top, left, alpha]
                even &= level > 0 and level == source[top, right, alpha]
                even &= level == source[bottom, left, alpha] == source[bottom, right, alpha]
            if even and total > 1 - 1e-9:
                # As nearly everywhere: whole numbers, one segment, one alpha.
                for c in range(channels):
                    value = w0 * source[top, left, c] + w1 * source[top, right, c]
                    value += w2 * source[bottom, left, c] + w3 * source[bottom, right, c]
                    out[y, x, c] = int(value + 0.5)
                continue
            solid = total
            if alpha >= 0:
                # Weights of premultiplied values. What has none stays out, were it no number.
                w0 = w0 * source[top, left, alpha] if w0 > 0 else 0.0
                w1 = w1 * source[top, right, alpha] if w1 > 0 else 0.0
                w2 = w2 * source[bottom, left, alpha] if w2 > 0 else 0.0
                w3 = w3 * source[bottom, right, alpha] if w3 > 0 else 0.0
                solid = w0 + w1 + w2 + w3
                if not solid > 0:
                    for c in range(channels):
                        out[y, x, c] = 0
                    continue
            scale = 1.0 / solid
            for c in range(channels):
                value = 0.0
                if c == alpha:
                    value = solid / total
                else:
                    if w0 > 0:
                        value += w0 * source[top, left, c]
                    if w1 > 0:
                        value += w1 * source[top, right, c]
                    if w2 > 0:
                        value += w2 * source[bottom, left, c]
                    if w3 > 0:
                        value += w3 * source[bottom, right, c]
                    value *= scale
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
