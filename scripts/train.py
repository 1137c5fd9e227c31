#!/usr/bin/env python3
"""Train a network on stored clips; `python scripts/train.py --help` lists the options."""

from __future__ import annotations

import argparse
import json
from dataclasses import fields
from pathlib import Path

from ant_core.network.train import TrainConfig, train


def main() -> None:
    """Parse the command line, train, print the best validation scores as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--clips", type=Path, required=True, help="folder of train/ and validation/"
    )
    parser.add_argument("--run", type=Path, required=True, help="run folder; goes on where it was")
    for option in fields(TrainConfig):
        name = "--" + option.name.replace("_", "-")
        if isinstance(option.default, bool):
            parser.add_argument(name, action="store_true")
        else:
            parser.add_argument(name, type=type(option.default), default=option.default)
    options = vars(parser.parse_args())
    clips, run = options.pop("clips"), options.pop("run")
    print(json.dumps(train(TrainConfig(**options), clips, run)))


if __name__ == "__main__":
    main()
