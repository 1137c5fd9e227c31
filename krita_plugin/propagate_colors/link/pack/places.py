"""Where engines lie: a folder each, the name of the one in use, pieces that are on their way.

engines/current         the id of the engine in use
engines/ID/             python/, site/, installed.json; whole and tried
engines/ID.new/         one that is being made
engines/ID.gone/        one that is being deleted
engines/begun.json      where a set-up that has not ended takes its pieces from
engines/pieces/         what was downloaded; deleted when the engine works
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Callable

from ...log import logger
from .problems import remove_tree, retrying

_ID = re.compile(r"[0-9a-f]{16}(-cuda)?")
_GONE = ".gone"
_BEGUN = "begun.json"
_MADE = re.compile(_ID.pattern + r"\.(new|gone)")  # on their way in or out
INSTALLED = "installed.json"
_FILES = ("current", "current.part", _BEGUN, f"{_BEGUN}.part", "setup.lock", "setup.lock.rmlock")


class EnginesFolder:
    """The folder `engines`, which need not exist."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.pieces = self.root / "pieces"

    # ---- what is there

    def folder(self, name: str) -> Path:
        """Return the folder of an engine."""
        return self.root / name

    def new_folder(self, name: str) -> Path:
        """Return the folder that an engine is made in, before it gets its name."""
        return self.root / f"{name}.new"

    def names(self) -> list[str]:
        """Return the ids of whole engines."""
        try:
            found = sorted(entry.name for entry in os.scandir(self.root) if entry.is_dir())
        except OSError:
            return []
        return [name for name in found if _ID.fullmatch(name)]

    def current(self) -> str | None:
        """Return the id of the engine in use."""
        try:
            name = (self.root / "current").read_text("ascii").strip()
        except (OSError, ValueError):
            return None
        return name if name in self.names() else None

    def earlier(self) -> str | None:
        """Return the id of the engine that was in use before."""
        current = self.current()
        others = [name for name in self.names() if name != current]
        return others[0] if current and others else None

    def is_unfinished(self) -> bool:
        """Tell whether a set-up began and did not end."""
        return (self.root / _BEGUN).is_file()

    def begun(self) -> dict[str, Any]:
        """Return what `begin` noted, {} where no set-up has begun."""
        return _read(self.root / _BEGUN)

    def installed(self, name: str) -> dict[str, Any]:
        """Return what an engine's own list says: version, platform, files by piece."""
        return _read(self.folder(name) / INSTALLED)

    def command(self) -> list[str] | None:
        """Return the command of the engine in use; None without one."""
        name = self.current()
        return None if name is None else command_in(self.folder(name))

    # ---- changes; files may be held by other programs, so in threads where that matters

    def begin(self, source: dict[str, Any]) -> None:
        """Note where a set-up that begins takes its pieces from."""
        self._write(_BEGUN, json.dumps(source))

    def use(self, name: str) -> None:
        """Make an engine the one in use."""
        self._write("current", name)

    def _write(self, name: str, text: str) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        part = self.root / f"{name}.part"
        with open(part, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        retrying(lambda: os.replace(part, self.root / name))

    def put_in_place(self, name: str) -> None:
        """Give an engine that was made and tried its folder; a damaged one of that name goes."""
        folder = self.folder(name)
        if folder.exists():
            gone = self._gone(name)
            remove_tree(gone)
            retrying(lambda: os.replace(folder, gone))
        retrying(lambda: os.replace(self.new_folder(name), folder))

    def finish(self, name: str) -> None:
        """Take a tried engine into use; the one before it stays, older ones and pieces go.

        What cannot be deleted, because another program holds it, is deleted the next time.
        """
        before = self.current()
        before = self.earlier() if before == name else before
        self.use(name)
        _if_possible(lambda: retrying(lambda: (self.root / _BEGUN).unlink(missing_ok=True)))
        for other in self.names():
            if other not in {name, before}:
                _if_possible(lambda other=other: self._remove(other))
        self.clear_unfinished()
        _if_possible(lambda: remove_tree(self.pieces))

    def clear_unfinished(self) -> None:
        """Delete what earlier tries left, but not pieces; what cannot be deleted stays."""
        for name in self._made():
            _if_possible(lambda name=name: remove_tree(self.root / name))

    def _made(self) -> list[str]:
        """Return the names of folders that are on their way in or out."""
        try:
            return [entry.name for entry in os.scandir(self.root) if _MADE.fullmatch(entry.name)]
        except FileNotFoundError:
            return []

    def remove_all(self) -> None:
        """Delete every engine and all that belongs to one; OSError where a file is in use.

        What else lies in the folder, which the artist may have chosen, stays.
        """
        # The one in use goes last, and its name after it: where another cannot go, it still works.
        current = self.current()
        for name in sorted(self.names(), key=lambda name: name == current):
            self._remove(name)
        for name in self._made():
            remove_tree(self.root / name)
        remove_tree(self.pieces)
        for name in _FILES:
            retrying(lambda name=name: (self.root / name).unlink(missing_ok=True))
        with contextlib.suppress(OSError):  # not empty, or not there
            self.root.rmdir()

    def _remove(self, name: str) -> None:
        # Renamed first: a folder whose deletion fails half-way is no engine any more.
        gone = self._gone(name)
        remove_tree(gone)
        retrying(lambda: os.replace(self.folder(name), gone))
        remove_tree(gone)

    def _gone(self, name: str) -> Path:
        return self.root / f"{name}{_GONE}"


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _if_possible(delete: Callable[[], None]) -> None:
    try:
        delete()
    except OSError as error:
        logger.warning("left for the next time: %s", error)


def command_in(folder: Path) -> list[str]:
    """Return what starts the engine in a folder."""
    python = "python/python.exe" if sys.platform == "win32" else "python/bin/python3"
    return [str(folder / python), "-I", "-m", "ant_core"]


def lead_to_site(folder: Path) -> None:
    """Let the engine's Python find the folder "site".

    By a .pth file, whose lines may be relative: the engine can be moved, and no name of a folder
    need be written in some encoding. `-I` keeps all other folders out and still reads it.
    """
    python = folder / "python"
    for landmark in (python / "Lib" / "os.py", *python.glob("lib/python3.*/os.py")):
        if landmark.exists():
            place = landmark.parent / "site-packages"
            place.mkdir(exist_ok=True)
            way = os.path.relpath(folder / "site", place).replace(os.sep, "/")
            (place / "ant_core.pth").write_text(way + "\n", encoding="ascii")
