"""The zip archive that a .kra file is, checked before anything in it is used.

Nothing is ever unpacked to disk. Sizes that the archive declares are held against its own length
and against what really comes out, so that a small file cannot fill the memory.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ant_core.errors import InputError
from ant_core.files import check_regular, unreadable

__all__ = ["LOCAL_HEADER", "ArchiveMember", "KraArchive"]

_MOST_MEMBERS = 200_000
_MOST_RATIO = 1100  # deflate packs no denser than 1 : 1032
LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_LOCAL_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 0x1
# Older versions wrote x-kra, newer ones x-krita; templates that come with Krita say zip.
_MIMES = (b"application/x-kra", b"application/x-krita", b"application/zip")
_LONGEST_MIME = 100


@dataclass(frozen=True)
class ArchiveMember:
    """One file in the archive, with all that a raw copy needs.

    Attributes
    ----------
    info : zipfile.ZipInfo
    start : int
        Where its packed bytes begin.
    """

    info: zipfile.ZipInfo
    start: int


class KraArchive:
    """A .kra file that is read.

    Raises
    ------
    InputError
        When it is missing, damaged, or not a .kra file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._open() as file:
            self._stamp = _stamp_of(file)
            self._members = self._check(file)
        if not self._says_krita():
            raise InputError(f"{self.path} is no .kra file: give a document saved by Krita")

    def _open(self) -> BinaryIO:
        """Open the file; it is not held open, so that it can be replaced at any time."""
        try:
            check_regular(self.path, self.path.stat())
            return self.path.open("rb")
        except FileNotFoundError:
            raise InputError(f"{self.path} does not exist: check the path of the shot") from None
        except OSError as error:
            raise unreadable(self.path, error) from error

    @contextlib.contextmanager
    def _open_again(self) -> Iterator[BinaryIO]:
        """Open the file; InputError when it is another one by now."""
        with self._open() as file:
            if _stamp_of(file) != self._stamp:
                raise InputError(f"{self.path} was saved anew during the run: run again")
            yield file

    def check_unchanged(self) -> None:
        """Raise InputError when the file was saved or removed since it was opened."""
        with self._open_again():
            pass

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all members, in the order of the archive."""
        return tuple(self._members)

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def member(self, name: str) -> ArchiveMember:
        """Return a member; InputError when there is none of that name."""
        if name not in self._members:
            raise self._damaged(f"{name} is missing in it")
        return self._members[name]

    def packed(self, name: str) -> bytes:
        """Return a member's bytes as they lie in the archive."""
        member = self.member(name)
        try:
            with self._open_again() as file:
                file.seek(member.start)
                data = file.read(member.info.compress_size)
        except OSError as error:
            raise self._damaged(f"{name} cannot be read, {error.strerror}") from error
        if len(data) != member.info.compress_size:
            raise self._damaged(f"{name} is cut off")
        return data

    def read(self, name: str, limit: int) -> bytes:
        """Return a member's content.

        Parameters
        ----------
        name : str
        limit : int
            Most bytes that are accepted.

        Raises
        ------
        InputError
            When it is missing, larger, or not what its checksum says.
        """
        info = self.member(name).info
        if info.file_size > limit:
            raise self._damaged(f"{name} claims {info.file_size} bytes, more than {limit}")
        data = self.packed(name)
        if info.compress_type == zipfile.ZIP_DEFLATED:
            data = self._inflate(name, data, info.file_size)
        if len(data) != info.file_size:
            raise self._damaged(f"{name} has {len(data)} bytes instead of {info.file_size}")
        if zlib.crc32(data) != info.CRC:
            raise self._damaged(f"the checksum of {name} does not match")
        return data

    def _inflate(self, name: str, data: bytes, size: int) -> bytes:
        unpacker = zlib.decompressobj(-15)
        try:
            out = unpacker.decompress(data, size + 1)
        except zlib.error as error:
            raise self._damaged(f"{name} cannot be unpacked") from error
        if len(out) <= size and not unpacker.eof:
            raise self._damaged(f"{name} is cut off")
        return out

    def _check(self, file: BinaryIO) -> dict[str, ArchiveMember]:
        """Read the directory of the archive and hold it against the file."""
        try:
            # The directory alone: zipfile is not asked to unpack anything.
            # Krita writes names in UTF-8 without saying so.
            infos = zipfile.ZipFile(file, metadata_encoding="utf-8").infolist()
        except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, ValueError) as error:
            raise InputError(
                f"{self.path} is no .kra file or is damaged ({error}): save it again with Krita, "
                "or take it from a backup"
            ) from None
        except (OSError, struct.error, RecursionError) as error:
            raise self._damaged(str(error) or "it cannot be read") from error
        self._check_names(infos)
        members = {info.filename: ArchiveMember(info, self._start(file, info)) for info in infos}
        self._check_overlap(members.values(), self._stamp[0])
        return members

    def _says_krita(self) -> bool:
        """Tell whether it is a Krita document, also one that another program packed anew."""
        if "mimetype" not in self or "maindoc.xml" not in self:
            return False
        return self.read("mimetype", _LONGEST_MIME).strip() in _MIMES

    def _check_names(self, infos: list[zipfile.ZipInfo]) -> None:
        if len(infos) > _MOST_MEMBERS:
            raise self._damaged(f"it lists {len(infos)} files")
        seen = set()
        for info in infos:
            name = info.filename
            if name in seen:
                raise self._damaged(f"it holds two files named {name}")
            seen.add(name)
            if name.startswith(("/", "\\")) or ".." in name.split("/") or ":" in name[:2]:
                raise self._damaged(f"it names a place outside, {name}")
            if info.flag_bits & _ENCRYPTED:
                raise InputError(f"{self.path} is encrypted: save it without a password")
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise self._damaged(f"{name} is packed in a way that Krita does not use")
            if info.file_size > max(1, info.compress_size) * _MOST_RATIO:
                raise self._damaged(f"{name} claims {info.file_size} bytes, more than it can hold")

    def _start(self, file: BinaryIO, info: zipfile.ZipInfo) -> int:
        """Return where a member's bytes begin, from its local header."""
        try:
            file.seek(info.header_offset)
            header = file.read(LOCAL_HEADER.size)
        except (OSError, ValueError, OverflowError):
            header = b""
        if len(header) != LOCAL_HEADER.size or not header.startswith(_LOCAL_SIGNATURE):
            raise self._damaged(f"the place of {info.filename} is wrong")
        name_bytes, extra_bytes = LOCAL_HEADER.unpack(header)[-2:]
        return info.header_offset + LOCAL_HEADER.size + name_bytes + extra_bytes

    def _check_overlap(self, members: Iterable[ArchiveMember], size: int) -> None:
        """Let no two members share bytes: that is how a small archive unpacks without end."""
        end, last = 0, ""
        for member in sorted(members, key=lambda item: item.info.header_offset):
            if member.info.header_offset < end:
                raise self._damaged(f"{last} and {member.info.filename} lie over each other")
            end, last = member.start + member.info.compress_size, member.info.filename
        if end > size:
            raise self._damaged(f"{last} is cut off")

    def _damaged(self, why: str) -> InputError:
        return InputError(
            f"{self.path} is damaged ({why}): take it from a backup or save it again with Krita"
        )


def _stamp_of(file: BinaryIO) -> tuple[int, int]:
    """Return size and time of the last change: another save shows in them."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns
