"""Training by an experiment's file."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

NETWORKS = ("scft", "few_references", "temporal", "spatial_attention")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("config", metavar="CONFIG", nargs="?", type=Path, help="TOML file of the experiment")
    add("--example", metavar="NETWORK", choices=NETWORKS, help="print a CONFIG, and end")
    add("--clips", type=Path, help="folder with train/*.npz and validation/*.npz")
    add("--out", type=Path, help="folder of the run; one that is there goes on")
    add("--minutes", type=float, help="time box, instead of the one in CONFIG")


def run(args: argparse.Namespace) -> int:
    """Train; returns the exit code."""
    from ant_core.errors import Cancelled
    from ant_core.training.pixels.config import example, read_config
    from ant_core.training.pixels.train import train

    if args.example:
        print(example(args.example), end="")
        return 0
    if None in (args.config, args.clips, args.out):
        print("name the experiment's file, --clips and --out", file=sys.stderr)
        return 2
    cancel = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: cancel.set())
    try:
        config = read_config(args.config)
        if args.minutes is not None:
            config = replace(config, minutes=args.minutes)
        best = train(config, args.clips, args.out, notify=_print, cancel=cancel)
    except Cancelled as error:
        print(error)
        return 0
    print(f"best validation: {best:.2f} dB")
    return 0


def _print(line: dict[str, float]) -> None:
    print(json.dumps({name: round(value, 4) for name, value in line.items()}), flush=True)
