"""What the benchmarks say of a command's memory, and whose command it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.benchmarks.peak import ROOT, measure

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


def peak_from_a_small_process(checkout: Path, depth: int) -> float:
    """Measure from a process that holds little itself, which this one, of many tests, need not."""
    code = (
        "import sys; from pathlib import Path; from scripts.benchmarks.peak import measure;"
        "print(measure([sys.argv[2]], Path(sys.argv[1])).peak_mb)"
    )
    command = [sys.executable, "-c", code, str(checkout), str(depth)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    return float(done.stdout)


def test_memory_of_children_counts_and_what_is_shared_counts_once(checkout):
    assert 100 < peak_from_a_small_process(checkout, 0) < 160
    assert 195 < peak_from_a_small_process(checkout, 2) < 260


def test_a_checkout_runs_its_own_code_wherever_it_is_started(checkout, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere" / "ant_core"
    elsewhere.mkdir(parents=True)
    (elsewhere / "__main__.py").write_text("raise SystemExit('the wrong one')", "utf-8")
    monkeypatch.chdir(elsewhere.parent)
    measure(["0"], checkout)


def test_a_command_that_fails_says_why(tmp_path):
    with pytest.raises(SystemExit, match="--frames 'x' is no list of frames"):
        measure(["propagate", "shot", "--out", str(tmp_path), "--frames", "x"])
