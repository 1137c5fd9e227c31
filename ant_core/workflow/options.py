"""The parser of `ant_core propagate`: `PropagateOptions` from a command line, a batch or JSON."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import partial
from typing import Any, NoReturn

from ant_core.errors import UsageError
from ant_core.shot.frames import FrameRanges, parse_frames, write_frames
from ant_core.workflow.option_types import (
    add_common,
    add_device,
    add_layer,
    add_line_and_color,
    add_review,
    add_segmentation,
)
from ant_core.workflow.propagate_options import PropagateOptions

__all__ = [
    "DESCRIPTION",
    "EXIT_CODES",
    "HELP",
    "Parser",
    "add_arguments",
    "add_look",
    "arguments_of",
    "options_from_json",
    "options_of",
    "options_of_look",
    "options_to_json",
    "parse_propagate",
]

EXIT_CODES = """\
exit codes:
  0    done
  1    something unexpected happened, or single frames or shots failed
  2    the command line makes no sense
  3    done, but the result is below --fail-over or --fail-under
  4    the model is missing or damaged
  5    an input cannot be used, or the output not be written
  6    the device that was asked for is not available
  130  interrupted; finished frames stay, the same command goes on from there
"""

HELP = "colour a shot from its painted frames"
DESCRIPTION = """\
Colour every frame of a shot from the frames that are painted.

SHOT holds line/NNNN.png for every frame and color/NNNN.png for the painted ones.
OUT gets color/NNNN.png for every frame, report.json, contact_sheet.png and review.html, the
page of segments that need a look.
Run it again after an edit: only what depends on the edit is computed again.
Frames changed in OUT are kept and learned from; files of others are left alone.

SHOT may be a Krita document, SHOT.kra. OUT is then one too: the same document with the missing
frames in its colour layer, ready to be reviewed in Krita.
"""


class Parser(argparse.ArgumentParser):
    """Raises instead of exiting, so that every error ends the same way."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the message."""
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
        "--shade",
        metavar="PATTERN",
        action="append",
        help="move this painted layer (shadow, highlight, blush) with the segments, into a folder "
        "of its name in OUT; named as painted frames are, and in a .kra file as layers are; may be "
        "given again",
    )
    add(
        "--surface",
        choices=("auto", "off"),
        default="off",
        help="auto: segments painted with texture, gradients or hard shadows keep them; where that "
        "is doubtful, and with off, they get one colour (default: off)",
    )
    add_layer(command)
    _add_frames(command)
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


