"""Fetch one file of known size and hash into a part file, from several mirrors, with retries.

What has arrived stays in the part file, so that the next attempt, mirror or run goes on from there.
Only the hash decides. When it is wrong and the bytes came from several places, the file is fetched
anew from one mirror at a time, so that a mirror with wrong bytes is found out and left.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from ant_core import files
from ant_core.errors import Cancelled, ModelCorrupt, ModelMissing
from ant_core.models.http import AddressRefused, Patience, Trouble, receive

__all__ = ["Patience", "fetch", "file_sha256", "writing"]

_EARLIER = "an earlier run"
_NUMBER = re.compile("[0-9]+")
_WORTH_TELLING_S = 3.0  # shorter waits are not told

OnProgress = Callable[[int], None]
OnWait = Callable[[str], None]


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say in one sentence why a file or folder of the store could not be written: OutputError."""
    try:
        yield
    except OSError as error:
        remedy = "name a folder of your own with ANT_CORE_MODELS"
        raise files.refusal(path, error, remedy) from error


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
        """Return the address without its query, and what went wrong there."""
        parts = urlsplit(self.url)
        # A query may hold a key to the file, which has no place in a log.
        where = f"{parts.scheme}://{parts.netloc}{parts.path}"
        return f"{where} {', '.join(self.told) or 'was not asked'}"


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
    _Fetch(
        mirrors=[_Mirror(url) for url in urls],
        part=part,
        size=size,
        sha256=sha256,
        on_progress=on_progress,
        on_wait=on_wait,
        cancel=cancel or threading.Event(),
        patience=patience or Patience(),
    ).run()


@dataclass(kw_only=True)
class _Fetch:
    """One download: its mirrors, and where the bytes so far came from."""

    mirrors: list[_Mirror]
    part: Path
    size: int
    sha256: str
    on_progress: OnProgress
    on_wait: OnWait
    cancel: threading.Event
    patience: Patience
    wrong: bool = False  # wrong bytes came from somewhere: one mirror at a time since

    def __post_init__(self) -> None:
        self.end = time.monotonic() + self.patience.longest_s
        self.origins = {_EARLIER} if self._have() else set[str]()

    def run(self) -> None:
        """Fetch until the part file is whole and has its hash."""
        if self._have() > self.size or not _is_own(self.part):
            self._start_anew()
        while True:
            if self._have() == self.size:
                if file_sha256(self.part, self.cancel) == self.sha256:
                    return
                self._reject()
            mirror = self._next_mirror()
            pause_s = max(0.0, mirror.not_before - time.monotonic())
            if pause_s > _WORTH_TELLING_S:
                self.on_wait(f"{mirror.account()}: trying again in {pause_s:.0f} s")
            self.cancel.wait(pause_s)
            self._check_time(mirror)
            self._attempt(mirror)

    def _have(self) -> int:
        try:
            return self.part.lstat().st_size
        except OSError:  # writing to it will say why
            return 0

    def _start_anew(self) -> None:
        with writing(self.part):
            self.part.unlink(missing_ok=True)
        self.origins = set()
        self.on_progress(0)

    def _reject(self) -> None:
        """Delete wrong bytes, and leave the mirror they came from if it was only one."""
        self.wrong = True
        only = len(self.origins) == 1
        for mirror in self.mirrors:
            if mirror.url in self.origins:
                mirror.note("gave wrong bytes" if only else "may have given wrong bytes")
                mirror.left = mirror.left or only
        self._start_anew()

    def _next_mirror(self) -> _Mirror:
        """Return the mirror to ask: the one that may be asked first, in order of the list."""
        live = [mirror for mirror in self.mirrors if not mirror.left]
        if not live:
            raise self._failure()
        if not self.wrong:
            # A mirror with a fresh failure waits longer than one without: they take turns.
            return min(live, key=lambda mirror: mirror.not_before)
        if not self.origins <= {live[0].url}:
            self._start_anew()
        return live[0]

    def _check_time(self, mirror: _Mirror) -> None:
        _stop_if(self.cancel)
        if time.monotonic() > self.end:
            mirror.note(f"did not give it within {self.patience.longest_s / 3600:.3g} hours")
            raise self._failure()

    def _attempt(self, mirror: _Mirror) -> None:
        """Ask one mirror once, and draw the conclusions."""
        patience, offset, wait_s = self.patience, self._have(), 0.0
        try:
            self._append(mirror, offset)
        except AddressRefused as error:
            mirror.note(str(error))
            mirror.left = True
        except Trouble as error:
            mirror.note(str(error))
            mirror.ranges = mirror.ranges and error.ranges
            wait_s = error.wait_s
        have = self._have()
        # More than ever before: a mirror that is cut off at the same byte each time is no use.
        mirror.fruitless = 0 if have > max(offset, mirror.most) else mirror.fruitless + 1
        mirror.most = max(mirror.most, have)
        mirror.left = mirror.left or mirror.fruitless >= patience.tries
        if wait_s > patience.longest_wait_s:
            mirror.note(f"asks to come back in {wait_s:.0f} s")
            mirror.left = True
        pause_s = patience.pause_s * 2.0 ** (mirror.fruitless - 1) if mirror.fruitless else 0.0
        mirror.not_before = time.monotonic() + max(wait_s, pause_s)

    def _append(self, mirror: _Mirror, offset: int) -> None:
        """Append what a mirror sends to the part file, which has `offset` bytes."""
        pieces = receive(
            mirror.url,
            offset,
            self.size,
            self.patience,
            ranges=mirror.ranges,
            cancel=self.cancel,
        )
        with contextlib.closing(pieces), writing(self.part):
            next(pieces)  # it answers
            self.on_progress(offset)
            with _open_part(self.part) as file:
                for piece in pieces:
                    self._check_time(mirror)
                    if piece:
                        self.origins.add(mirror.url)
                        file.write(piece)
                        offset += len(piece)
                        self.on_progress(offset)
                file.flush()
                os.fsync(file.fileno())

    def _failure(self) -> ModelMissing | ModelCorrupt:
        accounts = "; ".join(mirror.account() for mirror in self.mirrors)
        if self.wrong and all("wrong bytes" in ", ".join(m.told) for m in self.mirrors):
            return ModelCorrupt(
                f"no mirror has the file with SHA-256 {self.sha256[:12]}... that the registry "
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
