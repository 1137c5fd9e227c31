"""The table of docs/krita_versions.md: how the tests went in each version of Krita."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping
from itertools import groupby

from tests.in_krita import runner

HEAD = """# The plugin in four versions of Krita

How the tests inside the real Krita went (`tests/in_krita`). Made by

    python3 scripts/test.py tests/in_krita --krita all --krita-table docs/krita_versions.md

A run replaces the rows of the versions that it used. Seconds are those of Krita's runs, on the
given number of cores. A crash of Krita itself and a scenario that failed are tried again once, and
counted in the last column.

| Krita | Qt | Python | tests passed | scenarios passed | seconds | cores | tried again | on |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
OUTCOMES = ("passed", "failed", "error")


def table(
    reports: Iterable[tuple[runner.Krita, runner.Report]], outcomes: Mapping[str, list], old: str
) -> str:
    """Return the page for these runs and pytest's outcomes; other rows of the old page stay."""
    rows = {_version(line): line for line in old.splitlines() if line[:3].strip("| ").isdigit()}
    for label, group in groupby(sorted(reports, key=_label), _label):
        line = _row(label, [report for _, report in group], outcomes)
        rows[_version(line)] = line
    return HEAD + "".join(f"{rows[version]}\n" for version in sorted(rows))


def _label(pair: tuple[runner.Krita, runner.Report]) -> str:
    return pair[0].label


def _version(line: str) -> str:
    return line.split("|")[1].strip()


def _row(label: str, found: list[runner.Report], outcomes: Mapping[str, list]) -> str:
    results = [result for report in found for result in report.results.values()]
    good = sum(result["status"] == "passed" for result in results)
    counts = {name: _count(outcomes.get(name, ()), label) for name in OUTCOMES}
    cells = (
        found[0].version,
        found[0].qt,
        found[0].python,
        f"{counts['passed']} of {sum(counts.values())}",
        f"{good} of {len(results)}",
        f"{sum(report.seconds for report in found):.0f}",
        os.cpu_count(),
        sum(len(report.notes) for report in found),
        datetime.datetime.now(datetime.UTC).date().isoformat(),
    )
    return f"| {' | '.join(map(str, cells))} |"


def _count(reports: Iterable, label: str) -> int:
    """Count the tests of one Krita; its label is one of the parts in the brackets."""
    ends = (report.nodeid.partition("[")[2].rstrip("]") for report in reports)
    return sum(label in end.split("-") for end in ends)
