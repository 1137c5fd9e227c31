"""Reading skinned glTF models into plain NumPy arrays.

One model becomes one list of vertices, each moved by up to four entries of one *palette* of
matrices; a mesh without a skin is a mesh with one joint, its own node.  The format is Khronos'
glTF 2.0: sections 3.7.3 (skins) and 3.11 (animations).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.training.synthesis.scene3d.gltf_file import Floats, GltfFile, parse

__all__ = ["Channel", "Floats", "GltfModel", "Group", "ModelMotion", "load_model", "motion_names"]

_TRIANGLES = 4


@dataclass(frozen=True)
class Group:
    """What the faces of one primitive share: mesh node, that node's parent, material, texture."""

    node: str
    parent: str
    skinned: bool
    material: str
    image: int | None


@dataclass(frozen=True)
class Channel:
    """One animated property of one node.

    Attributes
    ----------
    node
        Row of the node.
    path
        "translation", "rotation" (x, y, z, w) or "scale".
    times
        (K,) seconds, ascending.
    values
        (K, 3) or (K, 4).
    step
        Whether values hold until the next key instead of blending.
    """

    node: int
    path: str
    times: Floats
    values: Floats
    step: bool


@dataclass(frozen=True)
class ModelMotion:
    """A named clip: its channels and its length in seconds."""

    name: str
    channels: tuple[Channel, ...]
    duration_s: float


@dataclass
class GltfModel:
    """A model as arrays.  K nodes, P palette entries, V vertices, F triangles.

    Attributes
    ----------
    node_names, parents, order
        Name and parent row (-1 none) of each node; ``order`` lists parents before children.
    translation, rotation, scale
        (K, 3), (K, 4) as x, y, z, w, (K, 3): the rest pose of each node in its parent.
    palette_node, inverse_bind
        (P,) int32 node that moves the entry; (P, 4, 4) model space at rest -> that node's space.
    vertices, normals, uv
        (V, 3), (V, 3) and (V, 2) float32.
    joints, weights
        (V, 4) int32 palette entries and (V, 4) float32, each row summing to 1.
    faces, face_group
        (F, 3) int32 vertex rows; (F,) int32 row of ``groups``.
    groups, images, motions
        One group a primitive; pictures as (h, w, 3) uint8 BGR or None; clips by name.
    """

    name: str
    node_names: list[str]
    parents: NDArray[np.int32]
    order: list[int]
    translation: Floats
    rotation: Floats
    scale: Floats
    palette_node: NDArray[np.int32]
    inverse_bind: Floats
    vertices: Floats
    normals: Floats
    uv: Floats
    joints: NDArray[np.int32]
    weights: Floats
    faces: NDArray[np.int32]
    face_group: NDArray[np.int32]
    groups: list[Group]
    images: list[NDArray[np.uint8] | None] = field(default_factory=list)
    motions: dict[str, ModelMotion] = field(default_factory=dict)


def motion_names(path: Path) -> list[str]:
    """Return the names of a model's clips without reading its buffers."""
    gltf, _ = parse(path)
    return [clip.name or f"clip{i}" for i, clip in enumerate(gltf.animations or [])]


def _decompose(matrix: NDArray[np.floating]) -> tuple[Floats, Floats, Floats]:
    """Split a (4, 4) affine matrix without shear into translation, rotation (x, y, z, w), scale."""
    scale = np.linalg.norm(matrix[:3, :3], axis=0)
    turn = matrix[:3, :3] / np.maximum(scale, 1e-12)
    if np.linalg.det(turn) < 0:
        scale, turn = -scale, -turn
    w = np.sqrt(max(0.0, 1 + turn[0, 0] + turn[1, 1] + turn[2, 2])) / 2
    if w > 1e-4:
        x, y, z = turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]
        quaternion = np.array([x / (4 * w), y / (4 * w), z / (4 * w), w])
    else:  # a half turn: the axis is the eigenvector of eigenvalue 1
        values, vectors = np.linalg.eig(turn)
        quaternion = np.append(np.real(vectors[:, int(np.argmin(abs(values - 1)))]), 0.0)
    return (
        matrix[:3, 3].astype(np.float32),
        quaternion.astype(np.float32),
        scale.astype(np.float32),
    )


