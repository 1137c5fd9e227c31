"""Which frames of the bundled shot the docker shows amber, and whether a look is worth it.

The shot's truth says which segments are wrong. A frame is right where none of more than 200 pixels
is. "Before" is the rule that made a frame amber for any doubtful segment.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ant_core.api import ColoredFrame, propagate
from ant_core.training.data.majority import majority
from ant_core.training.data.pictures import color_numbers, read_picture
from krita_plugin.propagate_colors.state import review

SHOT = Path(__file__).parents[2] / "samples" / "saha"
WAYS = ((1,), (7,), (14,), (1, 14), (4, 10))  # frames that are painted
MOST_AMBER = 1 / 3  # of the right frames


class Judged(NamedTuple):
    """One segment of a coloured frame."""

    wrong: bool
    large: bool
    doubtful: bool
    worth_it: bool


class Figures(NamedTuple):
    """What a rule makes of frames."""

    right: int  # frames without a large wrong segment
    amber: int  # of these
    wrong: int  # large segments
    unmarked: int  # of these
    marked: int  # segments
    marked_wrong: int  # of these


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `scripts/benchmark.py doubt`."""
    parser.add_argument("--first", action="store_true", help="paint frame 1 alone, as it comes")


def run(args: argparse.Namespace) -> int:
    """Measure, print, return 0 where both bars are met on the shot as it comes."""
    first: list[list[Judged]] = []
    found: list[list[Judged]] = []
    for way in WAYS[:1] if args.first else WAYS:
        frames = _colored(way)
        first = first or frames
        found += frames
        print(f"painted {way}: {_text(figures(frames))}", flush=True)
    before, after = figures(first, before=True), figures(first)
    print(f"all before: {_text(figures(found, before=True))}")
    print(f"all after:  {_text(figures(found))}")
    met = after.amber <= MOST_AMBER * after.right and after.unmarked <= before.unmarked
    return 0 if met else 1


def figures(frames: list[list[Judged]], before: bool = False) -> Figures:
    """Count what is amber and what stays unmarked; a segment is marked where it is doubtful."""
    right = [frame for frame in frames if not any(s.wrong and s.large for s in frame)]
    amber = [any(s.doubtful if before else s.worth_it for s in frame) for frame in right]
    segments = [segment for frame in frames for segment in frame]
    wrong = [segment for segment in segments if segment.wrong and segment.large]
    marked = [segment for segment in segments if (segment.doubtful if before else segment.worth_it)]
    return Figures(
        len(right),
        sum(amber),
        len(wrong),
        sum(not segment.doubtful for segment in wrong),
        len(marked),
        sum(segment.wrong for segment in marked),
    )


def _colored(way: tuple[int, ...]) -> list[list[Judged]]:
    """Colour the shot from some of its true frames and judge every segment of the others."""
    places = sorted((SHOT / "line").glob("*.png"))
    lines = {int(place.stem): read_picture(place) for place in places}
    truth = {number: read_picture(SHOT / "truth" / f"{number:04}.png") for number in lines}
    result = propagate(lines, {number: truth[number] for number in way})
    return [_judge(result[number], truth[number]) for number in lines if number not in way]


def _judge(frame: ColoredFrame, truth: NDArray[np.uint8]) -> list[Judged]:
    labels = frame.label_map().labels
    numbers: dict[int, int] = {}
    pictures = truth, frame.image
    wanted, got = (majority(labels, color_numbers(one, numbers))[0] for one in pictures)
    canvas = labels.size
    judged = []
    for segment, one, other in zip(frame.to_json()["segments"], wanted, got, strict=True):
        mark = review.mark(segment, review.DOUBTFUL_BELOW)
        judged.append(
            Judged(
                bool(one != other),
                mark.area > review.SMALL_SHARE * canvas,
                mark.worth is not None,
                review.is_worth_a_look(mark, canvas),
            )
        )
    return judged


def _text(found: Figures) -> str:
    return (
        f"{found.amber} of {found.right} right frames amber, {found.unmarked} of {found.wrong} "
        f"large wrong segments not doubtful, {found.marked} segments that make amber, "
        f"{found.marked_wrong} of them wrong"
    )
