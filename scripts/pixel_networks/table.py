"""The results of `ablate` as the tables of docs/pixel_networks.md."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ant_core.reporter import markdown_table

_KINDS = (("painted frames", "painted"), ("dots a frame", "hints"))
_ALONE = (("SSIM", "ssim", ".2f"), ("warp error", "warp_error", ".1f"))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("results", metavar="RESULTS", type=Path, help="results.json of ablate")


def run(args: argparse.Namespace) -> int:
    """Print them; returns the exit code."""
    from ant_core.errors import InputError

    try:
        found = json.loads(args.results.read_text("utf-8"))
        lines = _tables(found["rows"], found["runs"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{args.results} holds no results of scripts/pixels.py ablate ({error!r}): name its "
            "results.json"
        ) from error
    print("\n".join(lines))
    return 0


def _tables(rows: list[dict[str, Any]], runs: dict[str, list[dict[str, float]]]) -> list[str]:
    dotted = {row["way"] for row in rows if row["hints"]}
    lines = []
    for title, key in _KINDS:
        of_kind = [row for row in rows if (row["way"] in dotted) == (key == "hints")]
        if of_kind:
            lines += [f"PSNR / SC-PSNR in dB by the number of {title}:", ""]
            lines += [_scores(of_kind, key), ""]
    trained = [
        (name, f"{log[-1]['pairs']:,}", f"{log[-1]['seconds'] / 3600:.2f}", _best(log))
        for name, log in runs.items()
        if log
    ]
    titles = ("run", "pictures", "hours", "best validation, dB")
    return [*lines, markdown_table([titles, *trained])]


def _scores(rows: Iterable[dict[str, Any]], key: str) -> str:
    """Return a table with a row a way; SSIM and warp error are of its lowest number."""
    ways: dict[str, dict[int, dict[str, Any]]] = {}
    for row in rows:
        ways.setdefault(row["way"].replace("/best.pt", ""), {})[row[key]] = row
    counts = sorted({count for found in ways.values() for count in found})
    cells = [["way", *map(str, counts), *(title for title, _, _ in _ALONE)]]
    for way, found in ways.items():
        first = found[min(found)]
        alone = [format(first[name], form) for _, name, form in _ALONE]
        cells.append([way, *(_both(found.get(count)) for count in counts), *alone])
    return markdown_table(cells)


def _both(row: dict[str, Any] | None) -> str:
    return "" if row is None else f"{row['psnr']:.1f} / {row['sc_psnr']:.1f}"


def _best(log: Iterable[dict[str, float]]) -> str:
    return f"{max(line['validation'] for line in log):.1f}"
