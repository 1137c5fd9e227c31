"""Requests, the queues that they are worked off in, and the writer of all answers.

The thread that reads requests never works and never waits for a reader of answers, so that it
always reads a cancel. The threads that work do wait, before each job and each message on the way:
where answers are not read, at most one answer a queue goes beyond the bound.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from ant_core.engine.protocol import ProtocolMessage, error_answer, pack
from ant_core.errors import Cancelled

__all__ = ["JobQueue", "ReplyWriter", "RequestJob"]

_MOST_WAITING = 64 << 20  # bytes of answers that the client has not read; above that, work waits
_MOST_PIECES = 200_000  # of short answers, which no job queue gives; then the other end is lost
_POLL_S = 0.2
_PATIENCE_S = 0.6  # for a cancelled job to end by itself; its answer is due within a second


class ReplyWriter:
    """Writes answers in order, from any thread.

    Parameters
    ----------
    stream : binary file
        Unbuffered.
    on_gone : callable
        Called, from any thread, when the stream is not read any more.
    """

    def __init__(self, stream: BinaryIO, on_gone: Callable[[], None]) -> None:
        self._stream, self._on_gone = stream, on_gone
        self._changed = threading.Condition()
        self._pieces: deque[bytes | memoryview] = deque()
        self._waiting = 0  # bytes
        threading.Thread(target=self._write, name="answers", daemon=True).start()

    def put(self, header: Mapping[str, Any], payload: bytes = b"", *, wait: bool = False) -> None:
        """Send a message; with `wait`, not before what waits already has shrunk."""
        self.put_pieces(pack(header, payload), wait=wait)

    def put_pieces(self, pieces: Sequence[bytes | memoryview], *, wait: bool = False) -> None:
        """Send a packed message; see `put`."""
        with self._changed:
            if wait:
                self._changed.wait_for(self._has_room)
            self._pieces.extend(pieces)
            self._waiting += sum(map(len, pieces))
            lost = len(self._pieces) > _MOST_PIECES
            self._changed.notify_all()
        if lost:
            self._on_gone()

    def await_room(self, stop: threading.Event) -> None:
        """Wait until what waits already has shrunk, or `stop` is set."""
        with self._changed:
            while not self._changed.wait_for(self._has_room, _POLL_S) and not stop.is_set():
                pass

    def _has_room(self) -> bool:
        return self._waiting <= _MOST_WAITING

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything is written; False when it is not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._waiting == 0, timeout_s)

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: len(self._pieces) > 0)
                piece = self._pieces.popleft()
            try:
                rest = memoryview(piece)
                while rest:
                    rest = rest[self._stream.write(rest) :]
            except OSError:
                self._on_gone()
                return
            with self._changed:
                self._waiting -= len(piece)
                self._changed.notify_all()


class RequestJob:
    """One request, from its arrival to its last answer.

    Attributes
    ----------
    number : int
        The request's id.
    kind : str
        Its type.
    message : ProtocolMessage
    cancel : threading.Event
        Set when the caller wants no answer but "cancelled".
    """

    def __init__(
        self,
        number: int,
        kind: str,
        message: ProtocolMessage,
        outbox: ReplyWriter,
        on_end: Callable[[RequestJob], None],
    ) -> None:
        self.number, self.kind, self.message = number, kind, message
        self.cancel = threading.Event()
        self._outbox, self._on_end = outbox, on_end
        self._lock = threading.Lock()
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether the last answer is given."""
        return self._ended

    def await_room(self) -> None:
        """Wait until earlier answers are read, unless the job is cancelled."""
        self._outbox.await_room(self.cancel)

    def tell(self, kind: str, payload: bytes = b"", **fields: Any) -> None:
        """Send a message on the way; nothing once the job has ended."""
        if not self._ended:
            header = {"type": kind, "re": self.number} | fields
            self._outbox.put(header, payload, wait=not self.cancel.is_set())

    def announce(self, kind: str, **fields: Any) -> None:
        """Send a message that answers no request, also after the job has ended."""
        self._outbox.put({"type": kind, "re": None} | fields)

    def answer(self, header: Mapping[str, Any], payload: bytes = b"") -> None:
        """Send the last answer, `header` being all but its "re"; the first one counts."""
        self._end({"re": self.number, **header}, payload)

    def fail(self, error: BaseException) -> None:
        """Answer with an error."""
        self._end(error_answer(self.number, error), b"")

    def ask_to_end(self) -> bool:
        """Set `cancel`; False when it was set before, by any thread."""
        with self._lock:
            asked = self.cancel.is_set()
            self.cancel.set()
        return not asked

    def stop(self) -> None:
        """Ask the job to end, and answer for it if it does not in time; once is enough."""
        if not self.ask_to_end():
            return
        timer = threading.Timer(_PATIENCE_S, self.fail, [Cancelled("stopped, as was asked")])
        timer.daemon = True
        timer.start()

    def _end(self, header: Mapping[str, Any], payload: bytes) -> None:
        pieces = pack(header, payload)
        with self._lock:
            if self._ended:
                return
            self._ended = True
        # Forgotten before it is answered: the caller may use the id again, or run again, at once.
        self._on_end(self)
        self._outbox.put_pieces(pieces)


class JobQueue:
    """Works off jobs one after the other, on a thread of its own.

    Parameters
    ----------
    name : str
    work : callable
        Does a job and gives its last answer, or raises.
    clear : callable
        Told of every job when it has ended and nothing is held of it, errors neither.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[RequestJob], None],
        clear: Callable[[RequestJob], None] = lambda _: None,
    ) -> None:
        self._work, self._clear = work, clear
        self._executor = ThreadPoolExecutor(1, name)

    def put(self, job: RequestJob) -> None:
        """Add a job behind the others."""
        self._executor.submit(self._run, job)

    def idle(self, timeout_s: float) -> bool:
        """Wait until nothing is left to do; False when it is not in time."""
        try:
            self._executor.submit(lambda: None).result(timeout_s)
        except TimeoutError:
            return False
        return True

    def _run(self, job: RequestJob) -> None:
        self._do(job)
        self._clear(job)

    def _do(self, job: RequestJob) -> None:
        try:
            job.await_room()
            if job.cancel.is_set():
                raise Cancelled("stopped before it began, as was asked")
            self._work(job)
        except BaseException as error:
            # The edge of a request: any error in it becomes an answer, and the engine lives on.
            if error_answer(None, error)["code"] == "internal":
                traceback.print_exc(file=sys.stderr)
            job.fail(error)