def _nodes(file: GltfFile) -> dict[str, Any]:
    nodes = file.gltf.nodes or []
    parents = np.full(len(nodes), -1, np.int32)
    for i, node in enumerate(nodes):
        for child in node.children or []:
            parents[child] = i
    translation = np.zeros((len(nodes), 3), np.float32)
    rotation = np.tile(np.array([0, 0, 0, 1], np.float32), (len(nodes), 1))
    scale = np.ones((len(nodes), 3), np.float32)
    for i, node in enumerate(nodes):
        if node.matrix is not None:
            # glTF stores matrices column by column.
            parts = _decompose(np.array(node.matrix, np.float64).reshape(4, 4).T)
            translation[i], rotation[i], scale[i] = parts
        translation[i] = node.translation or translation[i]
        rotation[i] = node.rotation or rotation[i]
        scale[i] = node.scale or scale[i]
    order = [i for i in range(len(nodes)) if parents[i] < 0]
    for i in order:  # grows while it is walked: breadth first
        order.extend(nodes[i].children or [])
    return {
        "node_names": [node.name or f"node{i}" for i, node in enumerate(nodes)],
        "parents": parents,
        "order": order,
        "translation": translation,
        "rotation": rotation,
        "scale": scale,
    }


def _palette(file: GltfFile, meshes: list[int]) -> tuple[NDArray[np.int32], Floats, dict[int, int]]:
    """Return palette_node, inverse_bind and the first palette entry of each mesh node."""
    nodes: list[int] = []
    binds: list[NDArray[Any]] = []
    skin_start: dict[int, int] = {}
    start: dict[int, int] = {}
    for i in meshes:
        which = file.gltf.nodes[i].skin
        if which is None:
            start[i] = len(nodes)
            nodes.append(i)
            binds.append(np.eye(4)[None])
            continue
        if which not in skin_start:
            skin_ = file.gltf.skins[which]
            skin_start[which] = len(nodes)
            nodes.extend(skin_.joints)
            if skin_.inverseBindMatrices is None:
                binds.append(np.tile(np.eye(4), (len(skin_.joints), 1, 1)))
            else:
                flat = file.array(skin_.inverseBindMatrices)
                binds.append(flat.reshape(-1, 4, 4).transpose(0, 2, 1))
        start[i] = skin_start[which]
    inverse_bind = np.concatenate(binds) if binds else np.zeros((0, 4, 4))
    return np.array(nodes, np.int32), inverse_bind.astype(np.float32), start


