"""What the shipped model must show: figure, published anchor and bar of every protocol.

Anchors were measured on other pictures. `ant_paper` on the same ones has no bar: it was trained on
other clips and for fewer pairs, so what is left of its errors says nothing fair.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ant_core.training.evaluation.benchmark import MethodResult
from ant_core.training.evaluation.reliability import HIGH, Reliability
from ant_core.training.evaluation.results import Results
from ant_core.training.evaluation.tally import Counts, MeasuredFigure, Tally, derived

__all__ = ["BARS", "OURS", "PAPER", "PROTOCOLS_OF", "Bar", "Sets", "Verdict", "judge"]

OURS, PAPER = "ours", "ant_paper"
Sets = Mapping[str, Results]  # set -> protocol -> method -> result

# What each set is for, and what is run on it.
PROTOCOLS_OF: dict[str, tuple[str, ...]] = {
    "single": (
        "recursive",
        "recursive_parts",
        "recursive_first",
        "consecutive",
        "keyframes_1",
        "keyframes_3",
        "keyframes_5",
    ),
    "full": ("regions", "flow"),
    "drawn": ("recursive", "recursive_first"),
}


@dataclass(frozen=True)
class Bar:
    """One figure and what it must reach.

    Attributes
    ----------
    set, protocol : str
        Where it is measured; "single+drawn" is both together.
    figure : str
        What is measured, for people.
    measure : callable
        From all sets and a method's name to its figure; None where it was not measured.
    least, most : float or None
        The bar; `above` asks for more than `least`.
    anchor : str
        The published figure, and whose.
    unit : str
        "%" scales shares by 100; "points" likewise; "" leaves numbers as they are.
    """

    set: str
    protocol: str
    figure: str
    measure: Callable[[Sets, str], MeasuredFigure | None]
    least: float | None = None
    most: float | None = None
    above: bool = False
    anchor: str = ""
    unit: str = "%"

    @property
    def scale(self) -> float:
        """What the figure is multiplied with to be in the bar's unit."""
        return 100.0 if self.unit else 1.0

    def text(self) -> str:
        """Say the bar in words."""
        if self.most is not None:
            return f"at most {self.most:g}"
        return f"{'above' if self.above else 'at least'} {self.least:g}"

    def margin(self, value: float) -> float:
        """Return by how much a value, in the bar's unit, reaches the bar; negative = missed."""
        if self.most is not None:
            return self.most - value
        assert self.least is not None
        return value - self.least

    def met(self, value: float) -> bool:
        """Say whether a value, in the bar's unit, reaches the bar."""
        return self.margin(value) > 0 if self.above else self.margin(value) >= 0


@dataclass(frozen=True)
class Verdict:
    """A bar and what was measured, scaled to its unit; figure None = not measured."""

    bar: Bar
    figure: MeasuredFigure | None
    others: dict[str, MeasuredFigure]  # the same figure of other methods
    counts: Counts  # what ours was counted on

    @property
    def met(self) -> bool | None:
        """Whether the bar is reached; None where nothing was measured."""
        return None if self.figure is None else self.bar.met(self.figure.value)


def judge(sets: Sets) -> list[Verdict]:
    """Hold what was measured against every bar."""
    return [_judge(bar, sets) for bar in BARS]


def _judge(bar: Bar, sets: Sets) -> Verdict:
    found = [sets.get(name, {}).get(bar.protocol, {}) for name in bar.set.split("+")]
    methods = dict.fromkeys(name for by_method in found for name in by_method)
    figures = {name: bar.measure(sets, name) for name in methods}
    scaled = {name: _scaled(f, bar.scale) for name, f in figures.items() if f is not None}
    counts = [by_method[OURS].tally.counts for by_method in found if OURS in by_method]
    return Verdict(bar, scaled.pop(OURS, None), scaled, Counts.join(counts))


def _scaled(figure: MeasuredFigure, scale: float) -> MeasuredFigure:
    low = None if figure.low is None else scale * figure.low
    high = None if figure.high is None else scale * figure.high
    return MeasuredFigure(scale * figure.value, low, high)


# ---- figures

Measure = Callable[[Sets, str], MeasuredFigure | None]
_Place = tuple[str, str, str]  # set, protocol, metric


def _result(sets: Sets, group: str, protocol: str, method: str) -> MethodResult | None:
    return sets.get(group, {}).get(protocol, {}).get(method)


def _part(sets: Sets, place: _Place, method: str) -> tuple[Tally, str] | None:
    result = _result(sets, *place[:2], method)
    if result is None or place[2] not in result.tally.metrics():
        return None
    return result.tally, place[2]


def _metric(*place: str) -> Measure:
    return _made_of(lambda value: value, (place, None))


def _made_of(formula: Callable[..., Any], *parts: tuple[tuple[str, ...], str | None]) -> Measure:
    """Return the figure of several metrics: of the method asked for, or of one that is named."""

    def measure(sets: Sets, method: str) -> MeasuredFigure | None:
        found = [_part(sets, cast("_Place", place), name or method) for place, name in parts]
        if None in found or any(name == method for _, name in parts):
            return None
        return derived(formula, *cast("list[tuple[Tally, str]]", found))

    return measure


