"""Messages to the engine that are damaged, giant, unknown, unread or cancelled again and again.

Every case must end in answers of the error tree, one last answer a request, soon and in little
memory; then the engine serves as before, or has ended cleanly where its stream is out of step.
"""

from __future__ import annotations

import argparse
import json
import queue
import random
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from scripts.attacks.cases import add_options, chosen, tell
from scripts.attacks.engine import FORMAT, Client, drawing, painting, plane
from tests.engine.client import EngineEnded, packed

__all__ = ["CASES", "add_arguments", "attack", "run"]

_SIZE = (120, 160)
_MOST_MB = 700.0  # 250 of them the engine at rest
_MOST_UNREAD_MB = 200.0  # of answers; 64 are let wait, and one of each job queue
_LONGEST_S = 60.0
_SILENCE_S = 30.0  # of one answer
Case = Callable[[Client, random.Random], str]


# ---- one message after the other


def _answered(header: bytes | dict[str, Any], payload: bytes = b"") -> Case:
    """Send one message, which is refused; the stream goes on."""

    def case(client: Client, rng: random.Random) -> str:
        del rng
        client.write(packed(header, payload))
        answer, _ = client.next(_SILENCE_S)
        return _refused(answer)

    return case


def _asked(kind: str, payload: bytes = b"", **fields: Any) -> Case:
    """Send a request, which is refused."""

    def case(client: Client, rng: random.Random) -> str:
        del rng
        return _refused(client.ask(kind, payload, **fields))

    return case


def _refused(answer: dict[str, Any]) -> str:
    if answer["type"] != "error":
        return f"it was answered with {answer['type']}"
    long = len(answer["message"]) > 1500 or "\n" in answer["message"]
    return "its error is long or has several lines" if long else ""


def _ends(data: Callable[[random.Random], bytes]) -> Case:
    """Send bytes after which nothing can be read: told, and the end."""

    def case(client: Client, rng: random.Random) -> str:
        client.write(data(rng))
        client.close_stdin()
        last: dict[str, Any] = {}
        try:
            while True:
                last = client.next(_SILENCE_S)[0]
        except EngineEnded:
            code = client.process.wait(10)
        wrong = last.get("type") != "error" or code != 5
        return f"it ended with {code} after {str(last)[:200]}" if wrong else ""

    return case


def _head(header: int, payload: int) -> bytes:
    return struct.pack("<4sIQ", b"PCP1", header, payload)


_WHOLE = packed({"id": 1, "type": "models", "action": "list"}, b"1234")
_BROKEN: dict[str, Case] = {
    "another magic": _ends(lambda _: b"PCP2" + _WHOLE[4:]),
    "HTTP": _ends(lambda _: b"GET / HTTP/1.1\r\n\r\n"),
    "lines of JSON": _ends(lambda _: b'{"id": 1, "type": "hello"}\n' * 5),
    "cut in its first bytes": _ends(lambda rng: _WHOLE[: rng.randrange(1, 16)]),
    "cut in its header": _ends(lambda rng: _WHOLE[: rng.randrange(17, len(_WHOLE) - 5)]),
    "cut in its payload": _ends(lambda _: _WHOLE[:-1]),
    "a header of 4 GB": _ends(lambda _: _head(2**32 - 1, 0) + b"{}"),
    "a payload of 16 EB": _ends(lambda _: _head(2, 2**64 - 1) + b"{}"),
    "a header above the bound": _ends(lambda _: _head((16 << 20) + 1, 0)),
    "a payload above the bound": _ends(lambda _: _head(2, (1 << 30) + 1) + b"{}"),
    "noise": _ends(lambda rng: rng.randbytes(5000)),
}
_MALFORMED: dict[str, Case] = {
    "an empty header": _answered(b""),
    "half a document": _answered(b'{"id": 1'),
    "no UTF-8": _answered(b'{"id": 1, "type": "\xff\xfe"}'),
    "a list": _answered(b"[]", b"xyz"),
    "a number": _answered(b"7"),
    "nested deeply": _answered(b'{"id":' + b"[" * 1_000_000),
    "NaN": _answered(b'{"id": NaN}'),
    "infinity": _answered(b'{"id": 1e999}'),
    "5,000 digits": _answered(b'{"id": ' + b"9" * 5000 + b"}"),
    "no id": _answered({"type": "models", "action": "list"}),
    "an id of 1.5": _answered({"id": 1.5, "type": "models", "action": "list"}),
    "an id of true": _answered({"id": True, "type": "models", "action": "list"}),
    "an id of 2^53 + 1": _answered({"id": 2**53 + 1, "type": "models", "action": "list"}),
}
_UNKNOWN: dict[str, Case] = {
    "another type": _asked("dance"),
    "a type that is a list": _answered({"id": 99_001, "type": ["hello"]}),
    "hello twice": _asked("hello", protocol=1),
    "a field too many": _asked("preview", shot="a", frame=1, sound="loud"),
    "a field too few": _asked("preview", shot="a"),
    "a frame of text": _asked("preview", shot="a", frame="one"),
    "a frame below 0": _asked("preview", shot="a", frame=-1),
    "a shot that is not open": _asked("preview", shot="\ud800", frame=1),
    "a frame that was not sent": _asked("preview", shot="a", frame=77),
    "a path with NUL": _asked("models", action="import", path="a\0b"),
    "a path that no system has": _asked("models", action="import", path="\ud800"),
    "bytes that nothing announces": _asked("add_drawing", b"x" * 999, shot="a", frame=1, hash="n"),
}


