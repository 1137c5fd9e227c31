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
import re
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

from ant_core import __version__

__all__ = ["AddressRefused", "Patience", "Trouble", "receive"]

_CHUNK = 1 << 18  # bytes; small enough that a stop takes effect within a moment
_LATE = "does not answer in time"
_LOOK_EVERY_S = 0.1
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}
_COUNT = re.compile("[0-9]{1,18}")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to bear with mirrors.

    Attributes
    ----------
    timeout_s : float
        Silence after which a connection counts as broken; twice as long for all that comes before
        the file, and for every piece of it.
    tries : int
        Attempts in a row without a new byte after which a mirror is left.
    pause_s : float
        Before a mirror is asked again; doubles with every fruitless attempt.
    longest_wait_s : float
        A server that asks for a longer pause (Retry-After) is left.
    least_rate, rate_over_s : float
        A server that sends fewer bytes a second over so many seconds is left.
    longest_s : float
        For the whole download; what has arrived by then is kept.
    """

    timeout_s: float = 30.0
    tries: int = 4
    pause_s: float = 1.0
    longest_wait_s: float = 120.0
    least_rate: float = 1000.0
    rate_over_s: float = 60.0
    longest_s: float = 12 * 3600.0


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
        """Return the request to follow a redirect with; raises AddressRefused."""
        allowed = ("https:",) if req.type == "https" else ("https:", "http:")
        if not newurl.lower().startswith(allowed):
            fp.close()
            raise AddressRefused(f"redirects to {newurl}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Watched(urllib.request.HTTPHandler, urllib.request.HTTPSHandler):
    """Opens addresses over connections that `connect` makes."""

    def __init__(self, connect: Callable[..., socket.socket]) -> None:
        super().__init__()
        self._connect = connect

    def do_open(self, http_class: Any, req: urllib.request.Request, **more: Any) -> Any:
        """Send a request over a connection of our own."""

        def make(host: str, **options: Any) -> Any:
            made = http_class(host, **options)
            made._create_connection = self._connect
            return made

        return super().do_open(make, req, **more)


class _ConnectionWatch:
    """Cuts connections that take too long in all, and those of a stopped download.

    A time-out of a socket begins anew with every byte.
    """

    def __init__(self, cancel: threading.Event) -> None:
        self._late = False
        self._cancel = cancel
        self._sockets: list[socket.socket] = []
        self._due = float("inf")  # on the monotonic clock
        self._ended = threading.Event()
        threading.Thread(target=self._look, name="download watch", daemon=True).start()

    @contextlib.contextmanager
    def within(self, limit_s: float) -> Iterator[None]:
        """Cut what the block has not done in time; Trouble when its connection breaks."""
        self._due = time.monotonic() + limit_s
        try:
            yield
        except (OSError, http.client.HTTPException) as error:
            raise Trouble(_LATE if self._late else _describe(error)) from error
        if self._late:  # what was cut looks like an end
            raise Trouble(_LATE)

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
                self._late = self._late or late
                for one in list(self._sockets):
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)


def receive(
    url: str, offset: int, size: int, patience: Patience, *, ranges: bool, cancel: threading.Event
) -> Generator[bytes]:
    """Yield a file of `size` bytes from byte `offset` on, as its pieces arrive.

    A piece is empty once the server answers, and for bytes before `offset` that it sends again.

    Parameters
    ----------
    url : str
        http or https.
    offset, size : int
        Bytes that are there already, and of the whole file.
    ranges : bool
        False asks for the whole file, whose first `offset` bytes are then skipped.
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
    watch, limit_s = _ConnectionWatch(cancel), 2 * patience.timeout_s
    with contextlib.ExitStack() as stack:
        stack.callback(watch.end)
        with watch.within(limit_s):
            response = stack.enter_context(_opened(watch, url, headers, patience.timeout_s))
        position = _start(response, offset, size)
        since, count = time.monotonic(), 0
        yield b""
        while True:
            with watch.within(limit_s):
                chunk: bytes = response.read1(_CHUNK)
            if not chunk:
                break
            count += len(chunk)
            over_s = time.monotonic() - since
            if over_s >= patience.rate_over_s:
                if count < patience.least_rate * over_s:
                    raise AddressRefused(
                        f"sends {count / over_s:.0f} bytes a second, which is too slow"
                    )
                since, count = time.monotonic(), 0
            if position + len(chunk) > size:
                raise AddressRefused(f"sends more than the {size} bytes expected")
            yield chunk[max(0, offset - position) :]
            position += len(chunk)
    if position < size:
        raise Trouble(f"breaks off at byte {position} of {size}")


def _opened(
    watch: _ConnectionWatch, url: str, headers: dict[str, str], timeout_s: float
) -> contextlib.AbstractContextManager[Any]:
    """Send a request; return the answer once its headers are there."""
    opener = urllib.request.build_opener(_Redirects, _Watched(watch.connect))
    try:
        return opener.open(urllib.request.Request(url, headers=headers), timeout=timeout_s)
    except urllib.error.HTTPError as error:
        with error:
            raise _status_error(error) from None
    except ValueError as error:
        raise AddressRefused(f"is no usable address ({error})") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise AddressRefused("shows a certificate that this system does not trust") from error
        raise


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
