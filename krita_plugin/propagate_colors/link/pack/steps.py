"""Sets an engine up: download, check, unpack, prepare, test, use; each can be gone on from."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Callable, NamedTuple

from ...i18n import tr
from ...log import logger
from ...qt import QtCore
from ...state.engine_states import PACK
from ..talk import Steps
from . import program, unpack
from .background import Stage, in_thread
from .download import Downloader, Limits
from .lock import CUDA, Pack, Piece, require_system
from .places import INSTALLED, Engines, command_in, lead_to_site
from .problems import SetupProblem, disk_full, explain, patiently, remove_tree
from .sources import Folders, PackFile, damaged, is_right

DOWNLOADING, CHECKING, UNPACKING, PREPARING, TESTING = (
    "downloading", "checking", "unpacking", "preparing", "testing",
)  # fmt: skip

_SPARE = 50_000_000  # bytes that stay free on the disk: kernels, logs, the system's own needs


class Tried(NamedTuple):
    """What the test of an engine said."""

    device: str
    note: str  # a sentence where something is not as hoped for


class Installation:
    """One try; `steps()` returns Tried, or raises SetupProblem.

    `plugin` is the folder in which the engine's wheel lies, `chosen` a pack in one file.
    `handshake` makes steps that start a command, greet it and return the device in use.
    """

    def __init__(
        self,
        engines: Engines,
        pack: Pack,
        plugin: Path,
        stage: Stage,
        handshake: Callable[[list[str]], Steps],
        chosen: PackFile | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._engines = engines
        self._pack = pack
        self._stage = stage
        self._handshake = handshake
        self._source: Any = chosen or Folders(engines.pieces, plugin)
        self._online = chosen is None
        self._limits = limits
        self._new = engines.new_folder(pack.id)
        self._kept: dict[str, dict[str, int]] = {}  # files of the present engine, by piece

    def steps(self) -> Steps:
        """Run."""
        require_system(self._pack)
        try:
            self._engines.root.mkdir(parents=True, exist_ok=True)
            lock = QtCore.QLockFile(str(self._engines.root / "setup.lock"))
            lock.setStaleLockTime(0)  # one whose process has ended counts as none all the same
            if not lock.tryLock(0):
                raise SetupProblem(
                    tr("Another Krita is setting the engine up: wait until it has finished.")
                )
            try:
                return (yield from self._all())
            finally:
                lock.unlock()
        except OSError as error:
            logger.exception("setting the engine up")
            raise explain(error, self._engines.root) from error

    def _all(self) -> Steps:
        name = self._pack.id
        if name in self._engines.names():  # killed between its test and its first use
            yield from in_thread(lambda look: self._engines.finish(name), self._stage)
            self._stage.begin(TESTING)
            self._stage.tell()
            return Tried((yield from self._handshake(self._engines.command(name) or [])), "")
        yield from in_thread(self._look_around, self._stage)
        yield from self._get()
        yield from in_thread(self._unpack, self._stage)
        tried = yield from self._try_out()
        yield from in_thread(lambda look: self._engines.finish(name), self._stage)
        return tried

    # ---- what is there already

    def _look_around(self, look: Callable[[], None]) -> None:
        """Find the parts that the present engine has too, and measure the disk."""
        self._engines.clear_unfinished()
        current = self._engines.current()
        if current is not None:
            installed = self._engines.installed(current)
            same = installed.get("leave_out") == list(self._pack.leave_out)
            pieces = installed.get("pieces", {}) if same else {}
            folder = self._engines.folder(current)
            for piece in (self._pack.python, *self._pack.wheels):
                look()
                files = pieces.get(piece.sha256)
                if files and all(_is_there(folder / path, size) for path, size in files.items()):
                    self._kept[piece.sha256] = files
        self._require_room()

    def _require_room(self) -> None:
        missing = sum(piece.size for piece in self._missing()) if self._online else 0
        needed = missing + self._pack.unpacked + _SPARE
        free = shutil.disk_usage(self._engines.root).free
        if free < needed:
            raise disk_full(needed, free, self._engines.root)

    def _missing(self) -> list[Piece]:
        return [
            piece
            for piece in self._pack.pieces
            if piece.sha256 not in self._kept and not self._source.has(piece)
        ]

    # ---- getting and checking

    def _get(self) -> Steps:
        """Have every piece, right to the byte; one that is wrong is fetched once more."""
        for last in (False, True):
            missing = self._missing()
            if missing and not all(self._online and piece.url for piece in missing):
                raise self._cannot_get(missing)
            yield from self._download(missing)
            wrong = yield from in_thread(self._check, self._stage)
            if not wrong:
                return
            logger.warning("not what was published: %s", [piece.name for piece in wrong])
            if not self._online:
                raise damaged()
            for piece in wrong:
                if not piece.url:
                    raise _plugin_damaged()
                (self._engines.pieces / piece.name).unlink()
            if last:
                raise SetupProblem(
                    tr(
                        "What was downloaded is not what was published, twice: use a downloaded "
                        "pack."
                    ),
                    PACK,
                )

    def _cannot_get(self, missing: list[Piece]) -> SetupProblem:
        if not self._online:
            return damaged()
        if self._pack.engine in missing:
            return _plugin_damaged()
        names = ", ".join(piece.name for piece in missing if not piece.url)
        return SetupProblem(
            tr("The plugin's list has no address of {name}: use a downloaded pack.", name=names),
            PACK,
        )

    def _download(self, missing: list[Piece]) -> Steps:
        if not missing:
            return
        total = sum(piece.size for piece in self._pack.pieces if piece.url)
        self._stage.begin(DOWNLOADING, total)
        self._stage.done = total - sum(piece.size for piece in missing)
        self._engines.pieces.mkdir(parents=True, exist_ok=True)
        downloader = Downloader(self._engines.pieces, self._limits)
        for piece in missing:
            before = self._stage.done
            yield from downloader.fetch(piece, self._stage)
            self._stage.done = before + piece.size

    def _check(self, look: Callable[[], None]) -> list[Piece]:
        pieces = [piece for piece in self._pack.pieces if piece.sha256 not in self._kept]
        self._stage.begin(CHECKING, sum(piece.size for piece in pieces))
        wrong = []
        for piece in pieces:
            with self._source.open(piece) as file:
                if not is_right(file, piece, look):
                    wrong.append(piece)
            self._stage.done += piece.size
        return wrong

    # ---- unpacking

    def _unpack(self, look: Callable[[], None]) -> None:
        self._stage.begin(UNPACKING, self._pack.unpacked)
        remove_tree(self._new)
        self._new.mkdir()
        guard = unpack.Guard(self._new, unpack.folds_case(self._new))
        trim = unpack.Trim(self._pack.leave_out)
        pieces: dict[str, dict[str, int]] = {}
        for piece in self._pack.pieces:
            files = self._kept.get(piece.sha256)
            pieces[piece.sha256] = files if files is not None else {}
            if files is not None:
                self._take_over(files, look)
                continue
            read = unpack.python_members if piece == self._pack.python else unpack.wheel_members
            with self._source.open(piece) as file:
                pieces[piece.sha256] = unpack.unpack(
                    read(file, trim), self._new, guard, look, self._wrote
                )
        lead_to_site(self._new)
        installed = {
            "version": self._pack.version,
            "platform": self._pack.platform,
            "leave_out": list(self._pack.leave_out),
            "pieces": pieces,
        }
        (self._new / INSTALLED).write_text(json.dumps(installed), encoding="utf-8")

    def _wrote(self, size: int) -> None:
        self._stage.done += size

    def _take_over(self, files: dict[str, int], look: Callable[[], None]) -> None:
        """Take files of the present engine: the same bytes under two names, or a copy."""
        old = self._engines.folder(self._engines.current() or "")
        for path, size in files.items():
            look()
            place = self._new / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if size == unpack.LINK:
                os.symlink(os.readlink(old / path), place)
                continue
            try:
                os.link(old / path, place)
            except OSError:  # a file system without links
                patiently(lambda path=path, place=place: shutil.copy2(old / path, place))
            self._wrote(size)

    # ---- the engine's own words

    def _try_out(self) -> Steps:
        """Have the engine compile what it compiles once for each computer, and colour a shot."""
        self._stage.begin(PREPARING)
        self._stage.tell()

        def heard(event: dict[str, Any]) -> None:
            if event.get("event") == "progress":
                if event.get("step") == "self_test":
                    self._stage.begin(TESTING)
                self._stage.done = int(event.get("done", 0))
                self._stage.total = int(event.get("total", 0))
                self._stage.tell()

        command = command_in(self._new)
        ended = yield from program.run([*command, "doctor", "--json"], heard)
        if ended.code != 0:
            raise _does_not_work(ended)
        self._stage.begin(TESTING)
        self._stage.tell()
        device = yield from self._handshake(command)
        note = ""
        if self._pack.platform.endswith(CUDA) and device != "cuda":
            note = tr("The GPU cannot be used here, so the engine computes on the CPU.")
        return Tried(device, note)


def _is_there(path: Path, size: int) -> bool:
    try:
        return size == unpack.LINK or os.lstat(path).st_size == size
    except OSError:
        return False


def _plugin_damaged() -> SetupProblem:
    return SetupProblem(
        tr("The plugin's own part of the engine is damaged: install the plugin's zip again.")
    )


def _does_not_work(ended: program.Ended) -> SetupProblem:
    """Return the problem of an engine that fails its test, in its own words if it has some."""
    logger.error("the new engine ended with %s: %s", ended.code, ended.lines[-5:])
    said = [str(event["error"]) for event in ended.events if event.get("error")]
    reason = said[-1] if said else ""
    if reason:
        return SetupProblem(
            tr("The new engine does not work here, and was not taken into use: {reason}",
               reason=reason), PACK)  # fmt: skip
    return SetupProblem(
        tr("The new engine does not work here, and was not taken into use: see the log."), PACK
    )
