"""Small painted clips, made one by one; those that are there stay."""

from __future__ import annotations

import argparse
from pathlib import Path

from ant_core.training.data.splits import SPLITS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("--data", type=Path, required=True, help="folder of the packs of 3D models")
    add("--out", type=Path, required=True, help="folder; gets SPLIT/*.npz")
    add("--split", choices=SPLITS, default="train")
    add("--clips", type=int, default=60, help="so many (default 60)")
    add("--first", type=int, default=0, help="number of the first (default 0)")
    add("--size", type=int, default=128, help="pixels a side, a multiple of 8 (default 128)")


def run(args: argparse.Namespace) -> int:
    """Make what is missing; returns the exit code."""
    from ant_core.training.pixels.make import make_pictures

    for seed in range(args.first, args.first + args.clips):
        path = args.out / args.split / f"{seed:06d}.npz"
        if not path.exists():
            make_pictures(args.data, args.split, seed, args.size, path)
            print(path, flush=True)
    return 0
