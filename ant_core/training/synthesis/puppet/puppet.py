"""One dressed Glitch puppet: its clothes, poses and movement, and how a frame of it is filled in.

The professional animations of the rig are the base.  Limbs and head get slow swings of their own on
top, and every frame places each limb a little anew, as a redrawn drawing would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ant_core.training.data.splits import Split, glitch_animation_split
from ant_core.training.synthesis.puppet.glitch_parts import (
    Fill,
    Rig,
    load_part,
    load_rig,
    load_skin,
    part_names,
    place,
)
from ant_core.training.synthesis.puppet.raster import IDENTITY, Affine, IdCanvas, affine, compose

__all__ = [
    "PartColors",
    "Puppet",
    "Wave",
    "draw_puppet",
    "drift",
    "extent",
    "make_puppet",
    "slot_matrices",
]

#: name -> (labels joined into one movement, may repeat, weight when drawing one)
ANIMATIONS: dict[str, tuple[tuple[str, ...], bool, float]] = {
    "walk1x": (("walk1x",), True, 2.0),
    "walk2x": (("walk2x",), True, 2.0),
    "walk3x": (("walk3x",), True, 2.0),
    "jumpUp": (("jumpUp_lift", "jumpUp_fall", "jumpUp_land"), False, 2.0),
    "jumpOver": (("jumpOver_lift", "jumpOver_fall", "jumpOver_land"), False, 2.0),
    "surprise": (("surprise",), False, 1.5),
    "happy": (("happy",), False, 2.0),
    "idleSleepy": (("idleSleepyStart", "idleSleepyLoop"), False, 0.7),
    "angry": (("angry",), False, 2.0),
    "idle1": (("idle1",), False, 0.5),
    "idle2": (("idle2",), False, 0.7),
    "idle3": (("idle3",), False, 1.5),
    "idle4": (("idle4",), False, 0.7),
    "climb": (("climb",), True, 1.0),
    "do": (("do",), False, 1.5),
}

_HEAD = ("Skull", "Eye", "Mouth", "Nose", "Facial", "Hair", "Hat", "Ear", "backHead")
_LEG = ("Foot", "Leg", "PantsUpper", "PantsLower", "Shoe", "Toe", "Boot")
#: Largest usual swing of each limb about its joint, radians.
_SWING = {"head": 0.12, "armClose": 0.5, "armOffside": 0.5, "legClose": 0.2, "legOffside": 0.2}
_ARM = ("Arm", "Hand", "Glove", "Sleeve", "Ring", "Bracelet")


Limb = tuple[str, bool]  # name, and whether beyond its knee or elbow


@dataclass
class PartColors:
    """Part ids and their colours, given out in the order asked for."""

    colors: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    _ids: dict[tuple[object, ...], int] = field(default_factory=dict)

    def part(self, color: tuple[int, int, int], *key: object) -> int:
        """Return the id of the part named by ``key``; new parts take ``color``."""
        if key not in self._ids:
            self._ids[key] = len(self._ids) + 1
            self.colors[self._ids[key]] = color
        return self._ids[key]

    def owners(self) -> dict[int, str]:
        """Return part id -> first word of its key."""
        return {part: str(key[0]) for key, part in self._ids.items()}


@dataclass(frozen=True)
class Wave:
    """A smooth random function of time, made of two sines."""

    amplitude: NDArray[np.float64]  # (2,)
    pace: NDArray[np.float64]  # (2,) radians a frame
    phase: NDArray[np.float64]  # (2,)

    @classmethod
    def draw(cls, rng: np.random.Generator, amplitude: float) -> Wave:
        """Draw a wave of about the given amplitude with periods of 10 to 60 frames."""
        pace = 2 * np.pi / np.exp(rng.uniform(np.log(10), np.log(60), 2))
        return cls(rng.normal(0, amplitude / 1.4, 2), pace, rng.uniform(0, 2 * np.pi, 2))

    def __call__(self, time: float) -> float:
        return float(np.sum(self.amplitude * np.sin(self.pace * time + self.phase)))


@dataclass(frozen=True, kw_only=True)
class Puppet:
    """One dressed avatar with its movement.

    Attributes
    ----------
    dress
        slot -> (part name, its fills), in the order of drawing within the slot.
    poses
        Rig frame numbers, one a frame of the clip.
    place
        Rig units -> pixels in the first frame, before the camera.
    """

    name: str
    dress: dict[str, list[tuple[str, list[Fill]]]]
    tint: dict[str, tuple[NDArray[np.float64], NDArray[np.int64]]]
    poses: list[int]
    place: Affine
    swings: dict[str, Wave]
    drift: tuple[
        Wave, Wave, Wave, Wave, Wave
    ]  # x, y in rig units, turn in radians, log size, squash
    speed: float  # rig units a frame, sideways
    looseness: float  # size of the per-frame redrawing of limbs
    min_area: float  # groups smaller than this in square rig units are left out,
    min_thickness: float  # and groups thinner than this in rig units


def _limb(slot: str) -> Limb:
    """Name the limb a slot moves with, and whether it lies beyond its knee or elbow."""
    side = "Offside" if "Offside" in slot or "Left" in slot else "Close"
    if any(word in slot for word in _HEAD):
        return "head", False
    if any(word in slot for word in _ARM):
        return f"arm{side}", "Upper" not in slot
    if any(word in slot for word in _LEG):
        return f"leg{side}", "LegUpper" not in slot and "PantsUpper" not in slot
    return "body", False


def _choose_dress(rng: np.random.Generator, parts: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Draw (category, name) from the body outwards; slots draw them in this order."""
    chance = {"eyes": 1.0, "nose": 1.0, "mouth": 1.0, "shoes": 0.85, "shirt": 0.85, "hair": 0.9}
    chance |= {"coat": 0.35, "hat": 0.45, "bracelet": 0.1, "pants": 0.7, "skirt": 0.2, "dress": 0.1}
    order = (
        "eyes",
        "nose",
        "mouth",
        "shoes",
        "pants",
        "skirt",
        "shirt",
        "dress",
        "coat",
        "hair",
        "hat",
        "bracelet",
    )
    worn = [c for c in order if parts[c] and rng.random() < chance[c]]
    return [(c, str(rng.choice(parts[c]))) for c in worn]


