"""Commands in processes of their own, which end by themselves, by a kill or before a write."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["start", "steps_of", "wait"]

_LONGEST_S = 600.0
_STEPS = (
    "open",
    "os.mkdir",
    "os.remove",
    "os.rename",
)  # audit events: a path comes first
_WRITING = os.O_WRONLY | os.O_RDWR


class _Steps:
    """An audit hook that counts what is written below a folder and ends the process at a step."""

    def __init__(self, folder: Path, last: int) -> None:
        self._folder, self._last, self.done = f"{folder}{os.sep}", last, 0

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if event not in _STEPS or isinstance(args[0], int):
            return
        if event == "open" and not args[2] & _WRITING:
            return
        if os.fsdecode(args[0]).startswith(self._folder):
            self._take()

    def _take(self) -> None:
        self.done += 1
        if self.done == self._last:
            os.kill(os.getpid(), signal.SIGKILL)

    def before_each_note(self) -> None:
        """Count the lines of a run's memory, too: its file stays open, no event tells of them."""
        from ant_core.propagation.memory import RunState

        append = RunState._append

        def count_and_append(state: RunState, line: str) -> None:
            self._take()
            append(state, line)

        RunState._append = count_and_append  # type: ignore[method-assign]


def start(
    arguments: list[str], log: Path, environment: dict[str, str], out: Path, dies_at: int = 0
) -> int:
    """Start a command in a process of its own, forked from this one, which has it all loaded.

    Parameters
    ----------
    arguments : list of str
    log : Path
        What it says is added here.
    environment : dict
        Variables beside those of this process.
    out : Path
        Where it writes. A step is a file that is opened to be written, renamed or removed there,
        a folder that is made, or a line that a run adds to its memory.
    dies_at : int
        Just before this step, from 1, it ends as by kill -9; 0: it does not.

    Returns
    -------
    int
        Its process id, for `wait`.
    """
    process = os.fork()
    if process:
        return process
    code = 1
    steps = _Steps(out, dies_at)
    try:
        os.setsid()
        os.environ.update(environment)
        stream = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for standard in (1, 2):
            os.dup2(stream, standard)
        from ant_core.cli import main

        sys.addaudithook(steps)
        steps.before_each_note()
        code = main(arguments)
        _steps_file(log).write_text(str(steps.done))
    finally:
        os._exit(code)


def _steps_file(log: Path) -> Path:
    return log.with_name(f"{log.name}_steps")


def steps_of(log: Path) -> int:
    """Return how many steps the last command that ended by itself took; see `start`."""
    return int(_steps_file(log).read_text())


def wait(process: int) -> int:
    """Return the exit code of a process; SystemExit when it hangs."""
    end = time.monotonic() + _LONGEST_S
    while time.monotonic() < end:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    raise SystemExit("a command did not end")
