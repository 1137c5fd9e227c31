"""What is kept of one coloured drawing, as bytes, and why a drawing is computed again."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import UNPAINTED, Palette
from ant_core.matching.fills import Fills
from ant_core.matching.sources import SheetId, source_code, source_of_code
from ant_core.propagation.crops import Crop
from ant_core.propagation.division import Division
from ant_core.propagation.prepared import LinesTaken
from ant_core.propagation.result import NotFlat, SourceUsed
from ant_core.propagation.surfaces import Surfaces

__all__ = [
    "Record",
    "digest_of",
    "pack_record",
    "record_name",
    "unpack_record",
    "why_computed",
]

_VERSION = 8


def record_name(*parts: str) -> str:
    """Return the file name of the record of a drawing, from what identifies it."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def digest_of(value: Any) -> str:
    """Write plain data so that equal data give equal text."""
    return json.dumps(value, sort_keys=True)


_REASONS = {
    "line": "its line drawing changed",
    "origin": "it became a reference, or is none any more",
    "painting": "its painting changed",
    "hints": "its hints changed",
    "locks": "its locks changed",
    "never": "what is never coloured changed",
    "model": "the model or device changed",
    "settings": "the settings changed",
    "moved": "what goes with the colours changed",
    "shades": "what is painted on it in further layers changed",
    "format": "the depth or channels of the references changed",
}


def why_computed(
    record: Record | None, keys: dict[str, str], sources: tuple[SourceUsed, ...]
) -> str:
    """Say in a few words why a drawing is computed again.

    Parameters
    ----------
    record : Record or None
        What an earlier run left for the frame.
    keys, sources
        As the record would have them now.
    """
    if record is None:
        return "new"
    for key, text in _REASONS.items():
        if record.keys.get(key) != keys.get(key):
            return text
    old = {source.frame: source.digest for source in record.sources}
    new = {source.frame: source.digest for source in sources}
    changed = [source for source in old.keys() & new.keys() if old[source] != new[source]]
    if any(isinstance(source, SheetId) for source in changed):
        return "a model sheet changed"
    if changed:
        return f"frame {', '.join(map(str, sorted(changed, key=source_code)))} changed"
    return (
        "its file was missing or unfinished"
        if record.sources == sources
        else "it has other references now"
    )


@dataclass(frozen=True)
class Record:
    """What is known of one coloured drawing.

    Attributes
    ----------
    keys : dict of str to str
        What the fills depend on beside the sources, by name: line, settings, model, hints, ...
    sources : tuple of SourceUsed
        The drawings it was coloured from.
    digest : str
        Of the fills: what drawings coloured from this one depend on.
    fills : Fills
        Of the segments.
    division : Division
        Which pieces are one segment.
    not_flat : tuple of NotFlat
    gap_px : float
    thumbnail : bytes
        Packed small picture for the contact sheet.
    notes : tuple of str
        What a painted frame has that a flat one has not, in sentences.
    lines : LinesTaken
    crops : tuple of Crop
        Of the segments that need a look.
    surfaces : dict of str to Surfaces
        Where painted pixels come from, by layer.
    """

    keys: dict[str, str]
    sources: tuple[SourceUsed, ...]
    digest: str
    fills: Fills
    division: Division
    gap_px: float
    not_flat: tuple[NotFlat, ...] = ()
    thumbnail: bytes = b""
    notes: tuple[str, ...] = ()
    lines: LinesTaken = field(default_factory=LinesTaken)
    crops: tuple[Crop, ...] = ()
    surfaces: Mapping[str, Surfaces] = field(default_factory=dict)


