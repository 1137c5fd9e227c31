"""200 strokes of a real pointer while the plugin works; see scenarios/strokes.py."""

from __future__ import annotations

import pytest

from tests.in_krita import runner
from tests.in_krita.scenarios import STROKES

pytestmark = pytest.mark.slow

SECONDS = 1700  # a busy machine needs many times what an idle one does


@pytest.mark.parametrize("scenario", STROKES)
def test_every_stroke_is_found_where_it_was_drawn(krita, scenario, tmp_path):
    environment = {"SCENARIO_SECONDS": str(SECONDS)}
    report = runner.run(krita, [scenario], tmp_path, environment=environment, timeout=SECONDS + 100)
    result = report.results[scenario]
    assert result["status"] == "passed", result["text"]
    values = result["values"]
    assert values["strokes"] == 200
    assert not values["lost"]  # on frames that are written again and again
    assert not values["never_drawn"]  # on those that are never written
