"""Another colour for one segment of a frame's raw pixels. Standard library only.

A frame is one large integer with a byte a pixel, so that Python's own arithmetic works on all of
them at once. Of a large frame that still takes long, so it is done in steps.
"""

from __future__ import annotations

from typing import Generator, NamedTuple, Tuple, TypeVar

from .pixels import Box

T = TypeVar("T")
Steps = Generator[None, None, T]
Size = Tuple[int, int]  # width, height in pixels

_LABEL_BYTES = 4  # int32, little endian
_SPREAD_PX = 24  # how far colour can lie under a line
_AROUND_PX = 2 * _SPREAD_PX  # where another segment can be nearer to such a place


class Recolored(NamedTuple):
    """A frame with another colour in one segment; `pixels` is how many that changed."""

    data: bytes
    pixels: int


def recolor(
    labels: bytes, size: Size, segment: int, data: bytes, pixel_bytes: int, color: bytes
) -> Steps[Recolored]:
    """Give a segment of a frame another colour; yields between short steps.

    `labels`: (H, W) int32, 0 is line; `data`: the frame's raw pixels, rows first, `pixel_bytes`
    each; `color`: the raw bytes of one pixel. The pixels of the segment change, and those of its
    colour under the lines around it that lie nearer to it than to another segment of that colour.
    """
    top, bottom = _rows(labels, size, segment)
    yield
    if top > bottom:
        return Recolored(data, 0)
    wanted = segment.to_bytes(_LABEL_BYTES, "little")
    stride = size[0] * _LABEL_BYTES
    mask = yield from _where(labels[top * stride : (bottom + 1) * stride], wanted)
    left, right = _columns(mask.to_bytes(size[0] * (bottom + 1 - top), "little"), size[0])
    del mask
    yield
    x, y = max(0, left - _AROUND_PX), max(0, top - _AROUND_PX)
    width = min(size[0], right + _AROUND_PX + 1) - x
    height = min(size[1], bottom + _AROUND_PX + 1) - y
    near = _cut(labels, size[0], _LABEL_BYTES, (x, y, width, height))
    rows = _cut(data, size[0], pixel_bytes, (x, y, width, height))
    yield
    inside = yield from _where(near, wanted)
    line = yield from _where(near, bytes(_LABEL_BYTES))
    color_now = _most_frequent(rows, inside, width * height, pixel_bytes)
    yield
    former = yield from _where(rows, color_now)
    rivals = former & ~line & ~inside
    changed = inside | (yield from _grown(inside, line & former, rivals, width, height))
    count = changed.to_bytes(width * height, "little").count(1)
    yield
    painted = yield from _painted(rows, changed, color)
    result, row = bytearray(data), width * pixel_bytes
    for number in range(height):
        start = ((y + number) * size[0] + x) * pixel_bytes
        result[start : start + row] = painted[number * row : (number + 1) * row]
    return Recolored(bytes(result), count)


def _cut(data: bytes, stride: int, pixel_bytes: int, box: Box) -> bytes:
    """Return the rows of a box; `stride` is the width of a row of `data` in pixels."""
    x, y, width, height = box
    starts = (((y + number) * stride + x) * pixel_bytes for number in range(height))
    return b"".join(data[start : start + width * pixel_bytes] for start in starts)


def _columns(mask: bytes, width: int) -> tuple[int, int]:
    """Return the first and last column with a 1, of rows that all hold one between them."""
    starts = range(0, len(mask), width)
    firsts = [mask.find(1, start, start + width) - start for start in starts]
    lasts = [mask.rfind(1, start, start + width) - start for start in starts]
    return min(first for first in firsts if first >= 0), max(lasts)


def _rows(labels: bytes, size: Size, segment: int) -> tuple[int, int]:
    """Return the first and last row that hold a segment; the first is larger where none does."""
    pattern, stride = segment.to_bytes(_LABEL_BYTES, "little"), size[0] * _LABEL_BYTES
    first = _aligned(labels, pattern, labels.find(pattern), 1)
    if first < 0:
        return 0, -1
    last = _aligned(labels, pattern, labels.rfind(pattern), -1)
    return first // stride, last // stride


def _aligned(labels: bytes, pattern: bytes, place: int, step: int) -> int:
    """Go on to a place where a pixel begins; a match astride two pixels is none."""
    while place >= 0 and place % _LABEL_BYTES:
        if step > 0:
            place = labels.find(pattern, place + 1)
        else:
            place = labels.rfind(pattern, 0, place + len(pattern) - 1)
    return place


def _where(data: bytes, value: bytes) -> Steps[int]:
    """Return 1 in the byte of every pixel whose bytes are `value`."""
    found = -1
    for place, wanted in enumerate(value):
        table = bytearray(256)
        table[wanted] = 1
        found &= int.from_bytes(data[place :: len(value)].translate(bytes(table)), "little")
        yield
    return found


def _most_frequent(rows: bytes, inside: int, count: int, pixel_bytes: int) -> bytes:
    """Return the colour that the segment has now, of up to a thousand of its pixels."""
    mask = inside.to_bytes(count, "little")
    places, place = [], mask.find(1)
    step = max(1, mask.count(1) // 1000)
    while place >= 0:
        places.append(place)
        place = mask.find(1, place + step)
    found: dict[bytes, int] = {}
    for place in places:
        value = rows[place * pixel_bytes : (place + 1) * pixel_bytes]
        found[value] = found.get(value, 0) + 1
    return max(found, key=lambda value: found[value])


def _grown(inside: int, free: int, others: int, width: int, height: int) -> Steps[int]:
    """Return the free pixels that are nearer to the segment than to others of its colour."""
    row = 8 * width
    column = int.from_bytes((b"\1" + bytes(width - 1)) * height, "little")
    ours, theirs, taken = inside, others, 0

    def spread(mask: int) -> int:
        left = (mask & ~column) >> 8
        right = (mask << 8) & ~column
        return (mask << row) | (mask >> row) | left | right

    for _ in range(_SPREAD_PX):
        new = spread(ours) & free
        rival = spread(theirs) & free & ~new
        if not new:
            break
        free &= ~(new | rival)
        taken |= new
        ours, theirs = new, rival
        yield
    return taken


def _painted(rows: bytes, mask: int, color: bytes) -> Steps[bytes]:
    """Return rows with a colour where the mask is 1."""
    result, count = bytearray(rows), len(rows) // len(color)
    whole = mask * 255
    for place, value in enumerate(color):
        plane = int.from_bytes(rows[place :: len(color)], "little")
        plane = (plane | whole) ^ whole | mask * value
        result[place :: len(color)] = plane.to_bytes(count, "little")
        yield
    return bytes(result)
