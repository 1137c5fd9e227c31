"""The registry: which models there are, what their files must be, and where they lie.

The one in the package names no address: the studio says where the files are, in a
registry of their own (see `ant_core.models.places` for where it is looked for).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ant_core import __version__
from ant_core.errors import InputError, ModelMissing, UsageError
from ant_core.files import WholeFiles, json_bytes, read_bytes
from ant_core.guard import MOST_JSON, parse_json
from ant_core.schemas.forms import read_form
from ant_core.schemas.registry import ModelEntry, RegistryForm

__all__ = [
    "EMBEDDED_NAME",
    "ModelEntry",
    "Registry",
    "engine_runs",
    "identity",
    "load_registry",
    "parse_wanted",
    "read_entry",
    "version_key",
    "write_entry",
]

EMBEDDED_NAME = "default"  # no other model may have the name of the one in the package
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")


@dataclass(frozen=True)
class Registry:
    """All known models.

    Attributes
    ----------
    source : Path
        The file it was read from.
    mirrors : tuple of str
        Addresses of folders that hold the files, in the order in which they are tried.
    models : tuple of ModelEntry
    """

    source: Path
    mirrors: tuple[str, ...]
    models: tuple[ModelEntry, ...]

    def choose(self, name: str, version: str | None) -> ModelEntry:
        """Return the asked version, or the newest that this engine can run.

        Raises
        ------
        ModelMissing
            When the registry has no such model.
        """
        of_name = [entry for entry in self.models if entry.name == name]
        found = [entry for entry in of_name if version in (None, entry.version)]
        if not found:
            known = ", ".join(entry.label for entry in of_name or self.models) or "none"
            wanted = name if version is None else f"{name}@{version}"
            raise ModelMissing(
                f"the registry {self.source} has no model {wanted} (it has: {known}): see ant_core "
                "models list, or name another registry with --registry or ANT_CORE_REGISTRY"
            )
        runs = [entry for entry in found if engine_runs(entry)]
        return max(runs or found, key=lambda entry: version_key(entry.version))

    def by_hash(self, sha256: str) -> ModelEntry | None:
        """Return the entry of the file with this hash."""
        return next((entry for entry in self.models if entry.sha256 == sha256), None)

    def addresses(self, entry: ModelEntry, mirrors: Iterable[str] = ()) -> list[str]:
        """Return where a model's file can be had, `mirrors` before those of the registry."""
        folders = [*mirrors, *self.mirrors]
        urls = [f"{folder.rstrip('/')}/{entry.file_name}" for folder in folders]
        return list(dict.fromkeys([*urls, *entry.urls]))


def load_registry(path: Path) -> Registry:
    """Read a registry.

    Raises
    ------
    InputError
        When it cannot be read or does not fit its schema.
    """
    try:
        document = parse_json(read_bytes(path, "name another registry with --registry", MOST_JSON))
        found = read_form(document, RegistryForm)
        _check_names(found.models)
    except ValueError as error:
        raise InputError(
            f"the model registry {path} cannot be used ({error}): correct it or name another one "
            "with --registry"
        ) from None
    return Registry(path, tuple(found.mirrors), tuple(found.models))


def read_entry(path: Path) -> ModelEntry | None:
    """Read the entry that lies beside a model; None when there is none or it is damaged."""
    try:
        return read_form(parse_json(read_bytes(path, most=MOST_JSON)), ModelEntry)
    except (InputError, ValueError):
        return None


def write_entry(files: WholeFiles, stem: Path, entry: ModelEntry) -> None:
    """Write an entry and its card beside a model file, as STEM.json and STEM.md."""
    # not with_suffix: what follows the dot of a version is no ending
    files.write(stem.with_name(f"{stem.name}.json"), json_bytes(entry.to_json()))
    if entry.card:
        files.write(stem.with_name(f"{stem.name}.md"), entry.card.encode())


def _check_names(models: Iterable[ModelEntry]) -> None:
    """Raise ValueError for what no form can say: names that are taken or given twice."""
    seen = set()
    for entry in models:
        if entry.name == EMBEDDED_NAME:
            raise ValueError(f"{EMBEDDED_NAME} is the name of the model in the package")
        key = identity(entry.name, entry.version)
        if key in seen:
            raise ValueError(f"{entry.label} is there twice")
        seen.add(key)


def version_key(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by; 1.2 and 1.2.0 are one, and 1.10 is after 1.9.

    What follows the numbers of an engine's version (`0.2.0.dev1`) does not count.
    """
    found = re.match(r"[0-9]+(\.[0-9]+)*", version)
    numbers = [int(part) for part in found.group().split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def identity(name: str, version: str) -> tuple[str, tuple[int, ...]]:
    """Return what the names of one model and version have in common."""
    return name, version_key(version)


def engine_runs(entry: ModelEntry) -> bool:
    """Tell whether this version of ant_core is new enough for a model."""
    return version_key(__version__) >= version_key(entry.minimum_engine)


def parse_wanted(text: str) -> tuple[str, str | None]:
    """Split NAME or NAME@VERSION; UsageError when it is neither."""
    name, at, version = text.partition("@")
    if not _NAME.fullmatch(name) or (at and not _VERSION.fullmatch(version)):
        raise UsageError(
            f"{text!r} is no name of a model: give NAME or NAME@VERSION, a name of lower case "
            "letters, digits, _ and -, a version such as 1.2.0"
        )
    return name, version if at else None
