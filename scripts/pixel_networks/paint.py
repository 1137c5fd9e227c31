"""A shot coloured by a network: an experiment, at its small size, with colours that it makes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

_INK = 128  # darker is ink


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("checkpoint", metavar="BEST", type=Path, help="best.pt of a run")
    add("--lines", type=Path, required=True, help="folder of line art, *.png, all of one size")
    add(
        "--painted",
        type=Path,
        nargs="+",
        required=True,
        help="painted frames, each with the name of its line art",
    )
    add("--out", type=Path, required=True, help="folder; gets a PNG a frame")
    add("--tune", type=int, metavar="STEPS", help="first tune the network on the painted frames")
    add("--size", type=int, default=128, help="pixels a side that the network sees (default 128)")


def run(args: argparse.Namespace) -> int:
    """Paint; returns the exit code."""
    from ant_core.training.pixels.drawn import read_on_white
    from ant_core.training.pixels.pictures import PictureClip, cut, square_box
    from ant_core.training.pixels.systems import painter
    from ant_core.training.pixels.train import load_network
    from ant_core.training.pixels.tune import tuned_painter

    names = sorted(path.name for path in args.lines.glob("*.png"))
    strange = [path.name for path in args.painted if path.name not in names]
    if not names or strange:
        what = f"no line art is named {strange[0]}" if strange else f"no *.png in {args.lines}"
        print(f"{what}: name frames alike in both places", file=sys.stderr)
        return 5
    lines = [read_on_white(args.lines / name)[..., 0] for name in names]
    painted = {names.index(path.name): read_on_white(path) for path in args.painted}
    config, network = load_network(args.checkpoint)
    if {one.shape[:2] for one in (*lines, *painted.values())} != {lines[0].shape}:
        print("line art and painted frames differ in size: scale them alike", file=sys.stderr)
        return 5
    box = square_box(np.any([line < _INK for line in lines], axis=0))
    small = np.stack([cut(line, box, args.size, cv2.INTER_AREA, 255) for line in lines])
    color = np.full((1, *small.shape, 3), 255, np.uint8)
    for frame, picture in painted.items():
        color[0, frame] = cut(picture, box, args.size, cv2.INTER_AREA, 255)
    truth = np.zeros(0, np.int16), np.zeros(0, np.float16), np.zeros(0, np.float16)
    clip = PictureClip(args.lines.name, ("given",), small, color, *truth)
    tune = args.tune or 0
    paint = tuned_painter(config, network, tune) if tune else painter(config, network)
    pictures = paint(clip, 0, sorted(painted))
    args.out.mkdir(parents=True, exist_ok=True)
    for name, picture in zip(names, pictures, strict=True):
        cv2.imwrite(str(args.out / name), _back(picture, box, lines[0].shape)[..., ::-1])
    return 0


def _back(
    picture: NDArray[np.uint8], box: tuple[int, int, int, int], shape: tuple[int, ...]
) -> NDArray[np.uint8]:
    """Put what was cut out into a white picture of the shot's size."""
    left, top, right, bottom = box
    large = cv2.resize(picture, (right - left, bottom - top), interpolation=cv2.INTER_CUBIC)
    whole = np.full((*shape[:2], 3), 255, np.uint8)
    rows = slice(max(0, top), min(shape[0], bottom))
    columns = slice(max(0, left), min(shape[1], right))
    whole[rows, columns] = large[
        rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]
    return whole
