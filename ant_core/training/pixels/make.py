"""Painted clips as they are made of 3D models; see `pictures` for what is stored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.data.splits import Split
from ant_core.training.pixels.pictures import cut, on_white, square_box
from ant_core.training.synthesis.clip import drawings, write_arrays
from ant_core.training.synthesis.scene3d.shaded import PAINTS, make_shaded

__all__ = ["make_pictures"]


def make_pictures(data: Path, split: Split, seed: int, size: int, path: Path) -> None:
    """Make one clip, cut to its figures, and store it whole or not at all.

    Parameters
    ----------
    data
        Folder of the packs of 3D models.
    size
        S, in pixels.

    Raises
    ------
    InputError
        The folder has no characters of the split.
    DeviceUnavailable
        No OpenGL context can be opened.
    OutputError
        The place cannot be written to.
    """
    made = make_shaded(data, split, seed)
    ids = np.stack([frame.ids for frame in made.shaded])
    box = square_box(np.any(ids, axis=0))
    scale = size / (box[2] - box[0])

    def small(plane: NDArray[Any], how: int, outside: int) -> NDArray[Any]:
        return cut(plane, box, size, how, outside)

    line = [small(drawn.image, cv2.INTER_AREA, 255) for drawn in drawings(made.clip)]
    color = [
        [
            small(on_white(made.painted(paint, frame)), cv2.INTER_AREA, 255)
            for frame in range(len(ids))
        ]
        for paint in PAINTS
    ]
    planes = [small(one.astype(np.float32), cv2.INTER_NEAREST, 0) for one in ids]
    rest = [small(frame.rest, cv2.INTER_NEAREST, 0) for frame in made.shaded]
    flow = [small(flow * scale, cv2.INTER_NEAREST, 0) for flow in made.flows()]
    meta = {
        "name": made.clip.name,
        "split": split,
        "characters": made.clip.characters,
        "paints": list(PAINTS),
    }
    write_arrays(
        path,
        {
            "line": np.asarray(line, np.uint8),
            "color": np.asarray(color, np.uint8),
            "ids": np.asarray(planes, np.int16),
            "rest": np.asarray(rest, np.float16),
            "flow": np.asarray(flow, np.float16),
            "meta": np.array(json.dumps(meta)),
        },
    )
