"""The engine protocol from a client's side, in one file; docs/protocol.md says what it means.

It needs nothing but Python 3.8: copy it into any program that is to talk to the engine.

- `pack` and `Inbox` turn messages into bytes and back.
- `Requests` knows which answer belongs to which request, and moves no byte itself: for programs
  with a loop of their own, as `client.py` has with Qt.
- `Engine` starts the engine and waits for answers, for all others:

      with Engine() as engine:
          engine.start(device="cpu")
          rgba = {"model": "RGBA", "depth": "U8"}
          engine.ask("open_shot", shot="a", width=w, height=h, line=rgba, color=rgba)
          ...
          run = engine.send("propagate", shot="a", frames=[1, 2], references=[1])
          for header, payload in run.answers():
              ...
"""

from __future__ import annotations

import contextlib
import json
import queue
import struct
import subprocess
import sys
import threading
from typing import Any, Callable, Dict, Iterator, Sequence, Tuple

PROTOCOL = 1
MORE_TO_COME = ("progress", "frame_result")  # any other type is the last answer to its request
ENGINE = (sys.executable, "-m", "ant_core")

_MAGIC = b"PCP1"
_PREFIX = struct.Struct("<4sIQ")
_MAX_HEADER = 16 << 20
_MAX_PAYLOAD = 1 << 30

Message = Tuple[Dict[str, Any], bytes]  # header and payload
Callback = Callable[[Dict[str, Any], bytes], None]


class EngineProtocolError(Exception):
    """What came is not of the engine's protocol; nothing after it can be read."""


