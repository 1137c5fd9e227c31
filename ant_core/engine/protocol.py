"""Messages of the engine protocol: their frame on the pipe, their limits, the check of requests.

A message is 16 bytes (`b"PCP1"`, header bytes as uint32, payload bytes as uint64, little endian),
the header (a JSON object in UTF-8) and the payload (raw bytes, may be empty). docs/protocol.md
lists the messages.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from ant_core.errors import (
    AntError,
    Cancelled,
    DeviceUnavailable,
    InputError,
    ModelError,
    OutputError,
    ProtocolError,
    UsageError,
)
from ant_core.guard import parse_json

__all__ = [
    "MAX_HEADER",
    "MAX_PAYLOAD",
    "PROTOCOL",
    "Busy",
    "ProtocolMessage",
    "StreamBroken",
    "check_planes",
    "check_request",
    "error_answer",
    "pack",
    "read_message",
    "request_id",
]

PROTOCOL = 1
MAX_HEADER = 16 << 20  # bytes
MAX_PAYLOAD = 1 << 30  # bytes

_MAGIC = b"PCP1"
_PREFIX = struct.Struct("<4sIQ")
_MAX_ID = 2**53  # what every JSON reader keeps exactly
_MOST_IN_SHADES = 20_000  # frames painted or known, of all further layers
_PIECE = 1 << 20  # bytes that are discarded at a time


class StreamBroken(ProtocolError):
    """The stream is cut off or out of step: nothing that follows can be trusted."""


class Busy(UsageError):
    """A second run was asked for while one is at work, or more than can wait."""


@dataclass(frozen=True)
class ProtocolMessage:
    """One message: its header as read from JSON, and its payload."""

    header: dict[str, Any]
    payload: bytes = b""


# The first class that fits gives the code of an error answer.
_CODES: tuple[tuple[type[AntError], str], ...] = (
    (Busy, "busy"),
    (ProtocolError, "protocol"),
    (UsageError, "usage"),
    (InputError, "input"),
    (ModelError, "model"),
    (DeviceUnavailable, "device"),
    (OutputError, "output"),
    (Cancelled, "cancelled"),
)


def error_answer(request: int | None, error: BaseException) -> dict[str, Any]:
    """Return the header of the answer to a request that failed.

    Parameters
    ----------
    request : int or None
        Its id; None when that is not known or not to be trusted.
    error : BaseException
        An AntError speaks for itself; all else is "internal".
    """
    known = isinstance(error, AntError)
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "internal")
    return {
        "type": "error",
        "re": request,
        "code": code,
        "message": str(error) if known else _unexpected(error),
        "exit_code": error.exit_code if isinstance(error, AntError) else AntError.exit_code,
    }


def _unexpected(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return (
            "there is not enough memory for this request: close other programs, or work on a "
            "smaller picture or fewer frames"
        )
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"something unexpected happened in the engine ({what[:300]}): report it with its log"


def pack(header: Mapping[str, Any], payload: bytes | memoryview = b"") -> list[bytes | memoryview]:
    """Return a message as the pieces to write, the payload not copied.

    Raises
    ------
    ValueError
        When it is over a limit, or a number in the header is not finite.
    """
    text = json.dumps(header, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode()
    if len(text) > MAX_HEADER or len(payload) > MAX_PAYLOAD:
        raise ValueError(f"a message of {len(text)} + {len(payload)} bytes is over the limits")
    pieces: list[bytes | memoryview] = [_PREFIX.pack(_MAGIC, len(text), len(payload)) + text]
    if len(payload):
        pieces.append(payload)
    return pieces


def read_message(stream: BinaryIO) -> ProtocolMessage | None:
    """Read one message; None when the stream ends between two.

    Parameters
    ----------
    stream : binary file
        Its `read` returns fewer bytes than asked only at the end, as a BufferedReader's does.

    Raises
    ------
    StreamBroken
        When the stream ends in the middle, or what comes is no message or over the limits.
        Nothing was allocated for what is over the limits.
    ProtocolError
        When the header is not a JSON object; the stream goes on with the next message.
    MemoryError
        When there is no room for the payload; the stream goes on with the next message.
    """
    prefix = stream.read(_PREFIX.size)
    if not prefix:
        return None
    if len(prefix) < _PREFIX.size:
        raise StreamBroken("the stream ended within a message: send whole messages")
    magic, header_bytes, payload_bytes = _PREFIX.unpack(prefix)
    if magic != _MAGIC:
        raise StreamBroken(
            f"the stream holds {magic!r} where a message should begin with {_MAGIC!r}: start the "
            "engine anew"
        )
    for size, limit, part in (
        (header_bytes, MAX_HEADER, "header"),
        (payload_bytes, MAX_PAYLOAD, "payload"),
    ):
        if size > limit:
            raise StreamBroken(
                f"a message announces a {part} of {size} bytes and at most {limit} are taken: "
                "send less and start the engine anew"
            )
    text = _read(stream, header_bytes)
    payload = _read_payload(stream, payload_bytes)
    return ProtocolMessage(_parse(text), payload)


def _read(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count) if count else b""
    if len(data) < count:
        raise StreamBroken(
            f"the stream ended within a message, {count - len(data)} bytes before its end: send "
            "whole messages"
        )
    return data


def _read_payload(stream: BinaryIO, count: int) -> bytes:
    try:
        return _read(stream, count)
    except MemoryError:
        while count > 0:  # stay in step with the sender
            _read(stream, min(count, _PIECE))
            count -= _PIECE
        raise


def _parse(text: bytes) -> dict[str, Any]:
    try:
        header = parse_json(text, halves=True, any_whole=True)
    except ValueError as error:
        raise ProtocolError(
            f"a header is not JSON in UTF-8 ({str(error)[:200]}): send one JSON object"
        ) from None
    if not isinstance(header, dict):
        raise ProtocolError(
            f"a header is {type(header).__name__} where a JSON object was expected: send one"
        )
    return header


# ---- requests


def request_id(header: Mapping[str, Any]) -> int:
    """Return a request's id; ProtocolError when it has none that can be used."""
    value = header.get("id")
    if type(value) is not int or not 0 < value <= _MAX_ID:
        raise ProtocolError(
            f"a request has {_show(value)} as its id: give each a whole number from 1 to 2^53"
        )
    return value


