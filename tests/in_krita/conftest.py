"""Which Kritas the tests run in, and what their runs brought back."""

import os
from pathlib import Path

import pytest

from tests.in_krita import runner, versions

ROOT = Path(__file__).parents[2]


def kritas(config: pytest.Config) -> list[runner.Krita]:
    """This machine's Krita, or with --krita the given trees; "all" takes every known tree too."""
    given = config.getoption("--krita")
    if not given:
        return [runner.Krita()]
    found = []
    for word in given.split(","):
        if word == "all":
            from scripts import _krita_trees

            found += [runner.Krita(), *(runner.Krita(tree) for tree in _krita_trees.made())]
        else:
            found.append(runner.Krita(None if word == "system" else Path(word).resolve()))
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "krita" in metafunc.fixturenames:
        choice = kritas(metafunc.config)
        labels = [krita.label for krita in choice]
        metafunc.parametrize("krita", choice, ids=labels, indirect=True, scope="session")


@pytest.fixture(scope="session")
def krita(request: pytest.FixtureRequest) -> runner.Krita:
    """A Krita that can be run here; skipped without one, but failed on a build server."""
    missing = request.param.missing()
    if missing and os.environ.get("CI"):
        pytest.fail(f"the tests inside Krita must run where CI is set, but {missing}")
    if missing:
        pytest.skip(f"needs Krita: {missing}")
    return request.param


def _one_start(fixture: str, krita, request, tmp_path_factory, **options) -> runner.Report:
    """Start one Krita for all scenarios that the chosen tests want of this fixture."""
    wanted = {
        item.callspec.params["scenario"]: None
        for item in request.session.items
        if fixture in getattr(item, "fixturenames", ())
    }
    out = tmp_path_factory.mktemp(f"krita_{krita.label}")
    report = runner.run(krita, list(wanted), out, **options)
    request.config.stash.setdefault(REPORTS, []).append((krita, report))
    return report


@pytest.fixture(scope="session")
def host_report(krita, request, tmp_path_factory) -> runner.Report:
    """What Krita wrappers and controller do: many short scenarios."""
    return _one_start("host_report", krita, request, tmp_path_factory)


@pytest.fixture(scope="session")
def docker_report(krita, request, tmp_path_factory) -> runner.Report:
    """What the docker does, with the real engine and the shot at its real size."""
    slow = {"environment": {"SCENARIO_SECONDS": "900"}, "timeout": 4500.0}
    return _one_start("docker_report", krita, request, tmp_path_factory, **slow)


REPORTS = pytest.StashKey[list[tuple[runner.Krita, runner.Report]]]()


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Say which versions of Krita were used, and what had to be tried again."""
    reports = config.stash.get(REPORTS, [])
    for krita, report in reports:
        terminalreporter.write_line(report.describe(krita))
    file = config.getoption("--krita-table")
    if file and reports:
        old = file.read_text("utf-8") if file.exists() else ""
        file.write_text(versions.table(reports, terminalreporter.stats, old), "utf-8")
