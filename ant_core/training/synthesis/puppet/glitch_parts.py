"""The Glitch avatar's files: rig, skin and dress, read into groups of paths with one id each.

The drawings are flash art: a garment is some hundred small fills.  Fills of one symbol that
touch and have nearly one colour are one *group*, the unit that gets an id.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import skia
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.training.data.splits import Split, glitch_part_splits
from ant_core.training.synthesis.figure_files import read_figure_file
from ant_core.training.synthesis.puppet.raster import (
    IDENTITY,
    Affine,
    Contour,
    build_path,
    compose,
    contour_area,
    contour_length,
    contour_points,
    parse_contours,
)

__all__ = [
    "BROKEN",
    "CATEGORIES",
    "Fill",
    "Rig",
    "load_part",
    "load_rig",
    "load_skin",
    "part_names",
]

CATEGORIES = (
    "bracelet",
    "coat",
    "dress",
    "eyes",
    "hair",
    "hat",
    "mouth",
    "nose",
    "pants",
    "shirt",
    "shoes",
    "skirt",
)

#: Parts whose masks or bitmaps were not exported and that look wrong (seen by eye).
BROKEN = frozenset(
    (
        "coat/banana_coat",
        "coat/caterpillar_coat_01",
        "coat/caterpillar_coat_02",
        "dress/censor_bar_boys",
        "dress/censor_bar_girls",
        "hat/banana_hat",
        "hat/crystals_test",
        "pants/davie_street_shorts",
        "pants/regular_jeans",
        "shirt/plaid_shirt",
    )
)

#: Black fills under this opacity are soft shading, no area of their own in flat cels.
_SHADING_ALPHA = 0.5

_INVISIBLE_ALPHA = 0.05

#: Fills of one symbol that differ by at most this in every channel are one colour.
_COLOR_TOLERANCE = 24


@dataclass(frozen=True, kw_only=True)
class Fill:
    """A path of one group, to be filled in the order of the list it stands in.

    Attributes
    ----------
    group
        Number of the group within the symbol; one id each.
    area
        Area of the whole group in square rig units.
    thickness
        Twice its area over its border's length, in rig units: the width of a band of that shape.
    shading
        Soft shading: divides what lies under it, but is no part.
    """

    path: skia.Path
    matrix: Affine
    color: tuple[int, int, int]
    group: int
    area: float
    thickness: float
    shading: bool


@dataclass(frozen=True)
class Rig:
    """Poses of the puppet: for each frame, slots from back to front with their matrices."""

    frames: list[list[tuple[str, Affine]]]
    labels: dict[str, tuple[int, int]]


def _read(path: Path) -> dict[str, Any]:
    return read_figure_file(path, dict, "glitch_avatars")


@lru_cache(maxsize=1)
def load_rig(root: Path) -> Rig:
    """Read rig.json of the folder ``root`` (glitch_avatars)."""
    raw = _read(root / "rig.json")
    frames = [[(slot, tuple(m)) for slot, m in frame] for frame in raw["frames"]]
    return Rig(frames, {name: (first, last) for name, first, last in raw["labels"]})


class _Groups:
    """Union of contours that touch (by their boxes) and have nearly one colour."""

    def __init__(self, capacity: int) -> None:
        self._boxes = np.empty((capacity, 4))
        self._colors = np.empty((capacity, 3))
        self._parent: list[int] = []

    def root(self, i: int) -> int:
        """Return the number that all contours of a group share."""
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def add(self, box: NDArray[np.float64], color: NDArray[np.float64] | tuple[int, ...]) -> int:
        """Add a contour, box (4,) x0, y0, x1, y1; returns its number, one more than the last's."""
        me = len(self._parent)
        self._parent.append(me)
        boxes, colors = self._boxes[:me], self._colors[:me]
        near = (boxes[:, :2] <= box[2:]).all(1) & (boxes[:, 2:] >= box[:2]).all(1)
        near &= (np.abs(colors - color) <= _COLOR_TOLERANCE).all(1)
        for other in np.flatnonzero(near):
            self._parent[self.root(int(other))] = me
        self._boxes[me], self._colors[me] = box, color
        return me


def _rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


@dataclass
class _Body:
    """One fill's contours that overlap: a body and its holes."""

    contours: list[Contour]
    box: NDArray[np.float64]
    area: float
    length: float


