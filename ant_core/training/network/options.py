"""Options that explain themselves: the comment goes into the example file of an experiment."""

from __future__ import annotations

import dataclasses
import difflib
import json
import tomllib
from dataclasses import field
from pathlib import Path
from typing import Any

from ant_core.errors import InputError, UsageError
from ant_core.files import read_bytes

__all__ = ["checked", "explained", "option", "read_document"]


def option(default: Any, comment: str) -> Any:
    """Declare a dataclass field with its default and what it does."""
    return field(default=default, metadata={"comment": comment})


def read_document(path: Path, example: str) -> dict[str, Any]:
    """Read a TOML file; InputError when it is none, `example` being what prints one."""
    try:
        return tomllib.loads(read_bytes(path, "check its name").decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is no TOML file ({error}): start from what {example} prints"
        ) from error


def checked(kind: type, document: dict[str, Any], place: str) -> dict[str, Any]:
    """Return the options of a table, each of its declared kind; UsageError where one is not."""
    known = {item.name: item.default for item in _plain_fields(kind)}
    values = {}
    for name, value in document.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            advice = f"did you mean {near[0]}" if near else f"there are {', '.join(known)}"
            raise UsageError(f"{place} has the unknown option {name}: {advice}?")
        values[name] = _converted(name, value, known[name], place)
    return values


def _converted(name: str, value: Any, default: Any, place: str) -> Any:
    if isinstance(default, tuple) and isinstance(value, list) and len(value) == len(default):
        return tuple(_converted(name, v, d, place) for v, d in zip(value, default, strict=True))
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if type(value) is not type(default):
        raise UsageError(
            f"{name} in {place} is {value!r}, expected a value like {_toml(default)}: correct it"
        )
    return value


def _plain_fields(kind: type) -> list[dataclasses.Field[Any]]:
    return [item for item in dataclasses.fields(kind) if "comment" in item.metadata]


def _toml(value: Any) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(part) for part in value)}]"
    return json.dumps(value)  # numbers, strings and booleans are written alike in TOML


def explained(config: Any) -> list[str]:
    """Return the lines of a TOML table with every option of a dataclass and its comment."""
    lines = []
    for item in _plain_fields(type(config)):
        value = _toml(getattr(config, item.name))
        lines += [f"# {item.metadata['comment']}", f"{item.name} = {value}"]
    return lines
