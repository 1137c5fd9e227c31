"""The plugin's tests find the mock where the plugin looks for Krita."""

import sys

import pytest

from tests.krita_plugin import mock_krita

sys.modules["krita"] = mock_krita

# One of each line of Krita that the plugin runs in.
VERSIONS = ("5.1.5", "5.2.9", "5.3.4", "6.0.4")


@pytest.fixture(params=VERSIONS)
def any_krita(request):
    """The mock as each version of Krita in turn, without documents."""
    return mock_krita.reset(request.param)


@pytest.fixture
def mock():
    """The mock as the oldest Krita, without documents."""
    return mock_krita.reset()


@pytest.fixture
def run(tmp_path, mock):
    """Run a scenario on the mock of Krita."""
    from krita_plugin.propagate_colors.work import jobs
    from tests.in_krita.scenarios import base

    def go(scenario):
        clock, errors = mock_krita.Clock(), []
        context = base.Context("scenario", tmp_path)
        context.clock = clock
        runner = jobs.Runner(scenario(context), "scenario", lambda _: None, errors.append, clock)
        clock.run(lambda: runner.done)
        for error in errors:
            raise error

    return go
