"""Which shots a batch is made of, and the options of each.

A list is given in any of these ways; all of them may be mixed.

    shots/                  a folder: every folder below it that holds line/, every file of a shot
    'shots/sc0*/'           a pattern of such folders or files
    night.txt               a line a shot: its path, then options as propagate takes them
    night.csv               a row a shot, a column an option; `|` between several values
    night.json              a list of paths and objects, or {"defaults": {...}, "shots": [...]}

Paths in a list start from the folder of the list.
"""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any

from ant_core.batch.rows import ShotRow, read_rows
from ant_core.errors import InputError, UsageError
from ant_core.files import read_bytes
from ant_core.formats.pattern import find_sequence
from ant_core.workflow.options import options_from_json
from ant_core.workflow.propagate_options import PropagateOptions

__all__ = ["BatchShot", "close_to_options", "read_shots"]

_SHOT_FILES = (".kra",)  # a shot of one file
_AUTOSAVES = ("-autosave.kra",)  # what Krita leaves where it was killed
_TAKEN = ("summary.html", "summary.json", "summary.csv")  # what else stands in OUT
# File systems take names of 255 bytes; the longest that a batch makes is NAME.lock-holder.
_LONGEST_NAME = 255 - len(".lock-holder")
_LIST_FILES = (".txt", ".lst", ".csv", ".tsv", ".json", "")
_PATH_OPTIONS = ("hints", "model-sheet", "palette", "review-notes", "xdts")
_BATCH_OPTIONS = (
    *("out", "json", "debug", "threads", "model", "device"),
    *("review-below", "fail-over", "fail-under"),
)
# What a row may say: options of propagate, and those that it may not but must know.
_KNOWN_OPTIONS = frozenset(
    {field.name.replace("_", "-") for field in fields(PropagateOptions)} | {"name", *_BATCH_OPTIONS}
)


@dataclass(frozen=True)
class BatchShot:
    """One shot of a batch.

    Attributes
    ----------
    name : str
        Unique in the batch; its results lie in OUT/NAME. May have slashes.
    options : PropagateOptions
        All but what the batch decides: `out`, the model, the device, threads, what is doubtful.
    columns : dict of str to str
        What else a list says of it, such as the artist; passed through to the summary.
    """

    name: str
    options: PropagateOptions
    columns: dict[str, str] = field(default_factory=dict)


def read_shots(
    items: Sequence[str], defaults: Mapping[str, Any], out: Path | None = None
) -> list[BatchShot]:
    """Read lists, folders and patterns into shots, in their order.

    Parameters
    ----------
    items : sequence of str
        As given on the command line.
    defaults : mapping
        Options by name for every shot that does not say otherwise.
    out : Path, optional
        The output folder, which is not searched for shots.

    Raises
    ------
    InputError
        When a list is missing, cannot be read, or names no shot.
    UsageError
        When a row makes no sense, or two shots have one name; the message names the row.
    """
    line = str(defaults.get("line", "line"))
    rows = [row for item in items for row in _rows(item, out, line)]
    if not rows:
        raise InputError(
            f"no shots are found in {', '.join(items)}: expected folders that hold line/ and "
            "color/, or a list that names them"
        )
    rows = [replace(row, values=_over(defaults, row.values)) for row in rows]
    names = _names(rows)
    return [
        BatchShot(name, _options(row), row.columns) for name, row in zip(names, rows, strict=True)
    ]


