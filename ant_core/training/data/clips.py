"""Stored clips: descriptors of a shot's drawings, true part and colour of every segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.matching.flow import SmallDrawing
from ant_core.training.data.pair_flows import PairFlow, unpack

__all__ = ["UNSURE", "ClipFrame", "StoredClip", "centred", "clip_from_arrays", "load_clip"]

UNSURE = -1  # label of a segment that covers several true parts


@dataclass
class ClipFrame:
    """One drawing of a clip: arrays as in `matching.descriptors.Descriptors`, plus the truth."""

    number: int
    crops: NDArray[np.uint8]  # (N, 4, 32, 32)
    shape: NDArray[np.float32]  # (N, F)
    box: NDArray[np.float32]  # (N, 4)
    edges: NDArray[np.int32]  # (E, 2) rows of adjacent segments
    edge_weight: NDArray[np.float32]  # (E,)
    label: NDArray[np.int64]  # (N,) true part, UNSURE where purity was too low
    color: NDArray[np.int64]  # (N,) true colour, UNSURE likewise
    overlap: NDArray[np.int64]  # (N,) row in the drawing before with most shared pixels, -1 none
    # (N, 2) centroid x, y; the picture's centre is 0, its longer side is 2
    position: NDArray[np.float32] = field(kw_only=True)
    # (N, 2) is this very piece seen in the drawing before, after: 1, 0, UNSURE; None = not known
    seen: NDArray[np.int8] | None = field(default=None, kw_only=True)
    small: SmallDrawing | None = field(default=None, kw_only=True)  # None = not stored, or not read
    # (N,) rows in the drawing that the segments were taken from; None = all, in order
    rows: NDArray[np.int64] | None = field(default=None, kw_only=True)

    @property
    def count(self) -> int:
        """The number of segments."""
        return len(self.box)


@dataclass
class StoredClip:
    """All drawings of one stored clip, in order.

    `flows` tells what flow says of a target and a reference, by their places in `frames`.
    """

    name: str
    frames: list[ClipFrame]
    flows: Mapping[tuple[int, int], PairFlow] = field(default_factory=dict)


def load_clip(path: Path, purity_min: float = 0.0, *, small: bool = True) -> StoredClip:
    """Read one clip file as `ant_core.training.synthesis.clip` writes it.

    Segments of which less than `purity_min` belongs to one true part are labelled UNSURE: no use
    for training. Scores keep them (the default) with the label of most of their pixels. Without
    `small` pictures it takes half the memory.
    """
    with np.load(path) as stored:
        names = [key for key in stored.files if small or not key.startswith("small_")]
        return clip_from_arrays(path.stem, {key: stored[key] for key in names}, purity_min)


def clip_from_arrays(
    name: str, data: Mapping[str, NDArray[Any]], purity_min: float = 0.0
) -> StoredClip:
    """Take the arrays of a clip file apart; see `load_clip`."""
    sure = data["purity"] >= purity_min
    label = np.where(sure, data["part"], UNSURE).astype(np.int64)
    color = np.where(sure, data["color"], UNSURE).astype(np.int64)
    position = centred(data["centroid"], tuple(data["size"]))
    frames = []
    for i, number in enumerate(data["frame_number"]):
        rows = slice(data["frame_start"][i], data["frame_start"][i + 1])
        lines = slice(data["edge_start"][i], data["edge_start"][i + 1])
        frames.append(
            ClipFrame(
                number=int(number),
                crops=data["crops"][rows],
                shape=data["shape"][rows],
                box=data["box"][rows],
                edges=data["edges"][lines],
                edge_weight=data["edge_weight"][lines],
                label=label[rows],
                color=color[rows],
                overlap=data["overlap"][rows].astype(np.int64),
                position=position[rows],
                seen=data["seen"][rows] if "seen" in data else None,
                small=_small(data, i),
            )
        )
    return StoredClip(name, frames, unpack(data, [frame.count for frame in frames]))


def _small(data: Mapping[str, NDArray[Any]], frame: int) -> SmallDrawing | None:
    if "small_labels" not in data:
        return None
    return SmallDrawing(data["small_darkness"][frame], data["small_labels"][frame])


def centred(centroid: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Return pixel places (N, 2) x, y with the picture's centre at 0 and its longer side 2.

    `size` is height and width in pixels.
    """
    middle = np.array([size[1], size[0]], np.float32) / 2
    return (centroid - middle) / middle.max()
