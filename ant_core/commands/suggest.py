"""`ant_core suggest`: which drawings of a shot to paint."""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING

from ant_core.workflow.option_types import whole
from ant_core.workflow.options import add_look, options_of_look

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter
    from ant_core.workflow.outcome import Outcome

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "name the drawings of a shot that are best painted"
DESCRIPTION = """\
Name the drawings from which the others can be coloured best, the most useful first.

Nothing need be painted yet: the line drawings are compared with one another. Frames that are
painted are taken into account, and further ones are named. Nothing is written.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_look(parser)
    add = parser.add_argument
    add(
        "--count",
        type=whole(1, 24),
        metavar="N",
        help="name so many (default: two to five where nothing is painted, as many as help; "
        "one where something is)",
    )


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Suggest frames to paint; see `ant_core suggest --help`."""
    from ant_core.workflow import suggest

    del files  # nothing is written
    chosen = options_of_look(options)
    return suggest.run(chosen, options.count, reporter, cancel)
