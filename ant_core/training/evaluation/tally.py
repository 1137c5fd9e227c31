"""Sums by shot, and figures with an interval over shots."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Counts", "MeasuredFigure", "Tally", "derived", "figure_over_shots"]

_RESAMPLES = 2000
_SEED = 20211
_INTERVAL = (2.5, 97.5)  # percentiles: 95 %


@dataclass(frozen=True)
class MeasuredFigure:
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

    @classmethod
    def join(cls, parts: Sequence[Counts]) -> Counts:
        """Return all parts as one."""
        return cls(
            sum(part.segments for part in parts),
            sum(part.frames for part in parts),
            {shot for part in parts for shot in part.shots},
            {name for part in parts for name in part.characters},
            all(part.characters_known for part in parts),
        )


class Tally:
    """The sums of one method under one protocol.

    Every metric is a ratio of sums: a mean over frames adds (value, 1) a frame, a share of all
    segments adds (right, segments). Shots, not frames, are what repeats independently.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Counts] = {}  # by shot
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
        more = Counts(segments, frames, {shot}, set(characters), bool(characters))
        known = self._counts.get(shot)
        self._counts[shot] = more if known is None else Counts.join([known, more])

    @property
    def counts(self) -> Counts:
        """What all metrics stand on."""
        return Counts.join(list(self._counts.values()))

    def only(self, shots: Collection[str]) -> Tally:
        """Return the sums of some of the shots."""
        part = Tally()
        part._counts = {shot: found for shot, found in self._counts.items() if shot in shots}
        part._sums = {
            metric: {shot: sums for shot, sums in by_shot.items() if shot in shots}
            for metric, by_shot in self._sums.items()
        }
        return part

    def metrics(self) -> list[str]:
        """The names of the metrics that have a value, in the order they were first added."""
        return [name for name, shots in self._sums.items() if _total(shots)[1] > 0]

    def by_shot(self, metric: str) -> dict[str, float]:
        """Return a metric of every shot that has it."""
        shots = sorted(self._sums[metric].items())
        return {shot: value / weight for shot, (value, weight) in shots if weight > 0}

    def figure(self, metric: str) -> MeasuredFigure:
        """Return a metric over all shots, with its bootstrap interval; the same at every call."""
        shots = self._sums[metric]
        sums = np.array([shots[name] for name in sorted(shots)])  # (shots, 2)
        return figure_over_shots(sums, lambda total: total[..., 0] / total[..., 1])

    def sums(self, metric: str) -> Mapping[str, list[float]]:
        """Return sum and divisor of a metric by shot; empty for a metric never added."""
        return self._sums.get(metric, {})


def derived(formula: Callable[..., Any], *parts: tuple[Tally, str]) -> MeasuredFigure | None:
    """Return a figure made of several metrics, of one method or several, over the same shots.

    Parameters
    ----------
    formula : callable
        From the metrics' values, in the order of `parts`, to the figure; given floats and
        (draws,) arrays.
    parts : pairs of Tally and metric

    Returns
    -------
    MeasuredFigure or None
        Over the shots that have every part: differences are paired. None where there is none,
        or where the figure is not finite.
    """
    tables = [tally.sums(metric) for tally, metric in parts]
    shots = sorted(set.intersection(*(set(table) for table in tables)))
    if not shots:
        return None
    sums = np.array([[table[shot] for table in tables] for shot in shots])  # (shots, parts, 2)
    figure = figure_over_shots(
        sums, lambda total: formula(*np.moveaxis(total[..., 0] / total[..., 1], -1, 0))
    )
    return figure if np.isfinite(figure.value) else None


def figure_over_shots(
    sums: NDArray[np.float64], formula: Callable[[NDArray[np.float64]], Any]
) -> MeasuredFigure:
    """Return a figure of sums over shots, with its bootstrap interval; the same at every call.

    sums: (shots, ...); `formula` takes their total, (...) or with draws in front (draws, ...).
    Draws whose figure is not finite are left out.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = float(formula(sums.sum(axis=0)))
        if len(sums) < 2:
            return MeasuredFigure(value, None, None)
        rng = np.random.default_rng(_SEED)
        rows = rng.integers(0, len(sums), (_RESAMPLES, len(sums)))
        counts = np.zeros((_RESAMPLES, len(sums)))  # how often each draw takes each shot
        np.add.at(counts, (np.arange(_RESAMPLES)[:, None], rows), 1)
        figures = formula(np.tensordot(counts, sums, axes=1))
    figures = figures[np.isfinite(figures)]
    if not len(figures):
        return MeasuredFigure(value, None, None)
    low, high = np.percentile(figures, _INTERVAL)
    return MeasuredFigure(value, float(low), float(high))


def _total(shots: dict[str, list[float]]) -> tuple[float, float]:
    return sum(s[0] for s in shots.values()), sum(s[1] for s in shots.values())
