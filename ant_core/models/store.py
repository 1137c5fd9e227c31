"""The store: find, list, check, fetch, import and remove models."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ant_core import __version__
from ant_core.errors import (
    InputError,
    ModelCorrupt,
    ModelError,
    ModelMissing,
    OutputError,
    UsageError,
)
from ant_core.files import WholeFiles
from ant_core.models.disk import locked, make_folder, refusal, require_space
from ant_core.models.installed import Installed, embedded, find, find_all, installed
from ant_core.models.places import ModelPlaces
from ant_core.models.registry import (
    EMBEDDED_NAME,
    ModelEntry,
    Registry,
    engine_runs,
    parse_wanted,
    read_entry,
    version_key,
)
from ant_core.models.transfer import Patience, fetch, file_sha256

__all__ = ["Store"]

_PIECE = 1 << 20  # bytes copied at a time


class Store:
    """The models of this machine, and those of the registry.

    Parameters
    ----------
    places : ModelPlaces
    registry : callable
        Gives the registry; called only when something is asked that is not on the machine, so
        that a damaged registry never keeps an installed model from being used.
    files : WholeFiles, optional
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
        here = {(model.name, version_key(model.version)) for model in self.installed()}
        models = self._load().models
        return [entry for entry in models if (entry.name, version_key(entry.version)) not in here]

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
        cancel : threading.Event, optional
        patience : Patience, optional

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
        if there := self._same(entry):
            return there, False
        with self._lock(entry, cancel, on_wait):
            if there := self._same(entry):  # another process was quicker
                return there, False
            addresses = registry.addresses(entry, mirrors)
            if not addresses:
                raise ModelMissing(
                    f"no address is known for {entry.label}: name an address with --mirror, "
                    "or a registry that has mirrors with ANT_CORE_REGISTRY (this one is "
                    f"{registry.source})"
                )
            part = self._prepare(entry)
            done = self.arrived(entry)
            require_space(part.parent, max(0, entry.size - done), entry.label)
            on_start(entry, done)
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
            return self._put(entry, part), True

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
        if there := self._same(entry):
            return there, False
        with self._lock(entry, cancel, on_wait):
            if there := self._same(entry):
                return there, False
            part = self._prepare(entry)
            require_space(part.parent, entry.size, entry.label)
            try:
                part.unlink(missing_ok=True)  # that of a copy that was killed, or a link
                with source.open("rb") as old, part.open("xb") as new:
                    shutil.copyfileobj(old, new, _PIECE)
            except OSError as error:
                part.unlink(missing_ok=True)
                raise refusal(part, error) from error
            if file_sha256(part, cancel) != sha256:
                part.unlink()
                raise ModelCorrupt(f"{source} changed while it was copied: run the command again")
            return self._put(entry, part), True

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
            with self._lock(model, cancel):
                _remove(model.path.parent)
        with contextlib.suppress(OSError):  # other versions, or an unfinished download
            own[0].path.parents[1].rmdir()
        return own

    # ---- how

    def _entry_for(
        self, source: Path, sha256: str, name: str | None, version: str | None
    ) -> ModelEntry:
        entry = self._load().by_hash(sha256)
        if entry is None:
            with contextlib.suppress(InputError, ValueError):
                beside = read_entry(source.with_suffix(".json"))
                entry = beside if beside.sha256 == sha256 else None
        if entry is None:
            size = source.stat().st_size
            entry = ModelEntry(
                name=source.stem.lower(),
                version="0",
                size=size,
                sha256=sha256,
                licence="unknown",
                minimum_engine="0",
                card="",
            )
        name, version = name or entry.name, version or entry.version
        try:
            parse_wanted(f"{name}@{version}")
        except UsageError as error:
            raise UsageError(f"{error}, with --name and --version") from None
        if name == EMBEDDED_NAME:
            raise UsageError(
                f"{EMBEDDED_NAME} is the name of the model in the package: give another one with "
                "--name"
            )
        return ModelEntry(**{**entry.to_json(), "name": name, "version": version, "urls": ()})

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

    def _folder(self, name: str, version: str) -> Path:
        return self.places.own / name / version

    def _part(self, entry: ModelEntry) -> Path:
        # With the hash in its name, so that bytes of different files never mix.
        name = f"{entry.name}.antmodel.{entry.sha256[:12]}.part"
        return self._folder(entry.name, entry.version) / name

    @contextlib.contextmanager
    def _lock(
        self,
        model: ModelEntry | Installed,
        cancel: threading.Event | None,
        on_wait: Callable[[str], None] = lambda text: None,
    ) -> Iterator[None]:
        path = self.places.own / ".locks" / f"{model.label}.lock"
        told = f"another process works on {model.label}: waiting for it"
        with locked(path, cancel, lambda: on_wait(told)):
            yield

    def _prepare(self, entry: ModelEntry) -> Path:
        """Make the model's folder and sweep parts of other files out of it."""
        part = self._part(entry)
        make_folder(part.parent)
        for other in part.parent.glob("*.part"):
            if other != part:
                with contextlib.suppress(OSError):
                    other.unlink()
        return part

    def _put(self, entry: ModelEntry, part: Path) -> Installed:
        """Put a checked file in place; the model is there once the last rename is done."""
        folder = part.parent
        path = folder / f"{entry.name}.antmodel"
        text = json.dumps(entry.to_json(), indent=1, ensure_ascii=False) + "\n"
        self._files.write(path.with_suffix(".json"), text.encode())
        if entry.card:
            self._files.write(path.with_suffix(".md"), entry.card.encode())
        try:
            os.replace(part, path)
        except OSError as error:
            raise refusal(path, error) from error
        return Installed(entry.name, entry.version, path, "own", entry)


def _remove(folder: Path) -> None:
    """Remove a model's folder, the model file first: half a removal leaves no model behind."""
    try:
        for path in sorted(folder.iterdir(), key=lambda path: path.suffix != ".antmodel"):
            path.unlink()
        folder.rmdir()
    except OSError as error:
        raise refusal(folder, error) from error
