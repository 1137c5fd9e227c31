"""What the docker keeps in the document: entries of frames, and what the artist chose."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

from ..i18n import tr
from ..version import __version__
from .journal_format import (
    ACCEPTED,
    COPY,
    DESCRIPTION,
    KIND,
    LIMIT,
    MOVED,
    PREDICTED,
    PRUNED,
    Before,
    Entries,
    Entry,
    NewerSchema,
    Plane,
    pack_result,
    unpack,
    unpack_result,
)
from .pixels import Box, Format, fingerprint, worth_sending

__all__ = [
    "ACCEPTED",
    "COPY",
    "DESCRIPTION",
    "KEPT_KIND",
    "KIND",
    "MOVED",
    "PREDICTED",
    "PRUNED",
    "Before",
    "Choices",
    "Entry",
    "Journal",
    "JournalError",
    "Plane",
    "load",
    "pack_plane",
    "pack_result",
    "unpack_plane",
    "unpack_result",
]

KEPT_KIND = f"{KIND}.kept"  # one that could not be read, kept as it was
WRITER = f"propagate_colors {__version__}"


class JournalError(Exception):
    """The annotation cannot be read; the message is one sentence for the artist."""


def pack_plane(data: bytes, box: Box, form: Format) -> Plane:
    """Pack the raw bytes of a frame in the canvas box."""
    inner, rows = worth_sending(data, box, form.pixel_bytes)
    return Plane(fingerprint(data), inner, zlib.compress(rows, 6) if rows else b"")


def unpack_plane(plane: Plane, form: Format) -> bytes:
    """Unpack the bytes of the plane's box; JournalError when they are not what was packed."""
    size = plane.box[2] * plane.box[3] * form.pixel_bytes
    try:
        data = unpack(plane.blob, size) if size else b""
    except ValueError:
        data = b""
    if len(data) != size:
        raise JournalError(_damaged())
    return data


@dataclass
class Choices:
    """What the artist chose last, so that reopening finds it."""

    lines: list[str] = field(default_factory=list)  # bottom layer first
    color: str | None = None
    first: int | None = None
    last: int | None = None
    gap_px: float | None = None
    model_sheets: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)  # further layers that go with the segments
    surfaces: bool = False  # whether what is painted in more than one colour is kept


class Journal(Entries):
    """The entries, with the artist's choices."""

    def __init__(self) -> None:
        super().__init__()
        self.choices = Choices()
        self.on: set[int] = set()
        self.off: set[int] = set()
        self.hints: dict[str, Any] = {"schema": 1, "hints": [], "locks": []}

    def is_moved(self, layer: str, time: int) -> bool:
        """Tell whether a frame was moved with the segments, on a layer beside the colours."""
        entry = self.entry(layer, time)
        return entry is not None and bool(entry.summary.get(MOVED))

    def moved_layers(self) -> set[str]:
        """Return the layers that have such frames."""
        return {entry.layer for entry in self if entry.summary.get(MOVED)}

    def dump(self, limit: int = LIMIT) -> bytes:
        """Return the annotation's bytes, pruned to `limit`."""
        choices = self.choices
        layers = {uuid: {"role": "moved"} for uuid in choices.moved}
        layers.update({uuid: {"role": "line"} for uuid in choices.lines})
        if choices.color:
            layers[choices.color] = {"role": "color"}
        document = {
            "layers": layers,
            "settings": {
                "gap_px": choices.gap_px,
                "first": choices.first,
                "last": choices.last,
                "model_sheets": choices.model_sheets,
                **({"surfaces": True} if choices.surfaces else {}),
            },
            "references": {"on": sorted(self.on), "off": sorted(self.off)},
            "hints": self.hints,
        }
        return self.write(WRITER, document, limit)


def load(data: bytes) -> Journal:
    """Read an annotation; JournalError when it is damaged or from a newer version."""
    journal = Journal()
    try:
        document = journal.read(data)
    except NewerSchema:
        raise JournalError(
            tr(
                "This document was worked on with a newer version of Propagate Colors: update "
                "this one. Until then all painted frames count as yours."
            )
        ) from None
    except ValueError:
        raise JournalError(_damaged()) from None
    layers, settings = document["layers"], document["settings"]
    colors = [uuid for uuid, layer in layers.items() if layer["role"] == "color"]
    journal.choices = Choices(
        lines=[uuid for uuid, layer in layers.items() if layer["role"] == "line"],
        color=colors[0] if colors else None,
        first=settings.get("first"),
        last=settings.get("last"),
        gap_px=settings.get("gap_px"),
        model_sheets=settings.get("model_sheets", []),
        moved=[uuid for uuid, layer in layers.items() if layer["role"] == "moved"],
        surfaces=settings.get("surfaces") is True,
    )
    journal.on = set(document["references"]["on"])
    journal.off = set(document["references"]["off"])
    hints = document.get("hints") or {}
    journal.hints.update({name: hints.get(name, []) for name in ("hints", "locks")})
    return journal


def _damaged() -> str:
    return tr(
        "The notes of Propagate Colors in this document are damaged: what it coloured can no "
        "longer be told from what you painted, so no painted frame will be changed."
    )
