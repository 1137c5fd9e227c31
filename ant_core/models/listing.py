"""The models on this machine and those that can be had, as rows that commands and engine share."""

from __future__ import annotations

from typing import Any

from ant_core.models.installed import Installed
from ant_core.models.registry import ModelEntry, engine_runs
from ant_core.models.store import Store

__all__ = ["list_models", "model_row"]

_WHERE = {"package": "part of ant_core", "own": "installed", "shared": "shared"}


def list_models(store: Store) -> list[dict[str, Any]]:
    """Return a row for each model: those on this machine, then the rest of the registry."""
    rows = [model_row(model, _state(model)) for model in store.installed()]
    for entry in store.available():
        arrived = store.arrived(entry)
        state = f"{100 * arrived // entry.size} % downloaded" if arrived else "not downloaded"
        if not engine_runs(entry):
            state = f"needs ant_core {entry.minimum_engine}"
        rows.append(_entry_row(entry) | {"state": state, "path": None, "where": "registry"})
    return rows


def model_row(model: Installed, state: str) -> dict[str, Any]:
    """Return the row of a model on this machine; without "state" when that is empty."""
    known = _entry_row(model.entry) if model.entry else {"size": model.path.stat().st_size}
    row = {"name": model.name, "version": model.version} | known
    row |= {"path": str(model.path), "where": model.where}
    return row | {"state": state} if state else row


def _state(model: Installed) -> str:
    if model.problem():
        return "damaged"
    if model.entry is not None and not engine_runs(model.entry):
        return f"needs ant_core {model.entry.minimum_engine}"
    return _WHERE[model.where]


def _entry_row(entry: ModelEntry) -> dict[str, Any]:
    document = entry.to_json()
    return {key: document[key] for key in document if key not in ("file", "urls")}
