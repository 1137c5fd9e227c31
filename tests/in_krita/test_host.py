"""The plugin's view of Krita, held against the real one; tests/krita_plugin runs the same."""

import pytest

from tests.in_krita.scenarios import ALL


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ALL)
def test_scenario(host_report, scenario):
    result = host_report.results[scenario]
    assert result["status"] == "passed", result["text"]
