"""Rows by artist, status and the other columns of a tracker's list, for the summary page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

__all__ = ["describe_columns", "group_shots"]

_ALWAYS = "artist"  # of other columns, those in which every shot has a value of its own say nothing
_NONE = "(none)"


def describe_columns(shot: Mapping[str, Any]) -> str:
    """Return what the list says of a shot, for below its name; "" where it says nothing."""
    return ", ".join(f"{title}: {value}" for title, value in shot["columns"].items() if value)


def group_shots(shots: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return a table a column of the list, with a row a value: its shots and their doubt.

    Parameters
    ----------
    shots : sequence of dict
        As `summary.json` has them.

    Returns
    -------
    list of dict
        `title`, `is_open` and `rows` of each table, a row with its `value`, `numbers` and the
        `words` that filter the shots by it, "" where none do.
    """
    titles = dict.fromkeys(title for shot in shots for title in shot["columns"])
    tables = []
    for title in titles:
        groups: dict[str, list[Mapping[str, Any]]] = {}
        for shot in shots:
            groups.setdefault(shot["columns"].get(title) or _NONE, []).append(shot)
        if title.casefold() == _ALWAYS or 1 < len(groups) < len(shots):
            tables.append((title, groups))
    tables.sort(key=lambda table: table[0].casefold() != _ALWAYS)
    return [
        {
            "title": title,
            "is_open": number == 0,
            "rows": [_row(value, groups[value]) for value in sorted(groups, key=str.casefold)],
        }
        for number, (title, groups) in enumerate(tables)
    ]


def _row(value: str, shots: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    done = [shot for shot in shots if shot["state"] == "done"]
    segments = sum(shot["segments"] for shot in done)
    doubtful = sum(shot["doubtful"] for shot in done)
    numbers = (
        len(shots),
        len(done),
        sum(bool(shot["doubtful"]) for shot in done),
        sum(shot["state"] == "failed" or bool(shot["failed_frames"]) for shot in shots),
        sum(shot["frames"] for shot in done),
        f"{100 * doubtful / segments:.1f} %" if segments else "-",
    )
    words = "" if value == _NONE else quote(value, safe="")
    return {"value": value, "numbers": numbers, "words": words}
