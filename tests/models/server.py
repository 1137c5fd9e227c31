"""A real HTTP server on loopback that misbehaves on demand."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[["Handler", bytes], None]


@dataclass(frozen=True)
class Request:
    """What was asked: path (or whole address, of a proxy), first byte, and when."""

    path: str
    start: int | None
    time: float


class Handler(BaseHTTPRequestHandler):
    """Does what the server's script says for the path, else serves the file as it should."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self):
        self.close_connection = True
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        self.start = int(match[1]) if match else None
        with self.server.changing:
            self.server.requests.append(Request(self.path, self.start, time.monotonic()))
            script = self.server.scripts.get(self.path, [])
            behaviour = script.pop(0) if script else serve
        content = self.server.files.get(self.path)
        if content is None and behaviour is serve:
            behaviour = status(404)
        with contextlib.suppress(ConnectionError):  # the client has seen enough
            behaviour(self, content or b"")

    def begin(self, content: bytes, *, ranges: bool = True, length: int | None = None) -> bytes:
        """Send the headers; return the bytes that should follow."""
        if ranges and self.start is not None:
            if self.start >= len(content):
                self.send_error(416)
                return b""
            self.send_response(206)
            last = len(content) - 1
            self.send_header("Content-Range", f"bytes {self.start}-{last}/{len(content)}")
            content = content[self.start :]
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        return content

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    """Files by path, and a list of behaviours a path that are used up request by request."""

    daemon_threads = True
    block_on_close = False
    # Two clients at once must not make the third wait.
    request_queue_size = 16

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.scripts: dict[str, list[Behaviour]] = {}
        self.requests: list[Request] = []
        self.changing = threading.Lock()
        self.stalled = threading.Event()
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def starts(self, path: str) -> list[int | None]:
        """Return the first byte that every request for a path asked for."""
        return [request.start for request in self.requests if request.path == path]


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Serve in a thread for as long as the block lasts; what stalls is let go at its end."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.release.set()
            server.shutdown()
            thread.join()


def serve(handler: Handler, content: bytes) -> None:
    """Serve the file as it should be."""
    handler.wfile.write(handler.begin(content))


def ignore_range(handler: Handler, content: bytes) -> None:
    """Send everything whatever was asked for."""
    handler.wfile.write(handler.begin(content, ranges=False))


def cut(count: int, *, ranges: bool = True) -> Behaviour:
    """Send `count` bytes and close."""

    def behave(handler, content):
        handler.wfile.write(handler.begin(content, ranges=ranges)[:count])

    return behave


def stall(count: int) -> Behaviour:
    """Send `count` bytes, then nothing until the server's release, then the rest."""

    def behave(handler, content):
        body = handler.begin(content)
        handler.wfile.write(body[:count])
        handler.wfile.flush()
        handler.server.stalled.set()
        handler.server.release.wait(30)
        handler.wfile.write(body[count:])

    return behave


def silent(handler: Handler, content: bytes) -> None:
    """Answer nothing at all."""
    handler.server.release.wait(30)


def garbage(handler: Handler, content: bytes) -> None:
    """Answer with something that is not HTTP."""
    handler.wfile.write(b"SSH-2.0-something\r\n\r\n")


def claim(length: int) -> Behaviour:
    """Claim another length than the body has."""

    def behave(handler, content):
        handler.wfile.write(handler.begin(content, length=length))

    return behave


def without_length(handler: Handler, content: bytes) -> None:
    """Send everything and close, without a word on the length."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content)


def other_part(handler: Handler, content: bytes) -> None:
    """Answer a range with one that begins elsewhere."""
    if handler.start is None:
        serve(handler, content)
        return
    handler.start //= 2
    serve(handler, content)


def wrong_bytes(handler: Handler, content: bytes) -> None:
    """Serve another file of the same length."""
    handler.wfile.write(handler.begin(bytes(byte ^ 0xFF for byte in content)))


def status(code: int, **headers: str) -> Behaviour:
    """Answer with a status alone."""

    def behave(handler, content):
        del content
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return behave


def trickle(pause_s: float) -> Behaviour:
    """Send the file in pieces of 50 bytes with pauses between them."""

    def behave(handler, content):
        body = handler.begin(content)
        for at in range(0, len(body), 50):
            handler.wfile.write(body[at : at + 50])
            handler.wfile.flush()
            if handler.server.release.wait(pause_s):
                return

    return behave


def trickle_headers(pause_s: float) -> Behaviour:
    """Send headers, one byte at a time, without end."""

    def behave(handler, content):
        handler.send_response(200)
        handler.flush_headers()
        for number in range(10_000):
            handler.wfile.write(b"X-%d: 1\r\n"[number % 3 : number % 3 + 1])
            handler.wfile.flush()
            if handler.server.release.wait(pause_s):
                return

    return behave
