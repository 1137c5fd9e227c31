"""Which part, animation and character belongs to which split, and the check that nothing crosses.

The rules are fixed before any training: a place in a sorted list decides, never a draw, so that a
new set of seeds or another machine cannot move anything from one split to another.

"test" has been looked at with every release, so it is a second validation by now. "fresh" is the
test: figures and movements that lay unused in the data (see `FRESH_FIGURES`), frozen before anyone
looked at a score, by names and hashes in `ant_core.training.data.fresh`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Literal

__all__ = [
    "CHARACTERS",
    "FRESH_FIGURES",
    "SPLITS",
    "Split",
    "character_split",
    "clip_splits",
    "fresh_motion",
    "glitch_animation_split",
    "glitch_part_splits",
    "intersections",
]

Split = Literal["train", "validation", "test", "fresh"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test", "fresh")

#: Held-out characters by pack; every other character of these packs trains.
CHARACTERS: dict[str, dict[str, Split]] = {
    "kaykit_adventurers": {
        "Rogue": "test",
        "Rogue_Hooded": "test",  # the same texture as Rogue
        "Barbarian": "validation",
    },
    "quaternius": {
        "Wolf": "test",
        "Triceratops": "test",
        "Stan": "test",
        "Suit": "test",
        "Medieval": "test",
        "Husky": "validation",
        "Parasaurolophus": "validation",
        "Mike": "validation",
        "Casual2": "validation",
        "Soldier": "validation",
    },
}

#: Mesh2Motion's figures that no other split shows, and the file of the rig and movements that each
#: is lent. Its human figures are in no split: no movement is left for them, and figures that do no
#: more than swing their joints, in a third of the clips, were no test. Nor has the puppets' pack.
FRESH_FIGURES: dict[str, str] = {
    "bird-eagle": "bird-animations",
    "fish-whale": "shark-animations",
    "fox-cat": "fox-animations",
    "fox-dog": "fox-animations",
    "fox-horse": "fox-animations",
    "fox-panda": "fox-animations",
    "kaiju-t-rex": "kaiju-animations",
}

_HELD_OUT_ANIMATIONS: dict[str, Split] = {
    "jumpOver": "test",
    "hit": "test",
    "angry": "validation",
    "idle3": "validation",
}


def _words(name: str) -> list[str]:
    """Split "Models/Man_Suit.gltf" into its bare words, without folders and ending."""
    stem = name.replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]
    return [stem, *stem.replace("-", "_").replace(" ", "_").split("_")]


def character_split(pack: str, name: str) -> Split:
    """Name the split of a 3D character.

    Parameters
    ----------
    pack
        Folder of the pack, for example "quaternius"; packs without held-out characters all train.
    name
        Character or file name; folders, endings and words around the name do not matter
        ("men/Suit.gltf" and "Man_Suit" are both the test character Suit).
    """
    held_out = {key.casefold(): split for key, split in CHARACTERS.get(pack, {}).items()}
    # The whole name is looked at first: "Rogue_Hooded" is an entry of its own.
    found = [held_out[word.casefold()] for word in _words(name) if word.casefold() in held_out]
    return found[0] if found else "train"


def fresh_motion(file: str, bare: str) -> str:
    """Name a movement of the fresh split: ("fox-animations", "Walk") is another than any "Walk".

    Bare names are common to many files, whose movements differ; these are known by their file.
    """
    return f"{file}/{bare}"


def glitch_animation_split(label: str) -> Split:
    """Name the split of a label of the Glitch rig; "hit2" belongs to hit."""
    for name, split in _HELD_OUT_ANIMATIONS.items():
        if label.startswith(name):
            return split
    return "train"


def glitch_part_splits(names: Iterable[str]) -> dict[str, Split]:
    """Name the split of every part of one category folder.

    The place (from 0) in the sorted list of all names of the folder decides: 5 modulo 10 is test's,
    0 modulo 10 is validation's.  Pass the full list; a part left out must not move others.
    """
    by_place: dict[int, Split] = {5: "test", 0: "validation"}
    return {name: by_place.get(i % 10, "train") for i, name in enumerate(sorted(names))}


def clip_splits(packs: Mapping[str, Sequence[str]]) -> dict[str, Split]:
    """Name the split of every 3D clip name.

    Each pack's names are sorted; places 0, 8, 16, ... are test's and 4, 12, 20, ... validation's.
    A name that several packs share counts as held out if any of them holds it out (test before
    validation), so that no name is in two splits.

    Parameters
    ----------
    packs
        Pack name -> the clip names that occur in it (repetitions do not matter).
    """
    by_place: dict[int, Split] = {0: "test", 4: "validation"}
    result: dict[str, Split] = {}
    for names in packs.values():
        for i, name in enumerate(sorted(set(names))):
            split = by_place.get(i % 8, "train")
            known = result.get(name, "train")
            result[name] = max(split, known, key=SPLITS.index)
    return result


def intersections(used: Mapping[str, Iterable[str]]) -> dict[tuple[str, str], set[str]]:
    """Return what two splits have in common: {(split, split): names}, only where not empty.

    Parameters
    ----------
    used
        Split -> names of the parts, characters, textures and motions that its clips show.
    """
    sets = {split: set(names) for split, names in used.items()}
    shared = {(a, b): sets[a] & sets[b] for a, b in combinations(sets, 2)}
    return {pair: names for pair, names in shared.items() if names}