def _add_frames(command: argparse.ArgumentParser) -> None:
    """Add which frames and cels are coloured, and which are learned from."""
    add = command.add_argument
    add(
        "--references",
        type=partial(_frames, "--references"),
        metavar="FRAMES",
        help="learn from these painted frames only, such as 1,24 (default: all painted frames)",
    )
    add(
        "--frames",
        type=partial(_frames, "--frames"),
        metavar="FRAMES",
        help="colour these frames only, such as 1-48,60",
    )
    add(
        "--cel",
        action="append",
        metavar="NAME",
        help="colour this cel of the shot, each with its own painted frames, into OUT/NAME; may be "
        "given again. Its drawings are NAME/line, line/NAME, line/NAME_*.* or line/*.NAME.*, or "
        "where {cel} stands in --line and --color; {cel} in --hints and --review-notes likewise",
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


def _add_keeping(command: argparse.ArgumentParser) -> None:
    """Add what the artist fixed, what is kept, and what matches."""
    add = command.add_argument
    add(
        "--hints",
        metavar="FILE",
        help="JSON file of hints, locks and rules of what is never coloured",
    )
    add(
        "--review-notes",
        metavar="FILE",
        help="notes that the review page saved: they are kept beside it, and shown by it again",
    )
    add(
        "--lock",
        type=partial(_frames, "--lock"),
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
    add_review(command)


def _frames(option: str, text: str) -> FrameRanges:
    """Read a list of frames for argparse; UsageError where it is none."""
    return tuple(parse_frames(text, option))


def parse_propagate(arguments: Sequence[str]) -> PropagateOptions:
    """Read the options of one `ant_core propagate`; UsageError when they make no sense.

    Parameters
    ----------
    arguments : sequence of str
        What would follow `ant_core propagate` on the command line.
    """
    parser = Parser(prog="ant_core propagate", allow_abbrev=False)
    add_arguments(parser)
    return options_of(parser.parse_args(arguments))


def add_look(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that only looks at a shot."""
    add_segmentation(parser)
    add_common(parser)
    parser.add_argument("shot", metavar="SHOT", help="folder of the shot, or a .kra file")
    add_line_and_color(parser)
    parser.add_argument(
        "--model", metavar="FILE", help="model file or name, as in ant_core propagate"
    )
    add_device(parser)


def options_of_look(parsed: argparse.Namespace) -> PropagateOptions:
    """Return the options of a parser that `add_look` was called on."""
    return PropagateOptions(
        shot=parsed.shot,
        line=tuple(parsed.line or ()),
        color=parsed.color,
        layer=tuple(parsed.layer or ()),
        gap=parsed.gap,
        rough=parsed.rough,
        threads=parsed.threads,
        model=parsed.model,
        device=parsed.device,
    )


def options_of(parsed: argparse.Namespace) -> PropagateOptions:
    """Return and check what the parser read; UsageError when it makes no sense.

    Parameters
    ----------
    parsed : argparse.Namespace
        Of a parser that `add_arguments` was called on.
    """
    values: dict[str, Any] = {}
    for field in fields(PropagateOptions):
        value = getattr(parsed, field.name)
        several = field.default == ()  # of an option that may be given again
        values[field.name] = tuple(value or ()) if several else value
    options = PropagateOptions(**values)
    options.check()
    return options


def options_to_json(options: PropagateOptions) -> dict[str, Any]:
    """Write options as a line of a batch in JSON has them, without those that have their default.

    Examples
    --------
    >>> options_to_json(PropagateOptions(shot="sc010", frames=((1, 48), (60, 60)), gap=8.0))
    {'gap': 8.0, 'shot': 'sc010', 'frames': '1-48,60'}
    """
    document: dict[str, Any] = {}
    for field in fields(options):
        value = getattr(options, field.name)
        if value == field.default:
            continue
        if field.name in ("references", "frames", "lock"):
            document[field.name] = write_frames(value)
        else:
            document[field.name] = list(value) if isinstance(value, tuple) else value
    return document


def options_from_json(document: Mapping[str, Any]) -> PropagateOptions:
    """Read what `options_to_json` wrote; UsageError when it is something else."""
    return parse_propagate(arguments_of(document))


def arguments_of(values: Mapping[str, Any]) -> list[str]:
    """Write options as arguments of `ant_core propagate`.

    Parameters
    ----------
    values : mapping
        By name, with or without underscores: text, numbers, lists (of numbers one list of
        frames, of text the option again and again), true for a flag. None, false and "" say
        nothing.

    Examples
    --------
    >>> arguments_of({"shot": "sc010", "model_sheet": ["a", "b"], "frames": [1, 24]})
    ['--model-sheet=a', '--model-sheet=b', '--frames=1,24', '--', 'sc010']
    """
    arguments = []
    for name, value in values.items():
        if name != "shot":
            option = f"--{name.replace('_', '-')}"
            arguments += [f"{option}={text}" if text else option for text in _texts(value)]
    # Last and after a mark, because its name may begin with a dash.
    return [*arguments, "--", *_texts(values.get("shot"))] if values.get("shot") else arguments


def _texts(value: Any) -> list[str]:
    """Write a value as options take it: [] for none, [""] for a flag, numbers in one list."""
    if value is None or value is False or value in ("", []):
        return []
    if value is True:
        return [""]
    if isinstance(value, list):
        if all(isinstance(item, int) for item in value):
            return [",".join(map(str, value))]
        return [str(item) for item in value]
    return [str(value)]
