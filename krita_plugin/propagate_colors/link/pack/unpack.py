"""Takes wheels and the Python archive apart, into a folder and nowhere else."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
import tarfile
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, Callable, Dict, Iterator, NamedTuple, Sequence, Tuple

from ...i18n import tr
from ...state.engine_states import FOLDER, PACK
from .problems import SetupProblem, retrying

LINK = -1  # in place of a size
# Size and SHA-256 (of a link: LINK and where it points) by path.
Files = Dict[str, Tuple[int, str]]
MOST_PATH = 259  # characters, the most that every program on Windows takes
ENCRYPTED = 0x1  # among a zip member's flags
_CHUNK = 1 << 20
_PARTS = {"purelib", "platlib"}  # of a wheel's NAME.data folder; the others are not for us
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)

DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError)


class Member(NamedTuple):
    """One file of an archive."""

    path: str  # below the engine's folder, with "/"
    size: int
    link: str  # where a symbolic link points, as it says
    program: bool
    open: Callable[[], BinaryIO]


class Guard:
    """Refuses what would land elsewhere, over another file, or under a name too long.

    The same bytes may come twice under one name: wheels of one family share such files.
    """

    def __init__(self, folder: Path, folds_case: bool, most_path: int | None = None) -> None:
        self._folder = folder
        self._folds = folds_case
        windows = os.name == "nt"
        self._most = (MOST_PATH if windows else None) if most_path is None else most_path
        self._names: set[str] = set()
        self._links: set[str] = set()
        self._written: Files = {}

    def note(self, path: str, size: int, content: str) -> None:
        """Remember what was written under a name that was checked."""
        self._written[path] = (size, content)

    def written(self, path: str) -> tuple[int, str] | None:
        """Return size and SHA-256 of a file that is there under this very name, else None."""
        return self._written.get(path)

    def check(self, path: str, link: str = "") -> None:
        """Refuse a file, or a symbolic link that says `link`, or remember it."""
        parts = path.split("/")
        if not _is_plain(path):
            raise _refused(path)
        if any("/".join(parts[:count]) in self._links for count in range(1, len(parts))):
            raise _refused(path)
        if link:
            self._check_link(path, link)
        key = unicodedata.normalize("NFC", path)
        key = key.casefold() if self._folds else key
        if key in self._names or self._is_taken(key):
            raise _refused(path)
        self._names.add(key)
        if self._most and len(str(self._folder / path)) > self._most:
            raise SetupProblem(
                tr(
                    "The name of the folder {folder} is too long for the engine's files: choose a "
                    "folder with a shorter one.",
                    folder=self._folder.parent,
                ),
                FOLDER,
            )

    def _is_taken(self, key: str) -> bool:
        """Tell whether a folder of the path is a file already."""
        parts = key.split("/")
        return any("/".join(parts[:count]) in self._names for count in range(1, len(parts)))

    def _check_link(self, path: str, link: str) -> None:
        top = path.split("/", 1)[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), link))
        if link.startswith("/") or not target.startswith(top + "/"):
            raise _refused(path)
        self._links.add(path)


def _is_plain(path: str) -> bool:
    """Tell whether every part of a path is a name on all three systems."""
    parts = path.split("/")
    return not any(
        part in {"", ".", ".."}
        or part != part.rstrip(". ")
        or re.search(r'[\x00-\x1f<>:"\\|?*]', part)
        or _DEVICES.fullmatch(part)
        for part in parts
    )


def _refused(path: str) -> SetupProblem:
    name = path.replace("\0", "").rsplit("/", 1)[-1][-40:]
    return SetupProblem(
        tr('The pack holds a file that must not be there ("{name}"): get another.', name=name), PACK
    )


# ---- which files


class Trim:
    """Tells what is left out: patterns with * within a name and ** over folders."""

    def __init__(self, patterns: Sequence[str]) -> None:
        joined = "|".join(_as_regex(pattern) for pattern in patterns)
        self._match = re.compile(joined).fullmatch if joined else lambda path: None

    def __call__(self, path: str) -> bool:
        return self._match(path) is not None


def _as_regex(pattern: str) -> str:
    text = ""
    for part in re.split(r"(\*\*/|\*\*|\*|\?)", pattern):
        text += {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(
            part, re.escape(part)
        )
    return f"(?:{text})"


# ---- archives


def wheel_members(file: BinaryIO, trim: Trim) -> Iterator[Member]:
    """Yield a wheel's files, below "site"."""
    archive = zipfile.ZipFile(file)
    for info in archive.infolist():
        if info.is_dir() or trim(info.filename):
            continue
        if stat.S_ISLNK(info.external_attr >> 16) or info.flag_bits & ENCRYPTED:
            raise _refused(info.filename)
        path = _in_site(info.filename)
        if path is not None:
            yield Member(
                f"site/{path}", info.file_size, "", False, lambda info=info: archive.open(info)
            )


