"""Jobs: generators that do Krita work in steps, each step one event of Krita's event loop.

Krita holds back part of its own work while a nested event loop runs, so nothing here ever waits
inside a step. A job yields instead, and says what it waits for:

    yield                      one turn of the event loop (None and 0 alike)
    yield 0.2                  that many seconds
    yield condition            until condition() is true
    yield condition, 5.0       the same, but TimeoutError is raised in the job after 5 seconds
"""

import time
from typing import Any, Callable, Generator, Optional

from ..log import logger
from ..pauses import pauses

POLL_SECONDS = 0.02
CONDITION_TIMEOUT_SECONDS = 60.0
# While a dialog or menu is open, Krita runs a nested loop: jobs rest and look again this often.
RESTING_SECONDS = 0.1


class JobCancelled(Exception):
    """Raised inside a job at its next step after cancel()."""


class QtClock:
    """Time and timers of the Qt event loop."""

    def now(self) -> float:
        """Return seconds on a clock that never jumps."""
        return time.monotonic()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call `call` from the event loop after so many seconds."""
        from ..qt import QtCore

        def slot() -> None:
            try:
                call()
            except Exception:  # Krita would open a dialog over the artist's work
                logger.exception("a timed call failed: %s", call)

        QtCore.QTimer.singleShot(max(0, int(seconds * 1000)), slot)

    def resting(self) -> bool:
        """Tell whether a dialog or menu is open, which runs a nested event loop."""
        from ..qt import QtWidgets

        application = QtWidgets.QApplication
        return application.activeModalWidget() or application.activePopupWidget()


class Runner:
    """Runs one job; calls `on_result(value)` or `on_error(exception)` once, at its end."""

    def __init__(
        self,
        generator: Generator[Any, None, Any],
        name: str,
        on_result: Callable[[Any], None],
        on_error: Callable[[BaseException], None],
        clock: Any = None,
    ) -> None:
        self.name = name
        self.done = False
        self._generator = generator
        self._on_result = on_result
        self._on_error = on_error
        self._clock = clock or QtClock()
        self._condition: Optional[Callable[[], bool]] = None
        self._deadline = 0.0
        self._cancelled = False
        self._throw_next: Optional[BaseException] = None
        self._turn = 0
        self._stepping = False
        self._schedule(0)

    @property
    def cancelled(self) -> bool:
        """Whether the job was asked to end."""
        return self._cancelled

    def cancel(self) -> None:
        """Raise JobCancelled in the job at its next step, cutting a wait short."""
        if not self.done and not self._cancelled:
            self._cancelled = True
            self._condition = None
            self._throw_next = JobCancelled()
            self._schedule(0)

    def close(self) -> None:
        """End the job now, with what it does at its end: no later event is waited for."""
        if self._stepping:  # Krita's nested event loop: it cannot be closed from within itself
            self.cancel()
        elif not self.done:
            self.done = True
            self._generator.close()

    def _schedule(self, seconds: float) -> None:
        # Only the newest timer counts: one that a cancel overtook finds its number out of date.
        self._turn += 1
        turn = self._turn
        self._clock.later(seconds, lambda: self._step(turn))

    def _step(self, turn: int) -> None:
        # Krita 6 runs a nested event loop while it waits for strokes: a cancel pressed then has its
        # timer fire within the step, after which _wait_for sees it.
        if self.done or self._stepping or turn != self._turn:
            return
        if self._clock.resting():
            self._schedule(RESTING_SECONDS)
            return
        if self._condition is not None and not self._condition_met():
            self._schedule(POLL_SECONDS)
            return
        self._stepping = True
        try:
            with pauses.measure("step"):
                wish = self._resume()
        except StopIteration as end:
            self._finish(self._on_result, end.value)
        except BaseException as error:  # the job's border: every error goes to its owner
            self._finish(self._on_error, error)
        else:
            self._stepping = False
            self._wait_for(wish)

    def _condition_met(self) -> bool:
        try:
            met = self._condition()
        except Exception as error:
            self._throw_next, met = error, True
        if not met and self._clock.now() < self._deadline:
            return False
        if not met:
            self._throw_next = TimeoutError(f"{self.name}: what the job waited for never came")
        self._condition = None
        return True

    def _resume(self) -> Any:
        error, self._throw_next = self._throw_next, None
        return next(self._generator) if error is None else self._generator.throw(error)

    def _wait_for(self, wish: Any) -> None:
        if self._throw_next is not None:  # the job was cancelled from within its own step
            self._schedule(0)
            return
        timeout = CONDITION_TIMEOUT_SECONDS
        if isinstance(wish, tuple):
            wish, timeout = wish
        if callable(wish):
            self._condition = wish
            self._deadline = self._clock.now() + timeout
            self._schedule(0)
        else:
            self._schedule(wish or 0)

    def _finish(self, report: Callable[[Any], None], value: Any) -> None:
        self.done = True
        report(value)
