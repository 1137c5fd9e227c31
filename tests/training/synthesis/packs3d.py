"""A tiny pack of 3D models: a character for each split, all with the same clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.training.synthesis.gltf_builder import Builder, column

__all__ = ["quads", "write_packs"]


def quads(offsets: list[float], materials: list[str]) -> Builder:
    """Build a model of unit squares at these places along x, one primitive each."""
    b = Builder()
    primitives = []
    names = sorted(set(materials))
    for x, material in zip(offsets, materials, strict=True):
        points = b.add([[x, 0, 0], [x + 1, 0, 0], [x + 1, 1, 0], [x, 1, 0]])
        index = b.add(np.array([[0], [1], [2], [0], [2], [3]]), "uint16")
        attributes = {"POSITION": points}
        primitive = {"attributes": attributes, "indices": index, "material": names.index(material)}
        primitives.append(primitive)
    b.json["meshes"] = [{"primitives": primitives}]
    b.json["materials"] = [{"name": name} for name in names]
    b.json["nodes"] = [{"name": "body", "mesh": 0}, {"name": "free"}]
    return b


def moving(names: list[str]) -> Builder:
    """Build three squares whose node turns in every clip."""
    b = quads([0, 0.5, 3], ["a", "b", "a"])
    times, turns = b.add(column([0, 1])), b.add([[0, 0, 0, 1], [0, 0.6, 0, 0.8]])
    sampler = {"input": times, "output": turns}
    channel = {"sampler": 0, "target": {"node": 0, "path": "rotation"}}
    b.json["animations"] = [
        {"name": n, "samplers": [sampler], "channels": [channel]} for n in names
    ]
    return b


def write_packs(root: Path) -> Path:
    """Write the packs below a folder; return the data folder."""
    folder = root / "data" / "quaternius" / "animals_pack"
    folder.mkdir(parents=True)
    for name in ("Cow", "Husky", "Wolf"):
        moving([f"Rig|clip{i}" for i in range(9)]).write_glb(folder / f"{name}.glb")
    return root / "data"
