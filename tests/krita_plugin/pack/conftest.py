"""A folder of engines, a small pack, the server that it comes from, and Qt's loop."""

import os
import threading
import time
from types import SimpleNamespace

import pytest

from tests.support import engine_pack, loopback

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server(tmp_path):
    (tmp_path / "served").mkdir()
    with loopback.serving(tmp_path / "served") as made:
        yield made


@pytest.fixture
def run():
    """Run a job's steps in Qt's loop to their end; returns the value or raises."""
    pytest.importorskip("PyQt5.QtNetwork", reason="needs PyQt5", exc_type=ImportError)
    from krita_plugin.propagate_colors.qt import QtCore
    from krita_plugin.propagate_colors.work.jobs import Runner
    from tests.krita_plugin.ui.support import application

    app = application()

    def to_the_end(steps, seconds=60.0, cancel_when=None):
        ended = []
        runner = Runner(
            steps, "test", lambda v: ended.append((v, None)), lambda e: ended.append((None, e))
        )
        end = time.monotonic() + seconds
        while not ended:
            assert time.monotonic() < end, "nothing happened in time"
            app.processEvents(QtCore.QEventLoop.ProcessEventsFlag.WaitForMoreEvents, 50)
            if cancel_when and cancel_when():
                runner.cancel()
        value, error = ended[0]
        if error is not None:
            raise error
        return value

    return to_the_end


@pytest.fixture
def setup(tmp_path, server, run):
    """What an installation needs; `install()` makes one for the pack of the lock at present."""
    from krita_plugin.propagate_colors.link.pack import lock as locks
    from krita_plugin.propagate_colors.link.pack.background import Stage
    from krita_plugin.propagate_colors.link.pack.download import Limits
    from krita_plugin.propagate_colors.link.pack.greeting import greet
    from krita_plugin.propagate_colors.link.pack.places import EnginesFolder
    from krita_plugin.propagate_colors.link.pack.steps import Installation

    limits = Limits(
        least_bytes=2000, window_s=0.6, tries=3, wait_s=0.05, most_wait_s=0.3, progress_bytes=50_000
    )
    made = SimpleNamespace(
        engines=EnginesFolder(tmp_path / "Krita's data, größer" / "engines"),
        stages=[],
        server=server,
        plugin=tmp_path / "engine",
    )

    def pack(**options):
        made.lock = engine_pack.small(tmp_path, server.base, **options)
        return locks.read_beside_plugin(made.plugin).pack(engine_pack.KEY)

    def told(*seen):
        # Widgets hear of it, and Krita ends where they are touched from another thread.
        assert threading.current_thread() is threading.main_thread()
        made.stages.append(seen)

    def install(chosen=None, the_pack=None):
        stage = Stage(told)
        return Installation(
            made.engines,
            the_pack or pack(),
            made.plugin,
            stage,
            lambda command, device: greet(
                command, {"plugin": "test", "host": "test", "device": "cpu"}
            ),
            chosen,
            limits,
        ).steps()

    made.pack, made.install, made.run, made.limits = pack, install, run, limits
    return made
