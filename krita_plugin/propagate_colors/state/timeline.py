"""Which drawings a shot has: keys, holds, groups, clones. Pure: numbers in, numbers out.

A drawing begins wherever one of the line layers has a key; between two keys it is held. Several
line layers are composed: each shows the key that it holds at that time. Clones and equal drawings
need no care here, the engine tells them by their pixels and colours them once.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Iterable, NamedTuple, Sequence


class LineLayer(NamedTuple):
    """One chosen line layer. A still layer has no keys; a group has those of its layers."""

    uuid: str
    keys: tuple[int, ...] = ()
    grouped: bool = False  # its pixels are those of its projection


class Part(NamedTuple):
    """What one line layer adds to a drawing: the key to read, or the time to look at a group."""

    uuid: str
    key: int | None  # None: a still layer
    grouped: bool


class TimedDrawing(NamedTuple):
    """One drawing from the time it begins; bottom layer first."""

    time: int
    parts: tuple[Part, ...]

    @property
    def grouped(self) -> bool:
        """Tell whether it can be read only by going there."""
        return any(part.grouped for part in self.parts)


def held_key(keys: Sequence[int], time: int) -> int | None:
    """Return the last of the sorted `keys` that is not after `time`."""
    place = bisect_right(keys, time)
    return keys[place - 1] if place else None


def drawing_at(lines: Iterable[LineLayer], time: int) -> TimedDrawing:
    """Return the drawing that the timeline shows at a time."""
    parts = []
    for line in lines:
        key = held_key(line.keys, time)
        if line.grouped:
            parts.append(Part(line.uuid, time if key is None else key, True))
        elif not line.keys:
            parts.append(Part(line.uuid, None, False))
        elif key is not None:
            parts.append(Part(line.uuid, key, False))
    return TimedDrawing(time, tuple(parts))


def drawing_times(lines: Iterable[LineLayer], first: int, last: int) -> list[int]:
    """Return where drawings begin within [first, last]; a drawing held into it is not of it."""
    times = {time for line in lines for time in line.keys if first <= time <= last}
    return sorted(times)


def times_beyond(lines: Iterable[LineLayer], end: int) -> list[int]:
    """Return the keys after the animation's last frame, which Krita cannot show."""
    return sorted({time for line in lines for time in line.keys if time > end})


def same_drawings(before: Sequence[LineLayer], now: Sequence[LineLayer]) -> bool:
    """Tell whether no key was moved, made or removed."""
    return tuple(before) == tuple(now)
