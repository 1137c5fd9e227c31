"""What a shot's results depend on, as hashes of content: dates and places do not count."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from ant_core import __version__
from ant_core.files import unreadable
from ant_core.workflow.propagate_options import PropagateOptions

__all__ = ["inputs_digest", "outputs_digest"]

_PATTERNS = ("line", "color", "shade")  # options that name files of the shot, or its layers

Check = Callable[[], None]


def inputs_digest(options: PropagateOptions, model_hash: str, check: Check) -> str:
    """Return the hash of all that the results of a shot depend on.

    Parameters
    ----------
    options : PropagateOptions
        One that has its default does not count, nor one that changes nothing in the results. One
        that names files counts with their content.
    model_hash : str
    check : callable
        Called between two files; may raise to stop.

    Raises
    ------
    InputError
        When a file cannot be read.
    """
    shot = options.shot
    base = Path(shot) if shot is not None else Path()
    skip = os.path.realpath(options.out or "")  # may lie in the shot's folder
    parts: dict[str, Any] = {"engine": __version__, "model": model_hash}
    # With both patterns given, nothing else in the shot's folder is read.
    if shot is not None and not (base.is_dir() and options.line and options.color):
        parts["shot"] = _content(base, skip, check)
    for field in fields(options):
        value, about = getattr(options, field.name), field.metadata
        if field.name == "shot" or value == field.default or not about.get("influence", True):
            continue
        items = value if isinstance(value, tuple) else [value]
        if about.get("files"):
            items = [_value(field.name, item, base, skip, check) for item in items]
        parts[field.name] = items
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def outputs_digest(folder: Path, check: Check) -> str:
    """Return the hash of every visible file in a folder; equal only for equal names and content."""
    return _content(folder, "", check)


def _value(key: str, value: str, base: Path, skip: str, check: Check) -> Any:
    """Return the hash of the files that an option names; its value where it names none."""
    if key in _PATTERNS and base.is_file():  # names of layers
        return value
    path = base / value if base.is_dir() else Path(value)
    if path.exists():
        return _content(path, skip, check)
    if key in _PATTERNS and path.parent.is_dir():  # a pattern, of which the name counts
        return [path.name, _content(path.parent, skip, check)]
    return value


def _content(path: Path, skip: str, check: Check) -> str:
    digest = hashlib.sha256()
    for name, file in _files(path, skip):
        check()
        digest.update(json.dumps(name).encode() + b"\n")
        digest.update(_file_digest(file))
    return digest.hexdigest()


def _files(path: Path, skip: str) -> Iterator[tuple[str, Path]]:
    """Yield the visible files of a folder and those below it, by their place in it."""
    if not path.is_dir():
        yield "", path
        return
    for folder, inner, files in os.walk(path):
        inner[:] = sorted(
            name
            for name in inner
            if not name.startswith(".") and os.path.realpath(os.path.join(folder, name)) != skip
        )
        for name in sorted(files):
            if not name.startswith("."):
                file = Path(folder) / name
                yield file.relative_to(path).as_posix(), file


def _file_digest(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():  # a device or a pipe, which may never end
            return b""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise unreadable(path, error) from error
