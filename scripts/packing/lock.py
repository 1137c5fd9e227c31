"""`engine.lock.json`: which pieces make up the engine, by platform; and packs of one platform."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from krita_plugin.propagate_colors.link.pack.unpack import Trim, python_members, wheel_members
from scripts.packing.plugin import NAME, write_zip
from scripts.packing.project import canonical, sha256
from scripts.packing.resolve import Wheel

__all__ = ["LOCK", "Gathered", "lock_bytes", "lock_document", "pack"]

LOCK = "engine.lock.json"


@dataclass(frozen=True)
class Gathered:
    """What one platform's pack is made of, on this machine.

    Attributes
    ----------
    wheels : list of Wheel
    wheel_files : list of Path
        In the order of `wheels`.
    python : Path
        The Python archive.
    python_url : str
        Where an artist's machine can get it; "" where only packs hold it.
    """

    wheels: list[Wheel]
    wheel_files: list[Path]
    python: Path
    python_url: str


def lock_document(
    version: str,
    engine: Path,
    gathered: Mapping[str, Gathered],
    leave_out: list[str],
    address: str = "",
) -> dict[str, Any]:
    """Return the lock.

    Parameters
    ----------
    version : str
        Of plugin and engine.
    engine : Path
        The wheel of ant_core.
    gathered : dict of str to Gathered
        By the key of the platform.
    leave_out : list of str
        Patterns, see platforms.toml.
    address : str
        Where all pieces lie instead of where the index has them; "" leaves the index's.
    """
    document: dict[str, Any] = {
        "schema": 1,
        "version": version,
        "platforms": {
            key: _platform(found, engine, leave_out, address) for key, found in gathered.items()
        },
        "engine_wheel": _piece(engine),
    }
    return {**document, "id": hashlib.sha256(canonical(document)).hexdigest()[:16]}


def _platform(found: Gathered, engine: Path, leave_out: list[str], address: str) -> dict[str, Any]:
    trim = Trim(leave_out)
    files = [*found.wheel_files, engine]
    urls = [wheel.url for wheel in found.wheels]
    python_url = found.python_url
    if address:
        urls = [f"{address.rstrip('/')}/{wheel.name}" for wheel in found.wheels]
        python_url = f"{address.rstrip('/')}/{found.python.name}"
    pairs = zip(found.wheel_files, urls, strict=True)
    return {
        "python": {**_piece(found.python), "url": python_url},
        "wheels": [{**_piece(path), "url": url} for path, url in pairs],
        "leave_out": leave_out,
        "unpacked": _unpacked(found.python, trim, python_members)
        + sum(_unpacked(path, trim, wheel_members) for path in files),
    }


def _piece(path: Path) -> dict[str, Any]:
    return {"name": path.name, "size": path.stat().st_size, "sha256": sha256(path)}


def _unpacked(path: Path, trim: Trim, members: Any) -> int:
    with path.open("rb") as file:
        return sum(member.size for member in members(file, trim))


def lock_bytes(document: dict[str, Any]) -> bytes:
    """Return the lock as its file holds it."""
    return (json.dumps(document, indent=1) + "\n").encode()


def pack(out: Path, document: dict[str, Any], key: str, engine: Path, found: Gathered) -> Path:
    """Write all pieces of one platform into one file, for machines without a network.

    They are compressed already, and stay as they are.
    """
    alone = {**document, "platforms": {key: document["platforms"][key]}}
    members: dict[str, bytes | Path | None] = {LOCK: lock_bytes(alone)}
    members |= {f"pieces/{path.name}": path for path in (found.python, *found.wheel_files, engine)}
    path = out / f"{NAME}-engine-{document['version']}-{key}.zip"
    return write_zip(path, members, zipfile.ZIP_STORED)
