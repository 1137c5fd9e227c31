"""Work on files in a thread, as steps of a job that end when the thread does."""

from __future__ import annotations

import threading
from typing import Any, Callable

from ..requests import Steps
from .problems import SetupStopped

FOREVER = 1e9  # seconds


class Stage:
    """How far it is; written by a thread, passed on by the event loop alone, to widgets."""

    def __init__(self, told: Callable[[str, int, int], None]) -> None:
        self.name, self.done, self.total = "", 0, 0
        self._told = told
        self._last: tuple[str, int, int] | None = None

    def begin(self, name: str, total: int = 0) -> None:
        """Begin the next one, without telling of it yet."""
        self.name, self.done, self.total = name, 0, total

    def tell(self) -> None:
        """Tell of it where it has changed."""
        now = (self.name, self.done, self.total)
        if now != self._last:
            self._last = now
            self._told(*now)


def in_thread(work: Callable[[Callable[[], None]], Any], stage: Stage) -> Steps:
    """Steps that run `work(look)` and return what it returns.

    `look()` raises SetupStopped once the job was cancelled: `work` calls it often.
    """
    stop = threading.Event()
    ended: list[tuple[Any, BaseException | None]] = []

    def look() -> None:
        if stop.is_set():
            raise SetupStopped

    def run() -> None:
        try:
            ended.append((work(look), None))
        except BaseException as error:  # the thread's border
            ended.append((None, error))

    def over() -> bool:
        stage.tell()
        return not thread.is_alive()

    thread = threading.Thread(target=run, name="engine setup", daemon=True)
    thread.start()
    try:
        yield over, FOREVER
    except GeneratorExit:
        stop.set()
        raise
    except BaseException:
        stop.set()
        yield over, FOREVER
        raise
    value, error = ended[0]
    if error is not None:
        raise error
    return value
