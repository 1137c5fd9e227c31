"""What the docker offers and does about the engine: a small pack, a real server, real processes."""

import json
import os
import shutil
import time
from types import SimpleNamespace

import pytest

pytest.importorskip("PyQt5.QtNetwork", reason="needs PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.link.pack import lock as locks
from krita_plugin.propagate_colors.link.pack import places
from krita_plugin.propagate_colors.link.pack.greeting import greet
from krita_plugin.propagate_colors.link.pack.problems import EngineFails
from krita_plugin.propagate_colors.qt import QtCore
from krita_plugin.propagate_colors.settings import ENGINE_FOLDER, DockerSettings
from krita_plugin.propagate_colors.work import engine_setup
from krita_plugin.propagate_colors.work.engine_setup import EngineSetup
from tests.krita_plugin.ui.support import Store, application
from tests.support import engine_pack, loopback


@pytest.fixture
def server(tmp_path):
    (tmp_path / "served").mkdir()
    with loopback.serving(tmp_path / "served") as made:
        yield made


@pytest.fixture
def make(tmp_path, server, monkeypatch):
    """Return a function that makes the set-up as it is after a start of Krita."""
    monkeypatch.delenv("http_proxy", raising=False)
    application()
    store, released = Store(), []
    again_is = SimpleNamespace(busy=False, found=False)

    def again(checkout=False):
        plugin = tmp_path / ("nowhere" if checkout else "engine")
        setup = EngineSetup(
            DockerSettings(store),
            lambda: str(tmp_path / "data"),
            lambda command, device: greet(command, {"plugin": "t", "host": "t", "device": "cpu"}),
            lambda: released.append(1),
            plugin=plugin,
            idle=lambda: not again_is.busy,
            hindrance=lambda: "Wait." if again_is.busy else "",
            is_found=lambda: again_is.found,
        )
        setup.released = released
        return setup

    again.pack = lambda **options: engine_pack.small(tmp_path, server.base, **options)
    again.folder, again.now = tmp_path, again_is
    return again


def ends(setup, seconds=60.0):
    end = time.monotonic() + seconds
    while setup.state == "running":
        assert time.monotonic() < end, (setup.stage, setup.done, setup.total)
        application().processEvents(QtCore.QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)


def begin(setup):
    setup.begin()
    ends(setup)
    assert setup.state == "ready", setup.sentence


def test_a_checkout_offers_nothing(make):
    setup = make(checkout=True)
    assert (setup.state, setup.possible, setup.command()) == ("hidden", False, None)


def test_offered_set_up_and_never_offered_again(make):
    make.pack()
    setup = make()
    assert setup.state == "offered"
    assert setup.headline().startswith("One more step: the coloring engine.")
    assert "1 MB download, 2 MB on disk" in setup.headline()
    begin(setup)
    assert setup.headline() == "Ready: CPU, version 0.7.0. Try it on the sample shot?"
    assert setup.released, "an engine that ran is ended"
    assert setup.command()[1:] == ["-I", "-m", "ant_core"]
    setup.put_off()
    assert setup.state == "hidden"
    assert make().state == "hidden"


def test_stopped_it_can_be_continued(make, server):
    make.pack()
    server.always = loopback.stalls_after(1000)
    setup = make()
    setup.begin()
    end = time.monotonic() + 30
    while not (setup.stage == "downloading" and setup.done):
        assert time.monotonic() < end
        application().processEvents(QtCore.QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
    assert setup.headline().startswith("Downloading, 1 of 1 MB")
    setup.cancel()
    ends(setup)
    assert (setup.state, setup.headline()) == ("unfinished", "Setup was not finished.")
    assert make().state == "unfinished", "after a new start, too"
    server.always = None
    setup.again()
    ends(setup)
    assert setup.state == "ready"


def test_a_failure_is_said_with_its_remedies(make, server):
    make.pack()
    server.always = loopback.says(404)
    setup = make()
    setup.begin()
    ends(setup)
    assert setup.state == "failed"
    assert "use a downloaded pack" in setup.headline()
    assert setup.ways == ("pack",)
    server.always = None
    setup.again()
    ends(setup)
    assert setup.state == "ready"


def test_a_newer_plugin_offers_its_engine_and_the_old_one_works_until_then(make):
    make.pack()
    begin(make())
    make.pack(engine="2")
    setup = make()
    assert setup.state == "newer"
    old = setup.command()
    assert old is not None
    begin(setup)
    assert setup.command() != old
    assert setup.earlier == "0.7.0"
    assert setup.repairs
    setup.go_back()
    ends(setup)
    assert setup.command() == old
    assert not setup.repairs, "that takes the newer one into use"
    assert setup.state == "hidden", "it was the artist's choice: nothing is offered"
    assert make().state == "hidden"


def test_an_engine_in_use_that_was_damaged_is_repaired_in_its_place(make, server):
    lock = make.pack()
    setup = make()
    begin(setup)
    asked = len(server.asked)
    folder = setup.engines.folder(lock["id"])
    (folder / "python/bin/python3.12").write_text("damaged")
    setup = make()
    assert setup.state == "hidden", "nothing tells of it before it is started"
    setup.repair()
    ends(setup)
    assert setup.state == "ready", setup.sentence
    assert (folder / "python/bin/python3.12").read_text().startswith("#!")
    assert [name for name, _ in server.asked[asked:]] == ["cpython-3.12.0-test.tar.gz"]


def test_removed_it_is_offered_again(make):
    make.pack()
    setup = make()
    begin(setup)
    setup.remove()
    ends(setup)
    assert setup.state == "offered"
    assert setup.command() is None
    assert not setup.engines.root.exists()


def test_another_folder_is_used_and_remembered(make, tmp_path):
    make.pack()
    setup = make()
    setup.choose_folder(str(tmp_path / "große Platte"))
    begin(setup)
    assert (tmp_path / "große Platte/propagate_colors/engines/current").exists()
    assert not (tmp_path / "data").exists()
    settings = make()._settings
    settings.restore_defaults()
    assert settings.get(ENGINE_FOLDER), "restoring defaults loses no engine"
    again = make()
    assert again.command() is not None
    again.remove()
    ends(again)
    assert list((tmp_path / "große Platte").iterdir()) == []


def test_a_pack_in_one_file_works_without_a_lock_in_the_plugin(make, tmp_path):
    lock = make.pack()
    path = engine_pack.offline_pack(lock, [tmp_path / "served", tmp_path / "engine"], tmp_path)
    shutil.rmtree(tmp_path / "engine")
    shutil.rmtree(tmp_path / "served")
    setup = make()
    setup.begin_with(str(path))
    ends(setup)
    assert setup.state == "ready", setup.sentence


def test_a_gpu_is_offered_and_where_it_cannot_be_used_the_cpu_s_engine_comes(make, monkeypatch):
    lock = make.pack()
    lock["platforms"][engine_pack.KEY + locks.CUDA] = lock["platforms"][engine_pack.KEY]
    (make.folder / "engine/engine.lock.json").write_text(json.dumps(lock))
    assert not make().gpu_offered
    monkeypatch.setattr(engine_setup.locks, "has_nvidia_driver", lambda: True)
    setup = make()
    assert setup.gpu_offered
    works = setup._handshake

    def not_on_the_gpu(command, device):
        if locks.CUDA in command[0]:
            raise EngineFails("no CUDA", "pack")
        return (yield from works(command, device))

    setup._handshake = not_on_the_gpu
    setup.begin(gpu=True)
    ends(setup)
    assert setup.state == "ready", setup.sentence
    assert setup.headline().startswith("The GPU cannot be used here")
    assert "Ready: CPU" in setup.headline()


def test_a_gpu_s_pack_that_cannot_be_downloaded_stays_the_one_that_is_tried(make, server):
    lock = make.pack()
    cuda = json.loads(json.dumps(lock["platforms"][engine_pack.KEY]))
    lock["platforms"][engine_pack.KEY + locks.CUDA] = cuda
    (make.folder / "engine/engine.lock.json").write_text(json.dumps(lock))
    server.always = loopback.says(404)
    setup = make()
    setup.begin(gpu=True)
    ends(setup)
    assert setup.state == "failed"
    assert "cannot be downloaded" in setup.headline()
    server.always = None
    setup = make()
    assert setup.state == "unfinished"
    setup.again()
    ends(setup)
    assert setup.engines.current() == lock["id"] + locks.CUDA


def test_a_stranger_s_pack_is_refused_where_the_plugin_has_its_own_list(make, tmp_path):
    lock = make.pack(engine="a stranger's")
    path = engine_pack.offline_pack(lock, [tmp_path / "served", tmp_path / "engine"], tmp_path)
    make.pack()
    setup = make()
    setup.begin_with(str(path))
    ends(setup)
    assert setup.state == "failed"
    assert "is not the one that was published with this plugin" in setup.sentence
    assert setup.command() is None


def test_a_pack_in_one_file_is_gone_on_with_from_that_file(make, tmp_path, server):
    lock = make.pack()
    path = engine_pack.offline_pack(lock, [tmp_path / "served", tmp_path / "engine"], tmp_path)
    setup = make()
    setup.begin_with(str(path))
    while not (setup.state == "running" and setup.stage in {"unpacking", "preparing"}):
        assert setup.state == "running", setup.sentence
        application().processEvents()
    setup.cancel()
    ends(setup)
    setup = make()
    assert setup.state == "unfinished"
    setup.again()
    ends(setup)
    assert setup.state == "ready", setup.sentence
    assert server.asked == []


def test_a_job_that_runs_is_not_ended(make):
    """Go back and Remove are refused, and a set-up waits with its last step."""
    make.pack()
    begin(make())
    make.pack(engine="2")
    setup = make()
    make.now.busy = True
    setup.released.clear()
    setup.begin()
    while setup.stage != "waiting":
        assert setup.state == "running", setup.sentence
        application().processEvents()
    assert setup.headline() == "Waiting for the present job to end"
    assert not setup.released
    make.now.busy = False
    ends(setup)
    assert setup.released
    make.now.busy = True
    setup.released.clear()
    for command in (setup.go_back, setup.remove):
        command()
        assert setup.state != "running"
        assert setup.refusal == "Wait."
    assert not setup.released
    assert setup.has_engine
    make.now.busy = False
    setup.go_back()
    assert setup.refusal == "", "it goes once it is done"
    ends(setup)


def test_a_removal_that_failed_is_tried_again(make, monkeypatch):
    make.pack()
    setup = make()
    begin(setup)
    monkeypatch.setattr(places.EnginesFolder, "_remove", held)
    setup.remove()
    ends(setup)
    assert (setup.state, setup.command() is None) == ("failed", False)
    monkeypatch.undo()
    setup.again()
    ends(setup)
    assert not setup.engines.root.exists()


def test_a_removal_that_was_stopped_is_not_continued(make):
    make.pack()
    setup = make()
    begin(setup)
    make.pack(engine="2")
    setup.engines.begin({"gpu": False})
    make.now.busy = True
    setup._hindrance = lambda: ""  # simulated: the job began right after the question
    setup.remove()
    setup.cancel()
    ends(setup)
    assert setup.state == "unfinished"
    make.now.busy = False
    setup.again()
    ends(setup)
    assert setup.state == "ready", setup.sentence


def held(self, name):
    raise PermissionError("held by another program")


def test_nothing_is_offered_to_an_artist_who_has_an_engine(make):
    make.pack()
    make.now.found = True
    assert make().state == "hidden"


def test_with_an_engine_there_the_folder_stays(make, tmp_path):
    make.pack()
    setup = make()
    begin(setup)
    setup.choose_folder(str(tmp_path / "x"))
    assert setup.command() is not None


def test_krita_closing_ends_the_engine_that_is_being_tried(make):
    make.pack(mood="sleeps")
    setup = make()
    setup.begin()
    found = []
    while not (found and found[0].read_text()):
        assert setup.state == "running", setup.sentence
        application().processEvents()
        found = list(make.folder.rglob("pid.txt"))
    pid = int(found[0].read_text())
    setup.shutdown()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_pack_for_the_gpu_that_runs_on_the_cpu_says_so(make, monkeypatch):
    lock = make.pack()
    lock["platforms"][engine_pack.KEY + locks.CUDA] = lock["platforms"][engine_pack.KEY]
    (make.folder / "engine/engine.lock.json").write_text(json.dumps(lock))
    setup = make()
    setup.begin(gpu=True)
    ends(setup)
    assert setup.headline().startswith("The GPU cannot be used here")
    assert setup.engines.current() == lock["id"] + "-cuda"


def test_what_keeps_it_from_beginning_is_said_at_once(make, monkeypatch, tmp_path):
    make.pack()
    setup = make()
    assert setup.obstacle() == ""
    krita_is(monkeypatch, r"C:\Program Files\WindowsApps\K\krita.exe")
    assert "Microsoft Store" in setup.obstacle()
    setup.choose_folder(str(tmp_path / "x"))
    assert setup.obstacle() == ""
    monkeypatch.setenv("APP_SANDBOX_CONTAINER_ID", "org.krita")
    krita_is(monkeypatch, "/Applications/krita.app/krita")
    assert "App Store" in setup.obstacle()
    monkeypatch.setattr(engine_setup.locks, "platform_key", lambda: "macos-x86_64")
    assert setup.obstacle().startswith("The engine needs a Mac with Apple silicon"), "first of all"


def krita_is(monkeypatch, path):
    monkeypatch.setattr(QtCore.QCoreApplication, "applicationFilePath", lambda: path)
