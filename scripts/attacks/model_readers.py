"""Models, registries and what servers say of them, for attacks on their readers."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path
from typing import Any

from scripts.attacks.pictures import as_json

__all__ = [
    "entries", "headers", "models", "read_entries", "read_headers", "read_model", "read_registry",
    "registries",
]  # fmt: skip


def _field(number: int, content: bytes | int) -> bytes:
    """Return a field of a protocol buffer."""
    if isinstance(content, int):
        return _varint(number << 3) + _varint(content)
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _graph() -> bytes:
    """Return a small graph of ONNX, written by hand: y = x + w."""
    weight = (
        _field(1, 4) + _field(2, 1) + _field(8, b"w") + _field(9, struct.pack("<4f", 1, 2, 3, 4))
    )
    node = _field(1, b"x") + _field(1, b"w") + _field(2, b"y") + _field(4, b"Add")
    kind = _field(1, _field(1, 1) + _field(2, _field(1, _field(1, 4))))
    value = [_field(1, name) + _field(2, kind) for name in (b"x", b"y")]
    graph = _field(1, node) + _field(2, b"g") + _field(5, weight)
    graph += _field(11, value[0]) + _field(12, value[1])
    return _field(1, 9) + _field(7, graph) + _field(8, _field(1, b"") + _field(2, 17))


def models() -> list[bytes]:
    """Return small files of this kind."""
    from ant_core.matching.descriptors import DESCRIPTOR_VERSION

    manifest = {
        "name": "small",
        "descriptor_version": DESCRIPTOR_VERSION,
        "features": 64,
        "no_counterpart_threshold": 0.4,
        "confidence": [[0.0, 0.1], [0.5, 0.5], [1.0, 0.99]],
        "card": "text",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("manifest.json", as_json(manifest))
        archive.writestr("encoder.onnx", _graph())
        archive.writestr("matcher.onnx", _graph())
    return [out.getvalue()]


def read_model(data: bytes, scratch: Path, *, load: bool = False) -> None:
    """Read one as a command does."""
    from ant_core.matching.model_file import ModelFile

    path = scratch.with_suffix(".antmodel")
    path.write_bytes(data)
    if not load:
        ModelFile.read(path)
        return
    from ant_core.matching.matcher import Matcher

    Matcher(path, "cpu", 1)


def _entry() -> dict[str, Any]:
    return {
        "name": "small", "version": "1.2.0", "size": 1000, "sha256": "a" * 64,
        "licence": "Apache-2.0", "minimum_engine": "0.1.0", "card": "# small",
        "urls": ["https://example.org/small.antmodel"],
    }  # fmt: skip


def registries() -> list[bytes]:
    """Return small files of this kind."""
    return [as_json({"schema": 1, "mirrors": ["https://example.org/models"], "models": [_entry()]})]


def read_registry(data: bytes, scratch: Path) -> None:
    """Read one as a command does."""
    from ant_core.models import load_registry
    from ant_core.models.registry import engine_runs

    scratch.write_bytes(data)
    registry = load_registry(scratch)
    for entry in registry.models:
        engine_runs(entry)
        registry.addresses(entry)
        as_json(entry.to_json())
        (entry.label + entry.card).encode()  # a name that no file can have


def entries() -> list[bytes]:
    """Return small files of this kind."""
    return [as_json(_entry())]


def read_entries(data: bytes, scratch: Path) -> None:
    """Read the entry beside a model as a listing does, which is to say what is there."""
    from ant_core.models.installed import installed
    from ant_core.models.places import ModelPlaces

    folder = scratch.parent / "models" / "small" / "1.2.0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.antmodel").write_bytes(b"")
    (folder / "small.json").write_bytes(data)
    for model in installed(ModelPlaces(scratch.parent / "models")):
        model.problem()


def headers() -> list[bytes]:
    """Return small files of this kind."""
    return [b"Retry-After: 120\nContent-Length: 1000\nContent-Range: bytes 10-999/1000\n",
            b"Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\nContent-Length: 5\n"]  # fmt: skip


def read_headers(data: bytes, scratch: Path) -> None:
    """Read one as a command does."""
    import http.client

    from ant_core.models import http as transfer

    del scratch
    try:
        headers = http.client.parse_headers(io.BytesIO(data + b"\r\n"))
    except http.client.HTTPException:
        return
    transfer._retry_after(headers.get("Retry-After"))
    for status in (200, 206):
        answer = type("Answer", (), {"status": status, "headers": headers})
        try:
            transfer._start(answer, 10, 1000)
        except (transfer.Trouble, transfer.AddressRefused):
            continue
