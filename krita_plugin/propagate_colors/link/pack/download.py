"""Downloads pieces with Qt's network classes, and goes on where it was cut.

Not with Python's own: in Krita on Windows and macOS it finds no certificates.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from ...i18n import tr
from ...log import logger
from ...qt import QtCore, network
from ...state.engine_states import PACK
from ..requests import Steps
from .background import Stage, in_thread
from .lock import Piece
from .problems import SetupProblem, explain, retrying

# What came of one request.
WHOLE, CUT, SLOW, BUSY, GONE, RANGE, WRONG, OFFLINE, PROXY, TLS, REFUSED = (
    "whole", "cut", "slow", "busy", "gone", "range", "wrong", "offline", "proxy", "tls", "refused",
)  # fmt: skip

_READ_BUFFER = 1 << 20  # bytes that Qt keeps; more waits in the network
_REDIRECTS = 5


class Limits(NamedTuple):
    """How long it waits, and how often it tries again."""

    least_bytes: int = 20_000  # within a window, or it is too slow: a modem has ten times that
    window_s: float = 20.0
    tries: int = 4  # in a row without progress
    wait_s: float = 1.0  # before the second try; doubled before each further one
    most_wait_s: float = 30.0  # even if the server asks for more
    progress_bytes: int = 256 << 10  # that make a try count as none


class Downloader:
    """Fetches pieces into a folder, one after the other."""

    def __init__(self, folder: Path, limits: Limits | None = None) -> None:
        self._folder = folder
        self._limits = limits or Limits()
        self._manager: Any = None
        self._proxies: dict[str, Any] = {}  # by host

    def fetch(self, piece: Piece, stage: Stage) -> Steps:
        """Steps that end when the piece's file has all its bytes; the hash is checked later."""
        if self._manager is None:
            net = network()
            self._manager = net.QNetworkAccessManager()
            self._manager.setRedirectPolicy(
                net.QNetworkRequest.RedirectPolicy.NoLessSafeRedirectPolicy
            )
        place, part = self._folder / piece.name, self._folder / f"{piece.name}.part"
        proxy = yield from self._proxy(piece, stage)
        self._manager.setProxy(proxy)
        before, tries, afresh = stage.done, 0, False
        while True:
            start = _size(part)
            transfer = Transfer(self._manager, piece, part, self._limits, stage, before)
            transfer.has_proxy = bool(proxy.hostName())
            outcome = yield from transfer.steps()
            logger.info("download of %s: %s %s", piece.name, outcome, transfer.note)
            if outcome == WHOLE:
                stage.done = before + piece.size
                yield from in_thread(lambda look: _rename(part, place), stage)
                return
            if outcome in {WRONG, RANGE}:
                _forget(part)
                if afresh:
                    raise _problem(outcome, piece)
                afresh = True
                continue
            if outcome in {GONE, PROXY, TLS, REFUSED}:
                raise _problem(outcome, piece)
            tries = 1 if _size(part) - start >= self._limits.progress_bytes else tries + 1
            if tries >= self._limits.tries:
                raise _problem(outcome, piece)
            wait = self._limits.wait_s * 2 ** (tries - 1)
            yield min(max(wait, transfer.retry_after), self._limits.most_wait_s)

    def _proxy(self, piece: Piece, stage: Stage) -> Steps:
        """Ask the system for a host's proxy, once: it may have to fetch a script for that."""
        net, url = network(), QtCore.QUrl(piece.url)
        if url.host() not in self._proxies:
            query = net.QNetworkProxyQuery(url)
            found = yield from in_thread(
                lambda look: net.QNetworkProxyFactory.systemProxyForQuery(query), stage
            )
            self._proxies[url.host()] = found[0] if found else net.QNetworkProxy()
        return self._proxies[url.host()]


