"""The engine as the controller uses it, with an engine in the same process."""

import pytest

pytest.importorskip("PyQt5.QtCore", reason="imports Qt", exc_type=ImportError)

from krita_plugin.propagate_colors import i18n
from krita_plugin.propagate_colors.link import engine_room
from krita_plugin.propagate_colors.link.engine_room import NOT_FOUND, EngineRoom
from krita_plugin.propagate_colors.link.requests import EngineError
from krita_plugin.propagate_colors.settings import DEVICE, ENGINE_COMMAND, DockerSettings
from tests.krita_plugin import mock_krita
from tests.krita_plugin.fake_engine import FakeEngine
from tests.krita_plugin.ui.support import Store


@pytest.fixture
def clock():
    return mock_krita.Clock()


@pytest.fixture
def room(clock, monkeypatch):
    monkeypatch.delenv("ANT_CORE", raising=False)
    monkeypatch.setenv("PATH", "")
    settings = DockerSettings(Store())
    made = EngineRoom(
        settings,
        "Krita",
        lambda *told: None,
        lambda: None,
        lambda hello: FakeEngine(hello, clock),
        lambda: made.set_up,
    )
    made.set_up = ["/engines/python3", "-I", "-m", "ant_core"]
    made.settings = settings
    return made


def start(room):
    steps = room.ready()
    next(steps)
    assert room.client.state == "starting"


def test_the_light_is_good_only_while_the_engine_answers(room, clock):
    assert room.light == "idle"
    start(room)
    assert room.light == "idle"
    clock.run()
    assert room.light == "good"
    room.release()
    assert room.light == "idle"


def test_a_device_that_cannot_be_used_leads_to_the_settings(room, clock):
    room.client.refuse, room.client.refused = "There is no driver.", "device"
    steps = room.ready()
    next(steps)
    clock.run()
    with pytest.raises(EngineError) as caught:
        next(steps)
    assert caught.value.code == "device"
    level, text, (label, _) = room.explain(caught.value)
    assert (level, text) == ("error", "There is no driver.")
    assert label == "Choose\N{HORIZONTAL ELLIPSIS}"


def test_the_engine_is_the_docker_s_own_unless_another_is_chosen(room):
    assert room.is_set_up()
    room.settings.set(ENGINE_COMMAND, "/nowhere/ant_core")
    assert not room.is_set_up()
    room.settings.set(ENGINE_COMMAND, "")
    room.set_up = None
    assert not room.is_set_up()


def test_the_light_is_bad_where_there_is_none(room):
    room.set_up = None
    with pytest.raises(EngineError) as caught:
        next(room.ready())
    assert caught.value.code == NOT_FOUND
    assert room.light == "bad"
    assert room.status == str(caught.value)


def test_a_test_during_a_start_waits_for_it(room, clock):
    start(room)
    room.set_command("")
    assert room.client.state == "starting"
    clock.run()
    assert (room.light, room.client.starts) == ("good", 1)


@pytest.mark.parametrize("change", [(ENGINE_COMMAND, "/opt/ant_core"), (DEVICE, "cpu")])
def test_another_engine_does_not_wait_for_the_start_of_the_one_before(room, change):
    start(room)
    setting, value = change
    room.settings.set(setting, value)
    room.set_command(room.settings.get(ENGINE_COMMAND))
    assert room.client.state == "off"


def test_the_engine_that_is_compiled_says_so(room, clock):
    start(room)
    clock.run()
    room.client.compiling = 12
    assert room.status == "Preparing for this computer, once: step 12"
    assert room.client.state == engine_room.READY


def test_what_the_engine_says_of_a_model_is_told_in_the_docker_s_language(room):
    i18n.start("ja", [])
    rows = [{"name": "large", "state": "31 % downloaded"}, {"name": "own", "state": "installed"}]
    room._take_models({"models": rows})
    assert [row["state"] for row in room.models] == ["31 % ダウンロード済み", "ダウンロード済み"]
    i18n.start("en", [])
