"""Texts in the artist's language. English is the source; languages/CODE.json translates it.

A language's file holds its own name, its texts, and as `singular` the numbers that take the
wording for one: 1 where it does not say, 0 and 1 in French, none in Chinese and Japanese.
"""

from __future__ import annotations

import json
from pathlib import Path

_FOLDER = Path(__file__).parent / "languages"
_TRADITIONAL = {"hant", "tw", "hk", "mo"}  # Chinese that is not written as in zh.json


class _Table:
    """The language in use and its texts; one for the whole plugin."""

    code = "en"
    texts: dict[str, str] = {}  # noqa: RUF012 (replaced as a whole, never changed in place)
    singular: tuple[int, ...] = (1,)


def tr(text: str, /, **values: object) -> str:
    """Translate `text` and fill in its {named} placeholders."""
    translated = _Table.texts.get(text, text)
    return translated.format(**values) if values else translated


def tr_n(one: str, many: str, n: int, /, **values: object) -> str:
    """Translate the wording for one or for many; both may use {n}."""
    return tr(one if n in _Table.singular else many, n=n, **values)


def join_sentences(*parts: str) -> str:
    """Join sentences; after a full stop of Chinese or Japanese comes no space."""
    return " ".join(parts).replace("。 ", "。")


def mark(text: str) -> str:
    """Mark a text of a table for translation; the caller that shows it passes it to `tr`."""
    return text


def languages() -> dict[str, str]:
    """Return the names of all languages, in themselves, by code."""
    found = {"en": "English"}
    for path in sorted(_FOLDER.glob("*.json")):
        found[path.stem] = _read(path.stem)["name"]
    return found


def start(chosen: str, preferred: list[str]) -> str:
    """Use the `chosen` language, or with "" the first known of `preferred` ("de-DE", "en", ...)."""
    known = languages()
    codes = [_code(name) for name in ([chosen] if chosen else preferred)]
    code = next((code for code in codes if code in known), "en")
    table = {} if code == "en" else _read(code)
    _Table.code = code
    _Table.texts = table.get("texts", {})
    _Table.singular = tuple(table.get("singular", (1,)))
    return code


def _code(name: str) -> str:
    """Return the code of a language's file: that of the language, unless the script is another."""
    language, *rest = name.replace("_", "-").lower().split("-")
    if language == "zh" and "hans" not in rest and _TRADITIONAL.intersection(rest):
        return "zh-hant"
    return language


def current() -> str:
    """Return the code of the language in use."""
    return _Table.code


def _read(code: str) -> dict:
    return json.loads((_FOLDER / f"{code}.json").read_text(encoding="utf-8"))
