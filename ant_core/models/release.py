"""Make a release of a model file: the file, its card and its registry entry, ready to be served.

folder/
registry.json            all releases of the folder; its mirrors are kept as they are
NAME-VERSION.antmodel    what `models download` fetches, when the folder is a mirror
NAME-VERSION.json        the entry alone; `models import` takes it from beside the file
NAME-VERSION.md          the card
NAME-VERSION.*.png       its pictures
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ant_core import __version__
from ant_core.errors import OutputError, UsageError
from ant_core.files import WholeFiles, json_bytes
from ant_core.matching.model_file import ModelFile
from ant_core.models.registry import (
    EMBEDDED_NAME,
    ModelEntry,
    identity,
    load_registry,
    parse_wanted,
    write_entry,
)
from ant_core.reporter import markdown_table

__all__ = ["describe", "model_card", "write_beside", "write_release"]


def describe(
    model: Path,
    name: str,
    version: str,
    *,
    licence: str = "Apache-2.0",
    minimum_engine: str = __version__,
    notes: str = "",
) -> ModelEntry:
    """Return the registry entry of a model file, its card made of what its manifest says.

    Parameters
    ----------
    name, version : str
        See `ModelEntry`.
    licence : str
        SPDX expression.
    minimum_engine : str
        Version of ant_core; this one when not given.
    notes : str
        Markdown to put into the card: data, limits, what is new.

    Raises
    ------
    ModelMissing, ModelCorrupt, UsageError
    """
    parse_wanted(f"{name}@{version}")
    file = ModelFile.read(model)
    card = model_card(file.manifest, name, version, licence, notes)
    return ModelEntry(
        name=name,
        version=version,
        size=model.stat().st_size,
        sha256=file.sha256,
        licence=licence,
        minimum_engine=minimum_engine,
        card=card,
    )


def model_card(
    manifest: dict[str, Any], name: str, version: str, licence: str, notes: str = ""
) -> str:
    """Return a model card in Markdown: only what the manifest holds, and the notes."""
    facts = [
        ("network", manifest.get("name")),
        ("licence", licence),
        ("descriptors", f"version {manifest['descriptor_version']}"),
        ("training pairs seen", manifest.get("pairs_seen")),
        ("calibration error", manifest.get("calibration_error")),
        ("no counterpart below", manifest.get("no_counterpart_threshold")),
        ("the same in region matching", manifest.get("region_threshold")),
    ]
    lines = [f"# {name} {version}", ""]
    lines += ["Matches segments of line drawings, so that colours can be propagated.", ""]
    lines += [f"- {what}: {value}" for what, value in facts if value is not None]
    validation = manifest.get("validation")
    if validation:
        columns = list(dict.fromkeys(key for scores in validation.values() for key in scores))
        rows = [["kind", *columns]]
        for kind, scores in validation.items():
            rows.append([kind, *(str(scores.get(column, "")) for column in columns)])
        lines += ["", "## Validation", "", markdown_table(rows)]
        lines += ["", "Shares are percent of segments; position and overlap are baselines."]
    if notes:
        lines += ["", notes.strip()]
    return "\n".join(lines) + "\n"


def write_beside(
    entry: ModelEntry, model: Path, pictures: Mapping[str, bytes] | None = None
) -> None:
    """Write entry and card beside a model file, as .json and .md; OutputError when refused.

    `pictures` are those that the card shows, PNG by file name.
    """
    files = WholeFiles()
    for name, content in (pictures or {}).items():
        files.write(model.with_name(name), content)
    write_entry(files, model.with_suffix(""), entry)


def write_release(
    entry: ModelEntry, model: Path, folder: Path, pictures: Mapping[str, bytes] | None = None
) -> Path:
    """Put a model file, its entry and its card into a folder of releases; see the module.

    Parameters
    ----------
    pictures : dict of str to bytes
        Those that the card shows, PNG by file name.

    Returns
    -------
    Path
        The model file in the folder.

    Raises
    ------
    UsageError
        When the name is that of the model in the package, which is not released by itself.
    OutputError
        When the folder has another file of this name and version: a release never changes.
    InputError
        When the folder's registry cannot be used.
    """
    if entry.name == EMBEDDED_NAME:
        raise UsageError(
            f"{EMBEDDED_NAME} is the name of the model in the package: release it by another name"
        )
    files = WholeFiles()
    files.make_folder(folder)
    path = folder / "registry.json"
    mirrors: tuple[str, ...] = ()
    models = {}
    if path.exists():
        registry = load_registry(path)
        mirrors = registry.mirrors
        models = {identity(other.name, other.version): other for other in registry.models}
    key = identity(entry.name, entry.version)
    if models.setdefault(key, entry).sha256 != entry.sha256:
        raise OutputError(
            f"{folder} has another {entry.label} already: a release never changes, give this one "
            "a new version"
        )
    models[key] = entry
    target = folder / entry.file_name
    files.write(target, model.read_bytes())
    write_entry(files, folder / f"{entry.name}-{entry.version}", entry)
    for name, content in (pictures or {}).items():
        files.write(folder / name, content)
    listed = [models[name].to_json() for name in sorted(models)]
    files.write(path, json_bytes({"schema": 1, "mirrors": list(mirrors), "models": listed}))
    return target
