"""Where pieces come from: the folder they were downloaded to, the plugin, or a pack in one file."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import BinaryIO, Callable

from ...i18n import tr
from ...state.engine_states import PACK
from . import lock as locks
from . import unpack
from .lock import CUDA, Lock, Pack, Piece
from .problems import SetupProblem

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
        """Tell whether a piece is there in its full size; its bytes are not checked."""
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
        except FileNotFoundError:
            raise SetupProblem(
                tr("{name} is not there any more: choose a pack anew.", name=path.name), PACK
            ) from None
        except (OSError, ValueError, KeyError, RuntimeError, *unpack.DAMAGED):
            raise SetupProblem(
                tr(
                    "This file is no engine pack, or a part of one: choose "
                    "propagate_colors-engine-….zip, unpacked by no other program."
                ),
                PACK,
            ) from None
        self.lock: Lock = locks.read(text)

    def close(self) -> None:
        """Close the file."""
        self._archive.close()

    def choose(self, key: str, own: Lock | None) -> Pack:
        """Return the pack for this platform; SetupProblem where it is for another.

        With the plugin's `own` lock it is that one's pack, which this one must equal: what is run
        was published with the plugin, from any source of the file.
        """
        for name in (key, key + CUDA):
            if name in self.lock.packs:
                return self._same(self.lock.packs[name], own)
        raise SetupProblem(
            tr(
                "This pack is for {there} and this computer needs {here}: download the one for "
                "{here}.",
                there=", ".join(self.lock.packs),
                here=key,
            ),
            PACK,
        )

    def _same(self, pack: Pack, own: Lock | None) -> Pack:
        if own is None:
            return pack
        found = own.packs.get(pack.platform)
        if found is None or _content(found) != _content(pack):
            version = next((pack.version for pack in own.packs.values()), "?")
            raise SetupProblem(
                tr(
                    "This pack is not the one that was published with this plugin: download that "
                    "of version {version}.",
                    version=version,
                ),
                PACK,
            )
        return found

    def open(self, piece: Piece) -> BinaryIO:
        """Open a piece."""
        info = self._info(piece)
        if (
            info is None
            or info.compress_type != zipfile.ZIP_STORED
            or info.flag_bits & unpack.ENCRYPTED
        ):
            raise damaged()
        try:
            return self._archive.open(info)
        except unpack.DAMAGED:  # its own head says another thing than the list of members
            raise damaged() from None

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
    try:
        return unpack.sha256(file, look) == (piece.size, piece.sha256)
    except unpack.DAMAGED:  # a zip's own check of stored bytes
        return False


def _content(pack: Pack) -> tuple[object, ...]:
    return pack.leave_out, [(piece.name, piece.size, piece.sha256) for piece in pack.pieces]
