"""Set-ups that are killed: kill -9 at random moments or before a change of a file, and Continue."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

pytest.importorskip("PyQt5.QtNetwork", reason="needs PyQt5", exc_type=ImportError)

from tests.support import engine_pack, loopback

ROOT = engine_pack.ROOT
TIMES = 50
EVERY = 5  # of the changes of files one is killed before: all take minutes
# What Krita's plugin does, in a process of its own that can be killed.
_PROGRAM = """
import os, signal, sys
sys.path.insert(0, {root!r})
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from pathlib import Path
from krita_plugin.propagate_colors.link.pack import lock
from krita_plugin.propagate_colors.link.pack.background import Stage
from krita_plugin.propagate_colors.link.pack.greeting import greet
from krita_plugin.propagate_colors.link.pack.places import EnginesFolder
from krita_plugin.propagate_colors.link.pack.steps import Installation
from krita_plugin.propagate_colors.qt import QtWidgets
from krita_plugin.propagate_colors.work.jobs import Runner

app = QtWidgets.QApplication([])
engines, plugin = EnginesFolder(Path(sys.argv[1])), Path(sys.argv[2])
last, changes = int(os.environ.get("KILLED_BEFORE", 0)), 0

def audit(event, arguments):
    global changes
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    named = event in ("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink")
    if (writes or named) and str(engines.root) in str(arguments[0]) + str(arguments[1]):
        changes += 1
        if changes == last:
            os.killpg(0, signal.SIGKILL)

sys.addaudithook(audit)
pack = lock.read_beside_plugin(plugin).pack(lock.platform_key())
hello = {{"plugin": "t", "host": "t", "device": "cpu"}}
ended = []
print("begun", flush=True)
runner = Runner(
    Installation(
        engines, pack, plugin, Stage(lambda *seen: None), lambda command, _: greet(command, hello)
    ).steps(), "setup", lambda v: app.quit(), lambda e: (print(repr(e), flush=True), app.exit(1)))
code = app.exec_()
print(changes, flush=True)
sys.exit(code)
"""


class Setup:
    """A set-up in a process of its own."""

    def __init__(self, folder):
        self.engines, self.plugin = folder / "engines", folder / "engine"
        self._command = [sys.executable, "-c", _PROGRAM.format(root=str(ROOT))]
        self._command += [str(self.engines), str(self.plugin)]

    def start(self, before=0):
        process = subprocess.Popen(
            self._command,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env=os.environ | {"KILLED_BEFORE": str(before)},
        )
        assert process.stdout.readline() == b"begun\n"
        return process

    def finish(self):
        process = self.start()
        said = process.communicate(timeout=120)[0]
        assert process.returncode == 0, said
        return int(said)


def kill(process):
    """Kill it and what it started, as a power cut does, and wait until it is gone."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


@pytest.fixture
def setup(tmp_path, server):
    # As slow as a slow network, so that kills fall into every stage.
    server.always = _slowly
    engine_pack.small(tmp_path, server.base, bytes_a_wheel=1_000_000)
    return Setup(tmp_path)


def _slowly(request, data):
    class Slow:
        def __init__(self, home):
            self._home = home

        def __getattr__(self, name):
            return getattr(request, name)

        def answer(self, status, body=b"", **headers):
            request.answer(status, b"", len(body), **headers)
            for place in range(0, len(body), 50_000):
                request.send(body[place : place + 50_000])
                time.sleep(0.01)

    loopback.well(Slow(request.home), data)


def check(setup):
    """The engine in use is whole, every file of it."""
    name = (setup.engines / "current").read_text()
    folder = setup.engines / name
    installed = json.loads((folder / "installed.json").read_text())
    for files in installed["pieces"].values():
        for path, (size, _) in files.items():
            assert size == -1 or (folder / path).stat().st_size == size, path
    assert sorted(os.listdir(setup.engines)) == sorted([name, "current"]), "nothing else is left"
    command = [str(folder / "python/bin/python3"), "-I", "-m", "ant_core", "doctor"]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.slow
def test_killed_at_fifty_random_moments_continue_works_every_time(setup):
    begun = time.monotonic()
    setup.finish()
    whole = time.monotonic() - begun
    check(setup)
    chance, stages = random.Random(20), []
    for _ in range(TIMES):
        remove(setup)
        process = setup.start()
        time.sleep(chance.uniform(0.0, whole))
        kill(process)
        stages.append(_stage(setup))
        assert not (setup.engines / "current").exists() or _is_whole(setup), "half an engine"
        setup.finish()
        check(setup)
    remove(setup)
    assert {"downloading", "unpacked or later"} <= set(stages), stages


@pytest.mark.slow
def test_killed_before_a_change_of_a_file_continue_works_every_time(setup, server):
    server.always = None
    changes = setup.finish()
    assert changes > 50
    for change in range(1, changes + 1, EVERY):
        remove(setup)
        process = setup.start(before=change)
        process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, "every set-up makes the same changes"
        assert not (setup.engines / "current").exists() or _is_whole(setup), "half an engine"
        setup.finish()
        check(setup)
    remove(setup)


@pytest.mark.slow
def test_removed_right_after_a_kill_nothing_is_left(setup):
    chance, stages = random.Random(21), set()
    for _ in range(12):
        process = setup.start()
        time.sleep(chance.uniform(0.0, 3.0))
        kill(process)
        stages.add(_stage(setup))
        remove(setup)
    assert len(stages) > 1


def _stage(setup):
    if (setup.engines / "current").exists():
        return "in use"
    if not setup.engines.exists():
        return "nothing yet"
    names = os.listdir(setup.engines)
    return "unpacked or later" if any(n.endswith(".new") for n in names) else "downloading"


def _is_whole(setup):
    name = (setup.engines / "current").read_text()
    return (setup.engines / name / "installed.json").exists()


def remove(setup):
    from krita_plugin.propagate_colors.link.pack.places import EnginesFolder

    EnginesFolder(setup.engines).remove_all()
    assert not setup.engines.exists()


def test_killed_again_and_again_the_download_goes_on(setup, server):
    """Each start is killed during the download: all the same it ends, and sends no byte twice."""
    for _ in range(6):
        process = setup.start()
        time.sleep(0.25)
        kill(process)
    setup.finish()
    check(setup)
    whole = sum(path.stat().st_size for path in server.folder.iterdir())
    assert server.sent < 1.5 * whole
