"""Which drawings to paint so that the others can be coloured from them.

No colour is needed to know: the network tells how surely each segment of one drawing is found in
another. Chosen are, one after the other, the drawings that most raise the sum of these chances
over all segments. The gain of a set of drawings is submodular, so this greedy choice reaches at
least 63 % of the best possible one (Nemhauser, Wolsey and Fisher, 1978).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import Cancelled, InputError
from ant_core.formats.base import FrameReader
from ant_core.matching.matcher import DrawingFeatures
from ant_core.matching.tiles import cut, split
from ant_core.propagation.drawings import Settings
from ant_core.propagation.prepared import MatcherLike, analyze
from ant_core.propagation.timing import Timings
from segmentation import Rough

__all__ = [
    "MOST_SOURCES",
    "Chances",
    "Find",
    "Suggestion",
    "best",
    "choose",
    "counterparts",
    "spread",
    "suggest",
    "survey",
]

_MOST_DRAWINGS = 48  # that are compared, and
MOST_SOURCES = 24  # that may be named: 1,100 matches, a minute at 300 segments each
_FEWEST_NAMED, _MOST_NAMED = 2, 5  # where nothing is painted
_LEAST_GAIN = 0.01  # of the mean chance, for which a third to fifth drawing is named
_LIMITS = Settings()  # of the memory of one match

# Rows: the drawings that may be painted. Columns: the segments of one drawing.
Chances = NDArray[np.float32]
# (source, target, near) -> `counterparts` of the target in the source, by their places; `near`
# where they follow one another, so that flow between them is worth its time.
Find = Callable[[int, int, bool], tuple[NDArray[np.float32], NDArray[np.int64]]]


@dataclass(frozen=True)
class Suggestion:
    """One drawing to paint.

    Attributes
    ----------
    frame : int
        The first frame that shows it.
    found : float
        Mean over the segments of the shot, 0 to 1, of how surely each is found in this drawing, in
        those suggested before it or in those painted already. The network's own estimate: it is
        made to choose by, and not calibrated.
    """

    frame: int
    found: float

    def to_json(self) -> dict[str, Any]:
        """Return it as events and the engine tell it."""
        return {"frame": self.frame, "found": round(self.found, 4)}


def spread(count: int, most: int) -> list[int]:
    """Return at most so many of `count` places, evenly spaced, the first and the last among them.

    Examples
    --------
    >>> spread(9, 3)
    [0, 4, 8]
    >>> spread(2, 3)
    [0, 1]
    """
    if not count:
        return []
    return sorted({int(x) for x in np.linspace(0, count - 1, min(count, most)).round()})


def survey(counts: Sequence[int], sources: Sequence[int], find: Find) -> list[Chances]:
    """Return how surely the segments of every drawing are found in the sources.

    A colour reaches a drawing directly, or through the drawings between, one step at a time: the
    larger chance counts, as in a run, where painted and predicted drawings are both asked.

    Parameters
    ----------
    counts : sequence of int
        Number of segments of each drawing, in the order of time.
    sources : sequence of int
        Places of the drawings that may be painted.
    find : callable
        See `Find`; called for every source and target, and for every two neighbours.

    Returns
    -------
    list of (S, N) float32
        Of every drawing, a row a source; 1 where the drawing is the source.
    """
    found = [np.ones((len(sources), count), np.float32) for count in counts]
    for target, rows in enumerate(found):
        for row, source in zip(rows, sources, strict=True):
            if source != target:
                row[:] = find(source, target, False)[0]
    for step in (1, -1):
        for target in range(len(found))[::step][1:]:
            before = target - step
            chance, likeliest = find(before, target, True)
            beyond = np.array([(target - source) * step > 0 for source in sources], bool)
            if counts[before]:
                through = chance * found[before][:, likeliest]
                found[target][beyond] = np.maximum(found[target], through)[beyond]
    return found


def counterparts(
    probability: NDArray[np.float32], has_counterpart: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the chance that each segment is found, (N,), and its likeliest counterpart, (N,).

    Parameters are those of `Match` with one reference.
    """
    if probability.shape[1] == 0:
        return np.zeros(len(probability), np.float32), np.zeros(len(probability), np.int64)
    return probability.max(axis=1) * has_counterpart, probability.argmax(axis=1)


