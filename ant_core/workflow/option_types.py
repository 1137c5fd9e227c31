"""What the options of several commands share: their kinds of values, and those that recur."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ant_core.matching.review import REVIEW_BELOW
from ant_core.propagation.options import GAP_PX, SHARE, THREADS
from ant_core.workflow.propagate_options import PERCENT

__all__ = [
    "add_common",
    "add_device",
    "add_review",
    "add_segmentation",
    "minutes",
    "percent",
    "pixels",
    "place",
    "share",
    "whole",
]

Kind = Callable[[str], Any]


def _number(kind: type, least: float, most: float, name: str) -> Kind:
    """Return a type for argparse: a number from `least` to `most`."""

    def read(text: str) -> Any:
        value = kind(text)
        if not least <= value <= most:
            raise ValueError
        return value

    read.__name__ = name  # argparse puts it into "invalid ... value"
    return read


def whole(least: int, most: int | None = None) -> Kind:
    """Return a type for argparse: a whole number from `least` to `most`, without limit if None."""
    if most is None:
        return _number(int, least, float("inf"), f"whole number ({least} or more)")
    return _number(int, least, most, f"whole number ({least} to {most})")


share = _number(float, *SHARE, "share (0 to 1)")
pixels = _number(float, *GAP_PX, "width in pixels (0 to 256)")
minutes = _number(float, 1e-3, 1e6, "number of minutes (more than 0)")


def place(text: str) -> tuple[int, int]:
    """Read a place in pixels, such as 120,45, for argparse."""
    x, y = text.split(",")
    return int(x), int(y)


def percent(text: str) -> float:
    """Read a share in percent, with or without its sign, for argparse."""
    value = float(text.strip().removesuffix("%"))
    if not PERCENT[0] <= value <= PERCENT[1]:
        raise ValueError
    return value


percent.__name__ = "share in percent (0 to 100)"  # argparse puts it into "invalid ... value"


def add_segmentation(parser: argparse.ArgumentParser) -> None:
    """Add --gap, --rough and --threads."""
    parser.add_argument(
        "--gap",
        type=pixels,
        metavar="PX",
        help="close gaps in lines up to this width (default: from line width and picture size)",
    )
    parser.add_argument(
        "--rough",
        choices=("auto", "keep", "ignore"),
        default="auto",
        help="whether a light coloured sketch under the ink belongs to the lines (default: auto, "
        "told by its pressure and disorder)",
    )
    parser.add_argument(
        "--threads", type=whole(*THREADS), metavar="N", help="CPU threads (default: all cores)"
    )


def add_common(parser: argparse.ArgumentParser, *, json: bool = True) -> None:
    """Add --json, unless the command has one of its own, and --debug."""
    if json:
        text = "one JSON event a line on stdout, the result last"
        parser.add_argument("--json", action="store_true", help=text)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def add_device(parser: argparse.ArgumentParser, what: str = "where the network runs") -> None:
    """Add --device."""
    parser.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda"),
        default="auto",
        help=f"{what} (default: auto, CUDA where it works)",
    )


def add_line_and_color(parser: argparse.ArgumentParser) -> None:
    """Add where drawings and painted frames lie, to a command that only looks at a shot."""
    parser.add_argument(
        "--line",
        metavar="PATTERN",
        action="append",
        help="line drawings, as in ant_core propagate; layers of a .kra file",
    )
    parser.add_argument(
        "--color", metavar="PATTERN", help="painted frames, as in ant_core propagate"
    )
    add_layer(parser)


def add_layer(parser: argparse.ArgumentParser) -> None:
    """Add --layer."""
    parser.add_argument(
        "--layer",
        action="append",
        metavar="NAME",
        help="read this layer of OpenEXR files (default: the only one, or the plain picture); "
        "line=NAME and color=NAME where lines and painted frames have different ones",
    )


def add_review(parser: argparse.ArgumentParser) -> None:
    """Add --review-below, and what fails a job: --fail-over and --fail-under."""
    add = parser.add_argument
    add(
        "--review-below",
        type=share,
        metavar="SHARE",
        default=REVIEW_BELOW,
        help=f"a segment whose confidence is below this is doubtful (default: {REVIEW_BELOW:g})",
    )
    add(
        "--fail-over",
        type=percent,
        metavar="PERCENT",
        help="exit with 3 when more than this share of a shot's segments is doubtful, such as 5%%",
    )
    add(
        "--fail-under",
        type=share,
        metavar="SHARE",
        help="exit with 3 when the confidence of any segment is below this, or it has no "
        "counterpart",
    )
