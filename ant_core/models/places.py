"""Where models lie: the folder of this user, shared folders, and the package.

A folder of models holds `NAME/VERSION/NAME.antmodel`, beside it `NAME.json` (its registry entry)
and `NAME.md` (its card).

Environment
-----------
ANT_CORE_MODELS
    Folder to download into; the platform's cache folder when not set.
ANT_CORE_SHARED_MODELS
    Folders that are only read, separated as PATH is; a farm fills one with `models import`.
ANT_CORE_REGISTRY
    Registry file. Otherwise the first `registry.json` at the top of one of these folders, and at
    last the one in the package.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["ModelPlaces", "find_places", "find_registry"]

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True)
class ModelPlaces:
    """The folders of models.

    Attributes
    ----------
    own : Path
        Downloads and imports go here; may not exist yet.
    shared : tuple of Path
        Only read; searched in this order after `own`.
    """

    own: Path
    shared: tuple[Path, ...] = ()


def find_places(environment: Mapping[str, str] = os.environ) -> ModelPlaces:
    """Return the folders that the environment and the platform name."""
    named = environment.get("ANT_CORE_MODELS")
    own = Path(named).expanduser().absolute() if named else _cache_folder() / "models"
    listed = environment.get("ANT_CORE_SHARED_MODELS", "").split(os.pathsep)
    shared = tuple(Path(text).expanduser().absolute() for text in listed if text)
    return ModelPlaces(own, shared)


def _cache_folder() -> Path:
    """Return the user's cache folder; one that is nowhere for an account without a home."""
    from platformdirs import user_cache_path

    with contextlib.suppress(RuntimeError):
        folder = user_cache_path("ant_core", appauthor=False)
        if folder.is_absolute():  # older releases give ~/.cache, which would be a folder called ~
            return folder
    return Path("/nonexistent/ant_core")


def find_registry(
    places: ModelPlaces, named: str | None = None, environment: Mapping[str, str] = os.environ
) -> Path:
    """Return the registry file: the one named, else the nearest one there is."""
    chosen = named or environment.get("ANT_CORE_REGISTRY")
    if chosen:
        return Path(chosen).expanduser()
    for folder in (places.own, *places.shared):
        path = folder / "registry.json"
        if path.is_file():
            return path
    return _PACKAGE / "registry.json"
