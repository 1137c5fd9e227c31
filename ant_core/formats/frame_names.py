"""Drawings as animators name them: 1, 1a, 2B are three, in that order.

Frames are whole numbers everywhere. Where names carry letters, the number of a drawing is its
place: the one in its name where that is free, the next one otherwise. Its name goes with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["Frame", "Name", "name_of", "number_names", "parse_name"]

Name = tuple[int, str]  # the number in a name and the letters after it
_LAST_NUMBER = re.compile(r"([0-9]{1,9})([A-Za-z]{0,3})$")


class Frame(int):
    """The frame number of a drawing whose name carries letters, or stands among such.

    It is written as the drawing is named; as a number (`%d`, JSON, arrays) it is the place.

    Attributes
    ----------
    number : int
        The number in the name.
    letters : str
        As the artist wrote them, "" for none.
    """

    number: int
    letters: str

    def __new__(cls, place: int, number: int | None = None, letters: str = "") -> Frame:
        frame = super().__new__(cls, place)
        frame.number = place if number is None else number
        frame.letters = letters
        return frame

    def __getnewargs__(self) -> tuple[int, int, str]:  # type: ignore[override]
        return int(self), self.number, self.letters

    def __str__(self) -> str:
        return f"{self.number}{self.letters}"

    def __format__(self, spec: str) -> str:
        return format(self.number, spec) + self.letters


def name_of(frame: int) -> Name:
    """Return number and letters of a frame, by which names are ordered; letters in lower case."""
    if isinstance(frame, Frame):
        return frame.number, frame.letters.lower()
    return frame, ""


def parse_name(text: str) -> Name | None:
    """Return the number at the end of a name, and the letters after it; None without one."""
    found = _LAST_NUMBER.search(text)
    return (int(found[1]), found[2]) if found else None


def number_names(names: Iterable[Name]) -> dict[Name, Frame]:
    """Give names their frames, by name with letters in lower case.

    Examples
    --------
    >>> [int(frame) for frame in number_names([(1, ""), (1, "a"), (2, "B"), (5, "")]).values()]
    [1, 2, 3, 5]
    """
    frames: dict[Name, Frame] = {}
    last = -1
    for number, letters in sorted(names, key=lambda name: (name[0], name[1].lower())):
        last = max(number, last + 1)
        frames[number, letters.lower()] = Frame(last, number, letters)
    return frames
