"""The document annotation that says which frames are ours, and how to undo them.

`PCJOURN1`, the length of the JSON as uint32 (little endian), the JSON, then compressed blobs that
the JSON places by their offset from its end. It lies in the document, so that it always matches
the pixels saved with it and survives Save As and crash recovery.

Over `LIMIT` bytes it is pruned: first the former pixels of accepted frames, the frame written
longest ago first (Undo then says that it cannot), then results, then other former pixels.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any, Iterator, NamedTuple, Tuple, Union

from ..i18n import tr
from ..version import __version__
from .pixels import Box, Format, fingerprint, worth_sending

KIND = "propagate_colors/journal"
KEPT_KIND = "propagate_colors/journal.kept"  # one that could not be read, kept as it was
DESCRIPTION = "Propagate Colors"
WRITER = f"propagate_colors {__version__}"
LIMIT = 64 << 20  # bytes of the whole annotation
RESULT_LIMIT = 64 << 20  # bytes of one unpacked result

PREDICTED, ACCEPTED = "predicted", "accepted"
PRUNED = "pruned"

FORMER_MOST = 4000  # hashes, 140 KB
RETIRED_MOST = 64 << 20  # bytes of entries that Krita's own undo can ask for again

MAGIC = b"PCJOURN1"
LENGTH = struct.Struct("<I")


class JournalError(Exception):
    """The annotation cannot be read; the message is one sentence for the artist."""


class Plane(NamedTuple):
    """A frame's former pixels: `box` of the canvas, compressed; all else was zero."""

    hash: str
    box: Box
    blob: bytes

    @classmethod
    def of(cls, data: bytes, box: Box, form: Format) -> Plane:
        """Pack the raw bytes of a frame in the canvas box."""
        inner, rows = worth_sending(data, box, form.pixel_bytes)
        return cls(fingerprint(data), inner, zlib.compress(rows, 6) if rows else b"")

    def data(self, form: Format) -> bytes:
        """Unpack the bytes of `box`; JournalError when they are not what was packed."""
        size = self.box[2] * self.box[3] * form.pixel_bytes
        data = _unpack(self.blob, size) if size else b""
        if len(data) != size:
            raise JournalError(damaged())
        return data


Before = Union[Plane, str, None]  # former pixels, PRUNED, or None: there was no keyframe


@dataclass
class Entry:
    """One frame that we wrote."""

    layer: str
    time: int
    state: str
    model: str
    before: Before
    after: str
    summary: dict[str, Any]
    packed_result: bytes = b""

    @property
    def result(self) -> dict[str, Any] | None:
        """Return the engine's FrameResult; None when it was pruned."""
        return unpack_result(self.packed_result)


def pack_result(result: dict[str, Any]) -> bytes:
    """Compress a FrameResult: some kilobytes instead of some hundred."""
    return zlib.compress(_json(result), 6)


def unpack_result(packed: bytes) -> dict[str, Any] | None:
    """Return a FrameResult; None where there is none that can be read."""
    try:
        result = json.loads(_unpack(packed, RESULT_LIMIT)) if packed else None
    except (ValueError, JournalError):
        return None
    return result if isinstance(result, dict) else None


@dataclass
class Choices:
    """What the artist chose last, so that reopening finds it."""

    lines: list[str] = field(default_factory=list)  # bottom layer first
    color: str | None = None
    first: int | None = None
    last: int | None = None
    gap_px: float | None = None
    model_sheets: list[str] = field(default_factory=list)


def no_hints() -> dict[str, Any]:
    """Return an empty hints document."""
    return {"schema": 1, "hints": [], "locks": []}


Key = Tuple[str, int]
Listed = Tuple[bool, bool]  # as a reference, as none


