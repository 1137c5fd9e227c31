"""The Glitch avatar's files: rig, skin and dress, read into groups of paths with one id each.

The drawings are flash art: a garment is some hundred small fills.  Fills of one symbol that touch and
have nearly one colour are one *group*, the unit that gets an id.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import skia

from ant_core.errors import InputError
from ant_core.synthesis.raster import (
    IDENTITY,
    Affine,
    build_path,
    compose,
    contour_area,
    contour_points,
    parse_contours,
)
from ant_core.synthesis.source import Split
from ant_core.synthesis.splits import glitch_part_splits

__all__ = ["BROKEN", "CATEGORIES", "Fill", "Rig", "load_part", "load_rig", "load_skin", "part_names"]

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
BROKEN: frozenset[str] = frozenset()

#: Black fills under this opacity are soft shading, no area of their own in flat cels.
_SHADING_ALPHA = 0.5

#: Fills of one symbol that differ by at most this in every channel are one colour.
_COLOR_TOLERANCE = 24


@dataclass(frozen=True)
class Fill:
    """A path of one group, to be filled in the order of the list it stands in.

    Attributes
    ----------
    group
        Number of the group within the symbol; one id each.
    area
        Area of the whole group in square rig units.
    shading
        Soft shading: divides what lies under it, but is no part.
    """

    path: skia.Path
    matrix: Affine
    color: tuple[int, int, int]
    group: int
    area: float
    shading: bool


@dataclass(frozen=True)
class Rig:
    """Poses of the puppet: for each frame, slots from back to front with their matrices."""

    frames: list[list[tuple[str, Affine]]]
    labels: dict[str, tuple[int, int]]


def _read(path: Path) -> dict:  # type: ignore[type-arg]
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} could not be read as a Glitch avatar file ({error}): "
            "point --data at the folder that holds glitch_avatars."
        ) from error


@lru_cache(maxsize=1)
def load_rig(root: Path) -> Rig:
    """Read rig.json of the folder ``root`` (glitch_avatars)."""
    raw = _read(root / "rig.json")
    frames = [[(slot, tuple(m)) for slot, m in frame] for frame in raw["frames"]]
    return Rig(frames, {name: (first, last) for name, first, last in raw["labels"]})  # type: ignore[arg-type]


class _Groups:
    """Union of contours that touch (by their boxes) and have nearly one colour."""

    def __init__(self) -> None:
        self.boxes: list[np.ndarray] = []
        self.colors: list[np.ndarray] = []
        self.parent: list[int] = []

    def root(self, i: int) -> int:
        while self.parent[i] != i:
            i = self.parent[i]
        return i

    def add(self, box: np.ndarray, color: np.ndarray) -> int:
        me = len(self.parent)
        self.parent.append(me)
        if me:
            boxes, colors = np.array(self.boxes), np.array(self.colors)
            near = (boxes[:, :2] <= box[2:]).all(1) & (boxes[:, 2:] >= box[:2]).all(1)
            near &= (np.abs(colors - color) <= _COLOR_TOLERANCE).all(1)
            for other in np.flatnonzero(near):
                self.parent[self.root(int(other))] = me
        self.boxes.append(box)
        self.colors.append(color)
        return me


def _rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _fills(shapes: list[dict]) -> list[Fill]:  # type: ignore[type-arg]
    """Group the contours of one symbol's shapes; hair lines and invisible fills are left out."""
    groups = _Groups()
    found = []
    for shape in shapes:
        color = _rgb(shape["color"])
        if shape["kind"] != "fill" or shape["alpha"] < 0.05:
            continue
        shading = shape["alpha"] < _SHADING_ALPHA
        matrix: Affine = tuple(shape["m"])
        a, b, c, d, tx, ty = matrix
        by_member: dict[int, list] = defaultdict(list)
        areas: dict[int, float] = defaultdict(float)
        local = _Groups()  # contours of one fill that overlap are one body and its holes
        members = []
        for contour in parse_contours(shape["d"]):
            points = contour_points(contour)
            points = points @ np.array([[a, b], [c, d]]) + (tx, ty)
            box = np.concatenate((points.min(0), points.max(0)))
            members.append((local.add(box, np.zeros(3)), contour, box, contour_area(points)))
        for member, contour, box, area in members:
            root = local.root(member)
            by_member[root].append((contour, box))
            areas[root] += area
        for root, bodies in by_member.items():
            boxes = np.array([box for _, box in bodies])
            box = np.concatenate((boxes[:, :2].min(0), boxes[:, 2:].max(0)))
            # Shading never joins a group: its colour is out of every real colour's reach.
            key = np.array((-999, 0, 0) if shading else color)
            member = groups.add(box, key)
            path = build_path([contour for contour, _ in bodies])
            found.append((member, path, matrix, color, areas[root], shading))
    total: dict[int, float] = defaultdict(float)
    for member, _, _, _, area, _ in found:
        total[groups.root(member)] += area
    numbers = {root: i for i, root in enumerate(sorted(total))}
    return [
        Fill(path, m, color, numbers[groups.root(i)], total[groups.root(i)], shading)
        for i, path, m, color, _, shading in found
    ]


@lru_cache(maxsize=1)
def load_skin(root: Path) -> dict[str, list[Fill]]:
    """Read the naked body, slot -> fills."""
    return {slot: _fills(shapes) for slot, shapes in _read(root / "skin.json").items()}


@lru_cache(maxsize=256)
def load_part(root: Path, category: str, name: str) -> dict[str, list[Fill]]:
    """Read a garment or face part, slot -> fills."""
    result: dict[str, list[Fill]] = {}
    for symbol in _read(root / "parts" / category / f"{name}.json").values():
        result.setdefault(symbol["slot"], []).extend(_fills(symbol["shapes"]))
    return result


def _outlines(path: Path) -> set[str]:
    """Fingerprints of a part's longer outlines; short ones coincide by chance."""
    symbols = _read(path).values()
    texts = (shape["d"] for symbol in symbols for shape in symbol["shapes"])
    return {hashlib.md5(d.encode()).hexdigest() for d in texts if len(d) > 150}


@lru_cache(maxsize=1)
def part_names(root: Path) -> dict[Split, dict[str, list[str]]]:
    """List the parts each split may use: split -> category -> names.

    The place in the sorted folder decides (see splits.py).  Besides, a part that repeats an outline
    of a part held out elsewhere is used by nobody: many garments are recoloured or trimmed copies of
    another, and would carry a test garment into training.
    """
    splits: dict[tuple[str, str], Split] = {}
    for category in CATEGORIES:
        names = [path.stem for path in (root / "parts" / category).glob("*.json")]
        if not names:
            raise InputError(f"{root}/parts/{category} holds no parts: point --data at the data folder.")
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