# ---- giants


def _layer(side: int, count: int) -> dict[str, Any]:
    return {"box": [0, 0, side, side], "bytes": count}


def _many_points(count: int, stroke: bool) -> Case:
    """Send hints without end: they are coloured by, or refused, soon."""

    def case(client: Client, rng: random.Random) -> str:
        places = [[rng.randrange(160), rng.randrange(120)] for _ in range(count)]
        rows = [{"points": places}] if stroke else [{"point": place} for place in places]
        hints = {"schema": 1, "hints": [{"frame": 2, "color": "#102030"} | row for row in rows]}
        fields = {"frames": [2], "references": [1], "hints": hints}
        kind = client.ask("propagate", shot="a", **fields)["type"]
        return "" if kind in ("finished", "error") else f"it was answered with {kind}"

    return case


_GIANTS: dict[str, Case] = {
    "16 MB of blanks": _answered(b" " * (16 << 20)),
    "a name of 15 MB": _asked("preview", shot="x" * (15 << 20), frame=1),
    "a path of 1 MB": _asked("choose_model", path="x" * (1 << 20)),
    "1,000,000 frames": _asked("propagate", shot="a", frames=[1] * 1_000_000, references=[1]),
    "200,000 known frames": _asked(
        "propagate", shot="a", frames=[2], references=[1],
        known={str(n): "h" for n in range(200_000)},
    ),
    "1,000,000 frames of further layers": _asked(
        "propagate", shot="a", frames=[2], references=[1],
        shades=[{"layer": str(n), "painted": [1] * 20_000} for n in range(50)],
    ),
    "100,000 layers": _asked(
        "add_drawing", shot="a", frame=9, hash="n", layers=100_000 * [_layer(0, 0)]
    ),
    "a box of 4 G pixels": _asked(
        "add_drawing", shot="a", frame=9, hash="n", layers=[_layer(65535, 4)]
    ),
    "a canvas of 4 G pixels": _asked(
        "open_shot", shot="b", width=65535, height=65535, line=FORMAT, color=FORMAT
    ),
    "1,000,000 pieces": _asked("segment_map", shot="a", frame=1, pieces=[1] * 1_000_000),
    "20,000 hints": _many_points(20_000, stroke=False),
    "a stroke of 50,000 points": _many_points(50_000, stroke=True),
}  # fmt: skip


# ---- answers that are not read, cancels, ends


def _unread_pictures(client: Client, rng: random.Random) -> str:
    """Ask for pictures and read none; when they are read at last, all are there."""
    del rng
    client.ask("open_shot", shot="large", width=640, height=480, line=FORMAT, color=FORMAT)
    client.ask("add_drawing", shot="large", frame=1, hash="blank", layers=[_layer(0, 0)])
    client.ask("preview", shot="large", frame=1, gap_px=None, max_side=None)
    return _unread(client, 400, "preview", shot="large", frame=1, gap_px=None, max_side=None)


def _unread_errors(client: Client, rng: random.Random) -> str:
    """Ask for what is not there and read no refusal, as above."""
    del rng
    return _unread(client, 20_000, "preview", shot="nowhere", frame=2)


def _unread(client: Client, count: int, kind: str, **fields: Any) -> str:
    before = client.memory_mb()
    client.reads.clear()
    wanted = [client.send(kind, **fields) for _ in range(count)]
    held, end = before, time.monotonic() + 15
    while held - before < _MOST_UNREAD_MB and time.monotonic() < end:
        time.sleep(2.0)
        now = client.memory_mb()
        if now - held < 1:  # it works no more
            break
        held = now
    client.reads.set()
    got = [client.next(_SILENCE_S)[0]["re"] for _ in wanted]
    if held - before > _MOST_UNREAD_MB:
        return f"it held {held - before:.0f} MB more while nothing was read"
    return "" if sorted(got) == wanted else "answers are lost or doubled"


def _many_cancels(client: Client, rng: random.Random) -> str:
    del rng
    run = client.send("propagate", shot="a", frames=[2, 3], references=[1], gap_px=7)
    cancels = {client.send("cancel", job=run) for _ in range(5000)}
    return _all_answered(client, cancels | {run})


def _runs_and_cancels(client: Client, rng: random.Random) -> str:
    sent = set()
    for number in range(60):
        run = client.send("propagate", shot="a", frames=[2, 3], references=[1], gap_px=number % 9)
        sent.add(run)
        if rng.random() < 0.5:
            time.sleep(rng.uniform(0, 0.02))
        sent |= {client.send("cancel", job=run), client.send("cancel", job=run + 1)}
    return _all_answered(client, sent)


