"""`ant_core batch`: many shots in one go, on this machine or on a cluster.

`run` alone imports `ant_core.batch`: no other command waits for it.
"""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING, Any

from ant_core.workflow.option_types import (
    add_common,
    add_device,
    add_layer,
    add_review,
    pixels,
    whole,
)

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter
    from ant_core.workflow.outcome import Outcome

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "add_list_arguments", "list_options", "run"]

HELP = "colour many shots, several at a time"
DESCRIPTION = """\
Colour many shots. LIST is a folder of shots, a pattern such as 'shots/sc0*', or a file:

  night.txt    a line a shot: its path, then options as propagate takes them; # begins a comment
  night.csv    a row a shot; columns shot, name and any option of propagate (several values: a|b)
  night.json   paths and objects with the same keys, or {"defaults": {...}, "shots": [...]}

OUT gets a folder a shot, as propagate leaves it, and summary.html, summary.json, summary.csv.
One engine process colours one shot after the other; --jobs of them work side by side. A shot that
fails stops no other. Run it again after any stop: finished shots are known by the content of their
inputs and outputs, their options and the model, and are left alone.
"""


def add_list_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what names the shots and holds for all of them; shared with `ant_core farm`."""
    add = parser.add_argument
    add("lists", metavar="LIST", nargs="+", help="shots: a folder, a pattern, or a list of them")
    add("--line", metavar="PATTERN", help="line drawings of every shot, as for propagate")
    add("--color", metavar="PATTERN", help="painted frames of every shot, as for propagate")
    add_layer(parser)
    add(
        "--model-sheet",
        action="append",
        metavar="FILE",
        help="learn also from this coloured picture, in every shot; may be given again",
    )
    add(
        "--gap",
        type=pixels,
        metavar="PX",
        help="close gaps in lines up to this width, in every shot",
    )
    add("--model", metavar="FILE", help="model file or name (default: the one in the package)")
    add_device(parser)
    add_review(parser)
    add(
        "--threads",
        type=whole(1, 1024),
        metavar="N",
        help="CPU threads of an engine (default: its share)",
    )
    add_common(parser)


def list_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return what `add_list_arguments` asked for, by field of `ListOptions`."""
    from ant_core.workflow.gate import Gate

    return {
        "lists": tuple(options.lists),
        "line": options.line,
        "color": options.color,
        "layer": tuple(options.layer or ()),
        "model_sheet": tuple(options.model_sheet or ()),
        "gap": options.gap,
        "model": options.model,
        "device": options.device,
        "review_below": options.review_below,
        "gate": Gate(fail_over=options.fail_over, fail_under=options.fail_under),
        "threads": options.threads,
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_list_arguments(parser)
    add = parser.add_argument
    add("--out", required=True, metavar="OUT", help="folder for the results of all shots")
    add(
        "--jobs",
        type=whole(1, 1024),
        metavar="N",
        help="shots at the same time (default: one for every two cores; with CUDA, one)",
    )
    add(
        "--retries",
        type=whole(0, 100),
        default=1,
        metavar="N",
        help="how often a shot is begun again whose engine died (default: 1)",
    )
    add(
        "--only",
        metavar="NAME",
        action="append",
        default=[],
        help="colour only this shot of the list; may be given several times",
    )
    add(
        "--collect",
        action="store_true",
        help="colour nothing, write the summary of what is done (the last task of a farm's job)",
    )
    add(
        "--cluster",
        metavar="ADDRESS",
        help="run on the Dask cluster whose scheduler has this address, or on a local one: local",
    )


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Colour every shot of the list; see `ant_core batch --help`."""
    from ant_core.batch.command import batch
    from ant_core.batch.options import BatchOptions

    chosen = BatchOptions(
        **list_options(options),
        out=options.out,
        jobs=options.jobs,
        retries=options.retries,
        only=tuple(options.only),
        collect=options.collect,
        cluster=options.cluster,
    )
    return batch(chosen, reporter, cancel, files)
