"""Fetch one file of known size and hash into a part file, from several mirrors, with retries.

What has arrived stays in the part file, so that the next attempt, mirror or run goes on from there.
Only the hash decides. When it is wrong and the bytes came from several places, the file is fetched
anew from one mirror at a time, so that a mirror with wrong bytes is found out and left.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from ant_core.errors import Cancelled, ModelCorrupt, ModelMissing
from ant_core.models.disk import refusal
from ant_core.models.http import AddressRefused, Answer, Trouble, ask

__all__ = ["Patience", "fetch", "file_sha256"]

_CHUNK = 1 << 18  # bytes; small enough that a stop takes effect within a moment
_EARLIER = "an earlier run"
_NUMBER = re.compile("[0-9]+")

_WORTH_TELLING_S = 3.0  # shorter waits are not told

OnProgress = Callable[[int], None]
OnWait = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to bear with mirrors.

    Attributes
    ----------
    timeout_s : float
        Silence after which a connection counts as broken.
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


@dataclass
class _Mirror:
    url: str
    fruitless: int = 0  # attempts in a row
    most: int = 0  # bytes of the part file that it ever brought it to
    ranges: bool = True  # can begin in the middle
    not_before: float = 0.0  # on the monotonic clock
    left: bool = False
    told: list[str] = field(default_factory=list)  # what went wrong, each kind once

    def note(self, reason: str) -> None:
        """Keep a reason; of those that differ in numbers alone, which may be endless, the last."""
        kind = _NUMBER.sub("", reason)
        self.told = [told for told in self.told if _NUMBER.sub("", told) != kind] + [reason]

    def account(self) -> str:
        parts = urlsplit(self.url)
        # A query may hold a key to the file, which has no place in a log.
        where = f"{parts.scheme}://{parts.netloc}{parts.path}"
        return f"{where} {', '.join(self.told) or 'was not asked'}"


class _Pace:
    """How fast bytes come; AddressRefused when that is too slow."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._since, self._count = time.monotonic(), 0

    def note(self, count: int) -> None:
        self._count += count
        over_s = time.monotonic() - self._since
        if over_s >= self._patience.rate_over_s:
            if self._count < self._patience.least_rate * over_s:
                raise AddressRefused(
                    f"sends {self._count / over_s:.0f} bytes a second, which is too slow"
                )
            self._since, self._count = time.monotonic(), 0


def _is_own(part: Path) -> bool:
    """Tell whether a part file is none yet, or a file with no other name: no link of others."""
    try:
        found = part.lstat()
    except OSError:
        return True
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def _open_part(part: Path) -> BinaryIO:
    """Open a part file to be gone on with, or make it; links are not followed."""
    flags = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        handle = os.open(part, flags)
    except FileNotFoundError:
        handle = os.open(part, flags | os.O_CREAT | os.O_EXCL, 0o666)
    return os.fdopen(handle, "ab")


