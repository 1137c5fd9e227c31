"""Models whose files are on this machine, in the folders of `ant_core.models.places`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ant_core import __version__
from ant_core.errors import ModelCorrupt, ModelMissing, UsageError
from ant_core.models.places import ModelPlaces, find_places
from ant_core.models.registry import (
    EMBEDDED_NAME,
    ModelEntry,
    engine_runs,
    parse_wanted,
    read_entry,
    version_key,
)
from ant_core.models.transfer import file_sha256

__all__ = ["Installed", "Where", "embedded", "find", "find_all", "installed", "locate"]

Where = Literal["package", "own", "shared"]
_PACKAGE = Path(__file__).parent
_EMBEDDED = _PACKAGE / f"{EMBEDDED_NAME}.antmodel"


@dataclass(frozen=True)
class Installed:
    """A model whose file is on this machine.

    Attributes
    ----------
    name, version : str
    path : Path
        The model file.
    where : "package", "own" or "shared"
        Part of ant_core, in the user's folder, or in one that is only read.
    entry : ModelEntry or None
        Its registry entry; None when that is missing or damaged (the package's may have none).
    """

    name: str
    version: str
    path: Path
    where: Where
    entry: ModelEntry | None

    @property
    def label(self) -> str:
        """Name and version as the command line takes them."""
        return f"{self.name}@{self.version}"

    def problem(self) -> str | None:
        """Return what is wrong at first sight, without reading the file."""
        if self.entry is None:
            missing = self.where != "package"
            return f"its entry {self.path.with_suffix('.json')} is damaged" if missing else None
        try:
            size = self.path.stat().st_size
        except OSError as error:
            return f"it cannot be read: {error.strerror}"
        if size != self.entry.size:
            return f"it has {size} bytes where {self.entry.size} are expected"
        return None

    def check(self, cancel: threading.Event | None = None) -> None:
        """Read the whole file and compare it with its entry.

        Raises
        ------
        ModelCorrupt
            When it is not what it was, or no model that this engine can use.
        """
        from ant_core.matching.model_file import ModelFile

        wrong = self.problem()
        if wrong is None and self.entry is not None:
            try:
                found = file_sha256(self.path, cancel)
            except OSError as error:
                raise self.damaged(f"it cannot be read: {error.strerror}") from error
            if found != self.entry.sha256:
                wrong = f"its SHA-256 is {found[:12]}... instead of {self.entry.sha256[:12]}..."
        if wrong is not None:
            raise self.damaged(wrong)
        ModelFile.read(self.path)

    def damaged(self, wrong: str) -> ModelCorrupt:
        """Return the error that says so, and what to do."""
        if self.where == "package":
            remedy = "install ant_core again"
        elif self.where == "shared":
            remedy = "ask the administrator of that folder to put the model there again"
        else:
            remedy = f"run ant_core models remove {self.label}, then download or import it again"
        return ModelCorrupt(f"{self.label} at {self.path} is damaged ({wrong}): {remedy}")


def embedded() -> Installed:
    """Return the model in the package."""
    entry = read_entry(_EMBEDDED.with_suffix(".json"))
    version = entry.version if entry else __version__
    return Installed(EMBEDDED_NAME, version, _EMBEDDED, "package", entry)


def _scan(root: Path, where: Where) -> Iterator[Installed]:
    """Find NAME/VERSION/NAME.antmodel below a folder; what is named otherwise is not ours."""
    for path in sorted(root.glob("*/*/*.antmodel")):
        version, name = path.parent.name, path.parents[1].name
        if path.stem != name or name == EMBEDDED_NAME:
            continue
        try:
            parse_wanted(f"{name}@{version}")
        except UsageError:
            continue
        yield Installed(name, version, path, where, read_entry(path.with_suffix(".json")))


def installed(places: ModelPlaces) -> list[Installed]:
    """Return all models on this machine: the package's, then by name, the newest first."""
    found = list(_scan(places.own, "own"))
    for folder in places.shared:
        found += _scan(folder, "shared")
    found.sort(key=lambda model: version_key(model.version), reverse=True)
    return [embedded(), *sorted(found, key=lambda model: model.name)]


def find_all(places: ModelPlaces, wanted: str) -> list[Installed]:
    """Return the installed models that NAME or NAME@VERSION means, the newest first.

    Raises
    ------
    UsageError
        When `wanted` is no name.
    ModelMissing
        When there is none on this machine.
    """
    name, version = parse_wanted(wanted)
    key = None if version is None else version_key(version)
    found = [
        model
        for model in installed(places)
        if model.name == name and key in (None, version_key(model.version))
    ]
    if not found:
        raise ModelMissing(
            f"there is no model {wanted} on this machine: run ant_core models download "
            f"{wanted}, or see ant_core models list for those that are there"
        )
    return found


def find(places: ModelPlaces, wanted: str) -> Installed:
    """Return the newest installed model of a name that this engine can run, or the version asked.

    Raises
    ------
    UsageError, ModelMissing
        See `find_all`.
    ModelCorrupt
        When it obviously is damaged; `Installed.check` looks closer.
    """
    found = find_all(places, wanted)
    usable = [model for model in found if model.entry is None or engine_runs(model.entry)]
    model = (usable or found)[0]
    wrong = model.problem()
    if wrong:
        raise model.damaged(wrong)
    return model


def locate(model: Path) -> Path:
    """Return the file that `--model` means: itself, or that of a model of the store.

    A bare word without an ending is a name, unless there is a file of that name.
    """
    if model.suffix == ".antmodel" or model.parent != Path() or model.exists():
        return model
    return find(find_places(), str(model)).path
