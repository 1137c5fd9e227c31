"""Rows by artist, status or whatever else a tracker's list says of shots, for the summary page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

__all__ = ["describe_columns", "render_groups"]

_ALWAYS = "artist"  # of other columns, those in which every shot has a value of its own say nothing
_NONE = "(none)"


def describe_columns(shot: Mapping[str, Any]) -> str:
    """Return what the list says of a shot, as HTML for below its name; "" where it says nothing."""
    texts = [f"{title}: {value}" for title, value in shot["columns"].items() if value]
    return f"<br><small>{escape(', '.join(texts))}</small>" if texts else ""


def render_groups(shots: Sequence[Mapping[str, Any]]) -> str:
    """Return a table a column of the list, with a row a value: its shots and their doubt.

    Parameters
    ----------
    shots : sequence of dict
        As `summary.json` has them.

    Returns
    -------
    str
        HTML; "" where no list says anything.
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
    return "\n".join(
        _table(title, groups, is_open=number == 0) for number, (title, groups) in enumerate(tables)
    )


def _table(title: str, groups: Mapping[str, Sequence[Mapping[str, Any]]], *, is_open: bool) -> str:
    rows = "".join(_row(value, groups[value]) for value in sorted(groups, key=str.casefold))
    heads = ("Shots", "Done", "To review", "Failed", "Frames", "Doubt")
    cells = "".join(f'<th scope="col" class="number">{head}</th>' for head in heads)
    return (
        f'<details class="groups"{" open" if is_open else ""}><summary>By {escape(title)}</summary>'
        f'<div class="frame"><table><thead><tr><th scope="col">{escape(title)}</th>{cells}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div></details>"
    )


def _row(value: str, shots: Sequence[Mapping[str, Any]]) -> str:
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
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    name = escape(value)
    if value != _NONE:  # filters the shots above
        name = f'<a href="#words={escape(quote(value, safe=""))}">{name}</a>'
    return f'<tr data-group="{escape(value)}"><th scope="row">{name}</th>{cells}</tr>'