def _dress(root: Path, chosen: list[tuple[str, str]]) -> dict[str, list[tuple[str, list[Fill]]]]:
    dress = {slot: [("skin", fills)] for slot, fills in load_skin(root).items()}
    for category, name in chosen:
        for slot, fills in load_part(root, category, name).items():
            dress.setdefault(slot, []).append((f"{category}/{name}", fills))
    return dress


def _tints(
    rng: np.random.Generator, names: list[str]
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.int64]]]:
    """Draw for each part a tint for its greys and an order of channels for its colours."""
    skin = rng.uniform((0.6, 0.4, 0.3), (1.25, 1.1, 1.05))
    tints = {name: (rng.uniform(0.15, 1.0, 3), rng.permutation(3)) for name in sorted(names)}
    return tints | {"skin": (skin, np.arange(3))}


def _tinted(
    color: tuple[int, int, int], tint: tuple[NDArray[np.float64], NDArray[np.int64]]
) -> tuple[int, int, int]:
    grey = max(color) - min(color) < 30
    value = np.array(color) * tint[0] if grey else np.array(color)[tint[1]]
    r, g, b = (int(v) for v in np.clip(value, 0, 255))
    return r, g, b


def _choose_poses(
    rng: np.random.Generator, rig: Rig, split: Split, times: NDArray[np.int64]
) -> tuple[str, list[int]]:
    """Draw an animation of the split and where it starts; return the rig frames at ``times``."""
    names = [
        n for n, (labels, _, _) in ANIMATIONS.items() if glitch_animation_split(labels[0]) == split
    ]
    weights = np.array([ANIMATIONS[n][2] for n in names])
    name = str(rng.choice(names, p=weights / weights.sum()))
    labels, loops, _ = ANIMATIONS[name]
    line = [f for label in labels for f in range(rig.labels[label][0], rig.labels[label][1] + 1)]
    times = times + int(rng.integers(len(line)))
    if loops:
        return name, [line[t % len(line)] for t in times]
    if times[-1] >= len(line):  # run the movement forth and back
        mirrored = line + line[-2:0:-1]
        return name, [mirrored[t % len(mirrored)] for t in times]
    return name, [line[t] for t in times]


def _joints(puppet: Puppet, where: dict[str, Affine], time: float) -> dict[Limb, Affine]:
    """Return how each limb swings about its joint at a time, in rig units."""
    joints: dict[Limb, Affine] = {}
    for name, wave in puppet.swings.items():
        if name == "head":
            anchor = where.get("sideSkullContainer_mc") or where.get("backHeadContainer_mc")
            neck = (anchor[4], anchor[5] + 20.0) if anchor else (0.0, -10.0)
            joints[name, False] = affine(wave(time), about=neck)
            continue
        word, side = name[:3].capitalize(), name[3:]
        upper = where.get(f"side{word}Upper{side}Container_mc")
        lower = where.get(f"side{word}Lower{side}Container_mc")
        if upper and lower:
            swing = affine(wave(time), about=(upper[4], upper[5]))
            # Elbow and knee follow the same wave at another pace, so that no angle repeats.
            bend = affine(0.7 * wave(time * 1.3 + 5.0), about=(lower[4], lower[5]))
            joints[name, False], joints[name, True] = swing, compose(swing, bend)
    return joints