def _cancels_of_all_that_waits(client: Client, rng: random.Random) -> str:
    asked = [client.send("preview", shot="a", frame=3, gap_px=n % 50) for n in range(300)]
    rng.shuffle(asked)
    cancels = {client.send("cancel", job=number) for number in asked}
    return _all_answered(client, cancels | set(asked))


def _cancels_of_nothing(client: Client, rng: random.Random) -> str:
    jobs = [rng.randrange(-(2**60), 2**60) for _ in range(3000)]
    return _all_answered(client, {client.send("cancel", job=job) for job in jobs})


def _all_answered(client: Client, sent: set[int]) -> str:
    """Await one last answer for each request."""
    waits = set(sent)
    while waits:
        header, _ = client.next(_SILENCE_S)
        if header["type"] in ("progress", "frame_result", "compiling"):
            continue
        if header["re"] not in waits:
            return f"an answer that nothing asked for: {json.dumps(header)[:200]}"
        waits.remove(header["re"])
    return ""


def _input_ends_in_a_run(client: Client, rng: random.Random) -> str:
    client.send("propagate", shot="a", frames=[2, 3], references=[1], gap_px=8)
    time.sleep(rng.uniform(0, 0.1))
    client.close_stdin()
    return _ended(client)


def _shutdown_and_more(client: Client, rng: random.Random) -> str:
    del rng
    client.send("propagate", shot="a", frames=[2, 3], references=[1], gap_px=8)
    try:
        client.send("shutdown")
        for _ in range(1000):
            client.send("models", action="list")
    except OSError:  # it has ended
        pass
    return _ended(client)


def _ended(client: Client) -> str:
    code = client.process.wait(20)
    return "" if code == 0 else f"it ended with {code}"


CASES: dict[str, dict[str, Case]] = {
    "malformed": _MALFORMED,
    "broken": _BROKEN,
    "unknown": _UNKNOWN,
    "giant": _GIANTS,
    "unread": {"pictures": _unread_pictures, "errors": _unread_errors},
    "cancelled": {
        "a run, 5,000 times": _many_cancels,
        "sixty runs": _runs_and_cancels,
        "all that waits": _cancels_of_all_that_waits,
        "what never was": _cancels_of_nothing,
    },
    "ended": {"in a run": _input_ends_in_a_run, "and asked on": _shutdown_and_more},
}


# ---- the attack


def _greeted() -> Client:
    """Start an engine and open a shot of three frames, the first one painted."""
    client = Client()
    client.ask("hello", protocol=1, device="cpu", threads=1)
    fields = {"width": _SIZE[1], "height": _SIZE[0], "line": FORMAT, "color": FORMAT}
    client.ask("open_shot", shot="a", **fields)
    for frame in (1, 2, 3):
        lines = drawing(_SIZE, np.random.default_rng(0), 2 * frame)
        how, data = plane(lines)
        client.ask("add_drawing", data, shot="a", frame=frame, hash=f"{frame}", layers=[how])
        if frame == 1:
            how, data = plane(painting(lines))
            client.ask("add_reference", data, shot="a", frame=1, hash="1", origin="painted", **how)
    return client


def attack(kinds: list[str], seed: int, most: int | None = None) -> Iterator[tuple[str, str]]:
    """Yield each case, and what is wrong with how it ended; of a kind, `most` by chance."""
    client: Client | None = None
    try:
        for kind, name in chosen(CASES, kinds, seed, most):
            client = client or _greeted()
            yield f"{kind}: {name}", _try(client, CASES[kind][name], f"{seed} {kind} {name}")
            if client.process.poll() is not None or client.broken:
                client.__exit__()
                client = None
    finally:
        if client is not None:
            client.__exit__()


def _try(client: Client, case: Case, seed: str) -> str:
    """Run a case; return what is wrong."""
    begun = time.monotonic()
    try:
        wrong = case(client, random.Random(seed))
        ended = client.process.poll() is not None
        if not wrong and not ended and client.ask("models", action="list")["type"] != "models":
            wrong = "it does not serve as before"
    except queue.Empty:
        client.process.kill()
        client.process.wait(10)
        return f"no answer for {_SILENCE_S:g} s"
    except (EngineEnded, OSError) as error:
        client.process.wait(10)
        return f"the engine ended with {client.process.returncode} ({error!r})"
    took_s, peak_mb = time.monotonic() - begun, client.peak_mb() if not ended else 0.0
    if client.broken:
        return client.broken[0]
    if not wrong and took_s > _LONGEST_S:
        return f"it took {took_s:.0f} s"
    return wrong or (f"it took {peak_mb:.0f} MB" if peak_mb > _MOST_MB else "")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the options of this attack."""
    add_options(command, CASES)


def run(args: argparse.Namespace) -> int:
    """Try every case; 1 when anything ended as it should not."""
    return tell(attack(args.only, args.seed))
