"""Results of a run on their way out: each once its picture is in place, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ant_core.propagation.progress import Progress
from ant_core.propagation.result import FrameResult

__all__ = ["WITH_PICTURE", "Delivery"]

WITH_PICTURE = ("predicted", "held_reference")  # roles of frames that the run puts in place


class Delivery:
    """Tells of each frame once; called by the run and by the thread that writes.

    Parameters
    ----------
    tell : callable
        Gets the result of a frame, how many frames are done, and of how many. What it raises
        reaches the run.
    """

    def __init__(self, tell: Callable[[FrameResult, int, int], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._written: set[int] = set()
        self._waiting: dict[int, FrameResult] = {}
        self._done = 0
        self._total = 0
        self._failure: BaseException | None = None

    def on_result(self, progress: Progress) -> None:
        """Take the result of a frame; it waits while its picture is being written."""
        self.check()
        result = progress.result
        with self._lock:
            self._total = progress.total
            computed = bool(result.recomputed) and result.role in WITH_PICTURE
            if computed and result.frame not in self._written:
                self._waiting[result.frame] = result
                return
            self._send(result)

    def on_put(self, frame: int) -> None:
        """A frame is in place: tell of it if its result is there.

        What goes wrong then is raised by `check`: the frames that hold the same drawing must be
        put in place as well, or they would show what another run made.
        """
        with self._lock:
            self._written.add(frame)
            result = self._waiting.pop(frame, None)
            if result is None or self._failure is not None:
                return
            try:
                self._send(result)
            except Exception as error:
                self._failure = error

    def check(self) -> None:
        """Raise what went wrong in telling of a frame."""
        if self._failure is not None:
            raise self._failure

    def _send(self, result: FrameResult) -> None:
        self._done += 1
        self._tell(result, self._done, self._total)
