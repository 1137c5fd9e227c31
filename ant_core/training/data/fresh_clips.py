"""Clips of the fresh test split on disk: whether they are those that were frozen, and all."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ant_core.errors import InputError
from ant_core.files import read_bytes
from ant_core.training.data.fresh import clip_name, fresh_split
from ant_core.training.data.sets import ShotSource

__all__ = ["check_shots", "content_hash", "fresh_shots"]

_NAME = re.compile(r".*_fresh_\d{6}")


def fresh_shots(sources: Sequence[ShotSource]) -> dict[str, ShotSource]:
    """Return the shots that are of the fresh split, by the names of their clips.

    Stored clips tell their split and name themselves; scenes are known by their folder's name.
    """
    named = {_fresh_name(source): source for source in sources}
    return {name: source for name, source in named.items() if name}


def _fresh_name(source: ShotSource) -> str:
    """Return the clip's name, "" where it is of another split or cannot be read."""
    if source.layout != "clips":
        name = Path(source.name).name
        return name if _NAME.fullmatch(name) else ""
    try:
        with np.load(source.name) as stored:
            meta = json.loads(str(stored["meta"]))
        return str(meta["name"]) if meta["split"] == "fresh" else ""
    except (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile):
        return ""  # what reads its frames says what is wrong with it


def content_hash(source: ShotSource) -> str:
    """Return the SHA-256 of a shot: of a stored clip's arrays, of the files of a scene.

    How hard a stored clip is compressed does not matter.
    """
    found, place = hashlib.sha256(), Path(source.name)
    if source.layout == "clips":
        with np.load(place) as stored:
            for name in sorted(stored.files):
                array = stored[name]
                found.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
                found.update(np.ascontiguousarray(array).tobytes())
        return found.hexdigest()
    for path in sorted(p for p in place.parent.glob(f"*/{place.name}/**/*") if p.is_file()):
        data = read_bytes(path)
        found.update(f"{path.relative_to(place.parent).as_posix()} {len(data)}\n".encode())
        found.update(data)
    return found.hexdigest()


def check_shots(sources: Sequence[ShotSource], whole: bool = True) -> tuple[int, int]:
    """Refuse shots of the fresh split that are not the frozen ones.

    Parameters
    ----------
    sources : sequence of ShotSource
        Those of other splits are passed over.
    whole : bool
        Whether of each source all clips must be there.

    Returns
    -------
    (int, int)
        How many shots are of the fresh split, and of how many of these the content is recorded and
        was compared. While nothing is recorded, only the names are held.

    Raises
    ------
    InputError
        When a name or a content is not the frozen one, or one is missing.
    """
    split, found = fresh_split(), fresh_shots(sources)
    names = {source: [clip_name(source, s) for s in range(n)] for source, n in split.clips.items()}
    known = {name for of_source in names.values() for name in of_source}
    compared = 0
    for name, source in found.items():
        if name not in known:
            raise InputError(
                f"{source.name} was not frozen as a clip of the fresh split: remove it"
            )
        if name in split.hashes:
            compared += 1
            if content_hash(source) != split.hashes[name]:
                raise InputError(
                    f"{source.name} is not the clip that was frozen as {name}: take the stored set"
                )
    for kind, of_source in names.items():
        missing = [name for name in of_source if name not in found]
        if whole and 0 < len(missing) < len(of_source):
            raise InputError(
                f"{len(missing)} of the {len(of_source)} clips of the fresh split's {kind} are "
                f"missing, {missing[0]} first: generate them, the split is scored as a whole"
            )
    return len(found), compared
