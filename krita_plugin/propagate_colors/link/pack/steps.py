"""Sets an engine up: download, check, unpack, prepare, test, use; each can be gone on from."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, BinaryIO, Callable, NamedTuple

from ...i18n import tr
from ...log import logger
from ...qt import QtCore
from ...state.engine_states import PACK
from ..requests import Steps
from . import program, unpack
from .background import Stage, in_thread
from .download import Downloader, Limits
from .lock import CUDA, Pack, Piece, require_system
from .places import INSTALLED, EnginesFolder, command_in, lead_to_site
from .problems import (
    EngineFails,
    SetupProblem,
    cannot_write,
    disk_full,
    explain,
    remove_tree,
    retrying,
)
from .sources import Folders, PackFile, damaged, is_right

DOWNLOADING, CHECKING, UNPACKING, PREPARING, TESTING, WAITING = (
    "downloading", "checking", "unpacking", "preparing", "testing", "waiting",
)  # fmt: skip

_SPARE = 50_000_000  # bytes that stay free on the disk: kernels, logs, the system's own needs


class Tried(NamedTuple):
    """What the test of an engine said."""

    device: str
    note: str  # a sentence where something is not as expected


class Installation:
    """One try; `steps()` returns Tried, or raises SetupProblem.

    `plugin` is the folder in which the engine's wheel lies, `chosen` a pack in one file.
    `handshake` makes steps that start a command, greet it for a device and return the one in use,
    `let_go` steps that end the engine that runs, once it has nothing to do. `source` is noted in
    the folder as what a set-up that was cut goes on with. `device` is what the artist chose.
    """

    def __init__(
        self,
        engines: EnginesFolder,
        pack: Pack,
        plugin: Path,
        stage: Stage,
        handshake: Callable[[list[str], str], Steps],
        chosen: PackFile | None = None,
        limits: Limits | None = None,
        *,
        let_go: Callable[[Stage], Steps] = lambda stage: iter(()),
        source: dict[str, Any] | None = None,
        device: str = "auto",
    ) -> None:
        self._engines = engines
        self._pack = pack
        self._stage = stage
        self._handshake = handshake
        self._device = device
        self._source: Any = chosen or Folders(engines.pieces, plugin)
        self._online = chosen is None
        self._limits = limits
        self._new = engines.new_folder(pack.id)
        self._let_go = let_go
        self._begun = source or {}
        self._kept: dict[str, unpack.Files] = {}  # files of the present engine, by piece
        self._right: dict[str, BinaryIO] = {}  # pieces that were checked, and stay open

    def steps(self) -> Steps:
        """Run."""
        require_system(self._pack)
        try:
            self._engines.root.mkdir(parents=True, exist_ok=True)
            lock = QtCore.QLockFile(str(self._engines.root / "setup.lock"))
            lock.setStaleLockTime(0)  # one whose process has ended counts as none all the same
            if not lock.tryLock(0):
                raise _cannot_lock(lock, self._engines.root)
            try:
                return (yield from self._all())
            finally:
                self._close()
                lock.unlock()
        except OSError as error:
            logger.exception("setting the engine up")
            raise explain(error, self._engines.root) from error

    def _all(self) -> Steps:
        name = self._pack.id
        if name in self._engines.names():  # left by "Go back", or killed before its first use
            try:
                tried = yield from self._try_out(self._engines.folder(name))
            except EngineFails as problem:
                logger.warning("it is made anew: %s", problem)
            else:
                yield from self._take_into_use(lambda: None)
                return tried
        yield from in_thread(self._look_around, self._stage)
        yield from self._get()
        yield from in_thread(self._unpack, self._stage)
        tried = yield from self._try_out(self._new)
        yield from self._take_into_use(lambda: self._engines.put_in_place(name))
        return tried

    def _take_into_use(self, prepare: Callable[[], None]) -> Steps:
        yield from self._let_go(self._stage)

        def work(_look: Callable[[], None]) -> None:
            prepare()
            self._engines.finish(self._pack.id)

        yield from in_thread(work, self._stage)

    def _close(self) -> None:
        for file in self._right.values():
            file.close()
        self._right.clear()

    # ---- what is there already

    def _look_around(self, look: Callable[[], None]) -> None:
        """Find the parts that the present engine has too, and measure the disk."""
        self._engines.clear_unfinished()
        current = self._engines.current()
        if current is not None:
            installed = self._engines.installed(current)
            same = installed.get("leave_out") == list(self._pack.leave_out)
            pieces = installed.get("pieces") if same else {}
            folder = self._engines.folder(current)
            for piece in (self._pack.python, *self._pack.wheels):
                files = _files(pieces, piece)
                if files and all(
                    unpack.is_as_written(folder / path, size, content, look)
                    for path, (size, content) in files.items()
                ):
                    self._kept[piece.sha256] = files
        self._require_room()

    def _require_room(self) -> None:
        """Demand what is written anew; files of the present engine are linked where that works."""
        missing = sum(piece.size for piece in self._missing()) if self._online else 0
        kept = {path: size for files in self._kept.values() for path, (size, _) in files.items()}
        linked = sum(size for size in kept.values() if size != unpack.LINK)
        needed = missing + max(0, self._pack.unpacked - linked) + _SPARE
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
            if self._online:  # a pack in one file is noted when it is known to be right
                yield from in_thread(self._note, self._stage)
            yield from self._download(missing)
            wrong = yield from in_thread(self._check, self._stage)
            if not wrong:
                yield from in_thread(self._note, self._stage)
                return
            logger.warning("not what was published: %s", [piece.name for piece in wrong])
            if not self._online:
                raise damaged()
            if not all(piece.url for piece in wrong):
                raise _plugin_damaged()
            yield from in_thread(lambda look, wrong=wrong: self._forget(wrong), self._stage)
            if last:
                raise SetupProblem(
                    tr(
                        "What was downloaded is not what was published, twice: use a downloaded "
                        "pack."
                    ),
                    PACK,
                )

    def _note(self, _look: Callable[[], None]) -> None:
        self._engines.begin(self._begun)

    def _forget(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            retrying((self._engines.pieces / piece.name).unlink)

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
        """Return the pieces that are wrong; the others stay open until they are unpacked.

        Opened by name again, it might be another file.
        """
        done = {*self._kept, *self._right}
        pieces = [piece for piece in self._pack.pieces if piece.sha256 not in done]
        self._stage.begin(CHECKING, sum(piece.size for piece in pieces))
        wrong = []
        for piece in pieces:
            file = self._source.open(piece)
            try:
                if is_right(file, piece, look):
                    self._right[piece.sha256] = file
                else:
                    wrong.append(piece)
            finally:
                if piece.sha256 not in self._right:
                    file.close()
            self._stage.done += piece.size
        return wrong

    # ---- unpacking

    def _unpack(self, look: Callable[[], None]) -> None:
        self._stage.begin(UNPACKING, self._pack.unpacked)
        remove_tree(self._new)
        self._new.mkdir()
        guard = unpack.Guard(self._new, unpack.folds_case(self._new))
        trim = unpack.Trim(self._pack.leave_out)
        pieces: dict[str, unpack.Files] = {}
        for piece in self._pack.pieces:
            files = self._kept.get(piece.sha256)
            if files is not None:
                pieces[piece.sha256] = files
                self._take_over(files, guard, look)
                continue
            read = unpack.python_members if piece == self._pack.python else unpack.wheel_members
            file = self._right[piece.sha256]
            file.seek(0)
            pieces[piece.sha256] = unpack.unpack(
                read(file, trim), self._new, guard, look, self._wrote
            )
        self._close()
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

    def _take_over(
        self, files: unpack.Files, guard: unpack.Guard, look: Callable[[], None]
    ) -> None:
        """Take files of the present engine: the same bytes under two names, or a copy."""
        old = self._engines.folder(self._engines.current() or "")
        for path, (size, content) in files.items():
            look()
            if guard.written(path) == (size, content):
                self._wrote(size)
                continue
            is_link = size == unpack.LINK
            guard.check(path, content if is_link else "")
            place = self._new / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if is_link:
                os.symlink(content, place)
                continue
            try:
                os.link(old / path, place)
            except OSError:  # a file system without links
                retrying(lambda path=path, place=place: shutil.copy2(old / path, place))
            guard.note(path, size, content)
            self._wrote(size)

    # ---- the engine's own words

    def _try_out(self, folder: Path) -> Steps:
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

        command = command_in(folder)
        ended = yield from program.run([*command, "doctor", "--json"], heard)
        if ended.code != 0:
            raise _does_not_work(ended)
        self._stage.begin(TESTING)
        self._stage.tell()
        for_gpu, chosen = self._pack.platform.endswith(CUDA), self._device
        # The CPU's engine cannot compute on the GPU: it would refuse, though nothing is wrong.
        asked = "auto" if chosen == "cuda" and not for_gpu else chosen
        device = yield from self._handshake(command, asked)
        note = ""
        if device != "cuda" and (chosen == "cuda" or (for_gpu and chosen != "cpu")):
            note = tr("The GPU cannot be used here, so the engine computes on the CPU.")
        return Tried(device, note)


def _files(pieces: Any, piece: Piece) -> unpack.Files:
    """Return what an engine's own list says of a piece, {} where it is no such list."""
    try:
        return {
            str(path): (int(size), str(content))
            for path, (size, content) in pieces[piece.sha256].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return {}


def _cannot_lock(lock: Any, folder: Path) -> SetupProblem:
    errors = QtCore.QLockFile.LockError
    if lock.error() == errors.LockFailedError:
        return SetupProblem(
            tr("Another Krita is setting the engine up: wait until it has finished.")
        )
    if lock.error() == errors.PermissionError:
        return explain(PermissionError(), folder)
    return cannot_write(folder, "setup.lock")


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
        return EngineFails(
            tr("The new engine does not work here, and was not taken into use: {reason}",
               reason=reason), PACK)  # fmt: skip
    return EngineFails(
        tr("The new engine does not work here, and was not taken into use: see the log."), PACK
    )
