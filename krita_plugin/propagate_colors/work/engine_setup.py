"""The engine's set-up as the widgets use it: what is offered, what runs, what came of it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any, Callable

from ..i18n import join_sentences, tr
from ..link.pack import lock as locks
from ..link.pack.background import FOREVER, Stage, in_thread
from ..link.pack.places import EnginesFolder
from ..link.pack.problems import EngineFails, SetupProblem, explain, megabytes
from ..link.pack.sources import PackFile
from ..link.pack.steps import WAITING, Installation, Tried
from ..link.requests import Steps
from ..log import logger
from ..qt import QtCore
from ..settings import DEVICE, ENGINE_FOLDER, DockerSettings
from ..signals import Signal
from ..state.engine_states import FAILED, HIDDEN, NEWER, OFFERED, PACK, READY, RUNNING, UNFINISHED
from .engine_words import progress
from .jobs import JobCancelled, Runner

_PLUGIN = Path(__file__).resolve().parent.parent / "engine"


class EngineSetup:
    """One for the whole plugin; its job runs beside those on documents.

    `hindrance` tells why an engine that runs may not be ended at once, "" where it may. `idle`
    tells whether it has nothing to do, and `is_found` whether the artist has one already.
    """

    def __init__(
        self,
        settings: DockerSettings,
        data_folder: Callable[[], str],
        handshake: Callable[[list[str], str], Steps],
        release: Callable[[], None],
        clock: Any = None,
        *,
        idle: Callable[[], bool] = lambda: True,
        hindrance: Callable[[], str] = lambda: "",
        is_found: Callable[[], bool] = lambda: False,
        plugin: Path = _PLUGIN,
    ) -> None:
        self.changed = Signal()  # ()
        self.state = HIDDEN
        self.sentence = ""  # of what went wrong, or of a GPU that cannot be used
        self.refusal = ""  # why the last Go back or Remove was not done
        self.ways: tuple[str, ...] = ()  # PACK, FOLDER: which remedies a failure has
        self.device = ""
        self.stage, self.done, self.total = "", 0, 0
        # Of the engine in use and the one before it, "" without one.
        self.version = self.earlier = ""
        self.has_engine = self.has_folder = False
        self._settings = settings
        self._data_folder = data_folder
        self._handshake = handshake
        self._release = release  # ends an engine that runs, so that its files can be deleted
        self._idle = idle
        self._hindrance = hindrance
        self._is_found = is_found
        self._clock = clock
        self._plugin = plugin
        self._runner: Runner | None = None
        self._again: Callable[[], None] | None = None
        self._put_off = False
        self._lock: locks.Lock | None = None
        self.look()

    # ---- state

    @property
    def engines(self) -> EnginesFolder:
        """Return the folder of engines, which the artist may have chosen."""
        chosen = self._settings.get(ENGINE_FOLDER)
        folder = Path(chosen) / "propagate_colors" if chosen else Path(self._data_folder())
        return EnginesFolder(folder / "engines")

    @property
    def folder(self) -> str:
        """The folder that all engines lie in."""
        return str(self.engines.root.parent)

    def command(self) -> list[str] | None:
        """Return what starts the engine that was set up; None without one."""
        return self.engines.command()

    def _read_folder(self) -> None:
        """Note what is there: widgets ask for it at every step of a download."""
        engines = self.engines
        current, earlier = engines.current(), engines.earlier()
        self.version = str(engines.installed(current).get("version", "?")) if current else ""
        self.earlier = str(engines.installed(earlier).get("version", "?")) if earlier else ""
        self.has_engine = bool(engines.names())
        self.has_folder = engines.root.is_dir()

    @property
    def possible(self) -> bool:
        """Tell whether the plugin brought a list of an engine's parts: it is no checkout."""
        return self._lock is not None

    @property
    def gpu_offered(self) -> bool:
        """Tell whether there is an NVIDIA driver, and a pack that uses it."""
        key = locks.platform_key() + locks.CUDA
        return bool(self._lock) and key in self._lock.packs and locks.has_nvidia_driver()

    def sizes(self, gpu: bool = False) -> tuple[str, str]:
        """Return megabytes over the network and on the disk, as texts."""
        try:
            pack = self._pack(gpu)
        except SetupProblem:
            return "?", "?"
        return megabytes(pack.download), megabytes(pack.unpacked)

    def _pack(self, gpu: bool) -> locks.Pack:
        if self._lock is None:
            raise SetupProblem(
                tr("The plugin's zip has no engine in it: choose a downloaded pack.")
            )
        return self._lock.pack(locks.platform_key() + (locks.CUDA if gpu else ""))

    def look(self) -> None:
        """Find out what is to be offered; a job that runs goes on."""
        if self.state == RUNNING:
            return
        self.sentence, self.refusal, self.ways = "", "", ()
        self._read_folder()
        try:
            self._lock = locks.read_beside_plugin(self._plugin)
        except SetupProblem as problem:
            self._fail(problem)
            return
        self._set(self._what_to_offer())

    def _what_to_offer(self) -> str:
        engines = self.engines
        current = engines.current()
        if self._put_off or (self._lock is None and not engines.is_unfinished()):
            return HIDDEN
        if current is None:
            if engines.is_unfinished():
                return UNFINISHED
            return HIDDEN if self._is_found() else OFFERED
        if engines.is_unfinished():
            return UNFINISHED
        ids = self._ids()
        # An engine of this plugin that lies there unused was left on purpose, by "Go back".
        return NEWER if ids and not ids & set(engines.names()) else HIDDEN

    def _ids(self) -> set[str]:
        """Return the ids of the engines that belong to this plugin."""
        return {pack.id for pack in self._lock.packs.values()} if self._lock else set()

    @property
    def repairs(self) -> bool:
        """Tell whether `repair` makes the engine in use anew, and no newer one in its place."""
        return self.engines.current() in self._ids()

    def obstacle(self) -> str:
        """Return why it cannot begin on this computer or in this folder, "" where it can."""
        if self._lock is not None:
            try:
                self._pack(False)
            except SetupProblem as problem:
                return str(problem)
        closed = locks.closed_in(os.environ, QtCore.QCoreApplication.applicationFilePath())
        if closed == "sandbox":
            return tr("Krita from the App Store may start no other program: use Krita's own .dmg.")
        if closed == "store" and not self._settings.get(ENGINE_FOLDER):
            return tr(
                "Krita from the Microsoft Store hides its folders from other programs: choose a "
                "folder for the engine first."
            )
        return ""

    # ---- commands

    def begin(self, gpu: bool = False) -> None:
        """Download the engine and set it up, or go on with that."""

        def job() -> Steps:
            try:
                return (yield from self._install(self._pack(gpu), None, {"gpu": gpu}))
            except EngineFails as problem:
                if not gpu:
                    raise
                logger.warning("the pack for the GPU failed: %s", problem)
            tried = yield from self._install(self._pack(False), None, {"gpu": False})
            return tried._replace(
                note=tr("The GPU cannot be used here, so the engine computes on the CPU.")
            )

        self._start(job, lambda: self.begin(gpu))

    def begin_with(self, path: str) -> None:
        """Set the engine up from a pack in one file."""

        def job() -> Steps:
            chosen = PackFile(Path(path))
            try:
                pack = chosen.choose(locks.platform_key(), self._lock)
                return (yield from self._install(pack, chosen, {"file": path}))
            finally:
                chosen.close()

        self._start(job, lambda: self.begin_with(path))

    def again(self) -> None:
        """Try once more what failed or was stopped, before the last start of Krita too."""
        if self._again is not None:
            self._again()
            return
        begun = self.engines.begun()
        if begun.get("file"):
            self.begin_with(str(begun["file"]))
        else:
            self.begin(bool(begun.get("gpu")))

    def _install(self, pack: locks.Pack, chosen: PackFile | None, source: dict[str, Any]) -> Steps:
        installation = Installation(
            self.engines, pack, self._plugin, Stage(self._on_stage), self._handshake, chosen,
            let_go=self._let_go, source=source, device=self._settings.get(DEVICE),
        )  # fmt: skip
        return (yield from installation.steps())

    def _let_go(self, stage: Stage) -> Steps:
        """Steps that end the engine once it has nothing to do: colors being made are not lost."""
        if not self._idle():
            stage.begin(WAITING)
            stage.tell()
        yield self._idle, FOREVER
        self._release()

    def cancel(self) -> None:
        """Stop; what was downloaded stays for the next time."""
        if self._runner is not None:
            self._runner.cancel()

    def shutdown(self) -> None:
        """Krita closes: end what runs, and the programs that it started, now."""
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.close()

    def put_off(self) -> None:
        """Offer nothing more until Krita starts again."""
        self._put_off, self._again = True, None
        self.look()

    def choose_folder(self, path: str) -> None:
        """Have engines lie below another folder from now on."""
        if self.state != RUNNING and not self.has_engine:
            self._settings.set(ENGINE_FOLDER, path)
            self._put_off = False
            self.look()

    def repair(self) -> None:
        """Make this plugin's engine where the one in use does not work, from what is left of it."""
        self.begin((self.engines.current() or "").endswith(locks.CUDA))

    def go_back(self) -> None:
        """Use the engine that was in use before."""
        engines = self.engines
        name = engines.earlier()
        if name and self._may_change():
            self._change(lambda look: engines.use(name), self.go_back)

    def remove(self) -> None:
        """Delete every engine that was set up, and all that belongs to one."""
        if self._may_change():
            engines, chosen = self.engines, self._settings.get(ENGINE_FOLDER)

            def work(_look: Callable[[], None]) -> None:
                engines.remove_all()
                if chosen:
                    with contextlib.suppress(OSError):  # the artist has something in it
                        engines.root.parent.rmdir()

            self._change(work, self.remove)

    def _may_change(self) -> bool:
        """Tell whether the engine in use may be ended now; `refusal` says why not."""
        if self.state == RUNNING:
            return False
        self.refusal = self._hindrance()
        if self.refusal:
            self.changed.emit()
        return not self.refusal

    def forget_refusal(self) -> None:
        """Nothing hinders any more: the job has ended."""
        if self.refusal:
            self.refusal = ""
            self.changed.emit()

    def _change(self, work: Callable[[Any], None], again: Callable[[], None]) -> None:
        engines = self.engines

        def job() -> Steps:
            stage = Stage(self._on_stage)
            yield from self._let_go(stage)
            try:
                yield from in_thread(work, stage)
            except OSError as error:
                raise explain(error, engines.root) from error

        self._start(job, again, lambda _: self._ended())

    def _ended(self) -> None:
        self._runner = self._again = None
        self.state = HIDDEN
        self._put_off = False
        self.look()

    # ---- the job

    def _start(
        self, job: Callable[[], Steps], again: Callable[[], None],
        done: Callable[[Any], None] | None = None,
    ) -> None:  # fmt: skip
        if self.state == RUNNING:
            return
        self._again = again
        self.sentence, self.refusal, self.ways = "", "", ()
        self.stage, self.done, self.total = "", 0, 0
        self._set(RUNNING)
        self._runner = Runner(job(), "engine", done or self._works, self._stopped, self._clock)

    def _works(self, tried: Tried) -> None:
        self._runner = self._again = None
        self.device, self.sentence = tried.device, tried.note
        self._read_folder()
        self._set(READY)

    def _stopped(self, error: BaseException) -> None:
        self._runner = None
        self.state = FAILED
        self._read_folder()
        if isinstance(error, JobCancelled):
            self._again = None  # what has begun in the folder is gone on with, no removal
            self.look()
        elif isinstance(error, SetupProblem):
            self._fail(error)
        else:
            logger.error("setting the engine up", exc_info=error)
            self._fail(SetupProblem(tr("Something unexpected happened: see the log."), PACK))

    def _fail(self, problem: SetupProblem) -> None:
        logger.info("the set-up ended: %s", problem)
        self.sentence, self.ways = str(problem), problem.ways
        self._set(FAILED)

    def _on_stage(self, name: str, done: int, total: int) -> None:
        self.stage, self.done, self.total = name, done, total
        self.changed.emit()

    def _set(self, state: str) -> None:
        self.state = state
        self.changed.emit()

    # ---- words

    def headline(self, gpu: bool = False) -> str:
        """Return what is to be said at present; with the GPU's pack another size is."""
        if self.state == RUNNING:
            return progress(self.stage, self.done, self.total)
        if self.state == FAILED:
            return self.sentence
        if self.state == UNFINISHED:
            return tr("Setup was not finished.")
        download, disk = self.sizes(gpu)
        if self.state == OFFERED:
            return tr(
                "One more step: the coloring engine. It runs on this computer; your drawings stay "
                "here. {download} MB download, {disk} MB on disk.",
                download=download,
                disk=disk,
            )
        if self.state == NEWER:
            return tr(
                "A newer engine belongs to this plugin. At most {download} MB download, {disk} MB "
                "on disk.",
                download=download,
                disk=disk,
            )
        if self.state == READY:
            ready = tr(
                "Ready: {device}, version {version}. Try it on the sample shot?",
                device=self.device.upper(),
                version=self.version,
            )
            return join_sentences(self.sentence, ready).strip()
        return ""
