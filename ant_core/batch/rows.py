"""The rows of a list of shots: text, CSV or JSON."""

from __future__ import annotations

import csv
import io
import os
import shlex
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ant_core.errors import InputError, UsageError
from ant_core.guard import parse_json

__all__ = ["ShotRow", "read_rows"]


@dataclass(frozen=True)
class ShotRow:
    """One shot as a list has it.

    Attributes
    ----------
    values : dict
        By option: `shot` (its path), `name`, and options of propagate without their dashes.
    base : Path
        What relative paths start from.
    place : str
        Where it stands, for messages.
    columns : dict of str to str
        What else the list says of the shot, by the names of its columns.
    """

    values: dict[str, Any]
    base: Path
    place: str
    columns: dict[str, str] = field(default_factory=dict)


def read_rows(data: bytes, path: Path, options: Collection[str]) -> Iterator[ShotRow]:
    """Yield the rows of a list; its kind goes by the name of the file.

    Parameters
    ----------
    data : bytes
    options : collection of str
        What a row may say of a shot; other columns of a CSV are a tracker's, and kept as they are.

    Raises
    ------
    InputError
        When the file is no list of its kind.
    UsageError
        When a row makes no sense.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text: save it as UTF-8") from error
    kind = path.suffix.lower()
    if kind == ".json":
        yield from _json_rows(text, path)
    elif kind in (".csv", ".tsv"):
        yield from _csv_rows(text, path, options)
    else:
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip() and not line.lstrip().startswith("#"):
                place = f"{path} line {number}"
                yield ShotRow(_line_values(line.strip(), path.parent, place), path.parent, place)


def _line_values(line: str, base: Path, place: str) -> dict[str, Any]:
    """Read a path, then options; a path that exists needs no quotes around its spaces."""
    if os.path.exists(base / line):  # unlike Path.exists, with text of any length
        return {"shot": line}
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""  # paths of Windows
    try:
        words = list(lexer)
    except ValueError:
        raise UsageError(f"{place}: a quotation mark has no partner: close the quotation") from None
    values: dict[str, Any] = {}
    if not words[0].startswith("--"):
        values["shot"] = words.pop(0)
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            raise UsageError(
                f"{place}: {word!r} follows the path but is no option: write --option value, and "
                "quotes around a path with spaces"
            )
        key, equals, value = word[2:].partition("=")
        if not equals:
            flag = not words or words[0].startswith("--")
            _add(values, key, True if flag else words.pop(0))
        else:
            _add(values, key, value)
    return values


def _add(values: dict[str, Any], key: str, value: Any) -> None:
    """Put an option in; one that is given twice has both values."""
    if key in values and value is not True:
        before = values[key]
        value = [*(before if isinstance(before, list) else [before]), value]
    values[key] = value


def _csv_rows(text: str, path: Path, options: Collection[str]) -> Iterator[ShotRow]:
    first = text.partition("\n")[0]
    # Spreadsheets write what their country separates columns with.
    delimiter = max("\t;,", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        titles = [cell.strip() for cell in next(reader, [])]
        header = [_key(title) for title in titles]
        if not {"shot", "line"} & set(header):
            raise InputError(
                f"{path} has no column named shot: its first line must name the columns, such as "
                "shot,name,frames"
            )
        for cells in reader:
            place = f"{path} line {reader.line_num}"
            if len(cells) > len(header):
                raise UsageError(
                    f"{place} has {len(cells)} cells but there are {len(header)} columns: put "
                    "quotes around a cell with a separator in it"
                )
            values, columns = {}, {}
            for key, title, cell in zip(header, titles, cells, strict=False):
                if key in options:
                    values[key] = _cell(cell)
                elif title:
                    columns[title] = cell.strip()
            if any(values.values()):
                yield ShotRow(values, path.parent, place, columns)
    except csv.Error as error:
        raise InputError(f"{path} is no CSV file ({error}): export it again") from error


def _cell(text: str) -> Any:
    """Read a cell: yes and no are flags, `|` stands between several values."""
    text = text.strip()
    if text.lower() in ("true", "yes"):
        return True
    if text.lower() in ("false", "no"):
        return False
    return [part.strip() for part in text.split("|")] if "|" in text else text


def _json_rows(text: str, path: Path) -> Iterator[ShotRow]:
    from ant_core.schemas import first_error

    try:
        document = parse_json(text)
    except ValueError as error:
        raise InputError(f"{path} is no JSON ({error}): mend it or export it again") from error
    if isinstance(document, list):
        document = {"shots": document}
    error_text = first_error(document, "batch_list")
    if error_text is not None:
        raise InputError(f"{path} is no list of shots: {error_text}")
    defaults = {_key(key): value for key, value in document.get("defaults", {}).items()}
    for number, entry in enumerate(document["shots"]):
        values = {"shot": entry} if isinstance(entry, str) else entry
        columns = {} if isinstance(entry, str) else entry.get("columns", {})
        values = {_key(key): value for key, value in values.items() if key != "columns"}
        yield ShotRow(defaults | values, path.parent, f"{path} shots[{number}]", columns)


def _key(text: str) -> str:
    """Write a column's name as an option: `Model sheet` and `model_sheet` are --model-sheet."""
    return text.strip().lower().replace("_", "-").replace(" ", "-")
