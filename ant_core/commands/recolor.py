"""`ant_core recolor`: finished frames in the colours of another palette."""

from __future__ import annotations

import argparse
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ant_core.errors import Cancelled, InputError, UsageError
from ant_core.reporter import counted
from ant_core.workflow.option_types import add_common
from ant_core.workflow.outcome import Outcome

if TYPE_CHECKING:
    from ant_core.files import WholeFiles
    from ant_core.formats.sequence import SequenceReader
    from ant_core.reporter import Reporter

__all__ = ["DESCRIPTION", "HELP", "add_arguments", "run"]

HELP = "swap one palette for another in finished frames"
DESCRIPTION = """\
Swap the colours of one palette for those of another, by name: the night version of a day shot.

Every pixel that is exactly a colour of the first palette becomes the colour of that name in the
second. All others stay as they are, lines and anti-aliased edges among them, and are reported.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add = parser.add_argument
    add("frames", metavar="FRAMES", help="a folder or a pattern such as 'painted/color/A_*.png'")
    add("--from", required=True, dest="before", metavar="PALETTE", help=".gpl, .aco, .ase or .kpl")
    add("--to", required=True, dest="after", metavar="PALETTE", help="the same names, new colours")
    add("--out", required=True, metavar="OUT", help="folder for the frames and recolor.json")
    add_common(parser)


def run(
    options: argparse.Namespace, reporter: Reporter, cancel: threading.Event, files: WholeFiles
) -> Outcome:
    """Swap the palette of every frame; see `ant_core recolor --help`."""
    from ant_core.commands.recolor_frames import Recolorer
    from ant_core.files import json_bytes
    from ant_core.formats.palettes import read_palette
    from ant_core.formats.sequence import SequenceReader
    from ant_core.locks import alone

    reader, out = SequenceReader(options.frames), Path(options.out)
    if not reader.frames:
        raise InputError(f"{reader.pattern} names no frames: check the folder or the pattern")
    _refuse_overwriting(reader, out)
    before, after = read_palette(Path(options.before)), read_palette(Path(options.after))
    recolorer = Recolorer(before, after)
    path = out / "recolor.json"
    with alone(out / ".ant_core", out, files):
        for done, frame in enumerate(reader.frames, start=1):
            if cancel.is_set():
                raise Cancelled("stopped: finished frames stay, run the same command again")
            files.write(out / reader.name(frame), recolorer.recolor(reader, frame))
            reporter.progress(done, len(reader.frames), f"frame {frame}", {})
        event = {"frames": len(reader.frames)} | recolorer.report()
        files.write(path, json_bytes({"schema": 1, "kind": "recolor"} | event))
    _say(reporter, event)
    return Outcome(0, str(path), {"report": str(path)} | event)


def _refuse_overwriting(reader: SequenceReader, out: Path) -> None:
    if os.path.realpath(out) == os.path.realpath(reader.folder):
        raise UsageError(f"--out {out} is where the frames lie: choose another folder")


def _say(reporter: Reporter, event: dict[str, Any]) -> None:
    used = [item for item in event["swapped"] if item["pixels"]]
    reporter.say(f"{counted(event['frames'], 'frame')}, {counted(len(used), 'colour')} swapped")
    if event["unmatched_colors"]:
        reporter.say(
            f"{event['unmatched_colors']} colours of {event['unmatched_pixels']} pixels are in no "
            "palette and stay as they are"
        )
    for key, which in (("names_only_in_from", "--from"), ("names_only_in_to", "--to")):
        if event[key]:
            text = ", ".join(map(repr, event[key][:6])) + (", ..." if len(event[key]) > 6 else "")
            reporter.warn(f"only {which} has {text}")
