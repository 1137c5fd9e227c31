"""Damage for files: bits, bytes, numbers and texts changed, parts lost, doubled and exchanged."""

from __future__ import annotations

import io
import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable

__all__ = ["spoil"]

_BYTES = (0, 1, 0x7F, 0x80, 0xFE, 0xFF)
_NUMBERS = (0, 1, 2, 0x7F, 0xFF, 0x100, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_TEXTS = (
    b"-1", b"0", b"1e999", b"NaN", b"Infinity", b"-Infinity", b"null", b"true", b"[]", b"{}", b'""',
    b"1.5", b"9" * 400, b"9" * 4500, b"\xff\xfe", b"\xed\xa0\x80", b"\\ud800", "²".encode(),
    b"[" * 5000, b'{"a":' * 5000, b"\0", b"\n", b"\r", b"%s", b"../../x", b"\xc2\x85", b"",
    b"2147483648", b"-9223372036854775809", b"4294967296", b"0.0000000001", b"1e308", b"&lt;",
    b"<a>" * 3000, b' encoding="utf-7"', b' encoding="nonsense"', b"\xef\xbb\xbf",
)  # fmt: skip
_WORD = re.compile(rb'-?\d+(?:\.\d+)?|"[^"]{0,40}"|true|false|null')
_PNG = b"\x89PNG\r\n\x1a\n"


def spoil(data: bytes, rng: random.Random) -> bytes:
    """Return the bytes damaged; where they are an archive or a PNG, often inside its checksums."""
    if data[:2] == b"PK" and rng.random() < 0.8:
        return _inside_zip(data, rng)
    if data.startswith(_PNG) and rng.random() < 0.8:
        return _inside_png(data, rng)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        data = rng.choice(_WAYS)(data, rng)
    return data


def _at(data: bytes, rng: random.Random) -> int:
    """Choose a place, one in two near the beginning, where headers are."""
    most = len(data) if rng.random() < 0.5 else min(len(data), 200)
    return rng.randrange(most) if most else 0


def _bit(data: bytes, rng: random.Random) -> bytes:
    out, at = bytearray(data), _at(data, rng)
    if out:
        out[at] ^= 1 << rng.randrange(8)
    return bytes(out)


def _byte(data: bytes, rng: random.Random) -> bytes:
    at = _at(data, rng)
    value = rng.choice((*_BYTES, rng.randrange(256)))
    return data[:at] + bytes([value]) + data[at + 1 :]


def _number(data: bytes, rng: random.Random) -> bytes:
    at, form = _at(data, rng), rng.choice(("<H", ">H", "<I", ">I", "<Q", ">Q"))
    value = rng.choice((*_NUMBERS, rng.randrange(1 << 16)))
    text = struct.pack(form, value & ((1 << 8 * struct.calcsize(form)) - 1))
    return data[:at] + text + data[at + len(text) :]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _lose(data: bytes, rng: random.Random) -> bytes:
    at = _at(data, rng)
    return data[:at] + data[at + rng.choice((1, 2, 4, 16, 200)) :]


def _double(data: bytes, rng: random.Random) -> bytes:
    at, count = _at(data, rng), rng.choice((1, 4, 16, 200))
    return data[: at + count] + data[at : at + count] * rng.choice((1, 1, 50)) + data[at + count :]


def _insert(data: bytes, rng: random.Random) -> bytes:
    at = _at(data, rng)
    return data[:at] + rng.randbytes(rng.choice((1, 4, 30))) + data[at:]


def _exchange(data: bytes, rng: random.Random) -> bytes:
    a, b, count = _at(data, rng), _at(data, rng), rng.choice((1, 2, 4, 16))
    out = bytearray(data)
    out[a : a + count], out[b : b + count] = data[b : b + count], data[a : a + count]
    return bytes(out)


def _word(data: bytes, rng: random.Random) -> bytes:
    """Put another number, text or bracket where one stands."""
    found = list(_WORD.finditer(data[:20_000]))
    if not found:
        return _byte(data, rng)
    word, new = rng.choice(found), rng.choice(_TEXTS)
    start, stop = word.span()
    if word[0].startswith(b'"') and rng.random() < 0.5:
        start, stop = start + 1, stop - 1
    return data[:start] + new + data[stop:]


_WAYS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    _bit, _bit, _byte, _byte, _number, _number, _cut, _lose, _double, _insert, _exchange,
    _word, _word, _word,
)  # fmt: skip


def _inside_zip(data: bytes, rng: random.Random) -> bytes:
    """Damage members, or what the archive says of them, in an archive that is whole else."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = rng.choice(names)
        for name in names:
            content, info = old.read(name), old.getinfo(name)
            fate = rng.random() if name == chosen else 1.0
            if fate < 0.05:
                continue
            if fate < 0.8:
                content = spoil(content, rng)
            method = rng.choice((0, 8, 12, 14)) if fate < 0.1 else info.compress_type
            new.writestr(name, content, method)
            if fate < 0.03:
                new.writestr(name + rng.choice(("", "x")), content)
    packed = out.getvalue()
    if rng.random() < 0.15:  # flags, methods and sizes as the directory has them
        at = packed.rfind(b"PK\x01\x02")
        spot = at + rng.choice((8, 10, 16, 20, 24, 28, 30, 42))
        value = rng.choice((*_NUMBERS, 9, 93, 99)) & 0xFFFF
        packed = packed[:spot] + struct.pack("<H", value) + packed[spot + 2 :]
    return packed


def _inside_png(data: bytes, rng: random.Random) -> bytes:
    """Damage chunks of a PNG file whose checksums are right."""
    chunks, at = [], len(_PNG)
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    place = rng.randrange(len(chunks))
    kind, body = chunks[place]
    fate = rng.random()
    if fate < 0.1:
        del chunks[place]
    elif fate < 0.2:
        chunks.insert(rng.randrange(len(chunks)), (kind, body))
    elif fate < 0.3:
        extra = rng.choice((b"tRNS", b"PLTE", b"gAMA", b"iCCP", b"IDAT", b"acTL"))
        chunks.insert(rng.randrange(1, len(chunks)), (extra, rng.randbytes(rng.randrange(8))))
    elif kind == b"IDAT" and fate < 0.6:
        try:
            chunks[place] = kind, zlib.compress(spoil(zlib.decompress(body), rng))
        except zlib.error:
            chunks[place] = kind, spoil(body, rng)
    else:
        chunks[place] = kind, spoil(body, rng)
    out = _PNG
    for name, content in chunks:
        sum_ = zlib.crc32(content, zlib.crc32(name))
        out += struct.pack(">I", len(content)) + name + content + struct.pack(">I", sum_)
    return out
