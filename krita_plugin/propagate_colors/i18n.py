"""Texts in the artist's language. English is the source; languages/CODE.json translates it."""

from __future__ import annotations

import json
from pathlib import Path

_FOLDER = Path(__file__).parent / "languages"


class _Table:
    """The language in use and its texts; one for the whole plugin."""

    code = "en"
    texts: dict[str, str] = {}  # noqa: RUF012 (replaced as a whole, never changed in place)


def tr(text: str, /, **values: object) -> str:
    """Translate `text` and fill in its {named} placeholders."""
    translated = _Table.texts.get(text, text)
    return translated.format(**values) if values else translated


def tr_n(one: str, many: str, n: int, /, **values: object) -> str:
    """Translate the wording for one or for many; both may use {n}."""
    return tr(one if n == 1 else many, n=n, **values)


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
    wanted = [chosen] if chosen else preferred
    codes = [name.replace("_", "-").split("-")[0].lower() for name in wanted]
    code = next((code for code in codes if code in known), "en")
    _Table.code = code
    _Table.texts = {} if code == "en" else _read(code)["texts"]
    return code


def current() -> str:
    """Return the code of the language in use."""
    return _Table.code


def _read(code: str) -> dict:
    return json.loads((_FOLDER / f"{code}.json").read_text(encoding="utf-8"))
