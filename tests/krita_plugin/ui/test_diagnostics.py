"""Diagnostics are copied at once, and again with what the engine finds out about itself."""

import json
import os
import sys
import time

import pytest

pytest.importorskip("PyQt5.QtWidgets", reason="the widgets' tests need PyQt5", exc_type=ImportError)

from krita_plugin.propagate_colors.controller import Controller
from krita_plugin.propagate_colors.host.document import Host
from krita_plugin.propagate_colors.qt import QtCore
from krita_plugin.propagate_colors.settings import DEVICE, ENGINE_COMMAND, MODEL, DockerSettings
from tests.krita_plugin import mock_krita
from tests.krita_plugin.fake_engine import FakeEngine
from tests.krita_plugin.ui.support import QtWidgets, Store, application, find


def clipboard():
    return QtWidgets.QApplication.clipboard()


def test_they_are_copied_at_once_and_completed(panel, controller):
    find(panel, "diagnostics_action").trigger()
    assert clipboard().text() == "Krita: 5.1.5"
    (said,) = [call[1] for call in controller.calls if call[0] == "say"]
    assert "Diagnostics copied" in said
    controller.checked = "\nand sound"
    controller.examined()
    assert clipboard().text() == "Krita: 5.1.5\nand sound"


def test_what_was_copied_meanwhile_is_left_alone(panel, controller):
    find(panel, "diagnostics_action").trigger()
    clipboard().setText("the artist's own")
    controller.checked = "\nand sound"
    controller.examined()
    assert clipboard().text() == "the artist's own"


# ---- the engine's own check, by a real process


@pytest.fixture
def engine(tmp_path):
    """A program that answers as `doctor` does; what it was asked, and its number, lie beside it."""

    def make(answer, code=0, seconds=0):
        path = tmp_path / "ant_core"
        path.write_text(
            f"#!{sys.executable}\nimport os, pathlib, sys, time\n"
            f"beside = pathlib.Path({str(tmp_path)!r})\n"
            "(beside / 'asked').write_text(' '.join(sys.argv[1:]))\n"
            "(beside / 'pid').write_text(str(os.getpid()))\n"
            f"time.sleep({seconds})\nprint({answer!r})\n"
            f"print('a last word', file=sys.stderr)\nsys.exit({code})\n"
        )
        path.chmod(0o755)
        return str(path)

    return make


@pytest.fixture
def examine(mock, monkeypatch):
    """Have the engine of a command checked; returns what diagnostics say then."""
    application()
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.delenv("ANT_CORE", raising=False)
    settings, clock = DockerSettings(Store()), mock_krita.Clock()
    made = Controller(Host(), settings, lambda hello: FakeEngine(hello, clock))

    def go(command):
        settings.set(ENGINE_COMMAND, command)
        settings.set(DEVICE, "cpu")
        settings.set(MODEL, "large")
        ended = []
        made.examine(lambda: ended.append("the one before"))
        made.examine(lambda: ended.append("the last one"))
        end = time.monotonic() + 60
        while not ended:
            assert time.monotonic() < end
            application().processEvents(QtCore.QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
        assert ended == ["the last one"]
        return made.diagnostics()

    go.controller, go.settings = made, settings
    yield go
    made.shutdown()


SOUND = (
    '{"event": "result", "ok": true, "checks": [{"name": "versions", "state": "good", "text": '
    '"ant_core 0.7.0"}, {"name": "disk", "state": "note", "text": "0.1 GB free", "remedy": '
    '"free some"}]}'
)


def test_what_the_engine_finds_is_told_with_its_remedies(examine, engine, tmp_path):
    assert "Engine's checks: none yet" in examine.controller.diagnostics()
    text = examine(engine(SOUND))
    assert "\n  good versions: ant_core 0.7.0\n  note disk: 0.1 GB free -> free some\n" in text
    asked = (tmp_path / "asked").read_text()
    assert asked == "doctor --json --device cpu --model large"


def test_folders_of_the_artist_are_not_told(examine, engine):
    place = os.path.abspath(os.sep + os.path.join("mnt", "Secret Film Two"))
    facts = {"models": {"path": place, "free": 9}, "cache": {"path": os.path.join(place, "cache")}}
    check = {"name": "disk", "state": "good", "text": f"9 GB free in {place}", "facts": facts}
    text = examine(engine(json.dumps({"event": "result", "ok": True, "checks": [check]})))
    assert "\n  good disk: 9 GB free in [folder]\n" in text
    assert "Film" not in text


def test_an_engine_that_says_nothing_is_told_with_its_last_words(examine, engine):
    text = examine(engine("no JSON", 3))
    assert "\n  doctor ended with 3\n  a last word\n" in text


def test_without_an_engine_that_is_told(examine, tmp_path):
    assert "The engine was not found" in examine(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("ends", ["shutdown", "_release_engine"])
def test_krita_closing_or_an_engine_that_goes_ends_the_check(examine, engine, tmp_path, ends):
    examine.settings.set(ENGINE_COMMAND, engine("", seconds=600))
    examine.controller.examine(lambda: None)
    pid, end = tmp_path / "pid", time.monotonic() + 60
    while not (pid.exists() and pid.read_text()):
        assert time.monotonic() < end
        application().processEvents()
    getattr(examine.controller, ends)()
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
