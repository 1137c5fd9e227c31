"""What `ant_core propagate` settles before the first pixel is touched, for every kind of shot."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ant_core.files import read_bytes
from ant_core.formats.base import FrameReader
from ant_core.propagation.output import RunOutput
from ant_core.shot.frames import parse_frames, select_frames
from ant_core.shot.hints import Hint, HintSet, SegmentLock, parse_hints, read_document
from ant_core.shot.shot import Shot

__all__ = ["Job", "chosen_frames", "fixed_frames", "read_hints", "without_effect"]


@dataclass(frozen=True)
class Job:
    """A shot that was checked, and where its frames go."""

    shot: Shot
    output: RunOutput
    hints: HintSet
    hints_document: dict[str, Any]
    warnings: tuple[str, ...]


def chosen_frames(
    text: str | None, existing: tuple[int, ...], option: str, what: str
) -> list[int] | None:
    """Return the frames that an option names, None where it is not given."""
    if text is None:
        return None
    return select_frames(parse_frames(text, option), existing, option, what)


def read_hints(options: argparse.Namespace, lines: FrameReader) -> tuple[HintSet, dict[str, Any]]:
    """Return hints and locks of the options, and the hints document as given."""
    hints, document = HintSet(), {}
    if options.hints:
        path = Path(options.hints)
        document = read_document(read_bytes(path), str(path))
        hints = parse_hints(document, str(path), lines.frames)
    hints.check_frames(lines.frames)
    locked = chosen_frames(options.lock, lines.frames, "--lock", "line drawing") or []
    document = json.loads(json.dumps(document))
    return replace(hints, frames=tuple(sorted({*hints.frames, *locked}))), document


def fixed_frames(shot: Shot) -> set[int]:
    """Return the frames whose drawing has its colours given."""
    given = {reference.frame for reference in shot.references}
    return {f for drawing in shot.drawings if given & set(drawing.frames) for f in drawing.frames}


def without_effect(hints: HintSet, fixed: set[int]) -> list[str]:
    """Name the hints that lie on frames whose colours are given anyway."""
    items: list[Hint | SegmentLock] = [*hints.hints, *hints.locks]
    return [
        f"{item.name} has no effect: frame {item.frame} shows a painted or locked drawing"
        for item in items
        if item.frame in fixed
    ]