class Transfer:
    """One request, whose bytes are appended to a file."""

    def __init__(
        self, manager: Any, piece: Piece, part: Path, limits: Limits, stage: Stage, before: int
    ) -> None:
        self.note = ""  # for the log
        self.retry_after = 0.0
        self.has_proxy = False
        self._manager = manager
        self._piece = piece
        self._part = part
        self._limits = limits
        self._stage = stage
        self._before = before
        self._size = min(_size(part), piece.size)
        self._asked_from = self._size
        self._file: Any = None
        self._reply: Any = None
        self._received = 0  # bytes of this request; the file may be begun anew
        self._outcome = ""
        self._error: BaseException | None = None

    def steps(self) -> Steps:
        """Run; returns the outcome."""
        if self._size == self._piece.size:
            return WHOLE  # the process was killed right before the renaming
        self._send()
        try:
            while not self._outcome:
                mark = self._received
                try:
                    yield self._ended, self._limits.window_s
                except TimeoutError:
                    if self._received - mark < self._limits.least_bytes:
                        self._outcome = SLOW
        finally:
            self._close()
        if self._error is not None:
            if isinstance(self._error, OSError):
                raise explain(self._error, self._part.parent) from self._error
            raise self._error
        return self._outcome

    def _ended(self) -> bool:
        self._stage.tell()
        return bool(self._outcome)

    def _send(self) -> None:
        net = network()
        url = QtCore.QUrl(self._piece.url)
        request = net.QNetworkRequest(url)
        request.setMaximumRedirectsAllowed(_REDIRECTS)
        # As it is: Qt would unpack what a server packs on the way, and sizes would not fit.
        request.setRawHeader(b"Accept-Encoding", b"identity")
        if self._size:
            request.setRawHeader(b"Range", f"bytes={self._size}-".encode("ascii"))
            tag = _read(_tag(self._part))
            if tag:
                request.setRawHeader(b"If-Range", tag)
        reply = self._reply = self._manager.get(request)
        reply.setReadBufferSize(_READ_BUFFER)
        reply.readyRead.connect(lambda: self._guard(self._take))
        reply.finished.connect(lambda: self._guard(self._finish))

    def _guard(self, slot: Any) -> None:
        """Krita must not see what a slot raises."""
        if self._outcome:
            return
        try:
            slot()
        except Exception as error:
            self._error = error
            self._outcome = REFUSED

    def _close(self) -> None:
        reply, self._reply = self._reply, None
        self._outcome = self._outcome or CUT
        if reply is not None:
            reply.abort()
            reply.deleteLater()
        if self._file is not None:
            self._file.close()
            self._file = None

    # ---- what comes

    def _status(self) -> int:
        attribute = network().QNetworkRequest.Attribute.HttpStatusCodeAttribute
        return int(self._reply.attribute(attribute) or 0)

    def _header(self, name: bytes) -> bytes:
        return bytes(self._reply.rawHeader(name))

    def _take(self) -> None:
        """Write what came."""
        if self._file is None and not self._begin():
            return
        data = bytes(self._reply.readAll())
        if self._size + len(data) > self._piece.size:
            self._outcome, self.note = WRONG, "longer than it should be"
            return
        self._file.write(data)
        self._size += len(data)
        self._received += len(data)
        self._stage.done = self._before + self._size

    def _begin(self) -> bool:
        """Look at the answer's head; False where its body is not the piece."""
        status = self._status()
        if status not in {200, 206}:
            self._reply.readAll()
            return False
        if status == 206:
            found = re.match(rb"bytes (\d+)-\d+/(\d+|\*)", self._header(b"Content-Range"))
            total = found and found[2]
            sizes = {b"*", str(self._piece.size).encode("ascii")}
            if not found or int(found[1]) != self._asked_from or total not in sizes:
                self._outcome, self.note = WRONG, "another range than asked for"
                return False
        else:
            self._size = 0
        self._part.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(self._part, "ab" if self._size else "wb")  # noqa: SIM115 (see _close)
        # A weak ETag names no bytes: If-Range does not take it.
        tag = self._header(b"ETag")
        tag = tag if tag and not tag.startswith(b"W/") else self._header(b"Last-Modified")
        _tag(self._part).write_bytes(tag)
        return True

    def _finish(self) -> None:
        """The answer is over."""
        net = network()
        error, status = self._reply.error(), self._status()
        self.note = f"status {status}, {self._reply.errorString()}"
        errors = net.QNetworkReply.NetworkError
        if status in {200, 206}:
            self._take()
            if not self._outcome:
                whole = self._size == self._piece.size
                short = error == errors.NoError
                self._outcome = WHOLE if whole else WRONG if short else CUT
        elif status == 416:
            self._outcome = RANGE
        elif status in {408, 425, 429} or status >= 500:
            self._outcome, self.retry_after = BUSY, _seconds(self._header(b"Retry-After"))
        elif status == 407:
            self._outcome = PROXY
        elif status in {401, 403, 404, 410}:
            self._outcome = GONE
        else:
            self._outcome = self._kind_of(error, errors)

    def _kind_of(self, error: Any, errors: Any) -> str:
        proxies = (
            errors.ProxyConnectionRefusedError,
            errors.ProxyConnectionClosedError,
            errors.ProxyNotFoundError,
            errors.ProxyTimeoutError,
            errors.ProxyAuthenticationRequiredError,
            errors.UnknownProxyError,
        )
        if error in proxies:
            return PROXY
        if error == errors.SslHandshakeFailedError or self._lacks_tls():
            return TLS
        if error in {errors.RemoteHostClosedError, errors.TemporaryNetworkFailureError}:
            return CUT
        cannot = (errors.ConnectionRefusedError, errors.HostNotFoundError, errors.TimeoutError)
        if error in {*cannot, errors.UnknownNetworkError, errors.NetworkSessionFailedError}:
            return PROXY if self.has_proxy else OFFLINE  # Qt tells of the nearest one alone
        return REFUSED  # too many redirects, one to an unsafe address, a protocol unknown

    def _lacks_tls(self) -> bool:
        """Tell whether this Qt comes without the library for safe connections."""
        return self._piece.url.startswith("https:") and not network().QSslSocket.supportsSsl()


