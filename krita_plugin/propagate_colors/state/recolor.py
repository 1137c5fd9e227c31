"""Another colour for one segment of a frame's raw pixels. Standard library only.

A frame is one large integer with a byte a pixel, so that Python's own arithmetic works on all of
them at once: some ten milliseconds for a segment of full HD.
"""

from __future__ import annotations

from typing import NamedTuple, Tuple

Size = Tuple[int, int]  # width, height in pixels

_LABEL_BYTES = 4  # int32, little endian
_SPREAD_PX = 24  # how far colour can lie under a line


class Recolored(NamedTuple):
    """A frame with another colour in one segment; `pixels` is how many that changed."""

    data: bytes
    pixels: int


def recolor(
    labels: bytes, size: Size, segment: int, data: bytes, pixel_bytes: int, color: bytes
) -> Recolored:
    """Give a segment of a frame another colour.

    `labels`: (H, W) int32, 0 is line; `data`: the frame's raw pixels, rows first, `pixel_bytes`
    each; `color`: the raw bytes of one pixel. The pixels of the segment change, and those of its
    colour under the lines around it that lie nearer to it than to another segment of that colour.
    """
    top, bottom = _rows(labels, size, segment)
    if top > bottom:
        return Recolored(data, 0)
    top, bottom = max(0, top - _SPREAD_PX), min(size[1] - 1, bottom + _SPREAD_PX)
    width, height = size[0], bottom - top + 1
    label_rows = labels[top * width * _LABEL_BYTES : (bottom + 1) * width * _LABEL_BYTES]
    first, last = top * width * pixel_bytes, (bottom + 1) * width * pixel_bytes
    rows = data[first:last]
    inside = _where(label_rows, segment.to_bytes(_LABEL_BYTES, "little"))
    line = _where(label_rows, bytes(_LABEL_BYTES))
    former = _where(rows, _most_frequent(rows, inside, width * height, pixel_bytes))
    changed = inside | _grown(inside, line & former, former & ~line & ~inside, size[0], height)
    count = changed.to_bytes(width * height, "little").count(1)
    return Recolored(data[:first] + _painted(rows, changed, color) + data[last:], count)


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


def _where(data: bytes, value: bytes) -> int:
    """Return 1 in the byte of every pixel whose bytes are `value`."""
    found = -1
    for place, wanted in enumerate(value):
        table = bytearray(256)
        table[wanted] = 1
        found &= int.from_bytes(data[place :: len(value)].translate(bytes(table)), "little")
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


def _grown(inside: int, free: int, others: int, width: int, height: int) -> int:
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
    return taken


def _painted(rows: bytes, mask: int, color: bytes) -> bytes:
    """Return rows with a colour where the mask is 1."""
    result, count = bytearray(rows), len(rows) // len(color)
    whole = mask * 255
    for place, value in enumerate(color):
        plane = int.from_bytes(rows[place :: len(color)], "little")
        plane = (plane | whole) ^ whole | mask * value
        result[place :: len(color)] = plane.to_bytes(count, "little")
    return bytes(result)
