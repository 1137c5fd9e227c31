"""Clips of the Glitch avatar: freely dressed puppets, alone or in scenes, drawn as exact ids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import UsageError
from ant_core.training.data.splits import Split
from ant_core.training.synthesis.puppet.glitch_parts import Rig, load_rig
from ant_core.training.synthesis.puppet.islands import merge_islands
from ant_core.training.synthesis.puppet.puppet import (
    PartColors,
    Puppet,
    Wave,
    draw_puppet,
    drift,
    extent,
    make_puppet,
    slot_matrices,
)
from ant_core.training.synthesis.puppet.raster import Affine, IdCanvas, affine, compose
from ant_core.training.synthesis.puppet.scenery import Item, backdrop, prop
from ant_core.training.synthesis.source import SourceClip, SourceFrame, seeded

__all__ = ["PuppetRecipe", "make_clip", "make_single"]


@dataclass(frozen=True)
class PuppetRecipe:
    """What the clips of a source show.

    Attributes
    ----------
    name
        Name of the source; begins the names of its clips and seeds them.
    alone
        Share of clips with one puppet and nothing else.
    drawings
        Numbers of drawings to choose from.
    steps, step_shares
        Frames of 24 a second between two drawings, and how often each is drawn.
    """

    name: str = "glitch"
    alone: float = 0.4
    drawings: tuple[int, ...] = tuple(range(8, 17))
    steps: tuple[int, ...] = (1, 2, 3, 4)
    step_shares: tuple[float, ...] = (0.25, 0.4, 0.2, 0.15)


@dataclass(frozen=True)
class PuppetScene:
    """Everything of one clip that does not change from frame to frame."""

    height: int
    width: int
    behind: list[Item]
    puppets: list[Puppet]
    before: list[Item]
    camera: tuple[Wave, Wave, Wave, Wave]  # pan x, pan y in pixels, zoom (log), roll in radians
    shaded: bool
    min_island_px: int
    color_seed: int


def _placed_puppets(
    root: Path, rng: np.random.Generator, puppets: list[Puppet], size: tuple[int, int], alone: bool
) -> list[Puppet]:
    """Give puppets their place in the picture and the detail that fits their size."""
    height, width = size
    result = []
    for puppet in puppets:
        x0, y0, x1, y1 = extent(puppet, load_rig(root))
        tall = rng.uniform(0.7, 1.05) if alone else rng.uniform(0.35, 0.95)
        scale = max(tall * height / (y1 - y0), 320 / (y1 - y0))
        flip = float(rng.choice((-1.0, 1.0)))
        at = (0.5 + rng.normal(0, 0.06), 0.5 + rng.normal(0, 0.04))
        if not alone:
            at = (rng.uniform(0.1, 0.9), rng.uniform(0.4, 0.65))
        turn = rng.normal(0, 0.5) if rng.random() < 0.15 else rng.normal(0, 0.05)
        middle = ((x0 + x1) / 2, (y0 + y1) / 2)
        move = (at[0] * width - middle[0], at[1] * height - middle[1])
        where = affine(turn, (flip * scale, scale * rng.uniform(0.92, 1.08)), move, middle)
        area_px = np.exp(rng.uniform(np.log(80), np.log(900))) * height / 1080
        thick_px = rng.uniform(4.0, 12.0) * height / 1080
        result.append(
            replace(
                puppet, place=where, min_area=area_px / scale**2, min_thickness=thick_px / scale
            )
        )
    return result


def _make_scene(
    root: Path, split: Split, rng: np.random.Generator, *, times: NDArray[np.int64], alone: float
) -> tuple[PuppetScene, list[str]]:
    height = int(rng.integers(540, 1081))
    alone_now = rng.random() < alone
    ratio = rng.uniform(0.6, 1.1) if alone_now else rng.uniform(0.9, 1.8)
    size = (height, int(min(1920, height * ratio)))
    lively = rng.random() < 0.6
    number = 1 if alone_now else int(rng.choice((1, 2, 3), p=(0.45, 0.4, 0.15)))
    made = [
        make_puppet(root, split, rng, name=f"puppet{i}", times=times, lively=lively)
        for i in range(number)
    ]
    puppets = _placed_puppets(root, rng, [p for p, _ in made], size, alone_now)
    behind, before = [], []
    if not alone_now:
        if rng.random() < 0.8:
            behind = backdrop(rng, *size, parts=int(rng.integers(3, 60)))
        behind += [prop(rng, *size) for _ in range(int(rng.integers(0, 3)))]
        before = [prop(rng, *size) for _ in range(int(rng.choice((0, 1, 2), p=(0.5, 0.35, 0.15))))]
    still = 0.0 if rng.random() < 0.3 else 1.0
    reach = (0.12 * height, 0.06 * height, 0.08, 0.04)
    pan_x, pan_y, zoom, roll = (Wave.draw(rng, still * r * rng.random()) for r in reach)
    scene = PuppetScene(
        *size,
        behind,
        puppets,
        before,
        (pan_x, pan_y, zoom, roll),
        shaded=rng.random() < 0.35,
        min_island_px=int(rng.uniform(60, 250) * (height / 1080) ** 1.5),
        color_seed=int(rng.integers(2**31)),
    )
    return scene, sorted({motion for _, motion in made})


def _camera(scene: PuppetScene, time: float, parallax: float) -> Affine:
    pan_x, pan_y, zoom, roll = scene.camera
    middle = (scene.width / 2, scene.height / 2)
    move = (pan_x(time) * parallax, pan_y(time) * parallax)
    return affine(roll(time), float(np.exp(zoom(time) * parallax)), move, middle)


def _draw_items(
    items: list[Item],
    where: str,
    *,
    scene: PuppetScene,
    time: float,
    canvas: IdCanvas,
    palette: PartColors,
) -> None:
    for i, item in enumerate(items):
        matrix = compose(_camera(scene, time, item.parallax), item.at(time))
        for j, (path, color) in enumerate(item.shapes):
            # An item's colours are drawn from its own name, so that they do not change with time.
            r, g, b = seeded(where, i, color, scene.color_seed).integers(0, 256, 3)
            canvas.fill(path, matrix, palette.part((int(r), int(g), int(b)), where, i, j))


def _draw_frame(
    scene: PuppetScene,
    rig: Rig,
    frame: int,
    time: float,
    *,
    rng: np.random.Generator,
    palette: PartColors,
) -> SourceFrame:
    canvas = IdCanvas(scene.height, scene.width)
    shading = IdCanvas(scene.height, scene.width) if scene.shaded else None
    _draw_items(scene.behind, "behind", scene=scene, time=time, canvas=canvas, palette=palette)
    for puppet in scene.puppets:
        to_pixels = compose(_camera(scene, time, 1.0), compose(puppet.place, drift(puppet, time)))
        slots = slot_matrices(puppet, rig, frame, time, rng)
        draw_puppet(puppet, slots, to_pixels, canvas=canvas, shading=shading, palette=palette)
    _draw_items(scene.before, "before", scene=scene, time=time, canvas=canvas, palette=palette)
    ids = merge_islands(canvas.plane(), scene.min_island_px)
    if shading is None:
        return SourceFrame(ids)
    shade = shading.plane()
    # What stands before or behind the puppets is not divided by their shading.
    own = [part for part, owner in palette.owners().items() if owner.startswith("puppet")]
    shade[~np.isin(ids, own)] = 0
    return SourceFrame(ids, shade=merge_islands(shade, 4 * scene.min_island_px).astype(np.uint8))


_USUAL = PuppetRecipe()
# One dressed puppet for recursive propagation: 11 or 21 drawings on ones or twos, one coloured and
# 10 or 20 that follow, and nothing behind them.
_SINGLE = PuppetRecipe(
    name="glitch_single", alone=1.0, drawings=(11, 21), steps=(1, 2), step_shares=(0.5, 0.5)
)


def make_clip(data: Path, split: Split, seed: int, recipe: PuppetRecipe = _USUAL) -> SourceClip:
    """Make one clip (of 8 to 16 frames, if usual); the same arguments give the same clip.

    Parameters
    ----------
    data
        Folder that holds ``glitch_avatars``.
    split
        Only parts and animations of this split are used.  The naked body is common to all.
    seed
        Number of the clip, from 0.
    recipe
        What it shows.

    Raises
    ------
    InputError
        The data cannot be read.
    UsageError
        The split is "fresh", which has no puppets.
    """
    if split == "fresh":
        raise UsageError(
            "The puppets have no fresh split, since every movement of their rig is in another: "
            "choose a source that begins with scene3d."
        )
    root = data / "glitch_avatars"
    rng = seeded(recipe.name, split, seed)
    rig, palette = load_rig(root), PartColors()
    count = recipe.drawings[int(rng.integers(len(recipe.drawings)))]
    times = int(rng.choice(recipe.steps, p=recipe.step_shares)) * np.arange(count)
    scene, motions = _make_scene(root, split, rng, times=times, alone=recipe.alone)
    frames = [
        _draw_frame(scene, rig, i, float(t), rng=rng, palette=palette) for i, t in enumerate(times)
    ]
    worn = {part for p in scene.puppets for layers in p.dress.values() for part, _ in layers}
    return SourceClip(
        name=f"{recipe.name}_{seed:06d}",
        split=split,
        characters=tuple(sorted(worn - {"skin"})),
        motions=tuple(motions),
        frames=frames,
        colors=palette.colors,
        frame_numbers=tuple(int(t) + 1 for t in times),
    )


def make_single(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of one puppet; arguments, result and errors as those of `make_clip`."""
    return make_clip(data, split, seed, _SINGLE)