def _over(defaults: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Put a row's values over the defaults; an empty cell says nothing."""
    return dict(defaults) | {key: value for key, value in values.items() if value != ""}


def _rows(item: str, out: Path | None, line: str) -> Iterator[ShotRow]:
    path = Path(item)
    # Unlike those of Path, they answer for text of any length.
    if os.path.isdir(path):
        yield from _folder(path, out, line)
    elif path.suffix.lower() in _SHOT_FILES and os.path.isfile(path):
        yield ShotRow({"shot": str(path.absolute())}, path.parent, item)
    elif os.path.isfile(path):
        if path.suffix.lower() not in _LIST_FILES:
            raise InputError(
                f"{path} is no list of shots: expected .txt, .csv or .json, or a folder of shots"
            )
        yield from read_rows(read_bytes(path), path, _KNOWN_OPTIONS)
    elif glob.has_magic(item):
        for found in sorted(glob.glob(item)):
            yield from _rows(found, out, line)
    else:
        raise InputError(f"there is no {item}: name a list of shots, or a folder that holds them")


def close_to_options(shots: Sequence[BatchShot]) -> dict[str, str]:
    """Return columns that are passed through but look like a misspelt option, with that option."""
    titles = dict.fromkeys(title for shot in shots for title in shot.columns)
    found = {}
    for title in titles:
        near = get_close_matches(
            title.lower().replace("_", "-").replace(" ", "-"), _KNOWN_OPTIONS, 1, 0.8
        )
        if near:
            found[title] = near[0]
    return found


def _folder(root: Path, out: Path | None, line: str) -> Iterator[ShotRow]:
    """Find the shots in a folder, in the order of their names."""
    avoid = os.path.realpath(out) if out is not None else None
    for folder, inner, files in os.walk(root):
        if _holds_lines(Path(folder), line):
            yield ShotRow({"shot": str(Path(folder).absolute())}, root, folder)
            inner.clear()
            continue
        inner[:] = sorted(
            name
            for name in inner
            if not name.startswith(".") and os.path.realpath(Path(folder) / name) != avoid
        )
        for name in sorted(files):
            ours = not name.startswith(".") and not name.lower().endswith(_AUTOSAVES)
            if ours and name.lower().endswith(_SHOT_FILES):
                yield ShotRow({"shot": str((Path(folder) / name).absolute())}, root, name)


def _holds_lines(folder: Path, line: str) -> bool:
    """Tell whether a folder has what the pattern of line drawings names."""
    if (folder / line).is_dir():
        return True
    try:
        return bool(find_sequence(line, folder).files)
    except InputError:
        return False


def _names(rows: Sequence[ShotRow]) -> list[str]:
    """Name every shot: as its row says, else as its folder or file; with the folders above it
    where that would not be unique.
    """
    places = [_place(row) for row in rows]
    short = [place.stem if place.suffix.lower() in _SHOT_FILES else place.name for place in places]
    count = Counter(name.casefold() for name in short)
    if any(number > 1 for number in count.values()):
        top = os.path.commonpath([place.parent for place in places])
        long = [
            place.with_name(name).relative_to(top).as_posix()
            for place, name in zip(places, short, strict=True)
        ]
    else:
        long = short
    names = [
        str(row.values.get("name") or name).strip() for row, name in zip(rows, long, strict=True)
    ]
    for name, row in zip(names, rows, strict=True):
        _check_name(name, row)
    _check_unique(names, rows)
    return names


def _place(row: ShotRow) -> Path:
    """Return where the pictures of a row lie, for its name."""
    if row.values.get("shot"):
        return Path(os.path.normpath(row.base.absolute() / str(row.values["shot"])))
    line = row.values.get("line")
    if not line or not row.values.get("color"):
        raise UsageError(f"{row.place} names no shot: give shot, or both line and color")
    return Path(os.path.normpath((row.base.absolute() / str(line)).parent))


def _check_name(name: str, row: ShotRow) -> None:
    parts = PurePosixPath(name).parts
    wrong = any(part in ("..", "/") or part.startswith(".") for part in parts)
    longest = max((len(os.fsencode(part)) for part in parts), default=0)
    if longest > _LONGEST_NAME:
        raise UsageError(
            f"{row.place}: the shot's name has {longest} bytes in one part, at most "
            f"{_LONGEST_NAME} fit: give it a shorter name"
        )
    if (
        not parts
        or wrong
        or parts[0].casefold() in _TAKEN
        or "\\" in name
        or any(ord(c) < 32 or c in '<>:"|?*' for c in name)
    ):
        raise UsageError(
            f"{row.place}: {name!r} is no name for a folder in OUT: give the shot a plain name "
            "such as sc010 or ep01/sc010"
        )


def _check_unique(names: Sequence[str], rows: Sequence[ShotRow]) -> None:
    known: dict[str, ShotRow] = {}
    for name, row in zip(names, rows, strict=True):
        other = known.setdefault(name.casefold(), row)
        if other is not row:
            raise UsageError(
                f"{row.place} and {other.place} are both named {name}: give one of them another "
                "name"
            )
    for name, row in zip(names, rows, strict=True):
        if any(str(above) in known for above in PurePosixPath(name.casefold()).parents):
            raise UsageError(
                f"{row.place}: {name} would lie inside the results of another shot: give one of "
                "them another name"
            )


def _options(row: ShotRow) -> PropagateOptions:
    """Read a row as options of `ant_core propagate`; UsageError names the row."""
    values = {key: value for key, value in row.values.items() if key != "name"}
    base = row.base.absolute()
    from_base = {*_PATH_OPTIONS, *(() if values.get("shot") else ("line", "color"))}
    if values.get("shot"):
        values["shot"] = os.path.normpath(base / str(values["shot"]))
    for key, value in values.items():
        if key in _BATCH_OPTIONS:
            raise UsageError(f"{row.place}: {key} holds for the whole batch: give it to batch")
        if key == "in-place":
            raise UsageError(f"{row.place}: in-place has no place in a batch, which writes to OUT")
        if key in from_base:
            values[key] = _from_base(value, base)
    try:
        return replace(options_from_json(values | {"out": "OUT"}), out=None)
    except UsageError as error:
        raise UsageError(f"{row.place}: {error}") from None


def _from_base(value: Any, base: Path) -> Any:
    """Return a path, or several, as seen from a folder; what is no path is left as it is."""
    if isinstance(value, list):
        return [_from_base(item, base) for item in value]
    return str(base / str(value)) if value not in (None, False, True, "") else value