def choose(
    chances: Sequence[Chances],
    sources: Sequence[int],
    painted: Sequence[int],
    most: int,
    least_gain: float = 0.0,
    fewest: int = 1,
) -> list[Suggestion]:
    """Choose drawings to paint, the most useful first, each named by its place.

    Parameters
    ----------
    chances : sequence of (S, N) float32
        Of every drawing, see `survey`.
    sources : sequence of int
        The place of each of the S drawings that may be painted or are.
    painted : sequence of int
        Places, among `sources`, of the drawings that are painted already.
    most, fewest : int
        How many to choose; fewer than `fewest` only where nothing is left.
    least_gain : float
        Above `fewest`, the least rise of `Suggestion.found` that is worth painting a drawing.
    """
    together = np.concatenate([np.zeros((len(sources), 0), np.float32), *chances], axis=1)
    place_of = list(sources)
    is_painted = [place in painted for place in place_of]
    best = together[is_painted].max(axis=0, initial=0)
    left = [row for row, done in enumerate(is_painted) if not done]
    chosen: list[Suggestion] = []
    before = float(best.mean()) if best.size else 0.0
    while left and len(chosen) < most:
        totals = [float(np.maximum(best, together[row]).mean()) if best.size else 0 for row in left]
        row = left.pop(int(np.argmax(totals)))
        found = max(totals)
        if len(chosen) >= fewest and found - before < least_gain:
            break
        best = np.maximum(best, together[row])
        chosen.append(Suggestion(place_of[row], found))
        before = found
    return chosen


