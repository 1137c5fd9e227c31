"""Who and what stands in the clip of a 3D scene, before anything is rendered."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.training.data.splits import Split
from ant_core.training.synthesis.scene3d.cast3d import (
    Actor,
    CastEntry,
    Catalogue,
    Sway,
    load_figure,
    load_motion,
)
from ant_core.training.synthesis.scene3d.gltf import Floats
from ant_core.training.synthesis.scene3d.model_parts import PartedModel
from ant_core.training.synthesis.scene3d.props3d import Thing, backdrop, random_thing
from ant_core.training.synthesis.scene3d.sky3d import SKY_RADIUS, sky

__all__ = ["Mesh", "StageRecipe", "StageScene", "set_stage"]

_SIZES = (
    (1080, 1080),
    (832, 1088),
    (720, 1280),
    (1088, 832),
    (1200, 800),
    (800, 1200),
    (900, 1200),
)
#: Folder -> height of its characters beside the others'.
_PACK_SIZES = {"fish_pack": 0.5, "easy_enemies_pack": 0.65, "animals_pack": 0.85}


@dataclass(frozen=True, kw_only=True)
class StageRecipe:
    """How crowded the scenes of a source are.

    Attributes
    ----------
    name
        Name of the source; begins the names of its clips and seeds them.
    sizes
        Frame sizes (H, W) in pixels to choose from.
    characters, character_shares
        Numbers of characters, and how often each is drawn.
    staged
        Share of clips with many things; of these, ``backed`` is the share with floor and wall.
    things
        Fewest and most things of a staged clip.
    spread
        Standard deviation of the things' places from the middle to the sides, in world units.
    filled
        Least and greatest height of a character of size 1 in a scene of several, as a share of the
        frame's.
    filled_alone
        The same of a character that is alone.
    parts
        Least and greatest number of parts that the middle one of the frames shows.
    attempts
        How many scenes are drawn to find one with enough to see; the last is taken as it is.
    drawings
        Numbers of drawings to choose from.
    steps, step_shares
        Frames of 24 a second between two drawings, and how often each is drawn.
    camera
        Factor on how far the camera moves over the clip.
    sky
        Whether all of it stands under a sky, so that no pixel is paper; such scenes are lit flat.
    plain
        Whether parts have no lines inside but those of great jumps of depth.
    flows
        Whether the frames come with optical flow.
    """

    name: str = "scene3d"
    sizes: tuple[tuple[int, int], ...] = _SIZES
    characters: tuple[int, ...] = (1, 2, 3, 4)
    character_shares: tuple[float, ...] = (0.35, 0.3, 0.2, 0.15)
    staged: float = 0.6
    backed: float = 0.75
    things: tuple[int, int] = (2, 8)
    spread: float = 0.8
    filled: tuple[float, float] = (0.55, 1.05)
    filled_alone: tuple[float, float] = (0.75, 1.25)
    parts: tuple[float, float] = (6, np.inf)
    attempts: int = 6
    drawings: tuple[int, ...] = tuple(range(8, 17))
    steps: tuple[int, ...] = (1, 2, 3, 4, 6, 8)
    step_shares: tuple[float, ...] = (0.2, 0.25, 0.2, 0.15, 0.1, 0.1)
    camera: float = 1.0
    sky: bool = False
    plain: bool = False
    flows: bool = False


@dataclass(frozen=True)
class Mesh:
    """All that a frame shows.

    Attributes
    ----------
    points, normals
        (V, 3) float32 in the world; the same vertices in the same order at all times.
    parts
        (V,) int32 id > 0, one for all corners of a face.
    faces
        (F, 3) int32.
    """

    points: Floats
    normals: Floats
    parts: NDArray[np.int32]
    faces: NDArray[np.int32]


@dataclass
class StageScene:
    """Everything of one clip before rendering."""

    actors: list[Actor] = field(default_factory=list)
    things: list[tuple[Floats, Floats, NDArray[np.int32], NDArray[np.int32]]] = field(
        default_factory=list
    )
    colors: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    characters: list[str] = field(default_factory=list)
    motions: list[str] = field(default_factory=list)
    walled: bool = False
    reach: float = 12.0  # how far behind the looked-at point things are drawn, world units

    def give_ids(self, rng: np.random.Generator, materials: NDArray[np.int32]) -> int:
        """Give ids and random colours to the parts of a thing; return the id of its first part."""
        first = len(self.colors) + 1
        palette = [_color(rng) for _ in range(int(materials.max()) + 1)]
        for k, material in enumerate(materials.tolist()):
            self.colors[first + k] = palette[material]
        return first

    def rest(self) -> Floats:
        """Return all vertices at rest, (V, 3), in the order of `Mesh.points`."""
        return np.concatenate(
            [*(actor.rest() for actor in self.actors), *(thing[0] for thing in self.things)]
        )

    def at(self, seconds: float) -> Mesh:
        """Return everything as it is ``seconds`` after the start."""
        shown = [
            (*actor.at(seconds), actor.faces, actor.figure.vertex_part + actor.first_id)
            for actor in self.actors
        ]
        points, normals, faces, parts = zip(*shown, *self.things, strict=True)
        starts = np.cumsum([0, *(len(p) for p in points[:-1])])
        return Mesh(
            np.concatenate(points),
            np.concatenate(normals),
            np.concatenate(parts),
            np.concatenate([f + start for f, start in zip(faces, starts, strict=True)]),
        )


def _color(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(
        rng.random(), rng.uniform(0.1, 0.9), rng.uniform(0.3, 1.0)
    )
    return int(red * 255), int(green * 255), int(blue * 255)


def _one_per_hand(rng: np.random.Generator, figure: PartedModel) -> NDArray[np.int32]:
    """Return the figure's faces with at most one thing in each hand."""
    kept = {-1}
    for hand in sorted({hand for _, hand in figure.slots}):
        choices = [i for i, (_, h) in enumerate(figure.slots) if h == hand]
        if rng.random() < 0.7:
            kept.add(int(rng.choice(choices)))
    slot = figure.part_slot[figure.vertex_part[figure.faces[:, 0]]]
    return figure.faces[np.isin(slot, sorted(kept))]


