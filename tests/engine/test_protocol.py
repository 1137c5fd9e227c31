"""The frame of messages, their limits, and the check of requests."""

import io
import json
import struct
import tracemalloc

import pytest

from ant_core import errors
from ant_core.engine.protocol import (
    MAX_HEADER,
    MAX_PAYLOAD,
    Busy,
    ProtocolMessage,
    StreamBroken,
    check_planes,
    check_request,
    error_answer,
    pack,
    read_message,
    request_id,
)
from ant_core.errors import ProtocolError
from ant_core.schemas import load_schema
from tests.engine.client import packed


def prefix(header, payload, magic=b"PCP1"):
    return struct.pack("<4sIQ", magic, header, payload)


def read(data):
    return read_message(io.BytesIO(data))


# ---- frames


def test_a_packed_message_reads_back():
    header = {"type": "ok", "re": 3, "text": 'é\ud800"\n'}
    data = b"".join(pack(header, b"\0\xffabc"))
    assert data[:16] == prefix(len(data) - 16 - 5, 5)
    assert read(data) == ProtocolMessage(header, b"\0\xffabc")


def test_messages_follow_each_other_and_the_end_is_none():
    stream = io.BytesIO(packed({"a": 1}) + packed({"b": 2}, b"xy"))
    assert read_message(stream) == ProtocolMessage({"a": 1})
    assert read_message(stream) == ProtocolMessage({"b": 2}, b"xy")
    assert read_message(stream) is None


@pytest.mark.parametrize("cut", [1, 15, 16, 20, -1])
def test_a_cut_stream_is_broken(cut):
    with pytest.raises(StreamBroken, match="ended within a message"):
        read(packed({"type": "hello"}, b"payload")[:cut])


def test_another_magic_is_broken():
    with pytest.raises(StreamBroken, match="b'GET '"):
        read(b"GET / HTTP/1.1\r\nHost: x\r\n")


@pytest.mark.parametrize(
    ("header", "payload"), [(MAX_HEADER + 1, 0), (2, MAX_PAYLOAD + 1), (2**32 - 1, 2**64 - 1)]
)
def test_what_is_over_a_limit_is_refused_before_it_is_allocated(header, payload):
    stream = io.BytesIO(prefix(header, payload) + b"{}")
    tracemalloc.start()
    with pytest.raises(StreamBroken, match="at most"):
        read_message(stream)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1 << 20


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[1]",
        b'"text"',
        b"null",
        b"\xff\xfe{}",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b"[" * 100_000,
        b'{"id": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_bad_header_is_refused_and_the_stream_goes_on(text):
    stream = io.BytesIO(packed(text, b"payload") + packed({"id": 1}))
    with pytest.raises(ProtocolError) as caught:
        read_message(stream)
    assert not isinstance(caught.value, StreamBroken)
    assert len(str(caught.value)) < 400
    assert read_message(stream) == ProtocolMessage({"id": 1})


def test_without_memory_for_a_payload_the_stream_goes_on():
    class Poor(io.BytesIO):
        def read(self, size=-1):
            if size > 1 << 20:
                raise MemoryError
            return super().read(size)

    stream = Poor(packed({"id": 1}, bytes(5 << 20)) + packed({"id": 2}))
    with pytest.raises(MemoryError):
        read_message(stream)
    assert read_message(stream) == ProtocolMessage({"id": 2})


def test_a_number_that_json_cannot_hold_is_not_sent():
    with pytest.raises(ValueError, match="JSON compliant"):
        pack({"confidence": float("nan")})


# ---- requests