def best(
    counts: Sequence[int], painted: Sequence[int], find: Find, count: int | None = None
) -> list[Suggestion]:
    """Name drawings to paint, each by its place; see `suggest`.

    Parameters
    ----------
    counts : sequence of int
        Number of segments of each drawing, in the order of time.
    painted : sequence of int
        Places of the drawings that are painted already.
    find : callable
        See `Find`.
    count : int, optional
    """
    given = [painted[i] for i in spread(len(painted), MOST_SOURCES // 2)]
    others = [place for place in range(len(counts)) if place not in set(painted)]
    named = [others[i] for i in spread(len(others), MOST_SOURCES - len(given))]
    sources = sorted({*given, *named})
    chances = survey(counts, sources, find)
    if count:
        return choose(chances, sources, given, count)
    if given:
        return choose(chances, sources, given, 1)
    return choose(chances, sources, given, _MOST_NAMED, _LEAST_GAIN, _FEWEST_NAMED)


def _compared(drawings: int, painted: Sequence[int]) -> list[int]:
    """Return the places of the drawings that are compared, a quarter of them painted at most."""
    given = {painted[i] for i in spread(len(painted), _MOST_DRAWINGS // 4)}
    others = [place for place in range(drawings) if place not in set(painted)]
    return sorted(given | {others[i] for i in spread(len(others), _MOST_DRAWINGS - len(given))})


def _distinct(lines: FrameReader, painted: Collection[int]) -> list[tuple[int, ...]]:
    """Return the frames that show each distinct drawing, by the first of them."""
    strange = sorted(set(painted) - set(lines.frames))
    if strange:
        raise InputError(
            f"frame {strange[0]} is painted but has no line drawing: add the line drawing of this "
            "frame or take the painted file away"
        )
    frames: dict[str, list[int]] = {}
    for frame in lines.frames:
        frames.setdefault(lines.probe(frame).digest, []).append(frame)
    if not frames:
        raise InputError("the shot has no line drawings: name where they lie with --line")
    return [tuple(held) for held in frames.values()]


def _check(cancel: threading.Event) -> None:
    if cancel.is_set():
        raise Cancelled("stopped before the drawings were compared: run the same command again")


@dataclass(frozen=True)
class _Drawing:
    frames: tuple[int, ...]
    features: DrawingFeatures


def _finder(
    matcher: MatcherLike,
    drawings: Sequence[_Drawing],
    done: Callable[[int, str], None],
    cancel: threading.Event,
) -> Find:
    """Return what matches two drawings; tells of every drawing that is compared with all others."""
    compared: set[int] = set()

    def find(source: int, target: int, near: bool) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return each target segment's chance to be found, (N,), and its likeliest row, (N,)."""
        _check(cancel)
        if target not in compared:
            compared.add(target)
            frame = drawings[target].frames[0]
            done(len(compared), f"frame {frame} compared")
        one, other = drawings[source], drawings[target]
        reference, wanted = one.features, other.features
        if not near:
            # Flow between drawings far apart takes longer than the match and says little.
            reference, wanted = replace(reference, small=None), replace(wanted, small=None)
        chance = np.zeros(wanted.count, np.float32)
        likeliest = np.zeros(wanted.count, np.int64)
        limits = _LIMITS.max_pairs, _LIMITS.max_columns
        for tile in split(wanted.box, [reference.box], *limits):
            (rows,) = tile.references
            match = matcher.match(
                [cut(reference, rows)],
                cut(wanted, tile.target),
                [other.frames[0] - one.frames[0]],
            )
            found, at = counterparts(match.probability, match.has_counterpart)
            chance[tile.target] = found
            likeliest[tile.target] = rows[at] if len(rows) else 0
        return chance, likeliest

    return find


def suggest(
    lines: FrameReader,
    painted: Collection[int],
    matcher: MatcherLike,
    *,
    count: int | None = None,
    gap_px: float | None = None,
    rough: Rough = "auto",
    done: Callable[[int, int, str], None] = lambda at, of, what: None,
    cancel: threading.Event | None = None,
) -> list[Suggestion]:
    """Name the frames of a shot that are best painted, the most useful first.

    Of shots with more than 48 drawings as many are compared, evenly spaced, a quarter of them
    painted at most; of these 24 may be named, or 12 beside painted ones.

    Parameters
    ----------
    lines : FrameReader
        Line art of every frame.
    painted : collection of int
        Frames that are painted already.
    count : int, optional
        How many to name. Default: two to five where nothing is painted, as many as raise the mean
        chance by 0.01 each, else one.
    gap_px, rough
        See `segmentation.find_pieces` and `segmentation.extract_lines`.
    done : callable
        Called with what is done, of how much, and what it was.

    Raises
    ------
    InputError
        When a picture cannot be used, or no drawing has a segment.
    Cancelled
    """
    cancel = cancel or threading.Event()
    held = _distinct(lines, painted)
    places = [i for i, frames in enumerate(held) if set(frames) & set(painted)]
    if len(places) == len(held):
        return []
    looked_at = _compared(len(held), places)
    drawings: list[_Drawing] = []
    for number, place in enumerate(looked_at, 1):
        _check(cancel)
        frames = held[place]
        image = lines.read(frames[0])
        try:
            taken = analyze(image, "", gap_px, Timings(), rough=rough)
        except ValueError as error:
            raise InputError(f"{lines.place(frames[0])} cannot be segmented: {error}") from error
        if not taken.taken.blank:
            drawings.append(_Drawing(frames, matcher.encode(taken.descriptors)))
        done(number, 2 * len(looked_at), f"frame {frames[0]} looked at")
    if not drawings:
        raise InputError(
            f"{lines.place(lines.frames[0])} and all other frames are blank: name the line "
            "drawings with --line"
        )
    given = [i for i, d in enumerate(drawings) if set(d.frames) & set(painted)]
    total = 2 * len(looked_at)
    find = _finder(matcher, drawings, lambda at, what: done(total // 2 + at, total, what), cancel)
    counts = [drawing.features.count for drawing in drawings]
    chosen = best(counts, given, find, count)
    return [replace(one, frame=drawings[one.frame].frames[0]) for one in chosen]
