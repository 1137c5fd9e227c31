"""The plugin's zip file, as Krita imports it (Tools > Scripts > Import Plugin)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.packing.project import ROOT, version

__all__ = ["NAME", "pack_plugin", "write_zip"]

NAME = "propagate_colors"
_KINDS = {".py", ".json", ".html", ".png", ".svg"}
_EARLIEST = (1980, 1, 1, 0, 0, 0)


def pack_plugin(out: Path, source: Path = ROOT, engine: Mapping[str, bytes] | None = None) -> Path:
    """Write the zip file and return it; the same files give the same bytes.

    `engine` are the files of the folder `engine` beside the plugin's modules: the lock and the
    wheel. Without them the docker asks where an engine is.
    """
    members = _members(source)
    if engine:
        folder = f"{NAME}/engine/"
        members = {**members, folder: None, **{folder + name: engine[name] for name in engine}}
    return write_zip(out / f"{NAME}-{version(source)}.zip", members, zipfile.ZIP_DEFLATED)


def write_zip(path: Path, members: Mapping[str, bytes | Path | None], method: int) -> Path:
    """Write a zip file beside its final name, rename it, and return it.

    Members are bytes, files, or None for a folder; they are written in their order.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with zipfile.ZipFile(part, "w", method) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, _EARLIEST)
            info.compress_type = method
            info.external_attr = (0o40755 << 16 | 0x10) if content is None else 0o100644 << 16
            if isinstance(content, Path):
                info.file_size = content.stat().st_size
                with content.open("rb") as file, archive.open(info, "w") as member:
                    while chunk := file.read(1 << 20):
                        member.write(chunk)
            else:
                archive.writestr(info, content or b"")
    part.replace(path)
    return path


def _members(source: Path) -> dict[str, bytes | Path | None]:
    """Return name and content of every member in order.

    Krita's importer recognises a plugin by the entry of its folder, so folders are members too.
    """
    plugin = source / "krita_plugin"
    return {
        f"{NAME}.desktop": plugin / f"{NAME}.desktop",
        "actions/": None,
        f"actions/{NAME}.action": plugin / "actions" / f"{NAME}.action",
        f"{NAME}/": None,
        f"{NAME}/LICENSE": source / "LICENSE",
        **dict(_modules(plugin)),
        **dict(_sample(source / "samples" / "saha")),
    }


def _modules(plugin: Path) -> Iterator[tuple[str, Path | None]]:
    for path in sorted((plugin / NAME).rglob("*")):
        name = path.relative_to(plugin).as_posix()
        if "__pycache__" in name or f"{name}/".startswith(f"{NAME}/engine/"):
            continue
        if path.is_dir():
            yield name + "/", None
        elif path.suffix in _KINDS:
            yield name, path


def _sample(shot: Path) -> Iterator[tuple[str, Path | None]]:
    """Yield the shot that the docker opens once it has an engine."""
    for kind in ("", "color/", "line/"):
        yield f"{NAME}/sample/{kind}", None
        for path in sorted((shot / kind).glob("*.png")):
            yield f"{NAME}/sample/{kind}{path.name}", path
