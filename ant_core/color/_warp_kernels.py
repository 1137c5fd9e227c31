"""Numba kernels behind `ant_core.color.warp`: flat typed arrays in and out."""

from __future__ import annotations

import numpy as np

from segmentation._jit import kernel

_NOTHING = 1e-9  # weights of pixels that count for nothing, together


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
def weigh(
    labels: np.ndarray, segment: int, u: float, v: float
) -> tuple[tuple[int, int, int, int], tuple[float, float, float, float]]:
    """Return left, top, right and lower of the four pixels around a place, and their weights.

    labels: (H, W) int32; u, v: inside the picture. Weights: of the upper two, left and right, and
    of the lower two; 0 of those that are of another segment.
    """
    rows, columns = labels.shape
    left, top = int(u), int(v)
    right, bottom = min(left + 1, columns - 1), min(top + 1, rows - 1)
    a, b = u - left, v - top
    w0 = (1 - a) * (1 - b) if labels[top, left] == segment else 0.0
    w1 = a * (1 - b) if labels[top, right] == segment else 0.0
    w2 = (1 - a) * b if labels[bottom, left] == segment else 0.0
    w3 = a * b if labels[bottom, right] == segment else 0.0
    return (left, top, right, bottom), (w0, w1, w2, w3)


@kernel()
def copy_run(  # noqa: PLR0917 - Numba kernels take flat arguments
    y: int,
    first: int,
    end: int,
    i: int,
    maps: np.ndarray,
    segment: int,
    inside: np.ndarray,
    source_labels: np.ndarray,
    source: np.ndarray,
    out: np.ndarray,
) -> None:
    """Copy the nearest pixels of a segment into columns first to end of row y.

    i: the target's segment, row of maps and inside; segment: the source's; the others as of
    `move_surfaces`.
    """
    rows, columns, channels = source.shape
    for x in range(first, end):
        u = maps[i, 0] * x + maps[i, 1] * y + maps[i, 2]
        v = maps[i, 3] * x + maps[i, 4] * y + maps[i, 5]
        u = min(max(u, 0.0), columns - 1.0)
        v = min(max(v, 0.0), rows - 1.0)
        (left, top, right, bottom), (w0, w1, w2, w3) = weigh(source_labels, segment, u, v)
        column, row = left, top
        if w0 + w1 + w2 + w3 <= _NOTHING:
            column, row = nearest_pixel(source_labels, segment, u, v, inside[i, 0], inside[i, 1])
        elif max(w1, w3) > max(w0, w2):
            column = right
            row = bottom if w3 > w1 else top
        elif w2 > w0:
            row = bottom
        for c in range(channels):
            out[y, x, c] = source[row, column, c]


@kernel()
def mix_pixel(  # noqa: PLR0917 - Numba kernels take flat arguments
    y: int,
    x: int,
    u: float,
    v: float,
    segment: int,
    source_labels: np.ndarray,
    source: np.ndarray,
    alpha: int,
    highest: float,
    out: np.ndarray,
) -> bool:
    """Mix into pixel x, y those of the four around a place that are of a segment, by their alpha.

    u, v: inside the picture; the others as of `move_surfaces`. Returns whether one of them is of
    the segment; nothing is painted if not.
    """
    channels = source.shape[2]
    (left, top, right, bottom), (w0, w1, w2, w3) = weigh(source_labels, segment, u, v)
    total = w0 + w1 + w2 + w3
    if total <= _NOTHING:
        return False
    solid = total
    if alpha >= 0:
        # Weights of premultiplied values. What has none stays out, were it no number.
        w0 = w0 * source[top, left, alpha] if w0 > 0 else 0.0
        w1 = w1 * source[top, right, alpha] if w1 > 0 else 0.0
        w2 = w2 * source[bottom, left, alpha] if w2 > 0 else 0.0
        w3 = w3 * source[bottom, right, alpha] if w3 > 0 else 0.0
        solid = w0 + w1 + w2 + w3
    scale = 1.0 / solid
    for c in range(channels):
        value = 0.0
        if not solid > 0:
            pass
        elif c == alpha:
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
    return True


