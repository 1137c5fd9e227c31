"""The engine as a process: how it ends, who goes first, and what its stdout is for."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ant_core.engine.process import _wait_for_end, usable_cores
from tests.engine.client import Client, packed
from tests.engine.conftest import FAKE, FORMAT, ROOT

LINUX = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux's /proc")


def wait_until(condition, seconds=20):
    """Poll, with rests, what no event tells."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "nothing happened in time"
        time.sleep(0.05)


def alive(pid):
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_it_ends_when_its_input_does(client):
    client.close_stdin()
    assert client.process.wait(10) == 0


def test_it_ends_when_its_input_does_in_the_middle_of_a_run(shot):
    shot.send("propagate", shot="a", frames=[1001], references=[])
    shot.next()
    shot.close_stdin()
    assert shot.process.wait(10) == 0


@LINUX
@pytest.mark.parametrize("watch", [False, True], ids=["kernel", "watch"])
def test_it_ends_when_its_parent_is_killed(tmp_path, watch):
    """Although another process still holds the other end of its input open."""
    script = tmp_path / "engine.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.engine import fake_engine\n"
        "import ant_core.engine.process as process\n"
        + ("process._ask_kernel = lambda: False\nprocess._WATCH_EVERY_S = 0.05\n" if watch else "")
        + "fake_engine.install()\n"
        "from ant_core.cli import main\n"
        "main(['serve'])\n"
    )
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, {str(script)!r}], stdin=0, stdout=1)\n"
        "print(child.pid, file=sys.stderr, flush=True)\n"
        "time.sleep(1000)\n"
    )
    with subprocess.Popen(
        [sys.executable, str(parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        engine = int(process.stderr.readline())
        process.stdin.write(packed({"id": 1, "type": "hello", "protocol": 1}))
        process.stdin.flush()
        assert process.stdout.read(4) == b"PCP1"  # it serves
        assert alive(engine)
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: not alive(engine))


def test_the_end_of_another_process_is_waited_for():
    """As on Windows, where no signal tells of it; a number that no process has is no error."""
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    waiter = threading.Thread(target=_wait_for_end, args=[other.pid])
    waiter.start()
    waiter.join(0.5)
    assert waiter.is_alive()
    other.communicate()
    waiter.join(30)
    assert not waiter.is_alive()
    _wait_for_end(other.pid)


def niceness(pid):
    """Those of all threads."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {os.getpriority(os.PRIO_PROCESS, int(task.name)) for task in tasks}


@LINUX
@pytest.mark.skipif(os.getpriority(os.PRIO_PROCESS, 0) >= 10, reason="is at low priority already")
def test_in_the_background_all_its_threads_step_back(start):
    client = start()
    client.hello(background=True)
    assert niceness(client.process.pid) == {10}
    beside = start()
    beside.hello(background=False)
    assert niceness(beside.process.pid) == {os.getpriority(os.PRIO_PROCESS, 0)}


def test_in_the_background_it_leaves_a_core(start):
    cores = usable_cores(background=False)
    assert start().hello(background=False)["threads"] == cores
    assert start().hello(background=True)["threads"] == max(1, cores - 1)
    assert start().hello(background=True, threads=5)["threads"] == 5


PRINTS = """
import os, subprocess, sys
sys.path.insert(0, {root!r})
from tests.engine import fake_engine
fake_engine.install()

class Shot(fake_engine.FakeShot):
    def remove_drawing(self, frame):
        print("printed")
        sys.__stdout__.write("written")
        sys.__stdout__.flush()
        os.write(1, b"from a native library")
        subprocess.run(["echo", "from a child"])
        assert sys.stdin.read() == ""  # and messages are read once

sys.modules["ant_core.engine.session"].ShotSession = Shot
from ant_core.cli import main
raise SystemExit(main(["serve"]))
"""


BREAKS = """
import sys, time
sys.path.insert(0, {root!r})
from tests.engine import fake_engine
fake_engine.install()

class Shot(fake_engine.FakeShot):
    def remove_drawing(self, frame):
        time.sleep(600)

sys.modules["ant_core.engine.session"].ShotSession = Shot
from ant_core.engine import server
check = server.check_request
server.check_request = lambda header: 1 / (header["type"] != "inspect") and check(header)
from ant_core.cli import main
raise SystemExit(main(["serve"]))
"""


def test_an_error_of_its_own_ends_it_whatever_is_at_work(tmp_path):
    script = tmp_path / "engine.py"
    script.write_text(BREAKS.format(root=str(ROOT)))
    with Client([sys.executable, str(script)], stderr=subprocess.PIPE) as client:
        client.hello()
        client.ask("open_shot", shot="a", width=4, height=2, line=FORMAT, color=FORMAT)
        client.send("remove_drawing", shot="a", frame=1)
        client.send("inspect", shot="a", frame=1, point=[0, 0])
        assert client.process.wait(30) == 1
        assert "ZeroDivisionError" in client.process.stderr.read().decode()


@pytest.mark.skipif(os.name == "nt", reason="needs echo")
def test_whatever_prints_prints_to_stderr(tmp_path):
    script = tmp_path / "engine.py"
    script.write_text(PRINTS.format(root=str(ROOT)))
    with Client([sys.executable, str(script)], stderr=subprocess.PIPE) as client:
        client.hello()
        client.ask("open_shot", shot="a", width=4, height=2, line=FORMAT, color=FORMAT)
        assert client.ask("remove_drawing", shot="a", frame=1)[0]["type"] == "ok"
        assert client.ask("shutdown")[0]["type"] == "ok"
        text = client.process.stderr.read().decode()
        client.process.stderr.close()
    for piece in ("printed", "written", "from a native library", "from a child"):
        assert piece in text


@pytest.mark.skipif(os.name == "nt", reason="needs a shell that closes streams")
def test_it_serves_without_stderr():
    with Client(["sh", "-c", 'exec "$@" 2>&-', "sh", *FAKE]) as client:
        client.hello()
        client.ask("open_shot", shot="a", width=4, height=2, line=FORMAT, color=FORMAT)
        client.ask("propagate", shot="a", frames=[1005], references=[])  # prints


def test_it_ends_when_nobody_reads_its_answers():
    ask = {"type": "models", "action": "list"}
    with subprocess.Popen(
        FAKE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        process.stdin.write(packed({"id": 1, "type": "hello", "protocol": 1}))
        assert process.stdout.read(4) == b"PCP1"
        process.stdout.close()
        process.stdin.write(packed({"id": 2} | ask))
        assert process.wait(10) == 1
