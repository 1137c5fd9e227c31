"""`ant_core models` as people and programs call it: alone, in a race, killed, on a full disk."""

import json
import os
import pty
import resource
import select
import signal
import socket
import subprocess
import sys
import termios
import time

import pytest

from ant_core.cli import main
from ant_core.commands.download_progress import DownloadProgress
from ant_core.models.transfer import Patience
from ant_core.schemas import first_error
from tests.models.conftest import ROOT, make_entry, make_model, some_bytes, write_registry
from tests.support import loopback as act

CONTENT = some_bytes(300_000)
PATH = "/inks-1.0.antmodel"


@pytest.fixture
def registry(tmp_path, server, monkeypatch):
    server.files[PATH] = CONTENT
    path = write_registry(tmp_path / "registry.json", [make_entry(CONTENT)], [server.base])
    monkeypatch.setenv("ANT_CORE_REGISTRY", str(path))
    return path


@pytest.fixture
def start(registry):
    """Start the command line in a process of its own."""
    running = []

    def run(*arguments, **more):
        process = subprocess.Popen(
            [sys.executable, "-m", "ant_core", "models", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
            **more,
        )
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def models(registry, capsys):
    """Run the command line in this process; return code, stdout and stderr."""

    def run(*arguments):
        capsys.readouterr()
        code = main(["models", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def test_the_way_of_a_model(models, places):
    path = str(places / "inks" / "1.0" / "inks.antmodel")
    code, out, err = models("path", "inks")
    assert (code, out) == (4, "")
    assert "ant_core models download inks" in err
    assert models("list")[1].splitlines()[2].split() == [
        *("inks", "1.0", "0.3", "MB", "Apache-2.0", "not", "downloaded")
    ]
    code, out, err = models("download", "inks")
    assert (code, out) == (0, f"{path}\n")
    assert "inks@1.0: 0.3 of 0.3 MB" in err
    assert models("download", "inks")[2] == "inks@1.0 is already there\n"
    assert models("path", "inks@1.0")[1] == f"{path}\n"
    assert models("list")[1].splitlines()[2].endswith("Apache-2.0  installed")
    assert models("remove", "inks")[:2] == (0, "inks@1.0\n")
    assert models("path", "inks")[0] == 4


def test_events_for_programs(models):
    code, out, _ = models("download", "inks", "--json")
    events = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [first_error(event, "models_event") for event in events] == [None] * len(events)
    assert [event["event"] for event in events[:-1]] == ["progress"] * (len(events) - 1)
    last = events[-2]
    assert (last["done"], last["total"], last["seconds_left"]) == (300_000, 300_000, 0)
    assert events[-1]["downloaded"] is True
    _, out, _ = models("list", "--json")
    result = json.loads(out)
    assert first_error(result, "models_event") is None
    default, inks = result["models"]
    assert (default["name"], default["where"]) == ("default", "package")
    known = {"version": "1.0", "size": 300_000, "licence": "Apache-2.0", "card": "# Inks\n"}
    assert {key: inks[key] for key in known} == known
    assert inks["sha256"] == make_entry(CONTENT).sha256
    assert (inks["minimum_engine"], inks["state"]) == ("0.1", "installed")


def test_verify_names_every_damaged_model_and_ends_with_4(models, tmp_path, places):
    for name in ("one", "two", "three"):
        make_model(tmp_path / f"{name}.antmodel")
        assert models("import", tmp_path / f"{name}.antmodel")[0] == 0
    assert models("verify")[0] == 0
    for name in ("one", "two"):
        (places / name / "0" / f"{name}.antmodel").write_bytes(b"short")
    code, out, err = models("verify")
    assert (code, out) == (4, "")
    assert "one@0 at " in err
    assert "two@0 at " in err
    assert "three@0 is whole" in err
    assert models("verify", "three")[0] == 0
    code, out, _ = models("verify", "--json")
    result = json.loads(out)
    assert first_error(result, "models_event") is None
    assert (code, result["ok"], result["error_type"]) == (4, False, "ModelCorrupt")
    assert {m["name"]: m["state"] for m in result["models"]} == {
        "default": "whole",
        "one": "damaged",
        "three": "whole",
        "two": "damaged",
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], 2),
        (["fetch"], 2),
        (["download"], 2),
        (["download", "../inks"], 2),
        (["download", "inks", "--mirror", "file:///tmp"], 2),
        (["download", "paints"], 4),
        (["import", "missing.antmodel"], 4),
        (["import", "README.md"], 4),
        (["remove", "default"], 2),
        (["list", "--registry", "missing.json"], 5),
    ],
)
def test_exit_codes(models, arguments, code):
    got, out, err = models(*arguments)
    assert (got, out) == (code, "")
    assert err.startswith("ant_core: ")
    assert err.count("\n") == 1


