"""Time and memory of `ant_core propagate` on procedural shots of about 300 segments a drawing.

Time is end to end per distinct drawing, nothing cached: from one finished frame to the next in a
run whose model is loaded and whose kernels are compiled. Memory is the peak resident size of a
process of its own that runs the command line.

Stages overlap, and on a machine that is not idle they wait for others. So each is measured once
more in CPU time, on one thread, one stage after the other, beside its floor: the CPU time of what
any way of doing the same must do.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ant_core.files import json_bytes
from ant_core.matching.flow import Motion
from ant_core.propagation.timing import Timings
from scripts.benchmarks import peak
from scripts.benchmarks.cells import write_shot
from scripts.benchmarks.segmentation import physical_floor

_BAR_S = 0.20
_BAR_MB = {"1080p": 700, "4K": 1500, "12000 x 8000": 1700}
_FLOORS = {
    "read": "PNG unpacked by OpenCV",
    "segment": "threshold, components, distance",
    "describe": "darkness shrunk once, labels read once",
    "encode": "the network alone",
    "match": "the network and the fields of flow alone",
    "vote": "the match summed once",
    "paint": "colours looked up by label",
    "write": "the picture packed by zlib, level 1",
}
_ROUNDS = 5  # of each floor
_SIZES = {"1080p": (1920, 1080), "4K": (3840, 2160), "12000 x 8000": (12000, 8000)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `scripts/benchmark.py propagate`."""
    parser.add_argument(
        "--drawings", type=int, default=60, help="drawings to time (default: 60, at least 50)"
    )
    parser.add_argument(
        "--references", type=int, default=1, help="painted frames in the timed shot (default: 1)"
    )
    parser.add_argument("--cells", type=int, default=300, help="segments a drawing (default: 300)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--model", type=Path, help="model file (default: the one in the package)")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="cpu")
    parser.add_argument("--no-memory", action="store_true", help="leave the memory runs out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")


def run(args: argparse.Namespace) -> int:
    """Measure, print a table, return 0 when every bar is met and 1 otherwise."""
    figures: dict[str, Any] = {"threads": args.threads, "cells": args.cells}
    with tempfile.TemporaryDirectory(prefix="ant_core_bench_") as folder:
        root = Path(folder)
        figures["time"] = _time(root, args)
        _print_time(figures["time"])
        if not args.no_memory:
            figures["memory"] = _memory(root, args)
            _print_memory(figures["memory"])
    if args.json:
        args.json.write_bytes(json_bytes(figures))
    return 0 if _all_met(figures) else 1


