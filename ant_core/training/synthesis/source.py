"""What a source of training data yields: clips of exact part ids through time.

A *source* is a function ``make_clip(data, split, seed) -> SourceClip`` that is deterministic by its
arguments; ``SOURCES`` names them.  Ids are exact (no anti-aliasing):
0 is the paper, any other id is one part of one character or prop and keeps its meaning through the
clip.  Several parts may share one colour, as two arms do.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import UsageError
from ant_core.training.data.splits import Split
from ant_core.training.synthesis.ink.ink_style import InkStyle

__all__ = ["SOURCES", "ClipMaker", "SourceClip", "SourceFrame", "load_source", "seeded"]

_PUPPET = "ant_core.training.synthesis.puppet.glitch"
_SCENE3D = "ant_core.training.synthesis.scene3d.scene3d"
#: Module and function of each source; imported only when asked for: each needs its own packages.
SOURCES = {
    "glitch": (_PUPPET, "make_clip"),
    "glitch_single": (_PUPPET, "make_single"),
    "scene3d": (_SCENE3D, "make_clip"),
    "scene3d_single": (_SCENE3D, "make_single"),
    "scene3d_clean": (_SCENE3D, "make_clean"),
    "scene3d_full": (_SCENE3D, "make_full"),
    "scene3d_film": (_SCENE3D, "make_film"),
    "drawn": ("ant_core.training.synthesis.drawn.drawn", "make_clip"),
    "emoji": ("ant_core.training.synthesis.drawn.emoji", "make_clip"),
}


@dataclass(frozen=True)
class SourceFrame:
    """One frame as planes of ids.

    Attributes
    ----------
    ids
        (H, W) int32, 0 = paper, > 0 = part id, constant through the clip.
    edges
        (H, W) bool or None: further drawn lines inside parts, such as depth and normal creases.
    shade
        (H, W) uint8 or None: a second division of the parts, such as cel shadows.  Where it
        changes a line is drawn as well, but the part stays the same.
    forward, backward
        (H, W, 2) float32 or None: flow x, y in pixels to the clip's next frame and to the one
        before; every pixel's is that of the surface it shows, hidden there or not.  NaN where that
        surface is not there at all, as a mouth that is drawn in another way.
    ink
        (H, W) uint8 or None: lines that the source drew itself, 255 = full ink.  Then a border of
        parts becomes a line only where there is none of this ink.
    """

    ids: NDArray[np.int32]
    edges: NDArray[np.bool_] | None = None
    shade: NDArray[np.uint8] | None = None
    forward: NDArray[np.float32] | None = None
    backward: NDArray[np.float32] | None = None
    ink: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class SourceClip:
    """Consecutive frames of one scene, all of one size.

    Attributes
    ----------
    name
        Unique within its split; becomes the file name.
    split
        "train", "validation" or "test".
    characters, motions
        What the clip shows, as the split rules name it; no name may occur in two splits.
    frames
        In the order of time.
    frame_numbers
        (F,) number of each frame on the source's own time line; grows strictly.
    ink
        How the clip is drawn; None = in a style drawn from its name.
    colors
        Part id -> flat colour (r, g, b), 0..255; every id of the frames but 0 has one.
    """

    name: str
    split: Split
    characters: tuple[str, ...]
    motions: tuple[str, ...]
    frames: list[SourceFrame]
    colors: dict[int, tuple[int, int, int]]
    frame_numbers: tuple[int, ...] = field(default=())
    ink: InkStyle | None = None

    def numbers(self) -> NDArray[np.int32]:
        """Frame numbers, (F,) int32; 1, 2, ... where the source gave none."""
        given = self.frame_numbers or range(1, len(self.frames) + 1)
        return np.asarray(given, dtype=np.int32)


ClipMaker = Callable[[Path, Split, int], SourceClip]


def load_source(name: str) -> ClipMaker:
    """Import a source by name and return its ``make_clip``.

    Raises
    ------
    UsageError
        The name is unknown, or a package that the source needs is not installed.
    """
    if name not in SOURCES:
        raise UsageError(f"There is no source named {name!r}: choose one of {', '.join(SOURCES)}.")
    try:
        module_name, function = SOURCES[name]
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"The source {name!r} needs the Python package {error.name!r}, which is not installed: "
            "install this project with its extra 'train'."
        ) from error
    maker: ClipMaker = getattr(module, function)
    return maker


def seeded(*key: str | int) -> np.random.Generator:
    """Return a random generator that depends on the given names and numbers alone.

    Names go through CRC-32, since ``hash`` of a string differs from process to process.
    """
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in key]
    return np.random.default_rng(np.random.SeedSequence(words))
