"""Room on the disk, locks between processes, and what the disk says when it refuses."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from ant_core import files
from ant_core.errors import Cancelled, OutputError
from ant_core.locks import Held, hold

__all__ = ["locked", "make_folder", "refusal", "require_space"]

_SPARE = 1 << 20  # bytes for entry, card and what the file system keeps for itself
_POLL_S = 0.2  # how often a stop is noticed while another process holds the lock


def refusal(path: Path, error: OSError) -> OutputError:
    """Say in one sentence why a file or folder of the store could not be written."""
    return files.refusal(path, error, "name a folder of your own with ANT_CORE_MODELS")


def make_folder(path: Path) -> None:
    """Make a folder and those above it; OutputError when that fails."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(path, error) from error


def require_space(folder: Path, size: int, what: str) -> None:
    """Check that `size` bytes fit into a folder before the first is written.

    Raises
    ------
    OutputError
        When they do not.
    """
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        raise OutputError(
            f"there is not enough room for {what} in {folder}: it needs {size / 1e6:.1f} MB and "
            f"{free / 1e6:.1f} MB are free; free some space, or name a folder elsewhere with "
            "ANT_CORE_MODELS"
        )


@contextlib.contextmanager
def locked(
    path: Path, cancel: threading.Event | None = None, on_wait: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Hold a lock that only one process can have; it falls when the process ends, however it ends.

    Parameters
    ----------
    path : Path
        The lock's own file, which stays: removing it would let two processes hold two locks.
    cancel : threading.Event, optional
        Ends the waiting with Cancelled.
    on_wait : callable
        Called once when another process holds the lock.
    """
    make_folder(path.parent)
    waited = False
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(hold(path, _POLL_S if waited else 0))
                break
            except Held:
                if not waited:
                    on_wait()
                waited = True
            except OSError as error:
                raise refusal(path, error) from error
            if cancel is not None and cancel.is_set():
                raise Cancelled("stopped while another process works on the model: run again later")
        yield
