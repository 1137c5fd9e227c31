"""Small pictures of raw layer bytes, for display only: any colour model and depth to 8-bit BGRA.

Krita's Python has no array library. Whole-number RGB of 8 bits goes straight into a QImage; other
formats are sampled row by row with slices, which run at the speed of C, before Qt scales them.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Callable, Iterable, Sequence

from ..qt import Qt, QtGui
from ..state.model import Picture, Rgb, Size
from ..state.pixels import Format

_ARGB = QtGui.QImage.Format.Format_ARGB32
_MULTIPLY = QtGui.QPainter.CompositionMode.CompositionMode_Multiply
_OVER = QtGui.QPainter.CompositionMode.CompositionMode_SourceOver
_CUT = QtGui.QPainter.CompositionMode.CompositionMode_DestinationOut
_KEEP = QtGui.QPainter.CompositionMode.CompositionMode_DestinationIn
_PALE = 190  # of 255: how much paper lies over what is not marked
_MARK = 180  # of 255: how much a mark covers
# Sampled pixels of a picture: above, a float picture would stop the interface for too long.
_MOST_SAMPLES = 250_000
_FULL_INK = 100.0  # of a floating-point CMYK channel


def fitted(size: Size, most: Size) -> Size:
    """Return the size scaled down to fit, keeping its proportions."""
    share = min(1.0, most[0] / size[0], most[1] / size[1])
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def image(data: bytes, form: Format, size: Size, most: Size) -> QtGui.QImage:
    """Return raw pixels of the canvas as an image that fits into `most`."""
    target = fitted(size, most)
    if (form.model, form.depth) == ("RGBA", "U8"):
        whole = QtGui.QImage(data, size[0], size[1], size[0] * 4, _ARGB)
    else:
        width, height, sampled = sample(data, form, size, _step(size, target))
        whole = QtGui.QImage(sampled, width, height, width * 4, _ARGB)
    return _scaled(whole, target)


def from_bgra(picture: Picture, most: Size) -> QtGui.QImage:
    """Return a BGRA picture as an image that fits into `most`."""
    width, height, data = picture
    return _scaled(
        QtGui.QImage(data, width, height, width * 4, _ARGB), fitted((width, height), most)
    )


def stacked(colors: QtGui.QImage, lines: Sequence[QtGui.QImage]) -> QtGui.QImage:
    """Lay lines over colours; paper that is white or clear lets the colours through."""
    return _painted(colors, lines, _MULTIPLY)


def laid(size: Size, layers: Iterable[tuple[QtGui.QImage, bool, float]]) -> QtGui.QImage:
    """Lay painted layers over each other, the lowest first: image, whether it multiplies, opacity.

    All images have the size.
    """
    canvas = clear(size).convertToFormat(QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    painter = QtGui.QPainter(canvas)
    for picture, multiplied, opacity in layers:
        painter.setCompositionMode(_MULTIPLY if multiplied else _OVER)
        painter.setOpacity(opacity)
        painter.drawImage(0, 0, picture)
    painter.end()
    return canvas


def marked(below: QtGui.QImage, marks: QtGui.QImage) -> QtGui.QImage:
    """Lay marks over an image, whose other parts turn pale."""
    size = (below.width(), below.height())
    marks = _grown(_scaled(marks, size))
    veil = _painted(_filled(size, (255, 255, 255, _PALE)), [marks], _CUT)
    return _painted(below, [veil, marks], None)


def _grown(marks: QtGui.QImage) -> QtGui.QImage:
    """Widen marks by a pixel: scaled down, a small one would be but a breath of colour."""
    size = (marks.width(), marks.height())
    canvas = clear(size).convertToFormat(QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    painter = QtGui.QPainter(canvas)
    for x, y in 3 * [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)]:  # thrice: the faint ones too
        painter.drawImage(x, y, marks)
    painter.end()
    return _painted(canvas, [_filled(size, (0, 0, 0, _MARK))], _KEEP)


def clear(size: Size) -> QtGui.QImage:
    """Return a transparent image."""
    empty = QtGui.QImage(size[0], size[1], _ARGB)
    empty.fill(0)
    return empty


def _filled(size: Size, color: tuple[int, int, int, int]) -> QtGui.QImage:
    """Return an image of one colour: red, green, blue, alpha."""
    image = clear(size)
    image.fill(QtGui.QColor(*color))
    return image


def to_bgra(picture: QtGui.QImage) -> Picture:
    """Return width, height and BGRA bytes with straight alpha."""
    straight = picture.convertToFormat(_ARGB)
    pointer = straight.constBits()
    pointer.setsize(straight.width() * straight.height() * 4)
    return straight.width(), straight.height(), bytes(pointer)


def _scaled(picture: QtGui.QImage, size: Size) -> QtGui.QImage:
    """Scale; the result owns its pixels, as the bytes below the argument may be gone soon."""
    if (picture.width(), picture.height()) == tuple(size):
        return picture.copy()
    return picture.scaled(
        size[0],
        size[1],
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def _painted(below: QtGui.QImage, above: Sequence[QtGui.QImage], mode) -> QtGui.QImage:
    canvas = below.convertToFormat(QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    painter = QtGui.QPainter(canvas)
    if mode is not None:
        painter.setCompositionMode(mode)
    for picture in above:
        painter.drawImage(0, 0, picture)
    painter.end()
    return canvas


# ---- other formats than RGBA 8


def _step(size: Size, target: Size) -> int:
    """Sample about twice as fine as wanted, so that thin lines survive the scaling."""
    step = max(1, size[0] // (2 * target[0]))
    while (size[0] // step) * (size[1] // step) > _MOST_SAMPLES:
        step += 1
    return step


def sample(data: bytes, form: Format, size: Size, step: int) -> Picture:
    """Return every `step`-th pixel of every `step`-th row as BGRA."""
    width, height = len(range(0, size[0], step)), len(range(0, size[1], step))
    stride = size[0] * form.pixel_bytes
    rows = []
    for y in range(0, size[1], step):
        row = data[y * stride : (y + 1) * stride]
        out = bytearray(width * 4)
        for place, channel in enumerate(_bgra(_channels(row, form, step), form)):
            out[place::4] = channel
        rows.append(out)
    return width, height, b"".join(rows)


def _channels(row: bytes, form: Format, step: int) -> list[bytes]:
    """Return the channels of a row as 8-bit values, in the order in which they are stored."""
    jump = form.pixel_bytes * step
    linear = _is_linear(form)
    return [
        _reader(form, linear and place < form.channels - 1)(row, place * form.channel_bytes, jump)
        for place in range(form.channels)
    ]


def _reader(form: Format, linear: bool) -> Callable[[bytes, int, int], bytes]:
    if form.depth == "U8":
        return lambda row, place, jump: row[place::jump]
    if form.depth == "U16":
        return lambda row, place, jump: row[place + 1 :: jump]
    table = _float_table(form.depth, linear, form.model == "CMYKA")
    high = form.channel_bytes - 2  # the upper half of a 32-bit float is precise enough for display

    def read(row: bytes, place: int, jump: int) -> bytes:
        lows, highs = row[place + high :: jump], row[place + high + 1 :: jump]
        return bytes([table[low | top << 8] for low, top in zip(lows, highs)])

    return read


@lru_cache(maxsize=8)
def _float_table(depth: str, linear: bool, ink: bool) -> bytes:
    """Return the 8-bit value of every 16-bit pattern: a half, or the upper half of a float."""
    patterns = range(1 << 16)
    if depth == "F16":
        values = struct.unpack("<65536e", struct.pack("<65536H", *patterns))
    else:
        values = struct.unpack("<65536f", struct.pack("<65536I", *(n << 16 for n in patterns)))
    share = 1.0 / _FULL_INK if ink else 1.0
    return bytes([_eight_bits(value * share, linear) for value in values])


def _eight_bits(value: float, linear: bool) -> int:
    value = min(1.0, value) if value > 0.0 else 0.0  # not a number counts as 0
    if linear:
        value = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(255 * value)


def _is_linear(form: Format) -> bool:
    """Tell whether values are linear light; Krita's own names say it in one of two ways."""
    name = form.profile.lower()
    return form.model != "CMYKA" and ("linear" in name or "-g10" in name)