class Journal:
    """The entries by (layer, time), the one written last at the end, with the artist's choices."""

    def __init__(self) -> None:
        self.choices = Choices()
        self.on: set[int] = set()
        self.off: set[int] = set()
        self.hints = no_hints()
        self.former: list[str] = []  # hashes of what we wrote and no longer have an entry for
        self._entries: dict[Key, Entry] = {}
        self._retired: list[Entry] = []  # of this session, the latest at the end; never saved

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def entry(self, layer: str | None, time: int) -> Entry | None:
        """Return what we wrote at a time."""
        return None if layer is None else self._entries.get((layer, time))

    def record(self, entry: Entry) -> None:
        """Note a frame that was just written."""
        old = self._entries.pop((entry.layer, entry.time), None)
        if old is not None and old.after != entry.after:
            self._retire(old)
        self._entries[entry.layer, entry.time] = entry

    def forget(self, layer: str, time: int) -> None:
        """Drop the entry of a frame that is no longer ours."""
        old = self._entries.pop((layer, time), None)
        if old is not None:
            self._retire(old)

    def _retire(self, entry: Entry) -> None:
        """Krita's own undo can bring these pixels back: they are still not the artist's."""
        kept = [digest for digest in self.former if digest != entry.after]
        self.former = [*kept, entry.after][-FORMER_MOST:]
        self._retired = [old for old in self._retired if not _same_write(old, entry)]
        self._retired.append(entry)
        excess = sum(map(_weight, self._retired)) - RETIRED_MOST
        while excess > 0:
            excess -= _weight(self._retired.pop(0))

    def revive(self, layer: str, time: int, digest: str) -> bool:
        """Take up again the entry of pixels that are back where we once wrote them."""
        for entry in reversed(self._retired):
            if (entry.layer, entry.time, entry.after) == (layer, time, digest):
                self._retired.remove(entry)
                self.record(entry)
                return True
        return False

    def listed(self, time: int) -> Listed:
        """Tell whether a frame is listed as a reference, and as none."""
        return time in self.on, time in self.off

    def list_again(self, time: int, listed: Listed) -> None:
        """List a frame as it once was."""
        for times, there in zip((self.on, self.off), listed):
            (times.add if there else times.discard)(time)

    def touched(self, layer: str) -> list[int]:
        """Return the times that have an entry, or had one in this session."""
        entries = [*self._entries.values(), *self._retired]
        return sorted({entry.time for entry in entries if entry.layer == layer})

    def origin(self, digest: str) -> str | None:
        """Return the state in which we wrote such pixels, now or formerly, wherever that was."""
        states = {entry.state for entry in self._entries.values() if entry.after == digest}
        if states:
            return ACCEPTED if ACCEPTED in states else PREDICTED
        return PREDICTED if digest in self.former else None

    def dump(self, limit: int = LIMIT) -> bytes:
        """Return the annotation's bytes, pruned to `limit`."""
        data = self._dump()
        for prune in (_prune_accepted, _prune_result, _prune_before):
            excess = len(data) - limit
            if excess <= 0:
                break
            for entry in self:
                if excess > 0:
                    excess -= prune(entry)
            data = self._dump()
        return data

    def _dump(self) -> bytes:
        blobs = _Blobs()
        choices = self.choices
        layers = {uuid: {"role": "line"} for uuid in choices.lines}
        if choices.color:
            layers[choices.color] = {"role": "color"}
        text = _json(
            {
                "schema": 1,
                "writer": WRITER,
                "layers": layers,
                "settings": {
                    "gap_px": choices.gap_px,
                    "first": choices.first,
                    "last": choices.last,
                    "model_sheets": choices.model_sheets,
                },
                "references": {"on": sorted(self.on), "off": sorted(self.off)},
                "hints": self.hints,
                **({"former": self.former} if self.former else {}),
                "entries": [_entry_json(entry, blobs) for entry in self],
            }
        )
        return b"".join([MAGIC, LENGTH.pack(len(text)), text, *blobs.parts])


def damaged() -> str:
    """Return why an annotation cannot be read."""
    return tr(
        "The notes of Propagate Colors in this document are damaged: what it coloured can no "
        "longer be told from what you painted, so no painted frame will be changed."
    )


class _Blobs:
    """Collects blobs and their places."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._end = 0

    def add(self, blob: bytes) -> list[int]:
        place = [self._end, len(blob)]
        self.parts.append(blob)
        self._end += len(blob)
        return place


def _entry_json(entry: Entry, blobs: _Blobs) -> dict[str, Any]:
    before: Any = entry.before
    if isinstance(before, Plane):
        packed = {"blob": blobs.add(before.blob)} if before.blob else {}
        before = {"hash": before.hash, "box": list(before.box), **packed}
    item = {
        "layer": entry.layer,
        "time": entry.time,
        "state": entry.state,
        "model": entry.model,
        "before": before,
        "after": {"hash": entry.after},
        "summary": entry.summary,
    }
    if entry.packed_result:
        item["result"] = {"blob": blobs.add(entry.packed_result)}
    return item


def _same_write(one: Entry, other: Entry) -> bool:
    return (one.layer, one.time, one.after) == (other.layer, other.time, other.after)


def _weight(entry: Entry) -> int:
    """Return about the bytes of an entry."""
    before = len(entry.before.blob) if isinstance(entry.before, Plane) else 0
    return before + len(entry.packed_result) + 500


def _prune_accepted(entry: Entry) -> int:
    return _prune_before(entry) if entry.state == ACCEPTED else 0


def _prune_before(entry: Entry) -> int:
    """Forget the former pixels; return the bytes that saves."""
    if not isinstance(entry.before, Plane) or not entry.before.blob:
        return 0
    freed = len(entry.before.blob)
    entry.before = PRUNED
    return freed


def _prune_result(entry: Entry) -> int:
    freed = len(entry.packed_result)
    entry.packed_result = b""
    return freed


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _unpack(blob: bytes, limit: int) -> bytes:
    """Decompress at most `limit` bytes."""
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(blob, max(1, limit))
    except zlib.error:
        raise JournalError(damaged()) from None
    if not unpacker.eof:
        raise JournalError(damaged())
    return data
