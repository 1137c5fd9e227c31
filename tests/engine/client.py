"""A blocking client of the engine, for tests and benchmarks."""

from __future__ import annotations

import json
import os
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PREFIX = struct.Struct("<4sIQ")
ROOT = Path(__file__).parents[2]
ENGINE = (sys.executable, "-m", "ant_core", "serve")
MORE = ("progress", "frame_result")  # all other types end a request

Answer = tuple[dict[str, Any], bytes]


class EngineEnded(Exception):
    """The engine's stdout ended."""


class EngineFailed(Exception):
    """An error answer; `header` has it."""

    def __init__(self, header: dict[str, Any]) -> None:
        super().__init__(header["message"])
        self.header = header


def packed(header: Any, payload: bytes = b"") -> bytes:
    """Return a message; a header of bytes goes as it is."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return PREFIX.pack(b"PCP1", len(text), len(payload)) + text + payload


class Client:
    """Starts an engine and talks to it; a context manager that ends it.

    While `reads` is clear, its answers are not read.
    """

    def __init__(
        self,
        command: Sequence[str] = ENGINE,
        *,
        environment: dict[str, str] | None = None,
        stderr: Any = None,
    ) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | (environment or {}),
            bufsize=0,
        )
        self._next = 0
        self.reads = threading.Event()
        self.reads.set()
        self._arrived: queue.Queue[Answer | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close_stdin()
        try:
            self.process.wait(20)
        finally:
            self.kill()

    def kill(self) -> None:
        """End the engine, also during work, and close what is left of its streams."""
        self.process.kill()
        self.process.wait()
        # First the reader, or it would read from the next file with the number of its descriptor.
        self._reader.join(10)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()

    def close_stdin(self) -> None:
        """End the engine's input."""
        assert self.process.stdin
        self.process.stdin.close()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream
        try:
            with open(stream.fileno(), "rb", closefd=False) as file:
                while self.reads.wait() and len(prefix := file.read(PREFIX.size)) == PREFIX.size:
                    magic, header, payload = PREFIX.unpack(prefix)
                    assert magic == b"PCP1", prefix
                    self._arrived.put((json.loads(file.read(header)), file.read(payload)))
                assert not prefix, prefix
        finally:
            self._arrived.put(None)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        rest = memoryview(data)
        assert self.process.stdin
        while rest:
            rest = rest[self.process.stdin.write(rest) :]

    def send(self, kind: str, payload: bytes = b"", **fields: Any) -> int:
        """Send a request and return its id."""
        self._next += 1
        self.write(packed({"id": self._next, "type": kind} | fields, payload))
        return self._next

    def next(self, timeout_s: float = 60) -> Answer:
        """Return the next message; EngineEnded when there is none, queue.Empty when it is late."""
        item = self._arrived.get(timeout=timeout_s)
        if item is None:
            self._arrived.put(None)
            raise EngineEnded
        return item

    def answers(self, request: int, timeout_s: float = 300) -> list[Answer]:
        """Return all messages to a request, the last one last; those to others are dropped."""
        found = []
        while True:
            header, payload = self.next(timeout_s)
            if header["re"] == request:
                found.append((header, payload))
                if header["type"] not in MORE:
                    return found

    def ask(self, kind: str, payload: bytes = b"", **fields: Any) -> Answer:
        """Send a request and return its last answer; EngineFailed when that is an error."""
        header, data = self.answers(self.send(kind, payload, **fields))[-1]
        if header["type"] == "error":
            raise EngineFailed(header)
        return header, data

    def hello(self, **fields: Any) -> dict[str, Any]:
        """Say hello and return the answer."""
        return self.ask("hello", **{"protocol": 1, "device": "cpu"} | fields)[0]
