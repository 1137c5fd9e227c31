"""Numba kernels behind `ant_core.formats.kra.tiles`; flat typed arrays in, flat typed arrays out.

A tile's bytes are planar: the first byte of all its pixels, then the second one, and so on. LZF is
the scheme of Marc Lehmann's liblzf: a control byte below 32 announces literals, any other one a
copy of bytes that came before.
"""

# ruff: noqa: PLR0912, PLR0917 - a kernel is one plain loop over plain arrays

from __future__ import annotations

import numpy as np

from segmentation._jit import kernel

SIDE = 64  # pixels of a tile
AREA = SIDE * SIDE
_MOST_LITERALS = 32
_LONGEST_COPY = 264
_FARTHEST_COPY = 1 << 13
_HASH_BITS = 12


@kernel()
def unpack(data: np.ndarray, start: int, stop: int, out: np.ndarray, size: int) -> bool:
    """Unpack LZF from data[start:stop] to exactly `size` bytes of out; False when it is damaged.

    data, out: uint8.
    """
    at, done = start, 0
    while at < stop:
        control = int(data[at])
        at += 1
        if control < _MOST_LITERALS:
            count = control + 1
            if at + count > stop or done + count > size:
                return False
            for i in range(count):
                out[done + i] = data[at + i]
            at += count
        else:
            count = (control >> 5) + 2
            if count == 9:
                if at >= stop:
                    return False
                count += int(data[at])
                at += 1
            if at >= stop:
                return False
            back = ((control & 31) << 8) + int(data[at]) + 1
            at += 1
            if back > done or done + count > size:
                return False
            source = done - back
            if back == 1:
                value = out[source]
                for i in range(count):
                    out[done + i] = value
            else:
                for i in range(count):  # in order: a copy may read what it has just written
                    out[done + i] = out[source + i]
        done += count
    return done == size


@kernel()
def pack(data: np.ndarray, out: np.ndarray, table: np.ndarray) -> int:
    """Pack data by LZF into out; returns the bytes used, 0 when they would not fit.

    data, out: uint8; table: (1 << 12,) int32, scratch.
    """
    size, limit = len(data), len(out)
    table[:] = -1
    at, done, literals = 0, 1, 0  # out[done - literals - 1] is left free for their control byte
    while at < size:
        length, back = 0, 0
        if at + 2 < size:
            key = (int(data[at]) << 16) | (int(data[at + 1]) << 8) | int(data[at + 2])
            slot = ((key * 0x9E3779B1) >> 12) & ((1 << _HASH_BITS) - 1)
            seen = int(table[slot])
            table[slot] = at
            back = at - seen
            if seen >= 0 and back <= _FARTHEST_COPY:
                most = min(_LONGEST_COPY, size - at)
                while length < most and data[seen + length] == data[at + length]:
                    length += 1
        if done + 4 > limit:
            return 0
        if length < 3:
            out[done] = data[at]
            at, done, literals = at + 1, done + 1, literals + 1
            if literals < _MOST_LITERALS:
                continue
        if literals:
            out[done - literals - 1] = literals - 1
            literals = 0
        else:
            done -= 1
        if length >= 3:
            high = (back - 1) >> 8
            if length < 9:
                out[done] = ((length - 2) << 5) | high
            else:
                out[done] = (7 << 5) | high
                out[done + 1] = length - 9
                done += 1
            out[done + 1] = (back - 1) & 255
            done += 2
            at += length
        done += 1
    if literals:
        out[done - literals - 1] = literals - 1
        return done
    return done - 1


@kernel()
def weave(flat: np.ndarray, start: int, shift: np.ndarray, out: np.ndarray) -> None:
    """Put the four bytes of each pixel of a row together; slices, so that it is vectorised.

    flat: (4 * AREA,) uint8; shift: (4,) uint32, bits that each byte moves up; out: uint32.
    """
    count = len(out)
    p, q = flat[start : start + count], flat[AREA + start : AREA + start + count]
    r = flat[2 * AREA + start : 2 * AREA + start + count]
    s = flat[3 * AREA + start : 3 * AREA + start + count]
    a, b, c, d = shift[0], shift[1], shift[2], shift[3]
    for i in range(count):
        out[i] = (
            (np.uint32(p[i]) << a)
            | (np.uint32(q[i]) << b)
            | (np.uint32(r[i]) << c)
            | (np.uint32(s[i]) << d)
        )


