"""How well "no counterpart" is told from segments that go on, and where to draw the line."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Counterparts", "Line"]

# What region matching must reach; a little stricter than the bars, since other scenes differ.
MOST_LOST = 0.0045  # of the accuracy on segments that go on
LEAST_PRECISION = 0.62
_STEPS = 200  # thresholds that are tried: quantiles of what was predicted, denser at the low end
_AREAS_PX = (0, 30, 100, 400, 2000, np.inf)


@dataclass(frozen=True)
class Line:
    """What a threshold gives; shares in [0, 1].

    Attributes
    ----------
    threshold : float
        Below it a segment is taken to have no counterpart.
    recall : float
        Of the segments without counterpart, those recognised.
    precision : float
        Of the answers "no counterpart", those that are right; 1 where there is none.
    lost : float
        What the answers cost of the accuracy on segments that go on, a mean over pairs of frames.
    """

    threshold: float
    recall: float
    precision: float
    lost: float


@dataclass
class Counterparts:
    """What a model said of every segment of pairs of frames, and what is so."""

    counterpart: list[NDArray[np.float32]] = field(default_factory=list)  # (N,) a pair, predicted
    present: list[NDArray[np.bool_]] = field(default_factory=list)  # it goes on
    right: list[NDArray[np.bool_]] = field(default_factory=list)  # its best match is the true one
    area: list[NDArray[np.int64]] = field(default_factory=list)  # pixels

    def add(
        self,
        counterpart: NDArray[np.float32],
        present: NDArray[np.bool_],
        right: NDArray[np.bool_],
        area: NDArray[np.int64],
    ) -> None:
        """Note a pair of frames, (N,) each."""
        self.counterpart.append(counterpart)
        self.present.append(present)
        self.right.append(right & present)
        self.area.append(area)

    def separation(self) -> dict[str, float]:
        """Return the area under the ROC curve, for all segments and by their area in pixels.

        0.5 is chance, 1 a clean cut; ties count half. Groups without both kinds are left out.
        """
        said, present = np.concatenate(self.counterpart), np.concatenate(self.present)
        area = np.concatenate(self.area)
        groups = {"all": np.ones(len(said), np.bool_)}
        for least, most in pairwise(_AREAS_PX):
            groups[f"from {least:g} px"] = (area >= least) & (area < most)
        return {
            name: _ranked_right(said[group], present[group])
            for name, group in groups.items()
            if 0 < present[group].sum() < group.sum()
        }

    def lines(self) -> list[Line]:
        """Return what thresholds give, from low to high; each pair of frames weighs the same."""
        said = np.unique(np.concatenate([np.zeros(0, np.float32), *self.counterpart]))
        if len(said) == 0:
            return []
        # A threshold between two values that were said, so that equal ones stay together.
        between = np.append((said[1:] + said[:-1]) / 2, said[-1] + 1e-6)
        share = np.linspace(0, 1, _STEPS) ** 2  # few segments have no counterpart
        chosen = np.unique((share * (len(between) - 1)).round().astype(int))
        return [self.line(float(between[i])) for i in chosen]

    def line(self, threshold: float) -> Line:
        """Return what one threshold gives."""
        none = [said < threshold for said in self.counterpart]
        found = sum(int((n & ~p).sum()) for n, p in zip(none, self.present, strict=True))
        absent = sum(int((~p).sum()) for p in self.present)
        answers = sum(int(n.sum()) for n in none)
        lost = [
            (n & r).sum() / p.sum()
            for n, r, p in zip(none, self.right, self.present, strict=True)
            if p.any()
        ]
        precision = found / answers if answers else 1.0
        return Line(
            threshold, found / max(absent, 1), precision, float(np.mean(lost)) if lost else 0.0
        )

    def fit(self) -> Line | None:
        """Return the threshold that recognises most at the precision and loss that are allowed.

        None where no threshold recognises anything at that.
        """
        allowed = [
            line
            for line in self.lines()
            if line.lost <= MOST_LOST and line.precision >= LEAST_PRECISION and line.recall > 0
        ]
        return max(allowed, key=lambda line: (line.recall, line.precision), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return separation, curve and the line that `fit` would draw, in percent."""
        best = self.fit()
        return {
            "separation": {name: round(value, 4) for name, value in self.separation().items()},
            "lines": [_percent(line) for line in self.lines()[:: _STEPS // 20]],
            "best_line": None if best is None else _percent(best),
        }


def _percent(line: Line) -> dict[str, float]:
    shares = {"recall": line.recall, "precision": line.precision, "lost": line.lost}
    return {
        "threshold": round(line.threshold, 6),
        **{f"{name}_percent": round(100 * value, 3) for name, value in shares.items()},
    }


def _ranked_right(said: NDArray[np.float32], present: NDArray[np.bool_]) -> float:
    """Return how often a present segment is said to be likelier than an absent one."""
    _, index, count = np.unique(said, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[index]  # from 1, the mean of equals
    here, gone = int(present.sum()), int((~present).sum())
    return float((rank[present].sum() - here * (here + 1) / 2) / (here * gone))
