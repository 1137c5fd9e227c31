"""Two helpers of a run: one takes the next drawing apart, one writes the last one away.

With `overlap` off everything happens on the calling thread, one thing after the other.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from types import TracebackType

import cv2
import numba

from ant_core.propagation.prepared import Analysis

__all__ = ["Pipeline", "limit_threads"]

_MAX_WAITING = 2  # drawings that wait to be written; more would only take memory


def limit_threads(threads: int | None) -> None:
    """Let OpenCV and the calling thread's Numba kernels use so many CPU threads."""
    if threads is not None:
        cv2.setNumThreads(threads)
        most = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
        numba.set_num_threads(min(threads, most))


def _analyze_no_more(frame: int) -> Analysis:
    raise RuntimeError(f"the run is over, frame {frame} is not looked at any more")


class Pipeline:
    """Overlap reading and writing with the work in between.

    Parameters
    ----------
    analyze : callable
        Reads and takes apart the drawing of a frame.
    overlap : bool
        Whether to use threads at all.
    threads : int, optional
        CPU threads for the kernels of each; all cores if not given.
    """

    def __init__(
        self,
        analyze: Callable[[int], Analysis],
        *,
        overlap: bool,
        threads: int | None = None,
    ) -> None:
        self._analyze = analyze
        self._overlap = overlap
        start = partial(limit_threads, threads)  # Numba keeps the number by thread
        start()
        self._reader = ThreadPoolExecutor(1, "read", initializer=start)
        self._writer = ThreadPoolExecutor(1, "write", initializer=start)
        self._ahead: dict[int, Future[Analysis]] = {}
        self._kept: tuple[int, Analysis] | None = None
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish what is being written, drop what was only read ahead."""
        self._reader.shutdown(wait=True, cancel_futures=True)
        self._writer.shutdown(wait=True, cancel_futures=kind is not None)
        self._ahead.clear()
        self._kept = None
        self._analyze = _analyze_no_more  # a cycle with what it belongs to

    def prefetch(self, frame: int) -> None:
        """Begin to take apart a drawing that is probably needed next."""
        if self._overlap and frame not in self._ahead and not self._is_kept(frame):
            self._ahead[frame] = self._reader.submit(self._analyze, frame)

    def get(self, frame: int) -> Analysis:
        """Return a drawing taken apart; the last one asked for stays at hand."""
        if self._kept is not None and self._kept[0] == frame:
            return self._kept[1]
        self._kept = None  # before the next one is made: two may not fit
        future = self._ahead.pop(frame, None)
        analysis = future.result() if future is not None else self._analyze(frame)
        self._kept = (frame, analysis)
        return analysis

    def _is_kept(self, frame: int) -> bool:
        return self._kept is not None and self._kept[0] == frame

    def hand_over(self, job: Callable[[], None]) -> None:
        """Write in the background; waits while too much is waiting already."""
        if not self._overlap:
            job()
            return
        while len(self._waiting) >= _MAX_WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._writer.submit(job))

    def check(self) -> None:
        """Raise what went wrong in a job that is done."""
        while self._waiting and self._waiting[0].done():
            self._waiting.popleft().result()

    def flush(self) -> None:
        """Wait until everything is written."""
        while self._waiting:
            self._waiting.popleft().result()
