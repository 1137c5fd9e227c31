"""Finds the engine on this machine, and the environment in which it can run."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import Mapping

from ..i18n import tr

_PROGRAMS = (
    "bin/ant_core",
    "Scripts/ant_core.exe",
    "ant_core",
    "ant_core.exe",
)
# Krita's own, which would lead another Python or another Qt astray.
_KRITAS = ("PYTHONPATH", "PYTHONHOME", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__")
_SEARCHED = ("PATH", "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "XDG_DATA_DIRS")


class EngineNotFound(Exception):
    """Says in one sentence, for the artist, why there is no engine."""


def find_engine(
    setting: str,
    environment: Mapping[str, str] | None = None,
    set_up: list[str] | None = None,
) -> list[str]:
    """Return the engine's command: the setting, else ANT_CORE, `set_up`, or one on PATH."""
    variables = os.environ if environment is None else environment
    chosen = setting.strip()
    if chosen:
        return _resolve(
            chosen, tr('The engine was not found at "{place}": choose it.', place=chosen)
        )
    named = variables.get("ANT_CORE", "").strip()
    if named:
        return _resolve(
            named,
            tr('ANT_CORE names "{place}", where there is no engine: choose it.', place=named),
        )
    if set_up is not None:
        return set_up
    program = shutil.which("ant_core", path=clean_environment(variables).get("PATH", os.defpath))
    if program is None:
        raise EngineNotFound(
            tr("There is no engine on this computer yet: set it up, or choose one.")
        )
    return [program]


def _resolve(text: str, failure: str) -> list[str]:
    """Turn a path, a folder or a command line into a command."""
    path = Path(os.path.expanduser(text))
    # Not the Path's own questions: they raise where a command line can be no path.
    if os.path.isdir(path):
        for name in _PROGRAMS:
            if _can_run(path / name):
                return [str(path / name)]
        raise EngineNotFound(failure)
    if _can_run(path):
        return [str(path)]
    words = _split(text)
    program = shutil.which(os.path.expanduser(words[0])) if words else None
    if program is None:
        raise EngineNotFound(failure)
    return [program, *words[1:]]


def _can_run(path: Path) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _split(text: str) -> list[str]:
    windows = os.name == "nt"  # where the backslash stands in paths
    try:
        words = shlex.split(text, posix=not windows)
    except ValueError:  # a quotation mark without its other half
        return []
    return [word.strip('"') for word in words] if windows else words


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what Krita or its AppImage put there for themselves."""
    clean = dict(environment)
    for name in list(clean):
        if name in _KRITAS or name.startswith("QT_"):
            del clean[name]
    bundle = environment.get("APPDIR", "")
    for name in (*_SEARCHED, *_KRITAS):
        original = environment.get(f"{name}_ORIG")
        if original is not None:
            clean[name] = original
        elif bundle and name in clean:
            clean[name] = _without(clean[name], bundle)
        if not clean.get(name, "-"):
            del clean[name]
    # Otherwise a file name in another alphabet cannot be logged where the locale is "C".
    clean["PYTHONIOENCODING"] = "utf-8"
    return clean


def _without(listed: str, bundle: str) -> str:
    """Return the folders of a list that do not lie in the AppImage."""
    root = os.path.join(bundle, "")
    kept = [part for part in listed.split(os.pathsep) if not (part + os.sep).startswith(root)]
    return os.pathsep.join(kept)
