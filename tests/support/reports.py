"""What a run's report says, by frame."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def frames_of(out: Path) -> dict[int, dict[str, Any]]:
    """Return the entries of OUT/report.json by frame number."""
    report = json.loads((out / "report.json").read_text("utf-8"))
    return {frame["frame"]: frame for frame in report["frames"]}


def recomputed(out: Path) -> dict[int, str]:
    """Return why frames were coloured again, for those that were."""
    return {frame: r["recomputed"] for frame, r in frames_of(out).items() if r["recomputed"]}
