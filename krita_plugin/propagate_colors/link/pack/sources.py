"""Where pieces come from: the folder they were downloaded to, the plugin, or a pack in one file."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import BinaryIO, Callable

from ...i18n import tr
from ...state.engine_states import PACK
from . import lock as locks
from .lock import CUDA, Lock, Pack, Piece
from .problems import SetupProblem

_CHUNK = 1 << 20
_LOCK_BYTES = 4 << 20  # far more than any lock has


class Folders:
    """Pieces that lie in folders: those downloaded, and what came with the plugin."""

    def __init__(self, pieces: Path, plugin: Path) -> None:
        self._pieces = pieces
        self._plugin = plugin

    def open(self, piece: Piece) -> BinaryIO:
        """Open a piece."""
        return open((self._pieces if piece.url else self._plugin) / piece.name, "rb")

    def has(self, piece: Piece) -> bool:
        """Tell whether a piece is there with all its bytes, whatever they are."""
        place = (self._pieces if piece.url else self._plugin) / piece.name
        try:
            return place.stat().st_size == piece.size
        except OSError:
            return False


class PackFile:
    """A pack in one file: a zip of stored pieces and a lock for one platform."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path)
            info = self._archive.getinfo(locks.LOCK_FILE)
            if info.file_size > _LOCK_BYTES:
                raise KeyError
            text = self._archive.read(info)
        except (OSError, zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError):
            raise SetupProblem(
                tr(
                    "This file is no engine pack, or a part of one: choose "
                    "propagate_colors-engine-….zip, unpacked by no other program."
                ),
                PACK,
            ) from None
        self.lock: Lock = locks.read(text)

    def close(self) -> None:
        """Let go of the file."""
        self._archive.close()

    def choose(self, key: str) -> Pack:
        """Return the pack for this platform; SetupProblem where it is for another."""
        for name in (key, key + CUDA):
            if name in self.lock.packs:
                return self.lock.packs[name]
        raise SetupProblem(
            tr(
                "This pack is for {there} and this computer needs {here}: get that one.",
                there=", ".join(self.lock.packs),
                here=key,
            ),
            PACK,
        )

    def open(self, piece: Piece) -> BinaryIO:
        """Open a piece."""
        info = self._info(piece)
        if info is None or info.compress_type != zipfile.ZIP_STORED:
            raise damaged()
        return self._archive.open(info)

    def has(self, piece: Piece) -> bool:
        """Tell whether a piece is there."""
        return self._info(piece) is not None

    def _info(self, piece: Piece) -> zipfile.ZipInfo | None:
        return self._archive.NameToInfo.get(f"pieces/{piece.name}")


def damaged() -> SetupProblem:
    """Return the problem of a pack whose bytes are not those that were published."""
    return SetupProblem(
        tr("A part of the engine is not what was published: get the pack anew, then choose it."),
        PACK,
    )


def is_right(file: BinaryIO, piece: Piece, look: Callable[[], None]) -> bool:
    """Tell whether a file holds the piece, byte by byte."""
    sha, size = hashlib.sha256(), 0
    while True:
        try:
            data = file.read(_CHUNK)
        except zipfile.BadZipFile:  # its own check of stored bytes
            return False
        if not data:
            return size == piece.size and sha.hexdigest() == piece.sha256
        size += len(data)
        sha.update(data)
        look()
