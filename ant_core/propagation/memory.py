"""What a run remembers in its output folder, so that the next one repeats only what it must.

    OUT/.ant_core/ledger.jsonl      appended line by line: hash of every file written and of what
                                    it replaces, drawing of every frame, hash of the pixels of
                                    every line file seen
    OUT/.ant_core/drawings/*.npz    one record a drawing: fills, and the keys they depend on

All of it may be deleted at any time; a broken line or record counts as absent.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import astuple, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import UNPAINTED, Palette
from ant_core.errors import OutputError
from ant_core.files import WholeFiles
from ant_core.matching.fills import Fills
from ant_core.matching.sources import SheetId, source_code, source_of_code
from ant_core.propagation.crops import Crop
from ant_core.propagation.division import Division
from ant_core.propagation.prepared import LinesTaken
from ant_core.propagation.result import NotFlat, SourceUsed
from ant_core.propagation.surfaces import Surfaces

__all__ = [
    "Record",
    "RunState",
    "digest_of",
    "pack_record",
    "record_name",
    "unpack_record",
    "why_computed",
]

_VERSION = 6


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
    return "its file was missing" if record.sources == sources else "it has other references now"


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
    not_flat: tuple[NotFlat, ...]
    gap_px: float
    thumbnail: bytes
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
        meta["keys"],
        tuple(SourceUsed(source_of_code(code), *rest) for code, *rest in meta["sources"]),
        meta["digest"],
        Fills(**columns),
        division,
        tuple(
            NotFlat(segment, indices[color], share, (at[0], at[1]), cover)
            for segment, color, share, at, cover in meta["not_flat"]
        ),
        meta["gap_px"],
        thumbnail,
        tuple(meta["notes"]),
        LinesTaken(*meta["lines"]),
        tuple(_unpack_crops(meta["crops"], pictures, indices)),
        surfaces,
    )


def _unpack_crops(rows: list[Any], pictures: bytes, indices: list[int]) -> Iterator[Crop]:
    at = 0
    for segment, length, before, was in rows:
        middle, end = at + length, at + length + before
        then = None if was is None else (indices[was[0]], was[1], was[2])
        yield Crop(segment, pictures[at:middle], pictures[middle:end], then)
        at = end


class RunState:
    """The memory of one output folder.

    Parameters
    ----------
    folder : Path
        Made by `prepare`; reading works without it.
    files : WholeFiles
    """

    def __init__(self, folder: Path, files: WholeFiles) -> None:
        self.folder = folder
        self._files = files
        self._entries = self._read_ledger()
        self._log: Any = None
        self._lock = threading.Lock()  # frames are noted by the run, files also by its writer

    @property
    def _ledger(self) -> Path:
        return self.folder / "ledger.jsonl"

    def _read_ledger(self) -> dict[str, dict[str, str]]:
        entries: dict[str, dict[str, str]] = {
            kind: {} for kind in ("file", "before", "frame", "pixels")
        }
        try:
            lines = self._ledger.read_bytes().splitlines()
        except OSError:
            return entries
        for line in lines:
            with contextlib.suppress(ValueError, TypeError, KeyError):  # a line cut off
                kind, key, value = json.loads(line)
                entries[kind][key] = value
        return entries

    def prepare(self) -> None:
        """Make the folder and begin to write, while the output's lock is held.

        Raises
        ------
        OutputError
            When another run wrote here since the memory was read: what was decided by it may be
            wrong, and the other run's files would be taken for the artist's.
        """
        self._files.make_folder(self.folder / "drawings")
        if self._read_ledger() != self._entries:
            raise OutputError(
                f"another run has written this output since this one looked at it ({self.folder}): "
                "run the same command again"
            )
        WholeFiles.sweep(self.folder)
        WholeFiles.sweep(self.folder / "drawings")
        self._rewrite()

    def _rewrite(self) -> None:
        lines = [
            json.dumps([kind, key, value]) + "\n"
            for kind, entries in self._entries.items()
            for key, value in entries.items()
            if value
        ]
        self._files.write(self._ledger, "".join(lines).encode())

    def _note(self, kind: str, key: str, value: str) -> None:
        with self._lock:
            if self._entries[kind].get(key, "") != value:
                self._entries[kind][key] = value
                self._append(json.dumps([kind, key, value]) + "\n")

    def _append(self, line: str) -> None:
        try:
            if self._log is None:
                self._log = self._ledger.open("a", encoding="utf-8")
            self._log.write(line)
            self._log.flush()
        except OSError as error:
            raise OutputError(
                f"{self._ledger} cannot be written ({error.strerror}): free some space or choose "
                "another --out folder"
            ) from error

    def file_hash(self, name: str) -> str | None:
        """Return the hash of the file that a run last put under a name."""
        return self._entries["file"].get(name)

    def replaced_hash(self, name: str) -> str | None:
        """Return the hash of the file that a stopped run was about to replace, if it was."""
        return self._entries["before"].get(name) or None

    def note_file(self, name: str, digest: str, before: str | None) -> None:
        """Remember the hash of a file about to be put in place, and of the one that is there."""
        self._note("before", name, before or "")
        self._note("file", name, digest)

    def note_replaced(self, name: str) -> None:
        """Forget what a file replaced: it is in place."""
        self._note("before", name, "")

    def pixels_of(self, digest: str) -> str | None:
        """Return the pixel hash of a line file seen before, by its `FrameInfo.digest`."""
        return self._entries["pixels"].get(digest)

    def note_pixels(self, digest: str, pixels: str) -> None:
        self._note("pixels", digest, pixels)

    def record_of(self, frame: int) -> str | None:
        """Return the name of the record that a frame was last coloured by."""
        return self._entries["frame"].get(str(frame))

    def note_record(self, frame: int, name: str) -> None:
        self._note("frame", str(frame), name)

    def load(self, name: str, palette: Palette) -> Record | None:
        """Return a record, None when there is none that can be read."""
        try:
            return unpack_record((self.folder / "drawings" / f"{name}.npz").read_bytes(), palette)
        except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError):
            return None
        except zipfile.BadZipFile:
            return None

    def thumbnail(self, name: str) -> bytes:
        """Return the packed small picture of a record, b"" when there is none that can be read."""
        path = self.folder / "drawings" / f"{name}.npz"
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
                return bytes(arrays["thumbnail"].tobytes())
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return b""

    def save(self, name: str, record: Record, palette: Palette) -> None:
        self._files.write(self.folder / "drawings" / f"{name}.npz", pack_record(record, palette))

    def finish(self, live_digests: Collection[str]) -> None:
        """Forget records that no frame uses and line files that are gone, and close.

        Parameters
        ----------
        live_digests : collection of str
            `FrameInfo.digest` of the line files of this run.
        """
        self.close()
        pixels = self._entries["pixels"]
        self._entries["pixels"] = {key: pixels[key] for key in live_digests if key in pixels}
        self._rewrite()
        used = set(self._entries["frame"].values())
        for path in (self.folder / "drawings").glob("*.npz"):
            if path.stem not in used:
                with contextlib.suppress(OSError):
                    path.unlink()

    def close(self) -> None:
        if self._log is not None:
            self._log.close()
            self._log = None
