"""An engine is set up for each choice of "Computes on": small packs, a real server, real processes.

That the GPU cannot be used is simulated: the engine that tests have computes on the CPU.
"""

import json
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("PyQt5.QtNetwork", reason="needs PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.link.engine_room import EngineRoom
from krita_plugin.propagate_colors.link.pack import greeting
from krita_plugin.propagate_colors.link.pack import lock as locks
from krita_plugin.propagate_colors.link.pack.problems import EngineFails
from krita_plugin.propagate_colors.qt import QtCore
from krita_plugin.propagate_colors.settings import DEVICE, DockerSettings
from krita_plugin.propagate_colors.work.engine_setup import EngineSetup
from tests.krita_plugin import mock_krita
from tests.krita_plugin.fake_engine import FakeEngine
from tests.krita_plugin.ui.support import Store, application
from tests.support import engine_pack, loopback

NO_GPU = "The GPU cannot be used here, so the engine computes on the CPU."


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A set-up with packs for the CPU and the GPU, `asked` on which device each engine was."""
    monkeypatch.delenv("http_proxy", raising=False)
    application()
    works, asked = greeting.greet, []

    def without_gpu(command, hello):
        asked.append(hello["device"])
        if hello["device"] == "cuda":
            raise EngineFails("There is no driver.", "pack")
        return (yield from works(command, hello))

    monkeypatch.setattr(greeting, "greet", without_gpu)
    (tmp_path / "served").mkdir()
    with loopback.serving(tmp_path / "served") as server:
        lock = engine_pack.small(tmp_path, server.base)
        path = engine_pack.offline_pack(lock, [tmp_path / "served", tmp_path / "engine"], tmp_path)
        lock["platforms"][engine_pack.KEY + locks.CUDA] = lock["platforms"][engine_pack.KEY]
        (tmp_path / "engine/engine.lock.json").write_text(json.dumps(lock))
        settings = DockerSettings(Store())
        room = EngineRoom(
            settings,
            "Krita",
            lambda *told: None,
            lambda: None,
            lambda hello: FakeEngine(hello, mock_krita.Clock()),
        )
        setup = EngineSetup(
            settings,
            lambda: str(tmp_path / "data"),
            room.greet,
            lambda: None,
            plugin=tmp_path / "engine",
        )
        yield SimpleNamespace(setup=setup, settings=settings, asked=asked, lock=lock, pack=path)


def ends(setup, seconds=60.0):
    end = time.monotonic() + seconds
    while setup.state == "running":
        assert time.monotonic() < end, (setup.stage, setup.done, setup.total)
        application().processEvents(QtCore.QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
    assert setup.state == "ready", setup.sentence


@pytest.mark.parametrize("gpu", [True, False])
def test_where_cuda_is_chosen_and_cannot_be_used_the_cpu_s_engine_is_set_up(made, gpu):
    made.settings.set(DEVICE, "cuda")
    made.setup.begin(gpu)
    ends(made.setup)
    assert made.asked == (["cuda", "auto"] if gpu else ["auto"])
    assert made.setup.engines.current() == made.lock["id"]
    assert made.setup.sentence == NO_GPU
    assert "Ready: CPU" in made.setup.headline()


def test_a_cpu_s_pack_in_one_file_is_set_up_where_cuda_is_chosen(made):
    made.settings.set(DEVICE, "cuda")
    (made.pack.parent / "engine/engine.lock.json").unlink()
    made.setup.look()
    made.setup.begin_with(str(made.pack))
    ends(made.setup)
    assert (made.asked, made.setup.sentence) == (["auto"], NO_GPU)


@pytest.mark.parametrize("gpu", [True, False])
def test_nothing_is_said_of_the_gpu_to_an_artist_who_chose_the_cpu(made, gpu):
    made.settings.set(DEVICE, "cpu")
    made.setup.begin(gpu)
    ends(made.setup)
    assert (made.asked, made.setup.sentence) == (["cpu"], "")


@pytest.mark.parametrize("gpu", [True, False])
def test_left_to_the_engine_only_the_gpu_s_pack_tells_of_a_gpu(made, gpu):
    made.setup.begin(gpu)
    ends(made.setup)
    assert (made.asked, made.setup.sentence) == (["auto"], NO_GPU if gpu else "")
