"""What files may hold: bounds that real work does not meet, so that none takes all memory.

Every check raises ValueError with the reason; the reader puts it into its own sentence.
"""

from __future__ import annotations

import io
import json
import lzma
import zipfile
import zlib
from typing import Any
from xml.etree import ElementTree

__all__ = ["MOST_PIXELS", "open_zip", "parse_json", "parse_xml", "read_member"]

MOST_PIXELS = 1 << 28  # of a picture: 16,384 x 16,384
_MOST_MEMBER = 512 << 20  # bytes of a member of an archive, unpacked
_MOST_XML = 64 << 20
# What unpacking a member raises; RuntimeError: it is encrypted, OSError: bad bzip2 data.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Open a zip archive; ValueError when it is none, damaged, or of an unknown version."""
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, OSError) as error:
        raise ValueError(str(error)) from None


def read_member(archive: zipfile.ZipFile, name: str, most: int = _MOST_MEMBER) -> bytes:
    """Unpack a member of a zip archive.

    Raises
    ------
    ValueError
        When it is missing, damaged, encrypted, packed by an unknown method, or claims more than
        `most` bytes.
    """
    try:
        size = archive.getinfo(name).file_size
        if size > most:
            raise ValueError(f"{name} claims {size} bytes, more than {most}")
        # What is unpacked is cut at the size that the member claims.
        return archive.read(name)
    except KeyError:
        raise ValueError(f"it lacks {name}") from None
    except _DAMAGED as error:
        raise ValueError(f"{name} cannot be unpacked: {error}") from None


def parse_xml(data: bytes) -> ElementTree.Element:
    """Return the root element; ValueError when the document is damaged or too long."""
    if len(data) > _MOST_XML:
        raise ValueError(f"its XML has {len(data)} bytes, more than {_MOST_XML}")
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, LookupError) as error:  # LookupError: unknown encoding
        raise ValueError(str(error)) from None


def parse_json(data: bytes | str) -> Any:
    """Return the document; ValueError when it is damaged or nested beyond all reason."""
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
