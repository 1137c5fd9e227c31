"""Lists of frame numbers, as options name them and as messages write them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ant_core.errors import UsageError

__all__ = ["FrameRanges", "describe_frames", "parse_frames", "select_frames", "write_frames"]

FrameRanges = tuple[tuple[int, int], ...]  # first and last frame of each part of a list


def parse_frames(text: str, option: str) -> list[tuple[int, int]]:
    """Read a list of frames such as `1-48,60`; returns first and last of each part.

    Raises
    ------
    UsageError
        When the text is no such list.
    """
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([0-9]{1,9})\s*(?:-\s*([0-9]{1,9})\s*)?", part)
        if match is None:
            raise UsageError(
                f"{option} {text!r} is no list of frames: write for example 1,24 or 1-48,60"
            )
        span = int(match[1]), int(match[2] or match[1])
        if span[0] > span[1]:
            raise UsageError(
                f"{option} {text!r} runs backwards: write the lower frame first, "
                f"{span[1]}-{span[0]}"
            )
        ranges.append(span)
    return ranges


def select_frames(
    ranges: Sequence[tuple[int, int]], existing: Sequence[int], option: str, what: str
) -> list[int]:
    """Return the existing frames within the ranges.

    A frame named alone must exist; a range may have gaps but must not be empty.
    """
    chosen: set[int] = set()
    for first, last in ranges:
        found = [frame for frame in existing if first <= frame <= last]
        if not found:
            name = f"frame {first}" if first == last else f"frames {first}-{last}"
            raise UsageError(
                f"{option} names {name}, but there is no such {what}: "
                f"there are {describe_frames(existing)}"
            )
        chosen.update(found)
    return sorted(chosen)


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
