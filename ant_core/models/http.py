"""One request for the rest of a file, and what its answer means.

urllib of the standard library does it: one file a call needs no connection pool, it follows
redirects, has time-outs, reads proxy settings from the environment (and from Windows' and macOS'
own), trusts the certificates of the system, which studios extend with their own, and adds nothing
to install. Resuming and retrying would be ours with any library, since only we know size and hash.
"""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import math
import re
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ant_core import __version__

__all__ = ["AddressRefused", "Answer", "Trouble", "ask"]

_LATE = "does not answer in time"
_LOOK_EVERY_S = 0.1
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
_COUNT = re.compile("[0-9]{1,18}")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")
# What breaks on the way: no route, no name, cut, silent, not HTTP.
_BROKEN = (OSError, http.client.HTTPException)


class Trouble(Exception):
    """Something that may be gone next time.

    `wait_s` is how long the server asked to be left alone; `ranges` False says that it cannot
    begin in the middle.
    """

    def __init__(self, reason: str, *, wait_s: float = 0.0, ranges: bool = True) -> None:
        super().__init__(reason)
        self.wait_s = wait_s
        self.ranges = ranges


class AddressRefused(Exception):
    """An address that will not give the file, however often it is asked."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects, but only to HTTP and never from a secured to an open address."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: Any,
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        allowed = ("https:",) if req.type == "https" else ("https:", "http:")
        if not newurl.lower().startswith(allowed):
            fp.close()
            raise AddressRefused(f"redirects to {newurl}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _ConnectionWatch:
    """Cuts connections that take too long in all, and those of a stopped download.

    A time-out of a socket begins anew with every byte.
    """

    def __init__(self, cancel: threading.Event) -> None:
        self.late = False
        self._cancel = cancel
        self._sockets: list[socket.socket] = []
        self._due = math.inf  # on the monotonic clock
        self._ended = threading.Event()
        threading.Thread(target=self._look, name="download watch", daemon=True).start()

    def expect(self, within_s: float) -> None:
        """Cut what is not done in time."""
        self._due = time.monotonic() + within_s

    def connect(self, *args: Any, **more: Any) -> socket.socket:
        """Connect as `socket.create_connection` does."""
        made = socket.create_connection(*args, **more)
        self._sockets.append(made.dup())  # of its own: TLS takes the other one over
        return made

    def end(self) -> None:
        self._ended.set()
        for one in self._sockets:
            one.close()

    def _look(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            late = time.monotonic() > self._due
            if late or self._cancel.is_set():
                self.late = self.late or late
                for one in list(self._sockets):
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)

    def opener(self) -> urllib.request.OpenerDirector:
        """Return what opens addresses over watched connections."""

        def watched(kind: Any) -> Any:
            def make(host: str, **more: Any) -> Any:
                made = kind(host, **more)
                made._create_connection = self.connect
                return made

            return make

        class Open(urllib.request.HTTPHandler):
            def http_open(self, req: urllib.request.Request) -> Any:
                return self.do_open(watched(http.client.HTTPConnection), req)

        class Secured(urllib.request.HTTPSHandler):
            def https_open(self, req: urllib.request.Request) -> Any:
                kind = watched(http.client.HTTPSConnection)
                return self.do_open(kind, req, context=self._context)  # type: ignore[attr-defined]

        return urllib.request.build_opener(_Redirects, Open, Secured)


class Answer:
    """The body of an answer, from byte `offset` of the file on."""

    def __init__(
        self, response: Any, offset: int, watch: _ConnectionWatch, within_s: float
    ) -> None:
        self._response = response
        self._watch, self._within_s = watch, within_s
        self.offset = offset

    def read(self, count: int) -> bytes:
        """Return up to `count` bytes as soon as some are there; none at the end.

        Raises
        ------
        Trouble
            When the connection breaks or stays silent for the time-out.
        """
        self._watch.expect(self._within_s)
        try:
            data: bytes = self._response.read1(count)
        except _BROKEN as error:
            raise Trouble(_LATE if self._watch.late else _describe(error)) from error
        if self._watch.late:  # what was cut looks like an end
            raise Trouble(_LATE)
        return data


@contextmanager
def ask(
    url: str, offset: int, size: int, timeout_s: float, *, ranges: bool, cancel: threading.Event
) -> Iterator[Answer]:
    """Ask for a file of `size` bytes from byte `offset` on.

    Parameters
    ----------
    url : str
        http or https.
    offset, size : int
        Bytes that are there already, and of the whole file.
    timeout_s : float
        For connecting, and for every silence afterwards; twice as long for all that comes before
        the file, and for every piece of it.
    ranges : bool
        False asks for the whole file; its first `offset` bytes are then to be skipped.
    cancel : threading.Event
        Cuts the connection: Trouble.

    Raises
    ------
    Trouble, AddressRefused
    """
    # identity: the hash is that of the bytes as they lie there
    headers = {"User-Agent": f"ant_core/{__version__}", "Accept-Encoding": "identity"}
    if offset and ranges:
        headers["Range"] = f"bytes={offset}-"
    watch = _ConnectionWatch(cancel)
    watch.expect(2 * timeout_s)
    try:
        with _opened(watch, urllib.request.Request(url, headers=headers), timeout_s) as response:
            start = _start(response, offset, size)
            yield Answer(response, start, watch, 2 * timeout_s)
    finally:
        watch.end()


def _opened(watch: _ConnectionWatch, request: urllib.request.Request, timeout_s: float) -> Any:
    """Send a request; return the answer once its headers are there."""
    try:
        response = watch.opener().open(request, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        with error:
            raise _status_error(error) from None
    except ValueError as error:
        raise AddressRefused(f"is no usable address ({error})") from None
    except _BROKEN as error:
        if isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
            raise AddressRefused("shows a certificate that this system does not trust") from error
        raise Trouble(_LATE if watch.late else _describe(error)) from error
    if watch.late:  # headers that were cut look like whole ones
        response.close()
        raise Trouble(_LATE)
    return response


def _status_error(error: urllib.error.HTTPError) -> Trouble | AddressRefused:
    text = str(error.reason)
    if text.startswith(urllib.request.HTTPRedirectHandler.inf_msg):  # several lines
        text = "and redirects without end"
    reason = f"answers {error.code} {' '.join(text.split())}".rstrip()
    if error.code == 416:
        return Trouble(reason, ranges=False)
    if error.code in _TEMPORARY:
        return Trouble(reason, wait_s=_retry_after(error.headers.get("Retry-After")))
    return AddressRefused(reason)


def _retry_after(text: str | None) -> float:
    """Return the seconds that a Retry-After header asks for, given in seconds or as a date."""
    if text is None:
        return 0.0
    if _COUNT.fullmatch(text.strip()):
        return float(text.strip())
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError, OSError):  # no date, or one that no clock reaches
        return 0.0


def _start(response: Any, offset: int, size: int) -> int:
    """Check the length that an answer claims; return the byte at which it begins."""
    if response.status == 200:
        _check_size(response.headers.get("Content-Length"), size)
        return 0
    if response.status != 206:
        raise AddressRefused(f"answers {response.status} instead of the file")
    match = _CONTENT_RANGE.match(response.headers.get("Content-Range") or "")
    if match is None or int(match[1]) != offset:
        raise Trouble("answers with another part than asked for", ranges=False)
    _check_size(match[2], size)
    return offset


def _check_size(claimed: str | None, size: int) -> None:
    if claimed is not None and _COUNT.fullmatch(claimed) and int(claimed) != size:
        raise AddressRefused(f"has a file of {claimed} bytes where {size} are expected")


def _describe(error: BaseException) -> str:
    """Say what broke in few words."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return _LATE
    if isinstance(reason, http.client.HTTPException):
        return f"breaks off ({type(reason).__name__})"
    text = getattr(reason, "strerror", None) or reason
    return f"cannot be reached or breaks off ({text})"
