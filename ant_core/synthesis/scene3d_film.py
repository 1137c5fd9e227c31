"""Clips of full 3D scenes frame by frame, as the shots of AnimeRun are.

Crowded as those of ``scene3d_full``, at 24 drawings a second, in a film's formats, and under a sky:
every pixel shows geometry, and so has a flow.
"""

from __future__ import annotations

from pathlib import Path

from ant_core.synthesis import scene3d
from ant_core.synthesis.source import SourceClip, Split

__all__ = ["FILM", "make_clip"]

FILM = scene3d.Recipe(
    name="scene3d_film",
    sizes=((540, 960), (436, 1024)),
    characters=(4, 5, 6),
    character_shares=(0.4, 0.35, 0.25),
    staged=1.0,
    backed=1.0,
    things=(12, 24),
    spread=1.1,
    filled=(0.45, 0.8),
    drawings=tuple(range(8, 13)),
    steps=(1,),
    step_shares=(1.0,),
    camera=2.0,
    sky=True,
)


def make_clip(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of a film; arguments, result and errors as those of ``scene3d``."""
    return scene3d.make_clip(data, split, seed, FILM)
