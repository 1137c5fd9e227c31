#!/usr/bin/env python3
"""The networks of the seed papers that paint pixels: clips to learn from, training, figures.

    python scripts/pixels.py generate --data DATA --out pictures --split train --clips 60
    python scripts/pixels.py train --example scft > scft.toml
    python scripts/pixels.py train scft.toml --clips pictures --out runs/scft --minutes 60
    python scripts/pixels.py paint runs/scft/best.pt --lines SHOT --painted 1.png --out OUT
    python scripts/pixels.py evaluate runs/scft/best.pt --clips pictures/test

They make colours, the product does not: nothing of it calls them.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts._subcommands import exit_code, run_subcommand

COMMANDS = {
    "generate": "make small painted clips with exact truth",
    "drawn": "make a clip of frames that were drawn and painted",
    "train": "train a network, or go on with it",
    "ablate": "train a table of experiments side by side, and score them",
    "table": "print what ablate found as tables in Markdown",
    "evaluate": "score a network on clips beside plain ways to paint",
    "attention": "draw what an scft network takes its colours from",
    "paint": "colour a shot by a network, as an experiment",
    "export": "write a network as an ONNX file, and compare",
}


def main() -> int:
    """Run one of them; returns the exit code."""
    return exit_code(lambda: run_subcommand(__doc__, "scripts.pixel_networks", COMMANDS))


if __name__ == "__main__":
    sys.exit(main())
