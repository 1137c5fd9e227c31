"""The watched folder of docs/farm.md: what is taken, and what is not there as a whole yet."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import ROOT, environment
from tests.support.drawn import make_shot

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the script needs GNU find")
NOW, LATER = "0", "60"  # minutes without a write


@pytest.fixture
def watch(tmp_path):
    """Run the documentation's script once; returns the summary, None where nothing is taken."""
    page = (ROOT / "docs" / "farm.md").read_text("utf-8")
    (script,) = re.findall(r"```bash\n(# watch\.sh .*?)```", page, re.S)
    (tmp_path / "watch.sh").write_text(script, "utf-8")
    tools = tmp_path / "tools"
    tools.mkdir()
    python = shlex.quote(sys.executable)
    (tools / "ant_core").write_text(f'#!/bin/sh\nexec {python} -m ant_core "$@"\n', "utf-8")
    (tools / "ant_core").chmod(0o755)

    def run(*minutes: str):
        done = subprocess.run(
            ["bash", tmp_path / "watch.sh", tmp_path / "incoming", tmp_path / "out", *minutes],
            env=environment() | {"PATH": f"{tools}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        page = tmp_path / "out" / "summary.json"
        return json.loads(page.read_text("utf-8")) if page.exists() else None

    (tmp_path / "incoming").mkdir()
    return run


def shots_of(summary) -> dict[str, bool]:
    return {shot["name"]: shot["kept"] for shot in summary["shots"]}


def copy_keeping_dates(source: Path, target: Path) -> None:
    """Copy a shot whose files look years old."""
    for path in source.rglob("*.png"):
        os.utime(path, (1e9, 1e9))
    shutil.copytree(source, target)


def test_a_shot_is_taken_when_its_copy_is_whole(watch, tmp_path):
    source = make_shot(tmp_path / "sc 010")
    copy_keeping_dates(source, tmp_path / "incoming" / "ep01" / "sc 010")
    assert watch() is None  # two minutes have not passed
    assert watch(LATER) is None
    summary = watch(NOW)
    assert shots_of(summary) == {"sc 010": False}
    assert len(list((tmp_path / "out" / "sc 010" / "color").glob("*.png"))) == 5
    assert shots_of(watch(NOW)) == {"sc 010": True}


def test_a_shot_under_a_hidden_name_waits_for_its_own(watch, tmp_path):
    incoming = tmp_path / "incoming"
    make_shot(incoming / "sc001")
    make_shot(incoming / ".sc002")
    assert shots_of(watch(NOW)) == {"sc001": False}
    (incoming / ".sc002").rename(incoming / "sc002")
    assert shots_of(watch(NOW)) == {"sc001": True, "sc002": False}


def test_a_shot_that_grows_is_taken_again(watch, tmp_path):
    shot = tmp_path / "incoming" / "sc001"
    make_shot(shot, frames=range(1, 4))
    watch(NOW)
    make_shot(shot, frames=range(1, 6))
    summary = watch(NOW)
    assert shots_of(summary) == {"sc001": False}
    assert summary["shots"][0]["frames"] == 5
