"""Lists of frames, as options name them and as messages write them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ant_core.errors import UsageError
from ant_core.formats.frame_names import Frame, name_of, parse_name

__all__ = [
    "FrameRanges",
    "describe_frames",
    "is_within",
    "name_frames",
    "parse_frames",
    "select_frames",
    "write_frames",
]

FrameRanges = tuple[tuple[int, int], ...]  # first and last frame of each part of a list

_NAME = "[0-9]{1,9}[A-Za-z]{0,3}"
_AFTER_LETTERS = "~"


def parse_frames(text: str, option: str) -> list[tuple[int, int]]:
    """Read a list of frames such as `1-48,60` or `1a,2-2B`; returns first and last of each part.

    Raises
    ------
    UsageError
        When the text is no such list.
    """
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(rf"\s*({_NAME})\s*(?:-\s*({_NAME})\s*)?", part)
        if match is None and re.match(r"\s*-", part):
            raise UsageError(
                f"{option} {text!r} is no list of frames: frames count from 0 up, none is negative"
            )
        if match is None:
            raise UsageError(
                f"{option} {text!r} is no list of frames: write for example 1,24 or 1-48,60"
            )
        span = _named(match[1]), _named(match[2] or match[1])
        if name_of(span[0]) > name_of(span[1]):
            raise UsageError(
                f"{option} {text!r} runs backwards: write the lower frame first, "
                f"{span[1]}-{span[0]}"
            )
        ranges.append(span)
    return ranges


def _named(text: str) -> int:
    number, letters = parse_name(text) or (0, "")
    return Frame(number, number, letters) if letters else number


def select_frames(
    ranges: Sequence[tuple[int, int]], existing: Sequence[int], option: str, what: str
) -> list[int]:
    """Return the existing frames within the ranges.

    A frame named alone must exist; a range may have gaps but must not be empty. A range up to a
    number has the drawings of that number with letters too.
    """
    chosen: set[int] = set()
    for first, last in ranges:
        found = [frame for frame in existing if is_within(frame, ((first, last),))]
        if not found:
            one = name_of(first) == name_of(last)
            name = f"frame {first}" if one else f"frames {first}-{last}"
            raise UsageError(
                f"{option} names {name}, but there is no such {what}: "
                f"there are {describe_frames(existing)}"
            )
        chosen.update(found)
    return sorted(chosen)


def is_within(frame: int, ranges: FrameRanges) -> bool:
    """Tell whether a list of frames has a frame.

    A range up to a number has the drawings of that number with letters too.

    Examples
    --------
    >>> is_within(7, ((1, 4), (6, 9)))
    True
    """
    for first, last in ranges:
        low, high = name_of(first), name_of(last)
        if low != high and not high[1]:
            high = high[0], _AFTER_LETTERS
        if low <= name_of(frame) <= high:
            return True
    return False


def write_frames(ranges: Sequence[tuple[int, int]]) -> str:
    """Write a list of frames as `parse_frames` reads it.

    Examples
    --------
    >>> write_frames([(1, 48), (60, 60)])
    '1-48,60'
    """
    return ",".join(f"{a}" if a == b else f"{a}-{b}" for a, b in ranges)


def describe_frames(frames: Sequence[int]) -> str:
    """Write frames as people do: `1-3, 7`."""
    if not frames:
        return "none"
    parts: list[list[int]] = []
    for frame in sorted(frames):
        if parts and frame == parts[-1][1] + 1:
            parts[-1][1] = frame
        else:
            parts.append([frame, frame])
    texts = [str(a) if a == b else f"{a}-{b}" for a, b in parts]
    if len(texts) > 12:
        return ", ".join(texts[:11]) + f", ... {texts[-1]}"
    return ", ".join(texts)


def name_frames(frames: Sequence[int]) -> str:
    """Write frames with the word: `frame 7`, `frames 1-3, 7`."""
    return ("frame " if len(frames) == 1 else "frames ") + describe_frames(frames)
