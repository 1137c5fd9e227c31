"""The controller's scenarios, on the mock of Krita and with an engine in the same process."""

import importlib

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.work import jobs
from tests.in_krita.scenarios import CONTROLLER, base
from tests.krita_plugin import mock_krita


@pytest.mark.parametrize("name", CONTROLLER)
def test_scenario(mock, tmp_path, name):
    module, _, function = name.partition(":")
    scenario = getattr(importlib.import_module(f"tests.in_krita.scenarios.{module}"), function)
    clock, errors = mock_krita.Clock(), []
    context = base.Context(name, tmp_path)
    context.clock = clock
    runner = jobs.Runner(scenario(context), name, lambda _: None, errors.append, clock)
    clock.run(lambda: runner.done)
    assert runner.done, "the scenario still waits for something"
    for error in errors:
        raise error
