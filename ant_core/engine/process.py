"""The engine as a process: its streams, its priority, and its end when its parent is gone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import psutil

__all__ = [
    "end_with_parent",
    "give_back_memory",
    "lower_priority",
    "reserve_streams",
    "usable_cores",
]

_PR_SET_PDEATHSIG = 1
_WATCH_EVERY_S = 1.0
_NICER = 10  # of 19: the painting program goes first, the engine still moves


def reserve_streams() -> tuple[BinaryIO, BinaryIO]:
    """Take stdin and stdout for messages alone, and return them as binary files.

    Other code that reads descriptor 0 from now on finds its end, and output of Python and of native
    libraries to descriptor 1 goes to stderr.
    """
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        os.fstat(2)
    except OSError:  # closed: the next descriptor made would become stderr
        os.dup2(nowhere, 2)
    incoming, outgoing = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for descriptor in (incoming, outgoing):
            msvcrt.setmode(descriptor, os.O_BINARY)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)
    if nowhere > 2:
        os.close(nowhere)
    return os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb", buffering=0)


def usable_cores(*, background: bool = False) -> int:
    """Return how many CPU threads to use: all that the process may, one fewer in the background."""
    # What a container or `taskset` leaves; os.process_cpu_count came with Python 3.13.
    allowed = getattr(os, "sched_getaffinity", None)
    cores = len(allowed(0)) if allowed else os.cpu_count() or 1
    return max(1, cores - 1) if background else cores


def give_back_memory() -> None:
    """Return memory that is free to the system; glibc keeps it in pieces that grow over hours."""
    if not sys.platform.startswith("linux"):
        return
    with contextlib.suppress(OSError, AttributeError):  # another libc
        ctypes.CDLL(None).malloc_trim(0)


def lower_priority() -> None:
    """Let other programs go first; threads made later inherit it."""
    if sys.platform == "win32":
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
        return
    tasks = Path("/proc/self/task")
    # Linux keeps the priority by thread, and os.nice would change that of the caller alone.
    threads = [int(task.name) for task in tasks.iterdir()] if tasks.is_dir() else [0]
    for thread in threads:
        with contextlib.suppress(OSError):  # the thread just ended, or the system forbids it
            now = os.getpriority(os.PRIO_PROCESS, thread)
            os.setpriority(os.PRIO_PROCESS, thread, max(now, _NICER))


def end_with_parent() -> None:
    """End this process at once, also during work, when the one that started it is gone.

    Linux means the thread that started it: a program should start the engine from one that stays.
    """
    parent = os.getppid()
    if sys.platform == "win32":
        _watch(lambda: _wait_for_end(parent))
        return
    if not _ask_kernel():
        _watch(lambda: _wait_for_new_parent(parent))
    elif os.getppid() != parent:  # it went before the kernel knew what to do
        os._exit(1)


def _ask_kernel() -> bool:
    """Let Linux kill this process with its parent; False where it will not."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        libc = ctypes.CDLL(None)
        return bool(libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def _watch(wait: Callable[[], None]) -> None:
    def body() -> None:
        wait()
        os._exit(1)

    threading.Thread(target=body, name="parent watch", daemon=True).start()


def _wait_for_new_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_EVERY_S)


def _wait_for_end(number: int) -> None:
    """Wait until another process of Windows ends, which need not be our parent any more."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(number).wait()
