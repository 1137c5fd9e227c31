"""One process at a time: locks of files and folders that several machines may share."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from ant_core.errors import OutputError
from ant_core.files import WholeFiles, refusal

__all__ = ["Held", "alone", "hold", "process_name"]

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
    from filelock import FileLock, SoftFileLock, Timeout

    holder = path.with_name(path.name + "-holder")
    lock: FileLock | SoftFileLock = FileLock(path)
    try:
        try:
            lock.acquire(timeout=patience_s)
        except NotImplementedError:  # a file system without locks, such as some network drives
            # Stays after a kill; the message of `alone` names the file.
            lock = SoftFileLock(path.with_name(path.name + "-soft"))
            lock.acquire(timeout=patience_s)
    except Timeout:
        raise Held(_read(holder)) from None
    try:
        with contextlib.suppress(OSError):  # the lock holds without its holder's name
            since = time.strftime("%Y-%m-%d %H:%M:%S")
            holder.write_text(json.dumps({"process": process_name(), "since": since}), "utf-8")
        yield
    finally:
        lock.release()


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
    files : WholeFiles

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
                f"another --out; where a killed run has left {path}-soft, remove that file"
            ) from None
        except OSError as error:
            raise refusal(path, error) from error
        yield
