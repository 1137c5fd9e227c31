"""Recursive propagation over stored clips (Casey et al. 2021, section 4.3, figure 8).

One drawing is given with its true colours; every following drawing takes its colours from the
first and from the one before it, as predicted. Scored is the colour of every segment; a segment
left without colour counts as wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.descriptors import SHAPE_FEATURES
from ant_core.evaluation.baselines import nearest_position
from ant_core.evaluation.clips import Frame
from ant_core.matcher import Match
from ant_core.voting import Ballot, vote

__all__ = ["Confidence", "MatchFrames", "Score", "by_overlap", "by_position", "recursive"]

# (references, target) -> probability (N, M) over all reference segments, counterpart (N,)
MatchFrames = Callable[[Sequence[Frame], Frame], tuple[NDArray[np.float32], NDArray[np.float32]]]
Confidence = Callable[[NDArray[np.float32]], NDArray[np.float32]]
_LOG_AREA = SHAPE_FEATURES.index("log_area")


@dataclass
class Score:
    """Counts over the scored drawings of one or several shots, and what calibration needs.

    Every list has one array a drawing, a value a segment.
    """

    right: int = 0
    segments: int = 0
    drawings: int = 0
    raw: list[NDArray[np.float32]] = field(default_factory=list)  # winner's share of similarity
    confidence: list[NDArray[np.float32]] = field(default_factory=list)  # of the fill
    hit: list[NDArray[np.bool_]] = field(default_factory=list)
    counterpart: list[NDArray[np.float32]] = field(default_factory=list)  # as predicted
    present: list[NDArray[np.bool_]] = field(default_factory=list)  # true part in a reference

    @property
    def accuracy(self) -> float:
        """The share of segments with the right colour."""
        return self.right / max(self.segments, 1)

    def add(self, predicted: NDArray[np.integer[Any]], frame: Frame) -> None:
        """Count one drawing."""
        self.right += int((predicted == frame.color).sum())
        self.segments += frame.count
        self.drawings += 1


def recursive(
    frames: Sequence[Frame],
    match: MatchFrames,
    confidence: Confidence = lambda raw: raw,
    no_counterpart_threshold: float = 0.0,
    true_references: bool = False,
) -> Score:
    """Propagate the first frame's colours through the others with a matcher.

    Every target is matched against the first drawing and the one before it, and coloured by
    `ant_core.voting`. With `true_references` the one before carries its true colours and full
    weight: not propagation, but what confidence is fitted on.
    """
    score = Score()
    first = frames[0]
    rank = np.arange(max(int(frame.color.max(initial=0)) for frame in frames) + 1)
    start = Ballot(first.number, 0, first.color.astype(np.int32), np.ones(first.count, np.float32))
    before, last = first, start
    for frame in frames[1:]:
        references, ballots = [first], [start]
        if before is not first:
            references, ballots = [first, before], [start, last]
        ballots = [replace(b, offset=frame.number - b.frame) for b in ballots]
        probability, counterpart = match(references, frame)
        recorder = _Recorder(confidence)
        fills = vote(
            _as_match(probability, counterpart, references),
            ballots,
            rank,
            recorder,
            no_counterpart_threshold,
        )
        score.add(fills.color, frame)
        score.raw.append(recorder.raw())
        score.confidence.append(fills.confidence)
        score.hit.append(fills.color == frame.color)
        score.counterpart.append(counterpart)
        known = np.concatenate([reference.label for reference in references])
        score.present.append(np.isin(frame.label, known))
        if true_references:
            truth = frame.color.astype(np.int32)
            last = Ballot(frame.number, 0, truth, np.ones(frame.count, np.float32))
        else:
            last = Ballot(frame.number, 0, fills.color, fills.confidence)
        before = frame
    return score


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
    references: Sequence[Frame],
) -> Match:
    counts = [reference.count for reference in references]
    return Match(
        probability,
        counterpart,
        np.repeat(np.arange(len(counts)), counts).astype(np.int32),
        np.concatenate([np.arange(1, count + 1) for count in counts]).astype(np.int32),
    )


def by_position(frames: Sequence[Frame], area_weight: float | None = None) -> Score:
    """Score the nearest-position baseline, each drawing from the one before it."""
    score = Score()
    options = {} if area_weight is None else {"area_weight": area_weight}
    color = frames[0].color
    for before, frame in pairwise(frames):
        row = nearest_position(
            before.box[:, :2],
            before.shape[:, _LOG_AREA],
            frame.box[:, :2],
            frame.shape[:, _LOG_AREA],
            **options,
        )
        color = color[row]
        score.add(color, frame)
    return score


def by_overlap(frames: Sequence[Frame]) -> Score:
    """Score the overlap baseline, each drawing from the one before it."""
    score = Score()
    color = frames[0].color
    for frame in frames[1:]:
        color = np.where(frame.overlap >= 0, color[frame.overlap], -2)
        score.add(color, frame)
    return score
