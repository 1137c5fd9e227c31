"""`ant_core train`: a network from stored clips, by an experiment's file.

`run` alone imports `ant_core.training.network`, which needs PyTorch.
"""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_core.errors import UsageError
from ant_core.workflow.option_types import add_common, minutes
from ant_core.workflow.outcome import Outcome

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "need_torch", "run"]

HELP = "train a network on stored clips"
DESCRIPTION = """\
Train a network on clips that scripts/generate.py made: CLIPS holds train/ and validation/.
CONFIG is a TOML file of options; --example prints one with every option explained.
RUN gets last.pt, best.pt, log.jsonl and curves.png; the same command goes on where it stopped.
On several GPUs: torchrun --nproc-per-node N -m ant_core train CONFIG ...
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add = parser.add_argument
    add("config", metavar="CONFIG", nargs="?", help="TOML file of the experiment")
    add(
        "--example",
        nargs="?",
        const="ant_relative",
        metavar="NETWORK",
        help="print a CONFIG with every option, of ant_relative or ant_paper (as published), and "
        "end",
    )
    add("--clips", type=Path, metavar="CLIPS", help="folder with train/*.npz and validation/*.npz")
    add("--out", type=Path, metavar="RUN", help="folder of the run")
    add("--minutes", type=minutes, metavar="M", help="time box, instead of the one in CONFIG")
    add_common(parser)


def need_torch() -> None:
    """Raise UsageError where PyTorch is not installed."""
    try:
        import torch  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise UsageError(
            'training needs PyTorch: install it with pip install "ant-core[train]"'
        ) from error


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Train; see `ant_core train --help`."""
    del files
    need_torch()
    from dataclasses import replace

    from ant_core.training.network.config import defaults, example, read_config

    if options.example:
        text = example(defaults(options.example))
        return Outcome(text=text.rstrip("\n"), event={"config": text})
    missing = [name for name in ("config", "clips", "out") if getattr(options, name) is None]
    if missing:
        names = ", ".join("CONFIG" if name == "config" else f"--{name}" for name in missing)
        raise UsageError(f"{names} missing: name the experiment's file, its clips and a run folder")
    config = read_config(Path(options.config))
    if options.minutes is not None:
        config = replace(config, minutes=options.minutes)
    return _train(config, options, reporter, cancel)


def _train(
    config: Any, options: argparse.Namespace, reporter: Reporter, cancel: threading.Event
) -> Outcome:
    from ant_core.training.network.curves import draw_curves, read_log
    from ant_core.training.network.train import train

    picture = options.out / "curves.png"

    def notify(line: dict[str, Any]) -> None:
        done, total = round(line["seconds"]), round(config.minutes * 60)
        if "validation" in line:
            scores = ", ".join(f"{k} {v:.1f} %" for k, v in sorted(line["validation"].items()))
            text = f"{line['pairs']} pairs, validation: {scores}"
            draw_curves({config.network: read_log(options.out / "log.jsonl")}, picture)
        else:
            text = f"{line['pairs']} pairs, loss {line['loss']:.3f}"
        reporter.progress(min(done, total), total, text, line)

    best = train(config, options.clips, options.out, notify=notify, cancel=cancel)
    event = {"run": str(options.out), "curves": str(picture), "validation": best}
    for kind, score in sorted(best.items()):
        reporter.say(f"best validation, {kind}: {score:.1f} %")
    return Outcome(text=str(options.out / "best.pt"), event=event)
