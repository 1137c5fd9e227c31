"""Files written beside their final name and renamed, so that none is ever half there."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import stat
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ant_core.errors import InputError, OutputError

if sys.platform != "win32":
    import fcntl

__all__ = [
    "WholeFiles",
    "check_regular",
    "json_bytes",
    "read_bytes",
    "refusal",
    "same_file",
    "unreadable",
]

_MOST_BYTES = 4 << 30  # of a file that is read whole
_PART = ".part-"  # short and apart from the final name, which may be as long as names can be


def read_bytes(
    path: Path,
    remedy: str = "export it again or leave its frame out",
    most: int = _MOST_BYTES,
) -> bytes:
    """Return a file's content; InputError says what is wrong otherwise.

    A device, a pipe or a folder is not opened, nor a file of more than `most` bytes, 4 GiB.
    `remedy` says what to do about a file that is missing.
    """
    try:
        found = path.stat()
        check_regular(path, found)
        if found.st_size > most:
            raise InputError(
                f"{path} has {found.st_size / 1e6:.0f} MB, more than the "
                f"{most / 1e6:.0f} that can be read: export it again, smaller"
            )
        return path.read_bytes()
    except FileNotFoundError:
        raise InputError(f"{path} is missing: {remedy}") from None
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> InputError:
    """Return the error of a file that is there and cannot be read."""
    return InputError(
        f"{path} cannot be read ({error.strerror}): check the file and its permissions"
    )


def json_bytes(document: Any) -> bytes:
    """Return a JSON document as its file holds it: indented, in UTF-8, with a last line break."""
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    # Half of a surrogate pair, which a file's name may have, becomes an escape that JSON knows.
    return text.encode("utf-8", "backslashreplace")


def check_regular(path: Path, found: os.stat_result) -> None:
    """Raise InputError when what is there is a folder, a device or a pipe, which may never end."""
    if not stat.S_ISREG(found.st_mode):
        raise InputError(f"{path} is a folder or a device: name a file")


def same_file(first: Path, second: Path) -> bool:
    """Tell whether two paths lead to one file or folder, be it there or not."""
    try:
        return os.path.samefile(first, second)
    except OSError:
        return os.path.realpath(first) == os.path.realpath(second)


class WholeFiles:
    """Writes files whole or not at all, and knows which ones are under way.

    What a killed run left unfinished in a folder goes before the first file is written there.
    Threads may share one; `discard` takes away what is unfinished, also from another thread.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Path] = set()
        self._swept: set[Path] = set()
        self._closed = False

    def write(self, path: Path, data: bytes) -> None:
        """Put `data` at `path`; see `write_pieces`."""
        self.write_pieces(path, (data,))

    def write_pieces(self, path: Path, pieces: Iterable[bytes], *, durable: bool = False) -> None:
        """Put the joined pieces at `path`; a file that is replaced keeps its permissions.

        Parameters
        ----------
        pieces : iterable of bytes
        durable : bool
            Whether they must be on the disk, safe from a power cut, before what lay there goes.

        Raises
        ------
        OutputError
            When the disk is full, read-only or otherwise refuses; nothing is left behind then.
        """
        # Machines that share a folder may have the same process ids, in containers above all.
        part = path.parent / f"{_PART}{secrets.token_hex(8)}"
        with self._lock:
            if self._closed:
                return
            self._open.add(part)
            swept = path.parent in self._swept
            self._swept.add(path.parent)
        try:
            if not swept:
                self.sweep(path.parent)
            with _created(part) as file:
                file.writelines(pieces)
                file.flush()
                with contextlib.suppress(OSError):
                    part.chmod(stat.S_IMODE(path.stat().st_mode))
                if durable:
                    os.fsync(file.fileno())
                if sys.platform != "win32":
                    part.replace(path)
            if sys.platform == "win32":  # where no open file can be renamed
                part.replace(path)
        except BaseException as error:
            with contextlib.suppress(OSError):
                part.unlink()
            if isinstance(error, OSError):
                raise refusal(path, error) from error
            raise
        finally:
            with self._lock:
                self._open.discard(part)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it; OutputError when that fails."""
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refusal(path, error) from error

    def discard(self) -> None:
        """Remove unfinished files and write nothing more: the process is about to end."""
        with self._lock:
            self._closed = True
            for part in self._open:
                with contextlib.suppress(OSError):
                    part.unlink()

    @staticmethod
    def sweep(folder: Path) -> None:
        """Remove what a killed run left unfinished in a folder, none that is being written.

        For folders in which a run may find all done and write nothing.
        """
        for part in folder.glob(_PART + "*"):
            with contextlib.suppress(OSError), part.open("r+b") as file:
                if sys.platform != "win32":
                    fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                    part.unlink()
            if sys.platform == "win32":  # where no open file can be removed
                with contextlib.suppress(OSError):
                    part.unlink()


@contextmanager
def _created(part: Path) -> Iterator[BinaryIO]:
    """Make a file that no `sweep` of another process takes away while it is open."""
    while True:
        with part.open("xb") as file:
            if sys.platform != "win32":
                with contextlib.suppress(OSError):  # a file system without locks
                    fcntl.flock(file.fileno(), fcntl.LOCK_EX)
                if not part.exists():  # swept just before it was locked
                    continue
            yield file
            return


def refusal(
    path: Path, error: OSError, elsewhere: str = "choose another --out folder"
) -> OutputError:
    """Say in one sentence why a file or folder could not be written, and what else to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OutputError(
            f"the disk is full or its quota used up while writing {path}: free some space, or "
            f"{elsewhere}, and run again, what is finished is kept"
        )
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return OutputError(
            f"{path} cannot be written, the place is read-only: {elsewhere} or change its "
            "permissions"
        )
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return OutputError(f"{path} cannot be made because a file stands in its way: {elsewhere}")
    return OutputError(f"{path} cannot be written ({error.strerror or error}): {elsewhere}")
