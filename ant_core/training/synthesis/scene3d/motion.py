"""Movements for human rigs that have none: taken from other skeletons and retargeted.

A movement is kept as *landmarks*, the places of some eighteen joints at 24 a second.  Retargeting
turns the pelvis and the chest of the figure as frames of three landmarks, and each limb along its
own direction; so it needs to know nothing of the axes and rest poses of the source.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.scene3d.gltf import Channel, Floats, GltfModel, ModelMotion
from ant_core.training.synthesis.scene3d.skinning import (
    local_pose,
    rotation_matrices,
    world_matrices,
)

__all__ = [
    "RATE",
    "Doubles",
    "find_joints",
    "missing_landmarks",
    "model_landmarks",
    "retarget",
]

Doubles = NDArray[np.float64]

#: Landmarks a second.
RATE = 24
#: Landmark -> names of the joint in the rigs that we know; {S}: Left or Right, {s}: l or r.
_NAMES = {
    "pelvis": ("Hips", "hips", "Root"),
    "neck": ("Neck", "chest"),
    "head": ("Head", "head"),
    "crown": ("Head_end",),
}
_SIDE_NAMES = {
    "hip": ("UpperLeg.{u}", "upperleg.{l}", "{S}UpLeg", "{S}Hip", "UpLeg_{u}"),
    "knee": ("LowerLeg.{u}", "lowerleg.{l}", "{S}Leg", "{S}Knee", "LoLeg_{u}"),
    "ankle": ("Foot.{u}", "foot.{l}", "{S}Foot", "{S}Ankle", "Foot_{u}"),
    "toe": ("toes.{l}", "{S}ToeBase", "{S}Toe", "Toe_{u}"),
    "shoulder": ("UpperArm.{u}", "upperarm.{l}", "{S}Arm", "{S}Shoulder", "UpArm_{u}"),
    "elbow": ("LowerArm.{u}", "lowerarm.{l}", "{S}ForeArm", "{S}Elbow", "LoArm_{u}"),
    "wrist": ("Hand.{u}", "wrist.{l}", "{S}Hand", "{S}Wrist", "Hand_{u}"),
}
_OPTIONAL = ("crown", "toe.l", "toe.r")
#: Limb bones, parents first: from one landmark to the next, and where the parent bone starts.
_LIMBS = (
    ("shoulder", "elbow", ""),
    ("elbow", "wrist", "shoulder"),
    ("hip", "knee", ""),
    ("knee", "ankle", "hip"),
)


def find_joints(names: list[str]) -> dict[str, int]:
    """Return the row of each landmark's joint among ``names``; absent ones are left out."""
    row = {name: i for i, name in reversed(list(enumerate(names)))}
    found = {}
    for landmark, choices in _NAMES.items():
        known = [row[name] for name in choices if name in row]
        if known:
            found[landmark] = known[0]
    for landmark, patterns in _SIDE_NAMES.items():
        for low, side in (("l", "Left"), ("r", "Right")):
            choices = tuple(p.format(u=low.upper(), l=low, S=side) for p in patterns)
            known = [row[name] for name in choices if name in row]
            if known:
                found[f"{landmark}.{low}"] = known[0]
    return found


def missing_landmarks(found: dict[str, int]) -> list[str]:
    """Return the landmarks that retargeting needs and :func:`find_joints` did not find."""
    sided = [f"{landmark}.{side}" for landmark in _SIDE_NAMES for side in "lr"]
    needed = [name for name in (*_NAMES, *sided) if name not in _OPTIONAL]
    return [name for name in needed if name not in found]


def model_landmarks(model: GltfModel, motion: ModelMotion) -> dict[str, Doubles]:
    """Return landmark -> (T, 3) places, :data:`RATE` a second, of a model playing its own clip."""
    found = find_joints(model.node_names)
    times = np.arange(0, motion.duration_s + 1e-6, 1 / RATE)
    worlds = [world_matrices(model, *local_pose(model, motion, float(t))) for t in times]
    stack = np.stack(worlds).astype(np.float64)
    marks = {name: stack[:, row, :3, 3] for name, row in found.items()}
    up = stack[:, found["head"], :3, 1]
    marks["crown"] = marks["head"] + up / np.linalg.norm(up, axis=1, keepdims=True)
    return marks


def _unit(vectors: Doubles) -> Doubles:
    length = np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)
    result: Doubles = vectors / length
    return result


def _frame(side: Doubles, up: Doubles) -> Doubles:
    """Return (T, 3, 3) rotations whose columns are side, up (made square to it) and forward."""
    x = _unit(side)
    z = _unit(np.cross(x, up))
    return np.stack((x, np.cross(z, x), z), -1)