def file_sha256(path: Path, cancel: threading.Event | None = None) -> str:
    """Return the SHA-256 of a file, hexadecimal; OSError and Cancelled may end it."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            _stop_if(cancel)
    return digest.hexdigest()


def fetch(
    urls: Sequence[str],
    part: Path,
    size: int,
    sha256: str,
    *,
    on_progress: OnProgress = lambda done: None,
    on_wait: OnWait = lambda text: None,
    cancel: threading.Event | None = None,
    patience: Patience | None = None,
) -> None:
    """Make `part` the file of this size and hash; what is in it already is gone on from.

    Parameters
    ----------
    urls : sequence of str
        Where the file can be had, best first.
    part : Path
        In an existing folder; kept when the download fails or is stopped, except when its bytes
        are wrong.
    size, sha256 : int, str
        Of the whole file.
    on_progress : callable
        Told the size of the part file, in bytes, as it grows (and when it starts anew).
    on_wait : callable
        Told a sentence before a pause of several seconds.
    cancel : threading.Event, optional
        Looked at between chunks.
    patience : Patience, optional

    Raises
    ------
    ModelMissing
        When no mirror gives the whole file.
    ModelCorrupt
        When they give files with other bytes.
    OutputError
        When the part file cannot be written.
    Cancelled
    """
    fetching = _Fetch(urls, part, size, sha256, cancel, patience or Patience())
    fetching.on_progress, fetching.on_wait = on_progress, on_wait
    fetching.run()


class _Fetch:
    """One download: its mirrors, and where the bytes so far came from."""

    def __init__(
        self,
        urls: Sequence[str],
        part: Path,
        size: int,
        sha256: str,
        cancel: threading.Event | None,
        patience: Patience,
    ) -> None:
        self._mirrors = [_Mirror(url) for url in urls]
        self._part, self._size, self._sha256 = part, size, sha256
        self.on_progress: OnProgress = lambda done: None
        self.on_wait: OnWait = lambda text: None
        self._cancel = cancel or threading.Event()
        self._patience = patience
        self._end = time.monotonic() + self._patience.longest_s
        self._origins = {_EARLIER} if self._have() else set[str]()
        self._one_at_a_time = False
        self._wrong = False  # wrong bytes came from somewhere

    def run(self) -> None:
        if self._have() > self._size or not _is_own(self._part):
            self._start_anew()
        while True:
            if self._have() == self._size:
                if file_sha256(self._part, self._cancel) == self._sha256:
                    return
                self._reject()
            mirror = self._next_mirror()
            self._wait(mirror)
            self._attempt(mirror)

    def _have(self) -> int:
        try:
            return self._part.lstat().st_size
        except OSError:  # writing to it will say why
            return 0

    def _start_anew(self) -> None:
        try:
            self._part.unlink(missing_ok=True)
        except OSError as error:
            raise refusal(self._part, error) from error
        self._origins = set()
        self.on_progress(0)

    def _reject(self) -> None:
        """Delete wrong bytes, and leave the mirror they came from if it was only one."""
        self._wrong = True
        only = self._origins.copy().pop() if len(self._origins) == 1 else None
        for mirror in self._mirrors:
            if mirror.url in self._origins:
                mirror.note("gave wrong bytes" if only else "may have given wrong bytes")
                mirror.left = mirror.left or mirror.url == only
        self._one_at_a_time = True
        self._start_anew()

    def _next_mirror(self) -> _Mirror:
        """Return the mirror to ask: the one that may be asked first, in order of the list."""
        live = [mirror for mirror in self._mirrors if not mirror.left]
        if not live:
            raise self._failure()
        if not self._one_at_a_time:
            # A mirror with a fresh failure waits longer than one without: they take turns.
            return min(live, key=lambda mirror: mirror.not_before)
        if not self._origins <= {live[0].url}:
            self._start_anew()
        return live[0]

    def _wait(self, mirror: _Mirror) -> None:
        pause_s = max(0.0, mirror.not_before - time.monotonic())
        if pause_s > _WORTH_TELLING_S:
            self.on_wait(f"{mirror.account()}: trying again in {pause_s:.0f} s")
        self._cancel.wait(pause_s)
        _stop_if(self._cancel)
        self._check_time(mirror)

    def _check_time(self, mirror: _Mirror) -> None:
        if time.monotonic() > self._end:
            mirror.note(f"did not give it within {self._patience.longest_s / 3600:.3g} hours")
            raise self._failure()

    def _attempt(self, mirror: _Mirror) -> None:
        """Ask one mirror once, and draw the conclusions."""
        offset = self._have()
        wait_s = 0.0
        try:
            with ask(
                mirror.url,
                offset,
                self._size,
                self._patience.timeout_s,
                ranges=mirror.ranges,
                cancel=self._cancel,
            ) as answer:
                self.on_progress(offset)  # it answers
                self._receive(mirror, answer, offset)
        except AddressRefused as error:
            mirror.note(str(error))
            mirror.left = True
        except Trouble as error:
            mirror.note(str(error))
            mirror.ranges = mirror.ranges and error.ranges
            wait_s = error.wait_s
        have = self._have()
        # More than ever before: a mirror that is cut off at the same byte each time is no use.
        fruitful = have > max(offset, mirror.most)
        mirror.fruitless = 0 if fruitful else mirror.fruitless + 1
        mirror.most = max(mirror.most, have)
        self._rest(mirror, wait_s)

    def _rest(self, mirror: _Mirror, wait_s: float) -> None:
        patience = self._patience
        if mirror.fruitless >= patience.tries:
            mirror.left = True
        if wait_s > patience.longest_wait_s:
            mirror.note(f"asks to come back in {wait_s:.0f} s")
            mirror.left = True
        pause = patience.pause_s * 2.0 ** (mirror.fruitless - 1) if mirror.fruitless else 0.0
        mirror.not_before = time.monotonic() + max(wait_s, pause)

    def _receive(self, mirror: _Mirror, answer: Answer, offset: int) -> None:
        """Append an answer's bytes to the part file; those that are there already are skipped."""
        position = answer.offset
        pace = _Pace(self._patience)
        try:
            with _open_part(self._part) as file:
                while chunk := answer.read(_CHUNK):
                    _stop_if(self._cancel)
                    self._check_time(mirror)
                    pace.note(len(chunk))
                    new = chunk[max(0, offset - position) :]
                    position += len(chunk)
                    if position > self._size:
                        raise AddressRefused(f"sends more than the {self._size} bytes expected")
                    if new:
                        self._origins.add(mirror.url)
                        file.write(new)
                        self.on_progress(max(offset, position))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise refusal(self._part, error) from error
        if position < self._size:
            raise Trouble(f"breaks off at byte {position} of {self._size}")

    def _failure(self) -> ModelMissing | ModelCorrupt:
        accounts = "; ".join(mirror.account() for mirror in self._mirrors)
        if self._wrong and all("wrong bytes" in ", ".join(m.told) for m in self._mirrors):
            return ModelCorrupt(
                f"no mirror has the file with SHA-256 {self._sha256[:12]}... that the registry "
                f"asks for ({accounts}): update the registry, or get the file elsewhere and use "
                "ant_core models import FILE"
            )
        return ModelMissing(
            f"the download did not succeed ({accounts}): check the network and the proxy settings "
            "(HTTPS_PROXY, NO_PROXY) and run again, what has arrived is kept; or bring the file "
            "and use ant_core models import FILE"
        )


def _stop_if(cancel: threading.Event | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled("stopped: what has arrived is kept, run the same command again to go on")