def test_nothing_but_download_touches_the_network(models, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    make_model(tmp_path / "mine.antmodel")
    calls = [["list"], ["import", tmp_path / "mine.antmodel"], ["verify"], ["path", "mine"]]
    for call in [*calls, ["remove", "mine"], ["path", "default"], ["download", "default"]]:
        assert models(*call)[0] == 0, call
    monkeypatch.setitem(Patience.__init__.__kwdefaults__, "tries", 1)
    code, _, err = models("download", "inks")
    assert code == 4
    assert "the network was touched" in err


def test_two_processes_at_once_download_once(start, server, places):
    server.behave[PATH] = [act.stalls_after(100_000)]
    first = start("download", "inks", "--json")
    # The first holds the lock once it has asked the server.
    assert server.stalled.wait(20)
    second = start("download", "inks")
    assert second.stderr.readline() == "another process works on inks@1.0: waiting for it\n"
    server.release.set()
    assert first.wait(20) == second.wait(20) == 0
    assert second.stderr.read() == "inks@1.0 is already there\n"
    assert server.starts(PATH) == [None]
    assert (places / "inks" / "1.0" / "inks.antmodel").read_bytes() == CONTENT


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_stopped_in_the_middle_and_gone_on_from(start, server, places, how):
    server.behave[PATH] = [act.stalls_after(100_000)]
    process = start("download", "inks")
    folder = places / "inks" / "1.0"
    while sum(path.stat().st_size for path in folder.glob("*.part")) < 100_000:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(how)
    assert process.wait(20) == (130 if how == signal.SIGINT else -how)
    assert not (folder / "inks.antmodel").exists()
    again = start("download", "inks")
    out, err = again.communicate(timeout=20)
    assert again.returncode == 0, err
    assert out == f"{folder / 'inks.antmodel'}\n"
    assert "going on at 0.1 of 0.3 MB" in err
    assert server.starts(PATH) == [None, 100_000]
    assert (folder / "inks.antmodel").read_bytes() == CONTENT
    assert not list(folder.glob("*.part"))


def test_a_disk_that_fills_up_under_way(start, server, places):
    def limit():  # stands for a full disk: writing beyond it fails alike
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    full = start("download", "inks", preexec_fn=limit)
    _, err = full.communicate(timeout=20)
    assert full.returncode == 5
    assert "the disk is full" in err
    assert "Traceback" not in err
    (part,) = (places / "inks" / "1.0").glob("*.part")
    assert CONTENT.startswith(part.read_bytes())
    again = start("download", "inks")
    assert again.wait(20) == 0
    assert server.starts(PATH) == [None, 100_000]


def test_offline_the_embedded_model_is_used(models, closed_port, tmp_path, monkeypatch):
    path = write_registry(
        tmp_path / "other.json", [make_entry(CONTENT)], [f"http://127.0.0.1:{closed_port}"]
    )
    monkeypatch.setenv("ANT_CORE_REGISTRY", str(path))
    assert models("path", "default")[0] == 0
    assert models("list")[1].splitlines()[2].endswith("not downloaded")


# ---- progress


class Heard:
    """A reporter that keeps what it is told."""

    def __init__(self):
        self.said, self.events = [], []

    def say(self, text):
        self.said.append(text)

    def progress(self, done, total, text, event):
        self.events.append({"done": done, "total": total} | event)


def test_speed_and_time_left_count_from_where_this_run_began():
    heard, now = Heard(), [100.0]
    progress = DownloadProgress(heard, as_json=True, clock=lambda: now[0])
    progress.start("inks@1.0", total=10_000_000, done=4_000_000)
    now[0] += 0.1
    progress.update(4_100_000)  # too early to tell
    now[0] += 1.9
    progress.update(6_000_000)
    progress.update(10_000_000)
    first, last = heard.events
    assert (first["done"], first["bytes_per_s"], first["seconds_left"]) == (6_000_000, 10**6, 4.0)
    assert (last["done"], last["seconds_left"]) == (10_000_000, 0)


def test_lines_where_there_is_no_terminal():
    heard, now = Heard(), [0.0]
    progress = DownloadProgress(heard, as_json=False, clock=lambda: now[0])
    progress.start("inks@1.0", total=10_000_000, done=0)
    for step in range(1, 11):
        now[0] += 1
        progress.update(step * 1_000_000)
    assert heard.said == [
        "inks@1.0: 5.0 of 10.0 MB, 1.0 MB/s, 5 s left",
        "inks@1.0: 10.0 of 10.0 MB, 1.0 MB/s, 0 s left",
    ]


@pytest.mark.parametrize("columns", [0, 100])
def test_a_bar_on_a_terminal(monkeypatch, columns):
    outer, inner = pty.openpty()
    termios.tcsetwinsize(inner, (40 if columns else 0, columns))
    heard = Heard()
    with os.fdopen(inner, "w") as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        progress = DownloadProgress(heard, as_json=False)
        progress.start("inks@1.0", total=10_000_000, done=4_000_000)
        progress.update(10_000_000)
        progress.close()
        shown = b""
        while b"10.0M/10.0M" not in shown and select.select([outer], [], [], 5)[0]:
            shown += os.read(outer, 10_000)
    os.close(outer)
    assert heard.said == ["inks@1.0: going on at 4.0 of 10.0 MB"]
    assert b"4.00M/10.0M" in shown
    assert b"10.0M/10.0M" in shown
    assert b"B/s" in shown
