"""The scenarios of tests/in_krita, on the mock: as each version of Krita behaves."""

import importlib

import pytest

pytest.importorskip(
    "PyQt5.QtCore", reason="keys are copied as data of a drag", exc_type=ImportError
)

from krita_plugin.propagate_colors.work import jobs
from tests.in_krita.scenarios import ALL, base
from tests.krita_plugin import mock_krita


@pytest.mark.parametrize("name", ALL)
def test_scenario(any_krita, tmp_path, name):
    module, _, function = name.partition(":")
    scenario = getattr(importlib.import_module(f"tests.in_krita.scenarios.{module}"), function)
    clock, errors = mock_krita.Clock(), []
    job = scenario(base.Context(name, tmp_path))
    runner = jobs.Runner(job, name, lambda _: None, errors.append, clock)
    clock.run()
    assert runner.done, "the scenario still waits for something"
    for error in errors:
        raise error
