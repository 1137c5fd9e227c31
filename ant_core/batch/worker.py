"""The engine process of a batch: `python -m ant_core.batch.worker`.

Takes one shot after the other and keeps model and kernels loaded in between. One JSON object a
line: on stdin tasks, on stdout what becomes of them; stderr is the log. Ends when stdin closes,
which also happens when the batch is killed.

    {"task": {...}}                                       a shot to colour
    {"event": "ready"}                                    once, when tasks can be taken
    {"event": "progress", "done": 3, "total": 24, "text": "..."}
    {"event": "result", "result": {...}}                  the shot has ended
    {"event": "held"}                                     another process works on the shot
    {"event": "fatal", "error": "...", "error_type": "...", "exit_code": 4}
                                                          no shot can be coloured at all
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
import time
from typing import Any, TextIO

from ant_core.batch.pool import fatal_event
from ant_core.batch.task import ShotTask, TaskModel, run_task
from ant_core.errors import AntError, Cancelled
from ant_core.locks import Held
from ant_core.reporter import PlainReporter

__all__ = ["main"]

_PATIENCE_S = 0.7  # for a stage to end by itself when the batch is over


class _Pipe:
    """Writes events; ends the process once the reader is gone."""

    def __init__(self, stream: TextIO, cancel: threading.Event) -> None:
        self._stream, self._cancel = stream, cancel

    def send(self, event: dict[str, Any]) -> None:
        try:
            self._stream.write(json.dumps(event) + "\n")
            self._stream.flush()
        except OSError:
            self._cancel.set()


class _Reporter(PlainReporter):
    """Sends progress to the batch; what is meant for people goes to the log."""

    def __init__(self, pipe: _Pipe) -> None:
        super().__init__(sys.stderr, sys.stderr)
        self._pipe = pipe

    def progress(self, done: int, total: int, text: str, event: dict[str, Any]) -> None:
        del event
        self._pipe.send({"event": "progress", "done": done, "total": total, "text": text})


def _read(tasks: queue.Queue[ShotTask | None], cancel: threading.Event) -> None:
    """Take tasks from stdin; when it closes, end the process at once, also during a task."""
    for line in sys.stdin:
        tasks.put(ShotTask.from_json(json.loads(line)["task"]))
    cancel.set()
    tasks.put(None)
    time.sleep(_PATIENCE_S)
    os._exit(Cancelled.exit_code)


def _serve(tasks: queue.Queue[ShotTask | None], pipe: _Pipe, cancel: threading.Event) -> None:
    engine, reporter = TaskModel(), _Reporter(pipe)
    pipe.send({"event": "ready"})
    while (task := tasks.get()) is not None and not cancel.is_set():
        reporter.say(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {task.name}, attempt {task.attempt}")
        try:
            result = run_task(task, engine, reporter, cancel)
        except Cancelled:
            return
        except Held:
            pipe.send({"event": "held"})
            continue
        except AntError as error:
            pipe.send(fatal_event(error))
            return
        if result.error:
            reporter.say(result.error)
        pipe.send({"event": "result", "result": result.to_json()})


def main() -> None:
    """Serve until stdin closes."""
    # Ctrl-C reaches every process of a terminal; the batch decides what becomes of this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cancel = threading.Event()
    tasks: queue.Queue[ShotTask | None] = queue.Queue()
    # A library that prints must not break the conversation.
    stream = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    threading.Thread(target=_read, args=(tasks, cancel), daemon=True).start()
    _serve(tasks, _Pipe(stream, cancel), cancel)
    stream.flush()
    os._exit(0)  # the reading thread may wait in a call that nothing ends


if __name__ == "__main__":
    main()
