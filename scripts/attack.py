#!/usr/bin/env python3
"""Attack this project as bad files, kills, other processes and bad servers do, and count.

    python scripts/attack.py mutations --minutes 60
    python scripts/attack.py mutations --only tiff --case 123
    python scripts/attack.py kills --help

Every attack is bounded and seeded: what it found, it finds again. Exit code 0 when nothing was.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts._subcommands import run_subcommand

ATTACKS = {
    "mutations": "damaged files and answers in every reader",
    "kills": "kills at random moments over every command that writes",
    "together": "two and three processes on one output",
    "protocol": "messages to the engine: damaged, giant, unknown, unread, cancelled in storms",
    "downloads": "servers that cut, stall, lie, redirect in circles, drip or speak no HTTP",
    "giants": "files that claim to be giants, are none, or never end",
    "soak": "the memory of the engine over hours",
}


def main() -> int:
    """Run one attack; returns the exit code."""
    return run_subcommand(__doc__, "scripts.attacks", ATTACKS)


if __name__ == "__main__":
    sys.exit(main())
