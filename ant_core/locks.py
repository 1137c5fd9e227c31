"""One process at a time: locks of files and folders that several machines may share."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ant_core.errors import OutputError
from ant_core.files import WholeFiles, refusal

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["Held", "alone", "hold", "process_name"]

# What a drive without locks answers, some network drives among them.
_NO_LOCKS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK)
_PATIENCE_S = 1.0  # a run that was stopped may take so long to end


def process_name() -> str:
    """Name this process among those of all machines."""
    return f"{socket.gethostname()} {os.getpid()}"


class Held(Exception):
    """Another process has the lock; `str` says which, since when."""


@contextlib.contextmanager
def hold(path: Path, patience_s: float = 0.0) -> Iterator[None]:
    """Hold a lock that only one process can have; it falls when the process ends, however it ends.

    Parameters
    ----------
    path : Path
        The lock's own file, which stays: removing it would let two processes hold two locks. The
        holder's name stands beside it.
    patience_s : float
        How long to wait for another process.

    Raises
    ------
    Held
    OSError
        When the file cannot be made.
    """
    # Takes 20 ms to load; most commands hold no lock.
    from filelock import Timeout

    holder = path.with_name(path.name + "-holder")
    try:
        lock = _acquired(path, patience_s)
    except Timeout:
        raise Held(_read(holder)) from None
    try:
        with contextlib.suppress(OSError):  # the lock holds without its holder's name
            since = time.strftime("%Y-%m-%d %H:%M:%S")
            holder.write_text(json.dumps({"process": process_name(), "since": since}), "utf-8")
        yield
    finally:
        lock.release()


def _acquired(path: Path, patience_s: float) -> BaseFileLock:
    """Return the lock, held; on a drive that has no locks it is a file that is there or not.

    Such a file stays after a kill; the message of `alone` names it.
    """
    from filelock import FileLock, SoftFileLock, Timeout

    lock = FileLock(path)
    try:
        lock.acquire(timeout=patience_s)
        return lock
    except Timeout:
        raise
    except NotImplementedError:
        pass
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    soft = SoftFileLock(path.with_name(path.name + "-soft"))
    soft.acquire(timeout=patience_s)
    return soft


def _read(holder: Path) -> str:
    """Say who holds a lock."""
    try:
        told = json.loads(holder.read_text("utf-8"))
        host, process = str(told["process"]).rsplit(" ", 1)
        return f"process {process} on {host}, since {told['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "a process that has just begun"


@contextlib.contextmanager
def alone(folder: Path, place: Path, files: WholeFiles) -> Iterator[None]:
    """Keep an output from every other process that writes outputs.

    Parameters
    ----------
    folder : Path
        `.ant_core` of the output; made if it is not there.
    place : Path
        The output, for the message.

    Raises
    ------
    OutputError
        When another process has it, or the lock cannot be made.
    """
    files.make_folder(folder)
    path = folder / "lock"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(hold(path, _PATIENCE_S))
        except Held as held:
            raise OutputError(
                f"another run is writing {place} ({held}): wait until it has ended, or choose "
                f"another --out; if no run is at work, one that was killed on a drive without "
                f"locks has left {path} and {path}-soft: remove them"
            ) from None
        except OSError as error:
            raise refusal(path, error) from error
        yield
