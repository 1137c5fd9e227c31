"""Engine processes side by side on this machine: each takes one shot after the other."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ant_core.batch.result import ShotResult
from ant_core.batch.task import ShotTask
from ant_core.errors import (
    AntError,
    DeviceUnavailable,
    InputError,
    ModelCorrupt,
    ModelMissing,
    OutputError,
)
from ant_core.files import WholeFiles
from ant_core.logs import engine_log

__all__ = [
    "COME_BACK_S",
    "Event",
    "Finished",
    "FrameDone",
    "Passed",
    "Pool",
    "Retried",
    "fatal_error",
    "fatal_event",
]

COME_BACK_S = 1.0  # until a shot that another batch works on is tried again
_LAST_LOG_BYTES = 2000


@dataclass(frozen=True)
class FrameDone:
    """One more frame of a shot is done."""

    name: str
    done: int
    total: int
    worker: str


@dataclass(frozen=True)
class Retried:
    """The engine that worked on a shot crashed; the shot is begun again."""

    name: str
    why: str


@dataclass(frozen=True)
class Passed:
    """Another batch works on a shot: others come first."""

    name: str


@dataclass(frozen=True)
class Finished:
    """A shot has ended, well or not."""

    result: ShotResult


Event = FrameDone | Retried | Passed | Finished


def fatal_event(error: AntError) -> dict[str, Any]:
    """Return the event that tells of an error that stops an engine for good."""
    kind, code = type(error).__name__, error.exit_code
    return {"event": "fatal", "error": str(error), "error_type": kind, "exit_code": code}


def fatal_error(kind: str, text: str) -> AntError:
    """Return the error that stopped an engine for good, from its name."""
    classes = (ModelMissing, ModelCorrupt, DeviceUnavailable, InputError, OutputError)
    return {k.__name__: k for k in classes}.get(kind, AntError)(text)


class Died(Exception):
    """The engine process is gone; the message says how."""


class EngineProcess:
    """One engine: a child that lives for many shots.

    Parameters
    ----------
    number : int
        For its name.
    log : Path
        What it says is added to this file.
    threads : int
        CPU threads that its kernels may use.
    without : sequence of str
        Variables of the environment that it does not inherit.
    """

    def __init__(self, number: int, log: Path, threads: int, without: Sequence[str] = ()) -> None:
        self._log = log
        inherited = {key: value for key, value in os.environ.items() if key not in without}
        environment = inherited | {
            # Threads that no kernel may use would only cost memory.
            "NUMBA_NUM_THREADS": str(threads),
            "OMP_NUM_THREADS": str(threads),
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
        }
        with log.open("ab") as stderr:
            self._child = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-m", "ant_core.batch.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=environment,
                # Out of the terminal's group: Ctrl-C is for the batch alone.
                start_new_session=True,
            )
        self.name = f"engine {number} (process {self._child.pid})"

    def run(self, task: ShotTask, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Have a shot coloured; returns the last event. Died when the process is gone."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with contextlib.suppress(OSError, ValueError):  # if it is gone, so is its stdout
            self._child.stdin.write(json.dumps({"task": task.to_json()}).encode() + b"\n")
            self._child.stdin.flush()
        for line in self._child.stdout:
            with contextlib.suppress(ValueError):  # a line cut off
                event: dict[str, Any] = json.loads(line)
                if event["event"] in ("result", "fatal", "held"):
                    return event
                tell(event)
        raise Died(self._how_it_died())

    def _how_it_died(self) -> str:
        code = self._child.wait()
        if code < 0:
            with contextlib.suppress(ValueError):
                name = signal.Signals(-code).name
                memory = ", perhaps for lack of memory" if name == "SIGKILL" else ""
                return f"was ended by {name}{memory}"
        return f"ended with code {code}"

    def last_words(self) -> str:
        """Return the last line of the log."""
        with contextlib.suppress(OSError):
            lines = self._log.read_bytes()[-_LAST_LOG_BYTES:].decode("utf-8", "replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "")
        return ""

    def close(self) -> None:
        """Let the process end: at once when it is idle, within a second otherwise."""
        if self._child.stdin is not None:
            with contextlib.suppress(OSError):
                self._child.stdin.close()

    def wait(self) -> None:
        """Wait until the process has ended, without limit, and close its output."""
        self._child.wait()
        if self._child.stdout is not None:
            self._child.stdout.close()


class Pool:
    """Colours shots on several engines.

    Parameters
    ----------
    tasks : sequence of ShotTask
        Begun in this order.
    jobs : int
        Engines; no more are started than there are shots.
    threads : int
        CPU threads of each.
    retries : int
        How often a shot is begun again whose engine crashed.
    out : Path
        OUT of the batch, where the engines' logs lie unless they are sent elsewhere.
    """

    def __init__(
        self,
        tasks: Sequence[ShotTask],
        *,
        jobs: int,
        threads: int,
        retries: int,
        out: Path,
        files: WholeFiles,
    ) -> None:
        self._out = out
        self._logs = engine_log(out, 1, shared=False).parent
        files.make_folder(self._logs)
        self._threads = threads
        self._retries = retries
        self._waiting = deque(tasks)
        self._held: deque[tuple[float, ShotTask]] = deque()  # by the time when each is due
        self._left = len(tasks)
        self._events: queue.Queue[Event | BaseException] = queue.Queue()
        self._lock = threading.Lock()
        self._closed = False
        self._engines: set[EngineProcess] = set()
        self._worker_threads = [
            threading.Thread(target=self._run_worker, args=(number,), name=f"worker {number}")
            for number in range(1, min(jobs, len(tasks)) + 1)
        ]

    def run(self, cancel: threading.Event) -> Iterator[Event]:
        """Yield what happens until every shot has ended or `cancel` is set.

        Raises
        ------
        AntError
            When no shot can be coloured, for want of the model for example.
        """
        for thread in self._worker_threads:
            thread.start()
        try:
            while self._left and not cancel.is_set():
                try:
                    event = self._events.get(timeout=0.1)
                except queue.Empty:
                    continue
                if isinstance(event, BaseException):
                    raise event
                self._left -= isinstance(event, Finished)
                yield event
        finally:
            self._close()

    def _close(self) -> None:
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._held.clear()
            engines = list(self._engines)
        for engine in engines:
            engine.close()
        for thread in self._worker_threads:
            thread.join()

    def _run_worker(self, number: int) -> None:
        """Keep one engine at work; runs on a thread of its own."""
        engine: EngineProcess | None = None
        try:
            while (task := self._next()) is not None:
                engine = engine or self._start(number)
                if engine is None:
                    return
                try:
                    self._color(engine, task)
                except Died as error:
                    self._handle_crash(engine, task, str(error))
                    engine = None
        except BaseException as error:
            self._events.put(error)
        finally:
            if engine is not None:
                self._end(engine)

    def _next(self) -> ShotTask | None:
        """Return what to do next: shots that others hold come last, until they are released."""
        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popleft()
                if not self._held:
                    return None
                if self._held[0][0] <= time.monotonic():
                    return self._held.popleft()[1]
            time.sleep(0.1)

    def _start(self, number: int) -> EngineProcess | None:
        with self._lock:
            if self._closed:
                return None
            log = engine_log(self._out, number, shared=False)
            engine = EngineProcess(number, log, self._threads)
            self._engines.add(engine)
            return engine

    def _end(self, engine: EngineProcess) -> None:
        engine.close()
        engine.wait()
        with self._lock:
            self._engines.discard(engine)

    def _color(self, engine: EngineProcess, task: ShotTask) -> None:
        def tell(event: dict[str, Any]) -> None:
            if event["event"] == "progress":
                self._events.put(FrameDone(task.name, event["done"], event["total"], engine.name))

        event = engine.run(task, tell)
        if event["event"] == "fatal":
            raise fatal_error(event["error_type"], event["error"])
        if event["event"] == "held":
            with self._lock:
                if not self._closed:
                    self._held.append((time.monotonic() + COME_BACK_S, task))
            self._events.put(Passed(task.name))
            return
        self._events.put(Finished(ShotResult.from_json(event["result"])))

    def _handle_crash(self, engine: EngineProcess, task: ShotTask, how: str) -> None:
        """Begin the shot of an engine that crashed again, or give it up."""
        words = engine.last_words()
        self._end(engine)
        with self._lock:
            if self._closed:
                return
            if task.attempt <= self._retries:
                self._waiting.appendleft(replace(task, attempt=task.attempt + 1))
                self._events.put(Retried(task.name, f"its {engine.name} {how}"))
                return
        times = "once" if task.attempt == 1 else f"{task.attempt} times"
        error = (
            f"the engine died {times} while it coloured this shot, and the last time it {how}: "
            f"see {self._logs}" + (f"; its last words: {words}" if words else "")
        )
        self._events.put(Finished(ShotResult.given_up(task.name, task.attempt, error)))