BOX = [0, 0, 4, 2]
FORMAT = {"model": "RGBA", "depth": "U8"}
GOOD = [
    {"type": "hello", "protocol": 1, "model": None, "threads": None, "background": True},
    {"type": "open_shot", "shot": "a", "width": 4, "height": 2, "line": FORMAT, "color": FORMAT},
    {"type": "add_drawing", "shot": "a", "frame": 0, "hash": "h"},
    {"type": "add_drawing", "shot": "a", "frame": 0, "hash": "h", "layers": []},
    {"type": "add_reference", "shot": "a", "frame": 0, "hash": "h", "origin": "painted"},
    {"type": "propagate", "shot": "a", "frames": [1], "references": [], "known": {"12": "h"}},
    {"type": "preview", "shot": "a", "frame": 1, "gap_px": 2.5, "max_side": None},
    {"type": "overlay", "shot": "a", "frame": 1, "segments": "doubtful"},
    {"type": "overlay", "shot": "a", "frame": 1, "segments": [1, 2]},
    {"type": "inspect", "shot": "a", "frame": 1, "point": [0, 1.5]},
    {"type": "explain", "shot": "a", "frame": 1, "segment": 3, "max_side": 160},
    {"type": "models", "action": "list"},
    {"type": "choose_model", "name": "default"},
    {"type": "cancel", "job": 3},
    {"type": "shutdown"},
    {"type": "add_shade", "shot": "a", "layer": "l", "format": FORMAT, "frame": 0, "hash": "h"},
    {
        "type": "propagate",
        "shot": "a",
        "frames": [1],
        "references": [],
        "surface": "auto",
        "shades": [{"layer": "l", "painted": [1], "known": {"2": "h"}}],
    },
]


@pytest.mark.parametrize("request_", GOOD, ids=lambda request: request["type"])
def test_good_requests_pass(request_):
    assert check_request({"id": 1} | request_) == request_["type"]


def drawing(**fields):
    return {"type": "add_drawing", "shot": "a", "frame": 0, "hash": "h"} | fields


def explain(**fields):
    return {"type": "explain", "shot": "a", "frame": 1, "segment": 3, "max_side": 160} | fields


@pytest.mark.parametrize(
    ("request_", "names"),
    [
        ({}, "nothing"),
        ({"type": "dance"}, "'dance'"),
        ({"type": ["hello"]}, "hello"),
        ({"type": "x" * 10_000}, "this engine knows hello, open_shot"),
        ({"type": "hello"}, "protocol"),
        ({"type": "hello", "protocol": "1"}, "protocol"),
        ({"type": "hello", "protocol": 1, "colour": 1}, "colour"),
        ({"type": "hello", "protocol": 1, "device": "tpu"}, "device"),
        ({"type": "hello", "protocol": 1, "threads": 0}, "threads"),
        (explain(max_side=513), "max_side"),
        (explain(max_side=None), "max_side"),
        (explain(segment=0), "segment"),
        (drawing(frame=1.0), "frame"),
        (drawing(frame=True), "frame"),
        (drawing(frame=-1), "frame"),
        (drawing(frame=2**31), "frame"),
        (drawing(hash=""), "hash"),
        (drawing(layers=[{"box": [0, 0, -4, 2], "bytes": 0}]), "layers[0].box[2]"),
        (drawing(layers=[{"box": [0, 0, 4], "bytes": 0}]), "layers[0].box"),
        (drawing(layers=[{"box": BOX, "bytes": -1}]), "layers[0].bytes"),
        (drawing(layers=[{"box": BOX}]), "bytes"),
        (GOOD[4] | {"box": BOX}, "bytes"),
        (GOOD[4] | {"origin": "stolen"}, "origin"),
        (GOOD[-2] | {"layer": "color"}, "layer"),
        (GOOD[-2] | {"box": BOX}, "bytes"),
        (GOOD[-1] | {"surface": "on"}, "surface"),
        (GOOD[-1] | {"shades": [{"layer": "l"}]}, "painted"),
        (GOOD[1] | {"width": 0}, "width"),
        (GOOD[1] | {"height": 70_000}, "height"),
        (GOOD[5] | {"known": {"x": "h"}}, "known"),
        (GOOD[5] | {"gap_px": -1}, "gap_px"),
        (GOOD[5] | {"frames": [1, None]}, "frames[1]"),
        (GOOD[9] | {"point": [1]}, "point"),
        ({"type": "models", "action": "download"}, "name"),
        ({"type": "models", "action": "import"}, "path"),
        ({"type": "models", "action": "import", "path": "a\0b"}, "path"),
        ({"type": "choose_model"}, "choose_model"),
        ({"type": "choose_model", "name": "a", "path": "b"}, "choose_model"),
        ({"type": "cancel"}, "job"),
    ],
)
def test_wrong_requests_are_refused_with_the_field(request_, names):
    with pytest.raises(ProtocolError) as caught:
        check_request({"id": 1} | request_)
    assert names in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("frames", [1] * 1_000_000),
        ("references", list(range(20_001))),
        ("known", {str(frame): "h" for frame in range(20_001)}),
    ],
)
def test_more_than_a_request_may_name_is_refused(field, value):
    request = {"id": 1, "type": "propagate", "shot": "a", "frames": [], "references": []}
    with pytest.raises(ProtocolError, match=rf"{len(value)} {field}, and at most 20000"):
        check_request(request | {field: value})
    # What the further layers name counts together.
    half = 10_000
    layers = [
        {"layer": "a", "painted": list(range(half))},
        {"layer": "b", "painted": [1], "known": {str(frame): "h" for frame in range(half - 1)}},
    ]
    assert check_request(request | {"shades": layers}) == "propagate"
    layers[1]["painted"] = [1, 2]
    for shades in (layers, [{"layer": "a", "painted": [1] * 20_000}] * 100):
        with pytest.raises(ProtocolError, match="in its shades, and at most 20000 are taken"):
            check_request(request | {"shades": shades})
    pieces = {"type": "segment_map", "shot": "a", "frame": 1, "pieces": [1] * 100_001}
    with pytest.raises(ProtocolError, match="100001 pieces, and at most 100000"):
        check_request({"id": 1} | pieces)


