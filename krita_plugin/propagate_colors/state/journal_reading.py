"""Reading of the document annotation that journal.py makes."""

from __future__ import annotations

import json
from typing import Any

from ..i18n import tr
from .journal import (
    ACCEPTED,
    FORMER_MOST,
    LENGTH,
    MAGIC,
    PREDICTED,
    PRUNED,
    Before,
    Choices,
    Entry,
    Journal,
    JournalError,
    Plane,
    damaged,
)

_MOST = 2**31 - 1  # of any number


def load(data: bytes) -> Journal:
    """Read an annotation; JournalError when it is damaged or from a newer version."""
    if data[:8] != MAGIC or len(data) < 12:
        raise JournalError(damaged())
    end = 12 + LENGTH.unpack_from(data, 8)[0]
    try:
        document = json.loads(data[12:end].decode("utf-8"))
        if len(data) < end or document["schema"] < 1:
            raise ValueError("cut off")
        if document["schema"] > 1:
            raise JournalError(
                tr(
                    "This document was worked on with a newer version of Propagate Colors: update "
                    "this one. Until then all painted frames count as yours."
                )
            )
        return _read(document, data[end:])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        raise JournalError(damaged()) from None


def _read(document: dict[str, Any], blobs: bytes) -> Journal:
    journal = Journal()
    layers, settings = document["layers"], document["settings"]
    colors = [uuid for uuid, layer in layers.items() if layer["role"] == "color"]
    journal.choices = Choices(
        lines=[uuid for uuid, layer in layers.items() if layer["role"] == "line"],
        color=colors[0] if colors else None,
        first=_whole_or_none(settings.get("first")),
        last=_whole_or_none(settings.get("last")),
        gap_px=_number(settings.get("gap_px")),
        model_sheets=[str(path) for path in settings.get("model_sheets", [])],
    )
    journal.on = {_whole(time) for time in document["references"]["on"]}
    journal.off = {_whole(time) for time in document["references"]["off"]}
    hints = document.get("hints") or {}
    journal.hints = {
        "schema": 1,
        "hints": [_read_hint(item) for item in hints.get("hints", [])],
        "locks": [_read_hint(item) for item in hints.get("locks", [])],
    }
    former = document.get("former", [])
    if not isinstance(former, list):
        raise ValueError("former is no list")
    journal.former = [str(digest) for digest in former][-FORMER_MOST:]
    for item in document["entries"]:
        entry = _read_entry(item, blobs)
        journal.record(entry)
    return journal


def _read_hint(item: dict[str, Any]) -> dict[str, Any]:
    """Return a hint or lock whose frame and place are such; the engine reads the rest."""
    _whole(item["frame"])
    if "point" in item:
        x, y = item["point"]
        _number(x), _number(y)
    return dict(item)


def _read_summary(item: dict[str, Any]) -> dict[str, Any]:
    """Return a summary of numbers: rows are made of it whenever the docker is drawn."""
    _number(item.get("confidence"))
    for name in ("doubtful", "no_counterpart", "segments"):
        _whole_or_none(item.get(name))
    return dict(item)


def _read_entry(item: dict[str, Any], blobs: bytes) -> Entry:
    if item["state"] not in {PREDICTED, ACCEPTED}:
        raise ValueError("unknown state")
    before: Before = item["before"]
    if isinstance(before, dict):
        x, y, width, height = (_whole(value) for value in before["box"])
        before = Plane(str(before["hash"]), (x, y, width, height), _blob(before, blobs))
    elif before not in {None, PRUNED}:
        raise ValueError("unknown before")
    result = item.get("result")
    return Entry(
        str(item["layer"]),
        _whole(item["time"]),
        item["state"],
        str(item["model"]),
        before,
        str(item["after"]["hash"]),
        _read_summary(item.get("summary") or {}),
        _blob(result, blobs) if result else b"",
    )


def _blob(item: dict[str, Any], blobs: bytes) -> bytes:
    if item.get("blob") is None:
        return b""
    offset, length = item["blob"]
    if offset < 0 or length < 0 or offset + length > len(blobs):
        raise ValueError("blob outside")
    return blobs[offset : offset + length]


def _whole(value: Any) -> int:
    """Return a whole number that Krita and Qt can take."""
    if not isinstance(value, int) or abs(value) > _MOST:
        raise ValueError("no whole number")
    return int(value)


def _whole_or_none(value: Any) -> int | None:
    return None if value is None else _whole(value)


def _number(value: Any) -> float | None:
    """Return a finite number; JSON can also hold others."""
    if value is None:
        return None
    if not isinstance(value, (int, float)) or not abs(value) <= _MOST:
        raise ValueError("no number")
    return float(value)
