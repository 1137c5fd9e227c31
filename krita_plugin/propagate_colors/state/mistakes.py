"""One wrong colour that was carried through several frames. Pure: results in, segments out.

Results do not say that two segments are the same part of a figure. A mistake that was carried shows
the same colour at about the same place in about the same size, frame after frame; and a segment
that took its colour from one, or both theirs from the same painted segment, may lie farther off.
"""

from __future__ import annotations

from typing import Any, Generator, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .model import Point
from .review import Digest, Mark, is_worth_a_look, mark

_SIZE = 2.0  # times larger or smaller, at most
_STEP = 0.6  # of its own diagonal that it moves to the next frame, at most
_STEP_OF_SOURCE = 2.0  # where both colours are from the same segment

Frames = List[Tuple[int, Optional[Digest]]]


class Carried(NamedTuple):
    """The segment of a later frame that has the same wrong colour."""

    time: int
    segment: int
    point: Point  # well inside it


class Mistake(NamedTuple):
    """One doubtful colour, with the frames that it was carried through, the first one first."""

    worth: float  # the less, the likelier it is one; the least of its frames'
    times: tuple[int, ...]
    marks: tuple[Mark, ...]  # one a time

    @property
    def key(self) -> tuple[int, int]:
        """Return the first frame and its segment."""
        return self.times[0], self.marks[0].segment

    def at(self, time: int) -> Mark | None:
        """Return its segment of a frame; None where it is not."""
        return self.marks[self.times.index(time)] if time in self.times else None


def item_of(result: Mapping[str, Any] | None, segment: int) -> Mapping[str, Any] | None:
    """Return what a result says of a segment."""
    segments = (result or {}).get("segments", ())
    return next((item for item in segments if item["id"] == segment), None)


def carried(
    time: int, item: Mapping[str, Any], later: Iterable[tuple[int, Mapping[str, Any]]]
) -> list[Carried]:
    """Follow a segment's colour through later results, (time, result) in order of time.

    It ends with the first frame that has no such segment.
    """
    found: list[Carried] = []
    last = mark(item)
    for later_time, result in later:
        marks = [mark(other) for other in result.get("segments", ())]
        following = _following(time, last, [other for other in marks if other.color == last.color])
        if following is None or following.point is None:
            break
        time, last = later_time, following
        found.append(Carried(time, last.segment, following.point))
    return found


def gather(frames: Frames, canvas_px: int) -> Generator[None, None, list[Mistake]]:
    """Join the doubtful segments of frames, in order of time, to mistakes, the worst first.

    Those that make a frame amber come before all others. None in place of a digest: a frame that is
    not to be looked at, where every mistake ends. Steps, one a frame.
    """
    done: list[list[tuple[int, Mark]]] = []
    open_: list[list[tuple[int, Mark]]] = []
    for time, digest in frames:
        by_color: dict[Any, list[Mark]] = {}
        for one in () if digest is None else digest.marks:
            if one.worth is not None:
                by_color.setdefault(one.color, []).append(one)
        going_on = []
        for chain in open_:
            last_time, last = chain[-1]
            following = _following(last_time, last, by_color.get(last.color, []))
            if following is None:
                done.append(chain)
            else:
                by_color[last.color].remove(following)
                going_on.append([*chain, (time, following)])
        begun = [[(time, one)] for same in by_color.values() for one in same]
        open_ = going_on + begun
        yield
    found = [_mistake(chain) for chain in done + open_]

    def order(mistake: Mistake) -> Any:
        looked_at = any(is_worth_a_look(one, canvas_px) for one in mistake.marks)
        return not looked_at, mistake.worth, mistake.key

    return sorted(found, key=order)


class MistakeList:
    """The mistakes of one shot, kept until something doubtful changes."""

    def __init__(self) -> None:
        self._of: Any = None
        self._found: list[Mistake] = []

    def of(self, frames: Frames) -> list[Mistake] | None:
        """Return the mistakes of frames, as `gather` takes them; None: `steps` must run before."""
        return self._found if self._of == frames else None

    def steps(self, frames: Frames, canvas_px: int) -> Generator[None, None, None]:
        """Gather the mistakes, a frame a step."""
        found = yield from gather(frames, canvas_px)
        self._of, self._found = frames, found


def _mistake(chain: list[tuple[int, Mark]]) -> Mistake:
    times, marks = zip(*chain)
    return Mistake(min(one.worth for one in marks), times, marks)


def _following(time: int, one: Mark, others: Sequence[Mark]) -> Mark | None:
    """Return which of the segments of its colour in the next frame goes on with a segment."""
    for other in others:
        if other.source == (time, one.segment):
            return other
    usable = [other for other in others if other.box is not None and _alike(one, other)]
    if one.box is None or not usable:
        return None
    same = [other for other in usable if one.source is not None and other.source == one.source]
    return _nearest(one, same, _STEP_OF_SOURCE) or _nearest(one, usable, _STEP)


def _nearest(one: Mark, others: Sequence[Mark], step: float) -> Mark | None:
    if not others:
        return None
    other = min(others, key=lambda other: _distance(one, other))
    width, height = one.box[2:]
    return other if _distance(one, other) <= step * (width**2 + height**2) ** 0.5 else None


def _alike(one: Mark, other: Mark) -> bool:
    return one.area <= _SIZE * other.area and other.area <= _SIZE * one.area


def _distance(one: Mark, other: Mark) -> float:
    (x, y), (u, v) = _middle(one), _middle(other)
    return float(((x - u) ** 2 + (y - v) ** 2) ** 0.5)


def _middle(one: Mark) -> Point:
    x, y, width, height = one.box
    return x + width / 2, y + height / 2
