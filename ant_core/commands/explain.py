"""`ant_core explain`: why a segment got its colour."""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING

from ant_core.workflow.option_types import place, whole
from ant_core.workflow.options import add_look, options_of_look

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter
    from ant_core.workflow.outcome import Outcome

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "show what a segment attends to, and its best matches"
DESCRIPTION = """\
Draw what one segment of a frame attends to, layer by layer of the network, in its own drawing and
in the nearest painted frames, and its five best matches with their scores.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_look(parser)
    add = parser.add_argument
    add("--frame", type=int, required=True, metavar="F", help="the frame's number")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--segment", type=whole(1), metavar="N", help="the segment, as ant_core segment numbers it"
    )
    which.add_argument("--at", type=place, metavar="X,Y", help="a place in the segment, in pixels")
    add("--out", required=True, metavar="EXPLAINED.png", help="picture to write")


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Explain one segment; see `ant_core explain --help`."""
    from ant_core.workflow import explain

    chosen = options_of_look(options)
    asked = explain.ExplainOptions(
        frame=options.frame, segment=options.segment, at=options.at, out=options.out
    )
    return explain.run(chosen, asked, reporter, cancel, files)
