"""Who may appear in a clip of which split, and how one of them moves.

The catalogue holds every usable file of the packs with its split; figures are loaded once a
process.  A held-out character plays only held-out clips; where a split has no clip for a character,
its joints swing freely instead.  The human figures come without clips and borrow those of the
adventurers and of motion capture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.training.data.splits import Split, character_split, clip_splits
from ant_core.training.synthesis.scene3d import fresh_cast, gltf, motion, skinning
from ant_core.training.synthesis.scene3d.bvh import bvh_landmarks
from ant_core.training.synthesis.scene3d.gltf import Floats, ModelMotion
from ant_core.training.synthesis.scene3d.model_parts import PartedModel, build_figure

__all__ = [
    "Actor",
    "CastEntry",
    "Catalogue",
    "Sway",
    "fresh_shown",
    "load_catalogue",
    "load_figure",
    "load_motion",
]

#: Pack -> file patterns below the data folder, and how often one of its characters is drawn.
_PACKS: dict[str, tuple[tuple[str, ...], float]] = {
    "quaternius": (("*_pack/*.glb", "modular_*/*.glb"), 1.0),
    "kaykit_adventurers": (("*.glb",), 4.0),
    "kenney_starter": (("*.glb",), 1.0),
    "robot_expressive": (("*.glb",), 2.0),
    "mesh2motion": (("*-animations.glb",), 0.6),
}
_MECHS = 4.0  # many parts each, but only one of them trains
_HUMANS = 2.0
#: Folders of figures without clips, and the model that lends them its own.
_BORROWERS = ("modular_men", "modular_women")
_LENDER = Path("kaykit_adventurers", "Knight.glb")
#: Weapons to stand about; each belongs to the split of the character whose texture it shares.
_GEAR: dict[Split, tuple[str, ...]] = {
    "train": (
        "staff",
        "wand",
        "spellbook_open",
        "sword_1handed",
        "sword_2handed_color",
        "shield_*_color",
    ),
    "validation": ("axe_2handed",),
    "test": ("crossbow_2handed",),
}
#: The dinosaurs share one set of movements, whichever name stands before it.
_SHARED_NAMES = ("Apatosaurus_", "Stegosaurus_", "Parasaurolophus_", "Triceratops_")


@dataclass(frozen=True)
class CastEntry:
    """A model file and what it may play.

    Attributes
    ----------
    path, pack, name
        The file, the folder of its pack, and the character as "pack/folder/Name".
    split, weight
        Who may use it, and how often it is drawn.
    motions
        (file that holds the clip, name of the clip there, its bare name).
    """

    path: Path
    pack: str
    name: str
    split: Split
    weight: float
    motions: tuple[tuple[Path, str, str], ...]


@dataclass(frozen=True)
class Catalogue:
    """All characters, all props by split, and the split of every bare clip name."""

    characters: tuple[CastEntry, ...]
    gear: dict[Split, tuple[CastEntry, ...]]
    clip_split: dict[str, Split]


def _bare(name: str) -> str:
    """Return "Walk" for "AnimalArmature|Walk" and "Armature|Stegosaurus_Walk"."""
    bare = name.rsplit("|", 1)[-1]
    for prefix in _SHARED_NAMES:
        bare = bare.removeprefix(prefix)
    return bare


@lru_cache(maxsize=4)
def _borrowed(data: Path) -> tuple[tuple[Path, str, str], ...]:
    """Return the movements for figures without clips."""
    captured = sorted((data / "bvh_motion").glob("*.bvh"))
    lender = data / _LENDER
    lent = gltf.motion_names(lender) if lender.is_file() else []
    return (
        *((path, path.stem, path.stem) for path in captured),
        *((lender, name, name) for name in lent),
    )


def _entry(data: Path, path: Path, pack: str, weight: float) -> CastEntry:
    name = path.relative_to(data).with_suffix("").as_posix()
    if "mech_pack" in name:
        weight *= _MECHS
    motions = tuple((path, clip, _bare(clip)) for clip in gltf.motion_names(path))
    if path.parent.name in _BORROWERS:
        weight *= _HUMANS
        motions = _borrowed(data)
    return CastEntry(path, pack, name, character_split(pack, path.stem), weight, motions)


@lru_cache(maxsize=4)
def load_catalogue(data: Path) -> Catalogue:
    """Look through the data folder.

    Parameters
    ----------
    data
        Folder of the packs (quaternius, kaykit_adventurers, ...); absent packs are left out.

    Raises
    ------
    InputError
        No pack is there.
    """
    characters = []
    for pack, (patterns, weight) in _PACKS.items():
        for pattern in patterns:
            for path in sorted((data / pack).glob(pattern)):
                characters.append(_entry(data, path, pack, weight))
    if not characters:
        raise InputError(
            f"{data}: expected folders of 3D models such as 'quaternius', but none is there."
        )
    gear: dict[Split, tuple[CastEntry, ...]] = {}
    for split, patterns in _GEAR.items():
        folder = data / "kaykit_adventurers"
        paths = [path for p in patterns for path in sorted(folder.glob(f"{p}.gltf"))]
        gear[split] = tuple(
            CastEntry(path, "kaykit_adventurers", f"kaykit_adventurers/{path.stem}", split, 1.0, ())
            for path in paths
        )
    gear["fresh"] = ()
    names: dict[str, set[str]] = {}
    for entry in characters:
        # The folder that a name lies in is its pack; all mechs are sorted together, and so on.
        for path, _, bare in entry.motions:
            pack = path.parent.relative_to(data).as_posix()
            names.setdefault(pack, set()).add(bare)
    splits = clip_splits({pack: sorted(found) for pack, found in names.items()})
    characters += _fresh(data, splits)
    return Catalogue(tuple(characters), gear, splits)


def _fresh(data: Path, splits: dict[str, Split]) -> list[CastEntry]:
    """Return the cast of the fresh test split, and add what it plays to `splits`."""
    entries = []
    for path, lender in fresh_cast.fresh_files(data):
        names = {name: _bare(name) for name in gltf.motion_names(lender)}
        lent = fresh_cast.lent_motions(lender, names, splits)
        splits.update({known: "fresh" for _, _, known in lent})
        name = path.relative_to(data).with_suffix("").as_posix()
        entries.append(CastEntry(path, fresh_cast.PACK, name, "fresh", 1.0, tuple(lent)))
    return entries


def fresh_shown(catalogue: Catalogue) -> tuple[set[str], set[str]]:
    """Return the figures and the movements that the fresh split shows with these packs."""
    cast = [entry for entry in catalogue.characters if entry.split == "fresh"]
    return {entry.name for entry in cast}, {known for e in cast for _, _, known in e.motions}


@lru_cache(maxsize=64)
def load_figure(path: Path, pack: str) -> PartedModel:
    """Read a model and divide it into parts, once a process."""
    return build_figure(gltf.load_model(path), pack)


@lru_cache(maxsize=64)
def _landmarks(path: Path, name: str) -> dict[str, NDArray[np.float64]]:
    if path.suffix == ".bvh":
        return bvh_landmarks(path)
    model = load_figure(path, path.parent.name).model
    return motion.model_landmarks(model, model.motions[name])


@lru_cache(maxsize=256)
def load_motion(entry: CastEntry, path: Path, name: str) -> ModelMotion:
    """Return a clip of a character, retargeted to it if the clip is another's."""
    model = load_figure(entry.path, entry.pack).model
    if path == entry.path:
        return model.motions[name]
    if entry.split == "fresh":
        return fresh_cast.lend(model, load_figure(path, path.parent.name).model, name)
    return motion.retarget(model, _landmarks(path, name), name)


