"""What `ant_core propagate` settles before the first pixel is touched, for every kind of shot."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ant_core.files import read_bytes
from ant_core.formats.base import FrameReader
from ant_core.guard import MOST_JSON
from ant_core.propagation.assemble import Assembly
from ant_core.propagation.output import RunOutput
from ant_core.shot.frames import FrameRanges, select_frames
from ant_core.shot.hints import HintSet, parse_hints, read_document
from ant_core.workflow.propagate_options import PropagateOptions

__all__ = ["PreparedShot", "chosen_frames", "read_hints"]


@dataclass(frozen=True)
class PreparedShot:
    """A shot that was checked, where its frames go, and what is said of it in the report."""

    assembly: Assembly
    output: RunOutput
    hints_document: dict[str, Any]
    warnings: tuple[str, ...]


def chosen_frames(
    ranges: FrameRanges | None, existing: tuple[int, ...], option: str, what: str
) -> list[int] | None:
    """Return the frames that an option names, None where it is not given."""
    return None if ranges is None else select_frames(ranges, existing, option, what)


def read_hints(options: PropagateOptions, lines: FrameReader) -> tuple[HintSet, dict[str, Any]]:
    """Return hints and locks of the options, and the hints document as given."""
    hints, document = HintSet(), {}
    if options.hints:
        path = Path(options.hints)
        document = read_document(read_bytes(path, most=MOST_JSON), str(path))
        hints = parse_hints(document, str(path), lines.frames)
    locked = chosen_frames(options.lock, lines.frames, "--lock", "line drawing") or []
    document = json.loads(json.dumps(document))
    return replace(hints, frames=tuple(sorted({*hints.frames, *locked}))), document
