"""`ant_core finetune`: adapt a model to a production, from its own coloured frames.

`run` alone imports `ant_core.training.network`, which needs PyTorch.
"""

from __future__ import annotations

import argparse
import io
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_core.commands.train import need_torch
from ant_core.errors import AntError, OutputError
from ant_core.workflow.option_types import add_common, add_device, minutes, share, whole
from ant_core.workflow.outcome import Outcome

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "adapt a model to a production, from its coloured frames"
DESCRIPTION = """\
Train a model further on the coloured frames of SHOTs (line/ and color/, as propagate takes them)
and write it as a new model. Every third coloured frame is held out; the share of its segments
that get the right colour is told before and after, and a model that is worse is not kept.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add = parser.add_argument
    add("shots", metavar="SHOT", nargs="+", type=Path, help="folder with line/ and color/")
    add("--out", type=Path, required=True, metavar="NEW.antmodel", help="model to write")
    add(
        "--model",
        type=Path,
        metavar="FILE",
        help="model file to start from (default: the one in the package)",
    )
    add("--minutes", type=minutes, default=5.0, metavar="M", help="time to train (default: 5)")
    add(
        "--pairs",
        type=whole(1),
        metavar="N",
        help="end after so many pairs of drawings: on one machine's CPU the same model every time, "
        "where --minutes are enough for them",
    )
    add_device(parser, "where to train")
    add(
        "--cycle",
        type=share,
        metavar="W",
        help="weight of the cycle loss, which tells parts of one colour apart (default: 0, of "
        "ant_paper the paper's 0.25)",
    )
    add("--seed", type=int, default=0, help="another seed gives another model (default: 0)")
    add_common(parser)


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Finetune; see `ant_core finetune --help`."""
    need_torch()
    from dataclasses import replace

    from ant_core.matching.model_file import default_model
    from ant_core.training.network.config import TrainConfig
    from ant_core.training.network.finetune import check, finetune, read_production
    from ant_core.training.network.restore import read_model

    if options.out.is_dir():
        raise OutputError(f"{options.out} is a folder: name a file, such as my_show.antmodel")
    files.make_folder(options.out.parent)
    model, manifest = read_model(options.model or default_model())
    production = read_production(options.shots, options.seed)
    before = check(model, production)
    reporter.say(
        f"{production.frames} coloured frames; held out: {production.segments} segments, "
        f"{before:.1f} % right before"
    )
    config = TrainConfig(
        network=manifest["name"],
        minutes=options.minutes,
        pairs=options.pairs or 0,
        device=options.device,
        learning_rate=1e-4,  # an eighth of the rate of training: what is known shall stay
        seed=options.seed,
    )
    if options.cycle is not None:
        table = "paper" if config.network == "ant_paper" else "switches"
        changed = replace(getattr(config, table), cycle_weight=options.cycle)
        config = replace(config, **{table: changed})
    total = options.pairs or round(options.minutes * 60)

    def notify(seconds: float, pairs: int, loss: float) -> None:
        event = {"seconds": round(seconds), "pairs": pairs, "loss": round(loss, 4)}
        done = pairs if options.pairs else round(seconds)
        reporter.progress(min(done, total), total, f"loss {loss:.3f}", event)

    tuned = finetune(model, production, config, notify=notify, cancel=cancel)
    after = check(tuned, production)
    scores = {
        "frames": production.frames,
        "segments": production.segments,
        "before": round(before, 2),
        "after": round(after, 2),
    }
    reporter.say(f"{after:.1f} % right after")
    if after < before:
        raise AntError(
            f"the adapted model is worse on the frames held out ({after:.1f} against "
            f"{before:.1f} %) and was not kept: give it more coloured frames, or use the old one"
        )
    _write(tuned, options.out, manifest, scores, files)
    return Outcome(text=str(options.out), event={"model": str(options.out), "finetuned": scores})


def _write(
    model: Any, out: Path, manifest: dict[str, Any], scores: dict[str, Any], files: WholeFiles
) -> None:
    """Export, with the confidence of the model it comes from, and compare with PyTorch.

    What lies at `out` is replaced once the new model is known to be good.
    """
    from ant_core.training.network.export import TOLERANCE, compare, pack_model

    kept = ("name", "no_counterpart_threshold", "confidence")
    data = pack_model(model, {**{key: manifest[key] for key in kept}, "finetuned": scores})
    difference = compare(model, io.BytesIO(data))
    if difference > TOLERANCE["float32"]:
        raise AntError(
            f"the written model differs from the trained one by {difference:.2g} and was not "
            "kept: run again with --device cpu"
        )
    files.write(out, data)