def _time(root: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Run one shot in this process; kernels and model are warmed on another one."""
    from ant_core.matching.matcher import Matcher

    frames = max(50, args.drawings) + args.references
    painted = tuple(
        sorted({1 + round(i * frames / args.references) for i in range(args.references)})
    )
    warm, shot = root / "warm", root / "timed"
    write_shot(warm, width=1920, height=1080, cells=args.cells, frames=6, seed=1)
    cells = write_shot(
        shot, width=1920, height=1080, cells=args.cells, frames=frames, painted=painted
    )
    matcher = Matcher(args.model, args.device, args.threads)
    _propagate(warm, root / "warm_out", matcher, args.threads)
    before = time.process_time()
    ends, stages = _propagate(shot, root / "timed_out", matcher, args.threads)
    cpu_s = time.process_time() - before
    alone = _CpuTimings()
    _propagate(warm, root / "alone_out", matcher, 1, alone)
    floors = _floors(warm, matcher)
    for stage, row in stages.items():
        row["cpu_s"] = statistics.median(alone.seconds[stage])
        row["floor_cpu_s"] = floors.get(stage)
    return {
        "cells": cells,
        "references": len(painted),
        "drawings": len(ends) - 1,
        "device": matcher.device,
        "model": matcher.model_name,
        "median_s": statistics.median(b - a for a, b in pairwise(ends)),
        "mean_s": (ends[-1] - ends[0]) / (len(ends) - 1),
        # On a machine that is not idle the CPU time says more than the clock.
        "cpu_s": cpu_s / len(ends),
        "stages": stages,
    }


class _CpuTimings(Timings):
    """CPU time by stage, of runs on one thread."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Time what happens inside."""
        start = time.process_time()
        yield
        self.seconds[stage].append(time.process_time() - start)


def _floors(shot: Path, matcher: Any) -> dict[str, float]:
    """Return the least CPU time of each stage, see `_FLOORS`, on one OpenCV thread."""
    from ant_core.matching.descriptors import describe
    from segmentation import extract_lines, measure, segment

    packed = [np.fromfile(shot / "line" / f"{frame:04d}.png", np.uint8) for frame in (1, 2, 4)]
    pictures = [cv2.imdecode(data, cv2.IMREAD_UNCHANGED) for data in packed]
    lines = [extract_lines(picture) for picture in pictures]
    labels = [segment(line).labels for line in lines]
    described = [
        describe(line, label, measure(label)) for line, label in zip(lines, labels, strict=True)
    ]
    far, near, target = (matcher.encode(drawing) for drawing in described)
    unseen = [replace(drawing, small=None) for drawing in (near, far, target)]
    match = matcher.match(unseen[:2], unseen[2], [1, 3])
    colors = np.random.default_rng(0).integers(0, 255, (target.count + 1, 4), np.uint8)
    painted = colors.view(np.uint32).ravel()[labels[2]]

    def matched() -> None:
        matcher.match(unseen[:2], unseen[2], [1, 3])
        motion = Motion()
        motion.landing(target.small, near.small)
        motion.landing(target.small, far.small, is_far=True)

    def looked_at() -> None:
        cv2.resize(lines[2].darkness, (640, 360), interpolation=cv2.INTER_AREA)
        labels[2].max()

    calls: dict[str, Callable[[], Any]] = {
        "read": lambda: cv2.imdecode(packed[2], cv2.IMREAD_UNCHANGED),
        "segment": lambda: physical_floor(pictures[2]),
        "describe": looked_at,
        "encode": lambda: matcher.encode(described[2]),
        "match": matched,
        "vote": lambda: match.probability.sum(axis=1),
        "paint": lambda: colors.view(np.uint32).ravel()[labels[2]],
        "write": lambda: zlib.compress(painted, 1),
    }
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    found = {stage: min(_cpu_s(call) for _ in range(_ROUNDS)) for stage, call in calls.items()}
    cv2.setNumThreads(threads)
    return found


def _cpu_s(call: Callable[[], Any]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def _propagate(
    shot_folder: Path, out: Path, matcher: Any, threads: int, timings: Timings | None = None
) -> tuple[list[float], Any]:
    """Colour a shot; returns when each coloured frame was done, and the stages' times."""
    from ant_core.formats import SequenceReader, WholeFiles
    from ant_core.output.folder import OutputFolder
    from ant_core.propagation.progress import Progress
    from ant_core.propagation.run import Propagation, Settings
    from ant_core.shot.hints import HintSet
    from ant_core.shot.shot import load_shot

    lines, colors = SequenceReader(shot_folder / "line"), SequenceReader(shot_folder / "color")
    output = OutputFolder(out, lines, colors, colors.frames, WholeFiles())
    output.prepare()
    ends: list[float] = []

    def notify(progress: Progress) -> None:
        if progress.result.role == "predicted":
            ends.append(time.perf_counter())

    result = Propagation(
        load_shot(lines, colors),
        output,
        matcher,
        Settings(),
        HintSet(),
        notify=notify,
        timings=timings,
        threads=threads,
    ).run()
    return ends, result.timings.summary()


def _memory(root: Path, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the peak memory of the command line on shots of different length and size."""
    rows = []
    for size, frames in (("1080p", 100), ("1080p", 400), ("4K", 8), ("12000 x 8000", 3)):
        width, height = _SIZES[size]
        shot, out = root / f"{size}_{frames}", root / f"{size}_{frames}_out"
        write_shot(shot, width=width, height=height, cells=args.cells, frames=frames)
        rows.append({"size": size, "frames": frames, "peak_mb": _peak_mb(shot, out, args)})
    return rows


def _peak_mb(shot: Path, out: Path, args: argparse.Namespace) -> float:
    command = ["propagate", str(shot), "--out", str(out)]
    command += ["--threads", str(args.threads), "--device", args.device]
    if args.model:
        command += ["--model", str(args.model)]
    return peak.measure(command).peak_mb


def _print_time(figures: dict[str, Any]) -> None:
    print(
        f"{figures['drawings'] + 1} drawings of 1920 x 1080, {figures['cells']} cells, "
        f"{figures['references']} painted, model {figures['model']} on {figures['device']}"
    )
    print(f"  {'stage':<10} {'median ms':>10} {'count':>6} {'CPU ms':>7} {'floor':>6}")
    for stage, row in figures["stages"].items():
        floor = "" if row["floor_cpu_s"] is None else f"{row['floor_cpu_s'] * 1000:.1f}"
        print(
            f"  {stage:<10} {row['median_s'] * 1000:>10.1f} {row['count']:>6} "
            f"{row['cpu_s'] * 1000:>7.1f} {floor:>6} {_FLOORS.get(stage, '')}"
        )
    print(
        f"  end to end: median {figures['median_s']:.3f} s a drawing, mean "
        f"{figures['mean_s']:.3f} s (bar {_BAR_S:.2f} s), CPU time {figures['cpu_s']:.3f} s"
    )


def _print_memory(rows: list[dict[str, Any]]) -> None:
    print(f"  {'shot':<18} {'peak MB':>8} {'bar':>6}")
    for row in rows:
        name = f"{row['frames']} x {row['size']}"
        print(f"  {name:<18} {row['peak_mb']:>8.0f} {_BAR_MB[row['size']]:>6}")
    print(f"  400 against 100 frames: {_growth(rows):+.1%} (bar 10 %)")


def _growth(rows: list[dict[str, Any]]) -> float:
    peaks = {row["frames"]: row["peak_mb"] for row in rows if row["size"] == "1080p"}
    return float(peaks[400] / peaks[100] - 1)


def _all_met(figures: dict[str, Any]) -> bool:
    met = bool(figures["time"]["median_s"] <= _BAR_S)
    for row in figures.get("memory", []):
        met &= row["peak_mb"] < _BAR_MB[row["size"]]
    return met and ("memory" not in figures or abs(_growth(figures["memory"])) <= 0.10)
