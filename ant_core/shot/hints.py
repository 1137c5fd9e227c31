"""Hints, locks and rules: what the artist fixes, in the one form that CLI and protocol share.

{"schema": 1,
"hints": [{"frame": 12, "point": [640, 360], "color": [255, 220, 180, 255]},
{"frame": 14, "stroke": [[10, 10], [60, 12]], "color": "unpainted"}],
"locks": [{"frame": 20}, {"frame": 21, "point": [300, 200]}],
"never": [{"frame": 7, "point": [50, 60]}, {"color": [0, 0, 0, 255]}, {"frame": 30}]}
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import UNPAINTED, Palette
from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError, UsageError
from ant_core.formats.frame_names import Frame, Name, name_of, parse_name
from ant_core.guard import parse_json
from ant_core.schemas import first_error
from ant_core.shot.frames import FrameRanges, is_within, parse_frames

__all__ = [
    "Hint",
    "HintSet",
    "NeverRule",
    "SegmentLock",
    "parse_hints",
    "read_document",
    "segment_touched",
    "segment_under",
]

_CMYKA = 5  # channels
_MOST_STROKE = 1 << 22  # pixels of all strokes together

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Hint:
    """The segment under these points, in pixels x, y, has this colour; None means unpainted."""

    frame: int
    points: Points
    color: tuple[float, ...] | None
    name: str

    def palette_index(self, palette: Palette) -> int:
        """Return the hint's colour in the shot's format; InputError when it does not fit."""
        if self.color is None:
            return UNPAINTED
        return palette.index(_fit(self.color, palette.format, self.name))


@dataclass(frozen=True)
class SegmentLock:
    """The segment under these points keeps the colour it has in the output."""

    frame: int
    points: Points
    name: str


@dataclass(frozen=True)
class NeverRule:
    """What is never coloured, in the whole shot.

    By place: the segment under these points of this frame, and what matches it elsewhere. By
    colour: segments that would get this colour of the references. By drawing: with a frame alone,
    all that it shows.

    Attributes
    ----------
    frame : int or None
        None where it goes by colour.
    points : tuple of (x, y) in pixels
        Empty where it goes by colour or by drawing.
    color : tuple of float or None
    within : FrameRanges or None
        The frames that it holds on; all if None.
    name : str
    """

    frame: int | None
    points: Points
    color: tuple[float, ...] | None
    within: FrameRanges | None
    name: str

    @property
    def by_drawing(self) -> bool:
        """Whether it holds for the whole drawing of its frame."""
        return self.frame is not None and not self.points

    def holds_on(self, frames: Sequence[int]) -> bool:
        """Tell whether it holds on a drawing that these frames show."""
        if self.by_drawing:
            return self.frame in frames
        return self.within is None or any(is_within(frame, self.within) for frame in frames)

    def palette_index(self, palette: Palette) -> int:
        """Return its colour in the shot's format; InputError when it does not fit."""
        assert self.color is not None
        return palette.index(_fit(self.color, palette.format, self.name))


