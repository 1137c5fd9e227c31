"""An emoji that moves: it crosses the page, walks, turns round and bends; its pieces swing.

As for the other drawn figures, all of it is known maps from the picture to the still one.  What
moves is larger here: limbs and props turn about where they hang, faces are drawn anew with other
eyes and mouths, and figures pass in front of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ant_core.training.synthesis.drawn.emoji_cast import Emoji, emoji_shapes
from ant_core.training.synthesis.drawn.emoji_pieces import (
    EmojiPiece,
    Joint,
    cut_pieces,
    joints,
    overlap,
)
from ant_core.training.synthesis.drawn.figure import FINER, FigureLayer, Key, add_bends
from ant_core.training.synthesis.drawn.sheet import Field, Sheet, inverse
from ant_core.training.synthesis.ink.noise import field, grid
from ant_core.training.synthesis.puppet.puppet import PartColors, Wave
from ant_core.training.synthesis.puppet.raster import IDENTITY, Affine, affine, compose

__all__ = ["Course", "EmojiFigure", "make_emoji_figure"]

_CELL = 4  # pixels of the still picture between two places of a bend
_MARGIN = 0.3  # of the still picture around it that bends reach
_STEEPEST = 0.7  # change of a bend over its distance, below 1 so that it can be undone
_SAME = 0.5  # overlap from which a piece of a redrawn figure is the same part
_ALIKE = 0.6  # share of a figure's area that its redrawn one has in common
_REDRAWS = 3  # other drawings of a figure in one clip
_STILL = ("places", "food", "objects")  # kinds that do not walk


@dataclass(frozen=True)
class Course:
    """Where a figure goes: (x, y) in pixels of the frame at its first and last drawing.

    `mirrored` is the number of drawings after which it faces the other way, -1 for never.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    last: float
    mirrored: float

    def at(self, time: float) -> tuple[float, float]:
        """Return where it is at a time."""
        share = time / self.last
        (x0, y0), (x1, y1) = self.start, self.end
        return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


@dataclass(frozen=True)
class _PieceSwing:
    """How a piece moves on what it hangs on: turn in radians, shift and stretch in its own size."""

    joint: Joint
    parent: Key | None
    turn: Wave
    depth: float
    stretch: Wave


@dataclass(frozen=True, kw_only=True)
class EmojiFigure:
    """One figure and its movement; see `DrawnFigure` for what figures have in common.

    Attributes
    ----------
    groups
        Of all its drawings.
    swings
        What each part does on its own.
    drift
        x and y in sizes of the figure, turn in radians, log size, squash.
    look
        Turn and nod of its face.
    gait
        Height of a step in sizes of the figure, rocking in radians, radians of phase a frame.
    bends, fields
        Strength over time of (h, w, 2) displacements in pixels of the still picture.
    redrawn
        (pixels of the still picture, wave length) of what every frame bends anew.
    """

    groups: frozenset[str]
    layers: dict[Key, FigureLayer]
    stacks: list[list[Key]]
    swings: dict[Key, _PieceSwing]
    course: Course
    facing: float
    tilt: float
    still: tuple[int, int]
    frame: tuple[int, int]
    drift: tuple[Wave, ...]
    look: tuple[Wave, Wave]
    gait: tuple[float, float, float]
    bends: tuple[Wave, ...]
    fields: tuple[Field, ...]
    redrawn: tuple[tuple[float, float], ...]

    def sheet(self, time: float, rng: np.random.Generator) -> Sheet:
        """Return where the figure is at a time; `rng` draws how the frame is redrawn."""
        high, wide = self.still
        size = max(high, wide)
        sway, hop, turn, log_size, squash = (wave(time) for wave in self.drift)
        step, rock, pace = self.gait
        turn += self.tilt + rock * np.sin(pace * time)
        hop -= step * abs(np.sin(pace * time))
        flip = self.facing * (-1.0 if 0 <= self.course.mirrored <= time else 1.0)
        scale = (
            flip / FINER * float(np.exp(log_size + squash)),
            1 / FINER * float(np.exp(log_size - squash)),
        )
        x, y = self.course.at(time)
        middle = (wide / 2, high / 2)
        goal = (x + sway * size / FINER - middle[0], y + hop * size / FINER - middle[1])
        outward = affine(float(turn), scale, goal, middle)
        to_cells = affine(scale=1 / _CELL, move=(_MARGIN * wide / _CELL, _MARGIN * high / _CELL))
        return Sheet(
            outward, self._bend(time, rng), compose(to_cells, inverse(outward)), self.frame
        )

    def _bend(self, time: float, rng: np.random.Generator) -> Field:
        bend = add_bends(self.bends, self.fields, self.redrawn, time, rng, _CELL)
        down, right = np.diff(bend, axis=0)[:, :-1], np.diff(bend, axis=1)[:-1]
        steepest = float(np.sqrt((down**2).sum(-1) + (right**2).sum(-1)).max()) / _CELL
        return bend * np.float32(min(1.0, _STEEPEST / max(steepest, 1e-6)))

    def moved(self, key: Key, time: float) -> Affine:
        """Return how a part has moved within the still picture at a time."""
        swing = self.swings[key]
        below = IDENTITY if swing.parent is None else self.moved(swing.parent, time)
        stretch = float(np.exp(swing.stretch(time)))
        size = max(self.still)
        shift = tuple(swing.depth * size * wave(time) for wave in self.look)
        own = affine(
            swing.turn(time), (1 / stretch, stretch), (shift[0], shift[1]), swing.joint.pivot
        )
        return compose(below, own)


