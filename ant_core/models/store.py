"""The store: find, list, check, fetch, import and remove models."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from ant_core import __version__
from ant_core.errors import (
    Cancelled,
    ModelCorrupt,
    ModelError,
    ModelMissing,
    OutputError,
    UsageError,
)
from ant_core.files import WholeFiles
from ant_core.locks import Held, hold
from ant_core.models.installed import Installed, embedded, find, find_all, installed
from ant_core.models.places import ModelPlaces
from ant_core.models.registry import (
    EMBEDDED_NAME,
    ModelEntry,
    Registry,
    engine_runs,
    identity,
    parse_wanted,
    read_entry,
    write_entry,
)
from ant_core.models.transfer import Patience, fetch, file_sha256, writing

__all__ = ["Store"]

_SPARE = 1 << 20  # bytes for entry, card and what the file system keeps for itself
_PIECE = 1 << 20  # bytes copied at a time
_POLL_S = 0.2  # how often a stop is noticed while another process holds the lock


class Store:
    """The models of this machine, and those of the registry.

    Parameters
    ----------
    registry : callable
        Gives the registry; called only when something is asked that is not on the machine, so
        that a damaged registry never keeps an installed model from being used.
    """

    def __init__(
        self, places: ModelPlaces, registry: Callable[[], Registry], files: WholeFiles | None = None
    ) -> None:
        self.places = places
        self._load = registry
        self._files = files or WholeFiles()

    # ---- what is there

    def installed(self) -> list[Installed]:
        """Return all models on this machine: the package's, then by name, the newest first."""
        return installed(self.places)

    def available(self) -> list[ModelEntry]:
        """Return the models of the registry that are not on this machine."""
        here = {identity(model.name, model.version) for model in self.installed()}
        models = self._load().models
        return [entry for entry in models if identity(entry.name, entry.version) not in here]

    def arrived(self, entry: ModelEntry) -> int:
        """Return how many bytes of an interrupted download are there."""
        try:
            return self._part(entry).stat().st_size
        except OSError:
            return 0

    def find(self, wanted: str) -> Installed:
        """Return a model on this machine; see `ant_core.models.installed.find`."""
        return find(self.places, wanted)

    def verify(
        self, wanted: str | None, cancel: threading.Event | None = None
    ) -> Iterator[tuple[Installed, ModelError | None]]:
        """Check the files of one model or of all; yields each with what is wrong with it."""
        for model in self.installed() if wanted is None else find_all(self.places, wanted):
            try:
                model.check(cancel)
            except ModelError as error:
                yield model, error
            else:
                yield model, None

    # ---- what changes it

    def download(
        self,
        wanted: str,
        *,
        mirrors: Sequence[str] = (),
        on_start: Callable[[ModelEntry, int], None] = lambda entry, done: None,
        on_progress: Callable[[int], None] = lambda done: None,
        on_wait: Callable[[str], None] = lambda text: None,
        cancel: threading.Event | None = None,
        patience: Patience | None = None,
    ) -> tuple[Installed, bool]:
        """Fetch a model into the user's folder, unless it is there; the one use of the network.

        Parameters
        ----------
        wanted : str
            NAME or NAME@VERSION; without a version the newest that this engine can run.
        mirrors : sequence of str
            Addresses of folders to try before those of the registry.
        on_start : callable
            Told the entry and how many bytes of it are there already.
        on_progress : callable
            Told the bytes that are there.
        on_wait : callable
            Told in words what is waited for.

        Returns
        -------
        The model, and whether anything was fetched.

        Raises
        ------
        ModelMissing, ModelCorrupt, InputError, OutputError, UsageError, Cancelled
        """
        name, version = parse_wanted(wanted)
        if name == EMBEDDED_NAME:
            return embedded(), False
        registry = self._load()
        entry = registry.choose(name, version)
        if not engine_runs(entry):
            raise ModelCorrupt(
                f"{entry.label} is made for ant_core {entry.minimum_engine} or newer and this is "
                f"{__version__}: update ant_core, or choose an older version of the model"
            )
        addresses = registry.addresses(entry, mirrors)
        if not addresses and not self._same(entry):
            raise ModelMissing(
                f"no address is known for {entry.label}: name an address with --mirror, "
                "or a registry that has mirrors with ANT_CORE_REGISTRY (this one is "
                f"{registry.source})"
            )

        def fill(part: Path) -> None:
            on_start(entry, self.arrived(entry))
            fetch(
                addresses,
                part,
                entry.size,
                entry.sha256,
                on_progress=on_progress,
                on_wait=on_wait,
                cancel=cancel,
                patience=patience,
            )

        return self._install(entry, fill, cancel, on_wait)

    def add(
        self,
        source: Path,
        *,
        name: str | None = None,
        version: str | None = None,
        cancel: threading.Event | None = None,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> tuple[Installed, bool]:
        """Copy a model file into the user's folder.

        Name, version and the rest come from the arguments, else from the registry entry with the
        same hash, else from the entry beside the file (as `ant_core.models.release` writes it),
        else from the file's name.

        Returns
        -------
        The model, and whether it was not there before.

        Raises
        ------
        ModelMissing, ModelCorrupt, OutputError, UsageError, Cancelled
        """
        from ant_core.matching.model_file import ModelFile

        sha256 = ModelFile.read(source).sha256
        entry = self._entry_for(source, sha256, name, version)

        def fill(part: Path) -> None:
            part.unlink(missing_ok=True)  # that of a copy that was killed, or a link
            try:
                with source.open("rb") as old, part.open("xb") as new:
                    shutil.copyfileobj(old, new, _PIECE)
            except OSError:
                part.unlink(missing_ok=True)  # half a copy is no use to a later download
                raise
            if file_sha256(part, cancel) != sha256:
                part.unlink()
                raise ModelCorrupt(f"{source} changed while it was copied: run the command again")

        return self._install(entry, fill, cancel, on_wait)

    def remove(self, wanted: str, cancel: threading.Event | None = None) -> list[Installed]:
        """Remove a model, or one version of it, from the user's folder; return what is gone.

        Raises
        ------
        ModelMissing
            When it is not on this machine.
        UsageError
            When it is part of the package.
        OutputError
            When it lies in a shared folder, or cannot be removed.
        """
        found = find_all(self.places, wanted)
        own = [model for model in found if model.where == "own"]
        if not own and found[0].where == "package":
            raise UsageError(
                f"{wanted} is part of ant_core and stays: name one of the others in ant_core "
                "models list"
            )
        if not own:
            raise OutputError(
                f"{found[0].path} lies in a shared folder, which is only read: ask the folder's "
                "administrator"
            )
        for model in own:
            folder = model.path.parent
            with self._lock(model, cancel), writing(folder):
                # The model file first: half a removal leaves no model behind.
                for path in sorted(folder.iterdir(), key=lambda path: path.suffix != ".antmodel"):
                    path.unlink()
                folder.rmdir()
        with contextlib.suppress(OSError):  # other versions, or an unfinished download
            own[0].path.parents[1].rmdir()
        return own

    # ---- how

    def _entry_for(
        self, source: Path, sha256: str, name: str | None, version: str | None
    ) -> ModelEntry:
        entry = self._load().by_hash(sha256) or read_entry(source.with_suffix(".json"))
        if entry is None or entry.sha256 != sha256:
            entry = ModelEntry(
                name=source.stem.lower(),
                version="0",
                size=source.stat().st_size,
                sha256=sha256,
                licence="unknown",
                minimum_engine="0",
                card="",
            )
        entry = replace(entry, name=name or entry.name, version=version or entry.version, urls=())
        try:
            parse_wanted(entry.label)
        except UsageError as error:
            raise UsageError(f"{error}, with --name and --version") from None
        if entry.name == EMBEDDED_NAME:
            raise UsageError(
                f"{EMBEDDED_NAME} is the name of the model in the package: give another one with "
                "--name"
            )
        return entry

    def _same(self, entry: ModelEntry) -> Installed | None:
        """Return the whole file of this very model when it is there.

        Raises
        ------
        OutputError
            When another file has its name and version.
        """
        try:
            model = find_all(self.places, entry.label)[0]
        except ModelMissing:
            return None
        if model.problem() is not None:
            return None  # a damaged one is replaced
        if model.entry is not None and model.entry.sha256 != entry.sha256:
            raise OutputError(
                f"there is another {entry.label} at {model.path}: remove that one first, or give "
                "another name or version"
            )
        return model

    def _part(self, entry: ModelEntry) -> Path:
        # With the hash in its name, so that bytes of different files never mix.
        name = f"{entry.name}.antmodel.{entry.sha256[:12]}.part"
        return self.places.own / entry.name / entry.version / name

    @contextlib.contextmanager
    def _lock(
        self,
        model: ModelEntry | Installed,
        cancel: threading.Event | None,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> Iterator[None]:
        """Hold the lock of a model, once no other process does; Cancelled ends the waiting."""
        path = self.places.own / ".locks" / f"{model.label}.lock"
        waited = False
        with contextlib.ExitStack() as stack:
            while True:
                try:
                    with writing(path):
                        path.parent.mkdir(parents=True, exist_ok=True)
                        stack.enter_context(hold(path, _POLL_S if waited else 0))
                    break
                except Held:
                    if not waited:
                        on_wait(f"another process works on {model.label}: waiting for it")
                    waited = True
                if cancel is not None and cancel.is_set():
                    raise Cancelled(
                        "stopped while another process works on the model: run again later"
                    )
            yield

    def _install(
        self,
        entry: ModelEntry,
        fill: Callable[[Path], None],
        cancel: threading.Event | None,
        on_wait: Callable[[str], None],
    ) -> tuple[Installed, bool]:
        """Put a model into the user's folder, unless it is there; `fill` makes a checked part.

        The model is there once the last rename is done.
        """
        if there := self._same(entry):
            return there, False
        with self._lock(entry, cancel, on_wait):
            if there := self._same(entry):  # another process was quicker
                return there, False
            part = self._part(entry)
            path = part.with_name(f"{entry.name}.antmodel")
            with writing(part):
                part.parent.mkdir(parents=True, exist_ok=True)
                for other in part.parent.glob("*.part"):
                    if other != part:
                        with contextlib.suppress(OSError):
                            other.unlink()
                _require_space(part.parent, max(0, entry.size - self.arrived(entry)), entry.label)
                fill(part)
                write_entry(self._files, path.with_suffix(""), entry)
                part.replace(path)
            return Installed(entry.name, entry.version, path, "own", entry), True


def _require_space(folder: Path, size: int, what: str) -> None:
    """Raise OutputError when `size` bytes do not fit into a folder."""
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        raise OutputError(
            f"there is not enough room for {what} in {folder}: it needs {size / 1e6:.1f} MB and "
            f"{free / 1e6:.1f} MB are free; free some space, or name a folder elsewhere with "
            "ANT_CORE_MODELS"
        )