@dataclass(frozen=True)
class HintSet:
    """All hints, locks and rules of a run; `frames` are locked as a whole."""

    hints: tuple[Hint, ...] = ()
    locks: tuple[SegmentLock, ...] = ()
    frames: tuple[int, ...] = ()
    never: tuple[NeverRule, ...] = ()

    def on(self, frames: Sequence[int]) -> HintSet:
        """Return those on some frames: all frames of a drawing share its hints."""
        hints, locks = self._by_frame
        known = set(frames)
        return HintSet(
            tuple(self.hints[i] for i in sorted(i for f in known for i in hints.get(f, ()))),
            tuple(self.locks[i] for i in sorted(i for f in known for i in locks.get(f, ()))),
            tuple(frame for frame in self.frames if frame in known),
            tuple(rule for rule in self.never if rule.holds_on(frames)),
        )

    @cached_property
    def _by_frame(self) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
        """Return the places of hints and of locks by frame: there may be many, on many frames."""
        found: tuple[dict[int, list[int]], dict[int, list[int]]] = {}, {}
        items: tuple[Sequence[Hint | SegmentLock], ...] = self.hints, self.locks
        for places, some in zip(found, items, strict=True):
            for place, item in enumerate(some):
                places.setdefault(item.frame, []).append(place)
        return found

    def left_alone(self, frames: Sequence[int]) -> bool:
        """Tell whether a rule says that a drawing shown at these frames stays bare."""
        return any(rule.by_drawing and rule.holds_on(frames) for rule in self.never)

    def check_frames(self, frames: Sequence[int]) -> None:
        """Raise InputError when a hint, lock or rule names a frame that the shot has not."""
        known = set(frames)
        whole = [SegmentLock(frame, (), f"the lock of frame {frame}") for frame in self.frames]
        items: list[Hint | SegmentLock | NeverRule] = [*self.hints, *self.locks, *whole]
        items += [rule for rule in self.never if rule.frame is not None]
        for item in items:
            if item.frame not in known:
                raise InputError(
                    f"{item.name} is for frame {item.frame}, which is not in the shot: correct "
                    "the frame number or remove it"
                )
        for rule in self.never:
            if not rule.by_drawing and not rule.holds_on(frames):
                raise InputError(
                    f"{rule.name} holds on frames of which none is in the shot: correct its "
                    '"frames" or remove it'
                )

    def check_values(self, size: tuple[int, int], pixels: PixelFormat) -> None:
        """Raise InputError when a place lies outside the picture or a colour does not fit.

        Parameters
        ----------
        size : (int, int)
            Height and width of the shot in pixels.
        pixels : PixelFormat
            Of the references.
        """
        items: list[Hint | SegmentLock | NeverRule] = [*self.hints, *self.locks, *self.never]
        total = 0
        for item in items:
            for x, y in item.points:
                if not (0 <= x < size[1] and 0 <= y < size[0]):
                    raise InputError(
                        f"{item.name} lies at {x:g}, {y:g}, outside the picture of "
                        f"{size[1]} x {size[0]} pixels: correct its place"
                    )
            total += int(_steps(np.array(item.points)).sum()) if len(item.points) > 1 else 0
            if total > _MOST_STROKE:
                raise InputError(
                    f"all strokes up to {item.name} are {total} pixels long and at most "
                    f"{_MOST_STROKE} are followed: draw shorter ones"
                )
        for hint in self.hints:
            if hint.color is not None:
                _fit(hint.color, pixels, hint.name)
        for rule in self.never:
            if rule.color is None:
                continue
            if _fit(rule.color, pixels, rule.name)[-1] == 0 and pixels.has_alpha:
                raise InputError(f"{rule.name} names no colour but transparency: name a colour")


def read_document(data: bytes, place: str) -> dict[str, Any]:
    """Unpack a hints file; InputError when it is no JSON object."""
    try:
        document = parse_json(data)
    except ValueError as error:
        raise InputError(
            f"{place} is no JSON file ({error}): write hints as the documentation shows"
        ) from None
    if not isinstance(document, dict):
        raise InputError(
            f"{place} holds no valid hints (expected an object): write hints as the "
            "documentation shows"
        )
    return document


def parse_hints(document: Any, place: str, frames: Sequence[int] = ()) -> HintSet:
    """Check and convert a hints document.

    Parameters
    ----------
    document : JSON value
    place : str
        Where it comes from, for the messages.
    frames : sequence of int, optional
        Of the shot, among which names such as "1a" are looked up.
    """
    wrong = first_error(document, "hints")
    if wrong is not None:
        raise InputError(f"{place} holds no valid hints ({wrong}): correct this entry")
    known = {name_of(frame): frame for frame in reversed(frames)}
    hints = []
    for number, item in enumerate(document.get("hints", []), start=1):
        name = f"hint {number} of {place}"
        color = None if item["color"] == "unpainted" else tuple(item["color"])
        hints.append(Hint(_frame(item, known, name), _points(item), color, name))
    locks, whole = [], set()
    for number, item in enumerate(document.get("locks", []), start=1):
        name = f"lock {number} of {place}"
        points, frame = _points(item), _frame(item, known, name)
        if points:
            locks.append(SegmentLock(frame, points, name))
        else:
            whole.add(frame)
    never = [
        _never(item, known, f"never rule {number} of {place}")
        for number, item in enumerate(document.get("never", []), start=1)
    ]
    return HintSet(tuple(hints), tuple(locks), tuple(sorted(whole)), tuple(never))


def _never(item: dict[str, Any], known: Mapping[Name, int], name: str) -> NeverRule:
    frame = _frame(item, known, name) if "frame" in item else None
    color = tuple(item["color"]) if "color" in item else None
    within = None
    if "frames" in item:
        try:
            within = tuple(parse_frames(item["frames"], name))
        except UsageError as error:
            raise InputError(str(error)) from None
    return NeverRule(frame, _points(item), color, within, name)


def _frame(item: dict[str, Any], known: Mapping[Name, int], name: str) -> int:
    """Return the frame that an entry names; a number that is none of the shot's stays as it is."""
    asked = item["frame"]
    if isinstance(asked, float):  # 12.0, a whole number of JSON
        asked = int(asked)
    wanted = (asked, "") if isinstance(asked, int) else parse_name(asked)
    found = known.get((wanted[0], wanted[1].lower())) if wanted is not None else None
    if found is not None:
        return found
    if isinstance(asked, int) and not any(isinstance(frame, Frame) for frame in known.values()):
        return asked
    raise InputError(
        f"{name} is for frame {asked}, which is not in the shot: correct the name or remove it"
    )


