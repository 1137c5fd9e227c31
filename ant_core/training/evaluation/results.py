"""Results as one table for people and one document for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ant_core.reporter import aligned
from ant_core.training.data.flow_labels import PUBLISHED, RegionStatistics
from ant_core.training.evaluation.benchmark import PROTOCOLS, MethodResult
from ant_core.training.evaluation.reliability import HIGH, Reliability
from ant_core.training.evaluation.tally import MeasuredFigure, Tally
from ant_core.training.evaluation.worst import Worst

__all__ = ["COLUMNS", "Results", "cell", "document", "statistics_table", "table"]

# protocol -> method -> result; methods that could not run are left out
Results = Mapping[str, Mapping[str, MethodResult]]

SCHEMA = 2
_COLOR = ("acc", "acc_thres", "pix_acc", "pix_f_acc", "b_miou", "pix_b_miou", "abstained")
_EFFORT = ("accuracy", "over_30px", "joined", "abstained")
_REGION = ("acc", "nonocc", "occ", "over_300", "nonocc_no_abstention", "none_precision")
# What tables show of a protocol's metrics; all of them where nothing is chosen.
COLUMNS: dict[str, tuple[str, ...]] = {
    "recursive": ("accuracy", "mean_iou", "abstained"),
    "recursive_parts": ("accuracy", "mean_iou", "abstained"),
    "recursive_first": ("accuracy", "mean_iou", "abstained"),
    "consecutive": _COLOR,
    **{name: _COLOR for name in PROTOCOLS if name.startswith("keyframes")},
    "effort": _EFFORT,
    "effort_suggested": _EFFORT,
    "regions": _REGION,
    "regions_colored": _REGION,
    "parts": _REGION,
}


def _in_pixels(metric: str) -> bool:
    return metric.startswith("epe")


def _scaled(metric: str, figure: MeasuredFigure) -> dict[str, float | None]:
    """Give shares in percent, and end-point errors in pixels."""
    scale = 1 if _in_pixels(metric) else 100
    return cast("dict[str, float | None]", _numbers(figure, scale, 3))


def document(results: Results, run: Mapping[str, Any]) -> dict[str, Any]:
    """Return all figures, ready for JSON.

    `run` says what was measured: data sets, models, device. Intervals are over shots; low and
    high are null where a figure stands on one shot. Confidence is that of coloured segments.
    """
    return {
        "schema": SCHEMA,
        **run,
        "protocols": {
            protocol: {
                "definition": PROTOCOLS[protocol],
                "methods": {name: _entry(result) for name, result in methods.items()},
            }
            for protocol, methods in results.items()
            if methods
        },
    }


def _entry(result: MethodResult) -> dict[str, Any]:
    tally, counts = result.tally, result.tally.counts
    entry: dict[str, Any] = {
        "segments": counts.segments,
        "frames": counts.frames,
        "shots": len(counts.shots),
        "characters": len(counts.characters) if counts.characters_known else None,
        "seconds": round(result.seconds, 2),
        "metrics": {
            name: {"unit": "px" if _in_pixels(name) else "%"} | _scaled(name, tally.figure(name))
            for name in tally.metrics()
        },
    }
    first = tally.metrics()[0]
    scale = 1 if _in_pixels(first) else 100
    shots = {shot: round(scale * value, 3) for shot, value in tally.by_shot(first).items()}
    entry["by_shot"] = {"metric": first, "figures": shots}
    if result.reliability.fills:
        entry["confidence"] = _confidence(result.reliability)
    if result.worst.made or result.worst.unpainted:
        entry["wrong"] = _wrong(result.worst)
    if result.counterparts.counterpart:
        entry["no_counterpart"] = result.counterparts.to_json()
    return entry


def _confidence(reliability: Reliability) -> dict[str, Any]:
    curve = reliability.curve()
    figures = {
        "calibration_error": (reliability.error(), 1, 4),
        "high_right_percent": (reliability.high_right(), 100, 2),
        "high_share_percent": (reliability.high_share(), 100, 2),
    }
    return {
        "curve": [[round(said, 4), round(was, 4), int(count)] for said, was, count in curve],
        "high_from": HIGH,
        **{name: _numbers(*figure) for name, figure in figures.items()},
    }


def _numbers(
    figure: MeasuredFigure | None, scale: float, digits: int
) -> dict[str, float | None] | None:
    if figure is None:
        return None
    numbers = {"value": figure.value, "low": figure.low, "high": figure.high}
    return {key: None if v is None else round(scale * v, digits) for key, v in numbers.items()}


def _wrong(worst: Worst) -> dict[str, Any]:
    return {
        "by_their_match": worst.made,
        "handed_on": worst.handed_on,
        "unpainted": worst.unpainted,
        "surest": [mistake.to_json() for mistake in worst.surest],
        "largest": [mistake.to_json() for mistake in worst.largest],
    }


def table(results: Results) -> str:
    """Return the figures as text, a block a protocol, a row a method."""
    blocks = []
    for protocol, methods in results.items():
        if methods:
            blocks.append(f"{protocol}: {PROTOCOLS[protocol]}\n{_block(protocol, methods)}")
    return "\n\n".join(blocks)


def statistics_table(statistics: RegionStatistics) -> str:
    """Return the statistics of AnimeRun's Table 1 as text, with the published rows below ours."""
    ours = statistics.table()
    names = list(ours)
    rows = [["set", *names], ["this", *(f"{ours[name]:.4g}" for name in names)]]
    for name, row in PUBLISHED.items():
        rows.append([name, *(f"{value:.6g}" for value in row), *["-"] * (len(names) - len(row))])
    blocks = [f"region statistics, as AnimeRun's Table 1 lists them\n{aligned(rows)}"]
    for name, shares in statistics.histograms.shares().items():
        bins = [list(shares), [f"{share:.1%}" for share in shares.values()]]
        blocks.append(f"pixels by {name}, as AnimeRun's figure 4 counts them\n{aligned(bins)}")
    return "\n\n".join(blocks)


def _block(protocol: str, methods: Mapping[str, MethodResult]) -> str:
    known = list(dict.fromkeys(name for r in methods.values() for name in r.tally.metrics()))
    columns = [name for name in COLUMNS.get(protocol, known) if name in known]
    rows = [["method", *columns, "segments", "frames", "shots", "characters"]]
    for name, result in methods.items():
        counts = result.tally.counts
        metrics = result.tally.metrics()
        cells = [cell(result.tally, column) if column in metrics else "-" for column in columns]
        people = str(len(counts.characters)) if counts.characters_known else "-"
        numbers = [str(counts.segments), str(counts.frames), str(len(counts.shots)), people]
        rows.append([name, *cells, *numbers])
    return aligned(rows)


def cell(tally: Tally, metric: str) -> str:
    """Return a figure with its interval as tables show it, percent or pixels."""
    figure = _scaled(metric, tally.figure(metric))
    if figure["low"] is None or figure["high"] is None:
        return f"{figure['value']:.2f}"
    return f"{figure['value']:.2f} [{figure['low']:.2f}, {figure['high']:.2f}]"
