"""Two runs on one output: one of them has it, and nothing that an artist made is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ant_core.locks import Held, hold
from tests.support.command_line import environment
from tests.support.drawn import make_shot
from tests.workflow.test_disk import SCRIPT
from tests.workflow.test_kra_shot import make

LAYERS = ("--line", "Line", "--color", "Color")
HOLDER = (
    "import sys, time\n"
    "from pathlib import Path\n"
    "from ant_core.locks import hold\n"
    "with hold(Path(sys.argv[1])):\n"
    "    print('held', flush=True)\n"
    "    time.sleep(600)\n"
)


def start(*arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, SCRIPT, "propagate", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


def end(run: subprocess.Popen[str]) -> str:
    """Wait for a run: it did its work, or another one had the output and it says so."""
    errors = run.communicate(timeout=120)[1]
    assert run.returncode in (0, 5), errors
    if run.returncode == 5:
        told = (
            "another run is writing",
            "another run has written",
            "was saved anew during the run",
        )
        assert any(text in errors for text in told), errors
    assert "Traceback" not in errors
    return errors


@pytest.mark.parametrize("seed", range(3))
def test_the_artist_s_backup_outlives_two_runs_in_place(tmp_path, cli, seed):
    rng = np.random.default_rng(seed)
    shot = make(tmp_path / "shot.kra")
    before = shot.read_bytes()
    runs = []
    for more in ((), ("--gap", "3"), ("--gap", "2")):
        runs.append(start(shot, *LAYERS, "--in-place", *more))
        time.sleep(float(rng.uniform(0, 0.4)))
    for run in runs:
        end(run)
    assert any(run.returncode == 0 for run in runs)
    done = cli("propagate", shot, *LAYERS, "--in-place")
    assert done.code == 0, done.err
    backups = sorted(path.name for path in tmp_path.glob("shot.kra~*"))
    assert backups == ["shot.kra~"]
    assert (tmp_path / "shot.kra~").read_bytes() == before


@pytest.mark.parametrize("seed", range(2))
def test_frames_of_the_other_run_are_not_taken_for_the_artist_s(tmp_path, cli, seed):
    rng = np.random.default_rng(seed)
    shot, out = make_shot(tmp_path / "shot", frames=range(1, 25), painted=[1]), tmp_path / "out"
    runs = []
    for gap in (0, 4):
        runs.append(start(shot, "--out", out, "--gap", gap))
        time.sleep(float(rng.uniform(0, 0.6)))
    for run in runs:
        assert "were changed" not in end(run)
    for gap in (0, 4):
        done = cli("propagate", shot, "--out", out, "--gap", gap)
        assert done.code == 0
        assert "were changed" not in done.err
        calm = tmp_path / f"calm{gap}"
        assert cli("propagate", shot, "--out", calm, "--gap", gap).code == 0
        for path in (calm / "color").iterdir():
            assert (out / "color" / path.name).read_bytes() == path.read_bytes()


def test_a_run_that_was_prepared_beside_another_one_starts_over(tmp_path, cli, monkeypatch):
    """The other one ends between this one's look at the output and its own lock."""
    from ant_core.output.folder import OutputFolder

    shot, out = make_shot(tmp_path / "shot", frames=range(1, 4), painted=[1]), tmp_path / "out"
    look = OutputFolder.alone

    def late(self):
        monkeypatch.setattr(OutputFolder, "alone", look)
        assert cli("propagate", shot, "--out", out, "--gap", "3").code == 0
        return look(self)

    monkeypatch.setattr(OutputFolder, "alone", late)
    done = cli("propagate", shot, "--out", out)
    assert done.code == 5
    assert "another run has written this output since this one looked at it" in done.err
    assert cli("propagate", shot, "--out", out).code == 0


def test_a_document_of_the_other_run_is_not_backed_up(tmp_path, cli, monkeypatch):
    """The same in place: what the other run wrote never takes the place of the artist's file."""
    from ant_core.output.kra import KraOutput

    shot = make(tmp_path / "shot.kra")
    before = shot.read_bytes()
    prepare = KraOutput.prepare

    def late(self):
        monkeypatch.setattr(KraOutput, "prepare", prepare)
        monkeypatch.setattr(KraOutput, "alone", lambda self: contextlib.nullcontext())
        assert cli("propagate", shot, *LAYERS, "--in-place", "--gap", "3").code == 0
        prepare(self)

    monkeypatch.setattr(KraOutput, "prepare", late)
    assert cli("propagate", shot, *LAYERS, "--in-place").code == 5
    monkeypatch.undo()
    assert cli("propagate", shot, *LAYERS, "--in-place").code == 0
    assert (tmp_path / "shot.kra~").read_bytes() == before


def holder_of(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


@pytest.mark.parametrize("command", ["propagate", "in place", "recolor"])
def test_the_holder_is_named_and_its_lock_falls_with_it(tmp_path, cli, command):
    gimp = "GIMP Palette\n 1 2 3 Red\n"
    (tmp_path / "a.gpl").write_text(gimp, "utf-8")
    out = tmp_path / "out"
    arguments: tuple[object, ...]
    folder = out / ".ant_core"
    if command == "in place":
        document = make(tmp_path / "shot.kra")
        arguments = ("propagate", document, *LAYERS, "--in-place")
        folder = tmp_path / ".ant_core" / "shot.kra"
    else:
        shot = make_shot(tmp_path / "shot", frames=range(1, 3), painted=[1])
        palettes = ("--from", tmp_path / "a.gpl", "--to", tmp_path / "a.gpl")
        first = ("recolor", shot / "color", *palettes)
        arguments = (*(first if command == "recolor" else ("propagate", shot)), "--out", out)
    folder.mkdir(parents=True)
    process = holder_of(folder / "lock")
    try:
        done = cli(*arguments)
        assert done.code == 5
        assert f"process {process.pid} on {socket.gethostname()}, since 20" in done.err
        assert "wait until it has ended, or choose another --out" in done.err
        assert not (out / "color").exists()
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert cli(*arguments).code == 0


def test_a_lock_is_had_by_one(tmp_path):
    with hold(tmp_path / "lock"):
        process = subprocess.run(
            [sys.executable, "-c", HOLDER, str(tmp_path / "lock")],
            capture_output=True,
            text=True,
            env=environment(),
            check=False,
        )
    assert "ant_core.locks.Held" in process.stderr
    with hold(tmp_path / "lock"):
        pass


@pytest.mark.filterwarnings("ignore:flock not supported")
@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_drive_without_locks(tmp_path, monkeypatch, code):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", refuse)
    for _ in range(2):
        with hold(tmp_path / "lock"), pytest.raises(Held), hold(tmp_path / "lock"):
            pass


def test_a_backup_stays_where_the_memory_is_gone(tmp_path, cli):
    shot = make(tmp_path / "shot.kra")
    held = []
    for more in ((), (), ("--lock", "2"), ()):
        held.append(shot.read_bytes())
        assert cli("propagate", shot, *LAYERS, "--in-place", *more).code == 0
        shutil.rmtree(tmp_path / ".ant_core")
    backups = {path.name: path.read_bytes() for path in tmp_path.glob("shot.kra~*")}
    assert backups["shot.kra~"] == held[0]
    assert set(backups.values()) == set(held), "each document that was replaced"
    assert len(backups) == len(set(held)), "and none twice"
