"""What files may hold: bounds that real work does not meet, so that none takes all memory.

Every check raises ValueError with the reason; the reader puts it into its own sentence.
"""

from __future__ import annotations

import contextlib
import io
import json
import lzma
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn
from xml.etree import ElementTree

__all__ = [
    "DENSEST",
    "DENSEST_DEFLATE",
    "MOST_JSON",
    "MOST_PIXELS",
    "check_layers",
    "check_pixels",
    "open_zip",
    "parse_json",
    "parse_xml",
    "read_member",
    "read_start",
    "read_xml",
]

MOST_PIXELS = 9 << 24  # of a picture, 16,384 x 9,216: 16K film, 16,384 x 8,640, is below
DENSEST_DEFLATE = 1032  # bytes that one byte can unpack to
_MOST_SIDE = 1 << 17
DENSEST = 1 << 16  # pixels that one byte can unpack to, in any coding
_MOST_LAYERS = 1000  # of a picture
_MOST_LAYER_PIXELS = 1 << 31  # of all its layers together: 250 of 3840 x 2160
_MOST_MEMBERS = 10_000  # of an archive of a few pictures, or of a model
_MOST_MEMBER = 512 << 20  # bytes of a member, unpacked
_MOST_XML = 64 << 20
MOST_JSON = 16 << 20  # of text: 20 times as much in memory
_MOST_DIGITS = 20
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")
# What unpacking a member raises; RuntimeError: it is encrypted, OSError: bad bzip2 data.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    struct.error,
)


def check_pixels(
    width: int, height: int, packed_bytes: int | None = None, densest: float = DENSEST
) -> None:
    """Check the size that a picture claims, before room is made for it.

    Parameters
    ----------
    width, height : int
    packed_bytes : int, optional
        What its pixels are unpacked from.
    densest : float
        Pixels that one such byte can unpack to.

    Raises
    ------
    ValueError
        When it has no pixel, more than MOST_PIXELS, a longer side than any picture, or more than
        it can hold.
    """
    if min(width, height) < 1:
        raise ValueError(f"its header says {width} x {height} pixels")
    if max(width, height) > _MOST_SIDE or width * height > MOST_PIXELS:
        raise ValueError(
            f"it has {width} x {height} pixels, more than the {MOST_PIXELS} that can be read, or "
            f"more than {_MOST_SIDE} on a side"
        )
    if packed_bytes is not None and width * height > densest * (packed_bytes + 1):
        raise ValueError(
            f"its header says {width} x {height} pixels, and {packed_bytes} bytes cannot hold them"
        )


def check_layers(sizes: Iterable[tuple[int, int]]) -> None:
    """Check widths and heights of the layers of a picture, before the first is unpacked.

    Raises
    ------
    ValueError
        When there are too many, or one of them or all together have too many pixels.
    """
    total = 0
    for count, (width, height) in enumerate(sizes, start=1):
        if count > _MOST_LAYERS:
            raise ValueError(f"it has more than {_MOST_LAYERS} layers")
        if width > 0 and height > 0:
            check_pixels(width, height)
            total += width * height
        if total > _MOST_LAYER_PIXELS:
            raise ValueError(f"its layers have more than {_MOST_LAYER_PIXELS} pixels together")


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Open a zip archive; ValueError when it is none, damaged, or of an unknown version."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, OSError, struct.error) as error:
        raise ValueError(str(error)) from None
    if len(archive.namelist()) > _MOST_MEMBERS:
        raise ValueError(f"it lists {len(archive.namelist())} files, more than {_MOST_MEMBERS}")
    return archive


def read_member(archive: zipfile.ZipFile, name: str, most: int = _MOST_MEMBER) -> bytes:
    """Unpack a member of a zip archive.

    Raises
    ------
    ValueError
        When it is missing, damaged, encrypted, packed by an unknown method, or claims more than
        `most` bytes.
    """
    with _unpacking(name):
        size = archive.getinfo(name).file_size
        if size > most:
            raise ValueError(f"{name} claims {size} bytes, more than {most}")
        # What is unpacked is cut at the size that the member claims.
        return archive.read(name)


def read_start(archive: zipfile.ZipFile, name: str, count: int) -> bytes:
    """Unpack the first bytes of a member alone; ValueError as `read_member`."""
    with _unpacking(name), archive.open(name) as member:
        return member.read(count)


@contextlib.contextmanager
def _unpacking(name: str) -> Iterator[None]:
    """Raise ValueError for what a missing or damaged member raises."""
    try:
        yield
    except KeyError:
        raise ValueError(f"it lacks {name}") from None
    except _DAMAGED as error:
        raise ValueError(f"{name} cannot be unpacked: {error}") from None


def read_xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """Return the root element of a member; ValueError as `read_member` and `parse_xml`."""
    return parse_xml(read_member(archive, name, _MOST_XML))


def parse_xml(data: bytes) -> ElementTree.Element:
    """Return the root element; ValueError when the document is damaged or too long."""
    if len(data) > _MOST_XML:
        raise ValueError(f"its XML has {len(data)} bytes, more than {_MOST_XML}")
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, LookupError) as error:  # LookupError: unknown encoding
        raise ValueError(str(error)) from None


def parse_json(data: bytes | str, *, halves: bool = False, any_whole: bool = False) -> Any:
    """Return the document, its numbers finite and its text whole characters.

    `halves` lets halves of characters through, as names of files can have them, and `any_whole`
    whole numbers that no machine type holds, for a schema to refuse.

    Raises
    ------
    ValueError
        When it is damaged, too long, nested too deeply, or has what JSON cannot say.
    """
    if len(data) > MOST_JSON:
        raise ValueError(f"its JSON has {len(data)} bytes, more than {MOST_JSON}")
    text = data if isinstance(data, str) else data.decode("utf-8-sig")
    try:
        document = json.loads(
            text,
            parse_float=_finite,
            parse_int=int if any_whole else _whole,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if not halves and _HALF_CHARACTER.search(text):
        json.dumps(document, ensure_ascii=False).encode()  # ValueError for one without the other
    return document


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:40]} is larger than numbers are")
    return value


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError(f"{text[:40]}... is larger than numbers are")
    return int(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
