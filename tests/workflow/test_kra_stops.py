"""`ant_core propagate shot.kra` when it is stopped, disturbed or crowded: nothing is lost."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from ant_core.files import WholeFiles
from ant_core.formats.kra import KraArchive
from scripts.attacks.kills import outputs_of
from tests.support.command_line import environment
from tests.support.drawn import painting
from tests.workflow.test_disk import SCRIPT, small_disk  # noqa: F401 - a fixture
from tests.workflow.test_kra_shot import TIMES, edit, layer_of, make

LAYERS = ("--line", "Line", "--color", "Color")


class Killed(BaseException):
    """The process is gone at this point."""


def kill_at_the_write(monkeypatch: pytest.MonkeyPatch, *, written: bool) -> None:
    """End the run just before the document is written, or when it has got its name."""
    write = WholeFiles.write_pieces

    def write_and_die(self, path, pieces, **more):
        if written or path.suffix != ".kra":
            write(self, path, pieces, **more)
        if path.suffix == ".kra":
            raise Killed

    monkeypatch.setattr(WholeFiles, "write_pieces", write_and_die)


@pytest.mark.parametrize("written", [False, True], ids=["before", "after"])
def test_the_backup_of_the_artist_s_file_outlives_a_kill_around_the_write(
    cli, tmp_path, monkeypatch, written
):
    shot = make(tmp_path / "shot.kra")
    before = shot.read_bytes()
    with monkeypatch.context() as patched:
        kill_at_the_write(patched, written=written)
        with pytest.raises(Killed):
            cli("propagate", shot, *LAYERS, "--in-place")
    assert shot.with_name("shot.kra~").read_bytes() == before
    assert cli("propagate", shot, *LAYERS, "--in-place").code == 0
    (backup,) = tmp_path.glob("shot.kra~*")
    assert backup.read_bytes() == before


@pytest.mark.parametrize("others", [("",), ("", "2"), ("", "3"), ("2",)])
def test_kills_where_the_memory_is_gone_lead_to_one_backup(cli, tmp_path, monkeypatch, others):
    """Older backups lie beside it, also with a gap in their numbers."""
    shot = make(tmp_path / "shot.kra")
    before = shot.read_bytes()
    for number in others:
        shot.with_name(f"shot.kra~{number}").write_bytes(b"older" + number.encode())
    for _ in range(2):
        with monkeypatch.context() as patched:
            kill_at_the_write(patched, written=False)
            with pytest.raises(Killed):
                cli("propagate", shot, *LAYERS, "--in-place")
    assert cli("propagate", shot, *LAYERS, "--in-place").code == 0
    backups = [path.read_bytes() for path in tmp_path.glob("shot.kra~*")]
    assert backups.count(before) == 1
    assert len(backups) == len(others) + 1


def test_a_copy_of_the_artist_beside_the_backup_is_none(cli, tmp_path):
    shot = make(tmp_path / "shot.kra")
    before = shot.read_bytes()
    shot.with_name("shot.kra~mine").write_bytes(before)
    assert cli("propagate", shot, *LAYERS, "--in-place").code == 0
    assert shot.with_name("shot.kra~").read_bytes() == before


def test_a_document_from_frames_coloured_before_a_kill_equals_that_of_one_run(
    cli, tmp_path, monkeypatch
):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out" / "out.kra"
    command = ("propagate", shot, *LAYERS, "--out", out)
    assert cli(*command).code == 0
    calm = out.read_bytes()
    shutil.rmtree(out.parent)
    with monkeypatch.context() as patched:
        kill_at_the_write(patched, written=False)
        with pytest.raises(Killed):
            cli(*command)
    assert not out.exists()
    done = cli(*command)
    assert done.code == 0, done.err
    assert "kept from the last run" in done.err
    assert out.read_bytes() == calm


@pytest.mark.parametrize("saved", ["shot", "out"])
def test_what_the_artist_saves_during_the_run_is_not_replaced(cli, tmp_path, monkeypatch, saved):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    assert cli("propagate", shot, *LAYERS, "--out", out).code == 0
    path = shot if saved == "shot" else out

    def save():
        edit(path, 0, painting(0, ground=(1, 2, 3, 255)))

    write = WholeFiles.write_pieces

    def write_late(self, target, pieces, **more):
        if target.suffix == ".kra":
            save()
        write(self, target, pieces, **more)

    monkeypatch.setattr(WholeFiles, "write_pieces", write_late)
    done = cli("propagate", shot, *LAYERS, "--out", out, "--gap", "3")
    assert done.code == 5
    assert "was saved anew during the run: run again" in done.err
    np.testing.assert_array_equal(layer_of(path)[1][0], painting(0, ground=(1, 2, 3, 255)))
    assert not list(tmp_path.glob(".part-*"))


def test_in_place_keeps_links_and_permissions(cli, tmp_path):
    (tmp_path / "store").mkdir()
    real = make(tmp_path / "store" / "real.kra")
    real.chmod(0o664)
    before = real.read_bytes()
    link = tmp_path / "shot.kra"
    link.symlink_to(real)
    done = cli("propagate", link, *LAYERS, "--in-place")
    assert done.code == 0, done.err
    assert link.is_symlink()
    assert sorted(layer_of(real)[1]) == list(TIMES)
    assert real.stat().st_mode & 0o777 == 0o664
    assert link.with_name("shot.kra~").read_bytes() == before


@pytest.mark.parametrize("ends", [signal.SIGKILL, signal.SIGINT])
def test_stopped_at_any_moment_and_run_again(tmp_path, fake_ant_core, ends):
    """The shot stays as it is, the output is whole or absent, and the next run ends as any.

    Document and report are those of a calm run, but for what is named as history.
    """
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out" / "out.kra"
    assert fake_ant_core("propagate", shot, *LAYERS, "--out", out).code == 0
    before, calm, expected = shot.read_bytes(), out.read_bytes(), outputs_of(out.parent)
    assert "out.report.json" in expected
    shutil.rmtree(out.parent)
    command = [sys.executable, SCRIPT, "propagate", str(shot), *LAYERS, "--out", str(out)]
    rng = np.random.default_rng(4)
    for _ in range(8):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=environment(),
        )  # fmt: skip
        assert process.stderr is not None
        process.stderr.readline()  # the first word of a run that has begun
        time.sleep(float(rng.uniform(0, 0.3)))
        process.send_signal(ends)
        process.communicate()
        assert shot.read_bytes() == before
        if out.exists():
            assert out.read_bytes() == calm
    done = fake_ant_core("propagate", shot, *LAYERS, "--out", out)
    assert done.code == 0, done.err
    assert out.read_bytes() == calm
    assert outputs_of(out.parent) == expected
    assert not list(tmp_path.rglob(".part-*"))


def test_a_full_disk_leaves_the_document_in_place(small_disk, fake_ant_core):  # noqa: F811
    shot = make(small_disk / "shot.kra")
    before = shot.read_bytes()
    done = fake_ant_core("propagate", shot, *LAYERS, "--in-place")
    assert done.code == 5, done.err
    assert "the disk is full" in done.err or "cannot be written (No space" in done.err
    assert shot.read_bytes() == before
    assert not list(small_disk.rglob(".part-*"))


def test_two_runs_at_once_leave_one_whole_document(tmp_path):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    runs = [
        subprocess.Popen(
            [sys.executable, SCRIPT, "propagate", str(shot), *LAYERS, "--out", str(out), *more],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment(),
        )
        for more in ((), ("--gap", "3"))
    ]  # fmt: skip
    texts = [run.communicate()[1] for run in runs]
    codes = [run.returncode for run in runs]
    assert 0 in codes, texts
    assert all(code in (0, 5) for code in codes), texts
    archive = KraArchive(out)
    for name in archive.names:
        archive.read(name, 1 << 30)
    assert sorted(layer_of(out)[1]) == list(TIMES)
    assert not list(tmp_path.rglob(".part-*"))
