"""Clips of full 3D scenes: four to six characters among many things, always before a background.

The same scenes as those of ``scene3d``, but as crowded as the shots of a film: hundreds of segments
a frame, most of them partly hidden.
"""

from __future__ import annotations

from pathlib import Path

from ant_core.synthesis import scene3d
from ant_core.synthesis.source import SourceClip, Split
from ant_core.synthesis.stage3d import Recipe

__all__ = ["make_clip"]

_FULL = Recipe(
    name="scene3d_full",
    sizes=((1080, 1440), (1080, 1620), (900, 1600)),
    characters=(4, 5, 6),
    character_shares=(0.4, 0.35, 0.25),
    staged=1.0,
    backed=1.0,
    things=(9, 20),
    spread=1.1,
    filled=(0.45, 0.8),
    flows=True,
)


def make_clip(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of a full scene; arguments, result and errors as those of ``scene3d``."""
    return scene3d.make_clip(data, split, seed, _FULL)
