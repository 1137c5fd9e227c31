"""Captured movements and their retargeting, on a skeleton of straight lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.training.synthesis.scene3d import motion, skinning
from ant_core.training.synthesis.scene3d.bvh import bvh_landmarks
from ant_core.training.synthesis.scene3d.gltf import GltfModel

BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
%s
}
MOTION
Frames: 3
Frame Time: 0.0416667
%s
"""

#: name -> (parent, place in the world): a figure in T-pose that faces +z, its left at +x.
BONES: dict[str, tuple[str, tuple[float, float, float]]] = {
    "Hips": ("", (0, 1, 0)),
    "Abdomen": ("Hips", (0, 1.1, 0)),
    "Torso": ("Abdomen", (0, 1.2, 0)),
    "Chest": ("Torso", (0, 1.3, 0)),
    "Neck": ("Chest", (0, 1.5, 0)),
    "Head": ("Neck", (0, 1.6, 0)),
}
for _side, _x in (("L", 1), ("R", -1)):
    BONES |= {
        f"UpperArm.{_side}": ("Chest", (0.2 * _x, 1.4, 0)),
        f"LowerArm.{_side}": (f"UpperArm.{_side}", (0.5 * _x, 1.4, 0)),
        f"Hand.{_side}": (f"LowerArm.{_side}", (0.8 * _x, 1.4, 0)),
        f"UpperLeg.{_side}": ("Hips", (0.1 * _x, 0.9, 0)),
        f"LowerLeg.{_side}": (f"UpperLeg.{_side}", (0.1 * _x, 0.5, 0)),
        f"Foot.{_side}": (f"LowerLeg.{_side}", (0.1 * _x, 0.1, 0)),
    }


def human(root_turn: np.ndarray | None = None) -> GltfModel:
    """Build the figure; with a turn (x, y, z, w) of the root, its legs hang from there."""
    names = ["Root", *BONES]
    parents = np.array([-1, *(names.index(p or "Root") for p, _ in BONES.values())], np.int32)
    turn = np.array([0, 0, 0, 1], np.float32) if root_turn is None else root_turn
    places = np.array([(0, 0, 0), *(place for _, place in BONES.values())], np.float32)
    if root_turn is not None:
        for side in "LR":
            parents[names.index(f"UpperLeg.{side}")] = 0
    back = skinning.rotation_matrices(turn).T
    offsets = (places - places[np.maximum(parents, 0)]) @ back.T
    rotation = np.tile(np.array([0, 0, 0, 1], np.float32), (len(names), 1))
    rotation[0] = turn
    count = len(names)
    return GltfModel(
        name="human",
        node_names=names,
        parents=parents,
        order=list(range(count)),
        translation=offsets.astype(np.float32),
        rotation=rotation,
        scale=np.ones((count, 3), np.float32),
        palette_node=np.zeros(0, np.int32),
        inverse_bind=np.zeros((0, 4, 4), np.float32),
        vertices=np.zeros((0, 3), np.float32),
        normals=np.zeros((0, 3), np.float32),
        uv=np.zeros((0, 2), np.float32),
        joints=np.zeros((0, 4), np.int32),
        weights=np.zeros((0, 4), np.float32),
        faces=np.zeros((0, 3), np.int32),
        face_group=np.zeros(0, np.int32),
        groups=[],
    )


def rest_marks(count: int = 3) -> dict[str, np.ndarray]:
    """Return the landmarks of the figure at rest."""
    names = list(BONES)
    places = np.array([place for _, place in BONES.values()], float)
    found = motion.find_joints(names)
    return {mark: np.tile(places[row], (count, 1)) for mark, row in found.items()}


def places(
    model: GltfModel, marks: dict[str, np.ndarray], time: float = 0.0
) -> dict[str, np.ndarray]:
    clip = motion.retarget(model, marks, "clip")
    world = skinning.world_matrices(model, *skinning.local_pose(model, clip, time))
    return {name: world[i, :3, 3] for i, name in enumerate(model.node_names)}


ROOT_TURNS = [None, np.array([-np.sqrt(0.5), 0, 0, np.sqrt(0.5)], np.float32)]


@pytest.mark.parametrize("root_turn", ROOT_TURNS, ids=["upright", "z-up rig, legs from the root"])
def test_own_rest_pose_comes_back(root_turn: np.ndarray | None) -> None:
    model = human(root_turn)
    assert motion.missing_landmarks(motion.find_joints(model.node_names)) == []
    assert {"Abdomen", "Torso", "Chest"} <= set(model.node_names)
    for name, place in places(model, rest_marks()).items():
        if name != "Root":
            np.testing.assert_allclose(place, BONES[name][1], atol=1e-5, err_msg=name)


