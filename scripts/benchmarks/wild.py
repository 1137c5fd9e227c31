"""Drawings as people make them: segments and colours in every circumstance, default settings.

Two yardsticks for each figure, size and circumstance:

segments: the label map of one drawing against the truth: regions recovered at IoU > 0.8, colours
joined (summed over the segments: differently coloured regions less one), holes that leak, number
of segments by that of the clean drawing, time of lines and segments.

colors: a shot of two drawings in the circumstance, the first painted, through the command line;
share of the second drawing's regions that got the right colour, against the same shot with clean
closed lines. Painted frames that are hurt and pictures without lines have this one alone.

With --bench also the drawings that have no ground truth, and the bench drawing hd1080 as a figure
whose holes are widened.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.files import json_bytes
from scripts.benchmarks import drawings, wild_figures, wild_pictures, wild_shot
from scripts.benchmarks.wild_circumstances import CIRCUMSTANCES, Circumstance
from scripts.benchmarks.wild_lines import Truth
from scripts.benchmarks.wild_variants import Variant, clean

SIZES = (640, 1280, 1920)
# Of the regions that are right with clean closed lines, and of all.
_OF_CLEAN, _OF_ALL = 0.90, 0.85
# Holes widened on the bench drawing, and exit code of a picture without usable lines.
_OF_BENCH, _UNUSABLE = 0.95, 5
_SEGMENTS = 1.5
_ON_BENCH = ("holes x2", "holes x3", "holes 2 gaps", "holes 3 gaps")


@dataclass
class WildRow:
    """One figure at one size in one circumstance; None = not measured.

    Attributes
    ----------
    regions, recovered, joined, holes, leaked, segments, clean_segments, ms : the label map
    asked, right, clean_share, exit_code : the coloured shot; right of asked regions
    note : what else is to be said
    missed : bars that were missed, as text
    """

    circumstance: str
    figure: str
    size: int
    regions: int | None = None
    recovered: int | None = None
    joined: int | None = None
    holes: int | None = None
    leaked: int | None = None
    segments: int | None = None
    clean_segments: int | None = None
    ms: float | None = None
    asked: int | None = None
    right: int | None = None
    clean_share: float | None = None
    exit_code: int | None = None
    note: str = ""
    missed: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    names = ", ".join(wild_figures.NAMES)
    parser.add_argument("--figures", help=f"figures, with commas (default: {names})")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="longer sides in pixels")
    parser.add_argument(
        "--only", action="append", metavar="NAME",
        help=f"circumstances whose names begin so, may be given again: {', '.join(CIRCUMSTANCES)}",
    )  # fmt: skip
    parser.add_argument("--segments-only", action="store_true", help="leave the colouring out")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other holes and grain")
    parser.add_argument("--bench", type=Path, help="folder of the bench drawings, with wild/ in it")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write pictures and sheets there"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")


def run(args: argparse.Namespace) -> int:
    """Measure everything, print the table; returns 1 when a bar is missed."""
    print(
        f"{'circumstance':16} {'figure':9} {'size':>4} {'recovered':>10} {'joined':>6} "
        f"{'leaked':>7} {'segments':>11} {'ms':>6} {'right':>9} {'share':>6} {'clean':>6}"
    )
    rows = []
    for row in measured(args):
        rows.append(row)
        print(line(row), flush=True)
    if args.json:
        args.json.write_bytes(json_bytes([asdict(row) for row in rows]))
    if args.out:
        wild_pictures.sheets(args.out)
    for text in summary(rows):
        print(text)
    missed = sum(bool(row.missed) for row in rows)
    print(f"{len(rows) - missed} rows meet their bars, {missed} do not")
    return 1 if missed else 0


def measured(args: argparse.Namespace) -> Iterator[WildRow]:
    """Measure each circumstance on every figure and size that were asked for."""
    figures = args.figures.split(",") if args.figures else list(wild_figures.NAMES)
    if args.bench and not args.figures:
        figures.append("bench")
    wanted = [
        name for name in CIRCUMSTANCES
        if not args.only or name.startswith(tuple(args.only))
    ]  # fmt: skip
    for size in map(int, args.sizes.split(",")):
        for figure in figures:
            for name in wanted:
                row = _row(args, name, figure, size)
                if row is not None:
                    yield row
    if args.bench and not args.only:
        for text, missed in wild_pictures.without_truth(args.bench):
            yield WildRow("picture", "", 0, note=text, missed=missed)


def _row(args: argparse.Namespace, name: str, figure: str, size: int) -> WildRow | None:
    """Measure one circumstance; None where it does not apply to the figure."""
    what = CIRCUMSTANCES[name]
    skipped = args.segments_only and (what.about != "lines" or name.startswith("cmyk"))
    if skipped or (what.redrawn and figure == "saha_ink"):
        return None
    if figure == "bench" and name not in _ON_BENCH:
        return None
    row = WildRow(name, figure, size)
    shown = variant(what, name, figure, size, 0, args.seed, args.bench)
    if args.out:
        wild_pictures.write(args.out, row.circumstance, figure, size, shown)
    if what.about == "lines" and not shown.cmyk:
        _segments(row, what, shown, args.bench)
    if not args.segments_only:
        _colors(row, what, shown, args)
    return row


def variant(
    what: Circumstance, name: str, figure: str, size: int, pose: int, seed: int, bench: Path | None
) -> Variant:
    """Build one pose of a figure in a circumstance, the same for the same seed."""
    place = zlib.crc32(f"{name} {figure}".encode())
    rng = np.random.default_rng([seed, place, size, pose])
    return what.make(wild_figures.load(figure, size, pose, bench), rng)


def _segments(row: WildRow, what: Circumstance, shown: Variant, bench: Path | None) -> None:
    """Fill in the first yardstick."""
    labels, row.ms = _labels(shown.lines)
    result = scored(shown.truth, labels)
    row.regions, row.recovered = result.regions, result.recovered
    row.segments, row.holes, row.leaked = int(labels.max()), result.gaps, result.leaked
    row.joined = joined_colors(shown.truth, labels)
    row.clean_segments = _clean_segments(row.figure, row.size, what.width_px, bench)
    if what.few_segments and row.segments > _SEGMENTS * row.clean_segments:
        row.missed += "segments "


def _labels(lines: NDArray[np.uint8]) -> tuple[NDArray[np.int32], float]:
    """Label map with default settings, and how many ms it took."""
    from segmentation import extract_lines, segment

    start = time.perf_counter()
    labels = segment(extract_lines(lines)).labels
    return labels, 1000 * (time.perf_counter() - start)


def scored(truth: Truth, labels: NDArray[np.int32]) -> drawings.Score:
    """Score a label map as the bench drawings are scored, its segments grown under their lines.

    Soft and dry lines have no sharp rim: what counts is which regions are apart.
    """
    counted = truth.counted_px
    drawing = drawings.BenchDrawing(
        "", np.zeros(0), truth.labels, truth.joins, counted, max(8, counted // 5)
    )
    return drawings.score(drawing, grown(labels))


def grown(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give every pixel of ink to the nearest segment."""
    if not labels.any():
        return labels
    return labels.ravel()[drawings.nearest_to(labels > 0)[1]]


