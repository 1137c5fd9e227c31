"""The sky: a sphere about the whole scene, one part, so that every pixel shows geometry."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.scene3d.gltf import Floats

__all__ = ["SKY_RADIUS", "sky"]

SKY_RADIUS = 20.0  # world units; farther than any camera stands from the middle
_COLUMNS, _ROWS = 64, 32  # fine enough that no bend between two facets gets a line


def sky() -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Return points (V, 3), normals (V, 3) towards the middle, and faces (F, 3)."""
    around, down = np.meshgrid(
        np.linspace(0, 2 * np.pi, _COLUMNS + 1), np.linspace(0, np.pi, _ROWS + 1)
    )
    out = np.stack((np.sin(down) * np.sin(around), np.cos(down), np.sin(down) * np.cos(around)), -1)
    first = np.arange(_ROWS)[:, None] * (_COLUMNS + 1) + np.arange(_COLUMNS)
    corners = np.stack((first, first + 1, first + _COLUMNS + 1, first + _COLUMNS + 2), -1)
    faces = corners.reshape(-1, 4)[:, [0, 1, 2, 1, 3, 2]].reshape(-1, 3)
    out = out.reshape(-1, 3).astype(np.float32)
    return out * np.float32(SKY_RADIUS), -out, faces.astype(np.int32)