def _face_normals(vertices: Floats, faces: NDArray[np.int32]) -> Floats:
    """Return a normal a vertex, the sum of those of its faces."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    flat = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(normals, faces[:, k], flat)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return normals


def _primitive(
    file: GltfFile, primitive: Any, start: int, skinned: bool
) -> dict[str, NDArray[Any]]:
    """Return the arrays of one primitive; vertex rows of ``faces`` count from 0."""
    given = primitive.attributes
    vertices = file.array(given.POSITION).astype(np.float32)
    count = len(vertices)
    if primitive.indices is None:
        indices = np.arange(count, dtype=np.int32)
    else:
        indices = file.array(primitive.indices)[:, 0].astype(np.int32)
    faces = indices[: len(indices) // 3 * 3].reshape(-1, 3)
    if given.NORMAL is None:
        normals = _face_normals(vertices, faces)
    else:
        normals = file.array(given.NORMAL).astype(np.float32)
    uv = np.zeros((count, 2), np.float32)
    if given.TEXCOORD_0 is not None:
        uv = file.array(given.TEXCOORD_0).astype(np.float32)
    joints = np.full((count, 4), start, np.int32)
    weights = np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1))
    if skinned and given.JOINTS_0 is not None:
        joints = file.array(given.JOINTS_0).astype(np.int32) + start
        # Some exporters write NaN where a vertex has no joint; the first joint then moves it.
        weights = np.nan_to_num(file.array(given.WEIGHTS_0).astype(np.float32))
        weights[weights.sum(1) < 1e-6, 0] = 1
        weights = weights / weights.sum(1, keepdims=True)
    return {
        "vertices": vertices,
        "normals": normals,
        "uv": uv,
        "joints": joints,
        "weights": weights,
        "faces": faces,
    }


def _material(file: GltfFile, index: int | None) -> tuple[str, int | None]:
    """Return the name and the picture of a material."""
    if index is None:
        return "", None
    material = file.gltf.materials[index]
    pbr = material.pbrMetallicRoughness
    if pbr is None or pbr.baseColorTexture is None:
        return material.name or f"material{index}", None
    return material.name or "", file.gltf.textures[pbr.baseColorTexture.index].source


def _motions(file: GltfFile) -> dict[str, ModelMotion]:
    motions = {}
    for number, animation in enumerate(file.gltf.animations or []):
        channels = []
        for channel in animation.channels:
            path, node = channel.target.path, channel.target.node
            if node is None or path not in ("translation", "rotation", "scale"):
                continue  # morph weights: the faces they change have no part of their own
            sampler = animation.samplers[channel.sampler]
            if sampler.interpolation == "CUBICSPLINE":
                raise InputError(
                    f"{file.path}: clip {animation.name!r} has cubic keys; export linear ones."
                )
            times = file.array(sampler.input)[:, 0].astype(np.float32)
            values = file.array(sampler.output).astype(np.float32)
            channels.append(Channel(node, path, times, values, sampler.interpolation == "STEP"))
        if channels:
            name = animation.name or f"clip{number}"
            duration = max(float(channel.times[-1]) for channel in channels)
            motions[name] = ModelMotion(name, tuple(channels), duration)
    return motions


def load_model(path: Path) -> GltfModel:
    """Read a .glb or .gltf file.

    Parameters
    ----------
    path
        The model; buffers and pictures of a .gltf lie beside it.

    Returns
    -------
    GltfModel
        All meshes of the file in one list of vertices.

    Raises
    ------
    InputError
        The file is no glTF 2.0, has no triangles, or uses a feature that is not supported.
    """
    file = GltfFile(path)
    nodes = _nodes(file)
    meshes = [i for i, node in enumerate(file.gltf.nodes or []) if node.mesh is not None]
    palette_node, inverse_bind, start = _palette(file, meshes)
    pieces: list[dict[str, NDArray[Any]]] = []
    groups: list[Group] = []
    offset = 0
    for i in meshes:
        node = file.gltf.nodes[i]
        parent = nodes["node_names"][nodes["parents"][i]] if nodes["parents"][i] >= 0 else ""
        for primitive in file.gltf.meshes[node.mesh].primitives:
            if primitive.mode not in (None, _TRIANGLES):
                continue
            piece = _primitive(file, primitive, start[i], node.skin is not None)
            piece["faces"] = piece["faces"] + offset
            piece["face_group"] = np.full(len(piece["faces"]), len(groups), np.int32)
            offset += len(piece["vertices"])
            pieces.append(piece)
            material, image = _material(file, primitive.material)
            groups.append(
                Group(nodes["node_names"][i], parent, node.skin is not None, material, image)
            )
    if not pieces:
        raise InputError(
            f"{path}: expected a model with triangles, but it has none; choose another file."
        )
    joined: dict[str, Any] = {
        key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]
    }
    return GltfModel(
        name=path.stem,
        **nodes,
        palette_node=palette_node,
        inverse_bind=inverse_bind,
        **joined,
        groups=groups,
        images=[file.image(i) for i in range(len(file.gltf.images or []))],
        motions=_motions(file),
    )