def _between(a: Doubles, b: Doubles) -> Doubles:
    """Return (T, 3, 3): the shortest rotation from directions a to b, (T, 3) each."""
    a, b = _unit(a), _unit(b)
    v = np.cross(a, b)
    c = (a * b).sum(-1)[:, None, None]
    k = np.zeros((len(v), 3, 3))
    k[:, 0, 1], k[:, 0, 2], k[:, 1, 2] = -v[:, 2], v[:, 1], -v[:, 0]
    k = k - k.transpose(0, 2, 1)
    turn: Doubles = np.eye(3) + k + k @ k / np.maximum(1 + c, 1e-3)
    return turn


def _mixed(a: Doubles, b: Doubles, share: float) -> Doubles:
    """Return the rotations ``share`` of the way from a to b, by their nearest orthogonal matrix."""
    u, _, vt = np.linalg.svd(a * (1 - share) + b * share)
    turn: Doubles = u @ vt
    return turn


def _quaternions(turns: Doubles) -> Floats:
    """Return (T, 4) as x, y, z, w of rotations (T, 3, 3), by the largest of the four components."""
    m = turns
    trace = np.einsum("tii->t", m)
    squares = np.stack((*(1 + 2 * m[:, i, i] - trace for i in range(3)), 1 + trace), 1)
    best = squares.argmax(1)
    result = np.zeros((len(m), 4))
    for t, k in enumerate(best):
        size = np.sqrt(squares[t, k])
        x, y, z = m[t, 2, 1] - m[t, 1, 2], m[t, 0, 2] - m[t, 2, 0], m[t, 1, 0] - m[t, 0, 1]
        if k == 3:
            result[t] = (x, y, z, size * size)
        else:
            i, j = (k + 1) % 3, (k + 2) % 3
            result[t, k], result[t, 3] = size * size, (x, y, z)[k]
            result[t, i], result[t, j] = m[t, i, k] + m[t, k, i], m[t, j, k] + m[t, k, j]
        result[t] /= 2 * size
    return result.astype(np.float32)


def _turned_landmarks(marks: dict[str, Doubles]) -> dict[str, Doubles]:
    """Turn a movement about y so that it faces +z at first, and start it above the origin."""
    side = (marks["hip.l"] - marks["hip.r"])[0]
    angle = np.arctan2(side[2], side[0])  # what turns the side to +x
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    origin = marks["pelvis"][0] * (1, 0, 1)
    return {name: (place - origin) @ turn.T for name, place in marks.items()}


def _world_turns(marks: dict[str, Doubles], rest: dict[str, Doubles]) -> dict[str, Doubles]:
    """Return landmark -> (T, 3, 3): how the bone that starts there is turned from its rest."""
    count = len(marks["pelvis"])

    def along(a: str, b: str) -> Doubles:
        return np.tile(rest[b] - rest[a], (count, 1))

    def frame(side: str, source: dict[str, Doubles]) -> Doubles:
        up = source["neck"] - source["pelvis"]
        return _frame(source[f"{side}.l"] - source[f"{side}.r"], up)

    flat = {name: place[None] for name, place in rest.items()}
    turns = {
        "pelvis": frame("hip", marks) @ frame("hip", flat).transpose(0, 2, 1),
        "neck": frame("shoulder", marks) @ frame("shoulder", flat).transpose(0, 2, 1),
    }
    for side in "lr":
        for begin, end, before in _LIMBS:
            base = turns[
                f"{before}.{side}" if before else ("neck" if begin == "shoulder" else "pelvis")
            ]
            a, b = f"{begin}.{side}", f"{end}.{side}"
            now = np.einsum("tij,tj->ti", base, along(a, b))
            turns[a] = _between(now, marks[b] - marks[a]) @ base
        knee, foot = turns[f"knee.{side}"], np.array([0.0, -0.45, 1.0])
        turns[f"ankle.{side}"] = _mixed(knee, turns["pelvis"], 0.5)
        if f"toe.{side}" in marks:
            now = np.einsum("tij,j->ti", knee, foot)
            turns[f"ankle.{side}"] = (
                _between(now, marks[f"toe.{side}"] - marks[f"ankle.{side}"]) @ knee
            )
    turns["head"] = turns["neck"]
    if "crown" in marks:
        now = np.einsum("tij,j->ti", turns["neck"], np.array([0.0, 1.0, 0.1]))
        full = _between(now, marks["crown"] - marks["head"]) @ turns["neck"]
        turns["head"] = _mixed(turns["neck"], full, 0.7)
    return turns


