"""Poses of a model: sampling its clips, joint matrices, and moving its vertices by them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.scene3d.gltf import Channel, Floats, GltfModel, ModelMotion

__all__ = ["joint_matrices", "local_pose", "rotation_matrices", "skin", "world_matrices"]


def _sample(channel: Channel, time: float) -> Floats:
    """Return the value at ``time`` seconds, held before the first and after the last key."""
    right = int(np.searchsorted(channel.times, time, side="right"))
    left = max(right - 1, 0)
    a: Floats = channel.values[left]
    if channel.step or right == 0 or right == len(channel.times):
        return a
    begin, end = channel.times[left], channel.times[right]
    share = np.float32((time - begin) / (end - begin))
    b: Floats = channel.values[right]
    # Of the two quaternions of one rotation, the nearer one.  Keys are close together, so that the
    # straight way made to length 1 is within a pixel of the great circle.
    if channel.path == "rotation" and float(a @ b) < 0:
        b = -b
    mixed: Floats = a + (b - a) * share
    if channel.path == "rotation":
        mixed = mixed / np.float32(max(float(np.linalg.norm(mixed)), 1e-12))
    return mixed


def multiply(a: Floats, b: Floats) -> Floats:
    """Return the quaternion products a * b, (..., 4) as x, y, z, w: first b, then a."""
    av, aw, bv, bw = a[..., :3], a[..., 3:], b[..., :3], b[..., 3:]
    vector = aw * bv + bw * av + np.cross(av, bv)
    scalar = aw * bw - (av * bv).sum(-1, keepdims=True)
    return np.concatenate((vector, scalar), -1)


def local_pose(
    model: GltfModel, motion: ModelMotion | None, time: float
) -> tuple[Floats, Floats, Floats]:
    """Return translation (K, 3), rotation (K, 4), scale (K, 3) at ``time`` seconds; new arrays."""
    translation, rotation, scale = (
        model.translation.copy(),
        model.rotation.copy(),
        model.scale.copy(),
    )
    target = {"translation": translation, "rotation": rotation, "scale": scale}
    for channel in motion.channels if motion else ():
        target[channel.path][channel.node] = _sample(channel, time)
    return translation, rotation, scale


def rotation_matrices(quaternions: Floats) -> Floats:
    """Turn quaternions (..., 4) as x, y, z, w into matrices (..., 3, 3)."""
    q = quaternions / np.maximum(np.linalg.norm(quaternions, axis=-1, keepdims=True), 1e-12)
    x, y, z, w = (q[..., i] for i in range(4))
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, -1) for row in rows], -2).astype(np.float32)


def world_matrices(
    model: GltfModel, translation: Floats, rotation: Floats, scale: Floats
) -> Floats:
    """Return (K, 4, 4): each node's space -> the model's, from a local pose."""
    local = np.zeros((len(model.parents), 4, 4), np.float32)
    local[:, :3, :3] = rotation_matrices(rotation) * scale[:, None, :]
    local[:, :3, 3] = translation
    local[:, 3, 3] = 1
    world = local.copy()
    for i in model.order:
        if model.parents[i] >= 0:
            world[i] = world[model.parents[i]] @ local[i]
    return world


def joint_matrices(model: GltfModel, world: Floats) -> Floats:
    """Return (P, 4, 4): rest model space -> posed model space, for each palette entry."""
    return world[model.palette_node] @ model.inverse_bind


def skin(
    vertices: Floats, normals: Floats, joints: NDArray[np.int32], weights: Floats, palette: Floats
) -> tuple[Floats, Floats]:
    """Move vertices by linear blend skinning.

    Parameters
    ----------
    vertices, normals
        (V, 3) float32 at rest.
    joints, weights
        (V, 4) palette entries and their shares.
    palette
        (P, 4, 4) float32 of :func:`joint_matrices`.

    Returns
    -------
    positions, normals
        (V, 3) float32 each; normals have length 1.
    """
    blend = (weights[:, None, :] @ palette[joints].reshape(len(joints), 4, 16)).reshape(-1, 4, 4)
    positions = np.einsum("vij,vj->vi", blend[:, :3, :3], vertices) + blend[:, :3, 3]
    turned = np.einsum("vij,vj->vi", blend[:, :3, :3], normals)
    return positions, turned / np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-12)
