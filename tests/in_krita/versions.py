"""The table of docs/krita_versions.md: how the tests went in each version of Krita."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from itertools import groupby

from tests.in_krita import runner

HEAD = """# The plugin in four versions of Krita

How the tests inside the real Krita went (`tests/in_krita`), on {day}. Made by

    python3 scripts/test.py tests/in_krita --krita all --krita-table docs/krita_versions.md

Seconds are those of Krita's runs, on a machine of {cores} cores that had other work as well. A
crash of Krita itself is tried again once, and counted in the last column.

| Krita | Qt | Python | tests passed | scenarios passed | seconds | tried again |
| --- | --- | --- | --- | --- | --- | --- |
"""
OUTCOMES = ("passed", "failed", "error")


def table(
    reports: Iterable[tuple[runner.Krita, runner.Report]], outcomes: Mapping[str, list], cores: int
) -> str:
    """Return the page for these runs and pytest's outcomes."""
    rows = []
    for label, group in groupby(reports, lambda pair: pair[0].label):
        found = [report for _, report in group]
        results = [result for report in found for result in report.results.values()]
        good = sum(result["status"] == "passed" for result in results)
        counts = {name: _count(outcomes.get(name, ()), label) for name in OUTCOMES}
        notes = [note for report in found for note in report.notes]
        first = found[0]
        rows.append(
            f"| {first.version} | {first.qt} | {first.python} "
            f"| {counts['passed']} of {sum(counts.values())} | {good} of {len(results)} "
            f"| {sum(report.seconds for report in found):.0f} | {len(notes)} |"
        )
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    return HEAD.format(day=day, cores=cores) + "\n".join(rows) + "\n"


def _count(reports: Iterable, label: str) -> int:
    """Count the tests of one Krita; its label is one of the parts in the brackets."""
    ends = (report.nodeid.partition("[")[2].rstrip("]") for report in reports)
    return sum(label in end.split("-") for end in ends)