@dataclass(frozen=True)
class _CutDrawing:
    """One of a figure's drawings: its pieces, each with its key and the part that it shows."""

    group: str
    pieces: list[EmojiPiece]
    keys: list[Key]
    parts: list[tuple[object, ...]]


def _drawings(
    emoji: Emoji,
    others: Sequence[Emoji],
    to_still: Affine,
    size: tuple[int, int],
    *,
    least_px: int,
    line_px: float,
) -> list[_CutDrawing]:
    """Cut a figure into pieces, and those of its other drawings that are enough like it.

    A piece of another drawing is the same part where fill and place are nearly the same.
    """

    def cut(which: Emoji) -> list[EmojiPiece]:
        shapes = emoji_shapes(which.path)
        return cut_pieces(shapes, to_still, size, least_px=least_px, line_px=line_px)

    def keys(which: Emoji, pieces: Sequence[EmojiPiece]) -> list[Key]:
        return [(which.path.stem, f"{p.shape}", p.order) for p in pieces]

    first = cut(emoji)
    parts: list[tuple[object, ...]] = [(i,) for i in range(len(first))]
    drawings = [_CutDrawing(emoji.group, first, keys(emoji, first), parts)]
    total = sum(np.count_nonzero(piece.outline) for piece in first)
    for other in others:
        pieces, common = cut(other), 0
        own: list[Key] = keys(other, pieces)
        parts, free = [], set(range(len(first)))
        for i, piece in enumerate(pieces):
            like = {j: overlap(piece, first[j]) for j in free if first[j].fill == piece.fill}
            best = max(like, key=lambda j: like[j], default=-1)
            if best < 0 or like[best] < _SAME:
                parts.append((other.path.stem, i))
                continue
            free.discard(best)
            parts.append((best,))
            common += int(np.count_nonzero(piece.outline))
            if like[best] > 0.999 and piece.planes.corner == first[best].planes.corner:
                own[i] = drawings[0].keys[best]
        if common >= _ALIKE * total:
            drawings.append(_CutDrawing(other.group, pieces, own, parts))
    return drawings


def make_emoji_figure(
    emoji: Emoji,
    others: Sequence[Emoji],
    rng: np.random.Generator,
    *,
    name: str,
    frame: tuple[int, int],
    tall: float,
    count: int,
    course: Course,
    palette: PartColors,
) -> EmojiFigure:
    """Draw a figure's pieces and choose its movement.

    Parameters
    ----------
    emoji, others
        The drawing, and others that may show the same character.
    rng
        What it draws decides all else.
    name
        Tells the figure's parts in `palette` from those of others.
    frame
        Height and width of the frames in pixels.
    tall
        Longer side of the figure in pixels of the frame.
    count
        Number of frames.
    """
    bounds = [shape.path.getBounds() for shape in emoji_shapes(emoji.path)]
    x0, y0 = min(b.left() for b in bounds), min(b.top() for b in bounds)
    x1, y1 = max(b.right() for b in bounds), max(b.bottom() for b in bounds)
    scale = FINER * tall / max(x1 - x0, y1 - y0)
    edge = 0.06 * FINER * tall
    to_still = affine(0.0, scale, (edge - scale * x0, edge - scale * y0))
    still = (int(scale * (y1 - y0) + 2 * edge), int(scale * (x1 - x0) + 2 * edge))
    kept = [others[int(i)] for i in rng.permutation(len(others))[:_REDRAWS]]
    unit = frame[0] / 720 * FINER
    drawings = _drawings(
        emoji, kept, to_still, still, least_px=max(24, round(60 * unit**2)), line_px=5 * unit
    )
    is_walker = emoji.kind not in _STILL
    reach = float(rng.choice((0.4, 1.0, 1.7), p=(0.2, 0.45, 0.35)))
    lively = float(rng.choice((0.0, 0.12, 0.3)))
    now, stacks = 0, []
    for _ in range(count):
        stacks.append(drawings[now].keys)
        if rng.random() < lively:
            now = int(rng.integers(len(drawings)))
    pace = 2 * np.pi / rng.uniform(8, 18)
    walk = reach * float(rng.random() < 0.6) if is_walker else 0.0
    fields, bends = _fields(rng, still, drawings[0].pieces, reach)
    hand = float(rng.choice((0.0, 0.5, 1.0, 2.0), p=(0.1, 0.3, 0.4, 0.2))) * max(still)
    return EmojiFigure(
        groups=frozenset(drawing.group for drawing in drawings),
        layers=_layers(drawings, rng, name, palette),
        stacks=stacks,
        swings=_swings(drawings, rng, reach),
        course=course,
        facing=float(rng.choice((-1.0, 1.0))),
        tilt=float(rng.normal(0, 0.08)),
        still=still,
        frame=frame,
        drift=tuple(Wave.draw(rng, reach * a) for a in (0.06, 0.06, 0.13, 0.09, 0.05)),
        look=(Wave.draw(rng, reach), Wave.draw(rng, 0.6 * reach)),
        gait=(0.04 * walk, 0.08 * walk, float(pace)),
        bends=bends,
        fields=fields,
        redrawn=(
            (0.004 * hand * rng.uniform(0.3, 1.5), max(still) * rng.uniform(0.12, 0.35)),
            (0.0012 * hand * rng.uniform(0.2, 1.5), 18.0),
        ),
    )


