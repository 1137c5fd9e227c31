"""The whole proof: every protocol that has a bar, on every set, as one table and one document."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ant_core.reporter import markdown_table
from ant_core.training.data.sets import ShotSource, find_shots
from ant_core.training.evaluation.bars import PROTOCOLS_OF, Bar, Sets, Verdict, judge
from ant_core.training.evaluation.measure import Measured, measure
from ant_core.training.evaluation.methods import Method
from ant_core.training.evaluation.results import COLUMNS, Results, cell, document
from ant_core.training.evaluation.tally import MeasuredFigure, Tally

__all__ = ["as_document", "as_markdown", "prove"]

_OTHERS = ("ant_paper", "position", "overlap", "flow")
_SET_TITLES = {
    "single": "Single characters",
    "full": "Full scenes",
    "drawn": "Drawn ink",
}


def prove(
    places: Mapping[str, Sequence[Path]],
    methods: Sequence[Method],
    cancel: threading.Event,
    scored: Callable[[str, ShotSource], None],
    limit: int | None = None,
) -> dict[str, Measured]:
    """Run all protocols that have bars.

    Parameters
    ----------
    places : dict of str to paths
        The sets' folders, by a key of `PROTOCOLS_OF`; a set may be left out.
    methods : sequence of Method
        The model in question is named `bars.OURS`, the yardstick `bars.PAPER`.
    cancel : Event
    scored : callable
        Told of set and shot, after each shot.
    limit : int, optional
        Shots of each folder, for a trial.

    Raises
    ------
    InputError, Cancelled
    """
    measured = {}
    for name, folders in places.items():
        sources = [source for folder in folders for source in find_shots(folder)[:limit]]
        measured[name] = measure(
            sources,
            PROTOCOLS_OF[name],
            methods,
            cancel,
            partial(scored, name),
        )
    return measured


def as_document(measured: Mapping[str, Measured], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return verdicts and all figures, ready for JSON; `about` says what was measured."""
    verdicts = judge(_sets(measured))
    sets = {}
    for name, found in measured.items():
        sets[name] = document(found.results, {})
        if found.statistics.scenes:
            sets[name]["region_statistics"] = found.statistics.table()
            sets[name]["region_histograms"] = found.statistics.histograms.shares()
    return {**about, "bars": [_verdict_entry(verdict) for verdict in verdicts], "sets": sets}


def _sets(measured: Mapping[str, Measured]) -> Sets:
    return {name: found.results for name, found in measured.items()}


def _verdict_entry(verdict: Verdict) -> dict[str, Any]:
    bar, figure = verdict.bar, verdict.figure
    return {
        "set": bar.set,
        "protocol": bar.protocol,
        "figure": bar.figure,
        "anchor": bar.anchor or None,
        "bar": bar.text(),
        "unit": bar.unit or None,
        "ours": None if figure is None else figure.__dict__,
        "others": {name: other.__dict__ for name, other in verdict.others.items()},
        "segments": verdict.counts.segments,
        "frames": verdict.counts.frames,
        "shots": len(verdict.counts.shots),
        "met": verdict.met,
        "margin": None if figure is None else bar.margin(figure.value),
    }


def as_markdown(measured: Mapping[str, Measured]) -> str:
    """Return the table of bars, and below it all figures of every protocol, as Markdown."""
    blocks = [_bars_table(judge(_sets(measured)))]
    for name, found in measured.items():
        for protocol, methods in found.results.items():
            if methods:
                title = f"{_SET_TITLES[name]}: {protocol}"
                blocks.append(f"### {title}\n\n{_figures_table(protocol, found.results)}")
    return "\n\n".join(blocks) + "\n"


def _bars_table(verdicts: Sequence[Verdict]) -> str:
    head = ["set", "protocol", "figure", "anchor", "bar", "ours", "verdict", *_OTHERS]
    rows = [[*head, "segments", "frames", "shots", "characters and clothes"]]
    for verdict in verdicts:
        bar = verdict.bar
        others = [_figure(bar, verdict.others.get(name)) for name in _OTHERS]
        ours = _figure(bar, verdict.figure, interval=True)
        where = " and ".join(_SET_TITLES[name] for name in bar.set.split("+"))
        row = [where, bar.protocol, bar.figure, bar.anchor, bar.text(), ours]
        rows.append([*row, _says(verdict), *others, *_counted(verdict)])
    return markdown_table(rows, text_columns=7)


def _says(verdict: Verdict) -> str:
    if verdict.figure is None:
        return "not measured"
    by = _number(verdict.bar, abs(verdict.bar.margin(verdict.figure.value)))
    return f"met by {by}" if verdict.met else f"**missed by {by}**"


def _counted(verdict: Verdict) -> list[str]:
    counts = verdict.counts
    if not counts.shots:
        return [""] * 4
    people = str(len(counts.characters)) if counts.characters_known else ""
    return [str(counts.segments), str(counts.frames), str(len(counts.shots)), people]


def _number(bar: Bar, value: float) -> str:
    if bar.unit:
        return f"{value:.2f}"
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"


def _figure(bar: Bar, figure: MeasuredFigure | None, *, interval: bool = False) -> str:
    if figure is None:
        return ""
    text = _number(bar, figure.value)
    if interval and figure.low is not None and figure.high is not None:
        text += f" [{_number(bar, figure.low)}, {_number(bar, figure.high)}]"
    return text


def _figures_table(protocol: str, results: Results) -> str:
    methods = results[protocol]
    known = list(dict.fromkeys(name for r in methods.values() for name in r.tally.metrics()))
    columns = [name for name in COLUMNS.get(protocol, known) if name in known]
    rows = [["method", *columns, "segments", "frames", "shots"]]
    for name, result in methods.items():
        rows.append([name, *_row(result.tally, columns)])
        for kind, shots in _kinds(result.tally.counts.shots).items():
            rows.append([f"{name}: {kind} alone", *_row(result.tally.only(shots), columns)])
    return markdown_table(rows)


def _row(tally: Tally, columns: Sequence[str]) -> list[str]:
    metrics, counts = tally.metrics(), tally.counts
    cells = [cell(tally, column) if column in metrics else "" for column in columns]
    return [*cells, str(counts.segments), str(counts.frames), str(len(counts.shots))]


def _kinds(shots: set[str]) -> dict[str, list[str]]:
    """Group shots by name without number; empty where that makes one group, or one a shot."""
    kinds: dict[str, list[str]] = {}
    for shot in sorted(shots):
        kinds.setdefault(re.sub(r"_?\d*$", "", Path(shot).stem), []).append(shot)
    return kinds if 1 < len(kinds) < len(shots) else {}
