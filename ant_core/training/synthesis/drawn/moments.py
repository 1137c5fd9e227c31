"""Frames of figures that are laid on one another: exact ids, the artists' ink, and exact flow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.training.data.splits import Split
from ant_core.training.synthesis.drawn.figure import FigureLayer, Key
from ant_core.training.synthesis.drawn.sheet import Sheet, apply, flow_between, inverse
from ant_core.training.synthesis.ink.ink_style import draw_style
from ant_core.training.synthesis.puppet.islands import merge_islands
from ant_core.training.synthesis.puppet.puppet import PartColors
from ant_core.training.synthesis.puppet.raster import Affine, compose
from ant_core.training.synthesis.source import SourceClip, SourceFrame, seeded

__all__ = ["Moment", "MovedFigure", "drawn_clip", "ground_table", "make_moment", "source_frames"]

_INK = 128  # cover from which a pixel belongs to the part that drew the line


class MovedFigure(Protocol):
    """What a figure knows of itself: its parts, which of them a frame shows, and where they are."""

    @property
    def layers(self) -> Mapping[Key, FigureLayer]:
        """Every part that is shown in some frame."""

    @property
    def stacks(self) -> Sequence[Sequence[Key]]:
        """For each frame the layers from back to front."""

    def sheet(self, time: float, rng: np.random.Generator) -> Sheet:
        """Return where the figure is at a time; `rng` draws how the frame is redrawn."""

    def moved(self, key: Key, time: float) -> Affine:
        """Return how a part has moved within the still picture at a time."""


@dataclass(frozen=True)
class Moment:
    """One frame before its flow is known.

    Attributes
    ----------
    owner
        (H, W) int32: 0 = paper, else 1 + place in `shown`.
    shown
        (figure's number, part) of all that is in the frame.
    """

    ids: NDArray[np.int32]
    ink: NDArray[np.uint8]
    owner: NDArray[np.int32]
    shown: list[tuple[int, Key]]
    sheets: list[Sheet]
    time: float


class _LaidParts:
    """Planes of a frame that parts are laid on, back to front."""

    def __init__(self, size: tuple[int, int], is_ground: NDArray[np.bool_]) -> None:
        self.ids = np.zeros(size, dtype=np.int32)
        self.ink = np.zeros(size, dtype=np.uint8)
        self.owner = np.zeros(size, dtype=np.int32)
        self.shown: list[tuple[int, Key]] = []
        self._is_ground = is_ground  # part id -> whether bare regions may take its place

    def lay(self, number: int, figure: MovedFigure, key: Key, sheet: Sheet, time: float) -> None:
        """Lay a part on, where it is at a time."""
        layer, moved = figure.layers[key], figure.moved(key, time)
        planes = layer.planes
        self.shown.append((number, key))
        box = sheet.box(planes.corner, planes.regions.shape, moved)
        y, x = np.mgrid[box].astype(np.float32)
        if x.size == 0:
            return
        to_plane = compose((1, 0, 0, 1, -planes.corner[0], -planes.corner[1]), inverse(moved))
        still_x, still_y = apply(to_plane, *sheet.look_up(x, y))
        cover = cv2.remap(planes.ink, still_x, still_y, cv2.INTER_LINEAR)
        region = cv2.remap(planes.regions, still_x, still_y, cv2.INTER_NEAREST)
        covers = layer.covers[region]
        mine = covers | ((region > 0) & self._is_ground[self.ids[box]])
        self.ids[box][mine] = layer.ids[region[mine]]
        self.ink[box] = np.maximum(np.where(covers, 0, self.ink[box]), cover)
        self.owner[box][mine | (cover >= _INK)] = len(self.shown)


def make_moment(
    figures: Sequence[MovedFigure],
    frame: int,
    time: float,
    *,
    size: tuple[int, int],
    is_ground: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Moment:
    """Lay the figures of a frame on one another, the first at the back.

    Parameters
    ----------
    frame, time
        Place in the figures' stacks, and when that is.
    size
        (H, W) of the frame.
    is_ground
        (ids,) as `ground_table` has it.
    rng
        Draws how the frame is redrawn.
    """
    picture, sheets = _LaidParts(size, is_ground), []
    for number, figure in enumerate(figures):
        sheets.append(figure.sheet(time, rng))
        for key in figure.stacks[frame]:
            picture.lay(number, figure, key, sheets[-1], time)
    ids = merge_islands(picture.ids, max(8, round(30 * (size[0] / 720) ** 2)))
    return Moment(ids, picture.ink, picture.owner, picture.shown, sheets, time)


def _flow(figures: Sequence[MovedFigure], here: Moment, there: Moment) -> NDArray[np.float32]:
    """Return the flow of all pixels; NaN where another part is drawn in the place of theirs."""
    flow = np.zeros((*here.ids.shape, 2), dtype=np.float32)
    for number, figure in enumerate(figures):
        moves: list[Affine] = []
        move_of = np.zeros(len(here.shown) + 1, dtype=np.int32)
        mine, gone = np.zeros((2, len(here.shown) + 1), dtype=bool)
        for place, (owner, key) in enumerate(here.shown, 1):
            if owner != number:
                continue
            move_of[place] = len(moves)
            back = inverse(figure.moved(key, here.time))
            moves.append(compose(figure.moved(key, there.time), back))
            mine[place], gone[place] = True, (owner, key) not in there.shown
        shown = mine[here.owner]
        left, top, width, height = cv2.boundingRect(shown.astype(np.uint8))
        if width:
            box = slice(top, top + height), slice(left, left + width)
            sheets = here.sheets[number], there.sheets[number]
            found = flow_between(*sheets, moves, move_of[here.owner[box]], box)
            flow[box][shown[box]] = found[shown[box]]
        flow[gone[here.owner]] = np.nan
    return flow


def source_frames(figures: Sequence[MovedFigure], moments: Sequence[Moment]) -> list[SourceFrame]:
    """Return the frames of a clip from its moments, in order of time, with flow both ways."""
    frames = [SourceFrame(moment.ids, ink=moment.ink) for moment in moments]
    for i, (here, there) in enumerate(pairwise(moments)):
        frames[i] = replace(frames[i], forward=_flow(figures, here, there))
        frames[i + 1] = replace(frames[i + 1], backward=_flow(figures, there, here))
    return frames


def ground_table(figures: Sequence[MovedFigure], palette: PartColors) -> NDArray[np.bool_]:
    """Return part id -> whether bare regions of other parts may take its place; paper's is True."""
    table = np.zeros(max(palette.colors, default=0) + 1, dtype=bool)
    table[0] = True
    for figure in figures:
        for layer in figure.layers.values():
            table[layer.ids[1:]] = layer.is_ground
    return table


def drawn_clip(
    figures: Sequence[MovedFigure],
    rng: np.random.Generator,
    *,
    source: str,
    split: Split,
    seed: int,
    size: tuple[int, int],
    step: int,
    palette: PartColors,
    characters: Iterable[str],
) -> SourceClip:
    """Return the clip of figures whose bends are in the flow already, so that its pen has none.

    Parameters
    ----------
    rng
        Draws how frames are redrawn.
    source
        What the clip is called by, with its seed.
    size
        (H, W) of the frames.
    step
        Frames from one drawing to the next.
    """
    is_ground = ground_table(figures, palette)
    moments = [
        make_moment(figures, i, float(i * step), size=size, is_ground=is_ground, rng=rng)
        for i in range(len(figures[0].stacks))
    ]
    name = f"{source}_{seed:06d}"
    pen = draw_style(seeded("style", split, name), size[0])
    return SourceClip(
        name=name,
        split=split,
        characters=tuple(sorted(characters)),
        motions=(),
        frames=source_frames(figures, moments),
        colors=palette.colors,
        frame_numbers=tuple(i * step + 1 for i in range(len(moments))),
        ink=replace(pen, bend_px=0.0, wobble_px=0.0),
    )