def _share_removed(value: Any, base: Any) -> Any:
    """Return which share of the errors of `base` is gone."""
    return (value - base) / (1 - base)


def _count(group: str, protocol: str, of: Callable[[Counts], float]) -> Measure:
    def measure(sets: Sets, method: str) -> MeasuredFigure | None:
        result = _result(sets, group, protocol, method)
        return None if result is None else MeasuredFigure(of(result.tally.counts), None, None)

    return measure


def _confidence(of: Callable[[Reliability], MeasuredFigure | None]) -> Measure:
    """Return a figure of the confidence of all recursive fills, single and drawn together."""

    def measure(sets: Sets, method: str) -> MeasuredFigure | None:
        results = [_result(sets, group, "recursive", method) for group in ("single", "drawn")]
        joined = Reliability.join([r.reliability for r in results if r is not None])
        return of(joined) if joined.fills else None

    return measure


_DRAWN = ("drawn", "recursive", "accuracy")
_KEYS = tuple(("single", f"keyframes_{count}", "acc") for count in (1, 5))
_NONOCC = tuple(("full", "regions", name) for name in ("nonocc_no_abstention", "nonocc"))


def _above(place: _Place, figure: str, least: float, whose: str) -> Bar:
    """Return the bar "above what others published" on a metric."""
    anchor = f"{whose} {least:.2f}"
    return Bar(*place[:2], figure, _metric(*place), least, above=True, anchor=anchor)


_RECURSIVE, _REGIONS = ("single", "recursive"), ("full", "regions")
_PARTS, _FIRST = ("single", "recursive_parts"), ("single", "recursive_first")
_CONSECUTIVE, _INK = ("single", "consecutive"), ("drawn", "recursive")
_SURE = ("single+drawn", "recursive")
_RUN_BY_OTHERS = "AnT re-implemented"

BARS: tuple[Bar, ...] = (
    # AnT's labels are unique parts; the product's are colours, and so are its own aims.
    _above((*_PARTS, "accuracy"), "accuracy by part", 94.25, "AnT"),
    _above((*_PARTS, "mean_iou"), "mean IoU by part", 77.27, "AnT"),
    Bar(*_RECURSIVE, "accuracy by colour", _metric(*_RECURSIVE, "accuracy"), least=87),
    Bar(*_FIRST, "accuracy by colour", _metric(*_FIRST, "accuracy"), least=90),
    Bar(
        *_REGIONS,
        "segments a frame",
        _count(*_REGIONS, lambda counts: counts.segments / counts.frames),
        least=237,
        anchor="AnimeRun 237",
        unit="",
    ),
    _above((*_REGIONS, "nonocc"), "non-occluded", 83.46, _RUN_BY_OTHERS),
    _above((*_REGIONS, "over_300"), "over 300 segments", 75.80, _RUN_BY_OTHERS),
    Bar(
        *_REGIONS,
        "occluded recognised",
        _metric(*_REGIONS, "occ"),
        least=50,
        anchor=f"{_RUN_BY_OTHERS} 0.00",
    ),
    Bar(
        *_REGIONS,
        '"no counterpart": precision',
        _metric(*_REGIONS, "none_precision"),
        least=60,
    ),
    Bar(
        *_REGIONS,
        "non-occluded lost by abstention",
        _made_of(lambda off, on: off - on, *((place, None) for place in _NONOCC)),
        most=0.5,
        unit="points",
    ),
    _above((*_CONSECUTIVE, "acc"), "Acc", 85.32, "DACoN"),
    _above((*_CONSECUTIVE, "acc_thres"), "Acc-Thres", 88.82, "DACoN"),
    _above((*_CONSECUTIVE, "pix_acc"), "Pix-Acc", 99.34, "DACoN"),
    _above(_KEYS[0], "Acc", 68.01, "DACoN"),
    _above(_KEYS[1], "Acc", 73.91, "DACoN"),
    Bar(
        *_KEYS[1][:2],
        "errors with one reference removed by five",
        _made_of(_share_removed, (_KEYS[1], None), (_KEYS[0], None)),
        least=18,
    ),
    Bar(*_INK, "shots", _count(*_INK, lambda counts: len(counts.shots)), least=3, unit=""),
    Bar(*_INK, "segments", _count(*_INK, lambda counts: counts.segments), least=1500, unit=""),
    Bar(
        *_INK,
        "errors of position removed",
        _made_of(_share_removed, (_DRAWN, None), (_DRAWN, "position")),
        least=60,
    ),
    Bar(
        *_SURE,
        "calibration error",
        _confidence(Reliability.error),
        most=0.03,
        unit="",
    ),
    Bar(
        *_SURE,
        f"right at {HIGH:g} or more",
        _confidence(Reliability.high_right),
        least=97,
    ),
    Bar(
        *_SURE,
        f"share at {HIGH:g} or more",
        _confidence(Reliability.high_share),
        least=60,
    ),
)