def _layers(
    drawings: Sequence[_CutDrawing], rng: np.random.Generator, name: str, palette: PartColors
) -> dict[Key, FigureLayer]:
    """Give every piece its part id; colours are those of the fills, or one for each part."""
    own, layers = rng.random() < 0.3, dict[Key, FigureLayer]()
    for drawing in drawings:
        for piece, key, part in zip(drawing.pieces, drawing.keys, drawing.parts, strict=True):
            red, green, blue = (int(piece.fill[i : i + 2], 16) for i in (1, 3, 5))
            if own:
                red, green, blue = (int(n) for n in rng.integers(0, 256, 3))
            number = 0 if piece.is_line else palette.part((red, green, blue), name, *part)
            layers.setdefault(
                key,
                FigureLayer(
                    piece.planes,
                    "",
                    np.array([0, number], dtype=np.int32),
                    np.array([False, True]),
                    is_ground=False,
                ),
            )
    return layers


def _swings(
    drawings: Sequence[_CutDrawing], rng: np.random.Generator, reach: float
) -> dict[Key, _PieceSwing]:
    """Choose how pieces move; what stands for the same part in two drawings moves as one."""
    swings, of_part = dict[Key, _PieceSwing](), dict[tuple[object, ...], tuple[Wave, float, Wave]]()
    for drawing in drawings:
        found = joints(drawing.pieces)
        for key, part, joint in zip(drawing.keys, drawing.parts, found, strict=True):
            free = max(0.04, 1 - 2.2 * joint.share) if joint.parent >= 0 else 0.15
            turn = Wave.draw(rng, reach * (0.03 if joint.is_inside else 0.4 * free))
            depth = float(rng.uniform(0.015, 0.03)) if joint.is_inside else 0.0
            stretch = Wave.draw(rng, reach * (0.05 if joint.is_inside else 0.02))
            waves = of_part.setdefault(part, (turn, depth, stretch))
            parent = drawing.keys[joint.parent] if joint.parent >= 0 else None
            swings.setdefault(key, _PieceSwing(joint, parent, *waves))
    return swings


def _fields(
    rng: np.random.Generator, still: tuple[int, int], pieces: Sequence[EmojiPiece], reach: float
) -> tuple[tuple[Field, ...], tuple[Wave, ...]]:
    """Return smooth bends of the whole figure, and of what stands out from it about its root."""
    high, wide = still
    size = max(still)
    shape = tuple(int(n * (1 + 2 * _MARGIN) / _CELL) + 1 for n in still)
    cells = (shape[0], shape[1])
    fields, bends = [], []
    for _ in range(2):
        wave = size * rng.uniform(0.4, 0.9) / _CELL
        fields.append(np.stack([field(rng, cells, wave) for _ in (0, 1)], axis=-1))
        bends.append(Wave.draw(rng, 0.03 * size * reach * rng.random()))
    x, y = grid(cells)
    x, y = x * _CELL - np.float32(_MARGIN * wide), y * _CELL - np.float32(_MARGIN * high)
    rows, columns = np.nonzero(np.any([piece.outline for piece in pieces], axis=0))
    if not rows.size:
        return tuple(fields), tuple(bends)
    small = pieces[0].small
    for _ in range(int(rng.integers(1, 4))):
        angle = rng.uniform(0, 2 * np.pi)
        along = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        far = int((columns * along[0] + rows * along[1]).argmax())
        tip = np.float32(columns[far] * small), np.float32(rows[far] * small)
        length = np.float32(size * rng.uniform(0.25, 0.45))
        root = tip[0] - length * along[0], tip[1] - length * along[1]
        away = (x - root[0]) * along[0] + (y - root[1]) * along[1]
        aside = (x - root[0]) * along[1] - (y - root[1]) * along[0]
        weight = np.clip(away / length, 0, 1)
        weight = weight**2 * (3 - 2 * weight) * np.exp(-0.5 * (aside / (0.8 * length)) ** 2)
        fields.append(np.stack((-(y - root[1]) * weight, (x - root[0]) * weight), axis=-1))
        bends.append(Wave.draw(rng, 0.35 * reach))
    return tuple(f.astype(np.float32) for f in fields), tuple(bends)