def _in_site(path: str) -> str | None:
    first, _, rest = path.partition("/")
    if first.endswith(".data") and rest:
        part, _, rest = rest.partition("/")
        return rest if part in _PARTS else None
    return path


def python_members(file: BinaryIO, trim: Trim) -> Iterator[Member]:
    """Yield the files and links of a Python archive, whose folder is "python"."""
    archive = tarfile.open(fileobj=file, mode="r:gz")  # noqa: SIM115 (`file` has an owner)
    for info in archive:
        path = info.name[2:] if info.name.startswith("./") else info.name
        if info.isdir() or trim(path):
            continue
        if not path.startswith("python/") or not (info.isfile() or info.issym()):
            raise _refused(path)
        link = info.linkname if info.issym() else ""
        program = bool(info.mode & 0o100)
        yield Member(path, info.size, link, program, lambda info=info: archive.extractfile(info))


def unpack(
    members: Iterator[Member],
    folder: Path,
    guard: Guard,
    look: Callable[[], None],
    wrote: Callable[[int], None],
) -> Files:
    """Write members below `folder`; returns what was written.

    `look` is called between pieces of a megabyte and may raise; `wrote` is told
    how many bytes were written.
    """
    files: Files = {}
    made: set[Path] = set()
    try:
        for member in members:
            look()
            there = guard.written(member.path)
            if there is not None:
                if member.link or _read(member, look, wrote) != there:
                    raise _refused(member.path)
                files[member.path] = there
                continue
            guard.check(member.path, member.link)
            place = folder / member.path
            if place.parent not in made:
                place.parent.mkdir(parents=True, exist_ok=True)
                made.add(place.parent)
            if member.link:
                os.symlink(member.link, place)
                files[member.path] = (LINK, member.link)
            else:
                files[member.path] = _write(member, place, look, wrote)
                guard.note(member.path, *files[member.path])
    except DAMAGED as error:
        raise SetupProblem(
            tr("A part of the engine is damaged: get another pack."), PACK
        ) from error
    return files


def _write(
    member: Member, place: Path, look: Callable[[], None], wrote: Callable[[int], None]
) -> tuple[int, str]:
    with retrying(lambda: open(place, "xb")) as target:
        read = _read(member, look, wrote, target.write)
    if member.program and os.name != "nt":
        place.chmod(0o755)
    return read


def _read(
    member: Member,
    look: Callable[[], None],
    wrote: Callable[[int], None],
    write: Callable[[bytes], object] = len,
) -> tuple[int, str]:
    """Give a member's bytes to `write`; returns how many they are, and their hash."""
    size, sha = 0, hashlib.sha256()
    with member.open() as source:
        while True:
            data = source.read(_CHUNK)
            if not data:
                return size, sha.hexdigest()
            size += len(data)
            if size > member.size:  # a bomb that says less than it holds
                raise _refused(member.path)
            write(data)
            sha.update(data)
            wrote(len(data))
            look()


def is_as_written(place: Path, size: int, content: str, look: Callable[[], None]) -> bool:
    """Tell whether a file is what `unpack` wrote there, by its hash."""
    try:
        if size == LINK:
            return os.readlink(place) == content
        status = os.lstat(place)
        if not stat.S_ISREG(status.st_mode) or status.st_size != size:
            return False
        with open(place, "rb") as file:
            return sha256(file, look) == (size, content)
    except OSError:
        return False


def sha256(file: BinaryIO, look: Callable[[], None]) -> tuple[int, str]:
    """Return how many bytes are left in a file, and their hash."""
    sha, size = hashlib.sha256(), 0
    while True:
        data = file.read(_CHUNK)
        if not data:
            return size, sha.hexdigest()
        size += len(data)
        sha.update(data)
        look()


def folds_case(folder: Path) -> bool:
    """Tell whether the file system takes "a" for "A"."""
    probe = folder / "a_case_probe"
    probe.write_bytes(b"")
    try:
        return (folder / "A_CASE_PROBE").exists()
    finally:
        probe.unlink()
