"""A server on this machine that gives out files, as well or as badly as a test wants."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """What was asked: path (or whole address, of a proxy), first byte, and when."""

    path: str
    start: int | None
    time: float


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 16  # two clients at once must not make the third wait


class Server:
    """Serves `files` by path, and a folder by name.

    `behave` has lists of what to do at each request of a path or name; then all is well, or as
    `always` says. A behaviour is a function that gets the request's Handler and the file's bytes,
    and answers.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self.behave: dict[str, list[Behaviour]] = {}
        self.always: Behaviour | None = None
        self.requests: list[Request] = []
        self.asked: list[tuple[str, str]] = []  # name and Range of each
        self.sent = 0  # bytes of bodies
        self.changing = threading.Lock()
        self.stalled = threading.Event()  # a request stalls
        self.release = threading.Event()  # none stalls any longer
        made = type("Made", (Handler,), {"home": self})
        self._http = _Http(("127.0.0.1", 0), made)
        self.port = self._http.server_port
        self.base = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def starts(self, path: str) -> list[int | None]:
        """Return the first byte that every request for a path asked for."""
        return [request.start for request in self.requests if request.path == path]

    def file(self, path: str) -> bytes:
        """Return what lies at a path, nothing where nothing does."""
        if path in self.files or self.folder is None:
            return self.files.get(path, b"")
        place = self.folder / path.rsplit("/", 1)[-1]
        return place.read_bytes() if place.is_file() else b""

    def close(self) -> None:
        self.release.set()
        self._http.shutdown()
        self._http.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    home: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name, home = self.path.rsplit("/", 1)[-1], self.home
        with home.changing:
            home.requests.append(Request(self.path, self.start, time.monotonic()))
            home.asked.append((name, self.headers.get("Range", "")))
            waiting = home.behave.get(self.path) or home.behave.get(name)
            behaviour = waiting.pop(0) if waiting else home.always
        with contextlib.suppress(ConnectionError):  # the client has seen enough
            (behaviour or well)(self, home.file(self.path))

    @property
    def start(self) -> int | None:
        """The first byte that is asked for, None for all."""
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(match[1]) if match else None

    def answer(
        self, status: int, body: bytes = b"", length: int | str | None = None, **headers
    ) -> None:
        """Send a head, with the length that is said or the body's, and the body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.send(body)

    def send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()
        self.home.sent += len(data)

    def hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


Behaviour = Callable[[Handler, bytes], None]


def well(request: Handler, data: bytes, etag: str = '"as published"') -> None:
    """Answer as a good server does, ranges included."""
    start, condition = request.start, request.headers.get("If-Range")
    if not data:
        request.answer(404)
    elif start is not None and condition in {None, etag}:
        if start >= len(data):
            request.answer(416, Content_Range=f"bytes */{len(data)}")
            return
        place = f"bytes {start}-{len(data) - 1}/{len(data)}"
        request.answer(206, data[start:], Content_Range=place, ETag=etag)
    else:
        request.answer(200, data, ETag=etag)


def cuts_after(count: int, *, ranges: bool = True) -> Behaviour:
    """Answer rightly, and hang up after so many bytes of what was asked for."""

    def behave(request: Handler, data: bytes) -> None:
        start = request.start if ranges else None
        part, headers = data[start or 0 :], {"ETag": '"as published"'}
        if start is not None:
            headers["Content_Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        request.answer(200 if start is None else 206, part[:count], len(part), **headers)
        request.hang_up()

    return behave


def stalls_after(count: int) -> Behaviour:
    """Send so many bytes, then nothing until the server's release, then the rest."""

    def behave(request: Handler, data: bytes) -> None:
        request.answer(200, data[:count], len(data))
        request.home.stalled.set()
        request.home.release.wait(60)
        request.send(data[count:])

    return behave


def drips(request: Handler, data: bytes, pause_s: float = 0.02, count: int = 1) -> None:
    """Send a byte at a time, or `count`, for ever."""
    request.answer(200, b"", len(data))
    for place in range(0, len(data), count):
        request.send(data[place : place + count])
        if request.home.release.wait(pause_s):
            return


def drips_headers(pause_s: float) -> Behaviour:
    """Send headers, one byte at a time, without end."""

    def behave(request: Handler, data: bytes) -> None:
        request.send_response(200)
        request.flush_headers()
        for number in range(10_000):
            request.send(b"X-%d: 1\r\n"[number % 3 : number % 3 + 1])
            if request.home.release.wait(pause_s):
                return

    return behave


def says_nothing(request: Handler, data: bytes) -> None:
    """Answer nothing at all."""
    request.home.release.wait(30)
    request.hang_up()


def says_what_is_no_http(request: Handler, data: bytes) -> None:
    """Answer with something that is not HTTP."""
    request.send(b"SSH-2.0-something\r\n\r\n")
    request.hang_up()


def says(status: int, **headers: str) -> Behaviour:
    """Answer with a status alone."""
    return lambda request, data: request.answer(status, b"<html>no</html>", **headers)


def ignores_range(request: Handler, data: bytes) -> None:
    """Send everything, also where a part was asked for."""
    request.answer(200, data)


def lies(request: Handler, data: bytes) -> None:
    """Send other bytes, as many as were published."""
    well(request, bytes(byte ^ 0xFF for byte in data))


def lies_about_length(length: int | str) -> Behaviour:
    """Send the file and say another length, which need be no number."""

    def behave(request: Handler, data: bytes) -> None:
        request.answer(200, data, length)
        request.hang_up()

    return behave


def says_no_length(request: Handler, data: bytes) -> None:
    """Send everything and close, without a word on the length."""
    request.send_response(200)
    request.end_headers()
    request.send(data)
    request.hang_up()


def lies_longer(request: Handler, data: bytes) -> None:
    request.answer(200, data + b"more")


def lies_shorter(request: Handler, data: bytes) -> None:
    request.answer(200, b"<html>Please log in to the hotel's network</html>")


def lies_about_range(request: Handler, data: bytes) -> None:
    request.answer(206, data, Content_Range=f"bytes 0-{len(data) - 1}/{len(data)}")


def sends_another_part(request: Handler, data: bytes) -> None:
    """Answer a range with one that begins elsewhere, and says so."""
    if request.start is None:
        well(request, data)
        return
    start = request.start // 2
    place = f"bytes {start}-{len(data) - 1}/{len(data)}"
    request.answer(206, data[start:], Content_Range=place)


def redirects(request: Handler, data: bytes) -> None:
    """Lead to another address of the same file."""
    name = request.path.rsplit("/", 1)[-1]
    request.answer(302, Location=f"{request.home.base}/elsewhere/{name}")


def redirects_in_circles(request: Handler, data: bytes) -> None:
    request.answer(302, Location=f"{request.home.base}{request.path}")


@contextlib.contextmanager
def serving(folder: Path | None = None) -> Iterator[Server]:
    """Serve for as long as the block lasts; what stalls is let go at its end."""
    server = Server(folder)
    try:
        yield server
    finally:
        server.close()
