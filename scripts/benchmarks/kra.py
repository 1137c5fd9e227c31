"""Krita documents: time to read a frame, and the memory of a run over a long document.

A frame is unpacked from the zip and its tiles decoded; peak memory is that of a process of its own
that runs the command line over 100 frames of 1080p.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from ant_core.formats.kra.archive import KraArchive
from ant_core.formats.kra.document import KraDocument
from ant_core.formats.kra.reader import LineReader
from ant_core.formats.kra.spaces import space_named
from ant_core.formats.kra.tiles import encode_tiles
from scripts.benchmarks.cells import write_shot
from scripts.benchmarks.peak import measure
from tests.formats.kra_builder import Builder, Frame, Paint

_BAR_MS = 15
_BAR_MB = 700
_SIZE = (1920, 1080)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `scripts/benchmark.py kra`."""
    parser.add_argument("--frames", type=int, default=100, help="keyframes (default: 100)")
    parser.add_argument("--cells", type=int, default=300, help="segments a drawing (default: 300)")


def run(args: argparse.Namespace) -> int:
    """Measure, print, return 0 when every bar is met and 1 otherwise."""
    with tempfile.TemporaryDirectory(prefix="ant_core_bench_") as folder:
        path = Path(folder) / "long.kra"
        # Drawn by a process of its own: a child's peak counts what its parent held at the fork.
        job = (Path(folder), path, args.frames, args.cells)
        drawing = multiprocessing.get_context("spawn").Process(target=_document, args=job)
        drawing.start()
        drawing.join()
        milliseconds = _reading_ms(path)
        start = time.perf_counter()
        out = str(Path(folder) / "out.kra")
        layers = ["--line", "Lines", "--color", "Colors"]
        peak = measure(["propagate", str(path), "--out", out, *layers]).peak_mb
        seconds = time.perf_counter() - start
    print(f"read a line frame of 1080p: median {milliseconds:.1f} ms (bar {_BAR_MS})")
    print(f"{args.frames} frames: peak {peak:.0f} MB (bar {_BAR_MB}), {seconds:.1f} s in all")
    return 0 if milliseconds < _BAR_MS and peak < _BAR_MB else 1


class _Packed(Builder):
    """Packs pixels as Krita does, which takes the product's own encoder."""

    def _picture(self, layer: Paint, file: str, frame: Frame) -> None:
        space, bare = space_named(layer.space, ""), bytes(4)
        place = f"{self.name}/layers/{file}"
        self.members[place] = encode_tiles(frame.image, space, bare)
        self.members[place + ".defaultpixel"] = bare


def _document(folder: Path, path: Path, frames: int, cells: int) -> None:
    shot = folder / "shot"
    write_shot(shot, width=_SIZE[0], height=_SIZE[1], cells=cells, frames=frames)
    drawn = {}
    for time_ in range(frames):
        grey = cv2.imread(str(shot / "line" / f"{time_ + 1:04d}.png"), cv2.IMREAD_GRAYSCALE)
        ink = np.zeros((*grey.shape, 4), np.uint8)
        ink[:, :, 3] = 255 - grey
        drawn[time_] = Frame(ink)
    painted = cv2.imread(str(shot / "color" / "0001.png"), cv2.IMREAD_UNCHANGED)
    color = Frame(cv2.cvtColor(painted, cv2.COLOR_BGRA2RGBA))
    layers = [Paint("Lines", drawn), Paint("Colors", {0: color})]
    _Packed(*_SIZE).write(path, layers)


def _reading_ms(path: Path) -> float:
    document = KraDocument(KraArchive(path))
    (line,) = [layer for layer in document.walk() if layer.name == "Lines"]
    reader = LineReader(document, [line])
    reader.read(reader.frames[0])  # compiles
    taken = []
    for frame in reader.frames:
        start = time.perf_counter()
        reader.read(frame)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000
