"""The table of versions: its rows, and which of them a run replaces."""

from pathlib import Path
from types import SimpleNamespace

from tests.in_krita import runner, versions


def run(version, statuses, notes=()):
    results = {str(number): {"status": status} for number, status in enumerate(statuses)}
    return runner.Report(version, "5.15", "3.11", results, list(notes), 12.4)


def outcome(test):
    return SimpleNamespace(nodeid=f"tests/in_krita/test_x.py::test[{test}]")


def rows(page):
    cells = [line.strip("| ").split(" | ") for line in page.splitlines() if line[:3] == "| 5"]
    return [(row[0], *row[3:6], row[7]) for row in cells]


def test_a_row_sums_up_all_runs_of_a_version():
    pairs = [(runner.Krita(), run("5.1", ["passed", "failed"], ["crash"]))]
    pairs += [(runner.Krita(), run("5.1", ["passed"]))]
    outcomes = {"passed": [outcome("system-a:b"), outcome("system")], "failed": [outcome("5.3-c")]}
    page = versions.table(pairs, outcomes, "")
    assert rows(page) == [("5.1", "2 of 2", "2 of 3", "25", "1")]


def test_rows_of_other_versions_stay():
    system, tree = runner.Krita(), runner.Krita(Path("/trees/5.3"))
    old = versions.table([(system, run("5.1", ["passed"])), (tree, run("5.3", ["failed"]))], {}, "")
    page = versions.table([(tree, run("5.3", ["passed"]))], {}, old)
    assert [row[0::2] for row in rows(page)] == [("5.1", "1 of 1", "0"), ("5.3", "1 of 1", "0")]
    assert page.count("| 5.3 |") == 1
