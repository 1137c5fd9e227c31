"""Clips of 3D scenes: characters that move among things, seen by a moving camera, as exact ids.

Lines of the later drawing are where the id changes and, inside a part, where it passes in front of
itself or bends sharply; both thresholds are the clip's own, as one artist draws more folds than
another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ant_core.training.data.splits import Split
from ant_core.training.synthesis.ink.ink_style import InkStyle
from ant_core.training.synthesis.scene3d.camera3d import Camera, draw_camera
from ant_core.training.synthesis.scene3d.cast3d import load_catalogue
from ant_core.training.synthesis.scene3d.look3d import Look
from ant_core.training.synthesis.scene3d.render3d import Planes, Renderer, Sight, perspective
from ant_core.training.synthesis.scene3d.stage3d import Mesh, StageRecipe, StageScene, set_stage
from ant_core.training.synthesis.source import SourceClip, SourceFrame, seeded

__all__ = [
    "Staged",
    "make_clean",
    "make_clip",
    "make_film",
    "make_full",
    "make_single",
    "source_clip",
    "stage_clip",
]

_FPS = 24


@lru_cache(maxsize=1)
def _renderer() -> Renderer:
    return Renderer()


def _sight(
    scene: StageScene, camera: Camera, size: tuple[int, int], mesh: Mesh, share: float
) -> Sight:
    view, distance = camera.view(share)
    near, far = max(0.05, 0.1 * distance), distance + scene.reach
    return Sight(view, perspective(camera.fov, size[1] / size[0], near, far), mesh.points)


def _frames(
    scene: StageScene,
    camera: Camera,
    size: tuple[int, int],
    times: list[float],
    *,
    flows: bool,
    rest: bool = False,
) -> Iterator[Planes]:
    """Render a frame for each time in seconds, with flows between them and places at rest."""
    at_rest = scene.rest() if rest else None
    meshes = [scene.at(seconds) for seconds in times]
    last = len(times) - 1
    sights = [_sight(scene, camera, size, mesh, k / max(last, 1)) for k, mesh in enumerate(meshes)]
    for k, mesh in enumerate(meshes):
        yield _renderer().render(
            size,
            sights[k],
            normals=mesh.normals,
            parts=mesh.parts,
            faces=mesh.faces,
            after=sights[k + 1] if flows and k < last else None,
            before=sights[k - 1] if flows and k > 0 else None,
            rest=at_rest,
        )


def _is_full(frames: list[SourceFrame], recipe: StageRecipe) -> bool:
    """Tell whether there is enough to see in the frames, and not too much."""
    parts = [len(np.unique(frame.ids)) - 1 for frame in frames]
    filled = [float((frame.ids > 0).mean()) for frame in frames]
    fewest, most = recipe.parts
    return min(parts) >= 2 and fewest <= float(np.median(parts)) <= most and min(filled) > 0.03


@dataclass(frozen=True)
class Staged:
    """A scene before a camera, ready to be rendered.

    Attributes
    ----------
    look
        Which lines and shadows are drawn inside parts.
    times
        Seconds of its frames.
    numbers
        Their frame numbers.
    """

    scene: StageScene
    camera: Camera
    size: tuple[int, int]
    look: Look
    times: list[float]
    numbers: tuple[int, ...]

    def planes(self, *, flows: bool, rest: bool = False) -> Iterator[Planes]:
        """Render all frames."""
        return _frames(self.scene, self.camera, self.size, self.times, flows=flows, rest=rest)


def stage_clip(rng: np.random.Generator, data: Path, split: Split, recipe: StageRecipe) -> Staged:
    """Draw the scene of a clip, its camera, look and timing."""
    yaw = rng.uniform(0, 2 * np.pi)
    size = recipe.sizes[int(rng.integers(len(recipe.sizes)))]
    count = recipe.drawings[int(rng.integers(len(recipe.drawings)))]
    step = int(rng.choice(recipe.steps, p=recipe.step_shares))
    scene = set_stage(rng, load_catalogue(data), split, yaw, recipe)
    camera = draw_camera(
        rng,
        yaw=yaw,
        drawings=count,
        walled=scene.walled,
        filled=recipe.filled_alone if len(set(scene.characters)) == 1 else recipe.filled,
        pace=recipe.camera,
    )
    look = Look.draw(rng, size[0])
    if recipe.sky:
        look = replace(look, light=None)
    if recipe.plain:
        look = look.plain()
    times = [k * step / _FPS for k in range(count)]
    numbers = tuple(1 + k * step for k in range(count))
    return Staged(scene, camera, size, look, times, numbers)


def _attempt(
    rng: np.random.Generator, data: Path, split: Split, name: str, recipe: StageRecipe
) -> SourceClip:
    staged = stage_clip(rng, data, split, recipe)
    look = staged.look
    frames = [
        SourceFrame(p.ids, look.edges(p), look.shade(p), p.forward, p.backward)
        for p in staged.planes(flows=recipe.flows)
    ]
    return source_clip(staged, name, split, frames)


def source_clip(staged: Staged, name: str, split: Split, frames: list[SourceFrame]) -> SourceClip:
    """Put frames together with what their scene says of them."""
    return SourceClip(
        name=name,
        split=split,
        characters=tuple(sorted(set(staged.scene.characters))),
        motions=tuple(sorted(set(staged.scene.motions))),
        frames=frames,
        colors=staged.scene.colors,
        frame_numbers=staged.numbers,
    )


_USUAL = StageRecipe()
# One character for recursive propagation, the protocol of the Animation Transformer: 11 or 21
# drawings on ones or twos, one coloured and 10 or 20 that follow; the camera moves as little as it
# does around single characters.
_SINGLE = StageRecipe(
    name="scene3d_single",
    characters=(1,),
    character_shares=(1.0,),
    staged=0.0,
    drawings=(11, 21),
    steps=(1, 2),
    step_shares=(0.5, 0.5),
    camera=0.3,
)
# One character in clean lines, the kind of picture that the Animation Transformer was tested on
# (with the characters that trained it; ours are held out): single rendered characters of 10 to 50
# segments, a mesh each, in square frames and in the even lines of a toon shader, without folds,
# shadows or an unsteady hand, before a camera that hardly moves.
_CLEAN = StageRecipe(
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
# As crowded as the shots of a film: hundreds of segments a frame, most of them partly hidden.
_FULL = StageRecipe(
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
# Frame by frame as the shots of AnimeRun are: crowded as `_FULL`, 24 drawings a second, in a film's
# formats, and under a sky, so that every pixel shows geometry and has a flow.
_FILM = replace(
    _FULL,
    name="scene3d_film",
    sizes=((540, 960), (436, 1024)),
    things=(12, 24),
    drawings=tuple(range(8, 13)),
    steps=(1,),
    step_shares=(1.0,),
    sky=True,
)


def make_clip(data: Path, split: Split, seed: int, recipe: StageRecipe = _USUAL) -> SourceClip:
    """Make one clip of a 3D scene.

    Parameters
    ----------
    data
        Folder that holds the packs of 3D models (quaternius, kaykit_adventurers, ...).
    split
        Which characters, things and clips may appear.
    seed
        The clip depends on it, on ``split``, ``recipe`` and on the files alone.
    recipe
        How crowded the scene is.

    Returns
    -------
    SourceClip
        8 to 16 frames of 720 to 1280 pixels (of the usual recipe), with lines inside parts.

    Raises
    ------
    InputError
        The folder has no characters of the split.
    DeviceUnavailable
        No OpenGL context can be opened.
    """
    name = f"{recipe.name}_{split}_{seed:06d}"
    clip = None
    for attempt in range(recipe.attempts):
        clip = _attempt(seeded(recipe.name, split, seed, attempt), data, split, name, recipe)
        if _is_full(clip.frames, recipe):
            return clip
    assert clip is not None
    return clip


def make_single(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of one character; arguments, result and errors as those of `make_clip`."""
    return make_clip(data, split, seed, _SINGLE)


def make_full(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of a full scene; arguments, result and errors as those of `make_clip`."""
    return make_clip(data, split, seed, _FULL)


def make_clean(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of one character in clean, even lines; otherwise as `make_clip`."""
    clip = make_clip(data, split, seed, _CLEAN)
    return _in_even_lines(clip, seeded("ink", _CLEAN.name, split, seed))


def make_film(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of a film; half of them in even lines, as AnimeRun's contours are."""
    clip = make_clip(data, split, seed, _FILM)
    rng = seeded("ink", _FILM.name, split, seed)
    return clip if rng.random() < 0.5 else _in_even_lines(clip, rng)


def _in_even_lines(clip: SourceClip, rng: np.random.Generator) -> SourceClip:
    return replace(clip, ink=InkStyle(seed=0, width_px=float(rng.uniform(1.2, 2.6))))
