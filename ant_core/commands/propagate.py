"""`ant_core propagate`: a shot with some painted frames in, every frame painted out."""

from __future__ import annotations

import argparse
import threading
from typing import TYPE_CHECKING

from ant_core.workflow.options import DESCRIPTION, HELP, add_arguments, options_of

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter
    from ant_core.workflow.outcome import Outcome

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Colour a shot; see `ant_core propagate --help`."""
    from ant_core.workflow import propagate

    chosen = options_of(options)
    return propagate.run(chosen, reporter, cancel, files, frame_events=options.json)
