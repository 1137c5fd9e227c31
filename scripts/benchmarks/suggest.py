"""Errors of shots coloured from suggested drawings, beside drawings chosen without looking."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np

from ant_core.files import json_bytes
from ant_core.matching.matcher import Matcher
from ant_core.propagation.pipeline import limit_threads
from ant_core.propagation.suggest import spread
from ant_core.training.data.sets import find_shots
from ant_core.training.data.true_shots import TrueFrame
from ant_core.training.evaluation.methods import ModelMethod as Model
from ant_core.training.evaluation.protocols import MatchFrames, painted
from ant_core.training.evaluation.suggested import suggested

_COUNTS = (1, 2, 3, 4)
_FEWEST_DRAWINGS = 6


def _evenly(drawings: int, count: int) -> list[int]:
    """Return the middles of equal parts of the shot."""
    return sorted({int((2 * i + 1) * drawings / (2 * count)) for i in range(count)})


WAYS: dict[str, Callable[[int, int], list[int]]] = {
    "first and last": spread,
    "evenly spaced": _evenly,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `scripts/benchmark.py suggest`."""
    parser.add_argument(
        "--clips", type=Path, nargs="+", required=True, help="clips of validation, or folders"
    )
    parser.add_argument("--model", type=Path, help="model file (default: the one in the package)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")


def run(args: argparse.Namespace) -> int:
    """Measure, print, return 0 where suggested drawings leave the fewest errors at every count."""
    limit_threads(args.threads)
    model = Model(Matcher(args.model, "cpu", args.threads), "model")
    errors: dict[str, list[list[float]]] = {name: [] for name in ("suggested", *WAYS)}
    for source in (source for place in args.clips for source in find_shots(place)):
        frames = [frame for frame in source.read().frames if frame.count]
        if len(frames) < _FEWEST_DRAWINGS:
            continue
        best = suggested(frames, model, max(_COUNTS))
        errors["suggested"].append([_errors(frames, best[:count], model) for count in _COUNTS])
        for name, choose in WAYS.items():
            sets = [choose(len(frames), count) for count in _COUNTS]
            errors[name].append([_errors(frames, places, model) for places in sets])
        model.forget()
        told = ", ".join(f"{name} {_text(rows[-1])}" for name, rows in errors.items())
        print(f"{Path(source.name).name}: {told}", flush=True)
    means = {name: np.mean(rows, axis=0).tolist() for name, rows in errors.items()}
    print(f"wrong segments of {len(errors['suggested'])} shots, % of all, {_COUNTS} painted:")
    for name, figures in means.items():
        print(f"  {name:16} {_text(figures)}")
    if args.json:
        args.json.write_bytes(json_bytes({"painted": _COUNTS, "wrong": means}))
    best_of_others = np.min([means[name] for name in WAYS], axis=0)
    return 0 if bool((np.array(means["suggested"]) < best_of_others).all()) else 1


def _errors(frames: list[TrueFrame], places: list[int], model: Model) -> float:
    """Return the share of a shot's segments that are wrong when these drawings are painted."""
    match = cast("MatchFrames", model.match)
    score = painted(frames, places, match, model.confidence, model.no_counterpart_threshold)
    return (score.segments - score.right) / sum(frame.count for frame in frames)


def _text(shares: list[float]) -> str:
    return " / ".join(f"{100 * share:.1f}" for share in shares)
