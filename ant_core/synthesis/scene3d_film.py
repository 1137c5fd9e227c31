"""Clips of full 3D scenes frame by frame, as the shots of AnimeRun are.

Crowded as those of ``scene3d_full``, at 24 drawings a second, in a film's formats, and under a sky:
every pixel shows geometry, and so has a flow.  Half of them are in the even lines of a toon shader,
as AnimeRun's contours are.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ant_core.synthesis import scene3d
from ant_core.synthesis.ink_style import InkStyle
from ant_core.synthesis.source import SourceClip, Split, seeded
from ant_core.synthesis.stage3d import Recipe

__all__ = ["make_clip"]

_FILM = Recipe(
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
    sky=True,
    flows=True,
)


def make_clip(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of a film; arguments, result and errors as those of ``scene3d``."""
    clip = scene3d.make_clip(data, split, seed, _FILM)
    rng = seeded("ink", _FILM.name, split, seed)
    if rng.random() < 0.5:
        return clip
    return replace(clip, ink=InkStyle(seed=0, width_px=float(rng.uniform(1.2, 2.6))))
