"""The emoji's files: which drawings a split may use, and which are one character drawn anew.

`scripts/fetch_drawn.py` writes them: whole drawings of flat fills, without ink.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ant_core.errors import InputError
from ant_core.training.data.splits import Split, glitch_part_splits
from ant_core.training.synthesis.drawn.drawn_parts import DrawnShape, long_outlines, read_items
from ant_core.training.synthesis.drawn.svg_path import svg_path

__all__ = ["FOLDER", "Emoji", "emoji_cast", "emoji_shapes", "redraws"]

FOLDER = "fluent_emoji"

# One character, drawn as a man, a woman or neither, and facing one way or the other.
_VARIANT = re.compile(r"^(man|woman|person|old|older|mx|mrs)-(?=\w)|-facing-right$")


@dataclass(frozen=True)
class Emoji:
    """One drawing.

    Attributes
    ----------
    group
        Name that it shares with all drawings of the same character.
    ground
        Outline of its first shape, which other faces may have as well.
    parts
        Number of its shapes.
    """

    path: Path
    group: str
    ground: str
    parts: int

    @property
    def kind(self) -> str:
        """Name of its folder."""
        return self.path.parent.name


def _bare(name: str) -> str:
    while (shorter := _VARIANT.sub("", name)) != name:
        name = shorter
    return name


def _groups(paths: list[Path]) -> dict[Path, str]:
    """Return the group of each drawing: what shares its bare name or a longer outline, and so on.

    A group is called by its first drawing in the order of folders and names.
    """
    first: dict[str, Path] = {}
    leader = {path: path for path in paths}

    def lead(path: Path) -> Path:
        while leader[path] != path:
            path = leader[path]
        return path

    for path in paths:
        for mark in sorted({f"name {_bare(path.stem)}", *long_outlines(path)}):
            one, other = lead(first.setdefault(mark, path)), lead(path)
            leader[max(one, other)] = min(one, other)
    return {path: f"{lead(path).parent.name}/{lead(path).stem}" for path in paths}


@lru_cache(maxsize=2)
def emoji_cast(root: Path) -> dict[Split, tuple[Emoji, ...]]:
    """List the drawings that each split may use, from the folder ``root`` (fluent_emoji).

    The place of a group in the sorted groups of its kind decides, as for the puppets' parts (see
    `splits`). Short outlines are not looked at: the disc of the round faces is in all splits.

    Raises
    ------
    InputError
        The folder holds no drawings, or one cannot be read.
    """
    paths = sorted(root.glob("*/*.json"))
    if not paths:
        raise InputError(
            f"{root} holds no drawings: point --data at the folder that holds {FOLDER}, which "
            "scripts/fetch_drawn.py writes."
        )
    groups = _groups(paths)
    splits: dict[str, Split] = {}
    for kind in sorted({path.parent.name for path in paths}):
        of_kind = {group for group in groups.values() if group.startswith(f"{kind}/")}
        splits.update(glitch_part_splits(of_kind))
    found: dict[Split, list[Emoji]] = {"train": [], "validation": [], "test": []}
    for path in paths:
        items = read_items(path)
        emoji = Emoji(path, groups[path], str(items[0]["d"]), len(items))
        found[splits[groups[path]]].append(emoji)
    return {split: tuple(emoji) for split, emoji in found.items()}


def redraws(emoji: Emoji, others: tuple[Emoji, ...]) -> list[Emoji]:
    """Return the other drawings that may show the same character in another way."""
    return [
        other
        for other in others
        if other != emoji and (other.group == emoji.group or other.ground == emoji.ground)
    ]


@lru_cache(maxsize=256)
def emoji_shapes(path: Path) -> tuple[DrawnShape, ...]:
    """Return the fills of a drawing from back to front, in its own units (about 32 x 32).

    Raises
    ------
    InputError
        The file cannot be read.
    """

    def shapes() -> Iterator[DrawnShape]:
        for item in read_items(path):
            a, b, c, d, x, y = item["matrix"]
            outline = svg_path(item["d"], even_odd=item["even_odd"])
            yield DrawnShape(outline, (a, b, c, d, x, y), item["fill"], is_ink=False)

    return tuple(shapes())
