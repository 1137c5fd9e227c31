"""An installation that cannot be written, run by an account without a home."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.service_account import NOBODY, UNKNOWN, need_account, run_as

ROOT = Path(__file__).parents[2]
HOMES = {"none": (), "root": ("HOME=/",), "missing": ("HOME=/nonexistent",)}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that every account reaches, with a read-only installation in it."""
    need_account()
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    for name in ("ant_core", "segmentation", "samples"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, place / "install" / name, ignore=ignored)
    for name in ("work", "temporary"):
        (place / name).mkdir()
        (place / name).chmod(0o1777)
    yield place
    shutil.rmtree(place)


def ant_core(place: Path, account: int, home: tuple[str, ...], *arguments: object):
    settings = (
        "PATH=/usr/bin:/bin",
        f"PYTHONPATH={place / 'install'}",
        f"TMPDIR={place / 'temporary'}",
        *home,
    )
    program = (sys.executable, "-m", "ant_core", *map(str, arguments))
    return run_as(account, place / "work", *settings, *program)


@pytest.mark.parametrize("account", [NOBODY, UNKNOWN])
@pytest.mark.parametrize("home", HOMES)
def test_commands_run_and_say_in_one_line_where_kernels_are_kept(place, account, home):
    shot = place / "install" / "samples" / "saha"
    out = place / "work" / f"out-{account}-{home}"
    commands = (
        ("segment", shot / "line" / "0001.png", "--out", f"labels-{account}-{home}.png"),
        ("propagate", shot, "--frames", "1", "--out", out),
        ("models", "list"),
    )
    for command in commands:
        done = ant_core(place, account, HOMES[home], *command)
        assert done.returncode == 0, done.stderr
        if command[0] != "models":
            assert done.stderr.count("compiled kernels are kept in") == 1, done.stderr
    folder = place / "temporary" / f"ant_core-kernels-{account}"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.rglob("*.nbc"))
    assert not (place / "work" / "~").exists()
    assert not list((place / "install").rglob("*.nbc"))