@dataclass(frozen=True)
class Sway:
    """Slow random swings of all joints: a sine each about an axis of its own.

    Attributes
    ----------
    axis
        (K, 3) unit axes in the joints' own spaces.
    amplitude, pace, phase
        (K,) radians, radians a second, radians.
    """

    axis: Floats
    amplitude: Floats
    pace: Floats
    phase: Floats

    @classmethod
    def draw(cls, rng: np.random.Generator, count: int, amplitude: float) -> Sway:
        """Draw swings of about ``amplitude`` radians for ``count`` joints."""
        axis = rng.normal(size=(count, 3))
        axis /= np.linalg.norm(axis, axis=1, keepdims=True)
        size = amplitude * np.abs(rng.normal(size=count)) * (rng.random(count) < 0.6)
        pace = rng.uniform(1.0, 6.0, count)
        phase = rng.uniform(0, 2 * np.pi, count)
        parts = (a.astype(np.float32) for a in (axis, size, pace, phase))
        return cls(*parts)

    def turn(self, rotation: Floats, time: float) -> Floats:
        """Return local rotations (K, 4) with the swings at ``time`` seconds put on."""
        half = self.amplitude * np.sin(self.pace * time + self.phase) / 2
        swing = np.concatenate((self.axis * np.sin(half)[:, None], np.cos(half)[:, None]), 1)
        return skinning.multiply(rotation, swing.astype(np.float32))


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A figure with a movement and a place in the world.

    Attributes
    ----------
    figure
        What is shown.
    motion, start_s
        The clip and the second at which it begins; None keeps the rest pose.
    sway
        Swings on top, or None.
    faces
        (f, 3) int32 faces drawn (some things in the hands are left away).
    build
        (K,) float32 factor on the size of each joint and what hangs from it.
    place, heading, size
        Position on the ground (3,), turn about y in radians, (3,) size in world units: the second
        is the height, a negative first one mirrors.
    velocity, spin
        World units a second (3,), radians a second about y.
    first_id
        Id of its part 0.
    """

    figure: PartedModel
    motion: ModelMotion | None
    start_s: float
    sway: Sway | None
    faces: NDArray[np.int32]
    build: Floats
    place: NDArray[np.float64]
    heading: float
    size: NDArray[np.float64]
    velocity: NDArray[np.float64]
    spin: float
    first_id: int

    def _time(self, time: float) -> float:
        """Return the clip's second; a clip runs to its end and back again."""
        assert self.motion is not None
        length = max(self.motion.duration_s, 1e-3)
        phase = (self.start_s + time) % (2 * length)
        return phase if phase <= length else 2 * length - phase

    def rest(self) -> Floats:
        """Return the vertices, (V, 3), as they stand at rest, at the size that they have."""
        figure, model = self.figure, self.figure.model
        pose = skinning.local_pose(model, None, 0.0)
        palette = skinning.joint_matrices(model, skinning.world_matrices(model, *pose))
        points, _ = skinning.skin(
            figure.vertices, figure.normals, figure.joints, figure.weights, palette
        )
        return (points - figure.base) * (np.abs(self.size) / figure.height).astype(np.float32)

    def at(self, time: float) -> tuple[Floats, Floats]:
        """Return world positions and normals, (V, 3) each, ``time`` seconds after the start."""
        figure, model = self.figure, self.figure.model
        moment = self._time(time) if self.motion else 0.0
        translation, rotation, scale = skinning.local_pose(model, self.motion, moment)
        if self.sway is not None:
            rotation = self.sway.turn(rotation, time)
        scale = scale * self.build[:, None]
        palette = skinning.joint_matrices(
            model, skinning.world_matrices(model, translation, rotation, scale)
        )
        points, normals = skinning.skin(
            figure.vertices, figure.normals, figure.joints, figure.weights, palette
        )
        angle = self.heading + self.spin * time
        c, s = np.cos(angle), np.sin(angle)
        turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]], np.float32)
        size = self.size.astype(np.float32)
        points = (points - figure.base) * (size / np.float32(figure.height))
        normals = normals / size
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        where = (self.place + self.velocity * time).astype(np.float32)
        return points @ turn.T + where, normals @ turn.T
