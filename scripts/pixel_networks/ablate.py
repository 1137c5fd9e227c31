"""Experiments of one table, trained side by side in one time box and scored on the same clips.

    [few_references]           # a name; the options are those of a run's file
    network = "few_references"
    share = 0.6                # of the time box; 1 where it is left out
    tune = 60                  # steps: also scored after tuning on three painted frames

    [temporal]
    network = "temporal"
    after = "few_references"   # begins when that has ended, with its best.pt as `color`

Each experiment is a process of its own, which trains and then is scored while others go on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).parents[1] / "pixels.py"
_TUNED_ON = "3"  # painted frames


@dataclass(frozen=True)
class _Experiment:
    name: str
    config: Any
    after: str
    tune: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("table", metavar="TABLE", type=Path, help="TOML file with a table an experiment")
    add("--clips", type=Path, required=True, help="folder with train, validation and test")
    add("--out", type=Path, required=True, help="folder; gets a run a name, and results.json")
    add("--minutes", type=float, required=True, help="time box of training")
    add("--jobs", type=int, default=0, help="so many train at a time, in order; 0 = all")
    add("--no-plain", action="store_true", help="do not score plain ways beside them")
    add("--references", nargs="+", default=["1", "2", "3", "4", "5"], help="painted frames a clip")
    add("--hints", nargs="+", default=["1", "5", "10", "20"], help="dots a frame")


def run(args: argparse.Namespace) -> int:
    """Train and score all; returns the exit code."""
    args.out.mkdir(parents=True, exist_ok=True)
    experiments = _read(args)
    ended: dict[str, Future[None]] = {}
    jobs = args.jobs or len(experiments)
    with ThreadPoolExecutor(jobs) as lanes, ThreadPoolExecutor(2 * len(experiments) + 1) as pool:
        scored = [] if args.no_plain else [pool.submit(_score, args, "plain", [], _given(args))]
        for one in experiments:
            before = ended.get(one.after)
            ended[one.name] = lanes.submit(_train, args, one, before)
            scored += [pool.submit(_scored, args, one, ended[one.name], tune) for tune in (0, 1)]
    rows = [row for path in sorted(args.out.glob("*.json")) for row in _rows(path)]
    results = {"rows": rows, "runs": {one.name: _log(args.out / one.name) for one in experiments}}
    (args.out / "results.json").write_text(json.dumps(results, indent=1))
    failed = [str(one.exception()) for one in (*ended.values(), *scored) if one.exception()]
    print("\n".join(failed), file=sys.stderr)
    return 1 if failed else 0


def _read(args: argparse.Namespace) -> list[_Experiment]:
    from ant_core.errors import UsageError
    from ant_core.training.network.options import checked, read_document
    from ant_core.training.pixels.config import EXAMPLES, PixelConfig

    document: Mapping[str, Any] = read_document(args.table, "scripts/pixels.py ablate --help")
    experiments: list[_Experiment] = []
    for name, table in document.items():
        share, after, tune = (table.pop(key, None) for key in ("share", "after", "tune"))
        if after and after not in {one.name for one in experiments}:
            raise UsageError(f"{name} in {args.table} is after {after}: put that above it")
        values = checked(PixelConfig, table, f"{args.table}, {name}")
        config = replace(EXAMPLES[values["network"]], **values)
        config = replace(config, minutes=args.minutes * (share or 1.0))
        if after:
            config = replace(config, color=str(args.out / after / "best.pt"))
        experiments.append(_Experiment(name, config, after or "", tune or 0))
    return experiments


def _call(folder: Path, name: str, *words: object) -> None:
    """Run a subcommand, its words in a file; RuntimeError when it fails."""
    with (folder / f"{name}.txt").open("w") as file:
        command = [sys.executable, str(_SCRIPT), *map(str, words)]
        done = subprocess.run(
            command, stdout=file, stderr=subprocess.STDOUT, check=False, env=os.environ
        )
    if done.returncode:
        raise RuntimeError(f"{name} failed: see {folder / name}.txt")


def _train(args: argparse.Namespace, one: _Experiment, before: Future[None] | None) -> None:
    from ant_core.training.network.options import explained

    if before is not None:
        before.result()
    begun = time.perf_counter()
    path = args.out / f"{one.name}.toml"
    path.write_text("\n".join(explained(one.config)) + "\n")
    words = ("train", path, "--clips", args.clips, "--out", args.out / one.name)
    _call(args.out, one.name, *words)
    print(f"{one.name} trained in {time.perf_counter() - begun:.0f} s", flush=True)


def _scored(args: argparse.Namespace, one: _Experiment, trained: Future[None], tune: int) -> None:
    """Score an experiment when it has been trained; with `tune`, tuned if it is to be."""
    trained.result()
    best = args.out / one.name / "best.pt"
    if not tune:
        sheet = ["--sheet", args.out / f"{one.name}.png"]
        _score(args, one.name, [best, "--no-plain"], [*_given(args), *sheet])
    elif one.tune:
        words = [best, "--no-plain", "--tune", one.tune]
        _score(args, f"{one.name}_tuned", words, ["--references", _TUNED_ON])


def _given(args: argparse.Namespace) -> list[Any]:
    return ["--references", *args.references, "--hints", *args.hints]


def _score(args: argparse.Namespace, name: str, words: list[Any], given: list[Any]) -> None:
    """Score what the first of the words names; not again what was scored alike before."""
    scores = args.out / f"{name}.json"
    where = ("--clips", args.clips / "test", "--json", scores, "--threads", 1)
    asked = "\n".join(map(str, ("evaluate", *words, *given, *where)))
    note = args.out / f"{name}.asked"
    best = words[0].stat().st_mtime if words else 0.0
    if scores.exists() and scores.stat().st_mtime > best and _text(note) == asked:
        return
    note.unlink(missing_ok=True)
    _call(args.out, f"{name}_scores", *asked.split("\n"))
    note.write_text(asked)
    print(f"{name} scored", flush=True)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _rows(path: Path) -> list[dict[str, Any]]:
    found = json.loads(path.read_text())
    return found if isinstance(found, list) else []  # results.json of a sitting before


def _log(folder: Path) -> list[dict[str, Any]]:
    """Return the lines of a run's log that tell how it validated."""
    path = folder / "log.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in map(json.loads, lines) if "validation" in line]
