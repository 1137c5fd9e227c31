"""Ctrl-C: work ends between two stages, and the process within a second whatever it is doing."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

__all__ = ["run_interruptibly"]

T = TypeVar("T")

_PATIENCE_S = 0.7  # for a stage to end by itself; one long native call may take more
_SIGNALS = ("SIGINT", "SIGTERM", "SIGBREAK")


def run_interruptibly(
    work: Callable[[], T], cancel: threading.Event, give_up: Callable[[], None]
) -> T:
    """Run `work` on a thread of its own, so that signals are heard at once.

    Parameters
    ----------
    work : callable
        Looks at `cancel` between its stages.
    cancel : threading.Event
        Set when the user interrupts.
    give_up : callable
        Called when `work` did not end in time after that; should end the process.

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

    with _listening(cancel):
        thread = threading.Thread(target=body, name="work", daemon=True)
        thread.start()
        while not done.wait(0.1):
            if cancel.is_set() and not done.wait(_PATIENCE_S):
                give_up()
        thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


@contextmanager
def _listening(cancel: threading.Event) -> Iterator[None]:
    """Turn interruption signals into the event, as far as this thread may."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_signal(number: int, frame: FrameType | None) -> None:
        del number, frame
        cancel.set()

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, on_signal) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