def _problem(outcome: str, piece: Piece) -> SetupProblem:
    host = QtCore.QUrl(piece.url).host()
    sentences = {
        CUT: tr("The connection to {host} breaks off again and again: try later.", host=host),
        SLOW: tr("The download from {host} stopped or is too slow: try later.", host=host),
        BUSY: tr("{host} is overloaded at present: try in some minutes.", host=host),
        GONE: tr("{name} cannot be downloaded from {host}: use a downloaded pack.", host=host,
                 name=piece.name),
        RANGE: tr("{name} cannot be downloaded from {host}: use a downloaded pack.", host=host,
                  name=piece.name),
        WRONG: tr("What {host} sends is not what was published: use a downloaded pack.",
                  host=host),
        OFFLINE: tr("{host} cannot be reached: look at the network, or use a downloaded pack.",
                    host=host),
        PROXY: tr("The network's proxy does not let {host} through: use a downloaded pack.",
                  host=host),
        TLS: tr("No safe connection to {host}: look at this computer's clock, or use a downloaded "
                "pack.", host=host),
        REFUSED: tr("{host} leads to an address that cannot be used: use a downloaded pack.",
                    host=host),
    }  # fmt: skip
    return SetupProblem(sentences[outcome], PACK)


def _seconds(header: bytes) -> float:
    """Return Retry-After in seconds; 0 for a date, which the usual wait serves as well."""
    return float(header) if header.isdigit() else 0.0


def _tag(part: Path) -> Path:
    return part.with_name(part.name + ".tag")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _rename(part: Path, place: Path) -> None:
    retrying(lambda: os.replace(part, place))
    _forget(part)


def _forget(part: Path) -> None:
    for path in (part, _tag(part)):
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