def pack_record(record: Record, palette: Palette) -> bytes:
    """Write a record; colours by value, because palette indices differ from run to run."""
    fills = record.fills
    used = sorted(
        {
            *fills.color.tolist(),
            *fills.other_color.ravel().tolist(),
            *(item.color for item in record.not_flat),
            *(crop.was[0] for crop in record.crops if crop.was is not None),
        }
    )
    used = [index for index in used if index > UNPAINTED]
    local = {index: place for place, index in enumerate(used, start=1)}
    local |= {index: index for index in (-1, UNPAINTED)}
    meta = {
        "version": _VERSION,
        "keys": record.keys,
        "sources": [[source_code(s.frame), s.kind, s.offset, s.digest] for s in record.sources],
        "digest": record.digest,
        "gap_px": record.gap_px,
        "colors": [palette.raw(index) for index in used],
        "not_flat": [[n.segment, local[n.color], n.share, n.at, n.cover] for n in record.not_flat],
        "notes": record.notes,
        "lines": astuple(record.lines),
        "crops": [
            [
                crop.segment,
                len(crop.picture),
                len(crop.before),
                crop.was and [local[crop.was[0]], *crop.was[1:]],
            ]
            for crop in record.crops
        ],
    }
    moved: dict[str, NDArray[Any]] = {}
    if record.surfaces:  # a record without them is as it always was
        meta["surfaces"] = list(record.surfaces)
        for place, own in enumerate(record.surfaces.values()):
            moved |= {f"surface{place}_{name}": column for name, column in own.columns().items()}
    pictures = b"".join(crop.picture + crop.before for crop in record.crops)
    columns = {item.name: getattr(fills, item.name) for item in fields(Fills)}
    for name in ("color", "other_color"):
        values = [local[index] for index in columns[name].ravel().tolist()]
        columns[name] = np.array(values, np.int32).reshape(columns[name].shape)
    buffer = io.BytesIO()
    np.savez(
        buffer,
        meta=np.frombuffer(json.dumps(meta).encode(), np.uint8),
        thumbnail=np.frombuffer(record.thumbnail, np.uint8),
        pictures=np.frombuffer(pictures, np.uint8),
        **columns,
        **({item.name: getattr(record.division, item.name) for item in fields(Division)} | moved),
    )
    return buffer.getvalue()


def unpack_record(data: bytes, palette: Palette) -> Record | None:
    """Read what `pack_record` wrote; None when another version wrote it."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        meta = json.loads(arrays["meta"].tobytes())
        if meta["version"] != _VERSION:
            return None
        columns: dict[str, NDArray[Any]] = {item.name: arrays[item.name] for item in fields(Fills)}
        thumbnail, pictures = arrays["thumbnail"].tobytes(), arrays["pictures"].tobytes()
        division = Division(**{item.name: arrays[item.name] for item in fields(Division)})
        surfaces = {
            name: Surfaces(*(arrays[f"surface{place}_{item.name}"] for item in fields(Surfaces)))
            for place, name in enumerate(meta.get("surfaces", ()))
        }
    indices = [UNPAINTED, *(palette.index_of_raw(raw) for raw in meta["colors"]), -1]
    for name in ("color", "other_color"):
        columns[name] = np.array(indices, np.int32)[columns[name]]  # -1 is the last entry
    return Record(
        keys=meta["keys"],
        sources=tuple(SourceUsed(source_of_code(code), *rest) for code, *rest in meta["sources"]),
        digest=meta["digest"],
        fills=Fills(**columns),
        division=division,
        not_flat=tuple(
            NotFlat(segment, indices[color], share, (at[0], at[1]), cover)
            for segment, color, share, at, cover in meta["not_flat"]
        ),
        gap_px=meta["gap_px"],
        thumbnail=thumbnail,
        notes=tuple(meta["notes"]),
        lines=LinesTaken(*meta["lines"]),
        crops=tuple(_unpack_crops(meta["crops"], pictures, indices)),
        surfaces=surfaces,
    )


def _unpack_crops(rows: list[Any], pictures: bytes, indices: list[int]) -> Iterator[Crop]:
    at = 0
    for segment, length, before, was in rows:
        middle, end = at + length, at + length + before
        then = None if was is None else (indices[was[0]], was[1], was[2])
        yield Crop(segment, pictures[at:middle], pictures[middle:end], then)
        at = end
