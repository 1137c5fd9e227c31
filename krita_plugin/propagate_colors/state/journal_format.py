"""The annotation that says which frames of a document were coloured, and how to undo them.

`PCJOURN1`, the length of the JSON as uint32 (little endian), the JSON, then compressed blobs that
the JSON places by their offset from its end. It lies in the document, so that it always matches
the pixels saved with it and survives Save As and crash recovery.

Over the limit it is pruned: first entries put aside, then the former pixels of accepted frames,
the frame written longest ago first (Undo then says that it cannot), then results, then other
former pixels.

The engine and the docker in Krita hold this very file: Python 3.8 and the standard library. All
errors are ValueError; each side has its own sentence for them.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any, Callable, Iterator, Literal, NamedTuple, Sequence, Tuple, Union

KIND = "propagate_colors/journal"
DESCRIPTION = "Propagate Colors"
LIMIT = 64 << 20  # bytes of the whole annotation
RESULT_LIMIT = 64 << 20  # bytes of one unpacked result
FORMER_MOST = 4000  # hashes, 140 KB
RETIRED_MOST = 64 << 20  # bytes of entries that Krita's own undo can ask for again

PREDICTED: Literal["predicted"] = "predicted"
ACCEPTED: Literal["accepted"] = "accepted"
PRUNED: Literal["pruned"] = "pruned"
MOVED = "moved"  # in a summary: of a layer that moves with the segments, not of the colours
COPY = "copy"  # in a summary: the pixels are those of a frame that the artist painted

_MAGIC = b"PCJOURN1"
_LENGTH = struct.Struct("<I")
_START = len(_MAGIC) + _LENGTH.size
_SCHEMA = 1
_MOST = 2**31 - 1  # of any number: Krita and Qt take no more

State = Literal["predicted", "accepted"]
Box = Tuple[int, int, int, int]
Key = Tuple[str, int]


class NewerSchema(ValueError):
    """The journal is of a later version."""


class Plane(NamedTuple):
    """What a frame held before.

    hash: of all of its bytes. box: x, y, width, height in pixels of the canvas, outside of which
    all was zero. blob: the box's bytes in Krita's order, compressed; empty where the box is.
    """

    hash: str
    box: Box
    blob: bytes


Before = Union[Plane, Literal["pruned"], None]  # None: there was no keyframe


@dataclass
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
        What it held before the first write; None when there was no keyframe.
    after : str
        Hash of what was written.
    summary : dict
        Numbers: confidence, doubtful, no_counterpart, segments; `COPY` where it applies.
    packed_result : bytes
        See `pack_result`; empty when it was pruned.
    """

    layer: str
    time: int
    state: State
    model: str
    before: Before
    after: str
    summary: dict[str, Any]
    packed_result: bytes = b""

    @property
    def result(self) -> dict[str, Any] | None:
        """Return the engine's FrameResult; None when it was pruned."""
        return unpack_result(self.packed_result)


