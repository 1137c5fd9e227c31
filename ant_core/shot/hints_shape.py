"""Whether a hints document fits its schema; linear, and a thousand times as fast as the schema.

What is plainly right is told by its shape. All else, what is wrong above all, goes to the schema,
which has the last word and says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ant_core.schemas import first_error

__all__ = ["first_wrong"]

_FRAME = re.compile("[0-9]{1,9}[A-Za-z]{0,3}")
_FIELDS_OF = {
    "hints": ({"frame", "color", "point"}, {"frame", "color", "stroke"}),
    "locks": ({"frame"}, {"frame", "point"}, {"frame", "stroke"}),
    "never": (
        {"frame"},
        {"color"},
        {"color", "frames"},
        {"frame", "point"},
        {"frame", "point", "frames"},
        {"frame", "stroke"},
        {"frame", "stroke", "frames"},
    ),
}


def first_wrong(document: Any) -> str | None:
    """Return what is wrong with a hints document and where, None if it fits its schema."""
    if not isinstance(document, dict):
        return first_error(document, "hints")
    lists = {key: document[key] for key in _FIELDS_OF if isinstance(document.get(key), list)}
    frame = {key: [] if key in lists else value for key, value in document.items()}
    wrong = first_error(frame, "hints")
    if wrong is not None:
        return wrong
    for key, items in lists.items():
        for number, item in enumerate(items):
            if is_plain(key, item):
                continue
            wrong = first_error({"schema": 1, key: [item]}, "hints")
            if wrong is not None:
                return wrong.replace(f"{key}[0]", f"{key}[{number}]", 1)
    return None


def is_plain(key: str, item: Any) -> bool:
    """Tell whether an entry of a list is right at first sight; False says nothing."""
    if type(item) is not dict or set(item) not in _FIELDS_OF[key]:
        return False
    if key == "hints" and item["color"] == "unpainted":
        return all(_CHECKS[name](value) for name, value in item.items() if name != "color")
    return all(_CHECKS[name](value) for name, value in item.items())


def _is_frame(value: Any) -> bool:
    if type(value) is str:
        return _FRAME.fullmatch(value) is not None
    return type(value) is int and value >= 0


def _is_color(value: Any) -> bool:
    return type(value) is list and 1 <= len(value) <= 5 and all(map(_is_number, value))


def _is_point(value: Any) -> bool:
    return type(value) is list and len(value) == 2 and all(map(_is_number, value))


def _is_stroke(value: Any) -> bool:
    return type(value) is list and len(value) > 0 and all(map(_is_point, value))


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_text(value: Any) -> bool:
    return type(value) is str


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "frame": _is_frame,
    "color": _is_color,
    "point": _is_point,
    "stroke": _is_stroke,
    "frames": _is_text,
}
