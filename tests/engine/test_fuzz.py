"""Random messages and damaged ones: always an answer or a clean end, never a hang."""

import contextlib
import copy
import json
import queue
import random
import struct

import pytest

from tests.engine.client import EngineEnded, packed
from tests.engine.conftest import FORMAT
from tests.engine.test_protocol import GOOD

ROUNDS = 16  # a round is one engine; each gets several messages
ODD = (
    None, True, False, 0, 1, -1, 1.5, 2**31, 2**53, 10**30, "", "a", "\0", "\ud800", "é" * 300,
    [], [[]], {}, {"a": {}}, [0, 0, 4, 2], [-1, -1, -1, -1], "doubtful", "RGBA", 1001,
)  # fmt: skip
SANE = {"shot": "a", "frame": 1, "hash": "h", "box": [0, 0, 4, 2], "bytes": 32}


def odd_request(rng):
    """Return a request that may be right, with fields changed, added and left out."""
    request = json.loads(json.dumps(rng.choice(GOOD)))
    if rng.random() < 0.5:
        request |= {key: value for key, value in SANE.items() if key in request}
    for _ in range(rng.randrange(4)):
        place = request
        while (inner := [v for v in _values(place) if isinstance(v, (dict, list)) and v]) and (
            rng.random() < 0.5
        ):
            place = rng.choice(inner)
        _spoil(rng, place)
    return request


def _values(place):
    return list(place.values()) if isinstance(place, dict) else list(place)


def _spoil(rng, place):
    if isinstance(place, list):
        place[rng.randrange(len(place))] = copy.deepcopy(rng.choice(ODD))
        return
    key = rng.choice([*place, "extra", *SANE])
    if rng.random() < 0.3:
        place.pop(key, None)
    else:
        place[key] = copy.deepcopy(rng.choice(ODD))


def damaged(rng, data):
    """Return a message with bits turned, bytes lost or others put in."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data))
        action = rng.randrange(3)
        if action == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif action == 1:
            del data[at : at + rng.randrange(1, 9)]
        else:
            data[at:at] = rng.randbytes(rng.randrange(1, 9))
        if not data:
            break
    return bytes(data)


def end_of(client):
    """Close the input; return all answers up to the clean end."""
    client.close_stdin()
    answers = []
    try:
        while True:
            answers.append(client.next(20)[0])
    except EngineEnded:
        return answers
    except queue.Empty:
        pytest.fail("the engine hangs")


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_every_request_is_answered(start, seed):
    """Well-framed messages, however odd: one last answer each, and the engine lives."""
    rng = random.Random(seed)
    client = start()
    if rng.random() < 0.9:
        client.hello()
        client.ask("open_shot", shot="a", width=4, height=2, line=FORMAT, color=FORMAT)
    sent = []
    for number in range(1000, 1030):
        request = odd_request(rng)
        # Ends the engine, or tells a download to try: each has a test of its own.
        if request.get("type") == "shutdown" or request.get("action") == "download":
            continue
        payload = rng.randbytes(rng.choice((0, 0, 1, 32, 100)))
        client.write(packed({**request, "id": number}, payload))
        sent.append(number)
    open_ = set(sent)
    while open_:
        header, _ = client.next(20)
        assert header["re"] in sent
        if header["type"] not in ("progress", "frame_result"):
            open_.remove(header["re"])
            if header["type"] == "error":
                assert header["code"] != "internal", header
                assert len(header["message"]) < 1500
    assert client.send("shutdown") in {answer["re"] for answer in end_of(client)}
    assert client.process.wait(10) == 0


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_damaged_stream_ends_cleanly(start, seed):
    """Bytes of any kind: what comes back is messages only, and then the end."""
    rng = random.Random(seed)
    client = start()
    if rng.random() < 0.5:
        client.hello()
    data = [packed({**odd_request(rng), "id": n}, rng.randbytes(8)) for n in range(1000, 1010)]
    data = [damaged(rng, piece) if rng.random() < 0.4 else piece for piece in data]
    with contextlib.suppress(BrokenPipeError):  # it ended after what could not be trusted
        client.write(b"".join(data) if rng.random() < 0.9 else rng.randbytes(2000))
    for header in end_of(client):
        assert header["type"] != "error" or header["code"] != "internal", header
    assert client.process.wait(10) in (0, 5)


def test_sizes_of_any_height_are_refused_at_once(start):
    rng = random.Random(7)
    for _ in range(4):
        client = start()
        sizes = (rng.randrange(2**32), rng.randrange(2**64))
        client.write(struct.pack("<4sIQ", b"PCP1", *sizes) + b"{}")
        answers = end_of(client)
        assert answers
        assert answers[-1]["code"] == "protocol"
        assert client.process.wait(10) == 5
