"""Clips of 3D scenes: characters that move among things, seen by a moving camera, as exact ids.

Lines of the later drawing are where the id changes and, inside a part, where it passes in front of
itself or bends sharply; both thresholds are the clip's own, as one artist draws more folds than
another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ant_core.synthesis.camera3d import Camera, draw_camera
from ant_core.synthesis.cast3d import load_catalogue
from ant_core.synthesis.look3d import Look
from ant_core.synthesis.render3d import Planes, Renderer, Sight, perspective
from ant_core.synthesis.source import SourceClip, SourceFrame, Split, seeded
from ant_core.synthesis.stage3d import Mesh, Recipe, Scene, set_stage

__all__ = ["make_clip"]

_FPS = 24


@lru_cache(maxsize=1)
def _renderer() -> Renderer:
    return Renderer()


def _sight(scene: Scene, camera: Camera, size: tuple[int, int], mesh: Mesh, share: float) -> Sight:
    view, distance = camera.view(share)
    near, far = max(0.05, 0.1 * distance), distance + scene.reach
    return Sight(view, perspective(camera.fov, size[1] / size[0], near, far), mesh.points)


def _frames(
    scene: Scene, camera: Camera, size: tuple[int, int], times: list[float], *, flows: bool
) -> Iterator[Planes]:
    """Render a frame for each time in seconds, with the flows between them if asked for."""
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
        )


def _is_full(frames: list[SourceFrame], recipe: Recipe) -> bool:
    """Tell whether there is enough to see in the frames, and not too much."""
    parts = [len(np.unique(frame.ids)) - 1 for frame in frames]
    filled = [float((frame.ids > 0).mean()) for frame in frames]
    fewest, most = recipe.parts
    return min(parts) >= 2 and fewest <= float(np.median(parts)) <= most and min(filled) > 0.03


def _attempt(
    rng: np.random.Generator, data: Path, split: Split, name: str, recipe: Recipe
) -> SourceClip:
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
    frames = [
        SourceFrame(p.ids, look.edges(p), look.shade(p), p.forward, p.backward)
        for p in _frames(scene, camera, size, times, flows=recipe.flows)
    ]
    return SourceClip(
        name=name,
        split=split,
        characters=tuple(sorted(set(scene.characters))),
        motions=tuple(sorted(set(scene.motions))),
        frames=frames,
        colors=scene.colors,
        frame_numbers=tuple(1 + k * step for k in range(count)),
    )


_USUAL = Recipe()


def make_clip(data: Path, split: Split, seed: int, recipe: Recipe = _USUAL) -> SourceClip:
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
