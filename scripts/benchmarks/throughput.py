"""Frames a minute and peak memory of whole commands: formats, sizes, engines side by side, Dask.

Everything counts from the start of the process to its end; kernels are compiled before. With
--old the same is run with another checkout, in turns, so that a machine that is slow for a while
is slow for both. CPU time says more than the clock where others are at work.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ant_core.files import json_bytes
from scripts.benchmarks.cells import write_shot
from scripts.benchmarks.peak import ROOT, Run, measure

_SHOTS = 4  # of a batch
_JOBS = ["--jobs", "2", "--threads", "1"]
# Figures of a run: name, width and digits in the table.
_COLUMNS = (("frames_a_minute", 10, 0), ("cpu_s_a_frame", 11, 3), ("peak_mb", 8, 0))
_CASES = ("1080p PNG", "4K PNG", "1080p EXR", "--jobs 2", "Dask")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `scripts/benchmark.py throughput`."""
    parser.add_argument("--old", type=Path, metavar="CHECKOUT", help="compare with this checkout")
    parser.add_argument("--frames", type=int, default=12, help="frames a shot (default: 12)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each (default: 3)")
    parser.add_argument("--cells", type=int, default=300, help="segments a drawing (default: 300)")
    parser.add_argument(
        "--only", action="append", choices=_CASES, help="leave the others out; may be given again"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")


def run(args: argparse.Namespace) -> int:
    """Measure and print a table; there is no bar, a comparison is for the reader."""
    checkouts = {"now": ROOT} | ({"old": args.old.resolve()} if args.old else {})
    print(f"load average before: {os.getloadavg()[0]:.1f}; medians of {args.rounds}")
    print(f"  {'':<10} {'frames':>6} {'':>5} {'frames/min':>10} {'CPU s/frame':>11} {'peak MB':>8}")
    rows = []
    with tempfile.TemporaryDirectory(prefix="ant_core_bench_") as folder:
        root = Path(folder)
        write_shot(root / "warm", width=480, height=270, cells=60, frames=3)
        for checkout in checkouts.values():
            _run(["propagate", str(root / "warm")], root, checkout)
        for case in args.only or _CASES:
            command, frames = _prepare(case, root / case.replace(" ", "_"), args)
            rows.append({"case": case, "frames": frames})
            rows[-1] |= _compare(command, frames, root, checkouts, args.rounds)
            _print(rows[-1])
    print(f"load average after: {os.getloadavg()[0]:.1f}")
    if args.json:
        args.json.write_bytes(json_bytes(rows))
    return 0


def _prepare(case: str, folder: Path, args: argparse.Namespace) -> tuple[list[str], int]:
    """Draw what a case needs; returns the command without its --out, and how many frames."""
    size = (3840, 2160) if case.startswith("4K") else (1920, 1080)
    shots = _SHOTS if case in ("--jobs 2", "Dask") else 1
    for number in range(shots):
        shot = folder / f"sc{number}"
        write_shot(
            shot,
            width=size[0],
            height=size[1],
            cells=args.cells,
            frames=args.frames,
            seed=number,
        )
        if "EXR" in case:
            _to_exr(shot)
    if shots == 1:
        return ["propagate", str(folder / "sc0"), "--device", "cpu"], args.frames
    cluster = ["--cluster", "local"] if case == "Dask" else []
    return ["batch", str(folder), "--device", "cpu", *_JOBS, *cluster], args.frames * shots


def _to_exr(shot: Path) -> None:
    """Write the pictures of a shot as 32-bit OpenEXR instead."""
    from ant_core.formats.pictures import picture_format

    encode = picture_format("0001.exr").encode
    for path in shot.rglob("*.png"):
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        path.with_suffix(".exr").write_bytes(encode(np.float32(image) / 255, b""))
        path.unlink()


def _run(command: list[str], root: Path, checkout: Path) -> Run:
    out = root / "out"
    shutil.rmtree(out, ignore_errors=True)
    return measure([*command, "--out", str(out)], checkout)


def _compare(
    command: list[str], frames: int, root: Path, checkouts: dict[str, Path], rounds: int
) -> dict[str, Any]:
    """Run a command in turns with every checkout; returns the figures of each."""
    runs: dict[str, list[Run]] = {name: [] for name in checkouts}
    for _ in range(rounds):
        for name, checkout in checkouts.items():
            runs[name].append(_run(command, root, checkout))
    figures: dict[str, Any] = {}
    for name, done in runs.items():
        figures[name] = {
            "frames_a_minute": 60 * frames / statistics.median(run.wall_s for run in done),
            "peak_mb": statistics.median(run.peak_mb for run in done),
        }
        # Dask's workers do not wait for their engines, so that the time of these is lost.
        if "--cluster" not in command:
            cpu_s = statistics.median(run.cpu_s for run in done)
            figures[name]["cpu_s_a_frame"] = cpu_s / frames
    return figures


def _print(row: dict[str, Any]) -> None:
    for name in ("old", "now"):
        if name in row:
            figures = " ".join(_text(row[name].get(key), *form) for key, *form in _COLUMNS)
            print(f"  {row['case']:<10} {row['frames']:>6} {name:>5} {figures}", flush=True)
    if "old" in row:
        before, now = row["old"], row["now"]
        ratios = (
            _text(now[key] / before[key] if key in now else None, width, 2)
            for key, width, _ in _COLUMNS
        )
        print(f"  {'':<10} {'':>6} {'ratio':>5} {' '.join(ratios)}", flush=True)


def _text(value: float | None, width: int, digits: int) -> str:
    return " " * width if value is None else f"{value:>{width}.{digits}f}"
