"""The drawn characters' files: which parts a split may use, and a figure put together from them.

`scripts/fetch_drawn.py` writes them and says what they hold. Styles are those of several artists;
each part is a drawing in variable-width ink, most over flat fills.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import skia

from ant_core.errors import InputError
from ant_core.training.data.splits import Split, glitch_part_splits
from ant_core.training.synthesis.drawn.svg_path import svg_path
from ant_core.training.synthesis.figure_files import read_figure_file
from ant_core.training.synthesis.puppet.raster import IDENTITY, Affine, compose

__all__ = [
    "Cast",
    "DrawnShape",
    "PartDrawing",
    "assemble",
    "cast",
    "choose_parts",
    "long_outlines",
    "part_name",
    "read_items",
]

FOLDER = "dicebear"
_SOURCE = "dicebear and fluent_emoji, which scripts/fetch_drawn.py writes"
TORSO = "torso"  # what a figure's own file draws beside the places of its parts

#: Parts that every figure of a style needs and that are too few for three splits: common to all,
#: as the puppets' naked body is.
COMMON = frozenset(("lorelei/head", "notionists/base", f"open-peeps/{TORSO}"))

#: How often a figure has a part that it can do without; all others it always has.
_CHANCE = {
    "accessories": 0.3,
    "beard": 0.15,
    "bodyIcon": 0.0,
    "earrings": 0.3,
    "facialHair": 0.25,
    "freckles": 0.1,
    "gesture": 0.35,
    "glasses": 0.3,
    "hairAccessories": 0.15,
    "mask": 0.1,
}

#: Colours of fills that the artists left free; every other free colour is that of their ink.
_FREE_FILLS = frozenset(("clothing", "headContrast", "skin"))
_DARK = 150  # sum of the three channels up to which a fill is ink


@dataclass(frozen=True)
class DrawnShape:
    """A filled path of a part.

    Attributes
    ----------
    fill
        "#rrggbb" or the name of a free colour.
    is_ink
        Whether it is the artist's ink.
    """

    path: skia.Path
    matrix: Affine
    fill: str
    is_ink: bool


@dataclass(frozen=True)
class PartDrawing:
    """What one part draws without another part between: part names and shapes, back to front.

    Attributes
    ----------
    category, name
        Of the part.
    order
        0 for the first such run of the part in its figure, 1 for the second, ...
    """

    category: str
    name: str
    order: int
    shapes: tuple[DrawnShape, ...]


Cast = dict[str, dict[str, list[str]]]  # style -> category -> names


def read_items(path: Path) -> list[dict[str, Any]]:
    """Return what a drawing is made of, from back to front, as scripts/fetch_drawn.py says.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    return read_figure_file(path, list, _SOURCE)


def long_outlines(path: Path) -> set[str]:
    """Return a part's longer outlines; short ones coincide by chance."""
    texts = [item.get("d", "") for item in read_items(path)]
    return {d for d in texts if len(d) > 150}


@lru_cache(maxsize=4)
def cast(root: Path) -> dict[Split, Cast]:
    """List the parts that each split may use, from the folder ``root`` (dicebear).

    The place in the sorted category decides, as for the puppets' parts (see `splits`). A part that
    repeats an outline of a part held out elsewhere is used by no split; `COMMON` ones by all.

    Raises
    ------
    InputError
        The folder holds no parts.
    """
    found = sorted(root.glob("*/*/*.json"))
    if not found:
        raise InputError(
            f"{root} holds no drawn parts: point --data at the folder that holds {_SOURCE}."
        )
    folders = sorted({path.parent for path in found})
    splits: dict[Path, Split] = {}
    for folder in folders:
        names = glitch_part_splits(path.stem for path in folder.glob("*.json"))
        splits.update({folder / f"{name}.json": split for name, split in names.items()})
    seen: dict[Split, set[str]] = {"test": set(), "validation": set(), "train": set()}
    result: dict[Split, Cast] = {
        split: {folder.parent.name: {} for folder in folders} for split in seen
    }
    for split, styles in result.items():
        others = set().union(*(seen[other] for other in seen if other != split))
        for path in found:
            style, category = path.parts[-3], path.parts[-2]
            is_common = f"{style}/{category}" in COMMON
            if splits[path] != split and not is_common:
                continue
            outlines = set() if is_common else long_outlines(path)
            seen[split] |= outlines
            if not outlines & others:
                styles[style].setdefault(category, []).append(path.stem)
    return result


def choose_parts(rng: np.random.Generator, categories: dict[str, list[str]]) -> dict[str, str]:
    """Draw the part of each category, in order of their names; some are left out."""
    return {
        category: str(rng.choice(names))
        for category, names in sorted(categories.items())
        if rng.random() < _CHANCE.get(category, 1.0)
    }


def part_name(style: str, category: str, name: str) -> str:
    """Name a part as the rules of the splits see it; "" for one that is common to all."""
    return "" if f"{style}/{category}" in COMMON else f"{style}/{category}/{name}"


def _is_ink(fill: str) -> bool:
    if not fill.startswith("#"):
        return fill not in _FREE_FILLS
    return sum(int(fill[i : i + 2], 16) for i in (1, 3, 5)) <= _DARK


@lru_cache(maxsize=1024)
def _shape(d: str, even_odd: bool, matrix: Affine, fill: str) -> DrawnShape:
    return DrawnShape(svg_path(d, even_odd=even_odd), matrix, fill, _is_ink(fill))


def _walk(
    root: Path, owner: tuple[str, str], path: Path, chosen: dict[str, str], matrix: Affine
) -> Iterator[tuple[tuple[str, str], DrawnShape]]:
    for item in read_items(path):
        a, b, c, d, x, y = item["matrix"]
        placed = compose(matrix, (a, b, c, d, x, y))
        if "part" not in item:
            yield owner, _shape(item["d"], item["even_odd"], placed, item["fill"])
        elif item["part"] in chosen:
            category, name = item["part"], chosen[item["part"]]
            part = root / category / f"{name}.json"
            yield from _walk(root, (category, name), part, chosen, placed)


def assemble(root: Path, chosen: dict[str, str]) -> list[PartDrawing]:
    """Put a figure together, from back to front.

    Parameters
    ----------
    root
        Folder of its style.
    chosen
        Category -> name of the part.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    runs: list[tuple[tuple[str, str], list[DrawnShape]]] = []
    for owner, shape in _walk(root, (TORSO, TORSO), root / "figure.json", chosen, IDENTITY):
        if not runs or runs[-1][0] != owner:
            runs.append((owner, []))
        runs[-1][1].append(shape)
    count: dict[tuple[str, str], int] = {}
    result = []
    for owner, shapes in runs:
        order = count[owner] = count.get(owner, -1) + 1
        result.append(PartDrawing(*owner, order, tuple(shapes)))
    return result
