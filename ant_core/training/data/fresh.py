"""The fresh test split as it was frozen: who is in it, by which files, and how many clips.

`fresh.json` was written before any score was taken on the split. It names the figures with the
SHA-256 of their files, the movements, and for every source the clips: those of the seeds from 0 on.
What these clips look like follows from those files and seeds, from what the other packs leave over
(which movements train is decided by their names) and from the generator's own code and the OpenGL
that draws for it. So a clip is frozen by the hash of its content, recorded when the split was
rendered for the first time, before any score. `FROZEN` is the SHA-256 of the record itself, so that
no line of it changes unseen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ant_core.errors import InputError, UsageError
from ant_core.files import read_bytes

__all__ = [
    "FROZEN",
    "FreshSplit",
    "check_request",
    "clip_name",
    "differences",
    "fresh_split",
    "record_hash",
]

FROZEN = "a3f98d4ff3bce74cea994718caede134acc7eeb8fcb7834c2edd1097a2c6658a"
_RECORD = Path(__file__).with_name("fresh.json")


@dataclass(frozen=True)
class FreshSplit:
    """What the record says.

    Attributes
    ----------
    files : dict of str to str
        Path below the data folder -> SHA-256: figures and the files that lend movements.
    figures, motions : tuple of str
        As clips name them.
    clips : dict of str to int
        Source -> number of clips, of the seeds 0, 1, ...
    hashes : dict of str to str
        Name of a clip -> SHA-256 of its content as `fresh_clips` counts it.
    """

    files: dict[str, str]
    figures: tuple[str, ...]
    motions: tuple[str, ...]
    clips: dict[str, int]
    hashes: dict[str, str]


def clip_name(source: str, seed: int) -> str:
    """Return the name of a clip of the split, "scene3d_clean_fresh_000007"."""
    return f"{source}_fresh_{seed:06d}"


def record_hash() -> str:
    """Return the SHA-256 of the record, without heed of line ends and spaces."""
    return _digest(json.loads(read_bytes(_RECORD)))


def _digest(record: object) -> str:
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def fresh_split() -> FreshSplit:
    """Read the record.

    Raises
    ------
    InputError
        When it is not what was frozen.
    """
    if record_hash() != FROZEN:
        raise InputError(
            f"{_RECORD.name} is not the record that was frozen: take both it and fresh.py from one "
            "version"
        )
    record = json.loads(read_bytes(_RECORD))
    figures, motions = tuple(record["figures"]), tuple(record["motions"])
    return FreshSplit(record["files"], figures, motions, record["clips"], record["hashes"])


def check_request(sources: Sequence[str], seeds: range) -> None:
    """Refuse clips that are not of the split.

    Raises
    ------
    UsageError
        When a source is not in the record, or a seed is beyond its clips.
    """
    clips = fresh_split().clips
    for source in sources:
        if source not in clips:
            raise UsageError(
                f"the fresh split has no {source}: choose --source of {', '.join(clips)}"
            )
        if seeds and not 0 <= seeds[0] <= seeds[-1] < clips[source]:
            raise UsageError(
                f"seeds {seeds[0]} to {seeds[-1]} were asked for, but the fresh split was frozen "
                f"with those from 0 to {clips[source] - 1} of {source}: set --seed and --clips so"
            )


def differences(data: Path, figures: Iterable[str], motions: Iterable[str]) -> list[str]:
    """Return how a data folder differs from what was frozen.

    Parameters
    ----------
    data : Path
        Folder of the packs.
    figures, motions : iterable of str
        What the packs that are there make of the split; see `cast3d.fresh_shown`.

    Returns
    -------
    list of str
        One clause each, files first; empty where nothing differs.
    """
    split, found = fresh_split(), []
    for name, frozen in split.files.items():
        path = data / name
        if not path.is_file():
            found.append(f"{name} is missing")
        elif hashlib.sha256(read_bytes(path)).hexdigest() != frozen:
            found.append(f"{name} is another file than the one that was frozen")
    casts = (("figure", split.figures, figures), ("movement", split.motions, motions))
    for kind, frozen_names, shown in casts:
        here, names = set(shown), set(frozen_names)
        found += [f"the {kind} {name} is in another split" for name in sorted(names - here)]
        found += [f"the {kind} {name} was not frozen" for name in sorted(here - names)]
    return found
