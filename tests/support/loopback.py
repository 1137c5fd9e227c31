"""A server on this machine that gives out files, as well or as badly as a test wants."""

from __future__ import annotations

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Server:
    """Serves a folder; `behave[name]` is a list of what to do at each request, then all is well.

    A behaviour is a function that gets the request's Handler and the file's bytes, and answers.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.behave: dict[str, list[Callable[[Handler, bytes], None]]] = {}
        self.always: Callable[[Handler, bytes], None] | None = None
        self.asked: list[tuple[str, str]] = []  # name and Range of each request
        self.sent = 0  # bytes of bodies
        self.ended = threading.Event()
        made = type("Made", (Handler,), {"home": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), made)
        self._http.daemon_threads = True
        self.port = self._http.server_port
        self.base = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.ended.set()
        self._http.shutdown()
        self._http.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    home: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name = self.path.rsplit("/", 1)[-1]
        asked = self.headers.get("Range", "")
        self.home.asked.append((name, asked))
        path = self.home.folder / name
        data = path.read_bytes() if path.is_file() else b""
        waiting = self.home.behave.get(name)
        behaviour = waiting.pop(0) if waiting else self.home.always
        with contextlib.suppress(ConnectionError):
            (behaviour or well)(self, data)

    def answer(self, status: int, body: bytes = b"", length: int | None = None, **headers) -> None:
        """Send a head, with the length that is said or the body's, and the body."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.send(body)

    def send(self, data: bytes) -> None:
        self.wfile.write(data)
        self.home.sent += len(data)

    def hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.close()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def well(request: Handler, data: bytes, etag: str = '"as published"') -> None:
    """Answer as a good server does, ranges included."""
    asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
    condition = request.headers.get("If-Range")
    if not data:
        request.answer(404)
    elif asked and condition in {None, etag}:
        start = int(asked[1])
        if start >= len(data):
            request.answer(416, Content_Range=f"bytes */{len(data)}")
            return
        place = f"bytes {start}-{len(data) - 1}/{len(data)}"
        request.answer(206, data[start:], Content_Range=place, ETag=etag)
    else:
        request.answer(200, data, ETag=etag)


def cuts_after(count: int) -> Callable[[Handler, bytes], None]:
    """Answer rightly, and hang up after so many bytes of what was asked for."""

    def behave(request: Handler, data: bytes) -> None:
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        part, headers = data[start:], {"ETag": '"as published"'}
        if asked:
            headers["Content_Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        request.answer(206 if asked else 200, part[:count], len(part), **headers)
        request.hang_up()

    return behave


def stalls_after(count: int) -> Callable[[Handler, bytes], None]:
    """Send so many bytes and then nothing, without hanging up."""

    def behave(request: Handler, data: bytes) -> None:
        request.answer(200, data[:count], len(data))
        request.home.ended.wait(60)

    return behave


def drips(request: Handler, data: bytes) -> None:
    """Send a byte at a time, for ever."""
    request.answer(200, b"", len(data))
    for place in range(len(data)):
        request.send(data[place : place + 1])
        request.wfile.flush()
        time.sleep(0.02)
        if request.home.ended.is_set():
            return


def says(status: int, **headers: str) -> Callable[[Handler, bytes], None]:
    """Answer with a status alone."""
    return lambda request, data: request.answer(status, b"<html>no</html>", **headers)


def lies(request: Handler, data: bytes) -> None:
    """Send other bytes, as many as were published."""
    request.answer(200, data[:-1] + bytes([data[-1] ^ 1]))


def lies_longer(request: Handler, data: bytes) -> None:
    request.answer(200, data + b"more")


def lies_shorter(request: Handler, data: bytes) -> None:
    request.answer(200, b"<html>Please log in to the hotel's network</html>")


def lies_about_range(request: Handler, data: bytes) -> None:
    request.answer(206, data, Content_Range=f"bytes 0-{len(data) - 1}/{len(data)}")


def redirects(request: Handler, data: bytes) -> None:
    """Lead to another address of the same file."""
    name = request.path.rsplit("/", 1)[-1]
    request.answer(302, Location=f"{request.home.base}/elsewhere/{name}")


def redirects_in_circles(request: Handler, data: bytes) -> None:
    request.answer(302, Location=f"{request.home.base}{request.path}")


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    try:
        yield server
    finally:
        server.close()
