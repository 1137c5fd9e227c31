"""Clips of the Glitch avatar: freely dressed puppets, alone or in scenes, drawn as exact ids.

The professional animations of the rig are the base.  Limbs and head get slow swings of their own on
top, and every frame places each limb a little anew, as a redrawn drawing would.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ant_core.synthesis.glitch_parts import Fill, Rig, load_part, load_rig, load_skin, part_names, place
from ant_core.synthesis.raster import Affine, IdCanvas, affine, compose, merge_islands
from ant_core.synthesis.scenery import Item, backdrop, prop
from ant_core.synthesis.source import SourceClip, SourceFrame, Split, seeded
from ant_core.synthesis.splits import glitch_animation_split

__all__ = ["make_clip"]

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


@dataclass
class Palette:
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


@dataclass(frozen=True)
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
    drift: tuple[Wave, Wave, Wave]  # x and y in rig units, rotation in radians
    looseness: float  # size of the per-frame redrawing of limbs
    min_area: float  # groups smaller than this in square rig units are left out,
    min_thickness: float  # and groups thinner than this in rig units


def _limb(slot: str) -> tuple[str, bool]:
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
    order = ("eyes", "nose", "mouth", "shoes", "pants", "skirt", "shirt", "dress", "coat", "hair", "hat", "bracelet")
    worn = [c for c in order if parts[c] and rng.random() < chance[c]]
    return [(c, str(rng.choice(parts[c]))) for c in worn]


def _dress(
    root: Path, chosen: list[tuple[str, str]]
) -> dict[str, list[tuple[str, list[Fill]]]]:
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


def _choose_poses(rng: np.random.Generator, rig: Rig, split: Split, count: int) -> tuple[str, list[int]]:
    """Draw an animation of the split and the rig frames of a clip, 1 to 4 apart."""
    names = [n for n, (labels, _, _) in ANIMATIONS.items() if glitch_animation_split(labels[0]) == split]
    weights = np.array([ANIMATIONS[n][2] for n in names])
    name = str(rng.choice(names, p=weights / weights.sum()))
    labels, loops, _ = ANIMATIONS[name]
    line = [f for label in labels for f in range(rig.labels[label][0], rig.labels[label][1] + 1)]
    step = int(rng.choice((1, 2, 3, 4), p=(0.25, 0.4, 0.2, 0.15)))
    start = int(rng.integers(len(line)))
    times = start + step * np.arange(count)
    if loops:
        return name, [line[t % len(line)] for t in times]
    if times[-1] >= len(line):  # run the movement forth and back
        mirrored = line + line[-2:0:-1]
        return name, [mirrored[t % len(mirrored)] for t in times]
    return name, [line[t] for t in times]


def _slot_matrices(puppet: Puppet, rig: Rig, frame: int, time: float, rng: np.random.Generator) -> list[tuple[str, Affine]]:
    """Pose the slots of one frame in rig units: the rig's own matrices, swung and redrawn."""
    slots = rig.frames[puppet.poses[frame]]
    where = dict(slots)
    joints: dict[tuple[str, bool], Affine] = {}
    for limb, wave in puppet.swings.items():
        kind, side = limb[:3], limb[3:]
        if limb == "head":
            anchor = where.get("sideSkullContainer_mc") or where.get("backHeadContainer_mc")
            pivot = (anchor[4], anchor[5] + 20.0) if anchor else (0.0, -10.0)
            joints[limb, False] = affine(wave(time), about=pivot)
            continue
        word = "Arm" if kind == "arm" else "Leg"
        upper, lower = (where.get(f"side{word}{end}{side}Container_mc") for end in ("Upper", "Lower"))
        if upper and lower:
            swing = affine(wave(time), about=(upper[4], upper[5]))
            bend = affine(0.7 * wave(time * 1.3 + 5.0), about=(lower[4], lower[5]))
            joints[limb, False], joints[limb, True] = swing, compose(swing, bend)
    loose = puppet.looseness
    redrawn: dict[tuple[str, bool], Affine] = {}
    result = []
    for slot, matrix in slots:
        limb = _limb(slot)
        if limb not in redrawn:
            move = (rng.normal(0, 0.4 * loose), rng.normal(0, 0.4 * loose))
            scale = (1 + rng.normal(0, 0.03 * loose), 1 + rng.normal(0, 0.03 * loose))
            pivot = (matrix[4], matrix[5])
            shake = affine(rng.normal(0, 0.03 * loose), scale, move, pivot)
            redrawn[limb] = compose(joints.get(limb, affine()), shake)
        result.append((slot, compose(redrawn[limb], matrix)))
    return result


