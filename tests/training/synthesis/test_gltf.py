"""Reading and skinning, on models of a few vertices that each test builds itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.training.synthesis.scene3d import gltf, skinning
from tests.training.synthesis.gltf_builder import Builder, column


def arm(weights: list[list[float]] | None = None, interpolation: str = "LINEAR") -> Builder:
    """Build an arm along x: joints at 0 and 1, and vertices at 0, 1.5 and 2.

    Over one second the joint at 1 turns by 90 degrees about z.  The mesh node itself is moved away,
    which a skinned mesh must ignore.
    """
    b = Builder()
    points = b.add([[0, 0, 0], [1.5, 0, 0], [2, 0, 0]])
    normals = b.add([[0, 1, 0]] * 3)
    joints = b.add([[0, 1, 0, 0]] * 3, "uint8")
    shares = b.add(weights or [[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0, 1, 0, 0]])
    index = b.add(np.array([[0], [1], [2]]), "uint16")
    binds = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    binds[1, 0, 3] = -1
    inverse = b.add(binds.transpose(0, 2, 1).reshape(2, 16))
    half = np.sqrt(0.5)
    times, turns = b.add(column([0, 1])), b.add([[0, 0, 0, 1], [0, 0, half, half]])
    b.json["nodes"] = [
        {"name": "root", "children": [1]},
        {"name": "elbow", "translation": [1, 0, 0]},
        {"name": "skin", "mesh": 0, "skin": 0, "translation": [50, 50, 50]},
    ]
    attributes = {"POSITION": points, "NORMAL": normals, "JOINTS_0": joints, "WEIGHTS_0": shares}
    b.json["meshes"] = [
        {"primitives": [{"attributes": attributes, "indices": index, "material": 0}]}
    ]
    b.json["materials"] = [{"name": "cloth"}]
    b.json["skins"] = [{"joints": [0, 1], "inverseBindMatrices": inverse}]
    sampler = {"input": times, "output": turns, "interpolation": interpolation}
    channel = {"sampler": 0, "target": {"node": 1, "path": "rotation"}}
    b.json["animations"] = [{"name": "Bend", "samplers": [sampler], "channels": [channel]}]
    return b


def posed(model: gltf.GltfModel, motion: str | None, time: float) -> tuple[np.ndarray, np.ndarray]:
    clip = model.motions[motion] if motion else None
    world = skinning.world_matrices(model, *skinning.local_pose(model, clip, time))
    palette = skinning.joint_matrices(model, world)
    return skinning.skin(model.vertices, model.normals, model.joints, model.weights, palette)


def test_rest_pose_leaves_skinned_vertices_where_they_are(tmp_path: Path) -> None:
    model = gltf.load_model(arm().write_glb(tmp_path / "arm.glb"))
    positions, normals = posed(model, None, 0.0)
    np.testing.assert_allclose(positions, [[0, 0, 0], [1.5, 0, 0], [2, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(normals, [[0, 1, 0]] * 3, atol=1e-6)


def test_bent_elbow_matches_values_by_hand(tmp_path: Path) -> None:
    model = gltf.load_model(arm().write_glb(tmp_path / "arm.glb"))
    positions, normals = posed(model, "Bend", 1.0)
    # The tip goes to (1, 1); the middle vertex is half way between (1.5, 0) and (1, 0.5).
    np.testing.assert_allclose(positions, [[0, 0, 0], [1.25, 0.25, 0], [1, 1, 0]], atol=1e-6)
    np.testing.assert_allclose(normals[2], [-1, 0, 0], atol=1e-6)


def test_time_between_keys_turns_half_way(tmp_path: Path) -> None:
    model = gltf.load_model(arm().write_glb(tmp_path / "arm.glb"))
    positions, _ = posed(model, "Bend", 0.5)
    np.testing.assert_allclose(positions[2], [1 + np.sqrt(0.5), np.sqrt(0.5), 0], atol=1e-6)


def test_step_keys_hold_until_the_next(tmp_path: Path) -> None:
    model = gltf.load_model(arm(interpolation="STEP").write_glb(tmp_path / "arm.glb"))
    np.testing.assert_allclose(posed(model, "Bend", 0.9)[0][2], [2, 0, 0], atol=1e-6)
    np.testing.assert_allclose(posed(model, "Bend", 1.0)[0][2], [1, 1, 0], atol=1e-6)


@pytest.mark.parametrize("time", [-5.0, 99.0])
def test_time_outside_the_clip_holds_its_ends(tmp_path: Path, time: float) -> None:
    model = gltf.load_model(arm().write_glb(tmp_path / "arm.glb"))
    expected = [2, 0, 0] if time < 0 else [1, 1, 0]
    np.testing.assert_allclose(posed(model, "Bend", time)[0][2], expected, atol=1e-6)


def test_text_file_reads_like_the_binary_one(tmp_path: Path) -> None:
    binary = gltf.load_model(arm().write_glb(tmp_path / "arm.glb"))
    text = gltf.load_model(arm().write_gltf(tmp_path / "arm.gltf"))
    np.testing.assert_array_equal(binary.vertices, text.vertices)
    np.testing.assert_array_equal(binary.joints, text.joints)
    assert text.groups == binary.groups == [gltf.Group("skin", "", True, "cloth", None)]
    assert gltf.motion_names(tmp_path / "arm.gltf") == ["Bend"]


def test_mesh_without_skin_follows_its_node(tmp_path: Path) -> None:
    b = arm()
    del b.json["nodes"][2]["skin"]
    model = gltf.load_model(b.write_glb(tmp_path / "arm.glb"))
    np.testing.assert_allclose(posed(model, "Bend", 1.0)[0][0], [50, 50, 50], atol=1e-5)


def test_vertex_without_valid_weights_follows_the_first_joint(tmp_path: Path) -> None:
    nothing = [[float("nan")] * 4, [0, 0, 0, 0], [0, 1, 0, 0]]
    model = gltf.load_model(arm(nothing).write_glb(tmp_path / "arm.glb"))
    np.testing.assert_array_equal(model.weights[:2], [[1, 0, 0, 0]] * 2)


def test_node_matrix_equals_its_parts(tmp_path: Path) -> None:
    b = arm()
    # 90 degrees about y, twice the size, moved by (3, 4, 5); glTF stores columns.
    matrix = np.array([[0, 0, 2, 3], [0, 2, 0, 4], [-2, 0, 0, 5], [0, 0, 0, 1]], float)
    del b.json["nodes"][2]["skin"]
    b.json["nodes"][2] = {"name": "skin", "mesh": 0, "matrix": matrix.T.ravel().tolist()}
    model = gltf.load_model(b.write_glb(tmp_path / "arm.glb"))
    np.testing.assert_allclose(posed(model, None, 0.0)[0][2], [3, 4, 1], atol=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_rigid_palettes_keep_distances(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vertices = rng.normal(size=(20, 3)).astype(np.float32)
    turn = np.eye(4, dtype=np.float32)
    turn[:3, :3] = skinning.rotation_matrices(rng.normal(size=4).astype(np.float32))
    turn[:3, 3] = rng.normal(size=3)
    palette = np.tile(turn, (4, 1, 1))
    joints = rng.integers(0, 4, (20, 4)).astype(np.int32)
    weights = rng.dirichlet(np.ones(4), 20).astype(np.float32)
    moved, _ = skinning.skin(vertices, vertices, joints, weights, palette)
    before = np.linalg.norm(vertices[1:] - vertices[:-1], axis=1)
    np.testing.assert_allclose(np.linalg.norm(moved[1:] - moved[:-1], axis=1), before, rtol=1e-4)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"no model", "cannot be read"), (b"{}", "no 'asset'"), (b'{"asset": {}}', "triangles")],
)
def test_file_that_is_no_model_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "broken.gltf"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says):
        gltf.load_model(path)


def test_cut_off_buffer_is_refused(tmp_path: Path) -> None:
    b = arm()
    b.block = b.block[:20]
    with pytest.raises(InputError, match="reaches past its buffer"):
        gltf.load_model(b.write_glb(tmp_path / "arm.glb"))


def test_compressed_model_is_refused(tmp_path: Path) -> None:
    b = arm()
    b.json["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    with pytest.raises(InputError, match="KHR_draco_mesh_compression"):
        gltf.load_model(b.write_glb(tmp_path / "arm.glb"))
