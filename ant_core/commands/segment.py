"""`ant_core segment`: the segments of one line drawing."""

from __future__ import annotations

import argparse
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from ant_core.workflow.option_types import add_common, add_segmentation

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.reporter import Reporter
    from ant_core.workflow.outcome import Outcome

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "write the segments of one line drawing"
DESCRIPTION = """\
Write the segments of one line drawing as a 16-bit label map: 0 is line, 1..N are segments.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_segmentation(parser)
    add_common(parser)
    add = parser.add_argument
    add("line", metavar="LINE.png", help="line drawing")
    add("--out", required=True, metavar="LABELS.png", help="label map, 16-bit grey")
    add("--layer", metavar="NAME", help="read this layer of an OpenEXR file")
    add("--preview", metavar="PREVIEW.png", help="also draw the segments in distinct colours")


def run(
    options: argparse.Namespace,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Segment one drawing; see `ant_core segment --help`."""
    from ant_core.workflow import segment

    return segment.run(
        Path(options.line),
        Path(options.out),
        preview_path=Path(options.preview) if options.preview else None,
        gap_px=options.gap,
        rough=options.rough,
        layer=options.layer,
        threads=options.threads,
        reporter=reporter,
        cancel=cancel,
        files=files,
    )