class EngineError(Exception):
    """The engine's sentence for what it could not do; `code` is the protocol's.

    Where the engine gave no answer the code is one of the client's own: "crashed", "off".
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


# ---- messages as bytes


def pack(header: dict[str, Any], payload_bytes: int = 0) -> bytes:
    """Return the start of a message, after which its payload is to be written."""
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode("ascii")
    if len(text) > _MAX_HEADER or payload_bytes > _MAX_PAYLOAD:
        raise ValueError(f"a message of {len(text)} + {payload_bytes} bytes is too large to send")
    return _PREFIX.pack(_MAGIC, len(text), payload_bytes) + text


class Inbox:
    """Puts messages together from the pieces in which they come."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._sizes: tuple[int, int] | None = None  # header and payload of the one under way

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take bytes; yield the messages that are whole now."""
        self._buffer += data
        while True:
            message = self._next()
            if message is None:
                return
            yield message

    def _next(self) -> Message | None:
        if self._sizes is None:
            if len(self._buffer) < _PREFIX.size:
                return None
            self._sizes = self._read_prefix()
        header_bytes, payload_bytes = self._sizes
        start = _PREFIX.size + header_bytes
        if len(self._buffer) < start + payload_bytes:
            return None
        with memoryview(self._buffer) as view:
            text = bytes(view[_PREFIX.size : start])
            payload = bytes(view[start : start + payload_bytes])
        del self._buffer[: start + payload_bytes]
        self._sizes = None
        return _parse(text), payload

    def _read_prefix(self) -> tuple[int, int]:
        magic, header_bytes, payload_bytes = _PREFIX.unpack_from(self._buffer)
        if magic != _MAGIC:
            raise EngineProtocolError(f"bytes {bytes(self._buffer[:40])!r} begin no message")
        if header_bytes > _MAX_HEADER or payload_bytes > _MAX_PAYLOAD:
            raise EngineProtocolError(
                f"a message of {header_bytes} + {payload_bytes} bytes is too large"
            )
        return header_bytes, payload_bytes


def _parse(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise EngineProtocolError(f"a header is no JSON: {error}") from None
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise EngineProtocolError(f"a header has no type: {text[:80]!r}")
    return header


def error_answer(number: int, code: str, message: str) -> dict[str, Any]:
    """Return an answer as the engine would give it, where it cannot give one any more."""
    return {"type": "error", "re": number, "code": code, "message": message, "exit_code": 1}


# ---- requests and their answers


class Requests:
    """The requests that an engine is at work on, and what takes their answers."""

    def __init__(self) -> None:
        self._last_id = 0
        self._inbox = Inbox()
        self._waiting: dict[int, tuple[Callback, int]] = {}  # with the bytes of the payload

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def payload_bytes(self) -> int:
        """Payloads of requests that were not answered; await answers before it is a GiB."""
        return sum(size for _, size in self._waiting.values())

    def begin(self) -> None:
        """Begin with another engine; ids go on."""
        self._waiting = {}
        self._inbox = Inbox()

    def next_id(self) -> int:
        """Return the id of one more request."""
        self._last_id += 1
        return self._last_id

    def add(self, number: int, header: dict[str, Any], payload: bytes, callback: Callback) -> bytes:
        """Note a request; returns the bytes to be sent before its payload."""
        start = pack({**header, "id": number}, len(payload))
        self._waiting[number] = (callback, len(payload))
        return start

    def feed(self, data: bytes) -> Iterator[tuple[Callback | None, dict[str, Any], bytes]]:
        """Take bytes of the engine; yield each message with its callback, or None."""
        for header, payload in self._inbox.feed(data):
            number = header.get("re")
            if number is not None and not isinstance(number, int):
                raise EngineProtocolError(f"an answer is to {number!r}, which is no request")
            callback, _ = self._waiting.get(number, (None, 0))
            if header["type"] not in MORE_TO_COME:
                self._waiting.pop(number, None)
            yield callback, header, payload

    def forget_all(self) -> dict[int, Callback]:
        """Await nothing any more; returns the callbacks, by id."""
        waiting, self._waiting = self._waiting, {}
        return {number: callback for number, (callback, _) in waiting.items()}


# ---- an engine to wait for


class EngineRequest:
    """One request, and its answers as they come."""

    def __init__(self, number: int) -> None:
        self.id = number
        self._arrived: queue.Queue[Message] = queue.Queue()

    def take(self, header: dict[str, Any], payload: bytes) -> None:
        """Take an answer; called by the thread that reads."""
        self._arrived.put((header, payload))

    def answers(self, timeout_s: float | None = None) -> Iterator[Message]:
        """Yield every answer, the last one last; EngineError where that is an error.

        TimeoutError where the next one takes longer than `timeout_s`.
        """
        while True:
            try:
                header, payload = self._arrived.get(timeout=timeout_s)
            except queue.Empty:
                raise TimeoutError(f"the engine said nothing for {timeout_s} seconds") from None
            if header["type"] == "error":
                raise EngineError(str(header.get("code")), str(header.get("message")))
            yield header, payload
            if header["type"] not in MORE_TO_COME:
                return


class Engine:
    """An engine as a child process; several threads may ask it.

    It ends when the thread that started it does, on Linux: start it from one that stays. After
    it has crashed or was closed, `start` begins another, which knows nothing of any shot.

    Parameters
    ----------
    command : sequence of str
        What starts ant_core: without "serve", which is added.
    **popen
        For `subprocess.Popen`, such as `env`; `stderr` has the engine's words for people.
    """

    def __init__(self, command: Sequence[str] = ENGINE, **popen: Any) -> None:
        self._command = [*command, "serve"]
        self._popen = popen
        self._requests = Requests()
        self._lock = threading.Lock()  # of the requests
        self._writing = threading.Lock()  # never held by the thread that reads
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, timeout_s: float | None = 120.0, **hello: Any) -> dict[str, Any]:
        """Start the process and say hello with these fields; returns the engine's answer.

        EngineError where it will not work, OSError where the program is not there.
        """
        self.close()
        pipe = subprocess.PIPE
        self._requests.begin()
        process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, **self._popen)
        self._process = process
        self._reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        self._reader.start()
        try:
            return self.ask("hello", timeout_s=timeout_s, **{"protocol": PROTOCOL, **hello})[0]
        except BaseException:
            self.close(0)
            raise

    def close(self, timeout_s: float = 2.0) -> None:
        """End the engine, also during work; requests without an answer get the error "off"."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        self._fail("off", "the engine was ended")
        assert process.stdin is not None
        assert process.stdout is not None
        if timeout_s > 0 and self._writing.acquire(timeout=timeout_s):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                process.stdin.close()  # its end, once it has read what is on its way
                process.wait(timeout_s)
            self._writing.release()
        process.kill()
        process.wait()
        assert self._reader is not None
        self._reader.join()
        with contextlib.suppress(OSError):  # what it did not read
            process.stdin.close()
        process.stdout.close()

    def send(self, kind: str, payload: bytes = b"", **fields: Any) -> EngineRequest:
        """Send a request; its answers come to the EngineRequest."""
        with self._lock:
            # Under the lock, or `close` could end all requests between this and the next line.
            process = self._process
            run = EngineRequest(self._requests.next_id())
            if process is None or process.returncode is not None:
                run.take(error_answer(run.id, "off", "the engine does not run: start it"), b"")
                return run
            header = {"type": kind, **fields}
            start = self._requests.add(run.id, header, payload, run.take)
        assert process.stdin is not None
        # Where it has ended, the thread that reads sees that too, and answers.
        with self._writing, contextlib.suppress(OSError, ValueError):
            process.stdin.write(start)
            process.stdin.write(payload)
            process.stdin.flush()
        return run

    def ask(
        self, kind: str, payload: bytes = b"", timeout_s: float | None = None, **fields: Any
    ) -> Message:
        """Send a request and return its last answer; EngineError where that is an error."""
        *_, last = self.send(kind, payload, **fields).answers(timeout_s)
        return last

    def cancel(self, run: EngineRequest) -> None:
        """End a request: it gets the error "cancelled", unless it is done by then."""
        self.ask("cancel", job=run.id)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        """Hand out answers until the engine's stdout ends."""
        problem = "the engine has ended unexpectedly: start it again"
        assert process.stdout is not None
        try:
            while True:
                data = process.stdout.read1(1 << 16)
                if not data:
                    break
                self._hand_out(data)
        except Exception as error:  # also without memory for an answer: else all would wait on
            reason = str(error) or type(error).__name__
            problem = f"the program does not answer as an engine: {reason}"
            process.kill()
        process.wait()
        if process is self._process:
            self._fail("crashed", problem)

    def _hand_out(self, data: bytes) -> None:
        found = []
        try:
            with self._lock:
                for answer in self._requests.feed(data):
                    found.append(answer)  # what came before an error counts
        finally:
            for callback, header, payload in found:
                if callback is not None:
                    callback(header, payload)

    def _fail(self, code: str, message: str) -> None:
        with self._lock:
            waiting = self._requests.forget_all()
        for number, callback in waiting.items():
            callback(error_answer(number, code, message), b"")