def _draw_puppet(
    puppet: Puppet,
    slots: list[tuple[str, Affine]],
    to_pixels: Affine,
    canvas: IdCanvas,
    shading: IdCanvas | None,
    palette: Palette,
) -> None:
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


def _extent(puppet: Puppet, rig: Rig) -> tuple[float, float, float, float]:
    """Return the box x0, y0, x1, y1 in rig units of a puppet over a few of its frames."""
    canvas, palette = IdCanvas(200, 200), Palette()
    for frame in range(0, len(puppet.poses), 4):
        slots = rig.frames[puppet.poses[frame]]
        _draw_puppet(puppet, slots, affine(move=(100, 120)), canvas, None, palette)
    y, x = np.nonzero(canvas.plane())
    if len(x) == 0:
        return -30.0, -60.0, 30.0, 52.0
    return x.min() - 100.0, y.min() - 120.0, x.max() - 99.0, y.max() - 119.0


def _make_puppet(
    root: Path, split: Split, rng: np.random.Generator, name: str, count: int, lively: bool
) -> tuple[Puppet, str]:
    rig = load_rig(root)
    chosen = _choose_dress(rng, part_names(root)[split])
    dress = _dress(root, chosen)
    motion, poses = _choose_poses(rng, rig, split, count)
    swings = {
        limb: Wave.draw(rng, size * rng.random() if lively else 0.0) for limb, size in _SWING.items()
    }
    drift = (Wave.draw(rng, 6.0), Wave.draw(rng, 4.0), Wave.draw(rng, 0.08))
    tints = _tints(rng, [f"{c}/{n}" for c, n in chosen])
    loose = float(rng.choice((0.0, 0.5, 1.0, 1.5)))
    return Puppet(name, dress, tints, poses, affine(), swings, drift, loose, 0.0, 0.0), motion


@dataclass(frozen=True)
class Scene:
    """Everything of one clip that does not change from frame to frame."""

    height: int
    width: int
    behind: list[Item]
    puppets: list[Puppet]
    before: list[Item]
    camera: tuple[Wave, Wave, Wave, Wave]  # pan x, pan y in pixels, zoom (log), roll in radians
    shaded: bool
    min_island_px: int


def _placed_puppets(
    root: Path, rng: np.random.Generator, puppets: list[Puppet], size: tuple[int, int], alone: bool
) -> list[Puppet]:
    """Give puppets their place in the picture and the detail that fits their size."""
    height, width = size
    result = []
    for puppet in puppets:
        x0, y0, x1, y1 = _extent(puppet, load_rig(root))
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
            replace(puppet, place=where, min_area=area_px / scale**2, min_thickness=thick_px / scale)
        )
    return result


def _make_scene(
    root: Path, split: Split, rng: np.random.Generator, count: int
) -> tuple[Scene, list[str]]:
    height = int(rng.integers(540, 1081))
    alone = rng.random() < 0.4
    ratio = rng.uniform(0.6, 1.1) if alone else rng.uniform(0.9, 1.8)
    size = (height, int(min(1920, height * ratio)))
    lively = rng.random() < 0.6
    number = 1 if alone else int(rng.choice((1, 2, 3), p=(0.45, 0.4, 0.15)))
    made = [_make_puppet(root, split, rng, f"puppet{i}", count, lively) for i in range(number)]
    puppets = _placed_puppets(root, rng, [p for p, _ in made], size, alone)
    behind, before = [], []
    if not alone:
        if rng.random() < 0.8:
            behind = backdrop(rng, *size, parts=int(rng.integers(3, 60)))
        behind += [prop(rng, *size) for _ in range(int(rng.integers(0, 3)))]
        before = [prop(rng, *size) for _ in range(int(rng.choice((0, 1, 2), p=(0.5, 0.35, 0.15))))]
    still = 0.0 if rng.random() < 0.3 else 1.0
    reach = (0.12 * height, 0.06 * height, 0.08, 0.04)
    pan_x, pan_y, zoom, roll = (Wave.draw(rng, still * r * rng.random()) for r in reach)
    scene = Scene(
        *size,
        behind,
        puppets,
        before,
        (pan_x, pan_y, zoom, roll),
        shaded=rng.random() < 0.35,
        min_island_px=int(rng.uniform(60, 250) * (height / 1080) ** 1.5),
    )
    return scene, sorted({motion for _, motion in made})


