"""Servers that cut, stall, lie, redirect in circles, drip or speak no HTTP.

Each meets a download three times: once before all is well, always, and always beside a good
mirror. It must end soon with the whole file or one sentence of the error tree, put nothing but
the part file anywhere, and leave what a good server can go on from.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ant_core.errors import AntError
from ant_core.models.transfer import Patience, fetch
from scripts.attacks.cases import add_options, chosen, tell
from tests.support import loopback
from tests.support.loopback import Behaviour, Handler, Server, says

__all__ = ["CASES", "add_arguments", "attack", "run"]

_CONTENT = random.Random(0).randbytes(300_000)
_SHA256 = hashlib.sha256(_CONTENT).hexdigest()
_SIZE = len(_CONTENT)
_QUICK = Patience(
    timeout_s=0.3,
    tries=3,
    pause_s=0.01,
    longest_wait_s=1.0,
    least_rate=20_000,
    rate_over_s=0.5,
    longest_s=8.0,
)
_LONGEST_S = 20.0
_FAR = "Fri, 31 Dec 9999 23:59:59 GMT"


def _sends(text: bytes) -> Behaviour:
    """Send bytes as they are, and hang up."""

    def behave(request: Handler, data: bytes) -> None:
        del data
        request.send(text)
        request.hang_up()

    return behave


def _circle(request: Handler, data: bytes) -> None:
    """Lead through ever new addresses."""
    del data
    request.answer(302, Location=f"{request.path}x")


def _without_end(request: Handler, data: bytes) -> None:
    """Send the file again and again."""
    request.send_response(200)
    request.end_headers()
    while not request.home.release.is_set():
        request.send(data)


def _part(text: str) -> Behaviour:
    """Answer with a part, and say so in words of its own."""
    return lambda request, data: request.answer(206, data[1000:], Content_Range=text)


CASES: dict[str, dict[str, Behaviour]] = {
    "cuts": {
        **{f"after {n} bytes": loopback.cuts_after(n) for n in (0, 1, 1000, _SIZE // 2, _SIZE - 1)},
        "at the same byte": loopback.cuts_after(1000, ranges=False),
    },
    "stalls": {
        **{f"after {n} bytes": loopback.stalls_after(n) for n in (0, 1000, _SIZE - 1)},
        "before it answers": loopback.says_nothing,
    },
    "drips": {
        "bytes": loopback.drips,
        "pieces": partial(loopback.drips, pause_s=0.05, count=50),
        "headers": loopback.drips_headers(0.05),
    },
    "length": {
        **{f"{n}": loopback.lies_about_length(n) for n in (0, 10, _SIZE - 1, _SIZE + 1, 10**12)},
        **{ascii(n): loopback.lies_about_length(n) for n in ("²", "-1", "", "1e3", "9" * 400)},
        "none": loopback.says_no_length,
        "without end": _without_end,
    },
    "range": {
        "from the start": loopback.lies_about_range,
        "another": loopback.sends_another_part,
        "ignored": loopback.ignores_range,
        **{
            ascii(text): _part(text)
            for text in ("", "bytes ²-5/9", "bytes 1000-9/0", "lines 1-2/3")
        },
    },
    "content": {
        "other bytes": loopback.lies,
        "more": loopback.lies_longer,
        "a page": loopback.lies_shorter,
        "nothing": says(204),
    },
    "redirects": {
        "to itself": loopback.redirects_in_circles,
        "without end": _circle,
        "nowhere": says(302),
        **{
            f"to {place[:30]}": says(302, Location=place)
            for place in ("file:///etc/passwd", "ftp://127.0.0.1/x", "http://[", "//", "x" * 60_000)
        },
    },
    "status": {
        f"{code}": says(code)
        for code in (400, 401, 403, 404, 407, 408, 410, 416, 425, 429, 451, 500, 501, 503, 504, 599)
    },
    "retry": {
        ascii(text)[:30]: says(503, Retry_After=text)
        for text in ("²", "-1", "soon", "9" * 400, "Mon, 99 Foo", _FAR, "")
    },
    "no HTTP": {
        "SSH": loopback.says_what_is_no_http,
        "a status without number": _sends(b"HTTP/1.1 fine\r\n\r\n"),
        "a line of 1 MB": _sends(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 20) + b"\r\n\r\n"),
        "20,000 headers": _sends(b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 20_000 + b"\r\n"),
        "chunks that lie": _sends(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFF\r\nabc"
        ),
        "chunks without number": _sends(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nabc\r\n"
        ),
    },
}  # fmt: skip
_STARTS: dict[str, bytes] = {
    "nothing": b"",
    "a right start": _CONTENT[:1000],
    "a wrong start": bytes(1000),
    "too much": bytes(_SIZE + 5),
}


def attack(kinds: list[str], seed: int, most: int | None = None) -> Iterator[tuple[str, str]]:
    """Yield each case, and what is wrong with how it ended; of a kind, `most` by chance."""
    for kind, name in chosen(CASES, kinds, seed, most):
        rng = random.Random(f"{seed} {kind} {name}")
        for how in ("once", "always", "beside a good mirror"):
            start = rng.choice(list(_STARTS))
            told = _try(CASES[kind][name], how, _STARTS[start])
            yield f"{kind}: {name}, {how}, after {start}", told


def _try(behaviour: Behaviour, how: str, start: bytes) -> str:
    """Download once; return what is wrong."""
    with tempfile.TemporaryDirectory() as folder, loopback.serving() as server:
        part = Path(folder) / "file.part"
        if start:
            part.write_bytes(start)
        server.files = {"/a/f1": _CONTENT, "/b/f2": _CONTENT}
        server.behave["/a/f1"] = [behaviour] * (1 if how == "once" else 10_000)
        paths = ["/a/f1", "/b/f2"] if "beside" in how else ["/a/f1"]
        wrong = _fetch(server, paths, part, must="beside" in how)
        if not wrong:
            server.behave = {}
            wrong = _fetch(server, ["/b/f2"], part, must=True)
        if not wrong and [path.name for path in Path(folder).iterdir()] != [part.name]:
            wrong = "it left other files"
        return wrong


def _fetch(server: Server, paths: list[str], part: Path, *, must: bool) -> str:
    begun = time.monotonic()
    told = ""
    try:
        fetch([server.base + path for path in paths], part, _SIZE, _SHA256, patience=_QUICK)
    except AntError as error:
        told = str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    took_s = time.monotonic() - begun
    if took_s > _LONGEST_S:
        return f"it took {took_s:.0f} s"
    if told:
        if must or "\n" in told or len(told) > 2000:
            return f"it said {told[:400]!a}"
        return ""
    return "" if part.read_bytes() == _CONTENT else "the file is not what was published"


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of this attack."""
    add_options(command, CASES)


def run(args: argparse.Namespace) -> int:
    """Try every case; 1 when anything ended as it should not."""
    return tell(attack(args.only, args.seed))
