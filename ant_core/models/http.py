"""One request for the rest of a file, and what its answer means.

urllib of the standard library does it: one file a call needs no connection pool, it follows
redirects, has time-outs, reads proxy settings from the environment (and from Windows' and macOS'
own), trusts the certificates of the system, which studios extend with their own, and adds nothing
to install. Resuming and retrying would be ours with any library, since only we know size and hash.
"""

from __future__ import annotations

import email.utils
import http.client
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ant_core import __version__

__all__ = ["Answer", "Refused", "Trouble", "ask"]

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


class Refused(Exception):
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
            raise Refused(f"redirects to {newurl}, which is not followed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Answer:
    """The body of an answer, from byte `offset` of the file on."""

    def __init__(self, response: Any, offset: int) -> None:
        self._response = response
        self.offset = offset

    def read(self, count: int) -> bytes:
        """Return up to `count` bytes as soon as some are there; none at the end.

        Raises
        ------
        Trouble
            When the connection breaks or stays silent for the time-out.
        """
        try:
            data: bytes = self._response.read1(count)
        except _BROKEN as error:
            raise Trouble(_describe(error)) from error
        return data


@contextmanager
def ask(url: str, offset: int, size: int, timeout_s: float, *, ranges: bool) -> Iterator[Answer]:
    """Ask for a file of `size` bytes from byte `offset` on.

    Parameters
    ----------
    url : str
        http or https.
    offset, size : int
        Bytes that are there already, and of the whole file.
    timeout_s : float
        For connecting, and for every silence afterwards.
    ranges : bool
        False asks for the whole file; its first `offset` bytes are then to be skipped.

    Raises
    ------
    Trouble, Refused
    """
    # identity: the hash is that of the bytes as they lie there
    headers = {"User-Agent": f"ant_core/{__version__}", "Accept-Encoding": "identity"}
    if offset and ranges:
        headers["Range"] = f"bytes={offset}-"
    opener = urllib.request.build_opener(_Redirects)
    try:
        response = opener.open(urllib.request.Request(url, headers=headers), timeout=timeout_s)
    except urllib.error.HTTPError as error:
        with error:
            raise _status_error(error) from None
    except ValueError as error:
        raise Refused(f"is no usable address ({error})") from None
    except _BROKEN as error:
        if isinstance(getattr(error, "reason", None), ssl.SSLCertVerificationError):
            raise Refused("shows a certificate that this system does not trust") from error
        raise Trouble(_describe(error)) from error
    with response:
        yield Answer(response, _start(response, offset, size))


def _status_error(error: urllib.error.HTTPError) -> Trouble | Refused:
    reason = f"answers {error.code} {error.reason}".rstrip()
    if error.code == 416:
        return Trouble(reason, ranges=False)
    if error.code in _TEMPORARY:
        return Trouble(reason, wait_s=_retry_after(error.headers.get("Retry-After")))
    return Refused(reason)


def _retry_after(text: str | None) -> float:
    """Return the seconds that a Retry-After header asks for, given in seconds or as a date."""
    if text is None:
        return 0.0
    if _COUNT.fullmatch(text.strip()):
        return float(text)
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
        raise Refused(f"answers {response.status} instead of the file")
    match = _CONTENT_RANGE.match(response.headers.get("Content-Range") or "")
    if match is None or int(match[1]) != offset:
        raise Trouble("answers with another part than asked for", ranges=False)
    _check_size(match[2], size)
    return offset


def _check_size(claimed: str | None, size: int) -> None:
    if claimed is not None and _COUNT.fullmatch(claimed) and int(claimed) != size:
        raise Refused(f"has a file of {claimed} bytes where {size} are expected")


def _describe(error: BaseException) -> str:
    """Say what broke in few words."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, TimeoutError):
        return "does not answer in time"
    if isinstance(reason, http.client.HTTPException):
        return f"breaks off ({type(reason).__name__})"
    text = getattr(reason, "strerror", None) or reason
    return f"cannot be reached or breaks off ({text})"
