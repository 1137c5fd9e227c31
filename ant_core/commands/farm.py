"""`ant_core farm`: hand a batch to a render farm."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ant_core.commands.batch import add_list_arguments, list_options

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter
    from ant_core.workflow.outcome import Outcome

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "write a batch as a job for a render farm"
DESCRIPTION = """\
Write a batch as a job for a render farm. One task is one whole shot, because its frames depend on
each other; a last task collects the summary.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands and their options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    text = "write a job template and the list of shots it needs into a folder"
    export = actions.add_parser("export", help=text, description=text, allow_abbrev=False)
    add_list_arguments(export)
    add = export.add_argument
    add("--format", choices=("openjd",), required=True, help="openjd: Open Job Description 2023-09")
    add("--out", required=True, metavar="FOLDER", help="folder for the job")


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Write the job; see `ant_core farm export --help`."""
    from ant_core.batch.openjd import export
    from ant_core.batch.options import ListOptions

    del cancel
    chosen = ListOptions(**list_options(options))
    return export(chosen, Path(options.out), reporter, files)
