"""A zip archive written as a stream: most members copied as they are packed, some replaced.

`zipfile` cannot copy a member without unpacking it; here its packed bytes go over untouched.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ant_core.formats.kra.archive import LOCAL_HEADER, KraArchive

__all__ = ["copied_archive"]

_CENTRAL = struct.Struct("<4s4B4H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_ZIP64, _LIMIT, _COUNT_LIMIT = 0x0001, 0xFFFFFFFF, 0xFFFF
_HAS_DESCRIPTOR = 0x8
_UNIX = 3
_FILE_MODE = 0o100444 << 16  # what Krita gives to everything in its files


@dataclass(frozen=True)
class _PackedMember:
    """One member ready to be written."""

    info: zipfile.ZipInfo
    data: bytes


def copied_archive(
    source: KraArchive,
    replaced: Mapping[str, bytes],
    added: Iterable[tuple[str, bytes]],
    left_out: frozenset[str] = frozenset(),
) -> Iterator[bytes]:
    """Yield the pieces of an archive like another one.

    Parameters
    ----------
    source : KraArchive
        Members that are not named below are copied, packed bytes and all.
    replaced : dict of str to bytes
        New content of members of `source`.
    added : iterable of (str, bytes)
        New members, written behind the others; taken one at a time.
    left_out : frozenset of str
        Members of `source` that are dropped.
    """
    directory: list[bytes] = []
    at = 0
    date = source.member("mimetype").info.date_time
    for member in _members(source, replaced, added, left_out, date):
        info = member.info
        head = _local_header(info)
        directory.append(_central_header(info, at))
        yield head
        yield member.data
        at += len(head) + len(member.data)
    yield from directory
    size = sum(map(len, directory))
    yield _ending(len(directory), size, at)


def _members(
    source: KraArchive,
    replaced: Mapping[str, bytes],
    added: Iterable[tuple[str, bytes]],
    left_out: frozenset[str],
    date: tuple[int, int, int, int, int, int],
) -> Iterator[_PackedMember]:
    for name in source.names:
        if name in left_out:
            continue
        if name in replaced:
            yield _packed(name, replaced[name], date)
        else:
            yield _PackedMember(source.member(name).info, source.packed(name))
    for name, data in added:
        yield _packed(name, data, date)


def _packed(name: str, data: bytes, date: tuple[int, int, int, int, int, int]) -> _PackedMember:
    info = zipfile.ZipInfo(name, date)
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packer.compress(data) + packer.flush()
    info.compress_type = zipfile.ZIP_DEFLATED
    info.CRC, info.file_size, info.compress_size = zlib.crc32(data), len(data), len(packed)
    info.create_system, info.create_version, info.external_attr = _UNIX, 30, _FILE_MODE
    return _PackedMember(info, packed)


def _name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8")


def _date(info: zipfile.ZipInfo) -> tuple[int, int]:
    """Return date and time as MS-DOS packs them."""
    year, month, day, hour, minute, second = info.date_time
    return (year - 1980) << 9 | month << 5 | day, hour << 11 | minute << 5 | second // 2


def _flags(info: zipfile.ZipInfo) -> int:
    return info.flag_bits & ~_HAS_DESCRIPTOR  # sizes stand in front of the data here


def _local_header(info: zipfile.ZipInfo) -> bytes:
    date, time = _date(info)
    name, extra = _name(info), b""
    sizes = info.compress_size, info.file_size
    if max(sizes) >= _LIMIT:
        extra = struct.pack("<2H2Q", _ZIP64, 16, info.file_size, info.compress_size)
        sizes = _LIMIT, _LIMIT
    head = LOCAL_HEADER.pack(
        b"PK\x03\x04", info.extract_version, _flags(info), info.compress_type, time, date,
        info.CRC, *sizes, len(name), len(extra),
    )  # fmt: skip
    return head + name + extra


def _central_header(info: zipfile.ZipInfo, at: int) -> bytes:
    date, time = _date(info)
    name, extra = _name(info), b""
    sizes, place = (info.compress_size, info.file_size), at
    if max(*sizes, at) >= _LIMIT:
        extra = struct.pack("<2H3Q", _ZIP64, 24, info.file_size, info.compress_size, at)
        sizes, place = (_LIMIT, _LIMIT), _LIMIT
    extra += _extra_of(info)
    head = _CENTRAL.pack(
        b"PK\x01\x02", info.create_version, info.create_system, info.extract_version,
        info.reserved, _flags(info), info.compress_type, time, date, info.CRC, *sizes,
        len(name), len(extra), len(info.comment), 0, info.internal_attr, info.external_attr, place,
    )  # fmt: skip
    return head + name + extra + info.comment


def _extra_of(info: zipfile.ZipInfo) -> bytes:
    """Return the extra fields of a member without the sizes, which are written anew."""
    kept, rest = b"", info.extra
    while len(rest) >= 4:
        kind, size = struct.unpack_from("<2H", rest)
        if kind != _ZIP64:
            kept += rest[: 4 + size]
        rest = rest[4 + size :]
    return kept


def _ending(count: int, size: int, at: int) -> bytes:
    if count < _COUNT_LIMIT and max(size, at) < _LIMIT:
        return _END.pack(b"PK\x05\x06", 0, 0, count, count, size, at, 0)
    large = _END_64.pack(b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, at)
    locator = _LOCATOR_64.pack(b"PK\x06\x07", 0, at + size, 1)
    few = min(count, _COUNT_LIMIT)
    return large + locator + _END.pack(b"PK\x05\x06", 0, 0, few, few, _LIMIT, _LIMIT, 0)
