"""Clips whose segments are painted: texture that sticks to the surface, soft and cel light.

The renderer knows where every pixel's point lies while its figure stands at rest. A pattern of
those places moves exactly as the figure does, so that every frame has the truth of what a painted
surface should look like there. Light comes from the normals and stays where it is in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ant_core.training.data.splits import Split
from ant_core.training.synthesis.ink.ink_style import InkStyle
from ant_core.training.synthesis.scene3d.gltf import Floats
from ant_core.training.synthesis.scene3d.scene3d import source_clip, stage_clip
from ant_core.training.synthesis.scene3d.stage3d import StageRecipe
from ant_core.training.synthesis.source import SourceClip, SourceFrame, seeded

__all__ = ["PAINTS", "ShadedClip", "ShadedFrame", "make_shaded"]

PAINTS = ("texture", "soft", "cel", "texture_soft")
# Characters as they are painted on cels: one or two before nothing, on ones and twos, under a
# camera that moves as little as it does around them. Backgrounds are paintings of their own.
_RECIPE = StageRecipe(
    name="shaded",
    sizes=((832, 1088), (720, 1280), (900, 1200)),
    characters=(1, 2),
    character_shares=(0.6, 0.4),
    staged=0.0,
    filled=(0.55, 0.9),
    filled_alone=(0.6, 0.95),
    drawings=(9,),
    steps=(1, 2),
    step_shares=(0.5, 0.5),
    camera=0.3,
    flows=True,
)
_WAVES = 12  # of a texture
_WAVELENGTH = (0.06, 0.24)  # in heights of a character
_PATTERN = 0.35  # how far texture changes brightness
_AMBIENT, _SHADOW = 0.45, 0.6  # brightness where soft light does not reach, and of cel shadows
_LIT = 0.45  # cosine to the light below which cel shadow begins


@dataclass(frozen=True)
class ShadedFrame:
    """What paint needs of one frame.

    Attributes
    ----------
    ids
        (H, W) int32 part ids, 0 = paper.
    rest
        (H, W, 3) float32 places at rest, in heights of a character.
    normals
        (H, W, 3) float32 in the camera's axes.
    """

    ids: NDArray[np.int32]
    rest: Floats
    normals: Floats


@dataclass(frozen=True)
class ShadedClip:
    """A clip in even lines with all that its painted frames are made of.

    Attributes
    ----------
    clip
        Its frames have flow.
    shaded
        One a frame.
    """

    clip: SourceClip
    shaded: list[ShadedFrame]

    def painted(self, paint: str, index: int) -> NDArray[np.uint8]:
        """Return a frame, (H, W, 4) RGBA, as it is with one of `PAINTS`; paper is clear."""
        frame = self.shaded[index]
        rng = seeded("paint", self.clip.split, self.clip.name)
        light = np.append(rng.uniform(-0.7, 0.7, 2) + np.array((0, 0.3)), 0.7)
        light /= np.linalg.norm(light)
        table = np.zeros((max(self.clip.colors) + 1, 3))
        for part, flat in self.clip.colors.items():
            table[part] = flat
        color = table[frame.ids]
        if paint.startswith("texture"):
            color *= 1 + _PATTERN * _pattern(frame, rng)[..., None]
        bright = frame.normals @ light
        if paint.endswith("soft"):
            color *= (_AMBIENT + (1 - _AMBIENT) * np.clip(bright, 0, 1))[..., None]
        if paint == "cel":
            color[bright < _LIT] *= _SHADOW
        image = np.zeros((*frame.ids.shape, 4), np.uint8)
        image[..., :3] = np.clip(color + 0.5, 0, 255)
        image[..., 3] = 255 * (frame.ids > 0)
        image[frame.ids == 0] = 0
        return image

    def flows(self) -> list[Floats]:
        """Return the exact flow from each frame but the last to the next, (H, W, 2)."""
        flows = [here.forward for here, _ in pairwise(self.clip.frames)]
        return [flow for flow in flows if flow is not None]


def _pattern(frame: ShadedFrame, rng: np.random.Generator) -> Floats:
    """Return waves through the places at rest, (H, W) in about [-1, 1]; each part's are its own."""
    direction = rng.normal(size=(_WAVES, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    low, high = np.log(_WAVELENGTH).tolist()
    length = np.exp(rng.uniform(low, high, _WAVES))
    phase = rng.uniform(0, 2 * np.pi, (int(frame.ids.max()) + 1, _WAVES))
    wave = (2 * np.pi * direction / length[:, None]).astype(np.float32)
    value = np.zeros(frame.ids.shape, np.float32)
    for k in range(_WAVES):
        value += np.sin(frame.rest @ wave[k] + phase[frame.ids, k].astype(np.float32))
    return np.clip(value / np.sqrt(_WAVES / 2), -1.5, 1.5)


def make_shaded(data: Path, split: Split, seed: int) -> ShadedClip:
    """Make one clip with painted surfaces; deterministic by its arguments.

    Parameters
    ----------
    data
        Folder of the packs of 3D models.

    Raises
    ------
    InputError
        The folder has no characters of the split.
    DeviceUnavailable
        No OpenGL context can be opened.
    """
    rng = seeded(_RECIPE.name, split, seed)
    staged = stage_clip(rng, data, split, _RECIPE)
    look = replace(staged.look, light=None)  # light is painted, not drawn
    frames, shaded = [], []
    for planes in staged.planes(flows=True, rest=True):
        assert planes.rest is not None
        edges = look.edges(planes)
        frames.append(SourceFrame(planes.ids, edges, None, planes.forward, planes.backward))
        shaded.append(ShadedFrame(planes.ids, planes.rest, planes.normals))
    clip = source_clip(staged, f"{_RECIPE.name}_{split}_{seed:06d}", split, frames)
    return ShadedClip(replace(clip, ink=InkStyle(seed=0, width_px=1.8)), shaded)
