"""Movements that are lent from one figure to another on the same rig."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ant_core.training.synthesis.scene3d.fresh_cast import fresh_files, lend, lent_motions
from ant_core.training.synthesis.scene3d.gltf import Channel, GltfModel, ModelMotion
from ant_core.training.synthesis.scene3d.skinning import multiply

_TIMES = np.array([0, 1], np.float32)


def turn(degrees: float) -> np.ndarray:
    """A turn about z."""
    half = np.radians(degrees) / 2
    return np.array([0, 0, np.sin(half), np.cos(half)], np.float32)


def rig(names: list[str], degrees: list[float]) -> GltfModel:
    """A model of bare joints, each turned so far at rest."""
    count, nothing = len(names), np.zeros((0, 3), np.float32)
    return GltfModel(
        name="rig",
        node_names=names,
        parents=np.full(count, -1, np.int32),
        order=list(range(count)),
        translation=np.zeros((count, 3), np.float32),
        rotation=np.stack([turn(angle) for angle in degrees]),
        scale=np.ones((count, 3), np.float32),
        palette_node=np.zeros(0, np.int32),
        inverse_bind=np.zeros((0, 4, 4), np.float32),
        vertices=nothing,
        normals=nothing,
        uv=nothing[:, :2],
        joints=np.zeros((0, 4), np.int32),
        weights=np.zeros((0, 4), np.float32),
        faces=np.zeros((0, 3), np.int32),
        face_group=np.zeros(0, np.int32),
        groups=[],
    )


def with_motion(model: GltfModel) -> GltfModel:
    """The first joint goes from its rest to 30 degrees beyond, and moves."""
    rest = model.rotation[0]
    turns = np.stack([rest, multiply(rest[None], turn(30)[None])[0]])
    places = np.array([[0, 0, 0], [0, 5, 0]], np.float32)
    channels = (
        Channel(0, "rotation", _TIMES, turns, False),
        Channel(0, "translation", _TIMES, places, False),
        Channel(1, "rotation", _TIMES, np.stack([turn(0), turn(9)]), False),
    )
    return replace(model, motions={"Walk": ModelMotion("Walk", channels, 1.0)})


def test_a_joint_turns_as_far_from_its_own_rest():
    lender = with_motion(rig(["leg", "nose"], [10, 0]))
    lent = lend(rig(["tail", "leg"], [0, 50]), lender, "Walk")
    (channel,) = lent.channels  # no nose here, and places are the figure's own
    assert (channel.node, channel.path, lent.duration_s) == (1, "rotation", 1.0)
    np.testing.assert_allclose(channel.values, [turn(50), turn(80)], atol=1e-6)


def test_a_figure_of_the_same_rest_moves_alike():
    lender = with_motion(rig(["leg", "nose"], [10, 0]))
    lent = lend(lender, lender, "Walk")
    own = [c for c in lender.motions["Walk"].channels if c.path == "rotation"]
    for got, expected in zip(lent.channels, own, strict=True):
        np.testing.assert_allclose(got.values, expected.values, atol=1e-6)


def test_what_trains_and_what_rests_is_not_lent():
    names = {"A|Walk": "Walk", "A|Run": "Run", "A|Rest_Pose": "Rest_Pose"}
    splits = {"Walk": "test", "Run": "train", "Rest_Pose": "validation"}
    path = Path("fox-animations.glb")
    assert lent_motions(path, names, splits) == [(path, "A|Walk", "fox-animations/Walk")]


def test_another_version_of_what_trains_is_not_lent():
    names = dict.fromkeys(("Walk", "Walk RM", "Idle", "Idle Alert", "Swim_InPlace", "Swim"))
    names = {name: name for name in names}
    splits = dict.fromkeys(names, "test") | {"Walk RM": "train", "Idle Alert": "train"}
    splits["Swim"] = "train"
    lent = lent_motions(Path("kaiju-animations.glb"), names, splits)
    assert [name for _, name, _ in lent] == ["Idle"]  # being alert is another movement


def test_absent_figures_are_left_out(tmp_path):
    folder = tmp_path / "mesh2motion"
    folder.mkdir()
    for name in ("fox-dog", "human-male", "fox-fox"):
        (folder / f"{name}.glb").touch()
    assert fresh_files(tmp_path) == [(folder / "fox-dog.glb", folder / "fox-animations.glb")]
