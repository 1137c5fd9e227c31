#!/usr/bin/env python3
"""Measure this project against its bars and print one table.

    python scripts/benchmark.py segmentation --bench BENCH
    python scripts/benchmark.py propagate --help
    python scripts/benchmark.py batch
    python scripts/benchmark.py throughput --old ../checkout-before
    python scripts/benchmark.py match
    python scripts/benchmark.py wild --segments-only --sizes 640

Exit code 0 when every bar is met, 1 when one is missed.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts._subcommands import run_subcommand

BENCHMARKS = {
    "segmentation": "line art to label map: leaks, regions recovered, time against the floor",
    "propagate": "a whole shot: time a drawing, stage by stage, and memory",
    "start": "an engine from its start to its greeting, kernels compiled before",
    "kra": "Krita documents: time to read a frame, memory over a long document",
    "krita": "how long a job of the plugin keeps Krita's event loop waiting",
    "batch": "many shots: frames a minute by shots and engines, cost of a frame in long batches",
    "throughput": "whole commands: frames a minute and peak memory, against another checkout",
    "wild": "drawings as people make them: open, rough, faint, on dark ground, badly painted",
    "suggest": "which drawings to paint: errors from suggested ones, beside evenly spaced ones",
    "doubt": "frames of the bundled shot that the docker shows amber, against the truth",
    "surfaces": "painted texture and light that follow their segments, against exact truth",
    "train": "training steps: pairs a CPU second, drawings encoded once or for every sample",
    "match": "encoding and matching alone, CPU against CUDA",
}


def main() -> int:
    """Run one benchmark; returns the exit code."""
    return run_subcommand(__doc__, "scripts.benchmarks", BENCHMARKS)


if __name__ == "__main__":
    sys.exit(main())
