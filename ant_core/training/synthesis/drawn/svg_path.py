"""Path data of SVG -> skia paths: all commands, absolute and relative."""

from __future__ import annotations

import re
from collections.abc import Iterator

import skia

from ant_core.errors import InputError

__all__ = ["svg_path"]

_COUNTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7, "Z": 0}
_COMMAND = re.compile(r"([MLHVCSQTAZ])([^MLHVCSQTAZ]*)", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_GAP = re.compile(r"[\s,]*")
_FLAGS = (3, 4)  # of an arc: one digit each, which the next number may follow without a space

Point = tuple[float, float]


def _numbers(text: str, arcs: bool) -> Iterator[float]:
    position, index = _GAP.match(text).end(), 0  # type: ignore[union-attr]
    while position < len(text):
        flag = arcs and index % 7 in _FLAGS
        end = position + 1
        if not flag:
            found = _NUMBER.match(text, position)
            if not found:
                raise InputError(f"{text!r} is no SVG path data: fetch the parts anew.")
            end = found.end()
        yield float(text[position:end])
        position, index = _GAP.match(text, end).end(), index + 1  # type: ignore[union-attr]


def _steps(d: str) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield every command with its numbers; repeated ones as if each had its letter."""
    for letter, text in _COMMAND.findall(d):
        numbers, count = list(_numbers(text, letter in "aA")), _COUNTS[letter.upper()]
        if count == 0:
            yield letter, ()
            continue
        if not numbers or len(numbers) % count:
            raise InputError(f"{letter}{text} is no SVG path data: fetch the parts anew.")
        again = {"M": "L", "m": "l"}.get(letter, letter)
        for i in range(0, len(numbers), count):
            yield (again if i else letter), tuple(numbers[i : i + count])


def _absolute(letter: str, numbers: tuple[float, ...], at: Point) -> tuple[float, ...]:
    x, y = at
    if letter == "h":
        return (numbers[0] + x,)
    if letter == "v":
        return (numbers[0] + y,)
    if letter == "a":
        return (*numbers[:5], numbers[5] + x, numbers[6] + y)
    if letter.islower():
        return tuple(n + (y if i % 2 else x) for i, n in enumerate(numbers))
    return numbers


class _PathPen:
    """Knows what relative and smooth commands go on from."""

    def __init__(self) -> None:
        self.builder = skia.PathBuilder()
        self._at: Point = (0.0, 0.0)
        self._start: Point = (0.0, 0.0)
        self._handle: Point | None = None  # last control point of a curve
        self._kind = ""

    def _mirrored(self, kinds: str) -> Point:
        if self._handle is None or self._kind not in kinds:
            return self._at
        return 2 * self._at[0] - self._handle[0], 2 * self._at[1] - self._handle[1]

    def step(self, letter: str, numbers: tuple[float, ...]) -> None:
        """Draw one command with its numbers; a small letter counts from where the path is."""
        kind, n = letter.upper(), _absolute(letter, numbers, self._at)
        handle: Point | None = None
        if kind == "Z":
            self.builder.close()
            self._at = self._start
        elif kind == "M":
            self.builder.moveTo(n[0], n[1])
            self._at = self._start = (n[0], n[1])
        elif kind in "LHV":
            end = {"L": n, "H": (n[0], self._at[1]), "V": (self._at[0], n[0])}[kind]
            self.builder.lineTo(end[0], end[1])
            self._at = (end[0], end[1])
        elif kind in "CS":
            first = (n[0], n[1]) if kind == "C" else self._mirrored("CS")
            handle = (n[-4], n[-3])
            self.builder.cubicTo(*first, *handle, n[-2], n[-1])
        elif kind in "QT":
            handle = (n[0], n[1]) if kind == "Q" else self._mirrored("QT")
            self.builder.quadTo(*handle, n[-2], n[-1])
        else:
            self._arc(n)
        if kind in "CSQTA":
            self._at = (n[-2], n[-1])
        self._handle, self._kind = handle, kind

    def _arc(self, n: tuple[float, ...]) -> None:
        sizes, turns = skia.PathBuilder.ArcSize, skia.PathDirection
        self.builder.arcTo(
            skia.Point(n[0], n[1]),
            n[2],
            sizes.kLarge_ArcSize if n[3] else sizes.kSmall_ArcSize,
            turns.kCW if n[4] else turns.kCCW,
            skia.Point(n[5], n[6]),
        )


def svg_path(d: str, *, even_odd: bool) -> skia.Path:
    """Return the path that the attribute `d` of an SVG path describes.

    Parameters
    ----------
    d
        Path data.
    even_odd
        Whether it is filled by the even-odd rule, not by winding.

    Raises
    ------
    InputError
        It is no path data.
    """
    pen = _PathPen()
    rules = skia.PathFillType
    pen.builder.setFillType(rules.kEvenOdd if even_odd else rules.kWinding)
    for letter, numbers in _steps(d):
        pen.step(letter, numbers)
    return pen.builder.detach()
