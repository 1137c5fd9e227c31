#!/usr/bin/env python3
"""Unpack an offline pack as the plugin does, to try its engine without Krita.

    python3 scripts/unpack_engine.py RELEASE windows-x86_64 FOLDER

RELEASE is the folder that scripts/package.py release wrote. Needs the standard library only.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from krita_plugin.propagate_colors.link.pack.places import lead_to_site
from krita_plugin.propagate_colors.link.pack.unpack import (
    Guard,
    Trim,
    folds_case,
    python_members,
    unpack,
    wheel_members,
)

__all__ = ["unpack_engine"]


def unpack_engine(release: Path, platform: str, folder: Path) -> int:
    """Unpack the pack of a platform into a folder and return the bytes that it takes there.

    The engine is then started by the folder's python/bin/python3 or python/python.exe, with
    `-I -m ant_core`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (path,) = release.glob(f"*-engine-*-{platform}.zip")
    size = 0
    with zipfile.ZipFile(path) as archive:
        lock = json.loads(archive.read("engine.lock.json"))
        part = lock["platforms"][platform]
        trim, guard = Trim(part["leave_out"]), Guard(folder, folds_case(folder))
        for piece in (part["python"], *part["wheels"], lock["engine_wheel"]):
            members = python_members if piece == part["python"] else wheel_members
            data = io.BytesIO(archive.read(f"pieces/{piece['name']}"))
            files = unpack(members(data, trim), folder, guard, lambda: None, lambda count: None)
            size += sum(max(count, 0) for count, _ in files.values())
    lead_to_site(folder)
    return size


def main() -> None:
    """Parse the command line and unpack."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("release", type=Path)
    parser.add_argument("platform")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    size = unpack_engine(options.release, options.platform, options.folder)
    print(f"{size / 1e6:.0f} MB in {options.folder}")


if __name__ == "__main__":
    main()