def _cast(
    rng: np.random.Generator, catalogue: Catalogue, split: Split, count: int
) -> list[CastEntry]:
    entries = [entry for entry in catalogue.characters if entry.split == split]
    if not entries:
        raise InputError(
            f"The data folder has no 3D character of the split {split!r}; add its packs."
        )
    weights = np.array([entry.weight for entry in entries])
    count = min(count, len(entries))
    chosen = rng.choice(len(entries), count, replace=False, p=weights / weights.sum())
    return [entries[i] for i in chosen]


def _actor(
    rng: np.random.Generator,
    scene: StageScene,
    catalogue: Catalogue,
    entry: CastEntry,
    *,
    place: NDArray[np.float64],
    facing: float,
) -> Actor:
    """Cast one character with a clip of its split, if there is one."""
    figure = load_figure(entry.path, entry.pack)
    allowed = [clip for clip in entry.motions if catalogue.clip_split[clip[2]] == entry.split]
    motion, start = None, 0.0
    if allowed and rng.random() < 0.95:
        path, name, bare = allowed[int(rng.integers(len(allowed)))]
        motion = load_motion(entry, path, name)
        start = rng.uniform(0, motion.duration_s)
        scene.motions.append(bare)
    amplitude = rng.choice([0.0, 0.05, 0.1]) if motion else rng.uniform(0.05, 0.2)
    sway = Sway.draw(rng, len(figure.model.parents), amplitude) if amplitude else None
    walks = rng.random() < 0.35
    scene.characters.append(entry.name)
    size, faces = _proportions(rng, _one_per_hand(rng, figure))
    size = size * _PACK_SIZES.get(entry.path.parent.name, 1.0)
    return Actor(
        figure=figure,
        motion=motion,
        start_s=start,
        sway=sway,
        faces=faces,
        build=_build(rng, len(figure.model.parents)),
        place=place,
        heading=facing,
        size=size,
        velocity=rng.normal(0, 0.35, 3) * (1, 0, 1) * walks,
        spin=rng.normal(0, 0.5) if rng.random() < 0.2 else 0.0,
        first_id=scene.give_ids(rng, figure.part_material),
    )


def _build(rng: np.random.Generator, joints: int) -> Floats:
    """Return (K,) factors that make some limbs larger or smaller, so that no two are alike."""
    chosen = rng.random(joints) < rng.choice([0.0, 0.08, 0.15])
    factors: Floats = np.exp(rng.normal(0, 0.1, joints) * chosen).astype(np.float32)
    return factors


