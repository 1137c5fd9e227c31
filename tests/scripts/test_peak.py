"""What the benchmarks say of a command's memory, and whose command it is."""

from __future__ import annotations

import sys

import pytest

from scripts.benchmarks.peak import measure

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is read as Linux tells it")

# Holds 100 MB, and so does a child of its child, for long enough to be seen.
GREEDY = """
import subprocess, sys, time
depth = int(sys.argv[1])
held = b"x" * 100_000_000 if depth != 1 else b""
if depth:
    subprocess.run([sys.executable, "-m", "ant_core", str(depth - 1)], check=True)
else:
    time.sleep(1)
"""


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout of which `ant_core` is another program."""
    (tmp_path / "ant_core").mkdir()
    (tmp_path / "ant_core" / "__main__.py").write_text(GREEDY, "utf-8")
    return tmp_path


def test_memory_of_children_counts_and_what_is_shared_counts_once(checkout):
    alone, three = measure(["0"], checkout), measure(["2"], checkout)
    assert 100 < alone.peak_mb < 160
    assert 195 < three.peak_mb < 260


def test_a_checkout_runs_its_own_code_wherever_it_is_started(checkout, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere" / "ant_core"
    elsewhere.mkdir(parents=True)
    (elsewhere / "__main__.py").write_text("raise SystemExit('the wrong one')", "utf-8")
    monkeypatch.chdir(elsewhere.parent)
    measure(["0"], checkout)


def test_a_command_that_fails_says_why(tmp_path):
    with pytest.raises(SystemExit, match="--frames 'x' is no list of frames"):
        measure(["propagate", "shot", "--out", str(tmp_path), "--frames", "x"])
