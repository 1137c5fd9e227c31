"""Which Kritas the tests run in, and what their runs brought back."""

import os
from pathlib import Path

import pytest

from tests.in_krita import runner

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


@pytest.fixture(scope="session")
def host_report(
    krita: runner.Krita,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> runner.Report:
    """One start of Krita for all scenarios that were asked for."""
    wanted = {
        item.callspec.params["scenario"]: None
        for item in request.session.items
        if "host_report" in getattr(item, "fixturenames", ())
    }
    report = runner.run(krita, list(wanted), tmp_path_factory.mktemp(f"krita_{krita.label}"))
    request.config.stash.setdefault(REPORTS, []).append(report.describe(krita))
    return report


REPORTS = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter, config: pytest.Config) -> None:
    """Say which versions of Krita were used, and what had to be tried again."""
    for text in config.stash.get(REPORTS, []):
        terminalreporter.write_line(text)
