"""The peak memory of the command line, as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def peak_mb(arguments: Sequence[str]) -> float:
    """Run `ant_core` with these arguments; return the process's peak resident size in MB.

    Start it from a small process: a child's peak counts what its parent held at the fork.
    """
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-m", "ant_core", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as child:
        assert child.stderr is not None
        text = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"ant_core {' '.join(arguments)} failed: {text[-500:]}")
    return usage.ru_maxrss / 1024
