"""A network as an ONNX file, compared with the checkpoint."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("checkpoint", metavar="BEST", type=Path, help="best.pt of a run")
    add("out", metavar="OUT", type=Path, help="ONNX file")
    add("--size", type=int, default=128, help="pixels a side (default 128)")


def run(args: argparse.Namespace) -> int:
    """Write and compare; returns the exit code."""
    from ant_core.training.pixels.export import export
    from ant_core.training.pixels.train import load_network

    config, network = load_network(args.checkpoint)
    difference = export(config, network, args.out, args.size)
    print(f"largest difference {difference:.2g}")
    return 0
