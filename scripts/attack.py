#!/usr/bin/env python3
"""Attack this project as bad files, kills, other processes and bad servers do, and count.

    python scripts/attack.py mutations --minutes 60
    python scripts/attack.py mutations --only tiff --case 123
    python scripts/attack.py kills --help

Every attack is bounded and seeded: what it found, it finds again. Exit code 0 when nothing was.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

ATTACKS = {
    "mutations": "damaged files and answers in every reader",
    "kills": "kills at random moments over every command that writes",
    "together": "two and three processes on one output",
    "giants": "files that claim to be giants, are none, or never end",
    "soak": "the memory of the engine over hours",
}


def main() -> int:
    """Run one attack; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="attack", required=True)
    for name, text in ATTACKS.items():
        command = commands.add_parser(name, help=text, description=text)
        # Loaded only when asked for: each needs packages that the others can do without.
        if sys.argv[1:2] == [name]:
            module = importlib.import_module(f"scripts.attacks.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    args = parser.parse_args()
    return int(args.run(args) or 0)


if __name__ == "__main__":
    sys.exit(main())
