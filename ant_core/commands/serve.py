"""`ant_core serve`: the engine of a painting program, spoken to over stdin and stdout."""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING

from ant_core.workflow.option_types import add_common
from ant_core.workflow.outcome import Outcome

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "work for a painting program, which starts this itself"
DESCRIPTION = """\
Work for a painting program, such as Krita with its plug-in, which starts this itself. Requests
come over stdin and answers go to stdout, in the form that docs/protocol.md describes; text for
people goes to stderr. It ends when stdin does, or when the program that started it is gone.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command: all but this one come with the first request."""
    add_common(parser, json=False)


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Serve until the client is gone; see `ant_core serve --help`."""
    from ant_core.engine.process import end_with_parent, reserve_streams
    from ant_core.engine.server import serve

    del options, reporter, cancel, files
    end_with_parent()
    incoming, outgoing = reserve_streams()
    serve(incoming, outgoing)
    return Outcome()
