"""What can go wrong while the engine is set up, as sentences; retries on held files."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import sys
import time
from typing import Any, Callable, Iterable

from ...i18n import tr
from ...state.engine_states import FOLDER

# WinError 5, 32 and 33: another program holds the file; 225 and 226: a scanner took it away.
_HELD, _TAKEN = {5, 32, 33}, {225, 226}
_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_WINDOWS_FULL = {39, 112}
_WAITS = (0.1, 0.2, 0.5, 1.0, 2.0, 3.0)  # seconds: a scanner reads a library of 100 MB in that


class SetupProblem(Exception):
    """One sentence for the artist; `ways` are the remedies beside "try again"."""

    def __init__(self, sentence: str, *ways: str) -> None:
        super().__init__(sentence)
        self.ways = ways


class EngineFails(SetupProblem):
    """An engine that is whole does not work on this computer."""


class SetupStopped(Exception):
    """The artist stopped it."""


def megabytes(size: int) -> str:
    """Return bytes as whole megabytes, never 0 for something."""
    return str(max(1, round(size / 1e6))) if size else "0"


def disk_full(needed: int, free: int, folder: object) -> SetupProblem:
    """Return the problem with both figures."""
    return SetupProblem(
        tr(
            "The engine needs {needed} MB and {free} MB are free in {folder}: make room there, or "
            "choose another folder.",
            needed=megabytes(needed),
            free=megabytes(free),
            folder=folder,
        ),
        FOLDER,
    )


def explain(error: OSError, folder: object) -> SetupProblem:
    """Return the sentence for an error of the file system."""
    code = getattr(error, "winerror", None)
    if error.errno in _FULL or code in _WINDOWS_FULL:
        return SetupProblem(
            tr("The disk of {folder} is full: make room there, or choose another.", folder=folder),
            FOLDER,
        )
    if code in _TAKEN:
        return SetupProblem(
            tr(
                "A virus scanner removed a file of the engine: allow the folder {folder} there.",
                folder=folder,
            ),
            FOLDER,
        )
    if code in _HELD:
        return SetupProblem(
            tr(
                "Another program, perhaps a virus scanner, holds a file in {folder}: wait a minute "
                "and try again.",
                folder=folder,
            ),
            FOLDER,
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return SetupProblem(
            tr("Nothing can be written in {folder}: choose another folder.", folder=folder), FOLDER
        )
    return cannot_write(folder, error.strerror or type(error).__name__)


def cannot_write(folder: object, reason: str) -> SetupProblem:
    """Return the problem of a disk, for the reason that the system gives."""
    return SetupProblem(
        tr(
            "The disk of {folder} cannot be written to ({reason}): choose another folder.",
            folder=folder,
            reason=reason,
        ),
        FOLDER,
    )


def retrying(
    call: Callable[[], Any],
    waits: Iterable[float] = _WAITS,
    sleep: Callable[..., None] = time.sleep,
) -> Any:
    """Call something on files again while another program holds one; in a thread only."""
    for wait in waits:
        try:
            return call()
        except OSError as error:
            if getattr(error, "winerror", None) not in _HELD | _TAKEN:
                raise
        sleep(wait)
    return call()


def remove_tree(folder: str | os.PathLike[str]) -> None:
    """Delete a folder, with retries, read-only files too; nothing happens where there is none."""

    def again(remove: Callable[[str], None], path: str, error: Any) -> None:
        cause = error if isinstance(error, BaseException) else error[1]
        if isinstance(cause, FileNotFoundError):
            return
        if not isinstance(cause, OSError):
            raise cause
        os.chmod(path, stat.S_IRWXU)
        retrying(lambda: remove(path))

    handler = {"onexc" if sys.version_info >= (3, 12) else "onerror": again}
    try:
        retrying(lambda: shutil.rmtree(folder, **handler))
    except FileNotFoundError:
        return
