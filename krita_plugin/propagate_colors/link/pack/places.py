"""Where engines lie: a folder each, the name of the one in use, pieces that are on their way.

engines/current         the id of the engine in use
engines/ID/             python/, site/, installed.json; whole and tried
engines/ID.new/         one that is being made
engines/pieces/         what was downloaded; deleted when the engine works
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from .problems import patiently, remove_tree

_ID = re.compile(r"[0-9a-f]{16}(-cuda)?")
_GONE = ".gone"
_MADE = re.compile(_ID.pattern + r"\.(new|gone)")  # on their way in or out
INSTALLED = "installed.json"


class Engines:
    """The folder `engines`, which need not exist."""

    def __init__(self, root: Path) -> None:
        self.root = Path(root)
        self.pieces = self.root / "pieces"

    # ---- what is there

    def folder(self, name: str) -> Path:
        return self.root / name

    def new_folder(self, name: str) -> Path:
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
        try:
            entries = list(os.scandir(self.root))
        except OSError:
            return False
        return any(
            (_MADE.fullmatch(entry.name) and entry.name.endswith(".new"))
            or (entry.name == "pieces" and os.listdir(entry.path))
            or (_ID.fullmatch(entry.name) is not None and self.current() is None)
            for entry in entries
        )

    def installed(self, name: str) -> dict[str, Any]:
        """Return what an engine's own list says: version, platform, files by piece."""
        try:
            data = json.loads((self.folder(name) / INSTALLED).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def command(self, name: str | None = None) -> list[str] | None:
        """Return the command of an engine, of the one in use by default; None without one."""
        name = self.current() if name is None else name
        return None if name is None else command_in(self.folder(name))

    # ---- changes; files may be held by other programs, so in threads where that matters

    def use(self, name: str) -> None:
        """Make an engine the one in use."""
        self.root.mkdir(parents=True, exist_ok=True)
        part = self.root / "current.part"
        with open(part, "w", encoding="ascii") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        patiently(lambda: os.replace(part, self.root / "current"))

    def finish(self, name: str) -> None:
        """Take a tried engine into use; the one before it stays, older ones and pieces go."""
        before = self.current()
        if self.new_folder(name).exists():
            patiently(lambda: os.replace(self.new_folder(name), self.folder(name)))
        self.use(name)
        for other in self.names():
            if other not in {name, before}:
                self._remove(other)
        remove_tree(self.pieces)

    def clear_unfinished(self) -> None:
        """Delete what earlier tries left, but not pieces."""
        try:
            names = [entry.name for entry in os.scandir(self.root)]
        except FileNotFoundError:
            return
        for name in names:
            if _MADE.fullmatch(name):
                remove_tree(self.root / name)

    def remove_all(self) -> None:
        """Delete every engine and all that belongs to one; OSError where a file is in use.

        What else lies in the folder, which the artist may have chosen, stays.
        """
        for name in ("current", "current.part"):
            if (self.root / name).exists():
                (self.root / name).unlink()
        for name in self.names():
            self._remove(name)
        self.clear_unfinished()
        remove_tree(self.pieces)
        for name in ("setup.lock", "setup.lock.rmlock"):
            if (self.root / name).exists():
                (self.root / name).unlink()
        with contextlib.suppress(OSError):  # not empty, or not there
            self.root.rmdir()

    def _remove(self, name: str) -> None:
        # Renamed first: a folder whose deletion fails half-way is no engine any more.
        gone = self.root / f"{name}{_GONE}"
        remove_tree(gone)
        patiently(lambda: os.replace(self.folder(name), gone))
        remove_tree(gone)


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