@kernel()
def decode(
    data: np.ndarray,
    tiles: np.ndarray,
    pixel_bytes: int,
    order: np.ndarray,
    out: np.ndarray,
) -> int:
    """Unpack tiles and lay them into a picture; returns -1, or the first damaged tile's row.

    data: uint8, the pixel file; tiles: (T, 4) int64 left, top, start, stop: place in the picture,
    and where in data the tile lies with its flag byte; order: (P,) int64, where in a pixel of the
    picture the stored byte goes; out: (H, W, P) uint8, receives what lies inside it.
    """
    height, width = out.shape[0], out.shape[1]
    flat = np.empty(AREA * pixel_bytes, np.uint8)
    shift = (8 * order[:4]).astype(np.uint32)
    words = np.empty((0, 0), np.uint32)
    if pixel_bytes == 4:
        words = out.view(np.uint32)[:, :, 0]
    for row in range(len(tiles)):
        left, top, start, stop = tiles[row]
        packed = data[start] == 1
        if packed:
            if not unpack(data, start + 1, stop, flat, AREA * pixel_bytes):
                return row
        elif data[start] != 0 or stop - start - 1 != AREA * pixel_bytes:
            return row
        else:
            for i in range(AREA):
                for byte in range(pixel_bytes):
                    flat[byte * AREA + i] = data[start + 1 + i * pixel_bytes + byte]
        x0, x1 = max(0, -left), min(SIDE, width - left)
        if x1 <= x0:
            continue  # beside the canvas; a slice of negative length would wrap
        for y in range(max(0, -top), min(SIDE, height - top)):
            if pixel_bytes == 4:  # by far the most frequent size, written pixel by pixel
                weave(flat, y * SIDE + x0, shift, words[top + y, left + x0 : left + x1])
                continue
            for byte in range(pixel_bytes):
                line = out[top + y, left + x0 : left + x1, order[byte]]
                base = byte * AREA + y * SIDE + x0
                for x in range(len(line)):
                    line[x] = flat[base + x]
    return -1


@kernel()
def encode(
    image: np.ndarray,
    bare: np.ndarray,
    order: np.ndarray,
    out: np.ndarray,
    tiles: np.ndarray,
) -> int:
    """Pack the tiles of a picture that differ from the bare pixel; returns how many there are.

    image: (H, W, P) uint8; bare: (P,) uint8 in the picture's order; order: as in `decode`;
    out: uint8, at least 1 + AREA * P bytes for every tile; tiles: (T, 4) int64, receives
    left, top, start, stop of each, the flag byte included.
    """
    height, width, pixel_bytes = image.shape
    flat = np.empty(AREA * pixel_bytes, np.uint8)
    table = np.empty(1 << _HASH_BITS, np.int32)
    count, end = 0, 0
    for top in range(0, height, SIDE):
        for left in range(0, width, SIDE):
            differs = False
            for byte in range(pixel_bytes):
                place = order[byte]
                value = bare[place]
                for y in range(SIDE):
                    base = byte * AREA + y * SIDE
                    inside = min(SIDE, width - left) if top + y < height else 0
                    for x in range(inside):
                        flat[base + x] = image[top + y, left + x, place]
                        differs |= flat[base + x] != value
                    for x in range(inside, SIDE):
                        flat[base + x] = value
            if not differs:
                continue
            tiles[count, 0], tiles[count, 1], tiles[count, 2] = left, top, end
            size = pack(flat, out[end + 1 : end + 1 + AREA * pixel_bytes], table)
            if size:
                out[end] = 1
                end += 1 + size
            else:
                out[end] = 0
                end += 1
                for i in range(AREA):
                    for byte in range(pixel_bytes):
                        out[end] = flat[byte * AREA + i]
                        end += 1
            tiles[count, 3] = end
            count += 1
    return count
