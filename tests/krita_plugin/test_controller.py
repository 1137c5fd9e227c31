"""The controller's scenarios, on the mock of Krita and with an engine in the same process."""

import importlib

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.controller import Controller
from krita_plugin.propagate_colors.host.document import Host
from krita_plugin.propagate_colors.link.engine_room import FAILED
from krita_plugin.propagate_colors.link.requests import EngineError
from krita_plugin.propagate_colors.settings import DockerSettings
from krita_plugin.propagate_colors.work import jobs
from krita_plugin.propagate_colors.work.worker import Task
from tests.in_krita.scenarios import CONTROLLER, base
from tests.in_krita.scenarios.rig import ready
from tests.krita_plugin import mock_krita
from tests.krita_plugin.fake_engine import FakeEngine
from tests.krita_plugin.ui.support import Store


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


CHOOSE = "Choose\N{HORIZONTAL ELLIPSIS}"


@pytest.mark.parametrize(
    ("code", "is_set_up", "repairs", "label"),
    [
        (FAILED, True, True, "Repair"),
        (FAILED, True, False, "Update"),  # a newer one takes its place
        (FAILED, False, False, CHOOSE),
        ("device", True, True, CHOOSE),  # the same engine made anew would fail again
    ],
)
def test_an_engine_that_does_not_start_is_repaired_where_the_docker_set_it_up(
    mock, monkeypatch, code, is_set_up, repairs, label
):
    clock, said = mock_krita.Clock(), []
    controller = Controller(
        Host(), DockerSettings(Store()), lambda hello: FakeEngine(hello, clock), clock
    )
    controller.message.connect(lambda *message: said.append(message))
    monkeypatch.setattr(type(controller.engine_setup), "possible", True)
    monkeypatch.setattr(type(controller.engine_setup), "repairs", repairs)
    monkeypatch.setattr(controller._engine, "is_set_up", lambda: is_set_up)
    task = Task("run", "propagate", lambda: iter(()), lambda _: None)
    controller._failed(task, EngineError(code, "The engine did not start."))
    _, text, actions = said[-1]
    assert text == "The engine did not start."
    ((shown, act),) = actions
    assert shown == label
    assert (act == controller.engine_setup.repair) == (label != CHOOSE)


def test_why_an_engine_was_not_changed_goes_with_the_job_that_hindered(run):
    def scenario(ctx):
        rig = yield from ready(ctx)
        setup, told = rig.controller.engine_setup, []
        setup.changed.connect(lambda: told.append(setup.refusal))
        rig.controller.propagate()
        setup.remove()
        assert setup.refusal == "Wait until the present job has ended, or stop it."
        yield from rig.rests()
        assert setup.refusal == ""
        assert told[-1] == ""
        rig.controller.shutdown()

    run(scenario)
