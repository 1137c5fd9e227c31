"""Shots with their truth: what protocols run over, the same for every data set."""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.matching.descriptors import describe
from ant_core.training.data.baselines import overlap
from ant_core.training.data.clips import ClipFrame, centred
from segmentation import extract_lines, measure, segment

__all__ = [
    "BACKGROUND",
    "FlowTruth",
    "TrueFrame",
    "TrueShot",
    "from_picture",
    "line_area",
    "link",
    "spread",
]

BACKGROUND = 0  # the colour "transparent paper" of stored clips and of every reader
_LINE_PX = 10.0  # AnimeRun, section 4.1: "line" is within 10 pixels of contour lines
FEWEST_SHEETS = 5  # so that figures with 1, 3, 5 and all references stand on the same shots
_GOLDEN = 0.618033988749895  # steps of the golden ratio keep any number of hues apart
MOST_STAND_INS = 10  # what the networks attend to grows with the square of all references' segments


@dataclass
class TrueFrame(ClipFrame):
    """A frame with all that scoring needs; label and color are the truth, color 0 = transparent."""

    area: NDArray[np.int64]  # (N,) pixels
    centroid: NDArray[np.float32]  # (N, 2) x, y in pixels
    labels: NDArray[np.int32] | None = None  # (H, W), 0 = line; None where pictures are not kept
    darkness: NDArray[np.uint8] | None = None  # (H, W), 255 = full ink
    before: int | None = None  # number of the shot's frame that `overlap` is about
    is_sheet: bool = False  # a model sheet: no place on the shot's time line


@dataclass(frozen=True)
class FlowTruth:
    """True motion from one frame to the next.

    flow: (H, W, 2) float32 x, y in pixels; occluded: (H, W) bool; line: (H, W) bool, within
    10 px of a contour line.
    """

    flow: NDArray[np.float32]
    occluded: NDArray[np.bool_]
    line: NDArray[np.bool_]


@dataclass(kw_only=True)
class TrueShot:
    """One shot of a set.

    Attributes
    ----------
    name : str
    characters : tuple of str
        Empty where the set does not say.
    frames : list of TrueFrame
        In the order of time.
    sheet : list of TrueFrame
        Model sheets outside the shot.
    matches : list of (N,) int64
        For every frame but the last, the row of the next frame that each segment corresponds
        to, -1 = none; empty where the set has no such labels.
    flows : list of callable
        For every frame but the last, reads its `FlowTruth`; empty likewise.
    pictures : list of callable
        For every frame, reads its colours, (H, W, 3 or 4) uint8 RGB(A); empty where the set has
        none as pictures, or no flow that they would be counted beside.
    has_colors : bool
        Whether `color` is known.
    has_parts : bool
        Whether `label` tells parts of one colour apart.
    palette : dict of int to (int, int, int)
        R, G, B of the colours' numbers; empty where the set stores numbers alone.
    """

    name: str
    frames: list[TrueFrame]
    characters: tuple[str, ...] = ()
    sheet: list[TrueFrame] = field(default_factory=list)
    matches: list[NDArray[np.int64]] = field(default_factory=list)
    flows: list[Callable[[], FlowTruth]] = field(default_factory=list)
    pictures: list[Callable[[], NDArray[np.uint8]]] = field(default_factory=list)
    has_colors: bool = True
    has_parts: bool = False
    palette: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def color_of(self, number: int) -> tuple[int, int, int] | None:
        """Return a colour to show for a number; None for transparent and for no colour.

        Where the set stores numbers alone, these are colours that tell numbers apart.
        """
        if number <= BACKGROUND:
            return None
        return self.palette.get(number) or _stand_in(number)

    @cached_property
    def references(self) -> list[TrueFrame]:
        """The model sheets; where the set has none, frames of the first half stand for them.

        Those are at most ten, evenly spaced; none where the shot is too short for five.
        """
        if self.sheet or self._first_target < FEWEST_SHEETS:
            return self.sheet
        stand_ins = spread(self.frames[: self._first_target], MOST_STAND_INS)
        return [replace(frame, is_sheet=True) for frame in stand_ins]

    @property
    def targets(self) -> list[TrueFrame]:
        """What is coloured from `references`."""
        return self.frames if self.sheet else self.frames[self._first_target :]

    @property
    def _first_target(self) -> int:
        return max(len(self.frames) // 2, min(FEWEST_SHEETS, len(self.frames) - 1))


def _stand_in(number: int) -> tuple[int, int, int]:
    hue = number * _GOLDEN % 1
    red, green, blue = colorsys.hls_to_rgb(hue, (0.45, 0.65, 0.3)[number % 3], 0.75)
    return round(255 * red), round(255 * green), round(255 * blue)


def spread(frames: Sequence[TrueFrame], count: int) -> list[TrueFrame]:
    """Return so many frames, or all if they are fewer, evenly spaced from the first to the last."""
    count = min(count, len(frames))
    return [frames[i] for i in np.linspace(0, len(frames) - 1, count).round().astype(int)]


def from_picture(
    number: int, line: NDArray[Any], labels: NDArray[np.int32] | None = None, place: str = ""
) -> TrueFrame:
    """Describe a line drawing as the product does; the truth is still to be filled in.

    `line` is what `segmentation.extract_lines` takes; `labels`, (H, W) int32, 0 = line, replaces
    the product's own segmentation where a set brings its own.
    """
    try:
        lines = extract_lines(line)
        if labels is None:
            labels = segment(lines).labels
    except ValueError as error:
        raise InputError(f"{place} cannot be segmented: {error}") from error
    segments = measure(labels)
    described = describe(lines, labels, segments)
    unknown = np.full(described.count, -1, np.int64)
    return TrueFrame(
        number=number,
        crops=described.crops,
        shape=described.shape,
        box=described.box,
        edges=described.edges,
        edge_weight=described.edge_weight,
        label=unknown,
        color=unknown,
        overlap=unknown,
        area=segments.area,
        centroid=segments.centroid,
        labels=labels,
        darkness=lines.darkness,
        position=centred(segments.centroid, described.size),
        small=described.small,
    )


def link(frames: Sequence[TrueFrame]) -> None:
    """Fill in `overlap` of frames that follow each other, where they keep their label maps."""
    for before, frame in pairwise(frames):
        if before.labels is not None and frame.labels is not None:
            frame.overlap = overlap(before.labels, frame.labels)
            frame.before = before.number


def line_area(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (H, W) bool: within 10 pixels of a contour line, ink (H, W) bool."""
    if not ink.any():
        return np.zeros(ink.shape, np.bool_)
    distance = cv2.distanceTransform((~ink).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distance <= _LINE_PX)