class Entries:
    """The entries by (layer, time), the one written last at the end."""

    def __init__(self) -> None:
        self.former: list[str] = []  # hashes of what was written and has no entry any more
        self._entries: dict[Key, Entry] = {}
        self._retired: list[Entry] = []  # the latest at the end

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries.values()))

    def entry(self, layer: str | None, time: int) -> Entry | None:
        """Return what is noted of a frame."""
        return None if layer is None else self._entries.get((layer, time))

    def record(self, entry: Entry) -> None:
        """Note a frame; it counts as the one written last."""
        old = self._entries.pop((entry.layer, entry.time), None)
        if old is not None and old.after != entry.after:
            self.retire(old)
        self._entries[entry.layer, entry.time] = entry

    def forget(self, layer: str, time: int) -> None:
        """Drop the entry of a frame that is no longer ours."""
        old = self._entries.pop((layer, time), None)
        if old is not None:
            self.retire(old)

    def retire(self, entry: Entry) -> None:
        """Note what a frame held: Krita's own undo or redo can bring back these pixels of ours."""
        if entry.summary.get(COPY):
            return
        kept = [digest for digest in self.former if digest != entry.after]
        self.former = [*kept, entry.after][-FORMER_MOST:]
        write = (entry.layer, entry.time, entry.after)
        others = [old for old in self._retired if (old.layer, old.time, old.after) != write]
        self._retired = [*others, entry]
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

    def touched(self, layer: str | None) -> list[int]:
        """Return the times that have an entry, or had one."""
        entries = [*self._entries.values(), *self._retired]
        return sorted({entry.time for entry in entries if entry.layer == layer})

    def origin(self, digest: str) -> State | None:
        """Return the state in which such pixels were written, now or formerly, at any place."""
        ours = (entry for entry in self._entries.values() if not entry.summary.get(COPY))
        states = {entry.state for entry in ours if entry.after == digest}
        if states:
            return ACCEPTED if ACCEPTED in states else PREDICTED
        return PREDICTED if digest in self.former else None

    # ---- the annotation

    def read(self, data: bytes) -> dict[str, Any]:
        """Take the entries of an annotation; return the other parts of its JSON.

        Raises
        ------
        NewerSchema
        ValueError
            When it is damaged.
        """
        try:
            document, blobs = _parts(data)
            self.former = document.pop("former", [])[-FORMER_MOST:]
            for item in document.pop("entries"):
                (self.retire if item.get("retired") else self.record)(_read_entry(item, blobs))
        except (LookupError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise ValueError("a part is missing or has another shape") from error
        return document

    def write(self, writer: str, document: dict[str, Any], limit: int) -> bytes:
        """Return the annotation, pruned to `limit` bytes; what was pruned is gone here too.

        `writer` is program and version, `document` the other parts of the JSON, see `read`.
        """
        head = {**(own := {"schema": _SCHEMA, "writer": writer}), **document, **own}
        data = self._packed(head, self._put_aside())
        if len(data) > limit:
            data = self._packed(head)
        for prune in (_prune_accepted, _prune_result, _prune_before):
            excess = len(data) - limit
            if excess <= 0:
                break
            for entry in self:
                if excess > 0:
                    excess -= prune(entry)
            data = self._packed(head)
        return data

    def _put_aside(self) -> list[Entry]:
        """Return the last entry of frames that have none now.

        Krita's redo may bring their pixels back, and the artist save, before anything looks again.
        """
        latest = {(entry.layer, entry.time): entry for entry in self._retired}
        return [entry for key, entry in latest.items() if key not in self._entries]

    def _packed(self, head: dict[str, Any], aside: Sequence[Entry] = ()) -> bytes:
        blobs = bytearray()
        former = {"former": self.former} if self.former else {}
        entries = [{**_entry_json(entry, blobs), "retired": True} for entry in aside]
        entries += [_entry_json(entry, blobs) for entry in self]
        text = _json({**head, **former, "entries": entries})
        return b"".join([_MAGIC, _LENGTH.pack(len(text)), text, blobs])


def pack_result(result: dict[str, Any]) -> bytes:
    """Compress a FrameResult: some kilobytes instead of some hundred."""
    return zlib.compress(_json(result), 6)


def unpack_result(packed: bytes) -> dict[str, Any] | None:
    """Return a FrameResult; None where there is none that can be read."""
    try:
        result = json.loads(unpack(packed, RESULT_LIMIT)) if packed else None
    except (ValueError, RecursionError):
        return None
    return result if isinstance(result, dict) else None


def unpack(blob: bytes, limit: int) -> bytes:
    """Decompress at most `limit` bytes; ValueError when it is damaged or holds more."""
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(blob, max(1, limit))
    except zlib.error as error:
        raise ValueError("a damaged blob") from error
    if not unpacker.eof:
        raise ValueError("a blob cut off or over its limit")
    return data


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


# ---- writing


def _place(blob: bytes, blobs: bytearray) -> list[int]:
    """Append a blob; return where it lies and its length."""
    place = [len(blobs), len(blob)]
    blobs += blob
    return place


def _entry_json(entry: Entry, blobs: bytearray) -> dict[str, Any]:
    before: Any = entry.before
    if isinstance(before, Plane):
        packed = {"blob": _place(before.blob, blobs)} if before.blob else {}
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
        item["result"] = {"blob": _place(entry.packed_result, blobs)}
    return item


def _json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")  # paths can have halves of characters


# ---- reading


def _parts(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the JSON, whose parts are of the right shape but for the entries, and the blobs."""
    if not data.startswith(_MAGIC) or len(data) < _START:
        raise ValueError("not a journal")
    end = _START + _LENGTH.unpack_from(data, len(_MAGIC))[0]
    document = json.loads(data[_START:end].decode("utf-8", "surrogatepass"))
    if len(data) < end or document["schema"] < 1:
        raise ValueError("cut off")
    if document["schema"] > _SCHEMA:
        raise NewerSchema(f"schema {document['schema']}")
    _check(document)
    return document, data[end:]


def _check(document: dict[str, Any]) -> None:
    settings, hints = document["settings"], document.get("hints") or {}
    _check_present(settings, _whole, "first", "last")
    _check_present(settings, _finite, "gap_px")
    roles = [layer["role"] for layer in document["layers"].values()]
    for texts in (roles, settings.get("model_sheets", []), document.get("former", [])):
        if not all(isinstance(text, str) for text in _list(texts)):
            raise ValueError("no text")
    for name in ("on", "off"):
        for time in _list(document["references"][name]):
            _whole(time)
    for item in (*_list(hints.get("hints", [])), *_list(hints.get("locks", []))):
        _whole(item["frame"])  # the engine checks the rest
        if "point" in item:
            x, y = item["point"]
            for value in (x, y):
                _finite(value)


def _read_entry(item: dict[str, Any], blobs: bytes) -> Entry:
    if item["state"] not in {PREDICTED, ACCEPTED}:
        raise ValueError("unknown state")
    before: Any = item["before"]
    if isinstance(before, dict):
        x, y, width, height = (_whole(value) for value in before["box"])
        before = Plane(str(before["hash"]), (x, y, width, height), _blob(before, blobs))
    elif before not in {None, PRUNED}:
        raise ValueError("unknown before")
    return Entry(
        str(item["layer"]),
        _whole(item["time"]),
        item["state"],
        str(item["model"]),
        before,
        str(item["after"]["hash"]),
        _summary(item.get("summary") or {}),
        _blob(item.get("result") or {}, blobs),
    )


def _summary(item: dict[str, Any]) -> dict[str, Any]:
    """Return a summary of numbers: the docker shows them without looking again."""
    _check_present(item, _finite, "confidence")
    _check_present(item, _whole, "doubtful", "no_counterpart", "segments", "to_look_at", "surfaces")
    return dict(item)


def _blob(item: dict[str, Any], blobs: bytes) -> bytes:
    if item.get("blob") is None:
        return b""
    offset, length = item["blob"]
    if offset < 0 or length < 0 or offset + length > len(blobs):
        raise ValueError("a blob outside")
    return blobs[offset : offset + length]


def _check_present(item: dict[str, Any], check: Callable[[Any], Any], *names: str) -> None:
    for name in names:
        if item.get(name) is not None:
            check(item[name])


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError("no list")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int or abs(value) > _MOST:
        raise ValueError("no whole number")
    return value


def _finite(value: Any) -> None:
    if not isinstance(value, (int, float)) or not abs(value) <= _MOST:
        raise ValueError("no number, or none that is finite")
