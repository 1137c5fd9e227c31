"""The engine's loop: it reads requests on one thread and has them worked off on others."""

from __future__ import annotations

import os
import threading
import traceback
from typing import BinaryIO

from ant_core.engine.handlers import Handlers
from ant_core.engine.job_queue import JobQueue, ReplyWriter, RequestJob
from ant_core.engine.protocol import (
    Busy,
    ProtocolMessage,
    StreamBroken,
    check_request,
    error_answer,
    read_message,
    request_id,
)
from ant_core.errors import InputError, ProtocolError

__all__ = ["serve"]

_PATIENCE_S = 0.7  # for work to end when the engine does
_LAST_ANSWERS_S = 2.0  # the client's time to read the remaining answers
_QUESTIONS = ("inspect", "overlay", "preview", "segment_map")  # answered beside a run
_MOST_WAITING = 1 << 30  # bytes of requests that are not worked on yet
_MOST_JOBS = 10_000


def serve(incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Answer requests until the stream ends or the client sends `shutdown`.

    Parameters
    ----------
    incoming, outgoing : binary files
        See `ant_core.engine.process.reserve_streams`.

    Raises
    ------
    StreamBroken
        When nothing more can be read; the other end has been told.
    """
    _Server(outgoing, Handlers()).run(incoming)


class _Server:
    def __init__(self, outgoing: BinaryIO, handlers: Handlers) -> None:
        self._handlers = handlers
        self._outbox = ReplyWriter(outgoing, lambda: os._exit(1))
        self._worker = JobQueue("work", handlers.work, handlers.clear)
        # Questions and downloads beside a run.
        self._asides = JobQueue("asides", handlers.work, handlers.clear)
        self._lock = threading.Lock()
        self._jobs: dict[int, RequestJob] = {}  # those without a last answer

    def run(self, incoming: BinaryIO) -> None:
        """Take requests until the stream ends; raises StreamBroken where it is out of step."""
        ends = False
        while not ends:
            try:
                message = read_message(incoming)
                ends = message is None or self._take(message)
            except StreamBroken as error:
                self._outbox.put(error_answer(None, error))
                self._end(error.exit_code)
                raise
            except (ProtocolError, MemoryError) as error:
                self._outbox.put(error_answer(None, error))
            except OSError:  # the other end was killed
                ends = True
            except Exception:  # ours; raised, it would have the process wait for what is at work
                traceback.print_exc()
                self._end(1)
                os._exit(1)
        self._end(0)

    def _end(self, exit_code: int) -> None:
        """Stop what is at work; a native call that does not look for it ends with the process."""
        with self._lock:
            jobs = list(self._jobs.values())
        for job in jobs:
            job.ask_to_end()
        idle = self._worker.idle(_PATIENCE_S) and self._asides.idle(_PATIENCE_S)
        self._outbox.flush(_LAST_ANSWERS_S)
        if not idle:
            os._exit(exit_code)

    def _take(self, message: ProtocolMessage) -> bool:
        """Take a request in; return whether it is the last."""
        number = request_id(message.header)
        with self._lock:
            used = number in self._jobs
        if used:  # an answer with this id would be taken for that of the other request
            raise ProtocolError(
                f"the id {number} is that of a request at work: give each one of its own"
            )
        try:
            return self._sort(number, check_request(message.header), message)
        except (ProtocolError, Busy, InputError) as error:
            self._outbox.put(error_answer(number, error))
            return False

    def _sort(self, number: int, kind: str, message: ProtocolMessage) -> bool:
        """Answer what can be answered at once, and give the rest to the queue it belongs to."""
        if kind == "shutdown":
            self._outbox.put({"type": "ok", "re": number})
            return True
        if kind == "cancel":
            self._cancel(message.header["job"])
            self._outbox.put({"type": "ok", "re": number})
            return False
        with self._lock:
            self._admit(kind, message)
            running = any(job.kind == "propagate" for job in self._jobs.values())
            job = RequestJob(number, kind, message, self._outbox, self._forget)
            self._jobs[number] = job
        aside = kind == "models" or (kind in _QUESTIONS and running)
        # Before the greeting is over, everything waits its turn behind it.
        (self._asides if aside and self._handlers.greeted else self._worker).put(job)
        return False

    def _admit(self, kind: str, message: ProtocolMessage) -> None:
        """Refuse what cannot be taken in now."""
        jobs = self._jobs.values()
        if kind == "propagate" and any(job.kind == "propagate" for job in jobs):
            raise Busy("a run is at work already: cancel it or wait for its end")
        if len(jobs) >= _MOST_JOBS:
            raise Busy(f"{len(jobs)} requests wait to be worked on: await their answers first")
        waiting = sum(len(job.message.payload) for job in jobs)
        if waiting and waiting + len(message.payload) > _MOST_WAITING:
            raise InputError(
                f"{waiting >> 20} MiB of requests wait to be worked on: await their answers first"
            )

    def _cancel(self, number: int) -> None:
        with self._lock:
            job = self._jobs.get(number)
        if job is not None:  # otherwise it has ended, which is as well
            job.stop()

    def _forget(self, job: RequestJob) -> None:
        with self._lock:
            self._jobs.pop(job.number, None)
