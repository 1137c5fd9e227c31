"""The registry: which models there are, what their files must be, and where they lie.

The one in the package names no address: the studio says where the files are, in a
registry of their own (see `ant_core.models.places` for where it is looked for).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ant_core import __version__
from ant_core.errors import InputError, ModelMissing, UsageError
from ant_core.files import read_bytes
from ant_core.guard import MOST_JSON, parse_json
from ant_core.schemas import first_error

__all__ = [
    "EMBEDDED_NAME",
    "ModelEntry",
    "Registry",
    "engine_runs",
    "load_registry",
    "parse_wanted",
    "read_entry",
    "version_key",
]

EMBEDDED_NAME = "default"  # no other model may have the name of the one in the package
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """What is known of one version of a model.

    Attributes
    ----------
    name, version : str
        Lower case letters, digits, `_` and `-`; up to four numbers with dots between.
    size : int
        Bytes of the file.
    sha256 : str
        Hash of the file, 64 lower-case hexadecimal digits.
    licence : str
        SPDX expression.
    minimum_engine : str
        Version of the oldest ant_core that can run it.
    card : str
        The model card, Markdown.
    file : str
        Path of the file below each mirror.
    urls : tuple of str
        Addresses of the file itself, tried after the mirrors.
    """

    name: str
    version: str
    size: int
    sha256: str
    licence: str
    minimum_engine: str
    card: str
    file: str = ""
    urls: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and version as the command line takes them."""
        return f"{self.name}@{self.version}"

    @property
    def file_name(self) -> str:
        """Path below a mirror."""
        return self.file or f"{self.name}-{self.version}.antmodel"

    def to_json(self) -> dict[str, Any]:
        """Return the entry as the registry writes it."""
        document: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "size": self.size,
            "sha256": self.sha256,
            "licence": self.licence,
            "minimum_engine": self.minimum_engine,
            "card": self.card,
        }
        if self.file:
            document["file"] = self.file
        if self.urls:
            document["urls"] = list(self.urls)
        return document

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> ModelEntry:
        """Make an entry of a checked document."""
        return cls(**{**document, "urls": tuple(document.get("urls", ()))})


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
    except ValueError as error:
        raise InputError(
            f"the model registry {path} is no JSON ({error}): correct it or name another one with "
            "--registry"
        ) from None
    wrong = first_error(document, "registry") or _contradiction(document["models"])
    if wrong:
        raise InputError(
            f"the model registry {path} cannot be used ({wrong}): correct it or name another one "
            "with --registry"
        )
    models = tuple(ModelEntry.from_json(item) for item in document["models"])
    return Registry(path, tuple(document["mirrors"]), models)


def read_entry(path: Path) -> ModelEntry:
    """Read the entry that lies beside a model; InputError or ValueError when there is none."""
    item = parse_json(read_bytes(path, most=MOST_JSON))
    wrong = first_error({"schema": 1, "mirrors": [], "models": [item]}, "registry")
    if wrong:
        raise ValueError(wrong)
    return ModelEntry.from_json(item)


def _contradiction(models: list[dict[str, Any]]) -> str | None:
    """Say what the schema cannot: names that are taken or given twice."""
    seen: set[tuple[str, tuple[int, ...]]] = set()
    for item in models:
        key = item["name"], version_key(item["version"])
        if item["name"] == EMBEDDED_NAME:
            return f"{EMBEDDED_NAME} is the name of the model in the package"
        if key in seen:
            return f"{item['name']}@{item['version']} is there twice"
        seen.add(key)
    return None


def version_key(version: str) -> tuple[int, ...]:
    """Return what versions are ordered by; 1.2 and 1.2.0 are one, and 1.10 is after 1.9.

    What follows the numbers of an engine's version (`0.2.0.dev1`) does not count.
    """
    found = re.match(r"[0-9]+(\.[0-9]+)*", version)
    numbers = [int(part) for part in found.group().split(".")] if found else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


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
