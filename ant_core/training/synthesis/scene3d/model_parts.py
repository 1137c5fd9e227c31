"""The parts of a model: which faces make one region of a drawing, and which parts share a colour.

A part is what an artist would fill with one click: a connected piece of one material.  Pieces of
one material that touch or overlap are one part (no line would be drawn between them); two arms of
one material are two parts of one colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.scene3d.gltf import Floats, GltfModel
from ant_core.training.synthesis.scene3d.skinning import joint_matrices, skin, world_matrices

__all__ = ["PartedModel", "build_figure"]

#: Smallest distance between two parts of one material, in heights of the figure.
_APART = 0.03
#: Columns and rows of the swatches on the textures of each pack.
SWATCHES = {"kaykit_adventurers": (8, 4), "kenney_starter": (16, 4)}
#: Colours that a painted texture is reduced to.
_TEXTURE_COLORS = 5


@dataclass
class PartedModel:
    """A model whose vertices belong to one part each.  V vertices, F faces, Q parts.

    Attributes
    ----------
    model
        Nodes, palette and motions; its own vertices and faces are not used any more.
    vertices, normals, joints, weights, faces
        As in the model, with the vertices on a border between parts doubled.
    vertex_part
        (V,) int32 part 0..Q-1.
    part_material
        (Q,) int32: parts of one number share a colour.
    part_slot
        (Q,) int32: which of ``slots`` holds the part, -1 for the body.
    slots
        Names of the exchangeable things in a hand (swords, shields), and the hand of each.
    base, height
        Middle of the ground under the figure at rest, (3,), and its size in model units.
    """

    model: GltfModel
    vertices: Floats
    normals: Floats
    joints: NDArray[np.int32]
    weights: Floats
    faces: NDArray[np.int32]
    vertex_part: NDArray[np.int32]
    part_material: NDArray[np.int32]
    part_slot: NDArray[np.int32]
    slots: list[tuple[str, str]]
    base: Floats
    height: float


def _welded(points: Floats, tolerance: float) -> NDArray[np.int64]:
    """Return (V,) one number for all vertices at one place."""
    grid = np.round(points / max(tolerance, 1e-12)).astype(np.int64)
    return np.unique(grid, axis=0, return_inverse=True)[1].ravel()


def _roots(count: int, pairs: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return (count,) the smallest member of each node's connected component."""
    root = np.arange(count)
    while True:
        low = np.minimum(root[pairs[:, 0]], root[pairs[:, 1]])
        new = root.copy()
        np.minimum.at(new, pairs[:, 0], low)
        np.minimum.at(new, pairs[:, 1], low)
        new = new[new]
        if np.array_equal(new, root):
            return root
        root = new


def _swatch(model: GltfModel, grid: tuple[int, int]) -> NDArray[np.int64]:
    """Return (F,) the swatch under the middle of each face's texture triangle."""
    middle = model.uv[model.faces].mean(1) % 1.0
    column = np.minimum((middle[:, 0] * grid[0]).astype(int), grid[0] - 1)
    row = np.minimum((middle[:, 1] * grid[1]).astype(int), grid[1] - 1)
    swatch: NDArray[np.int64] = row * grid[0] + column
    return swatch


def _texture_color(model: GltfModel) -> NDArray[np.int64]:
    """Return (F,) the colour class of each face on a painted texture, 0 where there is none."""
    result = np.zeros(len(model.faces), np.int64)
    for image in {group.image for group in model.groups if group.image is not None}:
        picture = model.images[image]
        if picture is None:
            continue
        rows = np.array([group.image == image for group in model.groups])[model.face_group]
        # Seven points a triangle, or a small mark in the middle would colour a whole plate.
        shares = (
            np.array([[4, 1, 1], [1, 4, 1], [1, 1, 4], [2, 2, 2], [3, 3, 0], [3, 0, 3], [0, 3, 3]])
            / 6
        )
        uv = np.einsum("sk,fkc->fsc", shares, model.uv[model.faces[rows]]) % 1.0
        size = np.array(picture.shape[1::-1])
        x, y = np.moveaxis(np.minimum((uv * size).astype(int), size - 1), -1, 0)
        colors = np.median(picture[y, x].astype(np.float32), axis=1)
        result[rows] = _classes(colors)
    return result


def _classes(colors: Floats) -> NDArray[np.int64]:
    """Return (F,) classes of similar colours by k-means from evenly spread first centres."""
    far = [0]
    for _ in range(_TEXTURE_COLORS - 1):
        distance = np.min([((colors - colors[i]) ** 2).sum(1) for i in far], axis=0)
        far.append(int(np.argmax(distance)))
    centres = colors[far]
    for _ in range(12):
        nearest = ((colors[:, None] - centres) ** 2).sum(2).argmin(1)
        for k in range(len(centres)):
            if (nearest == k).any():
                centres[k] = colors[nearest == k].mean(0)
    classes: NDArray[np.int64] = nearest
    return classes


def _area(points: Floats, faces: NDArray[np.int32]) -> NDArray[np.float64]:
    a, b, c = (points[faces[:, k]] for k in range(3))
    area: NDArray[np.float64] = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return area