def _proportions(
    rng: np.random.Generator, faces: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Return a size (3,), mirrored half of the time, and the faces turned to fit."""
    mirror = rng.random() < 0.5
    size = rng.uniform(0.8, 1.15) * np.exp(rng.normal(0, 0.06, 3))
    # A mirror turns the order of a face's corners round, and with it what counts as its front.
    return size * (-1 if mirror else 1, 1, 1), faces[:, ::-1] if mirror else faces


def _gear(
    rng: np.random.Generator, scene: StageScene, entry: CastEntry, place: NDArray[np.float64]
) -> Actor:
    """Put a weapon or shield into the scene, turning slowly in the air or standing."""
    figure = load_figure(entry.path, entry.pack)
    scene.characters.append(entry.name)
    flies = rng.random() < 0.5
    return Actor(
        figure=figure,
        motion=None,
        start_s=0.0,
        sway=Sway.draw(rng, len(figure.model.parents), 1.5) if flies else None,
        faces=figure.faces,
        build=np.ones(len(figure.model.parents), np.float32),
        place=place + np.array([0, rng.uniform(0.0, 0.7), 0]),
        heading=rng.uniform(0, 2 * np.pi),
        size=np.full(3, rng.uniform(0.4, 0.9)),
        velocity=rng.normal(0, 0.4, 3) * flies,
        spin=rng.normal(0, 1.5) * flies,
        first_id=scene.give_ids(rng, figure.part_material),
    )


def _place_thing(
    rng: np.random.Generator,
    scene: StageScene,
    thing: Thing,
    *,
    place: NDArray[np.float64],
    size: float,
    angle: float,
) -> None:
    points, normals, faces, parts = thing.mesh()
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)
    first = scene.give_ids(rng, np.array(thing.materials, np.int32))
    moved = (points * size @ turn.T + place).astype(np.float32)
    scene.things.append((moved, normals @ turn.T, faces, parts + first))


def set_stage(
    rng: np.random.Generator, catalogue: Catalogue, split: Split, yaw: float, recipe: StageRecipe
) -> StageScene:
    """Draw characters, things and backdrop; ``yaw`` is where the camera stands at first."""
    scene = StageScene()
    count = int(rng.choice(recipe.characters, p=recipe.character_shares))
    right = np.array([np.cos(yaw), 0, -np.sin(yaw)])
    front = np.array([np.sin(yaw), 0, np.cos(yaw)])
    gap = rng.uniform(0.25, 0.6)
    for k, entry in enumerate(_cast(rng, catalogue, split, count)):
        place = right * ((k - (count - 1) / 2) * gap + rng.normal(0, 0.08))
        place = place + front * rng.normal(0, 0.35) * (count > 1)
        facing = yaw + rng.normal(0, 0.9)
        scene.actors.append(_actor(rng, scene, catalogue, entry, place=place, facing=facing))
    full = rng.random() < recipe.staged
    fewest, most = recipe.things if full else (0, 2)
    for _ in range(int(rng.integers(fewest, most + 1))):
        place = right * rng.normal(0, recipe.spread) + front * rng.choice(
            [rng.uniform(0.3, 0.9), rng.uniform(-1.2, -0.3)], p=[0.3, 0.7]
        )
        if catalogue.gear[split] and rng.random() < 0.2:
            entry = catalogue.gear[split][int(rng.integers(len(catalogue.gear[split])))]
            scene.actors.append(_gear(rng, scene, entry, place))
        else:
            size, angle = rng.uniform(0.4, 1.0), rng.uniform(0, 2 * np.pi)
            _place_thing(rng, scene, random_thing(rng), place=place, size=size, angle=angle)
    if full and rng.random() < recipe.backed:
        angle = yaw + rng.normal(0, 0.25)
        # A little lower than the soles, or both would flicker through one another.
        _place_thing(
            rng, scene, backdrop(rng), place=np.array([0, -0.002, 0]), size=1.0, angle=angle
        )
        scene.walled = True
    if recipe.sky:
        points, normals, faces = sky()
        parts = np.full(len(points), scene.give_ids(rng, np.zeros(1, np.int32)), np.int32)
        scene.things.append((points, normals, faces, parts))
        scene.reach = 2 * SKY_RADIUS
    return scene
