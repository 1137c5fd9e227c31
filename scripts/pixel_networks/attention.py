"""What an scft network attends to, as a picture: red asks, green is what it takes from."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("checkpoint", metavar="BEST", type=Path, help="best.pt of an scft run")
    add("sheet", metavar="SHEET", type=Path, help="PNG: line, reference, painted; a row a clip")
    add("--clips", type=Path, required=True, help="folder with *.npz of a split that none has seen")


def run(args: argparse.Namespace) -> int:
    """Draw the sheet and print how often attention meets the true part; returns the exit code."""
    from ant_core.training.pixels.attention import agreement, attend, drawn
    from ant_core.training.pixels.pictures import clip_paths, load_pictures
    from ant_core.training.pixels.scft import Scft
    from ant_core.training.pixels.train import load_network

    _, network = load_network(args.checkpoint)
    clips = [load_pictures(path) for path in clip_paths(args.clips)]
    if not isinstance(network, Scft):
        print(f"{args.checkpoint} attends to no reference: name one of scft", file=sys.stderr)
        return 5
    rows, shares = [], []
    for number, clip in enumerate(clips):
        kind = number % len(clip.paints)
        for frame in range(1, len(clip.line)):
            view = attend(network, clip, kind, frame, 0)
            shares.append(agreement(view, clip.ids[frame], clip.ids[0]))
            if frame == len(clip.line) // 2:
                rows.append(drawn(view, clip, kind, frame, 0))
    known = [share for share in shares if share is not None]
    cv2.imwrite(str(args.sheet), np.vstack(rows)[..., ::-1])
    print(f"the cell attended to most shows the same part: {np.mean(known):.1%} of cells")
    return 0