def _bodies(d: str, matrix: Affine) -> list[_Body]:
    """Take a fill's path apart into bodies; boxes and sizes are in the symbol's units."""
    a, b, c, e, tx, ty = matrix
    contours = parse_contours(d)
    groups = _Groups(len(contours))
    bodies = []
    for contour in contours:
        points = contour_points(contour) @ np.array([[a, b], [c, e]]) + (tx, ty)
        box = np.concatenate((points.min(0), points.max(0)))
        groups.add(box, (0, 0, 0))
        bodies.append(_Body([contour], box, contour_area(points), contour_length(points)))
    joined: dict[int, _Body] = {}
    for i, body in enumerate(bodies):
        whole = joined.setdefault(groups.root(i), body)
        if whole is not body:
            whole.contours += body.contours
            whole.box = np.concatenate(
                (np.minimum(whole.box[:2], body.box[:2]), np.maximum(whole.box[2:], body.box[2:]))
            )
            whole.area += body.area
            whole.length += body.length
    return list(joined.values())


def _fills(shapes: list[dict]) -> list[Fill]:  # type: ignore[type-arg]
    """Group the contours of one symbol's shapes; hair lines and invisible fills are left out."""
    found = []
    for shape in shapes:
        if shape["kind"] == "fill" and shape["alpha"] >= _INVISIBLE_ALPHA:
            matrix: Affine = tuple(shape["m"])
            shading = shape["alpha"] < _SHADING_ALPHA
            for body in _bodies(shape["d"], matrix):
                found.append((body, matrix, _rgb(shape["color"]), shading))
    groups = _Groups(len(found))
    for body, _, color, shading in found:
        # Shading never joins a group: its colour is out of every real colour's reach.
        groups.add(body.box, (-999, 0, 0) if shading else color)
    roots = [groups.root(i) for i in range(len(found))]
    area: dict[int, float] = defaultdict(float)
    length: dict[int, float] = defaultdict(float)
    for root, (body, _, _, _) in zip(roots, found, strict=True):
        area[root] += body.area
        length[root] += body.length
    numbers = {root: i for i, root in enumerate(sorted(area))}
    return [
        Fill(
            path=build_path(body.contours),
            matrix=matrix,
            color=color,
            group=numbers[root],
            area=area[root],
            thickness=2 * area[root] / max(length[root], 1e-9),
            shading=shading,
        )
        for root, (body, matrix, color, shading) in zip(roots, found, strict=True)
    ]


@lru_cache(maxsize=1)
def load_skin(root: Path) -> dict[str, list[Fill]]:
    """Read the naked body, slot -> fills."""
    return {slot: _fills(shapes) for slot, shapes in _read(root / "skin.json").items()}


@lru_cache(maxsize=512)
def load_part(root: Path, category: str, name: str) -> dict[str, list[Fill]]:
    """Read a garment or face part, slot -> fills."""
    result: dict[str, list[Fill]] = {}
    for symbol in _read(root / "parts" / category / f"{name}.json").values():
        result.setdefault(symbol["slot"], []).extend(_fills(symbol["shapes"]))
    return result


def _outlines(path: Path) -> set[str]:
    """Return a part's longer outlines; short ones coincide by chance."""
    symbols = _read(path).values()
    texts = (shape["d"] for symbol in symbols for shape in symbol["shapes"])
    return {d for d in texts if len(d) > 150}


@lru_cache(maxsize=1)
def part_names(root: Path) -> dict[Split, dict[str, list[str]]]:
    """List the parts each split may use: split -> category -> names.

    The place in the sorted folder decides (see splits.py).  Besides, a part that repeats an outline
    of a part held out elsewhere is used by no split: many garments are recoloured or trimmed copies
    of another, and would carry a test garment into training.
    """
    splits: dict[tuple[str, str], Split] = {}
    for category in CATEGORIES:
        names = [path.stem for path in (root / "parts" / category).glob("*.json")]
        if not names:
            raise InputError(
                f"{root}/parts/{category} holds no parts: point --data at the data folder."
            )
        splits.update({(category, n): s for n, s in glitch_part_splits(names).items()})
    seen: dict[Split, set[str]] = {"test": set(), "validation": set(), "train": set()}
    result: dict[Split, dict[str, list[str]]] = {s: {c: [] for c in CATEGORIES} for s in seen}
    for split in ("test", "validation", "train"):
        others = set().union(*(seen[other] for other in seen if other != split))
        for (category, name), own in sorted(splits.items()):
            if own != split:
                continue
            outlines = _outlines(root / "parts" / category / f"{name}.json")
            seen[split] |= outlines
            if not outlines & others and f"{category}/{name}" not in BROKEN:
                result[split][category].append(name)
    return result


def place(slot: Affine, fill: Fill) -> Affine:
    """Return the map from a fill's own units to the rig's."""
    return compose(slot, fill.matrix) if fill.matrix != IDENTITY else slot
