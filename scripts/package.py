#!/usr/bin/env python3
"""Pack the Krita plugin as the zip file that Krita imports (Tools > Scripts > Import Plugin).

    python3 scripts/package.py [--out FOLDER]

Needs the standard library only. The same tree gives the same bytes.
"""

from __future__ import annotations

import argparse
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLUGIN = ROOT / "krita_plugin"
SAMPLE = ROOT / "samples" / "saha"  # what the docker opens once it has an engine
NAME = "propagate_colors"
_KINDS = {".py", ".json", ".html", ".png", ".svg"}
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def version() -> str:
    """Return the version that plugin and engine share."""
    text = (ROOT / "ant_core" / "__init__.py").read_text("utf-8")
    found = re.search(r'^__version__ = "([^"]+)"', text, re.M)
    if found is None:
        raise SystemExit("ant_core/__init__.py names no __version__: restore the file")
    return found[1]


def members() -> Iterator[tuple[str, bytes | None]]:
    """Yield name and content of every member in order; None for a folder.

    Krita's importer recognises a plugin by the entry of its folder, so folders are members too.
    """
    yield f"{NAME}.desktop", (PLUGIN / f"{NAME}.desktop").read_bytes()
    yield "actions/", None
    yield f"actions/{NAME}.action", (PLUGIN / "actions" / f"{NAME}.action").read_bytes()
    yield f"{NAME}/", None
    yield f"{NAME}/LICENSE", (ROOT / "LICENSE").read_bytes()
    for path in sorted((PLUGIN / NAME).rglob("*")):
        name = path.relative_to(PLUGIN).as_posix()
        if "__pycache__" in name:
            continue
        if path.is_dir():
            yield name + "/", None
        elif path.suffix in _KINDS:
            yield name, path.read_bytes()
    for kind in ("", "color/", "line/"):
        yield f"{NAME}/sample/{kind}", None
        for path in sorted((SAMPLE / kind).glob("*.png")):
            yield f"{NAME}/sample/{kind}{path.name}", path.read_bytes()


def package(out: Path) -> Path:
    """Write the zip file beside its final name, rename it, and return it."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{NAME}-{version()}.zip"
    part = path.with_name(path.name + ".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members():
            info = zipfile.ZipInfo(name, _EARLIEST)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o40755 << 16 | 0x10) if content is None else 0o100644 << 16
            archive.writestr(info, content or b"")
    part.replace(path)
    return path


def main() -> None:
    """Parse the command line and pack."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder (default: dist)")
    print(package(parser.parse_args().out))


if __name__ == "__main__":
    main()
