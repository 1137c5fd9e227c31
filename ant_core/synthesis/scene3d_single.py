"""Clips of one 3D character for recursive propagation: the protocol of the Animation Transformer.

11 or 21 drawings on ones or twos, one coloured and 10 or 20 that follow; the characters, clips and
splits are those of ``scene3d``, and the camera moves as little as it does around single characters.
"""

from __future__ import annotations

from pathlib import Path

from ant_core.synthesis import scene3d
from ant_core.synthesis.source import SourceClip, Split
from ant_core.synthesis.stage3d import Recipe

__all__ = ["make_clip"]

_SINGLE = Recipe(
    name="scene3d_single",
    characters=(1,),
    character_shares=(1.0,),
    staged=0.0,
    drawings=(11, 21),
    steps=(1, 2),
    step_shares=(0.5, 0.5),
    camera=0.3,
)


def make_clip(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of one character; arguments, result and errors as those of ``scene3d``."""
    return scene3d.make_clip(data, split, seed, _SINGLE)
