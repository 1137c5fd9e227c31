"""Messages of the engine protocol, as the plugin packs and reads them; docs/protocol.md."""

from __future__ import annotations

import json
import struct
from typing import Any, Dict, Iterator, Tuple

PROTOCOL = 1
MORE_TO_COME = ("progress", "frame_result")  # any other type is the last answer to its request

_MAGIC = b"PCP1"
_PREFIX = struct.Struct("<4sIQ")
_MAX_HEADER = 16 << 20
_MAX_PAYLOAD = 1 << 30

Message = Tuple[Dict[str, Any], bytes]


class ProtocolError(Exception):
    """What came is not of the engine's protocol; nothing after it can be read."""


def pack(header: dict[str, Any], payload_bytes: int = 0) -> bytes:
    """Return the start of a message, after which its payload is to be written."""
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode("ascii")
    if len(text) > _MAX_HEADER or payload_bytes > _MAX_PAYLOAD:
        raise ValueError(f"a message of {len(text)} + {payload_bytes} bytes is too large to send")
    return _PREFIX.pack(_MAGIC, len(text), payload_bytes) + text


class Inbox:
    """Puts messages together from the pieces in which they come."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._sizes: tuple[int, int] | None = None  # header and payload of the one under way

    def feed(self, data: bytes) -> Iterator[Message]:
        """Take bytes; yield the messages that are whole now."""
        self._buffer += data
        while True:
            message = self._next()
            if message is None:
                return
            yield message

    def _next(self) -> Message | None:
        if self._sizes is None:
            if len(self._buffer) < _PREFIX.size:
                return None
            self._sizes = self._read_prefix()
        header_bytes, payload_bytes = self._sizes
        start = _PREFIX.size + header_bytes
        if len(self._buffer) < start + payload_bytes:
            return None
        with memoryview(self._buffer) as view:
            text = bytes(view[_PREFIX.size : start])
            payload = bytes(view[start : start + payload_bytes])
        del self._buffer[: start + payload_bytes]
        self._sizes = None
        return _parse(text), payload

    def _read_prefix(self) -> tuple[int, int]:
        magic, header_bytes, payload_bytes = _PREFIX.unpack_from(self._buffer)
        if magic != _MAGIC:
            raise ProtocolError(f"bytes {bytes(self._buffer[:40])!r} begin no message")
        if header_bytes > _MAX_HEADER or payload_bytes > _MAX_PAYLOAD:
            raise ProtocolError(f"a message of {header_bytes} + {payload_bytes} bytes is too large")
        return header_bytes, payload_bytes


def _parse(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError(f"a header is no JSON: {error}") from None
    if not isinstance(header, dict) or not isinstance(header.get("type"), str):
        raise ProtocolError(f"a header has no type: {text[:80]!r}")
    return header
