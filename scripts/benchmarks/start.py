"""From the start of an engine to its greeting, as a painting program waits for it.

First `ant_core doctor`, as a set-up does: it compiles the kernels, which must not be waited for
again. Then starts one after the other, by the clock and in processor time of the whole process. The
load average stands beside them: by the clock the bar holds on an idle machine alone.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ant_core.files import json_bytes
from krita_plugin.propagate_colors.link.protocol import Engine

_BAR_S = 3.0


@dataclass(frozen=True)
class EngineStart:
    """One start: seconds to the greeting, processor seconds to the end, load average before."""

    wall_s: float
    cpu_s: float
    load: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `scripts/benchmark.py start`."""
    parser.add_argument("--starts", type=int, default=5, help="how many (default: 5)")
    parser.add_argument(
        "--engine",
        default=shlex.join([sys.executable, "-m", "ant_core"]),
        help="command of the engine, such as that of one that was set up (default: this one)",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")


def run(args: argparse.Namespace) -> int:
    """Measure, print a table, return 0 when the bar is met and 1 otherwise."""
    command = shlex.split(args.engine)
    checked = subprocess.run([*command, "doctor"], capture_output=True, text=True, check=False)
    if checked.returncode:
        raise SystemExit(f"this engine is not sound:\n{checked.stdout}{checked.stderr}")
    starts = [_start(command, args.device) for _ in range(args.starts)]
    print("  start  seconds  CPU s  load average")
    for number, row in enumerate(starts, 1):
        print(f"  {number:>5} {row.wall_s:>8.2f} {row.cpu_s:>6.2f} {row.load:>13.1f}")
    median_s = statistics.median(row.wall_s for row in starts)
    median_cpu_s = statistics.median(row.cpu_s for row in starts)
    print(f"  median {median_s:.2f} s (bar {_BAR_S:.1f}), CPU {median_cpu_s:.2f} s")
    if args.json:
        args.json.write_bytes(json_bytes([asdict(row) for row in starts]))
    return 0 if median_s < _BAR_S else 1


def _start(command: Sequence[str], device: str) -> EngineStart:
    load, before = os.getloadavg()[0], _children_s()
    began = time.perf_counter()
    with Engine(command) as engine:
        engine.start(device=device)
        wall_s = time.perf_counter() - began
    return EngineStart(wall_s, _children_s() - before, load)


def _children_s() -> float:
    """Processor seconds of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