def _redrawn(rng: np.random.Generator, looseness: float, pivot: tuple[float, float]) -> Affine:
    """Return a small random change of place, angle and proportions."""
    move = (rng.normal(0, 0.4 * looseness), rng.normal(0, 0.4 * looseness))
    scale = (1 + rng.normal(0, 0.03 * looseness), 1 + rng.normal(0, 0.03 * looseness))
    return affine(rng.normal(0, 0.03 * looseness), scale, move, pivot)


def slot_matrices(
    puppet: Puppet, rig: Rig, frame: int, time: float, rng: np.random.Generator
) -> list[tuple[str, Affine]]:
    """Pose the slots of one frame in rig units: the rig's own matrices, swung and redrawn."""
    slots = rig.frames[puppet.poses[frame]]
    joints = _joints(puppet, dict(slots), time)
    moved: dict[Limb, Affine] = {}
    for slot, matrix in slots:
        limb = _limb(slot)
        if limb not in moved:
            shake = _redrawn(rng, puppet.looseness, (matrix[4], matrix[5]))
            moved[limb] = compose(joints.get(limb, IDENTITY), shake)
    return [(slot, compose(moved[_limb(slot)], matrix)) for slot, matrix in slots]


def draw_puppet(
    puppet: Puppet,
    slots: list[tuple[str, Affine]],
    to_pixels: Affine,
    *,
    canvas: IdCanvas,
    shading: IdCanvas | None,
    palette: PartColors,
) -> None:
    """Draw one posed frame of a puppet, back to front.

    `slots` are names and places in rig units, see `slot_matrices`. Every part gets its number in
    `palette` on `canvas`; `shading`, where there is one, gets 1 in shadows and highlights, 0 where
    a flat part covers them. Fills below the least area or thickness of the puppet are left out.
    """
    for slot, matrix in slots:
        placed = compose(to_pixels, matrix)
        for part, fills in puppet.dress.get(slot, ()):
            for fill in fills:
                if fill.area < puppet.min_area or fill.thickness < puppet.min_thickness:
                    continue
                full = place(placed, fill)
                if fill.shading:
                    if shading is not None:
                        shading.fill(fill.path, full, 1)
                    continue
                color = _tinted(fill.color, puppet.tint[part])
                group = palette.part(color, puppet.name, slot, part, fill.group)
                canvas.fill(fill.path, full, group)
                if shading is not None:
                    shading.fill(fill.path, full, 0)


def extent(puppet: Puppet, rig: Rig) -> tuple[float, float, float, float]:
    """Return the box x0, y0, x1, y1 in rig units of a puppet over a few of its frames."""
    canvas, palette = IdCanvas(200, 200), PartColors()
    for frame in range(0, len(puppet.poses), 4):
        slots = rig.frames[puppet.poses[frame]]
        draw_puppet(
            puppet, slots, affine(move=(100, 120)), canvas=canvas, shading=None, palette=palette
        )
    y, x = np.nonzero(canvas.plane())
    if len(x) == 0:
        return -30.0, -60.0, 30.0, 52.0
    return x.min() - 100.0, y.min() - 120.0, x.max() - 99.0, y.max() - 119.0


def make_puppet(
    root: Path,
    split: Split,
    rng: np.random.Generator,
    *,
    name: str,
    times: NDArray[np.int64],
    lively: bool,
) -> tuple[Puppet, str]:
    """Dress a rig and choose its movement, both from `split`; return it and the movement's name.

    `times` are (F,) int64, in frames; `lively` adds swinging limbs.
    What `rng` draws decides all else. The least area and thickness of fills are 0.
    """
    rig = load_rig(root)
    chosen = _choose_dress(rng, part_names(root)[split])
    dress = _dress(root, chosen)
    motion, poses = _choose_poses(rng, rig, split, times)
    swings = {
        limb: Wave.draw(rng, size * rng.random() if lively else 0.0)
        for limb, size in _SWING.items()
    }
    sway, hop, turn, size, squash = (Wave.draw(rng, a) for a in (6.0, 4.0, 0.08, 0.06, 0.04))
    speed = rng.normal(0, 2.0) if rng.random() < 0.5 else 0.0
    tints = _tints(rng, [f"{c}/{n}" for c, n in chosen])
    loose = float(rng.choice((0.0, 0.5, 1.0, 1.5)))
    puppet = Puppet(
        name=name,
        dress=dress,
        tint=tints,
        poses=poses,
        place=affine(),
        swings=swings,
        drift=(sway, hop, turn, size, squash),
        speed=speed,
        looseness=loose,
        min_area=0.0,
        min_thickness=0.0,
    )
    return puppet, motion


def drift(puppet: Puppet, time: float) -> Affine:
    """Return how the whole puppet has moved, in rig units."""
    sway, hop, turn, size, squash = (wave(time) for wave in puppet.drift)
    # In the middle of the clip a walking puppet stands where it was placed.
    x = sway + puppet.speed * (time - 12.0)
    scale = (float(np.exp(size + squash)), float(np.exp(size - squash)))
    return affine(turn, scale, (x, hop), about=(0.0, -5.0))
