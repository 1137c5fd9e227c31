"""Files written beside their final name and renamed, so that none is ever half there."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import threading
from collections.abc import Iterable
from pathlib import Path

from ant_core.errors import InputError, OutputError

__all__ = ["WholeFiles", "read_bytes"]

_PART = ".part-"  # short and apart from the final name, which may be as long as names can be


def read_bytes(path: Path) -> bytes:
    """Return a file's content; InputError says what is wrong otherwise."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} is missing: export it again or leave its frame out") from None
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): check the file and its permissions"
        ) from error


class WholeFiles:
    """Writes files whole or not at all, and knows which ones are under way.

    Threads may share one; `discard` takes away what is unfinished, also from another thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Path] = set()
        self._counter = itertools.count()
        self._closed = False

    def write(self, path: Path, data: bytes) -> None:
        """Put `data` at `path`; see `write_pieces`."""
        self.write_pieces(path, (data,))

    def write_pieces(self, path: Path, pieces: Iterable[bytes]) -> None:
        """Put the joined pieces at `path`.

        Raises
        ------
        OutputError
            When the disk is full, read-only or otherwise refuses; nothing is left behind then.
        """
        part = path.parent / f"{_PART}{os.getpid()}-{next(self._counter)}"
        with self._lock:
            if self._closed:
                return
            self._open.add(part)
        try:
            with part.open("wb") as file:
                file.writelines(pieces)
            part.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise _refusal(path, error) from error
        finally:
            with self._lock:
                self._open.discard(part)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it; OutputError when that fails."""
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _refusal(path, error) from error

    def discard(self) -> None:
        """Remove unfinished files and write nothing more: the process is about to end."""
        with self._lock:
            self._closed = True
            for part in self._open:
                with contextlib.suppress(OSError):
                    part.unlink()

    @staticmethod
    def sweep(folder: Path) -> None:
        """Remove unfinished files that a killed run left in a folder."""
        for part in folder.glob(_PART + "*"):
            with contextlib.suppress(OSError):
                part.unlink()


def _refusal(path: Path, error: OSError) -> OutputError:
    """Say in one sentence why a file or folder could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OutputError(
            f"the disk is full or its quota used up while writing {path}: free some space and "
            "run again, finished frames are kept"
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return OutputError(
            f"{path} cannot be written, the place is read-only: choose another --out folder or "
            "change its permissions"
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return OutputError(
            f"{path} cannot be made because a file stands in its way: choose another --out folder"
        )
    return OutputError(
        f"{path} cannot be written ({error.strerror or error}): choose another --out folder"
    )