def _bgra(channels: list[bytes], form: Format) -> list[bytes]:
    if form.model == "GRAYA":
        grey, alpha = channels
        return [grey, grey, grey, alpha]
    if form.model == "CMYKA":
        cyan, magenta, yellow, black, alpha = channels
        red, green, blue = (_without_ink(ink, black) for ink in (cyan, magenta, yellow))
        return [blue, green, red, alpha]
    if form.depth.startswith("F"):
        red, green, blue, alpha = channels
        return [blue, green, red, alpha]
    return channels


def _without_ink(ink: bytes, black: bytes) -> bytes:
    return bytes([(255 - a) * (255 - k) // 255 for a, k in zip(ink, black)])


def display(color: Sequence[float], form: Format) -> Rgb:
    """Return R, G, B for the channel values of one colour, in logical order with alpha last."""
    linear = _is_linear(form)
    full = {"U8": 255.0, "U16": 65535.0}.get(form.depth)
    if full is None:
        full = _FULL_INK if form.model == "CMYKA" else 1.0
    values = [_eight_bits(value / full, linear and form.depth.startswith("F")) for value in color]
    if form.model == "GRAYA":
        return (values[0],) * 3
    if form.model == "CMYKA":
        cyan, magenta, yellow, black = values[:4]
        return tuple((255 - ink) * (255 - black) // 255 for ink in (cyan, magenta, yellow))
    return tuple(values[:3])
