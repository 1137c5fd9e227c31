"""Time of encoding and matching alone, on the CPU and, where there is one, on CUDA."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ant_core.errors import DeviceUnavailable
from ant_core.files import json_bytes
from ant_core.matching.descriptors import SHAPE_FEATURES, Descriptors
from ant_core.matching.matcher import Matcher

_BAR_MS = 5.0  # one target on CUDA, warm


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `scripts/benchmark.py match`."""
    parser.add_argument("--segments", type=int, default=300, help="a drawing (default: 300)")
    parser.add_argument("--rounds", type=int, default=50, help="repetitions (default: 50)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--model", type=Path, help="model file (default: the one in the package)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")


def run(args: argparse.Namespace) -> int:
    """Measure, print, return 0 unless CUDA is there and misses its bar."""
    cpu = _figures(Matcher(args.model, "cpu", args.threads), args)
    figures = {"cpu": cpu}
    _print("cpu", cpu)
    try:
        cuda = _figures(Matcher(args.model, "cuda", args.threads), args)
    except DeviceUnavailable as error:
        print(f"cuda: not measured: {error}")
        met = True
    else:
        figures["cuda"] = cuda
        _print("cuda", cuda)
        ratio = cpu["match_ms"] / cuda["match_ms"]
        met = cuda["match_ms"] <= _BAR_MS
        print(f"cuda: {ratio:.1f} times as fast as the CPU; {_BAR_MS:g} ms a match: {met}")
    if args.json:
        args.json.write_bytes(json_bytes(figures))
    return 0 if met else 1


def _figures(matcher: Matcher, args: argparse.Namespace) -> dict[str, float]:
    drawings = [_drawing(args.segments, seed) for seed in range(2)]
    reference, target = (matcher.encode(drawing) for drawing in drawings)
    return {
        "encode_ms": _median_ms(lambda: matcher.encode(drawings[0]), args.rounds),
        "match_ms": _median_ms(lambda: matcher.match([reference], target, [1]), args.rounds),
    }


def _median_ms(call: Callable[[], object], rounds: int) -> float:
    for _ in range(3):  # warm: kernels chosen, memory pools grown
        call()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def _drawing(count: int, seed: int) -> Descriptors:
    rng = np.random.default_rng(seed)
    edges = np.stack([np.arange(count - 1), np.arange(1, count)], axis=1).astype(np.int32)
    return Descriptors(
        rng.integers(0, 256, (count, 4, 32, 32), dtype=np.uint8),
        rng.standard_normal((count, len(SHAPE_FEATURES))).astype(np.float32),
        rng.random((count, 4)).astype(np.float32),
        edges,
        np.ones(len(edges), np.float32),
        (1080, 1920),
        3.0,
    )


def _print(device: str, figures: dict[str, float]) -> None:
    line = ", ".join(f"{name[:-3]} {value:.1f} ms" for name, value in figures.items())
    print(f"{device}: {line} a target")
