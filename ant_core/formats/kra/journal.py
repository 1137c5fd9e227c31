"""The annotation `propagate_colors/journal`: which frames were coloured for the artist.

b"PCJOURN1", the length of the JSON as uint32 (little endian), the JSON, then compressed blobs
that the JSON places by their offset from its end. The docker in Krita reads and writes the same.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ant_core import __version__
from ant_core.errors import InputError
from ant_core.formats.kra.spaces import Space

__all__ = ["DESCRIPTION", "KIND", "LIMIT", "Entry", "Journal", "Plane", "plane_hash"]

KIND = "propagate_colors/journal"
DESCRIPTION = "Propagate Colors"
LIMIT = 64 << 20  # bytes of the whole annotation

_MAGIC = b"PCJOURN1"
_LENGTH = struct.Struct("<I")
_SCHEMA = 1
_FORMER_MOST = 4000  # hashes

State = Literal["predicted", "accepted"]


def plane_hash(image: NDArray[Any], space: Space) -> str:
    """Hash a frame on the canvas in the bytes that Krita hands out.

    Parameters
    ----------
    image : (H, W, C) of the space's format
    """
    return hashlib.blake2b(space.format.encode(image), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Plane:
    """What a frame held before: its hash, and the rows of the canvas that are not all zero.

    Attributes
    ----------
    hash : str
    box : (int, int, int, int)
        x, y, width, height in pixels.
    blob : bytes
        The box's bytes in Krita's order, compressed; empty where the box is.
    """

    hash: str
    box: tuple[int, int, int, int]
    blob: bytes

    @classmethod
    def of(cls, image: NDArray[Any], space: Space) -> Plane:
        """Pack a frame, (H, W, C) of the space's format."""
        raw = np.ascontiguousarray(image).view(np.uint8)  # a negative zero is no zero
        rows = np.flatnonzero(raw.any(axis=(1, 2)))
        digest = plane_hash(image, space)
        if len(rows) == 0:
            return cls(digest, (0, 0, 0, 0), b"")
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        data = space.format.encode(image[top:bottom])
        return cls(digest, (0, top, image.shape[1], bottom - top), zlib.compress(data, 6))


@dataclass(frozen=True)
class Entry:
    """One frame that was coloured.

    Attributes
    ----------
    layer : str
        Of the colour layer, its uuid as Krita writes it.
    time : int
    state : "predicted" or "accepted"
    model : str
        SHA-256 of the model.
    before : Plane, "pruned" or None
        What it held before; None when there was no keyframe.
    after : str
        Hash of what was written.
    summary : dict
        Confidence, doubtful, no_counterpart and segments.
    result : bytes
        The frame's result as compressed JSON; empty when it was dropped.
    """

    layer: str
    time: int
    state: State
    model: str
    before: Plane | Literal["pruned"] | None
    after: str
    summary: dict[str, Any]
    result: bytes = b""