@kernel()
def mix_run(  # noqa: PLR0917 - Numba kernels take flat arguments
    y: int,
    first: int,
    end: int,
    i: int,
    maps: np.ndarray,
    segment: int,
    inside: np.ndarray,
    source_labels: np.ndarray,
    source: np.ndarray,
    alpha: int,
    highest: float,
    out: np.ndarray,
) -> None:
    """Mix the pixels of a segment into columns first to end of row y; see `copy_run`."""
    rows, columns, channels = source.shape
    mixed = channels - 1 if alpha >= 0 else channels
    xx, xy, x0 = maps[i, 0], maps[i, 1] * y, maps[i, 2]
    yx, yy, y0 = maps[i, 3], maps[i, 4] * y, maps[i, 5]
    for x in range(first, end):
        u = xx * x + xy + x0
        v = yx * x + yy + y0
        u = min(max(u, 0.0), columns - 1.0)
        v = min(max(v, 0.0), rows - 1.0)
        column, row = int(u), int(v)
        # Unsigned: no look for negative ones.
        left, top = np.uint64(column), np.uint64(row)
        right, bottom = np.uint64(min(column + 1, columns - 1)), np.uint64(min(row + 1, rows - 1))
        whole = highest > 0 and source_labels[top, left] == segment
        whole &= source_labels[top, right] == segment
        whole &= source_labels[bottom, left] == segment == source_labels[bottom, right]
        if alpha >= 0 and whole:
            level = source[top, left, alpha]
            whole &= level > 0 and level == source[top, right, alpha]
            whole &= level == source[bottom, left, alpha] == source[bottom, right, alpha]
            out[y, x, alpha] = level
        if not whole:
            if not mix_pixel(y, x, u, v, segment, source_labels, source, alpha, highest, out):
                near = nearest_pixel(source_labels, segment, u, v, inside[i, 0], inside[i, 1])
                for channel in range(channels):
                    out[y, x, channel] = source[near[1], near[0], channel]
            continue
        # As nearly everywhere: whole numbers, one segment, one alpha.
        a, b = u - column, v - row
        w0, w1, w2, w3 = (1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b
        for channel in range(mixed):
            c = np.uint64(channel)
            value = w0 * source[top, left, c] + w1 * source[top, right, c]
            value += w2 * source[bottom, left, c] + w3 * source[bottom, right, c]
            out[y, x, c] = np.int32(value + 0.5)


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
    source segment, 2 = mix the four around; maps: (N + 1, 6) float64, target to source; own:
    (N + 1,) int32, the source segment; inside: (N + 1, 2) int32, a pixel x, y of it;
    source_labels: (H, W) int32; source: (H, W, C); alpha: the channel of alpha, which is the last,
    -1 without; highest: value up to which mixed ones are rounded to whole numbers, 0 where they are
    not; out: (H, W, C) of source's type.
    """
    height, width = labels.shape
    picture = source_labels, source
    for y in range(height):
        first = 0
        while first < width:
            i = labels[y, first]
            end = first + 1
            while end < width and labels[y, end] == i:
                end += 1
            if i > 0 and mode[i] == 1:
                copy_run(y, first, end, i, maps, own[i], inside, *picture, out)
            elif i > 0 and mode[i] == 2:
                mix_run(y, first, end, i, maps, own[i], inside, *picture, alpha, highest, out)
            first = end


@kernel()
def count_paints(  # noqa: PLR0917 - Numba kernels take flat arguments
    labels: np.ndarray,
    codes: np.ndarray,
    values: np.ndarray,
    uses: np.ndarray,
    others: np.ndarray,
    enough: np.ndarray,
) -> None:
    """Count the first different codes of every segment.

    labels: (P,) int32; codes: (P,) uint64; values: (N + 1, K) uint64 and uses: (N + 1, K) int64,
    zeroed, receive up to K codes and how many pixels have them; others: (N + 1,) int64, zeroed,
    the pixels of further codes; enough: (N + 1,) int64, how many of these a segment may have until
    its codes are told apart no more: then all its pixels count as others.
    """
    most = values.shape[1]
    for p in range(labels.shape[0]):
        i = labels[p]
        if i == 0:
            continue
        if others[i] > enough[i]:
            others[i] += 1
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
