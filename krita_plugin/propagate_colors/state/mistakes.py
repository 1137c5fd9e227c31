"""One wrong colour that was carried through several frames. Pure: results in, segments out.

Results do not say that two segments are the same part of a figure. A mistake that was carried shows
the same colour at about the same place in about the same size, frame after frame.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from .model import Point
from .review import as_color

_SIZE = 2.0  # times larger or smaller, at most
_STEP = 0.6  # of its own diagonal that it moves to the next frame, at most


class Carried(NamedTuple):
    """The segment of a later frame that has the same wrong colour."""

    time: int
    segment: int
    point: Point  # well inside it


def item_of(result: Mapping[str, Any] | None, segment: int) -> Mapping[str, Any] | None:
    """Return what a result says of a segment."""
    segments = (result or {}).get("segments", ())
    return next((item for item in segments if item["id"] == segment), None)


def carried(
    item: Mapping[str, Any], later: Iterable[tuple[int, Mapping[str, Any]]]
) -> list[Carried]:
    """Follow a segment's colour through later results, (time, result) in order of time.

    It ends with the first frame that has no such segment.
    """
    found: list[Carried] = []
    for time, result in later:
        next_item = _nearest(item, result.get("segments", ()))
        if next_item is None:
            break
        item = next_item
        x, y = item["point"]
        found.append(Carried(time, item["id"], (float(x) + 0.5, float(y) + 0.5)))
    return found


def _nearest(item: Mapping[str, Any], segments: Iterable[Mapping[str, Any]]) -> Any:
    color = as_color(item["color"])
    usable = [
        (_distance(item, other), other)
        for other in segments
        if as_color(other["color"]) == color and "box" in other and _alike(item, other)
    ]
    if "box" not in item or not usable:
        return None
    distance, other = min(usable, key=lambda pair: pair[0])
    width, height = item["box"][2:]
    return other if distance <= _STEP * (width**2 + height**2) ** 0.5 else None


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    first, second = one.get("area", 1), other.get("area", 1)
    return first <= _SIZE * second and second <= _SIZE * first


def _distance(one: Mapping[str, Any], other: Mapping[str, Any]) -> float:
    (x, y), (u, v) = _middle(one), _middle(other)
    return ((x - u) ** 2 + (y - v) ** 2) ** 0.5


def _middle(item: Mapping[str, Any]) -> tuple[float, float]:
    x, y, width, height = item["box"]
    return x + width / 2, y + height / 2