def _camera(scene: Scene, time: float, parallax: float) -> Affine:
    pan_x, pan_y, zoom, roll = scene.camera
    middle = (scene.width / 2, scene.height / 2)
    move = (pan_x(time) * parallax, pan_y(time) * parallax)
    return affine(roll(time), float(np.exp(zoom(time) * parallax)), move, middle)


def _draw_items(
    items: list[Item], where: str, scene: Scene, time: float, canvas: IdCanvas, palette: Palette
) -> None:
    for i, item in enumerate(items):
        matrix = compose(_camera(scene, time, item.parallax), item.at(time))
        for j, (path, color) in enumerate(item.shapes):
            # An item's colours are drawn from its own name, so that they do not change with time.
            r, g, b = seeded(where, i, color, scene.width).integers(0, 256, 3)
            canvas.fill(path, matrix, palette.part((int(r), int(g), int(b)), where, i, j))


def _draw_frame(
    scene: Scene, rig: Rig, frame: int, time: float, rng: np.random.Generator, palette: Palette
) -> SourceFrame:
    canvas = IdCanvas(scene.height, scene.width)
    shading = IdCanvas(scene.height, scene.width) if scene.shaded else None
    _draw_items(scene.behind, "behind", scene, time, canvas, palette)
    for puppet in scene.puppets:
        x, y, turn = puppet.drift
        middle = (0.0, -5.0)
        drift = affine(turn(time), 1.0, (x(time), y(time)), middle)
        to_pixels = compose(_camera(scene, time, 1.0), compose(puppet.place, drift))
        slots = _slot_matrices(puppet, rig, frame, time, rng)
        _draw_puppet(puppet, slots, to_pixels, canvas, shading, palette)
    _draw_items(scene.before, "before", scene, time, canvas, palette)
    ids = merge_islands(canvas.plane(), scene.min_island_px)
    if shading is None:
        return SourceFrame(ids)
    before = ids * 0 + shading.plane()
    # What stands in front of the puppets is never shaded by them.
    puppet_ids = [i for i, key in palette.owners().items() if key.startswith("puppet")]
    before[~np.isin(ids, puppet_ids)] = 0
    return SourceFrame(ids, shade=merge_islands(before, 4 * scene.min_island_px).astype(np.uint8))


def make_clip(data: Path, split: Split, seed: int) -> SourceClip:
    """Make one clip of 8 to 16 frames; the same arguments give the same clip.

    Parameters
    ----------
    data
        Folder that holds ``glitch_avatars``.
    split
        Only parts and animations of this split are used.  The naked body is common to all.
    seed
        Number of the clip, from 0.

    Raises
    ------
    InputError
        The data cannot be read.
    """
    root = data / "glitch_avatars"
    rng = seeded("glitch", split, seed)
    rig, palette = load_rig(root), Palette()
    count = int(rng.integers(8, 17))
    scene, motions = _make_scene(root, split, rng, count)
    pace = int(rng.choice((1, 2, 3, 4), p=(0.25, 0.4, 0.2, 0.15)))
    frames = [_draw_frame(scene, rig, i, float(i * pace), rng, palette) for i in range(count)]
    worn = {part for p in scene.puppets for layers in p.dress.values() for part, _ in layers}
    return SourceClip(
        name=f"glitch_{seed:06d}",
        split=split,
        characters=tuple(sorted(worn - {"skin"})),
        motions=tuple(motions),
        frames=frames,
        colors=palette.colors,
    )
