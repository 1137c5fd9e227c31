"""No command talks to a machine beyond this one, or writes where docs/places.md does not say."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.engine.client import ENGINE, Client
from tests.engine.test_real import FORMAT
from tests.engine.test_sample import SHOT, bgra
from tests.support.traced import ROOT, Trace, hostile_environment, read_trace, traced_command

pytestmark = pytest.mark.slow

# Devices, and the semaphores of multiprocessing, which have no name once they are made.
DEVICES = (Path("/dev"),)
CODE = (ROOT / "ant_core", ROOT / "segmentation", Path(sys.prefix))  # compiled, in __pycache__
OTHER = os.environ.get("NUMBA_CACHE_DIR") or "/nonexistent"  # or here, where the variable names it
TELEMETRY_S = 90  # ONNX Runtime's first report leaves after about 45


def run(tmp_path: Path, *command: object) -> Trace:
    """Run a program of this Python to its end and return what it did."""
    log = tmp_path / "trace"
    done = subprocess.run(
        traced_command(log, [sys.executable, *command]),
        capture_output=True,
        text=True,
        env=hostile_environment(tmp_path / "home"),
        cwd=ROOT,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return read_trace(log)


def ant_core(tmp_path: Path, *arguments: object) -> Trace:
    return run(tmp_path, "-m", "ant_core", *arguments)


def check(trace: Trace, *places: Path) -> None:
    assert not trace.foreign
    assert not [path for path in trace.outside(*places, *DEVICES) if not is_cache(path)]


def is_cache(path: Path) -> bool:
    beside = "__pycache__" in path.parts and any(path.is_relative_to(place) for place in CODE)
    return beside or path.is_relative_to(OTHER)


def test_the_trace_sees_what_it_is_to_see(tmp_path):
    code = (
        "import pathlib, socket; pathlib.Path.home().joinpath('note').write_text('x');"
        "socket.socket(type=socket.SOCK_DGRAM).connect(('127.0.0.1', 9));"
        "socket.socket(type=socket.SOCK_DGRAM).connect_ex(('203.0.113.7', 53))"
    )
    trace = run(tmp_path, "-c", code)
    (call,) = trace.foreign
    assert "203.0.113.7" in call
    assert trace.outside(*DEVICES) == [tmp_path / "home" / "note"]


def test_propagate_stays_in_its_places(tmp_path):
    out = tmp_path / "out"
    trace = ant_core(tmp_path, "propagate", SHOT, "--out", out, "--frames", "1-3")
    assert trace.outside(*CODE)  # the outputs
    check(trace, out)
    assert not any((tmp_path / "home").rglob("*.db"))


def test_the_python_interface_stays_in_its_places(tmp_path):
    code = (
        "import sys, cv2; from ant_core import api\n"
        "one, two, paint = (cv2.imread(name, -1) for name in sys.argv[1:])\n"
        "assert len(api.propagate({1: one, 2: two}, {1: paint})) == 2\n"
        "assert api.segment(one).count\n"
    )
    pictures = SHOT / "line" / "0001.png", SHOT / "line" / "0002.png", SHOT / "color" / "0001.png"
    check(run(tmp_path, "-c", code, *pictures))


def test_segment_models_and_recolor_stay_in_their_places(tmp_path):
    out = tmp_path / "labels.png"
    line = SHOT / "line" / "0001.png"
    check(ant_core(tmp_path, "segment", line, "--out", out), tmp_path)
    check(ant_core(tmp_path, "models", "list"))


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Return a list of one short shot."""
    path = tmp_path / "shots.txt"
    path.write_text(f"'{SHOT}' --frames 1-2\n", "utf-8")
    return path


def test_doctor_keeps_nothing_but_kernels_and_the_folder_for_logs(tmp_path):
    trace = ant_core(tmp_path, "doctor", "--device", "cpu")
    home = tmp_path / "home"
    # A file without a name, in the folder for temporary files, shows that it can be written.
    temporary = Path(tempfile.gettempdir())
    assert not trace.foreign
    outside = trace.outside(home, *DEVICES)
    assert not [path for path in outside if path != temporary and not is_cache(path)]
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_batch_stays_in_its_places(tmp_path, shots):
    out = tmp_path / "out"
    check(ant_core(tmp_path, "batch", shots, "--out", out), out)


def test_a_dask_cluster_of_this_machine_stays_on_it(tmp_path, shots):
    pytest.importorskip("distributed", reason="needs the farm extra")
    out, scratch = tmp_path / "out", tmp_path / "home" / "tmp"
    trace = ant_core(tmp_path, "batch", shots, "--out", out, "--cluster", "local")
    check(trace, out, scratch)


def test_finetune_stays_in_its_places(tmp_path):
    pytest.importorskip("torch", reason="needs the train extra")
    coloured, out = tmp_path / "coloured", tmp_path / "models" / "show.antmodel"
    ant_core(tmp_path, "propagate", SHOT, "--out", coloured, "--frames", "1-3")
    (coloured / "line").symlink_to(SHOT / "line")
    trace = ant_core(tmp_path, "finetune", coloured, "--out", out, "--minutes", "0.02")
    check(trace, out.parent, tmp_path / "home" / "tmp")


def test_serve_is_silent_for_as_long_as_it_runs(tmp_path):
    log = tmp_path / "trace"
    command = traced_command(log, ENGINE)
    environment = hostile_environment(tmp_path / "home")
    with Client(command, environment=environment, stderr=subprocess.DEVNULL) as client:
        start = time.monotonic()
        client.hello(background=True)
        height, width = bgra(SHOT / "line" / "0001.png").shape[:2]
        plane = {"box": [0, 0, width, height], "bytes": width * height * 4}
        client.ask("open_shot", shot="s", width=width, height=height, line=FORMAT, color=FORMAT)
        for frame in (1, 2):
            data = bgra(SHOT / "line" / f"{frame:04d}.png").tobytes()
            client.ask("add_drawing", data, shot="s", frame=frame, hash=f"l{frame}", layers=[plane])
        data = bgra(SHOT / "color" / "0001.png").tobytes()
        client.ask("add_reference", data, shot="s", frame=1, hash="c1", origin="painted", **plane)
        job = client.send("propagate", shot="s", frames=[1, 2], references=[1])
        assert client.answers(job)[-1][0]["type"] == "finished"
        time.sleep(max(0.0, TELEMETRY_S - (time.monotonic() - start)))
        client.ask("shutdown")
    check(read_trace(log))
