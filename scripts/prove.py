#!/usr/bin/env python3
r"""Hold a model to every bar at once: all protocols, all baselines, one table.

    python scripts/prove.py --single SETS/scene3d_clean/fresh SETS/scene3d_single/fresh \
        --full SETS/film/fresh --drawn SHOTS --paper paper.antmodel --out proof

Sets are found by their layout, as `ant_core evaluate` does; those that are not given are "not
measured". OUT gets proof.md (what is printed), proof.json, calibration.png and worst_SET.png. Exit
code 0 when every bar is met, 1 when one is missed or not measured. Data of the fresh split is for
one run a release, never to choose a model; what is not the frozen split is refused: clips that it
does not name, a part of them without --limit, and other contents where those are recorded.
"""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ant_core import __version__
from ant_core.files import WholeFiles, json_bytes
from ant_core.matching.matcher import Matcher
from ant_core.matching.model_file import default_model
from ant_core.models.installed import locate
from ant_core.propagation.pipeline import limit_threads
from ant_core.training.data.fresh_clips import check_shots
from ant_core.training.data.sets import ShotSource, find_shots
from ant_core.training.evaluation.bars import OURS, PAPER, judge
from ant_core.training.evaluation.measure import Measured
from ant_core.training.evaluation.methods import (
    Flow,
    Method,
    ModelMethod,
    Overlap,
    Position,
    region_threshold_of,
)
from ant_core.training.evaluation.proof import as_document, as_markdown, prove
from ant_core.training.evaluation.reliability import draw_reliability
from ant_core.training.evaluation.worst_sheet import draw_worst
from scripts._subcommands import exit_code

SETS = {
    "single": "single characters in colour: clips or shots",
    "full": "full scenes in AnimeRun's layout",
    "drawn": "drawn ink: shots of line/ and truth/ pictures",
}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, text in SETS.items():
        parser.add_argument(f"--{name}", type=Path, nargs="+", default=[], help=text)
    parser.add_argument("--model", type=Path, default=default_model(), help="(default: embedded)")
    parser.add_argument("--paper", type=Path, help="ant_paper, trained on the same data")
    parser.add_argument("--out", type=Path, required=True, help="folder for table and pictures")
    parser.add_argument("--limit", type=int, help="take only so many shots of each folder")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--threads", type=int, help="CPU threads (default: all cores)")
    arguments = parser.parse_args()
    if not any(getattr(arguments, name) for name in SETS):
        parser.error("give a set: " + ", ".join(f"--{name}" for name in SETS))
    return arguments


def _paths(arguments: argparse.Namespace) -> dict[str, Path]:
    paths = {OURS: arguments.model, PAPER: arguments.paper}
    return {name: locate(path) for name, path in paths.items() if path is not None}


def _write(out: Path, measured: dict[str, Measured], about: dict[str, Any]) -> str:
    files, text = WholeFiles(), as_markdown(measured)
    files.make_folder(out)
    files.write(out / "proof.md", text.encode())
    files.write(out / "proof.json", json_bytes(as_document(measured, about)))
    results = {
        f"{name}, {protocol}": methods[OURS]
        for name, found in measured.items()
        for protocol, methods in found.results.items()
        if OURS in methods
    }
    curves = {name: r.reliability for name, r in results.items() if r.reliability.fills}
    if curves:
        files.write(out / "calibration.png", draw_reliability(OURS, curves))
    for name in ("single", "drawn"):
        if f"{name}, recursive" in results:
            sheet = draw_worst(results[f"{name}, recursive"].worst, OURS)
            files.write(out / f"worst_{name}.png", sheet)
    return text


def main() -> int:
    """Run the command line; return its exit code."""
    return exit_code(lambda: _run(_arguments()))


def _run(arguments: argparse.Namespace) -> int:
    limit_threads(arguments.threads)
    places = {name: getattr(arguments, name) for name in SETS if getattr(arguments, name)}
    fresh, compared = _check_fresh(places, arguments.limit)
    paths = _paths(arguments)
    models = {
        name: Matcher(path, arguments.device, arguments.threads) for name, path in paths.items()
    }
    methods: list[Method] = [Position(), Overlap(), Flow()]
    methods += [
        ModelMethod(m, name, region_threshold_of(paths[name])) for name, m in models.items()
    ]
    measured = prove(places, methods, threading.Event(), _scored, arguments.limit)
    about = {
        "ant_core": __version__,
        "sets_from": {name: [str(p) for p in paths] for name, paths in places.items()},
        "limit": arguments.limit,
        "fresh": {"shots": fresh, "compared_with_recorded_content": compared},
        "models": {
            name: {"name": m.model_name, "sha256": m.model_hash, "device": m.device}
            for name, m in models.items()
        },
    }
    print(_write(arguments.out, measured, about))
    verdicts = judge({name: found.results for name, found in measured.items()})
    return 0 if all(verdict.met for verdict in verdicts) else 1


def _check_fresh(places: dict[str, list[Path]], limit: int | None) -> tuple[int, int]:
    """Return how many shots are of the fresh split, and how many of these by recorded content."""
    shots = [s for paths in places.values() for path in paths for s in find_shots(path)[:limit]]
    fresh, compared = check_shots(shots, whole=limit is None)
    if compared < fresh:
        print(
            f"of {fresh} shots of the fresh split {fresh - compared} have no recorded content: "
            "only their names say that they are the frozen ones",
            file=sys.stderr,
        )
    return fresh, compared


def _scored(name: str, source: ShotSource) -> None:
    print(f"{name}: {source.name}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