@pytest.mark.parametrize("value", [None, 0, -1, 1.0, True, "1", [1], 2**53 + 1])
def test_an_id_is_a_whole_number_from_one(value):
    with pytest.raises(ProtocolError, match="as its id"):
        request_id({"id": value})
    assert request_id({"id": 2**53}) == 2**53


def plane(*box, data=None):
    return {"box": list(box), "bytes": box[2] * box[3] * 4 if data is None else data}


def test_planes_fit_their_bytes():
    check_planes([], b"", 4)
    check_planes([plane(-1, 0, 4, 2), plane(9, 9, 0, 5)], bytes(32), 4)
    for planes, payload in [
        ([plane(0, 0, 4, 2)], bytes(31)),
        ([plane(0, 0, 4, 2)], bytes(33)),
        ([], bytes(1)),
        ([plane(0, 0, 4, 2), plane(0, 0, 1, 1)], bytes(32)),
        ([plane(0, 0, 4, 2, data=31), plane(0, 0, 1, 1, data=5)], bytes(36)),
        ([plane(0, 0, 65535, 65535, data=8)], bytes(8)),
    ]:
        with pytest.raises(ProtocolError, match="bytes"):
            check_planes(planes, payload, 4)


# ---- errors


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (Busy("b"), "busy", 2),
        (ProtocolError("p"), "protocol", 5),
        (StreamBroken("s"), "protocol", 5),
        (errors.UsageError("u"), "usage", 2),
        (errors.InputError("i"), "input", 5),
        (errors.ModelMissing("m"), "model", 4),
        (errors.ModelCorrupt("m"), "model", 4),
        (errors.DeviceUnavailable("d"), "device", 6),
        (errors.OutputError("o"), "output", 5),
        (errors.Cancelled("c"), "cancelled", 130),
        (errors.AntError("a"), "internal", 1),
    ],
)
def test_every_class_of_error_has_its_code(error, code, exit_code):
    expected = {"type": "error", "re": 7, "code": code, "message": str(error)}
    assert error_answer(7, error) == expected | {"exit_code": exit_code}


def test_what_is_unexpected_is_one_sentence():
    answer = error_answer(None, ValueError("two\nlines " + "x" * 1000))
    assert answer["code"] == "internal"
    assert "ValueError: two lines" in answer["message"]
    assert len(answer["message"]) < 500
    assert "memory" in error_answer(None, MemoryError())["message"]
    json.dumps(answer)


def test_every_request_of_the_schema_is_worked_on():
    """Those that the server itself answers, so that no job stands before them, aside."""
    from ant_core.engine.handlers import Handlers

    kinds = set(load_schema("request")["$defs"]["requests"])
    assert set(Handlers()._handlers) == kinds - {"cancel", "shutdown"}