def joined_colors(truth: Truth, labels: NDArray[np.int32]) -> int:
    """Sum over the segments of the colours of the regions they own, less one each.

    A segment owns a region when it holds most of it.
    """
    labels, size = grown(labels), int(labels.max()) + 1
    keys, shared = np.unique(truth.labels.astype(np.int64) * size + labels, return_counts=True)
    owned: dict[int, set[bytes]] = {}
    for region in truth.counted():
        inside = (keys // size == region) & (keys % size > 0)
        if inside.any():
            owner = int(keys[inside][shared[inside].argmax()] % size)
            owned.setdefault(owner, set()).add(truth.colors[region].tobytes())
    return sum(len(colors) - 1 for colors in owned.values())


@lru_cache(maxsize=64)
def _clean_segments(figure: str, size: int, width_px: float | None, bench: Path | None) -> int:
    """Segments of the same figure with closed lines of the same width."""
    plain = clean(wild_figures.load(figure, size, 0, bench), np.random.default_rng(0), width_px)
    return int(_labels(plain.lines)[0].max())


def _colors(row: WildRow, what: Circumstance, shown: Variant, args: argparse.Namespace) -> None:
    """Fill in the second yardstick."""
    target = variant(what, row.circumstance, row.figure, row.size, 1, args.seed, args.bench)
    done = wild_shot.colour(shown, target)
    row.exit_code = done.exit_code
    if what.about == "unusable":
        row.missed += "" if done.exit_code == _UNUSABLE else f"exit code {done.exit_code} "
        row.note = done.said
        return
    row.asked = len(target.truth.counted())
    row.right = len(wild_shot.right(target, done.painted))
    row.clean_share = _clean_share(row.figure, row.size, what.width_px, args.bench)
    row.missed += _color_bars(row)
    if done.exit_code:
        row.note = done.said
    if args.out:
        wild_pictures.write_result(args.out, row.circumstance, row.figure, row.size, target, done)


def _color_bars(row: WildRow) -> str:
    """Name the bars that the colours miss."""
    assert row.asked is not None
    assert row.right is not None
    assert row.clean_share is not None
    share = row.right / max(1, row.asked)
    if row.figure == "bench":
        return f"under {_OF_BENCH:.0%} " if share < _OF_BENCH else ""
    missed = f"under {_OF_ALL:.0%} " if share < _OF_ALL else ""
    return missed + (
        f"under {_OF_CLEAN:.0%} of clean " if share < _OF_CLEAN * row.clean_share else ""
    )


@lru_cache(maxsize=64)
def _clean_share(figure: str, size: int, width_px: float | None, bench: Path | None) -> float:
    """Share of regions that are right with closed lines of the same width."""
    reference, target = (
        clean(wild_figures.load(figure, size, pose, bench), np.random.default_rng(0), width_px)
        for pose in (0, 1)
    )
    done = wild_shot.colour(reference, target)
    return len(wild_shot.right(target, done.painted)) / max(1, len(target.truth.counted()))


def line(row: WildRow) -> str:
    """One row of the table."""

    def part(text: str, *needed: Any) -> str:
        return "" if None in needed else text.format(*needed)

    share = None if row.right is None else row.right / max(1, row.asked or 0)
    return (
        f"{row.circumstance:16} {row.figure:9} {row.size:4} "
        f"{part('{} of {}', row.recovered, row.regions):>10} {part('{}', row.joined):>6} "
        f"{part('{} of {}', row.leaked, row.holes):>8} "
        f"{part('{}/{}', row.segments, row.clean_segments):>10} {part('{:.0f}', row.ms):>6} "
        f"{part('{} of {}', row.right, row.asked):>9} {part('{:.0%}', share):>6} "
        f"{part('{:.0%}', row.clean_share):>6} "
        f"{'MISS ' + row.missed if row.missed else ''}{row.note[:150]}"
    ).rstrip()


def summary(rows: list[WildRow]) -> Iterator[str]:
    """One line a circumstance over all figures and sizes."""
    for name in dict.fromkeys(row.circumstance for row in rows):
        some = [row for row in rows if row.circumstance == name]
        text = f"total {name:16}"
        regions = sum(row.regions or 0 for row in some)
        if regions:
            recovered = sum(row.recovered or 0 for row in some)
            text += f" recovered {recovered / regions:6.1%}, "
            text += f"colours joined {sum(row.joined or 0 for row in some)}, "
            text += f"leaked {sum(row.leaked or 0 for row in some)} "
            text += f"of {sum(row.holes or 0 for row in some)}, segments by clean up to "
            ratios = [
                r.segments / max(1, r.clean_segments)
                for r in some
                if r.segments and r.clean_segments
            ]
            text += f"{max(ratios, default=0):.1f}"
        asked = sum(row.asked or 0 for row in some)
        if asked:
            right = sum(row.right or 0 for row in some)
            text += f" | right {right / asked:6.1%}"
        text += f" | rows missed {sum(bool(row.missed) for row in some)} of {len(some)}"
        yield text
