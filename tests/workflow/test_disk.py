"""Disks that are full or read-only, and runs that are stopped: whole files only."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ant_core.errors import OutputError
from ant_core.files import WholeFiles
from ant_core.formats.png import check_png
from ant_core.propagation.memory import RunState
from tests.support.command_line import environment
from tests.support.drawn import make_shot

SCRIPT = str(Path(__file__).parents[1] / "support" / "run_with_fake.py")


def all_whole(out: Path) -> None:
    """Check that every picture is whole and nothing unfinished lies about."""
    for path in out.rglob("*"):
        assert not path.name.startswith(".part-"), path
        if path.suffix == ".png":
            check_png(path.read_bytes(), str(path))


def mount_tmpfs(folder: Path, options: str) -> None:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"cannot mount a small disk here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of 40 kB, where this process may mount."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mount_tmpfs(folder, "size=40k")
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk(tmp_path, small_disk, fake_ant_core):
    shot = make_shot(tmp_path / "shot", frames=range(1, 30), painted=[1])
    done = fake_ant_core("propagate", shot, "--out", small_disk / "out")
    assert done.code == 5, done.err
    assert "the disk is full" in done.err
    assert "Traceback" not in done.err
    all_whole(small_disk)


def test_a_file_size_limit_stands_for_a_full_disk_where_none_can_be_mounted(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(1, 4), painted=[1])

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))

    done = subprocess.run(
        [sys.executable, SCRIPT, "propagate", str(shot), "--out", str(tmp_path / "out")],
        capture_output=True,
        text=True,
        # Compiled code must not be cut off by the limit and left behind for others.
        env={"NUMBA_CACHE_DIR": "/dev/null"} | environment() | {"PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=limit,
        check=False,
    )
    assert done.returncode == 5, done.stderr
    assert "the disk is full or its quota used up" in done.stderr
    all_whole(tmp_path / "out")


def test_a_read_only_disk(tmp_path, fake_ant_core):
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        mount_tmpfs(folder, "size=40k,ro")
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    shot = make_shot(tmp_path / "shot", frames=range(1, 4), painted=[1])
    try:
        done = fake_ant_core("propagate", shot, "--out", folder / "out")
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert done.code == 5, done.err
    assert "read-only" in done.err
    assert "Traceback" not in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 4), painted=[1])
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    done = cli("propagate", shot, "--out", folder / "out")
    assert done.code == 5
    assert "read-only" in done.err


@pytest.mark.parametrize("place", ["out", "out/color", "out/.ant_core", "out/report.json/x"])
def test_a_file_or_folder_in_the_way(tmp_path, cli, place):
    shot = make_shot(tmp_path / "shot", frames=range(1, 4), painted=[1])
    blocked = tmp_path / place
    blocked.parent.mkdir(parents=True, exist_ok=True)
    blocked.write_bytes(b"I was here first")
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 5, done.err
    assert len([line for line in done.err.splitlines() if line.startswith("ant_core: ")]) == 1
    assert blocked.read_bytes() == b"I was here first"
    all_whole(tmp_path / "out")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    files = WholeFiles()
    files.write(path, b"old")

    def pieces():
        yield b"new"
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="the disk is full"):
        files.write_pieces(path, pieces())
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_nothing_is_written_after_giving_up(tmp_path):
    files = WholeFiles()
    files.discard()
    files.write(tmp_path / "a.txt", b"late")
    assert os.listdir(tmp_path) == []


def start(shot: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, SCRIPT, "propagate", str(shot), "--out", str(out), "--json", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_whole_files_and_goes_on_from_there(tmp_path, cli, number):
    shot = make_shot(tmp_path / "shot", frames=range(1, 41), painted=[1], pad=3)
    out = tmp_path / "out"
    with start(shot, out) as child:
        for _ in range(6):  # it is in the middle of its work
            child.stdout.readline()
        child.send_signal(number)
        rest, errors = child.communicate()
    assert child.returncode == 130, errors
    last = json.loads(rest.splitlines()[-1])
    assert (last["event"], last["ok"], last["exit_code"]) == ("result", False, 130)
    assert sum('"event": "result"' in line for line in rest.splitlines()) == 1
    assert "Traceback" not in errors
    all_whole(out)
    done = sorted(path.name for path in (out / "color").iterdir())
    assert 0 < len(done) < 40
    again = cli("propagate", shot, "--out", out)
    assert again.code == 0
    assert "kept from the last run" in again.err
    assert len(list((out / "color").iterdir())) == 40
    fresh = cli("propagate", shot, "--out", tmp_path / "fresh")
    assert fresh.code == 0
    for path in (out / "color").iterdir():
        assert path.read_bytes() == (tmp_path / "fresh" / "color" / path.name).read_bytes()


def test_a_stage_that_cannot_be_stopped_ends_with_the_process(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(1, 5), painted=[1])
    code = (
        "import sys, time, ant_core.matching.matcher\n"
        "from tests.support.fakes import FakeMatcher\n"
        "class Stuck(FakeMatcher):\n"
        "    def match(self, *args):\n"
        "        print('stuck', file=sys.stderr, flush=True)\n"
        "        time.sleep(600)\n"
        "ant_core.matching.matcher.Matcher = Stuck\n"
        "from ant_core.cli import main\n"
        f"main(['propagate', {str(shot)!r}, '--out', {str(tmp_path / 'out')!r}, '--json'])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as child:
        for line in child.stderr:
            if "stuck" in line:
                break
        started = time.monotonic()
        child.send_signal(signal.SIGINT)
        rest, _ = child.communicate(timeout=60)
        waited = time.monotonic() - started
    assert child.returncode == 130
    assert waited < 60  # and not the ten minutes that the stage would take
    assert json.loads(rest.splitlines()[-1])["exit_code"] == 130
    all_whole(tmp_path / "out")


def test_a_killed_run_leaves_debris_that_the_next_one_sweeps_away(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 4), painted=[1])
    out = tmp_path / "out"
    cli("propagate", shot, "--out", out)
    debris = [out / ".part-1-1", out / "color" / ".part-1-2", out / ".ant_core" / ".part-1-3"]
    for path in debris:
        path.write_bytes(np.arange(9, dtype=np.uint8).tobytes())
    assert cli("propagate", shot, "--out", out).code == 0
    assert not any(path.exists() for path in debris)


def test_whatever_writes_somewhere_sweeps_there_first(tmp_path, cli):
    debris = [tmp_path / name / ".part-0011223344556677" for name in ("labels", "preview", "night")]
    for path in debris:
        path.parent.mkdir()
        path.write_bytes(b"of a run that was killed")
    shot = make_shot(tmp_path / "shot", frames=range(1, 2), painted=[1])
    out = ["--out", debris[0].with_name("1.png"), "--preview", debris[1].with_name("1.png")]
    assert cli("segment", shot / "line" / "0001.png", *out).code == 0
    palette = tmp_path / "a.gpl"
    palette.write_text("GIMP Palette\nName: a\n37 91 151 First\n")
    out = ["--from", palette, "--to", palette, "--out", debris[2].parent]
    assert cli("recolor", shot / "color", *out).code == 0
    assert not any(path.exists() for path in debris)


def test_an_interruption_during_the_first_imports_is_heard_too(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=range(1, 4), painted=[1])
    code = (
        "import os, signal, sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'numpy':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from ant_core.cli import main\n"
        f"sys.exit(main(['propagate', {str(shot)!r}, '--out', {str(tmp_path / 'out')!r}]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert "ant_core: stopped" in done.stderr


def test_a_run_leaves_alone_what_another_one_is_writing(tmp_path):
    files, path = WholeFiles(), tmp_path / "shot.kra"

    def pieces():
        yield b"first "
        WholeFiles.sweep(tmp_path)  # another run begins in the same folder
        yield b"second"

    files.write_pieces(path, pieces(), durable=True)
    assert path.read_bytes() == b"first second"
    assert [item.name for item in tmp_path.iterdir()] == ["shot.kra"]


def test_unfinished_files_of_two_machines_have_different_names(tmp_path):
    """Processes of two containers may have the same id and the same count."""
    seen = set()

    def pieces():
        seen.update(item.name for item in tmp_path.iterdir())
        yield b""

    WholeFiles().write_pieces(tmp_path / "a", pieces())
    (tmp_path / "a").unlink()
    WholeFiles().write_pieces(tmp_path / "b", pieces())
    assert len(seen) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_disk_that_fills_up_under_the_ledger_is_told_at_its_close_as_well(tmp_path):
    state = RunState(tmp_path, WholeFiles())
    state.prepare()
    (tmp_path / "ledger.jsonl").unlink()
    (tmp_path / "ledger.jsonl").symlink_to("/dev/full")
    told = r"ledger\.jsonl cannot be written \(No space left on device\): free some space"
    with pytest.raises(OutputError, match=told):
        state.note_record(1, "x")
    with pytest.raises(OutputError, match=told):  # what it could not take is still to be written
        state.close()
    state.close()
