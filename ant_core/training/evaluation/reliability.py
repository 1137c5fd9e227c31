"""What a model says of its own fills against what they turn out to be, over shots."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.training.evaluation.calibration import curve_of_sums, error_of_sums, reliability_sums
from ant_core.training.evaluation.tally import MeasuredFigure, figure_over_shots

__all__ = ["HIGH", "Reliability", "draw_reliability"]

HIGH = 0.9  # segments that are said to be this sure need no look
_BINS = 15
_LARGEST_POINT = 200.0  # area in square points, of all fills


class Reliability:
    """Confidence of the fills of all shots so far, as sums by shot.

    Segments left without colour have no fill: they count among all segments, and nowhere else.
    """

    def __init__(self) -> None:
        self._bins: dict[str, NDArray[np.float64]] = {}  # (bins, 3), see `reliability_sums`
        # (3,) right fills at HIGH, fills at HIGH, all segments
        self._high: dict[str, NDArray[np.float64]] = {}

    def add(
        self,
        shot: str,
        confidence: NDArray[np.float32],
        hit: NDArray[np.bool_],
        segments: int,
    ) -> None:
        """Count the fills of a drawing.

        confidence: (S,) in [0, 1] and hit: (S,) bool, of the fills; segments: all of the drawing.
        """
        bins = reliability_sums(confidence, hit, _BINS)
        high = confidence >= HIGH
        shares = np.array([(high & hit).sum(), high.sum(), segments], np.float64)
        self._bins[shot] = self._bins.get(shot, 0) + bins
        self._high[shot] = self._high.get(shot, 0) + shares

    @classmethod
    def join(cls, parts: Sequence[Reliability]) -> Reliability:
        """Return all parts as one; each is of shots of its own."""
        joined = cls()
        for part in parts:
            joined._bins.update(part._bins)
            joined._high.update(part._high)
        return joined

    @property
    def fills(self) -> int:
        """How many were counted."""
        return int(sum(bins[:, 2].sum() for bins in self._bins.values()))

    def curve(self) -> NDArray[np.float64]:
        """Return rows [mean confidence, share of hits, count], see `curve_of_sums`."""
        return curve_of_sums(self._table(self._bins).sum(axis=0))

    def error(self) -> MeasuredFigure:
        """Return the expected calibration error."""
        return figure_over_shots(self._table(self._bins), error_of_sums)

    def high_right(self) -> MeasuredFigure | None:
        """Return the share of right fills among those of high confidence; None without such."""
        table = self._table(self._high)
        if not table[:, 1].any():
            return None
        return figure_over_shots(table, lambda total: total[..., 0] / total[..., 1])

    def high_share(self) -> MeasuredFigure:
        """Return the share of fills of high confidence among all segments."""
        return figure_over_shots(
            self._table(self._high), lambda total: total[..., 1] / total[..., 2]
        )

    @staticmethod
    def _table(sums: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        return np.stack([sums[shot] for shot in sorted(sums)])


def draw_reliability(title: str, measured: Mapping[str, Reliability]) -> bytes:
    """Draw the reliability diagram of one model and return it as PNG.

    Above the share of right fills over the confidence, a line a protocol, points as large as
    many fills stand behind them; below how many fills are how sure.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(9, 7), layout="constrained")
    FigureCanvasAgg(canvas)
    top, bottom = canvas.subplots(2, 1, height_ratios=(3, 1), sharex=True)
    top.plot([0, 1], [0, 1], color="grey", linewidth=1, label="what is said is so")
    for name, reliability in measured.items():
        _draw_one(top, bottom, name, reliability)
    top.set(title=title, ylabel="right", xlim=(0, 1), ylim=(0, 1))
    canvas.legend(loc="outside right upper", fontsize="small")
    bottom.set(xlabel="confidence", ylabel="share of fills", ylim=(0, None))
    for axes in (top, bottom):
        axes.grid(alpha=0.3)
        axes.axvline(HIGH, color="grey", linestyle=":", linewidth=1)
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _draw_one(top: Any, bottom: Any, name: str, reliability: Reliability) -> None:
    said, was, count = reliability.curve().T
    label = f"{name}: error {reliability.error().value:.3f}"
    right = reliability.high_right()
    if right is not None:
        sure = reliability.high_share().value
        label += f"\n{100 * sure:.0f} % at {HIGH:g} or more, {100 * right.value:.1f} % right"
    (line,) = top.plot(said, was, label=label, linewidth=1)
    share = count / count.sum()
    top.scatter(said, was, 4 + _LARGEST_POINT * share, color=line.get_color(), zorder=3)
    bottom.plot(said, share, marker=".")
