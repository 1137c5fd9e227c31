"""A drawn figure that moves: its parts as planes, where they are in each frame, and their flow.

The whole figure sways, hops, turns and is bent by smooth fields; the head tilts and turns, by parts
that shift by their depth; and every frame bends the shapes a little anew, as a redrawn drawing
would.  All of it is one known map a frame from the picture to the figure's still picture, so that
ids stay exact and flow follows from two such maps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ant_core.training.synthesis.drawn.drawn_parts import PartDrawing, assemble
from ant_core.training.synthesis.drawn.part_planes import PartPlanes, part_planes
from ant_core.training.synthesis.drawn.sheet import Field, Sheet
from ant_core.training.synthesis.ink.noise import field
from ant_core.training.synthesis.puppet.puppet import PartColors, Wave
from ant_core.training.synthesis.puppet.raster import Affine, affine, compose

__all__ = [
    "FINER",
    "DrawnFigure",
    "FigureLayer",
    "FigureMotion",
    "Key",
    "add_bends",
    "make_figure",
]

#: Parts that others lie on: bare regions that the ink of a part encloses take their place alone.
_GROUND = frozenset(("base", "body", "head", "torso"))
_BODY = frozenset(("body", "bodyIcon", "gesture", "torso"))
#: How far parts shift when the head turns, against the face; others do not.
_DEPTH = {
    **dict.fromkeys(("accessories", "glasses"), 1.1),
    **dict.fromkeys(("beard", "facialHair", "mask"), 0.9),
    **dict.fromkeys(("brows", "eyebrows", "eyes", "face", "freckles", "lips", "mouth"), 1.0),
    "earrings": -0.4,
    "nose": 1.4,
}
_SWAPPED = ("brows", "eyebrows", "eyes", "face", "lips", "mouth", "nose")
FINER = 1.3  # pixels of the still picture for one of the frame

Key = tuple[str, str, int]  # category, name, order of a `PartDrawing`


@dataclass(frozen=True)
class FigureLayer:
    """A part in the still picture; number -> part id, whether it covers, with 0 = nothing."""

    planes: PartPlanes
    category: str
    ids: NDArray[np.int32]
    covers: NDArray[np.bool_]
    is_ground: bool


def add_bends(  # noqa: PLR0917 - as `FigureMotion` has them
    waves: Sequence[Wave],
    fields: Sequence[Field],
    redrawn: Sequence[tuple[float, float]],
    time: float,
    rng: np.random.Generator,
    cell: float = 1.0,
) -> Field:
    """Return the displacement of a frame; see `FigureMotion` for the first three.

    `cell` is the number of pixels of the still picture between two places of the fields.
    """
    bend = np.zeros_like(fields[0])
    for wave, shape in zip(waves, fields, strict=True):
        bend += np.float32(wave(time)) * shape
    for amount, length in redrawn:
        for axis in (0, 1):
            bend[..., axis] += np.float32(amount) * field(
                rng, bend.shape[:2], max(2.0, length / cell)
            )
    return bend


@dataclass(frozen=True, kw_only=True)
class FigureMotion:
    """How a figure moves.

    Attributes
    ----------
    drift
        x and y in sizes of the figure, turn in radians, log size, squash.
    head
        Tilt in radians; turn and nod from about -1 to 1.
    gesture
        Swing of a hand in radians.
    bends, fields
        Strength over time of (H, W, 2) displacements in pixels of the still picture.
    redrawn
        (pixels of the still picture, wave length) of what every frame bends anew.
    """

    drift: tuple[Wave, ...]
    head: tuple[Wave, ...]
    gesture: Wave
    bends: tuple[Wave, ...]
    fields: tuple[Field, ...]
    redrawn: tuple[tuple[float, float], ...]

    def bend(self, time: float, rng: np.random.Generator) -> Field:
        """Return the displacement of a frame, (H, W, 2) float32 in pixels of the still picture."""
        return add_bends(self.bends, self.fields, self.redrawn, time, rng)


@dataclass(frozen=True, kw_only=True)
class DrawnFigure:
    """One figure and its movement.

    Attributes
    ----------
    layers
        Every part that is shown in some frame.
    stacks
        For each frame the layers from back to front.
    place
        Still picture -> frame, at rest.
    middle, neck
        (x, y) in the still picture that the figure and its head turn about.
    size
        Height of the figure in pixels of the still picture.
    """

    layers: dict[Key, FigureLayer]
    stacks: list[list[Key]]
    place: Affine
    middle: tuple[float, float]
    neck: tuple[float, float]
    size: float
    motion: FigureMotion

    def sheet(self, time: float, rng: np.random.Generator) -> Sheet:
        """Return where the figure is at a time; `rng` draws how the frame is redrawn."""
        sway, hop, turn, size, squash = (wave(time) for wave in self.motion.drift)
        scale = (float(np.exp(size + squash)), float(np.exp(size - squash)))
        move = (sway * self.size, hop * self.size)
        outward = compose(self.place, affine(turn, scale, move, self.middle))
        return Sheet(outward, self.motion.bend(time, rng))

    def moved(self, key: Key, time: float) -> Affine:
        """Return how a part has moved within the still picture at a time."""
        category = key[0]
        if category == "gesture":
            x0, y0 = self.layers[key].planes.corner
            high, wide = self.layers[key].planes.ink.shape
            return affine(self.motion.gesture(time), about=(x0 + wide / 2, float(y0 + high)))
        if category in _BODY:
            return affine()
        tilt, turn, nod = (wave(time) for wave in self.motion.head)
        whole = affine(tilt, (1.0 - 0.06 * abs(turn), 1.0 - 0.03 * nod), about=self.neck)
        depth = 0.03 * self.size * _DEPTH.get(category, 0.0)
        return compose(whole, affine(move=(depth * turn, 0.6 * depth * nod)))


def _stacks(
    root: Path,
    chosen: dict[str, str],
    others: dict[str, list[str]],
    rng: np.random.Generator,
    count: int,
) -> list[list[PartDrawing]]:
    """Draw which parts each frame shows: faces change now and then, some of them back."""
    lively = rng.choice((0.0, 0.1, 0.25))
    kept = {c: [str(n) for n in rng.permutation(others[c])[:2]] for c in _SWAPPED if c in chosen}
    now, stacks = dict(chosen), []
    for _ in range(count):
        stacks.append(assemble(root, now))
        for category, names in kept.items():
            if rng.random() < lively:
                now[category] = str(rng.choice([chosen[category], *names]))
    return stacks


def _colors(rng: np.random.Generator, skin: int, category: str, fills: Sequence[str]) -> list[int]:
    """Draw a colour, 0..2**24, for each region: one for a fill or one for each."""
    of_fill: dict[str, int] = {}
    own = rng.random() < 0.3
    colors = []
    for fill in fills:
        color = int(rng.integers(2**24))
        if fill == "skin" or (category in ("base", "head") and fill == "#ffffff"):
            color = skin
        elif fill and not own:
            color = of_fill.setdefault(fill, color)
        colors.append(color)
    return colors


def make_figure(
    root: Path,
    chosen: dict[str, str],
    others: dict[str, list[str]],
    rng: np.random.Generator,
    *,
    name: str,
    size: tuple[int, int],
    count: int,
    alone: bool,
    palette: PartColors,
) -> DrawnFigure:
    """Draw a figure's parts and choose its movement.

    Parameters
    ----------
    root
        Folder of the style.
    chosen, others
        Category -> its part, and all that the split may show in its place.
    rng
        What it draws decides all else.
    name
        Tells the figure's parts in `palette` from those of others.
    size
        Height and width of the frames in pixels.
    count
        Number of frames.
    alone
        Whether it has the frame for itself.
    """
    height, width = size
    stacks = _stacks(root, chosen, others, rng, count)
    x0, y0, x1, y1 = _bounds(stacks[0])
    tall = height * (rng.uniform(0.8, 1.15) if alone else rng.uniform(0.6, 0.95))
    scale = FINER * tall / (y1 - y0)
    to_still = affine(0.0, scale, (-scale * x0, -scale * y0))
    still = (scale * (x1 - x0), scale * (y1 - y0))
    layers = _layers(stacks, to_still, rng, name=name, height=height, tall=tall, palette=palette)
    at = (0.58, 0.48, 0.58) if alone else (0.8, 0.5, 0.62)
    to = (width * rng.uniform(1 - at[0], at[0]), height * rng.uniform(at[1], at[2]))
    middle, flip = (still[0] / 2, still[1] / 2), float(rng.choice((-1.0, 1.0)))
    place = affine(rng.normal(0, 0.05), (flip / FINER, 1 / FINER), about=middle)
    return DrawnFigure(
        layers=layers,
        stacks=[[(d.category, d.name, d.order) for d in stack] for stack in stacks],
        place=compose(affine(move=(to[0] - middle[0], to[1] - middle[1])), place),
        middle=middle,
        neck=_neck(layers, still),
        size=still[1],
        motion=_motion(rng, size),
    )


def _layers(
    stacks: Sequence[Sequence[PartDrawing]],
    to_still: Affine,
    rng: np.random.Generator,
    *,
    name: str,
    height: int,
    tall: float,
    palette: PartColors,
) -> dict[Key, FigureLayer]:
    """Draw every part that the stacks show; in most figures black masses become regions."""
    rim = rng.uniform(2.0, 5.0) * tall / 700 * FINER if rng.random() < 0.7 else 0.0
    least = max(12, round(30 * (height / 720) ** 2 * FINER**2))
    skin, layers = int(rng.integers(2**24)), {}
    for key, drawing in {(d.category, d.name, d.order): d for s in stacks for d in s}.items():
        planes = part_planes(drawing.shapes, to_still, rim_px=float(rim), least_px=least)
        colors = _colors(rng, skin, drawing.category, planes.fills)
        ids = [
            palette.part((color >> 16, color >> 8 & 255, color & 255), name, *key, i)
            for i, color in enumerate(colors)
        ]
        layers[key] = FigureLayer(
            planes,
            drawing.category,
            np.array([0, *ids], dtype=np.int32),
            np.array([False, *(fill != "" for fill in planes.fills)]),
            drawing.category in _GROUND,
        )
    return layers


def _motion(rng: np.random.Generator, size: tuple[int, int]) -> FigureMotion:
    reach = float(rng.choice((0.3, 1.0, 1.6), p=(0.2, 0.5, 0.3)))
    drift = tuple(Wave.draw(rng, reach * a) for a in (0.035, 0.03, 0.07, 0.05, 0.03))
    head = tuple(Wave.draw(rng, reach * a) for a in (0.12, 0.7, 0.5))
    wave_px = size[0] * rng.uniform(0.4, 0.9)
    fields = tuple(np.stack([field(rng, size, wave_px) for _ in (0, 1)], axis=-1) for _ in range(3))
    strength = 0.02 * size[0] * FINER * reach
    hand = float(rng.choice((0.0, 0.5, 1.0, 2.0), p=(0.1, 0.3, 0.4, 0.2))) * size[0] * FINER
    return FigureMotion(
        drift=drift,
        head=head,
        gesture=Wave.draw(rng, 0.25 * reach),
        bends=tuple(Wave.draw(rng, strength * rng.random()) for _ in fields),
        fields=fields,
        redrawn=(
            (0.0025 * hand * rng.uniform(0.3, 1.5), size[0] * rng.uniform(0.12, 0.35)),
            (0.0006 * hand * rng.uniform(0.2, 1.5), 14.0),
        ),
    )


def _bounds(stack: Sequence[PartDrawing]) -> tuple[float, float, float, float]:
    """Return the box of a figure in its own units."""
    boxes = []
    for drawing in stack:
        for shape in drawing.shapes:
            bounds, (a, _, _, d, tx, ty) = shape.path.getBounds(), shape.matrix
            boxes.append((a * bounds.left() + tx, d * bounds.top() + ty))
            boxes.append((a * bounds.right() + tx, d * bounds.bottom() + ty))
    low, high = np.min(boxes, axis=0), np.max(boxes, axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _neck(layers: dict[Key, FigureLayer], still: tuple[float, float]) -> tuple[float, float]:
    """Return the foot of the head in the still picture."""
    heads = [p.planes for p in layers.values() if p.category in ("base", "head")]
    if not heads:
        return still[0] / 2, still[1]
    (x, y), (high, wide) = heads[0].corner, heads[0].ink.shape
    return x + wide / 2, y + 0.9 * high
