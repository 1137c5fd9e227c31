"""Time and peak memory of the command line, as a process of its own."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_EVERY_S = 0.05


@dataclass(frozen=True)
class Run:
    """What one run took: seconds by the clock and of processors, and MB at its peak."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    exit_code: int
    said: str  # on the standard error stream


def measure(arguments: Sequence[str], checkout: Path = ROOT) -> Run:
    """Run `ant_core` as `try_run` does; SystemExit where it fails."""
    run = try_run(arguments, checkout)
    if run.exit_code != 0:
        raise SystemExit(f"ant_core {' '.join(arguments)} failed: {run.said[-500:]}")
    return run


def try_run(arguments: Sequence[str], checkout: Path = ROOT, longest_s: float = math.inf) -> Run:
    """Run `ant_core` of a checkout with these arguments, children and all.

    It is killed after `longest_s` by the clock. Memory is the proportional share of all its
    processes together (what they share counts once), looked at twenty times a second, or the peak
    resident size of the first of them where that is more. Start it from a small process: a child's
    peak counts what its parent held at the fork.
    """
    command = [sys.executable, "-m", "ant_core", *arguments]
    # Not the working folder, which would come first, for the engines it starts as well.
    environment = os.environ | {"PYTHONPATH": str(checkout), "PYTHONSAFEPATH": "1"}
    with tempfile.TemporaryFile() as said:
        start = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment)
        peak, ended = 0.0, 0
        while not ended:
            peak = max(peak, _tree_mb(child.pid))
            time.sleep(_EVERY_S)
            if time.perf_counter() - start > longest_s:
                os.kill(child.pid, signal.SIGKILL)  # Popen.kill() may take its status away
            ended, status, usage = os.wait4(child.pid, os.WNOHANG)
        wall_s = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read().decode("utf-8", "replace")
    cpu_s = usage.ru_utime + usage.ru_stime  # of the children that it waited for too
    return Run(wall_s, cpu_s, max(peak, usage.ru_maxrss / 1024), child.returncode, text)


def _tree_mb(root: int) -> float:
    """Return the memory of a process and all that descend from it, where Linux tells."""
    total_kb, waiting = 0, [root]
    while waiting:
        place = Path("/proc") / str(waiting.pop())
        try:
            rows = (place / "smaps_rollup").read_text("ascii").splitlines()
            total_kb += next((int(row.split()[1]) for row in rows if row.startswith("Pss:")), 0)
            for task in (place / "task").iterdir():
                waiting += map(int, (task / "children").read_text("ascii").split())
        except (OSError, ValueError):  # it has just ended
            continue
    return total_kb / 1024
