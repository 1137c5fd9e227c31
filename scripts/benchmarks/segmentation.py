"""Segmentation against its bars, default settings throughout.

Drawings with ground truth (see drawings.py) come from the folder given with --bench.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.files import json_bytes
from scripts.benchmarks import drawings
from scripts.benchmarks.drawings import BenchDrawing, Score
from segmentation import extract_lines, segment

ROOT = Path(__file__).resolve().parent.parent.parent
CLEAN = ("hd1080_one", "hd1080", "uhd2160", "uhd2160_wide")
ROUGH = "hd1080_rough"
RENDERED = ("hd1080_one", "hd1080")
TIMED = ("hd1080", "uhd2160")
ROUNDS = 15


@dataclass(frozen=True)
class BarRow:
    """One figure: what was asked, what was measured; met is None where there is no bar."""

    drawing: str
    figure: str
    bar: str
    measured: str
    met: bool | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--bench", type=Path, required=True, help="folder of the drawings")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")
    parser.add_argument(
        "--unseen", type=int, default=0, metavar="N",
        help="also N new sets of breaks, clean and in pencil, a clean drawing (no bars)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Measure everything, print the table; returns 1 when a bar is missed."""
    rows: list[BarRow] = []
    steps: list[Callable[[], Iterator[BarRow]]] = [
        lambda: quality(args.bench),
        lambda: renderings(args.bench),
        lambda: unseen(args.bench, args.unseen),
        lambda: sameness(args.bench),
        lambda: speed(args.bench),
        lambda: start_up(args.bench),
    ]
    for step in steps:
        for row in step():
            rows.append(row)
            mark = {True: "pass", False: "MISS", None: ""}[row.met]
            print(
                f"{row.drawing:26} {row.figure:44} {row.bar:>14} {row.measured:>18} {mark}",
                flush=True,
            )
    if args.json:
        args.json.write_bytes(json_bytes([asdict(row) for row in rows]))
    missed = sum(row.met is False for row in rows)
    print(f"{sum(row.met is True for row in rows)} bars met, {missed} missed")
    return 1 if missed else 0


def labels_of(drawing: BenchDrawing) -> NDArray[np.int32]:
    """Segment with default settings."""
    return segment(extract_lines(drawing.image)).labels


def quality(bench: Path) -> Iterator[BarRow]:
    """Every drawing of the bench as it is."""
    for name in (*CLEAN, ROUGH):
        drawing, _ = drawings.read(bench, name)
        result = drawings.score(drawing, labels_of(drawing))
        rough = name == ROUGH
        share = 0.97 if rough else 0.99
        yield at_most(name, "breaks that leak", result.leaked, 1 if rough else 0, result.gaps)
        yield recovered(name, result, share)
        yield at_most(name, "regions merged away", result.merged_away, 1 if rough else 0)
        yield at_most(name, "regions split", result.split, 8 if rough else 4)


def renderings(bench: Path) -> Iterator[BarRow]:
    """The clean 1080p drawings rendered in other ways."""
    for name in RENDERED:
        drawing, closed = drawings.read(bench, name)
        if closed is None:
            raise SystemExit(f"{bench}: {name}_closed.png is missing; it is needed to redraw lines")
        for variant in drawings.variants(drawing, closed, np.random.default_rng(1)):
            result = drawings.score(variant, labels_of(variant))
            yield at_most(variant.name, "breaks that leak", result.leaked, 1, result.gaps)
            yield recovered(variant.name, result, 0.93)


def unseen(bench: Path, sets: int) -> Iterator[BarRow]:
    """Breaks at new places, each set also redrawn in pencil."""
    for name in RENDERED if sets else ():
        _, closed = drawings.read(bench, name)
        assert closed is not None
        for seed in range(sets):
            rng = np.random.default_rng([2, seed])
            clean = drawings.recut(closed, rng, f"{name}, new breaks {seed}")
            pencil = drawings.roughened(clean, rng)
            for drawing in (clean, drawings.replace(pencil, name=f"{name}, in pencil {seed}")):
                result = drawings.score(drawing, labels_of(drawing))
                text = (
                    f"{result.leaked} of {result.gaps}, {result.recovered} of {result.regions}, "
                    f"{result.merged_away}, {result.split}"
                )
                yield BarRow(drawing.name, "leaks, recovered, merged, split", "", text, None)


