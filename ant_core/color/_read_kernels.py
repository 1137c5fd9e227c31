"""Numba kernels behind the reading of painted frames: flat typed arrays in and out."""

from __future__ import annotations

import numpy as np

from segmentation._jit import kernel

_FIRST_ROOM = 1 << 12  # of the table of pairs, in places; a power of two
_MIX = np.uint64(0x9E3779B97F4A7C15)
_AGAIN = np.uint64(0xBF58476D1CE4E5B9)


@kernel("int64(int64, uint64, int64)")
def slot_of(segment: np.int64, code: np.uint64, room: int) -> np.int64:
    """Return where in a table of so many places, a power of two, the search for a pair begins.

    Every bit of both counts: codes of 16-bit pictures may differ in their highest bits alone. After
    Steele et al., "Fast splittable pseudorandom number generators" (2014), with rounds by Stafford.
    """
    mixed = code ^ (np.uint64(segment) * _MIX)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _AGAIN
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX
    return np.int64((mixed ^ (mixed >> np.uint64(31))) & np.uint64(room - 1))


@kernel()
def group_pairs(segment: np.ndarray, code: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Number the different pairs of segment and code in the order in which they first appear.

    segment: (R,) int64; code: (R,) uint64; group: (R,) int64, receives the number of each pair.
    Returns the first row of each, (G,) int64.
    """
    room = _FIRST_ROOM
    table = np.full(room, -1, np.int64)
    heads = np.empty(room, np.int64)
    count = 0
    for row in range(len(code)):
        if 2 * count >= room:
            room *= 2
            table = np.full(room, -1, np.int64)
            grown = np.empty(room, np.int64)
            grown[:count] = heads[:count]
            heads = grown
            for known in range(count):
                head = heads[known]
                place = slot_of(segment[head], code[head], room)
                while table[place] >= 0:
                    place = (place + 1) & (room - 1)
                table[place] = known
        place = slot_of(segment[row], code[row], room)
        while table[place] >= 0:
            head = heads[table[place]]
            if code[head] == code[row] and segment[head] == segment[row]:
                break
            place = (place + 1) & (room - 1)
        if table[place] < 0:
            table[place] = count
            heads[count] = row
            count += 1
        group[row] = table[place]
    return heads[:count].copy()


@kernel()
def longest_runs(group: np.ndarray, run: np.ndarray, at: np.ndarray, best: np.ndarray) -> None:
    """Find the longest run of every group, of equals the one of the lowest place.

    group, run, at: (R,) int64; best: (G,) int64, -1 before, receives its row.
    """
    for row in range(len(group)):
        known = best[group[row]]
        better = known < 0 or run[row] > run[known]
        if better or (run[row] == run[known] and at[row] < at[known]):
            best[group[row]] = row


@kernel("Tuple((int64, float64))(int64[:], int64[:], float32[:,:], int64, float32)")
def sum_steps(
    at: np.ndarray, value: np.ndarray, levels: np.ndarray, width: int, edge: float
) -> tuple[int, float]:
    """Compare the pixels of a segment with their right and lower neighbours in it.

    at: (P,) int64, offsets in the picture, rising; value: (P,) int64, row of each in levels, (V, C)
    float32; width: of the picture; edge: the largest difference that counts, in levels. Returns
    the number of pairs, and the sum of their squared differences, each of the channel that differs
    most.
    """
    pairs = 0
    squares = 0.0
    below = 0
    for k in range(len(at)):
        while below < len(at) and at[below] < at[k] + width:
            below += 1
        for side in range(2):
            if side == 0:
                other = k + 1
                if other == len(at) or at[other] != at[k] + 1 or at[other] % width == 0:
                    continue
            else:
                other = below
                if other == len(at) or at[other] != at[k] + width:
                    continue
            most = np.float32(0)
            for c in range(levels.shape[1]):
                most = max(most, abs(levels[value[k], c] - levels[value[other], c]))
            if most <= edge:
                pairs += 1
                squares += float(most) * float(most)
    return pairs, squares


@kernel("void(float32[:,:], int64[:,:], int64[:], boolean[:], float64, float32[:])")
def find_quantile(  # noqa: PLR0917 - Numba kernels take flat arguments
    levels: np.ndarray,
    orders: np.ndarray,
    counts: np.ndarray,
    taken: np.ndarray,
    share: float,
    out: np.ndarray,
) -> None:
    """Find the value at a share of the pixels, channel by channel.

    levels: (V, C) float32; orders: (V, C) int64, its rows rising by each channel; counts: (V,)
    int64, pixels of each row; taken: (V,) bool, rows that count, one at least; out: (C,) float32.
    """
    total = 0
    for k in range(len(counts)):
        if taken[k]:
            total += counts[k]
    for c in range(levels.shape[1]):
        passed = 0
        for k in range(len(counts)):
            row = orders[k, c]
            if taken[row]:
                passed += counts[row]
                if passed >= share * total:
                    out[c] = levels[row, c]
                    break


@kernel(
    "void(float32[:,:], int64[:,:], int64[:], boolean[:], float32, int64, boolean[:], float32[:])"
)
def climb(  # noqa: PLR0917 - Numba kernels take flat arguments
    levels: np.ndarray,
    orders: np.ndarray,
    counts: np.ndarray,
    bare: np.ndarray,
    reach: float,
    steps: int,
    near: np.ndarray,
    middle: np.ndarray,
) -> None:
    """Move a middle to the median of what lies within reach of it, some times.

    levels, orders, counts: see `find_quantile`; bare: (V,) bool, rows that never count; reach:
    float32, in levels, on each channel; near: (V,) bool, rows to begin with, one at least, receives
    those near the last middle but one, none where a middle has nothing within reach; middle: (C,)
    float32, receives the last one.
    """
    find_quantile(levels, orders, counts, near, 0.5, middle)
    for _ in range(steps):
        found = False
        for k in range(len(counts)):
            near[k] = not bare[k]
            for c in range(levels.shape[1]):
                # Not near either where a level is no number.
                near[k] &= abs(levels[k, c] - middle[c]) <= reach
            found |= near[k]
        if not found:
            return
        find_quantile(levels, orders, counts, near, 0.5, middle)


@kernel()
def mark_edges(levels: np.ndarray, alpha: int, least: float, edges: np.ndarray) -> None:
    """Mark the pixels whose right or lower neighbour has another colour.

    levels: (H, W, C); alpha: its channel, -1 without: clear pixels are alike; least: difference on
    one channel above which colours are others; edges: (H, W) float32, zeroed, receives 1.
    """
    height, width, channels = levels.shape
    for y in range(height):
        for x in range(width):
            clear = alpha >= 0 and levels[y, x, alpha] == 0
            for side in range(2):
                row = y + side
                column = x + 1 - side
                if row == height or column == width:
                    continue
                blank = alpha >= 0 and levels[row, column, alpha] == 0
                for c in range(channels):
                    one = np.float32(0) if clear else np.float32(levels[y, x, c])
                    other = np.float32(0) if blank else np.float32(levels[row, column, c])
                    if abs(one - other) > least:
                        edges[y, x] = 1
                        break