def _in_place(path: Doubles) -> Doubles:
    """Return a path (T, 3) without its travel, so that a clip may begin anywhere; sways stay."""
    reach = RATE
    padded = np.pad(path, ((reach, reach), (0, 0)), mode="edge")
    window = np.hanning(2 * reach + 3)[1:-1]
    smooth = np.stack(
        [np.convolve(padded[:, k], window / window.sum(), "valid") for k in range(3)], 1
    )
    swing: Doubles = path - smooth
    return swing


def _hips_path(marks: dict[str, Doubles], rest: dict[str, Doubles]) -> Doubles:
    """Return (T, 3) world places of the hips: the source's path scaled to the figure's legs."""
    feet = np.minimum(marks["ankle.l"][:, 1], marks["ankle.r"][:, 1])
    ground = np.percentile(feet, 10)
    legs = sum(
        np.linalg.norm(marks[f"{a}.l"][0] - marks[f"{b}.l"][0])
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    )
    own = sum(
        float(np.linalg.norm(rest[f"{a}.l"] - rest[f"{b}.l"]))
        for a, b in (("hip", "knee"), ("knee", "ankle"))
    )
    ratio = own / max(float(legs), 1e-6)
    lift = marks["pelvis"][:, 1] - ground - (marks["pelvis"][0, 1] - marks["hip.l"][0, 1]) - legs
    path = _in_place(marks["pelvis"]) * ratio * (1, 0, 1)
    path[:, 1] = rest["pelvis"][1] + lift * ratio
    return path + rest["pelvis"] * (1, 0, 1)


#: Joints of the spine, and how far each turns from the pelvis' way to the chest's.
_SPINE = (("Abdomen", 0.33), ("Torso", 0.67), ("Chest", 1.0))


def _moves(
    model: GltfModel,
    found: dict[str, int],
    rest_world: Doubles,
    *,
    times: Floats,
    path: Doubles,
    turn: Doubles,
) -> list[Channel]:
    """Return what carries the hips along ``path`` (T, 3), and legs that do not hang from them."""
    hips = found["pelvis"]
    carried = {hips: path}
    for side in "lr":
        leg = found[f"hip.{side}"]
        if model.parents[leg] != hips:
            arm = rest_world[leg, :3, 3] - rest_world[hips, :3, 3]
            carried[leg] = path + turn @ arm
    channels = []
    for row, way in carried.items():
        back = np.linalg.inv(rest_world[model.parents[row]])  # nothing above them moves
        local = way @ back[:3, :3].T + back[:3, 3]
        channels.append(Channel(row, "translation", times, local.astype(np.float32), False))
    return channels


def retarget(model: GltfModel, marks: dict[str, Doubles], name: str) -> ModelMotion:
    """Make a clip for a human figure.

    Parameters
    ----------
    model
        A figure without :func:`missing_landmarks` and with every joint of the spine; it faces
        +z at rest.
    marks
        Landmarks of the movement, at least two frames.
    name
        Name of the clip.

    Returns
    -------
    ModelMotion
        Rotations of the joints and the way of the hips; all other joints keep their rest.
    """
    marks = _turned_landmarks(marks)
    found = find_joints(model.node_names)
    rest_world = world_matrices(model, model.translation, model.rotation, model.scale).astype(float)
    rest = {mark: rest_world[row, :3, 3] for mark, row in found.items()}
    turns = _world_turns(marks, rest)
    driven = {found[mark]: turn for mark, turn in turns.items() if mark not in ("neck",)}
    for joint, share in _SPINE:
        row = model.node_names.index(joint)
        driven[row] = _mixed(turns["pelvis"], turns["neck"], share)
    count = len(marks["pelvis"])
    times = (np.arange(count) / RATE).astype(np.float32)
    scale = np.linalg.norm(rest_world[:, :3, :3], axis=1, keepdims=True)
    rest_turn = rest_world[:, :3, :3] / np.maximum(scale, 1e-12)
    channels, world = [], np.zeros((len(model.parents), count, 3, 3))
    for row in model.order:
        parent = model.parents[row]
        above = world[parent] if parent >= 0 else np.tile(np.eye(3), (count, 1, 1))
        if row in driven:
            world[row] = driven[row] @ rest_turn[row]
            local = above.transpose(0, 2, 1) @ world[row]
            channels.append(Channel(row, "rotation", times, _quaternions(local), False))
        else:
            world[row] = above @ rotation_matrices(model.rotation[row]).astype(float)
    channels.extend(
        _moves(
            model,
            found,
            rest_world,
            times=times,
            path=_hips_path(marks, rest),
            turn=turns["pelvis"],
        )
    )
    return ModelMotion(name, tuple(channels), float(times[-1]))
