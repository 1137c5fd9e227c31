"""Protocols over frames with known truth, for any matcher.

Recursive (Casey et al. 2021, section 4.3, figure 8): one drawing is given with its true colours,
every following one takes its colours from the one before it as predicted, and, as the product
does, also from the first. Consecutive (BasicPBC, DACoN): every drawing from the true colours of
the one before it. Keyframes: every drawing from some given ones. Painted: the others from some
given ones and from each other, in the product's order. Effort: the same with an artist who corrects
one drawing after the other. Scored is the colour of every segment; a segment left without colour
counts as wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.matching.descriptors import SHAPE_FEATURES
from ant_core.matching.fills import Fills
from ant_core.matching.matcher import Match
from ant_core.matching.voting import Ballot, vote
from ant_core.propagation.drawings import Settings
from ant_core.propagation.fill import LEAST_SOURCES
from ant_core.propagation.plan import make_plan
from ant_core.shot.shot import Drawing, Reference
from ant_core.training.data.baselines import nearest_position
from ant_core.training.data.clips import ClipFrame

__all__ = [
    "Confidence",
    "MatchFrames",
    "ProtocolScore",
    "by_overlap",
    "by_position",
    "effort",
    "keyframes",
    "painted",
    "recursive",
]

# (references, target) -> probability (N, M) over all reference segments, counterpart (N,)
MatchFrames = Callable[
    [Sequence[ClipFrame], ClipFrame], tuple[NDArray[np.float32], NDArray[np.float32]]
]
Confidence = Callable[[NDArray[np.float32]], NDArray[np.float32]]
_LOG_AREA = SHAPE_FEATURES.index("log_area")
_LIMITS = Settings()  # of the product: how many references a match takes


@dataclass
class ProtocolScore:
    """Counts over the scored drawings of one or several shots, and what calibration needs.

    Every list has one array a drawing, a value (or row) a segment.
    """

    right: int = 0
    segments: int = 0
    drawings: int = 0
    predicted: list[NDArray[np.integer[Any]]] = field(default_factory=list)  # colours, -1 none
    raw: list[NDArray[np.float32]] = field(default_factory=list)  # winner's share of similarity
    confidence: list[NDArray[np.float32]] = field(default_factory=list)  # of the fill
    hit: list[NDArray[np.bool_]] = field(default_factory=list)
    source: list[NDArray[np.int32]] = field(default_factory=list)  # (N, 2) frame, segment id
    counterpart: list[NDArray[np.float32]] = field(default_factory=list)  # as predicted
    present: list[NDArray[np.bool_]] = field(default_factory=list)  # true part in a reference

    @property
    def accuracy(self) -> float:
        """The share of segments with the right colour."""
        return self.right / max(self.segments, 1)

    def add(self, predicted: NDArray[np.integer[Any]], frame: ClipFrame) -> None:
        """Count one drawing."""
        self.right += int((predicted == frame.color).sum())
        self.segments += frame.count
        self.drawings += 1
        self.predicted.append(predicted)


def recursive(
    frames: Sequence[ClipFrame],
    match: MatchFrames,
    confidence: Confidence = lambda raw: raw,
    no_counterpart_threshold: float = 0.0,
    true_references: bool = False,
    keep_first: bool = True,
) -> ProtocolScore:
    """Propagate the first frame's colours through the others with a matcher.

    Every target is matched against the drawing before it, with `keep_first` also against the
    first one, and coloured by `matching.voting`. With `true_references` the one before carries its
    true colours and full weight: not propagation, but what confidence is fitted on, and
    without `keep_first` the consecutive protocol.
    """
    run = _Run(match, confidence, no_counterpart_threshold, _ranks(frames))
    first = before = frames[0]
    start = last = _true_ballot(first)
    for frame in frames[1:]:
        references, ballots = [before], [last]
        if keep_first and before is not first:
            references, ballots = [first, before], [start, last]
        fills = run.color(references, ballots, frame)
        last = Ballot(frame.number, 0, fills.color, fills.confidence)
        if true_references:
            last = _true_ballot(frame)
        before = frame
    return run.score


def keyframes(
    references: Sequence[ClipFrame],
    targets: Sequence[ClipFrame],
    match: MatchFrames,
    confidence: Confidence = lambda raw: raw,
    no_counterpart_threshold: float = 0.0,
) -> ProtocolScore:
    """Colour every target from all references with their true colours."""
    ranks = _ranks([*references, *targets])
    run = _Run(match, confidence, no_counterpart_threshold, ranks)
    ballots = [_true_ballot(reference) for reference in references]
    for frame in targets:
        run.color(references, ballots, frame)
    return run.score


def painted(
    frames: Sequence[ClipFrame],
    places: Collection[int],
    match: MatchFrames,
    confidence: Confidence = lambda raw: raw,
    no_counterpart_threshold: float = 0.0,
) -> ProtocolScore:
    """Colour the drawings that are not painted, as the product does without an artist.

    Parameters
    ----------
    frames : sequence of ClipFrame
        In the order of time; each a drawing of its own.
    places : collection of int
        Of the drawings that have their true colours.
    """
    run = _Run(match, confidence, no_counterpart_threshold, _ranks(frames))
    drawings = [Drawing(str(place), (place,)) for place in range(len(frames))]
    given = [Reference(place, "painted", str(place)) for place in sorted(places)]
    plan = make_plan(drawings, given, range(len(frames)), _LIMITS.max_references)
    ballots = {place: _true_ballot(frames[place]) for place in places}
    for step in plan.steps:
        sources = [int(source.frame) for source in step.sources]  # type: ignore[arg-type]
        frame = frames[step.frame]
        kept = _within_limits(frames, sources, frame.count)
        fills = run.color([frames[i] for i in kept], [ballots[i] for i in kept], frame)
        ballots[step.frame] = Ballot(frame.number, 0, fills.color, fills.confidence)
    return run.score


def effort(
    frames: Sequence[ClipFrame],
    places: Collection[int],
    match: MatchFrames,
    confidence: Confidence = lambda raw: raw,
    no_counterpart_threshold: float = 0.0,
) -> tuple[ProtocolScore, list[int]]:
    """Colour the drawings that are not painted, each after those before it were corrected.

    An artist paints some drawings, runs, looks at the drawings from the painted ones outwards,
    recolours every wrong segment with one click, and runs on with what is right by then. So the
    clicks are the wrong segments of each drawing as it is first looked at.

    Returns
    -------
    ProtocolScore, list of int
        Of the drawings as they were looked at, and their places in that order.
    """
    run = _Run(match, confidence, no_counterpart_threshold, _ranks(frames))
    known = set(places)
    ballots = [_true_ballot(frame) for frame in frames]
    order: list[int] = []
    while len(known) < len(frames):
        left = set(range(len(frames))) - known
        place = min(left, key=lambda i: (min(abs(i - j) for j in known), i))
        sources = sorted(known, key=lambda j: (abs(place - j), j))[: _LIMITS.max_references]
        kept = _within_limits(frames, sources, frames[place].count)
        run.color([frames[i] for i in kept], [ballots[i] for i in kept], frames[place])
        known.add(place)
        order.append(place)
    return run.score, order


def _within_limits(frames: Sequence[ClipFrame], sources: Sequence[int], count: int) -> list[int]:
    """Return the sources, nearest first, that fit into one match of `count` target segments."""
    kept: list[int] = []
    columns = 0
    for source in sources:
        columns += frames[source].count
        if len(kept) >= LEAST_SOURCES and not _LIMITS.fits(columns, count):
            break
        kept.append(source)
    return kept


def _true_ballot(frame: ClipFrame) -> Ballot:
    return Ballot(frame.number, 0, frame.color.astype(np.int32), np.ones(frame.count, np.float32))


def _ranks(frames: Sequence[ClipFrame]) -> NDArray[np.int64]:
    return np.arange(max(int(frame.color.max(initial=0)) for frame in frames) + 1)


@dataclass
class _Run:
    """One matcher at work; keeps the score."""

    match: MatchFrames
    confidence: Confidence
    threshold: float
    rank: NDArray[np.int64]
    score: ProtocolScore = field(default_factory=ProtocolScore)

    def color(
        self, references: Sequence[ClipFrame], ballots: Sequence[Ballot], frame: ClipFrame
    ) -> Fills:
        """Colour one drawing and count it."""
        ballots = [replace(b, offset=frame.number - b.frame) for b in ballots]
        probability, counterpart = self.match(references, frame)
        recorder = _Recorder(self.confidence)
        match = _as_match(probability, counterpart, references)
        fills = vote(match, ballots, self.rank, recorder, self.threshold)
        known = np.concatenate([reference.label for reference in references])
        self.score.add(fills.color, frame)
        self.score.raw.append(recorder.raw())
        self.score.confidence.append(fills.confidence)
        self.score.hit.append(fills.color == frame.color)
        self.score.source.append(np.stack([fills.source_frame, fills.source_segment], axis=1))
        self.score.counterpart.append(counterpart)
        self.score.present.append(np.isin(frame.label, known))
        return fills


class _Recorder:
    """Keeps what `vote` asks the confidence of."""

    def __init__(self, confidence: Confidence) -> None:
        self._confidence = confidence
        self._seen: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]

    def __call__(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        self._seen.append(raw)
        return self._confidence(raw)

    def raw(self) -> NDArray[np.float32]:
        return np.concatenate(self._seen)


def _as_match(
    probability: NDArray[np.float32],
    counterpart: NDArray[np.float32],
    references: Sequence[ClipFrame],
) -> Match:
    counts = [reference.count for reference in references]
    return Match(
        probability,
        counterpart,
        np.repeat(np.arange(len(counts)), counts).astype(np.int32),
        np.concatenate([np.arange(1, count + 1) for count in counts]).astype(np.int32),
    )


def by_position(frames: Sequence[ClipFrame]) -> ProtocolScore:
    """Score the nearest-position baseline, each drawing from the one before it."""
    score = ProtocolScore()
    color = frames[0].color
    for before, frame in pairwise(frames):
        row = nearest_position(
            before.position,
            before.shape[:, _LOG_AREA],
            frame.position,
            frame.shape[:, _LOG_AREA],
        )
        color = color[row]
        score.add(color, frame)
    return score


def by_overlap(frames: Sequence[ClipFrame]) -> ProtocolScore:
    """Score the overlap baseline, each drawing from the one before it."""
    score = ProtocolScore()
    color = frames[0].color
    for frame in frames[1:]:
        color = np.where(frame.overlap >= 0, color[frame.overlap], -2)
        score.add(color, frame)
    return score
