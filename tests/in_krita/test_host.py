"""The plugin in the real Krita; tests/krita_plugin runs the same scenarios on the mock."""

import pytest

from tests.in_krita.scenarios import ALL, REAL_ONLY


@pytest.mark.slow
@pytest.mark.parametrize("scenario", [*REAL_ONLY, *ALL])
def test_scenario(host_report, scenario):
    result = host_report.results[scenario]
    assert result["status"] == "passed", result["text"]