class Journal:
    """The annotation, with what others put into it kept.

    Parameters
    ----------
    data : bytes, optional
        As stored; a new journal without.
    place : str
        The document, for messages.

    Raises
    ------
    InputError
        When it is damaged or of a newer version.
    """

    def __init__(self, data: bytes | None = None, place: str = "") -> None:
        self.document: dict[str, Any] = {
            "layers": {},
            "settings": {"gap_px": None, "first": None, "last": None, "model_sheets": []},
            "references": {"on": [], "off": []},
            "hints": {"schema": 1, "hints": [], "locks": []},
            "former": [],
        }
        self._entries: dict[tuple[str, int], Entry] = {}
        if data is not None:
            self._load(data, place)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def entry(self, layer: str, time: int) -> Entry | None:
        """Return what is noted of a frame."""
        return self._entries.get((layer, time))

    def record(self, entry: Entry) -> None:
        """Note a frame; it counts as the one written last."""
        old = self._entries.pop((entry.layer, entry.time), None)
        if old is not None and old.after != entry.after:
            self._retire(old)
        self._entries[entry.layer, entry.time] = entry

    def forget(self, layer: str, time: int) -> None:
        """Drop what is noted of a frame."""
        old = self._entries.pop((layer, time), None)
        if old is not None:
            self._retire(old)

    def _retire(self, entry: Entry) -> None:
        """Keep the hash: an undo in Krita can bring these pixels back."""
        former = [digest for digest in self.document["former"] if digest != entry.after]
        self.document["former"] = [*former, entry.after][-_FORMER_MOST:]

    def origin(self, digest: str) -> State | None:
        """Return the state in which such pixels were written, now or formerly, at any place."""
        states = {entry.state for entry in self if entry.after == digest}
        if states:
            return "accepted" if "accepted" in states else "predicted"
        return "predicted" if digest in self.document["former"] else None

    @property
    def references_on(self) -> set[int]:
        """Frames that the artist made references."""
        return set(self.document["references"]["on"])

    @property
    def references_off(self) -> set[int]:
        """Frames that the artist said are none."""
        return set(self.document["references"]["off"])

    def _load(self, data: bytes, place: str) -> None:
        try:
            (length,) = _LENGTH.unpack_from(data, len(_MAGIC))
            start = len(_MAGIC) + _LENGTH.size
            document = json.loads(data[start : start + length])
            if not data.startswith(_MAGIC) or document["schema"] < 1:
                raise ValueError("not a journal")
            if document["schema"] > _SCHEMA:
                raise InputError(
                    f"{place} was worked on with a newer version of Propagate Colors: update "
                    "ant_core"
                )
            blobs = data[start + length :]
            self._check(document)
            self.document["former"] = document.pop("former", [])
            for item in document.pop("entries"):
                self.record(_read_entry(item, blobs))
        except (
            ValueError,
            KeyError,
            TypeError,
            struct.error,
            RecursionError,
            AttributeError,
            OverflowError,
        ):
            raise InputError(
                f"the notes of Propagate Colors in {place} are damaged, so that what it coloured "
                "cannot be told from what was painted: open the document in Krita and save it "
                "with the docker, or take it from a backup"
            ) from None
        self.document = {**self.document, **document}

    @staticmethod
    def _check(document: dict[str, Any]) -> None:
        """Let KeyError, TypeError or ValueError tell of parts that have another shape."""
        for name in ("on", "off"):
            if any(type(time) is not int for time in document["references"][name]):
                raise ValueError(name)
        for layer in document["layers"].values():
            layer["role"] + ""
        for name in ("hints", "locks"):
            if not isinstance(document.get("hints", {}).get(name, []), list):
                raise ValueError(name)
        if any(type(digest) is not str for digest in document.get("former", [])):
            raise ValueError("former")

    def dump(self, limit: int = LIMIT) -> bytes:
        """Return the annotation, with what is needed least left out above `limit` bytes.

        First the former pixels of accepted frames go, the oldest first, then results, then
        other former pixels.
        """
        data = self._dump()
        for prune in (_prune_accepted, _prune_result, _prune_before):
            if len(data) <= limit:
                break
            self._prune(prune, len(data) - limit)
            data = self._dump()
        return data

    def _prune(self, prune: Callable[[Entry], Entry], excess: int) -> None:
        for key, entry in self._entries.items():
            if excess <= 0:
                return
            self._entries[key] = prune(entry)
            excess -= _weight(entry) - _weight(self._entries[key])

    def _dump(self) -> bytes:
        blobs: list[bytes] = []
        document = {
            **self.document,
            "schema": _SCHEMA,
            "writer": f"ant_core {__version__}",
            "entries": [_entry_json(entry, blobs) for entry in self],
        }
        # Halves of characters, as paths can have them, go through as they came.
        text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(
            "utf-8", "surrogatepass"
        )
        return b"".join([_MAGIC, _LENGTH.pack(len(text)), text, *blobs])


def _read_entry(item: dict[str, Any], blobs: bytes) -> Entry:
    before = item["before"]
    if isinstance(before, dict):
        x, y, width, height = (int(value) for value in before["box"])
        before = Plane(str(before["hash"]), (x, y, width, height), _blob(before, blobs))
    elif before not in (None, "pruned"):
        raise ValueError("before")
    if item["state"] not in ("predicted", "accepted"):
        raise ValueError("state")
    return Entry(
        str(item["layer"]),
        int(item["time"]),
        item["state"],
        str(item["model"]),
        before,
        str(item["after"]["hash"]),
        dict(item.get("summary") or {}),
        _blob(item.get("result") or {}, blobs),
    )


def _blob(item: dict[str, Any], blobs: bytes) -> bytes:
    if item.get("blob") is None:
        return b""
    offset, length = item["blob"]
    if offset < 0 or length < 0 or offset + length > len(blobs):
        raise ValueError("blob")
    return blobs[offset : offset + length]


def _place(blob: bytes, blobs: list[bytes]) -> list[int]:
    """Append a blob; returns where it lies and its length."""
    offset = sum(map(len, blobs))
    blobs.append(blob)
    return [offset, len(blob)]


def _entry_json(entry: Entry, blobs: list[bytes]) -> dict[str, Any]:
    before: Any = entry.before
    if isinstance(entry.before, Plane):
        before = {"hash": entry.before.hash, "box": list(entry.before.box)}
        if entry.before.blob:
            before["blob"] = _place(entry.before.blob, blobs)
    item = {
        "layer": entry.layer,
        "time": entry.time,
        "state": entry.state,
        "model": entry.model,
        "before": before,
        "after": {"hash": entry.after},
        "summary": entry.summary,
    }
    if entry.result:
        item["result"] = {"blob": _place(entry.result, blobs)}
    return item


def _weight(entry: Entry) -> int:
    former = len(entry.before.blob) if isinstance(entry.before, Plane) else 0
    return former + len(entry.result)


def _prune_before(entry: Entry) -> Entry:
    has_pixels = isinstance(entry.before, Plane) and entry.before.blob
    return replace(entry, before="pruned") if has_pixels else entry


def _prune_accepted(entry: Entry) -> Entry:
    return _prune_before(entry) if entry.state == "accepted" else entry


def _prune_result(entry: Entry) -> Entry:
    return replace(entry, result=b"")
