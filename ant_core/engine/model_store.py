"""Requests about the store of models, and paths that requests name."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ant_core.engine.job_queue import RequestJob
from ant_core.errors import InputError
from ant_core.models import Store, find_places, find_registry, load_registry
from ant_core.models.listing import list_models, model_row

__all__ = ["answer_models", "path_named"]

_PROGRESS_EVERY_S = 0.2


def answer_models(job: RequestJob, asked: Mapping[str, Any]) -> None:
    """Answer a request about the store of models: list, verify, download, remove or import."""
    places = find_places()
    store = Store(places, lambda: load_registry(find_registry(places)))
    action = asked["action"]
    if action == "verify":
        rows = []
        for model, error in store.verify(asked.get("name"), job.cancel):
            rows.append(model_row(model, "damaged" if error else "whole"))
            if error:
                rows[-1]["error"] = str(error)
        job.answer({"type": "models", "models": rows})
        return
    if action == "download":
        _download(job, store, asked["name"])
    elif action == "remove":
        store.remove(asked["name"], job.cancel)
    elif action == "import":
        store.add(path_named(asked["path"]), name=asked.get("name"), cancel=job.cancel)
    job.answer({"type": "models", "models": list_models(store)})


def _download(job: RequestJob, store: Store, name: str) -> None:
    size, told = 0, 0.0

    def on_start(entry: Any, done: int) -> None:
        nonlocal size
        size = entry.size
        on_progress(done)

    def on_progress(done: int) -> None:
        nonlocal told
        if time.monotonic() - told >= _PROGRESS_EVERY_S or done == size:
            told = time.monotonic()
            job.tell("progress", done=done, total=size, stage="downloading", text=name)

    def on_wait(text: str) -> None:
        job.tell("progress", done=0, total=size, stage="waiting", text=text)

    store.download(
        name, on_start=on_start, on_progress=on_progress, on_wait=on_wait, cancel=job.cancel
    )


def path_named(text: str) -> Path:
    """Return the path that a request names; InputError when the system can have none like it."""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:
        raise InputError(
            f"the path {ascii(text)[:200]} holds characters that this system has no name for: "
            "rename the file"
        ) from None
    return Path(text)
