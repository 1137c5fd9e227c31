#!/usr/bin/env python3
"""Measure what each idea is worth: one short training run an idea, all on the same clips.

    python scripts/ablate.py --clips CLIPS --out RUNS --pairs 3000 --threads 1
    python scripts/ablate.py --clips CLIPS --out RUNS --only ours --only no_graph
    python scripts/ablate.py --clips CLIPS --out RUNS --data DATA --docs docs/ablations.md

Runs that have a result in RUNS/results.jsonl are not made again. CLIPS holds what
scripts/generate.py made; with --data the bent single drawings of `self_reference` are made beside
it, of the same sources and seeds as the training clips.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ant_core.training.network.ablation import EXPERIMENTS, ablate
from ant_core.training.network.ablation_table import insert, tables
from ant_core.training.network.config import TrainConfig
from ant_core.training.network.self_reference import bent_maker
from ant_core.training.synthesis.clip import write_clip
from ant_core.training.synthesis.source import load_source
from scripts._subcommands import exit_code


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=Path, required=True, help="folder with train, validation")
    parser.add_argument("--out", type=Path, required=True, help="results.jsonl and the runs")
    parser.add_argument("--only", action="append", choices=list(EXPERIMENTS), metavar="NAME")
    parser.add_argument("--pairs", type=int, default=3000, help="training pairs of each run")
    parser.add_argument("--tokens", type=int, default=800, help="segments of a training step")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--validate-clips", type=int, default=8, help="of each kind")
    parser.add_argument("--data", type=Path, help="what generate.py took, for self_reference")
    parser.add_argument("--docs", type=Path, help="Markdown page whose tables are replaced")
    return parser.parse_args()


def _bend(clips: Path, data: Path) -> None:
    for path in sorted((clips / "train").glob("*.npz")):
        source, seed = path.stem.rsplit("_", 1)
        maker = bent_maker(load_source(source))
        write_clip(maker, data, clips / "self_reference" / path.name, "train", int(seed))


def main() -> int:
    """Run the command line; return its exit code."""
    return exit_code(lambda: _run(_arguments()))


def _run(arguments: argparse.Namespace) -> None:
    os.nice(10)
    start = time.monotonic()
    base = TrainConfig(
        pairs=arguments.pairs,
        tokens=arguments.tokens,
        threads=arguments.threads,
        validate_clips=arguments.validate_clips,
        full_precision=True,
    )

    def notify(text: str) -> None:
        print(f"[{time.monotonic() - start:.0f} s] {text}", file=sys.stderr, flush=True)

    if arguments.data:
        _bend(arguments.clips, arguments.data)
    names = arguments.only or list(EXPERIMENTS)
    text = tables(ablate(names, arguments.clips, arguments.out, base, notify))
    print(text)
    if arguments.docs:
        page = arguments.docs.read_text("utf-8")
        arguments.docs.write_text(insert(page, text), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
