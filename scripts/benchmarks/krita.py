"""How long a job of the plugin keeps Krita's event loop waiting, inside the real Krita.

A 1080p RGBA document with 60 drawn keys is coloured from one painted frame by the real engine. A
timer of 5 ms in Krita's event loop notes how late each of its beats comes; the plugin's own calls
into Krita are timed by kind.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ant_core.files import json_bytes
from scripts.benchmarks.cells import write_shot

_BAR_P99_MS, _BAR_MOST_MS = 300, 600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `scripts/benchmark.py krita`."""
    parser.add_argument("--drawings", type=int, default=60, help="drawn keys (default: 60)")
    parser.add_argument("--cells", type=int, default=300, help="segments a drawing (default: 300)")
    parser.add_argument("--tree", type=Path, help="system tree with another Krita")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")


def run(args: argparse.Namespace) -> int:
    """Measure, print a table, return 0 when every bar is met and 1 otherwise."""
    from tests.in_krita import runner

    krita = runner.Krita(args.tree.resolve() if args.tree else None)
    missing = krita.missing()
    if missing:
        print(f"not measured: {missing}")
        return 1
    with tempfile.TemporaryDirectory(prefix="ant_core_bench_") as folder:
        shot = Path(folder) / "shot"
        write_shot(shot, width=1920, height=1080, cells=args.cells, frames=args.drawings)
        report = runner.run(
            krita,
            ["pauses:a_long_run"],
            Path(folder) / "out",
            environment={"PAUSES_SHOT": str(shot), "SCENARIO_SECONDS": "1500"},
            shown=[shot],
            timeout=1800,
        )
    result = report.results["pauses:a_long_run"]
    if result["status"] != "passed":
        print(result["text"])
        return 1
    figures = _figures(report.version, result["values"])
    _print(figures)
    if args.json:
        args.json.write_bytes(json_bytes(figures))
    return 0 if figures["met"] else 1


def _figures(version: str, values: dict[str, Any]) -> dict[str, Any]:
    rows = {"event loop, late by": values["late_ms"], **values["calls_ms"]}
    table = {
        kind: {
            "count": len(ms),
            "median_ms": float(np.median(ms)),
            "p99_ms": float(np.percentile(ms, 99)),
            "most_ms": float(max(ms)),
        }
        for kind, ms in rows.items()
    }
    met = all(
        row["p99_ms"] < _BAR_P99_MS and row["most_ms"] < _BAR_MOST_MS for row in table.values()
    )
    return {
        "krita": version,
        "frames": values["frames"],
        "seconds": round(values["seconds"], 1),
        "pauses": table,
        "met": met,
    }


def _print(figures: dict[str, Any]) -> None:
    print(
        f"Krita {figures['krita']}: {figures['frames']} drawings of 1080p in "
        f"{figures['seconds']} s; bars: {_BAR_P99_MS} ms at the 99th percentile, "
        f"{_BAR_MOST_MS} ms at most"
    )
    print(f"{'':28}{'count':>7}{'median':>9}{'99 %':>9}{'most':>9}  ms")
    for kind, row in figures["pauses"].items():
        print(
            f"{kind:28}{row['count']:7}{row['median_ms']:9.1f}{row['p99_ms']:9.1f}"
            f"{row['most_ms']:9.1f}"
        )
    print("met" if figures["met"] else "MISSED")
