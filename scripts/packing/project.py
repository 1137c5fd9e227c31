"""The checkout that is packed: its version, the time of its commit, a clean copy of its files."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "PackagingError", "canonical", "commit_time", "export", "sha256", "version"]

ROOT = Path(__file__).resolve().parents[2]
_ENGINE = "ant_core/__init__.py"
_PLUGIN = "krita_plugin/propagate_colors/version.py"


class PackagingError(Exception):
    """One sentence for the one who makes the release."""


def version(source: Path = ROOT) -> str:
    """Return the version that plugin and engine share; PackagingError where they differ."""
    found = {name: _version_in(source / name) for name in (_ENGINE, _PLUGIN)}
    if len(set(found.values())) > 1:
        both = " and ".join(f"{name} says {value}" for name, value in found.items())
        raise PackagingError(f"plugin and engine have one version, but {both}: correct one")
    return found[_ENGINE]


def _version_in(path: Path) -> str:
    found = re.search(r'^__version__ = "([^"]+)"', path.read_text("utf-8"), re.M)
    if found is None:
        raise PackagingError(f"{path} names no __version__: restore the file")
    return found[1]


def commit_time(root: Path = ROOT) -> int:
    """Return when the commit was made, in seconds since 1970: the time of all that is packed."""
    return int(_git(root, "show", "--no-patch", "--format=%ct", "HEAD"))


def export(folder: Path, root: Path = ROOT) -> Path:
    """Write the files of the commit, and nothing else, into a folder, and return it.

    They all have the commit's time and plain permissions, under any umask.
    """
    when = commit_time(root)
    data = io.BytesIO(_git(root, "archive", "--format=tar", "HEAD"))
    with tarfile.open(fileobj=data) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is None:
                continue
            path = folder / member.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.read())
            path.chmod(0o755 if member.mode & 0o100 else 0o644)
            os.utime(path, (when, when))
    return folder


def _git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    if done.returncode:
        why = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise PackagingError(f"git cannot read {root} ({' '.join(why)}): start this in a clone")
    return done.stdout


def sha256(path: Path) -> str:
    """Return the hash of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical(document: dict[str, Any]) -> bytes:
    """Return the one form of a JSON document that hashes are taken of."""
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
