#!/usr/bin/env python3
r"""Train in the background for as long as there are idle hours, on clips that are made beside it.

    python scripts/train_longer.py start --data DATA      # once; later without --data
    python scripts/train_longer.py status
    python scripts/train_longer.py pause                  # while anything is timed
    python scripts/train_longer.py resume
    python scripts/train_longer.py stop
    python scripts/train_longer.py decay --out DECAYED [--checkpoint pairs_N.pt]
    python scripts/export.py --run DECAYED --clips STATE/clips --version 1 --out new.antmodel

Two processes at the lowest priority, one thread each. They may be killed at any moment: `start`
goes on from the last checkpoint, at most 90 CPU seconds back. All lies in one folder (--state).
"""

from __future__ import annotations

import argparse
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import cv2
from platformdirs import user_cache_path

from ant_core.errors import UsageError
from ant_core.matching.model_file import default_model
from ant_core.training.network.background import Background, stopping
from ant_core.training.network.config import TrainConfig, example, read_config
from ant_core.training.network.data import SampleOptions
from ant_core.training.synthesis.source import SOURCES
from ant_core.training.synthesis.stream import StreamOptions, stream
from scripts._subcommands import exit_code

# From the shipped weights; most pairs a CPU second; validated once an hour.
_EXPERIMENT = TrainConfig(
    start_from=str(default_model()),
    device="cpu",
    threads=1,
    learning_rate=5e-4,
    validate_minutes=60,
    validate_clips=100,
    samples=SampleOptions(mutual=True),
)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    state = user_cache_path("ant_core", appauthor=False) / "training"
    parser.add_argument("--state", type=Path, default=state, help="folder of the training")
    parser.add_argument("--nice", type=int, default=19, help="priority; 19 takes idle time alone")
    commands = parser.add_subparsers(dest="command", required=True)
    start = commands.add_parser("start", help="start, or go on")
    start.add_argument("--data", type=Path, help="what generate.py takes; the first time only")
    start.add_argument("--experiment", type=Path, help="TOML file, as ant_core train takes it")
    start.add_argument("--source", action="append", choices=list(SOURCES), help="of the clips")
    start.add_argument("--kept", type=int, default=200, help="training clips that are kept")
    start.add_argument("--validation", type=int, default=3, help="clips of each source, twice")
    for name in ("status", "pause", "resume", "stop"):
        commands.add_parser(name)
    decay = commands.add_parser("decay", help="train on while the rate falls to zero")
    decay.add_argument("--out", type=Path, required=True, help="folder that gets best.pt")
    decay.add_argument("--checkpoint", type=Path, default=Path("last.pt"), help="in STATE/run")
    decay.add_argument("--share", type=float, default=0.15, help="of all pairs at its end")
    for name in ("generate", "train"):
        commands.add_parser(name, help="one of the two processes, in the foreground")
    return parser.parse_args()


def _start(background: Background, arguments: argparse.Namespace) -> None:
    if not background.is_set_up:
        if arguments.data is None:
            raise UsageError(
                "--data is needed the first time: the folder that holds glitch_avatars"
            )
        config = read_config(arguments.experiment) if arguments.experiment else _EXPERIMENT
        options = StreamOptions(
            data=arguments.data,
            sources=tuple(arguments.source or SOURCES),
            clips=arguments.kept,
            validation=arguments.validation,
        )
        background.set_up(options, example(replace(config, pool_clips=arguments.kept)))
    command = [sys.executable, str(Path(__file__).resolve()), "--state", str(background.folder)]
    started = background.start([*command, "--nice", str(arguments.nice)])
    print(f"started: {', '.join(started)}" if started else "both run already")


def _say(line: str) -> None:
    print(line, flush=True)


def _report(line: dict[str, Any]) -> None:
    if "validation" in line:
        _say(f"{line['pairs']} pairs, validation {line['validation']}")
    else:
        _say(f"{line['pairs']} pairs, loss {line['loss']:.3f}")


def _run(background: Background, arguments: argparse.Namespace) -> None:
    command = arguments.command
    if command == "start":
        _start(background, arguments)
    elif command in {"pause", "resume", "stop"}:
        getattr(background, command)()
    elif command == "generate":
        with background.living("generate", arguments.nice):
            stream(background.clips, background.stream_options(), background.pairs, _say)
    elif command == "train":
        from ant_core.training.network.longer import train_longer

        cancel, config = stopping(), read_config(background.experiment)
        with background.living("train", arguments.nice):
            train_longer(config, background.clips, background.run, cancel)
    elif command == "decay":
        _decay(background, arguments, stopping())
    if command in {"status", "pause", "resume", "stop"}:
        print("\n".join(background.status()))


def _decay(background: Background, arguments: argparse.Namespace, cancel: threading.Event) -> None:
    import os

    from ant_core.training.network.longer import decay

    os.nice(arguments.nice)
    checkpoint = background.run / arguments.checkpoint
    scores = decay(checkpoint, background.clips, arguments.out, arguments.share, cancel, _report)
    print(scores)


def main() -> int:
    """Run the command line; return its exit code."""
    arguments = _arguments()
    cv2.setNumThreads(1)
    return exit_code(lambda: _run(Background(arguments.state), arguments))


if __name__ == "__main__":
    sys.exit(main())
