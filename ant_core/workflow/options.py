"""What `ant_core propagate` may be told, on the command line and in a batch."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NoReturn

from ant_core.errors import UsageError
from ant_core.workflow.option_types import add_common, add_device, add_fail_under, add_segmentation

__all__ = ["DESCRIPTION", "EXIT_CODES", "HELP", "Parser", "add_arguments", "parse_propagate"]

EXIT_CODES = """\
exit codes:
  0    done
  1    something unexpected happened, or single frames or shots failed
  2    the command line makes no sense
  3    done, but frames need review (only with --fail-under)
  4    the model is missing or damaged
  5    an input cannot be used, or the output not be written
  6    the device that was asked for is not available
  130  interrupted; finished frames stay, the same command goes on from there
"""

HELP = "colour a shot from its painted frames"
DESCRIPTION = """\
Colour every frame of a shot from the frames that are painted.

SHOT holds line/NNNN.png for every frame and color/NNNN.png for the painted ones.
OUT gets color/NNNN.png for every frame, report.json and contact_sheet.png.
Run it again after an edit: only what depends on the edit is computed again.
Frames changed in OUT are kept and learned from; files of others are left alone.

SHOT may be a Krita document, SHOT.kra. OUT is then one too: the same document with the missing
frames in its colour layer, ready to be reviewed in Krita.
"""


class Parser(argparse.ArgumentParser):
    """Raises instead of exiting, so that every error ends the same way."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of `ant_core propagate`."""
    add_segmentation(command)
    add_common(command)
    add = command.add_argument
    add("shot", metavar="SHOT", nargs="?", help="folder of the shot, or a .kra file")
    add(
        "--out",
        metavar="OUT",
        help="folder for the painted frames and the report; for a .kra file the document to write",
    )
    add(
        "--in-place",
        action="store_true",
        help="write into SHOT.kra itself; the document as it was is kept as SHOT.kra~",
    )
    add(
        "--line",
        metavar="PATTERN",
        action="append",
        help="line drawings: a folder or a pattern such as A_%%04d.png, A_####.png, 'line/*.png', "
        "relative to SHOT; of a .kra file a layer or group, and several when given again",
    )
    add(
        "--color",
        metavar="PATTERN",
        help="painted frames, named likewise; of a .kra file the colour layer, made if it is new",
    )
    add(
        "--references",
        metavar="FRAMES",
        help="learn from these painted frames only, such as 1,24 (default: all painted frames)",
    )
    add("--frames", metavar="FRAMES", help="colour these frames only, such as 1-48,60")
    add(
        "--cel",
        action="append",
        metavar="NAME",
        help="colour this cel of the shot, each with its own painted frames, into OUT/NAME; may be "
        "given again. Its drawings are NAME/line, line/NAME, line/NAME_*.* or line/*.NAME.*, or "
        "where {cel} stands in --line and --color",
    )
    add(
        "--xdts",
        metavar="FILE",
        help="exposure sheet: colour each drawing that it shows once, of every cel or of those "
        "named with --cel; the report tells when each is shown",
    )
    add(
        "--expose",
        action="store_true",
        help="with --xdts, also write OUT/exposed/CEL: one file for every frame of the sheet",
    )
    add(
        "--model-sheet",
        action="append",
        metavar="FILE",
        help="learn also from this coloured picture outside the shot, of any size: a turn-around "
        "with its lines baked in, or a layered .ora or .psd file; may be given again",
    )
    add(
        "--palette",
        metavar="FILE",
        help="name the colours in the report by this palette: .gpl, .aco, .ase or .kpl",
    )
    _add_keeping(command)


def _add_keeping(command: argparse.ArgumentParser) -> None:
    """Add what the artist fixed, what is kept, and what matches."""
    add = command.add_argument
    add("--hints", metavar="FILE", help="JSON file of hints and locks")
    add(
        "--lock",
        metavar="FRAMES",
        help="keep the painted files that these frames have in OUT, and learn from them",
    )
    add(
        "--overwrite",
        action="store_true",
        help="also replace painted files in OUT that were made or changed by others",
    )
    add(
        "--model",
        metavar="FILE",
        help="model file, or the name of one that ant_core models lists (default: the one in the "
        "package)",
    )
    add_device(command)
    add_fail_under(command)


def parse_propagate(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options of one `ant_core propagate`; UsageError when they make no sense.

    Parameters
    ----------
    arguments : sequence of str
        What would follow `ant_core propagate` on the command line.
    """
    parser = Parser(prog="ant_core propagate", allow_abbrev=False)
    add_arguments(parser)
    return parser.parse_args(arguments)
