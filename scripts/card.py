#!/usr/bin/env python3
r"""Write the card of a model file, with every figure and picture, and its registry entry.

    python scripts/card.py --model ant_core/models/default.antmodel --version 0.2.0 \
        --notes docs/models/default.md --proof proof --run ours=runs/main --run ant_paper=runs/paper

The card takes what the file says of itself, the notes, licence and credit of every source, the
splits, what scripts/prove.py wrote into the folder PROOF, and the curves of the runs. Card, entry
and pictures are written beside the file, and with --release into a folder of releases as well.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ant_core.errors import UsageError
from ant_core.files import read_bytes
from ant_core.models.release import describe, write_beside, write_release
from ant_core.training.evaluation.card import card_notes
from ant_core.training.network.curves import draw_curves, read_log
from scripts._subcommands import exit_code

ROOT = Path(__file__).resolve().parents[1]
# Files of a proof, and what the card says below them.
PICTURES = {
    "calibration.png": "What the model says of its fills against what they turn out to be",
    "worst_single.png": "Single characters: the surest wrong fills and the largest wrong segments",
    "worst_drawn.png": "Drawn ink: the surest wrong fills and the largest wrong segments",
}
CURVES = "Loss and validation of the runs, over the pairs seen"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="NAME.antmodel")
    parser.add_argument("--version", required=True, help="of the model, such as 0.2.0")
    parser.add_argument("--notes", type=Path, required=True, help="Markdown by hand")
    parser.add_argument("--proof", type=Path, help="folder that scripts/prove.py wrote")
    parser.add_argument(
        "--run", action="append", default=[], metavar="NAME=FOLDER", help="run to draw curves of"
    )
    parser.add_argument("--release", type=Path, help="folder of releases to add it to")
    return parser.parse_args()


def _curves(runs: list[str]) -> bytes:
    logs = {}
    for run in runs:
        name, equals, folder = run.partition("=")
        if not equals:
            raise UsageError(f"--run takes NAME=FOLDER, got {run!r}: name the run for the legend")
        logs[name] = read_log(Path(folder) / "log.jsonl")
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "curves.png"
        draw_curves(logs, picture)
        return picture.read_bytes()


def _write(arguments: argparse.Namespace) -> None:
    name, version = arguments.model.stem, arguments.version
    pictures: dict[str, bytes] = {}
    captions: dict[str, str] = {}
    proof = ""
    if arguments.proof:
        proof = read_bytes(arguments.proof / "proof.md").decode()
        for file, caption in PICTURES.items():
            if (arguments.proof / file).exists():
                pictures[f"{name}-{version}.{file}"] = read_bytes(arguments.proof / file)
                captions[f"{name}-{version}.{file}"] = caption
    if arguments.run:
        pictures[f"{name}-{version}.curves.png"] = _curves(arguments.run)
        captions[f"{name}-{version}.curves.png"] = CURVES
    third_party = read_bytes(ROOT / "THIRD_PARTY.md").decode()
    notes = card_notes(read_bytes(arguments.notes).decode(), third_party, proof, captions)
    entry = describe(arguments.model, name, version, notes=notes)
    write_beside(entry, arguments.model, pictures=pictures)
    if arguments.release:
        write_release(entry, arguments.model, arguments.release, pictures=pictures)


def main() -> int:
    """Run the command line; return its exit code."""
    return exit_code(lambda: _write(_arguments()))


if __name__ == "__main__":
    sys.exit(main())