@pytest.mark.parametrize("root_turn", ROOT_TURNS, ids=["upright", "z-up rig, legs from the root"])
@pytest.mark.parametrize("angle", [0.0, 1.0, 2.5, -1.5])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_raised_arm_follows_whatever_way_the_source_faces(
    root_turn: np.ndarray | None, angle: float, scale: float
) -> None:
    marks = rest_marks()
    marks["elbow.l"] = marks["shoulder.l"] + (0, 0.3, 0)
    marks["wrist.l"] = marks["elbow.l"] + (0, 0, 0.3)
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    got = places(human(root_turn), {k: v @ turn.T * scale for k, v in marks.items()})
    np.testing.assert_allclose(got["LowerArm.L"], (0.2, 1.7, 0), atol=1e-4)
    np.testing.assert_allclose(got["Hand.L"], (0.2, 1.7, 0.3), atol=1e-4)
    np.testing.assert_allclose(got["Hand.R"], BONES["Hand.R"][1], atol=1e-4)


@pytest.mark.parametrize("root_turn", ROOT_TURNS, ids=["upright", "z-up rig, legs from the root"])
def test_bones_keep_their_lengths_in_any_pose(root_turn: np.ndarray | None) -> None:
    model = human(root_turn)
    rng = np.random.default_rng(0)
    marks = {k: v + rng.normal(0, 0.08, v.shape) for k, v in rest_marks(5).items()}
    # At keys: between them, legs hung from the root cut the corner of the hips' turn.
    for frame in (0, 1, 3):
        got = places(model, marks, frame / motion.RATE)
        for name, (parent, place) in BONES.items():
            if parent:
                length = np.linalg.norm(np.subtract(place, BONES[parent][1]))
                assert np.linalg.norm(got[name] - got[parent]) == pytest.approx(length, abs=1e-4)


def test_travel_is_taken_out() -> None:
    marks = rest_marks(100)
    way = np.linspace(0, 50, 100)[:, None] * np.array([0, 0, 1])
    marks = {name: place + way for name, place in marks.items()}
    model = human()
    middle = places(model, marks, 50 / motion.RATE)
    np.testing.assert_allclose(middle["Hips"], BONES["Hips"][1], atol=0.02)


def write_bvh(path: Path, rows: list[str]) -> Path:
    """Write the figure as a .bvh whose right arm alone has channels of its own."""
    sides = {"L": "Left", "R": "Right"}
    renamed = {"UpperArm": "Arm", "LowerArm": "ForeArm", "UpperLeg": "UpLeg", "LowerLeg": "Leg"}

    def bvh_name(name: str) -> str:
        stem, _, side = name.partition(".")
        return sides.get(side, "") + renamed.get(stem, stem)

    def block(name: str) -> str:
        parent, place = BONES[name]
        x, y, z = np.subtract(place, BONES[parent][1])
        channels = "3 Zrotation Xrotation Yrotation" if name == "UpperArm.R" else "0"
        inner = "".join(block(child) for child, (p, _) in BONES.items() if p == name)
        inner = inner or "End Site\n{\nOFFSET 0 0.1 0\n}\n"
        head = f"JOINT {bvh_name(name)}\n{{\nOFFSET {x} {y} {z}\nCHANNELS {channels}\n"
        return f"{head}{inner}}}\n"

    joints = "".join(block(name) for name, (parent, _) in BONES.items() if parent == "Hips")
    path.write_text(BVH % (joints, "\n".join(rows)), encoding="utf-8")
    return path


def test_bvh_turns_its_joints_by_values_by_hand(tmp_path: Path) -> None:
    rows = ["0 1 0  0 0 0  0 0 0", "0 1 0  0 0 0  -90 0 0", "0 1 0  0 0 90  0 0 0"]
    marks = bvh_landmarks(write_bvh(tmp_path / "arm.bvh", rows))
    rest = rest_marks(1)
    assert len(marks["pelvis"]) == 3
    np.testing.assert_allclose(marks["wrist.r"][0], rest["wrist.r"][0], atol=1e-9)
    # -90 degrees about z turn the arm along -x up to +y.
    np.testing.assert_allclose(marks["elbow.r"][1], (-0.2, 1.7, 0), atol=1e-9)
    # 90 degrees about y turn the whole figure: its right hand from -x to +z.
    np.testing.assert_allclose(marks["wrist.r"][2], (0, 1.4, 0.8), atol=1e-9)
    np.testing.assert_allclose(marks["crown"][0], (0, 1.7, 0), atol=1e-9)


def test_bvh_without_motion_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.bvh"
    path.write_text("HIERARCHY\nROOT Hips\n{\nOFFSET 0 0 0\n}\n", encoding="utf-8")
    with pytest.raises(InputError, match="MOTION"):
        bvh_landmarks(path)


def test_bvh_with_damaged_frames_is_refused(tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "arm.bvh", ["0 1 0 0 0 0 0 0 zero"] * 3)
    with pytest.raises(InputError, match="frames after MOTION"):
        bvh_landmarks(path)


def test_bvh_with_unknown_joints_is_refused(tmp_path: Path) -> None:
    path = write_bvh(tmp_path / "arm.bvh", ["0 1 0  0 0 0  0 0 0"] * 3)
    path.write_text(path.read_text().replace("LeftArm", "Tentacle"), encoding="utf-8")
    with pytest.raises(InputError, match=r"shoulder\.l"):
        bvh_landmarks(path)