def _points(item: dict[str, Any]) -> Points:
    points = item.get("stroke") or ([item["point"]] if "point" in item else [])
    return tuple((float(x), float(y)) for x, y in points)


def _fit(color: tuple[float, ...], pixels: PixelFormat, name: str) -> tuple[float, ...]:
    """Give a hint's colour the channels of the shot without changing what it looks like."""
    _check_range(color, pixels, name)
    if (len(color) == _CMYKA) != (pixels.channels == _CMYKA):
        raise InputError(
            f"{name} has {len(color)} values but the references have {pixels.channels} channels: "
            "give the values of the references' own colour model, alpha last"
        )
    if pixels.channels == _CMYKA:
        return color
    grey = len(color) <= 2
    values = color[:1] * 3 if grey else color[:3]
    alpha = color[-1] if len(color) in (2, 4) else pixels.full
    if pixels.channels == 4:
        return (*values, alpha)
    if alpha != pixels.full and not pixels.has_alpha:
        raise InputError(
            f"{name} is transparent but the references are opaque: give an opaque colour or "
            '"unpainted"'
        )
    if pixels.channels == 3:
        return values
    if len(set(values)) > 1:
        raise InputError(f"{name} is coloured but the references are grey: give one value")
    return (values[0], alpha) if pixels.has_alpha else values[:1]


def _check_range(color: tuple[float, ...], pixels: PixelFormat, name: str) -> None:
    """Floating-point values may lie anywhere, whole ones must fit the depth."""
    if pixels.floating:
        if not all(math.isfinite(value) for value in color):
            raise InputError(f"{name} has a value that is no number: give finite values")
        return
    wrong = [value for value in color if not 0 <= value <= pixels.full or value != int(value)]
    if wrong:
        raise InputError(
            f"{name} has the value {wrong[0]:g} but the references have {pixels.depth} bits a "
            f"channel: give whole values from 0 to {pixels.full}"
        )


def segment_under(labels: NDArray[np.int32], points: Points) -> int:
    """Return the id of the segment that a point or stroke means.

    The segment under most of the stroke, the lower id of two; when it touches lines only, the
    segment nearest to its first point. 0 when the drawing has no segment.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified
    points : x, y in pixels, all within the picture (`HintSet.check_values`)
    """
    return segment_touched(labels, points) or _nearest_segment(labels, points[0])


def segment_touched(labels: NDArray[np.int32], points: Points) -> int:
    """Return the id of the segment under most of a stroke; 0 when it touches lines only.

    Arguments and ties as in `segment_under`.
    """
    if len(points) == 1:  # there may be a hundred thousand
        return int(labels[int(points[0][1]), int(points[0][0])])
    ids = labels[_pixels_along(points)]
    ids = ids[ids > 0]
    return int(np.bincount(ids).argmax()) if len(ids) else 0


def _pixels_along(points: Points) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the pixels under a stroke, about one a pixel of its length."""
    corners = np.array(points)
    steps = _steps(corners)
    # From every corner on to the next, its own pixel left out and the next one's exact.
    ends = np.cumsum(steps)
    number = np.arange(1, int(steps.sum()) + 1) - np.repeat(ends - steps, steps)
    stride = np.diff(corners, axis=0) / steps[:, None]
    way = np.repeat(corners[:-1], steps, axis=0) + number[:, None] * np.repeat(
        stride, steps, axis=0
    )
    way[ends - 1] = corners[1:]
    columns, rows = np.concatenate([corners[:1], way]).astype(np.int64).T
    return rows, columns


def _steps(corners: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many pixels each part of a stroke is followed by; corners: (P, 2)."""
    return np.abs(np.diff(corners, axis=0)).max(axis=1, initial=0).astype(np.int64) + 1


def _nearest_segment(labels: NDArray[np.int32], point: tuple[float, float]) -> int:
    column, row = int(point[0]), int(point[1])
    reach = 4
    while True:
        top, left = max(0, row - reach), max(0, column - reach)
        window = labels[top : row + reach + 1, left : column + reach + 1]
        rows, columns = np.nonzero(window)
        # A window reaches further in its corners than `reach`; only what is nearer is final.
        if len(rows):
            distance = (rows + top - row) ** 2 + (columns + left - column) ** 2
            nearest = int(distance.argmin())
            if distance[nearest] <= reach * reach or window.size == labels.size:
                return int(window[rows[nearest], columns[nearest]])
        if window.size == labels.size:
            return 0
        reach *= 2
