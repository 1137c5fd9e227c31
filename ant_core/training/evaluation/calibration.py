"""Calibrated confidence: a monotone table from raw similarity share to the chance to be right."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "calibration_error",
    "curve_of_sums",
    "error_of_sums",
    "fit_confidence",
    "fit_threshold",
    "reliability_sums",
]

_THRESHOLDS = (0.3, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01)  # that are tried
_KNOTS = 20  # rows of a table; more follow the noise of a few thousand segments


def fit_confidence(
    raw: NDArray[np.float32],
    hit: NDArray[np.bool_],
    weight: NDArray[np.float64] | None = None,
    knots: int = _KNOTS,
) -> list[list[float]]:
    """Fit the table that `Matcher.confidence` interpolates.

    Equal-count bins of the raw values, pooled until the share of hits never falls (pool adjacent
    violators; Zadrozny and Elkan, KDD 2002). raw: (S,) in [0, 1]; hit: (S,) bool; weight: (S,) of
    each segment in the means, > 0; None = the same for all. Returns rows [raw, chance], both
    rising, from 0 to 1. S = 0 gives the identity.
    """
    if len(raw) == 0:
        return [[0.0, 0.0], [1.0, 1.0]]
    weight = np.ones(len(raw)) if weight is None else weight
    order = np.argsort(raw, kind="stable")
    pools: list[tuple[float, float, float]] = []  # mean raw, mean hit, weight
    for chunk in np.array_split(order, min(knots, len(order))):
        means = [float(np.average(values[chunk], weights=weight[chunk])) for values in (raw, hit)]
        pools.append((means[0], means[1], float(weight[chunk].sum())))
        while len(pools) > 1 and pools[-2][1] >= pools[-1][1]:
            (x1, y1, n1), (x2, y2, n2) = pools.pop(-2), pools.pop(-1)
            total = n1 + n2
            pools.append(((x1 * n1 + x2 * n2) / total, (y1 * n1 + y2 * n2) / total, total))
    rows = [[x, y] for x, y, _ in pools]
    return [[0.0, rows[0][1]], *rows, [1.0, rows[-1][1]]]


def reliability_sums(
    confidence: NDArray[np.float32], hit: NDArray[np.bool_], bins: int = 15
) -> NDArray[np.float64]:
    """Return what `curve_of_sums` divides, so that drawings and shots add up.

    (bins, 3): sum of confidence, hits and count of every bin.
    """
    index = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    columns = (confidence, hit.astype(np.float64), None)
    return np.stack([np.bincount(index, weights, bins) for weights in columns], axis=1)


def curve_of_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the reliability diagram over equal-width bins (Guo et al., ICML 2017).

    From `reliability_sums`, (bins, 3). One row [mean confidence, share of hits, count] for every
    bin that is not empty.
    """
    said, was, count = sums[sums[:, 2] > 0].T
    return np.stack([said / count, was / count, count], axis=1)


def calibration_error(confidence: NDArray[np.float32], hit: NDArray[np.bool_]) -> float:
    """Return the expected calibration error, the mean gap of `curve_of_sums` by count."""
    return float(error_of_sums(reliability_sums(confidence, hit)))


def error_of_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the calibration error from sums (..., bins, 3); 0 where nothing was counted."""
    gap = np.abs(sums[..., 0] - sums[..., 1]).sum(axis=-1)
    return np.asarray(gap / np.maximum(sums[..., 2].sum(axis=-1), 1))


def fit_threshold(accuracy: Callable[[float], float], most_lost: float = 0.0005) -> float:
    """Return the threshold below which a segment is left without colour.

    The highest of some that takes no more than `most_lost` from what `accuracy` gives for 0, the
    accuracy of recursive propagation, where a segment without colour counts as wrong: a colour
    that is given up is missed by all drawings after it, ten times as many as were given up.
    """
    least = accuracy(0.0) - most_lost
    return next((t for t in _THRESHOLDS if accuracy(t) >= least), 0.0)