def _pieces(faces: NDArray[np.int64], classes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return (F,) the connected piece of each face; a piece never spans two classes."""
    keys = faces * (classes.max() + 1) + classes[:, None]
    _, corner = np.unique(keys, return_inverse=True)
    corner = corner.reshape(faces.shape)
    pairs = np.concatenate((corner[:, :2], corner[:, 1:]))
    root = _roots(int(corner.max()) + 1, pairs)
    return np.unique(root[corner[:, 0]], return_inverse=True)[1].ravel()


def _close(a: Floats, b: Floats, distance: float) -> bool:
    """Tell whether two clouds of points come closer than ``distance``."""
    if (a.min(0) > b.max(0) + distance).any() or (b.min(0) > a.max(0) + distance).any():
        return False
    a, b = a[:: len(a) // 400 + 1], b[:: len(b) // 400 + 1]
    gaps = ((a[:, None] - b[None]) ** 2).sum(2)
    return bool(gaps.min() < distance**2)


def _joined(
    points: Floats,
    faces: NDArray[np.int32],
    piece: NDArray[np.int64],
    classes: NDArray[np.int64],
    height: float,
) -> NDArray[np.int64]:
    """Join pieces of one class that touch; return (F,) the part of each face, numbered from 0."""
    count = int(piece.max()) + 1
    clouds = [points[np.unique(faces[piece == k])] for k in range(count)]
    kind = np.zeros(count, np.int64)
    kind[piece] = classes
    pairs = [(k, k) for k in range(count)]
    for a in range(count):
        for b in range(a + 1, count):
            if kind[a] == kind[b] and _close(clouds[a], clouds[b], _APART * height):
                pairs.append((a, b))
    root = _roots(count, np.array(pairs))
    return np.unique(root[piece], return_inverse=True)[1].ravel()


def _without_specks(
    piece: NDArray[np.int64],
    classes: NDArray[np.int64],
    faces: NDArray[np.int64],
    area: NDArray[np.float64],
    least: float,
) -> NDArray[np.int64]:
    """Give the classes of specks of a painted texture to a neighbour; return new classes."""
    total = np.bincount(piece, area)
    small = total[piece] < least
    classes = classes.copy()
    for _ in range(4):
        if not small.any():
            break
        owner = np.full(int(faces.max()) + 1, -1)
        for k in range(3):
            owner[faces[~small, k]] = classes[~small]
        neighbour = owner[faces].max(1)
        found = small & (neighbour >= 0)
        classes[found] = neighbour[found]
        small &= ~found
    return classes


def _face_classes(model: GltfModel, pack: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (F,) the class that divides faces into parts, and (F,) the class of their colour."""
    materials = sorted({(group.material, group.image is None) for group in model.groups})
    material = np.array([materials.index((g.material, g.image is None)) for g in model.groups])
    nodes = sorted({group.node for group in model.groups})
    node = np.array([nodes.index(g.node) for g in model.groups])
    color = _swatch(model, SWATCHES[pack]) if pack in SWATCHES else _texture_color(model)
    color = material[model.face_group] * (int(color.max()) + 1) + color
    return node[model.face_group] * (int(color.max()) + 1) + color, color


def build_figure(model: GltfModel, pack: str) -> PartedModel:
    """Divide a model into parts.

    Parameters
    ----------
    model
        As read.
    pack
        Folder of the pack, which tells how its textures are laid out.

    Returns
    -------
    PartedModel
        The same surface, with a part for every vertex.
    """
    world = world_matrices(model, model.translation, model.rotation, model.scale)
    palette = joint_matrices(model, world)
    points, _ = skin(model.vertices, model.normals, model.joints, model.weights, palette)
    in_hand = np.array([not g.skinned and "handslot" in g.parent for g in model.groups])
    body = points[model.faces[~in_hand[model.face_group]]].reshape(-1, 3)
    low, high = body.min(0), body.max(0)
    height = float(max(high[1] - low[1], 0.6 * (high - low).max()))
    welded = _welded(points, 1e-4 * height)[model.faces]
    classes, color = _face_classes(model, pack)
    if pack not in SWATCHES and any(group.image is not None for group in model.groups):
        area = _area(points, model.faces)
        piece = _pieces(welded, classes)
        merged = _without_specks(piece, classes, welded, area, 4e-4 * height**2)
        color_of = dict(zip(classes.tolist(), color.tolist(), strict=True))
        classes, color = merged, np.array([color_of[c] for c in merged.tolist()])
    face_part = _joined(points, model.faces, _pieces(welded, classes), classes, height)
    slots = [(g.node, g.parent) for g, held in zip(model.groups, in_hand, strict=True) if held]
    slot_of_group = np.full(len(model.groups), -1)
    slot_of_group[in_hand] = np.arange(len(slots))
    count = int(face_part.max()) + 1
    part_material, part_slot = np.zeros(count, np.int32), np.zeros(count, np.int32)
    part_material[face_part] = np.unique(color, return_inverse=True)[1].ravel()
    part_slot[face_part] = slot_of_group[model.face_group]
    corner = np.stack((model.faces.ravel(), np.repeat(face_part, 3)), 1)
    pairs, faces = np.unique(corner, axis=0, return_inverse=True)
    rows = pairs[:, 0]
    return PartedModel(
        model=model,
        vertices=model.vertices[rows],
        normals=model.normals[rows],
        joints=model.joints[rows],
        weights=model.weights[rows],
        faces=faces.reshape(-1, 3).astype(np.int32),
        vertex_part=pairs[:, 1].astype(np.int32),
        part_material=part_material,
        part_slot=part_slot,
        slots=slots,
        base=np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2], np.float32),
        height=height,
    )
