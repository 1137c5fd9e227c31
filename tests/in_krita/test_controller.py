"""The plugin's controller in the real Krita; tests/krita_plugin runs most of it on the mock."""

import os
from pathlib import Path

import pytest

from tests.in_krita import runner
from tests.in_krita.scenarios import CONTROLLER, DABS, WITH_ENGINE, WITH_EVENTS

# All scenarios in one start; the engine takes a few seconds to start in each of its own.
SECONDS = 1800.0


@pytest.fixture(scope="session")
def controller_report(
    krita: runner.Krita,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> runner.Report:
    """One start of Krita for all scenarios that were asked for."""
    wanted = {
        item.callspec.params["scenario"]: None
        for item in request.session.items
        if "controller_report" in getattr(item, "fixturenames", ())
    }
    out = Path(os.fspath(tmp_path_factory.mktemp(f"controller_{krita.label}")))
    return runner.run(krita, list(wanted), out, timeout=SECONDS)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [*CONTROLLER, *DABS, *WITH_EVENTS, *WITH_ENGINE])
def test_scenario(controller_report, scenario):
    result = controller_report.results[scenario]
    assert result["status"] == "passed", result["text"]