def at_most(name: str, figure: str, value: int, bar: int, of: int | None = None) -> BarRow:
    """Build the row of a count that should be small."""
    measured = f"{value} of {of}" if of is not None else f"{value}"
    return BarRow(name, figure, f"<= {bar}", measured, value <= bar)


def recovered(name: str, result: Score, share: float) -> BarRow:
    """Build the row of the regions recovered at IoU > 0.8."""
    measured = f"{result.recovered} of {result.regions}"
    met = result.recovered >= share * result.regions
    return BarRow(name, "regions recovered", f">= {share:.0%}", measured, met)


def sameness(bench: Path) -> Iterator[BarRow]:
    """The same label map on one and two threads, and twice in a row."""
    before = cv2.getNumThreads()
    for name in (*CLEAN, ROUGH):
        drawing, _ = drawings.read(bench, name)
        maps = []
        for threads in (1, 2, 2):
            cv2.setNumThreads(threads)
            maps.append(labels_of(drawing))
        same = all(np.array_equal(maps[0], other) for other in maps[1:])
        yield BarRow(
            name, "same labels, 1 and 2 threads, twice", "yes", "yes" if same else "no", same
        )
    cv2.setNumThreads(before)


def speed(bench: Path) -> Iterator[BarRow]:
    """Lines and segments against the floor, side by side in the same run."""
    before = cv2.getNumThreads()
    for name in TIMED:
        image = drawings.read(bench, name)[0].image
        for threads in (1, 2):
            cv2.setNumThreads(threads)
            ours, floor = [], []
            for _ in range(ROUNDS):
                floor.append(seconds(physical_floor, image))
                ours.append(seconds(lines_and_segments, image))
            own, least = statistics.median(ours), statistics.median(floor)
            ratio = own / least
            what = f"time against the floor, {threads} thread{'s' * (threads > 1)}"
            text = f"{ratio:.1f} x ({1000 * own:.0f} ms)"
            yield BarRow(name, what, "<= 4.0 x", text, ratio <= 4)
    cv2.setNumThreads(before)


def physical_floor(image: NDArray[Any]) -> None:
    """Threshold, 4-connected components, L2 distance transform: what any method must pay."""
    _, mask = cv2.threshold(image, drawings.PAPER, 255, cv2.THRESH_BINARY)
    cv2.connectedComponents(mask, connectivity=4)
    cv2.distanceTransform(mask, cv2.DIST_L2, 5)


def lines_and_segments(image: NDArray[Any]) -> None:
    """What is timed of ours: image to label map."""
    segment(extract_lines(image))


def seconds(call: Callable[[NDArray[Any]], None], image: NDArray[Any]) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    call(image)
    return time.perf_counter() - start


FIRST_CALL = """
import sys, time
start = time.perf_counter()
import numpy as np
from segmentation import extract_lines, segment
image = np.load(sys.argv[1])
segment(extract_lines(image))
print(time.perf_counter() - start)
"""


def start_up(bench: Path) -> Iterator[BarRow]:
    """A new process with cached kernels, and one that must compile."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "drawing.npy")
        np.save(picture, drawings.read(bench, "hd1080")[0].image)
        first_call(picture)
        took = statistics.median(first_call(picture)[0] for _ in range(3))
        yield BarRow(
            "new process", "import and first call, kernels cached", "< 1.5 s", f"{took:.2f} s",
            took < 1.5,
        )  # fmt: skip
        took, said = first_call(picture, NUMBA_CACHE_DIR=folder)
        tells = "compil" in said
        yield BarRow(
            "new process", "a first call that compiles says so", "yes",
            f"{'yes' if tells else 'no'} ({took:.0f} s)", tells,
        )  # fmt: skip


def first_call(picture: Path, **environment: str) -> tuple[float, str]:
    """Seconds in a new process and what it said on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_CALL, str(picture)],
        cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return float(done.stdout), done.stderr
