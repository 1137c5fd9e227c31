"""Clips of one dressed puppet of the Glitch rig for recursive propagation.

11 or 21 drawings on ones or twos, one coloured and 10 or 20 that follow, and nothing behind them.
"""

from __future__ import annotations

from pathlib import Path

from ant_core.synthesis import glitch
from ant_core.synthesis.source import SourceClip, Split

__all__ = ["make_clip"]

_SINGLE = glitch.Recipe(
    name="glitch_single", alone=1.0, drawings=(11, 21), steps=(1, 2), step_shares=(0.5, 0.5)
)


def make_clip(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of one puppet; arguments, result and errors as those of ``glitch``."""
    return glitch.make_clip(data, split, seed, _SINGLE)
