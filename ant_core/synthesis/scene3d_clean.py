"""Clips of one 3D character in clean lines: what the Animation Transformer was tested on.

That set holds single rendered characters of 10 to 50 segments, a mesh each, in square frames and in
the even lines of a toon shader: no folds, no shadows, no unsteady hand.  Ours are 11 or 21
drawings on ones before a camera that hardly moves; who and what is in them follows ``scene3d``.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ant_core.synthesis import scene3d
from ant_core.synthesis.ink_style import InkStyle
from ant_core.synthesis.source import SourceClip, Split, seeded
from ant_core.synthesis.stage3d import Recipe

__all__ = ["make_clip"]

_CLEAN = Recipe(
    name="scene3d_clean",
    sizes=((1080, 1080),),
    characters=(1,),
    character_shares=(1.0,),
    staged=1.0,
    backed=0.0,
    things=(0, 0),
    filled_alone=(0.5, 0.8),
    parts=(6, 32),
    attempts=24,
    drawings=(11, 21),
    steps=(1,),
    step_shares=(1.0,),
    camera=0.1,
    plain=True,
)


def make_clip(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of one character; arguments, result and errors as those of ``scene3d``."""
    clip = scene3d.make_clip(data, split, seed, _CLEAN)
    rng = seeded("ink", _CLEAN.name, split, seed)
    return replace(clip, ink=InkStyle(seed=0, width_px=float(rng.uniform(1.2, 2.6))))
