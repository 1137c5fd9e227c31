"""Results of `ant_core.training.network.ablation` as Markdown tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ant_core.reporter import markdown_table
from ant_core.training.evaluation.tally import MeasuredFigure, Tally
from ant_core.training.network.ablation import EXPERIMENTS

__all__ = ["insert", "tables"]

_BEGIN, _END = "<!-- scripts/ablate.py writes from here -->", "<!-- to here -->"

Results = Mapping[str, Mapping[str, Any]]
Counts = Mapping[str, list[int]]


def insert(page: str, text: str) -> str:
    """Return a page with what stands between its two marks replaced."""
    before, rest = page.split(_BEGIN)
    return f"{before}{_BEGIN}\n\n{text}\n{_END}{rest.split(_END)[1]}"


def tables(results: Results) -> str:
    """Return every table that the results suffice for; intervals are over clips."""
    blocks = [_settings(results), _main(results)]
    blocks += [_side(results, "references", "references, right colour of the same targets")]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _settings(results: Results) -> str:
    runs = [result for result in results.values() if "steps" in result]
    if not runs:
        return ""
    clips, names = runs[0]["data"]["train"][0], runs[0]["data"]["validation"]
    segments = sum(total for _, total in runs[0]["recursive"].values())
    return (
        f"{clips} training clips, {runs[0]['asked']} pairs a run; {len(names)} validation clips, "
        f"{segments:,} segments."
    )


def _main(results: Results) -> str:
    kinds = sorted({_kind(clip) for result in results.values() for clip in result["recursive"]})
    head = ["run: what differs from ours", "right colour, %", "against ours", *kinds]
    head += ["parameters", "CPU s", "pairs/CPU s"]
    rows = []
    for name in ("position", *EXPERIMENTS):
        if name not in results:
            continue
        result = results[name]
        counts = result["recursive"]
        about = result.get("about", "nearest position, no network")
        row = [f"{name}: {about}", _text(_figure(counts))]
        row += ["" if name == "ours" else _against(counts, results.get("ours"))]
        row += [_plain(_of_kind(counts, kind)) for kind in kinds]
        if "cpu_seconds" in result:
            seconds = result["cpu_seconds"]
            speed = f"{result['pairs'] / seconds:.1f}"
            row += [f"{result['parameters']:,}", f"{seconds:.0f}", speed]
        rows.append(row + [""] * (len(head) - len(row)))
    return markdown_table([head, *rows])


def _side(results: Results, key: str, title: str) -> str:
    runs = [name for name in EXPERIMENTS if key in results.get(name, {})]
    if not runs:
        return ""
    columns = list(results[runs[0]][key])
    rows = [[f"run; {title}", *columns]]
    for name in runs:
        rows.append([name, *(_text(_figure(results[name][key][column])) for column in columns)])
    return markdown_table(rows)


def _kind(clip: str) -> str:
    return clip.rsplit("_", 1)[0]


def _of_kind(counts: Counts, kind: str) -> Counts:
    return {clip: count for clip, count in counts.items() if _kind(clip) == kind}


def _figure(counts: Counts, less: Counts | None = None) -> MeasuredFigure:
    """Return a share in percent; with `less` the difference from another, paired by clip."""
    tally = Tally()
    for clip, (right, segments) in counts.items():
        own = right - less[clip][0] if less is not None else right
        tally.add(clip, "share", 100 * own, segments)
    return tally.figure("share")


def _against(counts: Counts, ours: Mapping[str, Any] | None) -> str:
    return "" if ours is None else _text(_figure(counts, ours["recursive"]), sign="+")


def _text(figure: MeasuredFigure, sign: str = "") -> str:
    form = f"{{:{sign}.1f}}"
    text = form.format(figure.value)
    if figure.low is None or figure.high is None:
        return text
    return f"{text} ({form.format(figure.low)} to {form.format(figure.high)})"


def _plain(counts: Counts) -> str:
    return f"{_figure(counts).value:.1f}" if counts else ""
