"""Frames a minute of `ant_core batch`, as processes on the cores that this machine has.

Everything counts: the start of the engines, the model, hashing, reports and the summary page. The
kernels' cache is warm. Run it on an idle machine; `CPU s` is the time that all processes together
had a core, which says more than the clock where others are at work.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ant_core.engine.process import usable_cores
from ant_core.files import json_bytes
from scripts.benchmarks.cells import write_shot
from scripts.benchmarks.peak import measure

_BAR_RATIO = 1.7  # two engines of one thread against one
_BAR_DEFAULT = 0.98  # of one default engine's speed: the rest is the noise of a measurement
_BAR_GROWTH = 0.10  # of the cost of a frame, the last shots of a long batch against its first
_COUNTS = (1, 2, 4, 8)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `scripts/benchmark.py batch`."""
    parser.add_argument("--frames", type=int, default=30, help="frames a shot (default: 30)")
    parser.add_argument("--cells", type=int, default=300, help="segments a drawing (default: 300)")
    parser.add_argument(
        "--most", type=int, default=8, help="most shots of 1080p at once (default: 8)"
    )
    parser.add_argument("--small", type=int, default=50, help="shots in the long batch")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")


def run(args: argparse.Namespace) -> int:
    """Measure, print a table, return 0 when every bar is met and 1 otherwise."""
    with tempfile.TemporaryDirectory(prefix="ant_core_bench_") as folder:
        root = Path(folder)
        _write(root / "warm", 1, 3, args.cells, (1920, 1080))
        _batch(root, root / "warm", 1, [])
        shots = _write(root / "hd", args.most, args.frames, args.cells, (1920, 1080))
        figures: dict[str, Any] = {"rows": _rows(root, shots)}
        _print_rows(figures["rows"])
        figures |= _compare(figures["rows"])
        small = _write(root / "small", args.small, 12, 60, (480, 270))
        figures["long"] = _long(root, small)
    _print_bars(figures)
    if args.json:
        args.json.write_bytes(json_bytes(figures))
    return 0 if all(figures["met"].values()) else 1


def _write(folder: Path, count: int, frames: int, cells: int, size: tuple[int, int]) -> list[Path]:
    shots = [folder / f"sc{number:03d}" for number in range(count)]
    for seed, shot in enumerate(shots):
        write_shot(shot, width=size[0], height=size[1], cells=cells, frames=frames, seed=seed)
    return shots


def _batch(
    root: Path, source: Path | Sequence[Path], count: int, options: Sequence[str]
) -> dict[str, Any]:
    """Run one batch from nothing; returns its time and what its summary says."""
    out = root / "out"
    shutil.rmtree(out, ignore_errors=True)
    names = [source] if isinstance(source, Path) else source[:count]
    command = ["batch", *map(str, names), "--out", str(out), "--device", "cpu", *options]
    done = measure(command)
    summary = json.loads((out / "summary.json").read_text("utf-8"))
    frames = summary["totals"]["frames"]
    return {
        "shots": len(summary["shots"]),
        "frames": frames,
        "wall_s": done.wall_s,
        "cpu_s": done.cpu_s,
        "frames_a_minute": 60 * frames / done.wall_s,
        "seconds": [shot["seconds"] / shot["frames"] for shot in summary["shots"]],
    }


_WAYS = {
    "one engine, one thread": ["--jobs", "1", "--threads", "1"],
    "one engine": ["--jobs", "1"],
    "two engines, one thread each": ["--jobs", "2", "--threads", "1"],
}


def _rows(root: Path, shots: Sequence[Path]) -> list[dict[str, Any]]:
    return [
        {"way": way} | _batch(root, shots, count, options)
        for count in _COUNTS
        if count <= len(shots)
        for way, options in _WAYS.items()
    ]


def _compare(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Set two engines against one, on the most shots that were run."""
    most = max(row["shots"] for row in rows)
    speed = {row["way"]: row["frames_a_minute"] for row in rows if row["shots"] == most}
    single, default, double = (speed[way] for way in _WAYS)
    return {"ratio": double / single, "default": double / default}


def _long(root: Path, shots: Sequence[Path]) -> dict[str, Any]:
    """Run one engine over one shot and over many; returns how the cost of a frame grows."""
    one, many = (_batch(root, shots, count, ["--jobs", "1"]) for count in (1, len(shots)))
    part = max(1, len(shots) // 5)
    # The first shot of an engine also loads kernels.
    first, last = many["seconds"][1 : 1 + part], many["seconds"][-part:]
    return {
        "shots": len(shots),
        "one_ms": 1000 * one["wall_s"] / one["frames"],
        "many_ms": 1000 * many["wall_s"] / many["frames"],
        "first_ms": 1000 * statistics.median(first),
        "last_ms": 1000 * statistics.median(last),
        "growth": statistics.median(last) / statistics.median(first) - 1,
    }


def _print_rows(rows: Sequence[dict[str, Any]]) -> None:
    cores = usable_cores()
    print(f"1920 x 1080, {cores} cores")
    print(f"  {'shots':>5}  {'':<30} {'frames/min':>10} {'wall s':>8} {'CPU s':>8}")
    for row in rows:
        print(
            f"  {row['shots']:>5}  {row['way']:<30} {row['frames_a_minute']:>10.0f} "
            f"{row['wall_s']:>8.1f} {row['cpu_s']:>8.1f}"
        )


def _print_bars(figures: dict[str, Any]) -> None:
    long = figures["long"]
    figures["met"] = {
        "ratio": figures["ratio"] >= _BAR_RATIO,
        "default": figures["default"] >= _BAR_DEFAULT,
        "growth": long["growth"] <= _BAR_GROWTH,
    }
    print(
        f"  two engines of one thread against one: {figures['ratio']:.2f} times "
        f"(bar {_BAR_RATIO:g}); against one default engine: {figures['default']:.2f} "
        f"(bar {_BAR_DEFAULT:g})"
    )
    print(
        f"480 x 270, {long['shots']} shots in one engine: {long['first_ms']:.1f} ms a frame in the "
        f"first shots, {long['last_ms']:.1f} in the last: {long['growth']:+.1%} "
        f"(bar {_BAR_GROWTH:.0%}); with start and summary {long['many_ms']:.1f} ms, for one shot "
        f"alone {long['one_ms']:.1f} ms"
    )
