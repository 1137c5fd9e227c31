"""What a run remembers in its output folder, so that the next one repeats only what it must.

    OUT/.ant_core/ledger.jsonl      appended line by line: hash of every file written and of what
                                    it replaces, drawing of every frame, hash of the pixels of
                                    every line file seen
    OUT/.ant_core/drawings/*.npz    one record a drawing: fills, and the keys they depend on

All of it may be deleted at any time; unreadable lines and records are ignored and
computed anew.
"""

from __future__ import annotations

import contextlib
import io
import json
import threading
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from ant_core.color.palette import Palette
from ant_core.errors import OutputError
from ant_core.files import WholeFiles
from ant_core.propagation.record import Record, pack_record, unpack_record

__all__ = ["RunState"]


class RunState:
    """The memory of one output folder.

    Parameters
    ----------
    folder : Path
        Made by `prepare`; reading works without it.
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
            with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):  # cut off
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
        WholeFiles.sweep(self.folder / "drawings")
        self._rewrite()

    def _rewrite(self) -> None:
        lines = [
            json.dumps([kind, key, value]) + "\n"
            for kind, entries in self._entries.items()
            for key, value in entries.items()
            if value or kind == "frame"  # of a frame that a stopped run had begun
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
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> OutputError:
        return OutputError(
            f"{self._ledger} cannot be written ({error.strerror}): free some space or choose "
            "another --out folder"
        )

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
        """Remember the pixel hash of a line file, by its `FrameInfo.digest`."""
        self._note("pixels", digest, pixels)

    def record_of(self, frame: int) -> str | None:
        """Return the name of the record that a frame was last coloured by."""
        return self._entries["frame"].get(str(frame))

    def note_record(self, frame: int, name: str) -> None:
        """Remember the name of the record that a frame was coloured by, once it shows it."""
        self._note("frame", str(frame), name)

    def begin(self, name: str, frames: Collection[int]) -> None:
        """Forget which record these frames have, and which others have the one of this name."""
        with self._lock:
            others = [key for key, value in self._entries["frame"].items() if value == name]
        for key in dict.fromkeys([*map(str, frames), *others]):
            self._note("frame", key, "")

    def load(self, name: str, palette: Palette) -> Record | None:
        """Return a record, None when there is none that can be read."""
        try:
            return unpack_record((self.folder / "drawings" / f"{name}.npz").read_bytes(), palette)
        except Exception:  # of NumPy's parsers every kind of error comes through
            return None

    def thumbnail(self, name: str) -> bytes:
        """Return the packed small picture of a record, b"" when there is none that can be read."""
        path = self.folder / "drawings" / f"{name}.npz"
        try:
            with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays:
                return bytes(arrays["thumbnail"].tobytes())
        except Exception:  # as above
            return b""

    def save(self, name: str, record: Record, palette: Palette) -> None:
        """Write a record whole; OutputError when that is refused."""
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
        """Close the ledger; OutputError when its last lines cannot be written."""
        log, self._log = self._log, None
        try:
            if log is not None:
                log.close()
        except OSError as error:  # what a full or distant disk has not taken yet
            raise self._refused(error) from error
