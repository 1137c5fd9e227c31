"""Sums by shot, and figures with an interval over shots."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

__all__ = ["Counts", "Figure", "Tally"]

_RESAMPLES = 2000
_SEED = 20211
_INTERVAL = (2.5, 97.5)  # percentiles: 95 %


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    low and high bound 95 % of the figures over shots drawn with replacement; None where there
    are fewer than two shots to draw from.
    """

    value: float
    low: float | None
    high: float | None


@dataclass
class Counts:
    """What a figure was measured on."""

    segments: int = 0  # scored, of the target drawings
    frames: int = 0  # scored: target drawings, or pairs of drawings
    shots: set[str] = field(default_factory=set)
    characters: set[str] = field(default_factory=set)
    characters_known: bool = True  # False where a set does not name them


class Tally:
    """The sums of one method under one protocol.

    Every metric is a ratio of sums: a mean over frames adds (value, 1) a frame, a share of all
    segments adds (right, segments). Shots, not frames, are what repeats independently.
    """

    def __init__(self) -> None:
        self.counts = Counts()
        self._sums: dict[str, dict[str, list[float]]] = {}

    def add(self, shot: str, metric: str, value: float | None, weight: float = 1.0) -> None:
        """Add `value` to a sum and `weight` to what divides it; None adds nothing."""
        if value is None:
            return
        sums = self._sums.setdefault(metric, {}).setdefault(shot, [0.0, 0.0])
        sums[0] += value
        sums[1] += weight

    def count(self, shot: str, segments: int, frames: int, characters: tuple[str, ...]) -> None:
        """Note what was scored of a shot."""
        self.counts.segments += segments
        self.counts.frames += frames
        self.counts.shots.add(shot)
        self.counts.characters.update(characters)
        self.counts.characters_known &= bool(characters)

    def metrics(self) -> list[str]:
        """The names of the metrics that have a value, in the order they were first added."""
        return [name for name, shots in self._sums.items() if _total(shots)[1] > 0]

    def by_shot(self, metric: str) -> dict[str, float]:
        """Return a metric of every shot that has it."""
        shots = sorted(self._sums[metric].items())
        return {shot: value / weight for shot, (value, weight) in shots if weight > 0}

    def figure(self, metric: str) -> Figure:
        """Return a metric over all shots, with its bootstrap interval; the same at every call."""
        shots = self._sums[metric]
        sums = np.array([shots[name] for name in sorted(shots)])  # (shots, 2)
        right, weight = _total(shots)
        if len(sums) < 2:
            return Figure(right / weight, None, None)
        rng = np.random.default_rng(_SEED)
        drawn = sums[rng.integers(0, len(sums), (_RESAMPLES, len(sums)))].sum(axis=1)
        drawn = drawn[drawn[:, 1] > 0]
        low, high = np.percentile(drawn[:, 0] / drawn[:, 1], _INTERVAL)
        return Figure(right / weight, float(low), float(high))


def _total(shots: dict[str, list[float]]) -> tuple[float, float]:
    return sum(s[0] for s in shots.values()), sum(s[1] for s in shots.values())
