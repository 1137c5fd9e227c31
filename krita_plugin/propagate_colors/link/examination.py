"""Has an engine check itself, so that diagnostics say what it found."""

from __future__ import annotations

import os
from typing import Any, Iterator

from .pack import program
from .requests import Steps

_LAST_LINES = 5
_FOLDER = "[folder]"


def examine(command: list[str], device: str, model: str) -> Steps:
    """Steps that run the engine's `doctor`; returns its lines, in English, for a helper."""
    asked = [*command, "doctor", "--json", "--device", device]
    ended = yield from program.run([*asked, "--model", model] if model else asked)
    checks = [found for event in ended.events for found in event.get("checks") or ()]
    if not checks:
        return [f"doctor ended with {ended.code}", *ended.lines[-_LAST_LINES:]]
    return [_line(found) for found in checks]


def _line(found: dict[str, Any]) -> str:
    remedy = found.get("remedy")
    line = f"{found.get('state')} {found.get('name')}: {found.get('text')}"
    line = f"{line} -> {remedy}" if remedy else line
    for place in sorted(_places(found.get("facts")), key=len, reverse=True):
        line = line.replace(place, _FOLDER)  # its name may say what the artist works on
    return line


def _places(facts: Any) -> Iterator[str]:
    """Yield the files and folders among a check's facts."""
    if isinstance(facts, dict):
        for value in facts.values():
            yield from _places(value)
    elif isinstance(facts, str) and os.path.isabs(facts):
        yield facts
