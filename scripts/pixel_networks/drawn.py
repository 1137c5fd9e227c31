"""A clip of drawn frames, to be scored beside generated ones."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("--lines", type=Path, nargs="+", required=True, help="line art, a picture a frame")
    add("--painted", type=Path, nargs="+", required=True, help="the same frames, without lines")
    add("--out", type=Path, required=True, help="file that becomes the clip, NAME.npz")
    add("--size", type=int, default=128, help="pixels a side, a multiple of 8 (default 128)")


def run(args: argparse.Namespace) -> int:
    """Make it; returns the exit code."""
    from ant_core.training.pixels.drawn import make_drawn

    make_drawn(sorted(args.lines), sorted(args.painted), args.size, args.out)
    return 0
