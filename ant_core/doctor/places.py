"""The model file, room on the disk, and which places can be written."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from ant_core.doctor.check import Check, State
from ant_core.errors import OutputError
from ant_core.logs import error_log
from ant_core.matching.model_file import ModelFile
from ant_core.models import find_places
from ant_core.models.installed import embedded, locate

__all__ = ["check_disk", "check_model", "check_writing"]

_LEAST_BYTES = 500 * 10**6  # a long shot's results, and what is kept between runs


def check_model(wanted: str | None, cancel: threading.Event) -> Check:
    """Compare the model with its hash: the one of the package, or the one that is asked for.

    Raises
    ------
    ModelMissing, ModelCorrupt, UsageError
    """
    if wanted is None:
        model = embedded()
        model.check(cancel)
        path, label = model.path, model.label
    else:
        path, label = locate(Path(wanted)), wanted
    file = ModelFile.read(path)
    facts = {
        "label": label,
        "path": str(path),
        "network": file.manifest["name"],
        "sha256": file.sha256,
        "size": path.stat().st_size,
    }
    return Check("model", f"{label} is whole, SHA-256 {file.sha256[:12]}...", facts=facts)


def check_disk() -> Check:
    """Measure the room where results, models and temporary files usually go."""
    free = {name: shutil.disk_usage(_existing(path)).free for name, path in _places()}
    facts = {name: {"path": str(path), "free": free[name]} for name, path in _places()}
    scarce = min(free, key=lambda name: free[name])
    path = facts[scarce]["path"]
    text = f"{free[scarce] / 1e9:.1f} GB free in {path}"
    if free[scarce] < _LEAST_BYTES:
        remedy = f"free some space: {_LEAST_BYTES / 1e9:.1f} GB are enough for most shots"
        return Check("disk", text, "note", remedy, facts)  # a small shot needs less
    return Check("disk", text, facts=facts)


def check_writing() -> Check:
    """Make a file in each of these places, and take it away again."""
    refused = {}
    for name, path in _places():
        try:
            with tempfile.TemporaryFile(dir=_existing(path)):
                pass
        except OSError as error:
            refused[name] = f"{path} ({error.strerror})"
    facts = {name: {"path": str(path), "writable": name not in refused} for name, path in _places()}
    if not refused:
        return Check("writing", "models, log and temporary files can be written", facts=facts)
    remedies = {
        "models": "name another folder with ANT_CORE_MODELS",
        "log": "name another folder with ANT_CORE_LOGS",
        "temporary": "name another folder with TMPDIR",
    }
    first = next(iter(refused))
    # Only downloads, and details of errors, are lost without the first two.
    text = "cannot be written: " + ", ".join(refused.values())
    state: State = "problem" if "temporary" in refused else "note"
    return Check("writing", text, state, remedies[first], facts, OutputError)


def _places() -> Iterator[tuple[str, Path]]:
    yield "models", find_places().own
    try:
        yield "log", error_log().parent
    except (OSError, RuntimeError) as error:
        yield "log", Path(getattr(error, "filename", None) or os.sep + "nonexistent")
    yield "temporary", Path(tempfile.gettempdir())


def _existing(path: Path) -> Path:
    """Return the nearest folder on the way to a path that is there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
