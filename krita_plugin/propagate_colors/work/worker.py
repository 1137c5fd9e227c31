"""One job at a time: loud ones that the artist started, quiet ones that give way to them."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from ..link.requests import Steps
from .jobs import JobCancelled, Runner


class Task(NamedTuple):
    """A job that is to run: `steps` makes its generator when its turn comes."""

    name: str
    busy: str | None  # what the widgets show; None: quiet
    steps: Callable[[], Steps]
    on_result: Callable[[Any], None]


class Worker:
    """Runs loud tasks at once and quiet ones when nothing else does."""

    def __init__(
        self,
        clock: Any,
        on_change: Callable[[], None],
        on_error: Callable[[Task, BaseException], None],
    ) -> None:
        self._clock = clock
        self._on_change = on_change
        self._on_error = on_error
        self._task: Task | None = None
        self._runner: Runner | None = None
        self._loud: Task | None = None  # waits for a quiet one to give way
        self._quiet: dict[str, Task] = {}
        self._reporting = 0  # tasks whose end is being told: Krita may run an event loop meanwhile
        self._closed = False

    @property
    def busy(self) -> str | None:
        """Return what a loud task does."""
        for task in (self._loud, self._task):
            if task is not None and task.busy:
                return task.busy
        return None

    @property
    def idle(self) -> bool:
        """Tell whether nothing runs or waits, and the end of the last task was told."""
        return not (self._task or self._loud or self._quiet or self._reporting)

    def start(self, task: Task) -> bool:
        """Start a loud task; False when another one is at work."""
        if self.busy or self._closed:
            return False
        self._loud = task
        if self._runner is not None:
            if not self._runner.cancelled:  # otherwise it is not wanted any more
                self._quiet.setdefault(self._task.name, self._task)  # again afterwards
            self._runner.cancel()
        else:
            self._go_on()
        self._on_change()
        return True

    def quietly(self, task: Task) -> None:
        """Run a task when nothing else does; one of its name that still waits is replaced."""
        if self._closed:
            return
        self._quiet.pop(task.name, None)
        self._quiet[task.name] = task
        if self._task is None:
            self._go_on()

    def cancel(self) -> None:
        """Cancel the loud task; one that still waits for its turn never begins."""
        if self._loud is not None:
            task, self._loud = self._loud, None
            try:
                self._on_error(task, JobCancelled())
            finally:
                self._on_change()
        elif self._runner is not None and self._task is not None and self._task.busy:
            self._runner.cancel()

    def give_up(self, name: str) -> None:
        """Cancel a quiet task, or never begin it: its result is not wanted any more."""
        self._quiet.pop(name, None)
        if self._runner is not None and self._task.name == name and not self._task.busy:
            self._runner.cancel()

    def drop_quiet(self) -> None:
        """Forget quiet tasks: what they look at is no longer in front."""
        self._quiet.clear()
        if self._runner is not None and not self._task.busy:
            self._runner.cancel()

    def close(self) -> None:
        """Start nothing more; what runs is cancelled."""
        self._closed = True
        self._quiet.clear()
        self._loud = None
        if self._runner is not None:
            self._runner.cancel()

    def _go_on(self) -> None:
        task, self._loud = self._loud, None
        if task is None and self._quiet:
            task = self._quiet.pop(next(iter(self._quiet)))
        self._task = task
        self._runner = None
        if task is not None:
            self._runner = Runner(task.steps(), task.name, self._done, self._failed, self._clock)

    def _done(self, value: Any) -> None:
        self._end(lambda task: task.on_result(value))

    def _failed(self, error: BaseException) -> None:
        self._end(lambda task: self._on_error(task, error))

    def _end(self, report: Callable[[Task], None]) -> None:
        task = self._task
        self._task = self._runner = None
        self._reporting += 1
        try:
            report(task)
        finally:
            self._reporting -= 1
            if self._task is None and not self._closed:
                self._go_on()
            self._on_change()


def was_preempted(task: Task, error: BaseException) -> bool:
    """Tell whether a quiet task was only cancelled for another one."""
    return task.busy is None and isinstance(error, JobCancelled)
