"""Recursive propagation over stored clips (Casey et al. 2021, section 4.3, figure 8).

One drawing is given with its true colours; every following drawing takes its colours from the
first and from the one before it, as predicted. Scored is the colour of every segment; a segment
left without colour counts as wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ant_core.descriptors import SHAPE_FEATURES
from ant_core.evaluation.baselines import nearest_position
from ant_core.evaluation.clips import Frame

__all__ = ["MatchFrames", "Score", "by_overlap", "by_position", "recursive"]

# (references, target) -> probability (N, M) over all reference segments, counterpart (N,)
MatchFrames = Callable[
    [Sequence[Frame], Frame], tuple[NDArray[np.float32], NDArray[np.float32]]
]
_LOG_AREA = SHAPE_FEATURES.index("log_area")


@dataclass
class Score:
    """Counts over the scored drawings of one or several shots."""

    right: int = 0
    segments: int = 0
    drawings: int = 0
    confidence: list[NDArray[np.float32]] = field(default_factory=list)  # raw, one array a drawing
    hit: list[NDArray[np.bool_]] = field(default_factory=list)
    counterpart: list[NDArray[np.float32]] = field(default_factory=list)  # as predicted
    present: list[NDArray[np.bool_]] = field(default_factory=list)  # true part in a reference

    @property
    def accuracy(self) -> float:
        """The share of segments with the right colour."""
        return self.right / max(self.segments, 1)

    def add(self, predicted: NDArray[np.int64], frame: Frame) -> None:
        """Count one drawing."""
        self.right += int((predicted == frame.color).sum())
        self.segments += frame.count
        self.drawings += 1


def recursive(frames: Sequence[Frame], match: MatchFrames, previous: bool = True) -> Score:
    """Propagate the first frame's colours through the others with a matcher.

    With `previous` every target is matched against the first drawing and the one before it.
    """
    score = Score()
    first = frames[0]
    before, before_color, trust = first, first.color, np.ones(first.count, np.float32)
    for frame in frames[1:]:
        references, colors, weight = [first], [first.color], [np.ones(first.count, np.float32)]
        if previous and before is not first:
            references, colors, weight = [*references, before], [*colors, before_color], [*weight, trust]
        probability, counterpart = match(references, frame)
        mass = probability * np.concatenate(weight)[None]  # (N, M)
        palette, index = np.unique(np.concatenate(colors), return_inverse=True)
        by_color = np.zeros((frame.count, len(palette)), np.float32)
        for k in range(len(palette)):
            by_color[:, k] = mass[:, index == k].sum(axis=1)
        predicted = palette[by_color.argmax(axis=1)]
        raw = by_color.max(axis=1) * counterpart
        score.add(predicted, frame)
        score.confidence.append(raw)
        score.hit.append(predicted == frame.color)
        score.counterpart.append(counterpart)
        known = np.concatenate([reference.label for reference in references])
        score.present.append(np.isin(frame.label, known))
        before, before_color, trust = frame, predicted, raw
    return score


def by_position(frames: Sequence[Frame], area_weight: float | None = None) -> Score:
    """Score the nearest-position baseline, each drawing from the one before it."""
    score = Score()
    options = {} if area_weight is None else {"area_weight": area_weight}
    color = frames[0].color
    for before, frame in zip(frames, frames[1:], strict=False):
        row = nearest_position(
            before.box[:, :2], before.shape[:, _LOG_AREA],
            frame.box[:, :2], frame.shape[:, _LOG_AREA], **options,
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