def check_request(header: Mapping[str, Any]) -> str:
    """Check a request's fields against its form in schemas/request.py; return its type.

    Raises
    ------
    ProtocolError
        Says which field is wrong and how.
    """
    from ant_core.schemas.forms import wrong_with
    from ant_core.schemas.request import MOST, REQUESTS

    kind = header.get("type")
    if not isinstance(kind, str) or kind not in REQUESTS:
        raise ProtocolError(
            f"a request has the type {_show(kind)}: this engine knows {', '.join(REQUESTS)}"
        )
    for name, most in MOST.items():
        # Before each one is looked at, and so that the message says how many there are.
        if isinstance(header.get(name), list | dict) and len(header[name]) > most:
            raise ProtocolError(
                f"a request {kind} has {len(header[name])} {name}, and at most {most} are taken: "
                "ask for fewer at a time"
            )
    most, together = _MOST_IN_SHADES, _in_shades(header.get("shades"))
    if together > most:
        raise ProtocolError(
            f"a request {kind} has {together} painted and known frames in its shades, and at most "
            f"{most} are taken together: ask for fewer at a time"
        )
    wrong = wrong_with(header, REQUESTS[kind])
    if wrong is not None:
        place, text = wrong
        raise ProtocolError(
            f"a request {kind} does not fit protocol {PROTOCOL} ({place}"
            f"{': ' if place else ''}{text}): update plug-in and engine together"
        )
    return kind


def _in_shades(shades: Any) -> int:
    """Count the frames that all further layers of a request name."""
    layers = [one for one in shades if isinstance(one, dict)] if isinstance(shades, list) else []
    parts = [one.get(name) for one in layers for name in ("painted", "known")]
    return sum(len(part) for part in parts if isinstance(part, list | dict))


def check_planes(planes: Sequence[Mapping[str, Any]], payload: bytes, pixel_bytes: int) -> None:
    """Check that the bytes of every box are there, no more and no less.

    Parameters
    ----------
    planes : sequence of {"box": [x, y, width, height], "bytes": int}
    payload : bytes
        All planes, one after the other.
    pixel_bytes : int

    Raises
    ------
    ProtocolError
    """
    for plane in planes:
        _, _, width, height = plane["box"]
        expected = width * height * pixel_bytes
        if plane["bytes"] != expected:
            raise ProtocolError(
                f"a plane of {width} x {height} pixels of {pixel_bytes} bytes is announced with "
                f"{plane['bytes']} bytes and has {expected}: send rows without padding"
            )
    announced = sum(plane["bytes"] for plane in planes)
    if announced != len(payload):
        raise ProtocolError(
            f"the planes of a request are {announced} bytes and its payload is {len(payload)}: "
            "send all of them in one payload"
        )


def _show(value: Any) -> str:
    return "nothing" if value is None else _shorten(ascii(value))


def _shorten(text: str) -> str:
    """Keep the ends of a long text: a message about a huge request must not be huge."""
    return text if len(text) <= 200 else f"{text[:120]} ... {text[-60:]}"
