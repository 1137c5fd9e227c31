"""A table of what networks and plain ways reach on the same clips, and a sheet to look at."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ant_core.files import json_bytes

_COLUMNS = (
    ("PSNR", "psnr", "{:.2f}"),
    ("PSNR inside", "psnr_inside", "{:.2f}"),
    ("SSIM", "ssim", "{:.3f}"),
    ("SC-PSNR", "sc_psnr", "{:.2f}"),
    ("warp error", "warp_error", "{:.2f}"),
    ("Frechet", "frechet", "{:.3f}"),
)


@dataclass(frozen=True)
class _Row:
    """A way to paint: painted frames, hints a frame where it takes them instead."""

    name: str
    painted: int
    hints: int
    paint: Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add = parser.add_argument
    add("checkpoints", metavar="BEST", nargs="*", type=Path, help="best.pt of runs")
    add("--clips", type=Path, required=True, help="folder with *.npz of a split that none has seen")
    add("--references", type=int, nargs="+", default=[1], help="painted frames a clip (default 1)")
    add(
        "--hints",
        type=int,
        nargs="+",
        default=[10],
        help="dots a frame, where a network takes them",
    )
    add(
        "--tune", type=int, metavar="STEPS", help="also tune networks on each clip's painted frames"
    )
    add("--encoder", metavar="BEST", type=Path, help="scft whose features give Frechet distances")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=int, default=2, help="CPU threads of PyTorch (default 2)")
    add("--no-plain", action="store_true", help="networks alone")
    add("--sheet", type=Path, help="PNG: line, reference, truth, then each way, by rows")
    add("--json", type=Path, help="file that gets the figures too")


def run(args: argparse.Namespace) -> int:
    """Print the table; returns the exit code."""
    from ant_core.training.pixels.measure import encoder, measure
    from ant_core.training.pixels.pictures import clip_paths, load_pictures

    clips = [load_pictures(path) for path in clip_paths(args.clips)]
    rows = _rows(args, exact=all(clip.is_exact for clip in clips))
    encode = encoder(_scft(args.encoder)) if args.encoder else None
    print("| way | painted | hints | " + " | ".join(title for title, _, _ in _COLUMNS) + " |")
    print("| --- |" + " ---: |" * (2 + len(_COLUMNS)))
    found = []
    for row in rows:
        scores = measure(row.paint, clips, row.painted, encode)
        found.append({"way": row.name, "painted": row.painted, "hints": row.hints, **scores})
        cells = [form.format(scores[key]) if key in scores else "" for _, key, form in _COLUMNS]
        hints = row.hints or ""
        print(f"| {row.name} | {row.painted} | {hints} | {' | '.join(cells)} |", flush=True)
    known = "warp_error_truth" in scores
    steady = f"; warp error of the truth {scores['warp_error_truth']:.2f}" if known else ""
    print(f"{len(clips)} clips{steady}")
    if args.json:
        args.json.write_bytes(json_bytes(found))
    if args.sheet:
        cv2.imwrite(str(args.sheet), _sheet(clips, rows)[..., ::-1])
    return 0


def _rows(args: argparse.Namespace, *, exact: bool) -> list[_Row]:
    """Return what is to be measured, plain ways first."""
    from ant_core.training.network.machine import Machine
    from ant_core.training.pixels.plain import OF_PARTS, PLAIN
    from ant_core.training.pixels.systems import painter
    from ant_core.training.pixels.train import load_network
    from ant_core.training.pixels.tune import tuned_painter

    device = Machine(args.device, full_precision=True, threads=args.threads).device
    names = [] if args.no_plain else [name for name in PLAIN if exact or name not in OF_PARTS]
    plain = {name: PLAIN[name] for name in names}
    rows = [_Row(name, k, 0, paint) for name, paint in plain.items() for k in args.references]
    for path in args.checkpoints:
        config, network = load_network(path)
        network.to(device)
        name = f"{path.parent.name}/{path.name}"
        if config.network == "spatial_attention":
            rows += [_Row(name, 1, n, painter(config, network, n)) for n in args.hints]
            continue
        rows += [_Row(name, k, 0, painter(config, network)) for k in args.references]
        if args.tune:
            tuned = f"{name}, tuned"
            paint = tuned_painter(config, network, args.tune)
            rows += [_Row(tuned, k, 0, paint) for k in args.references]
    return rows


def _scft(path: Path) -> Any:
    from ant_core.errors import InputError
    from ant_core.training.pixels.scft import Scft
    from ant_core.training.pixels.train import load_network

    _, network = load_network(path)
    if not isinstance(network, Scft):
        raise InputError(f"{path} is no scft: name best.pt of one as the encoder")
    return network


def _sheet(clips: list[Any], rows: list[_Row]) -> np.ndarray:
    """Return of each clip the frame nearest to the middle that no row is given, by each way."""
    from ant_core.training.pixels.augment import spaced

    lines = []
    for number, clip in enumerate(clips):
        kind, frames = number % len(clip.paints), range(len(clip.line))
        given = {one for row in rows for one in spaced(len(frames), row.painted)}
        others = [one for one in frames if one not in given] or list(frames)
        frame = min(others, key=lambda one: abs(one - len(frames) // 2))
        line = np.repeat(clip.line[frame][..., None], 3, -1)
        painted = [
            row.paint(clip, kind, spaced(len(clip.line), row.painted))[frame] for row in rows
        ]
        lines.append(np.hstack([line, clip.color[kind, 0], clip.color[kind, frame], *painted]))
    return np.vstack(lines)
