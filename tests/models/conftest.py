"""A server, folders of models that are the test's own, and the command line."""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
import sys
import zipfile
from pathlib import Path

import pytest

from ant_core.models import ModelEntry

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # tests import their helpers as tests.models.*


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """Keep the machine's own models, proxies and registries out of the tests."""
    for name in list(os.environ):
        if name.startswith("ANT_CORE_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ANT_CORE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def server():
    from tests.support.loopback import serving

    with serving() as server:
        yield server


@pytest.fixture
def closed_port() -> int:
    """Return a port of loopback on which no process listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def some_bytes(count: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(count)


def make_entry(content: bytes, name: str = "inks", version: str = "1.0", **more) -> ModelEntry:
    values = {"licence": "Apache-2.0", "minimum_engine": "0.1", "card": "# Inks\n"} | more
    return ModelEntry(
        name=name,
        version=version,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        **values,
    )


def write_registry(path: Path, entries, mirrors=()) -> Path:
    models = [entry.to_json() for entry in entries]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"schema": 1, "mirrors": list(mirrors), "models": models}))
    return path


EMPTY_GRAPH = b"\x3a\x00"  # a ModelProto whose graph holds nothing


def make_model(path: Path, note: str = "", **further) -> bytes:
    """Write a file that is a model as far as the store can tell; return its bytes.

    `further` goes into the manifest.
    """
    from ant_core.matching.descriptors import DESCRIPTOR_VERSION

    with zipfile.ZipFile(path, "w") as archive:
        manifest = {
            "name": "tiny",
            "note": note,
            "descriptor_version": DESCRIPTOR_VERSION,
            "features": 8,
            "no_counterpart_threshold": 0.5,
            "confidence": [[0, 0], [1, 1]],
            **further,
        }
        archive.writestr("manifest.json", json.dumps(manifest))
        archive.writestr("encoder.onnx", EMPTY_GRAPH)
        archive.writestr("matcher.onnx", EMPTY_GRAPH)
    return path.read_bytes()
