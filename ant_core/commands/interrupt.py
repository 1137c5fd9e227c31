"""Ctrl-C: work ends between two stages; if that takes long, the process ends without it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

__all__ = ["PATIENCE_S", "run_interruptibly"]

T = TypeVar("T")

PATIENCE_S = 0.7  # for a stage to end by itself; one long native call may take more
_SIGNALS = ("SIGINT", "SIGTERM", "SIGBREAK")


def run_interruptibly(
    work: Callable[[], T],
    cancel: threading.Event,
    give_up: Callable[[], None],
    patience_s: float = PATIENCE_S,
) -> T:
    """Run `work` on a thread of its own, so that signals take effect at once.

    Parameters
    ----------
    work : callable
        Looks at `cancel` between its stages.
    cancel : threading.Event
        Set when the user interrupts.
    give_up : callable
        Called when `work` did not end in time after that, or when the user interrupts again;
        should end the process.
    patience_s : float
        That time.

    Returns
    -------
    What `work` returns; what it raises is raised.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []
    done = threading.Event()

    def body() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)
        finally:
            done.set()

    with _listening(cancel) as again:
        thread = threading.Thread(target=body, name="work", daemon=True)
        thread.start()
        until = float("inf")
        while not done.wait(0.1):
            if cancel.is_set():
                until = min(until, time.monotonic() + patience_s)
            if again.is_set() or time.monotonic() >= until:
                give_up()
        thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


@contextmanager
def _listening(cancel: threading.Event) -> Iterator[threading.Event]:
    """Turn interruption signals into the event, further ones into that which is yielded.

    As far as this thread may.
    """
    again = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield again
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        (again if cancel.is_set() else cancel).set()

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield again
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
