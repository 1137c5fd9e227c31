"""Writes glTF models of a few vertices for the tests."""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np

_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4", 16: "MAT4"}
_COMPONENTS = {"float32": 5126, "uint16": 5123, "uint8": 5121}


class Builder:
    """Collects arrays into one buffer and writes the file."""

    def __init__(self) -> None:
        self.block = b""
        self.json: dict[str, Any] = {
            "asset": {"version": "2.0"},
            "bufferViews": [],
            "accessors": [],
        }

    def add(self, values: Any, dtype: str = "float32") -> int:
        array = np.atleast_2d(np.asarray(values, dtype))
        view = {"buffer": 0, "byteOffset": len(self.block), "byteLength": array.nbytes}
        self.block += array.tobytes() + b"\0" * (-array.nbytes % 4)
        self.json["bufferViews"].append(view)
        accessor = {
            "bufferView": len(self.json["bufferViews"]) - 1,
            "componentType": _COMPONENTS[dtype],
            "count": len(array),
            "type": _TYPES[array.shape[1]],
        }
        self.json["accessors"].append(accessor)
        return len(self.json["accessors"]) - 1

    def write_glb(self, path: Path) -> Path:
        self.json["buffers"] = [{"byteLength": len(self.block)}]
        text = json.dumps(self.json).encode()
        text += b" " * (-len(text) % 4)
        size = 12 + 8 + len(text) + 8 + len(self.block)
        data = (
            struct.pack("<4sII", b"glTF", 2, size) + struct.pack("<I4s", len(text), b"JSON") + text
        )
        path.write_bytes(data + struct.pack("<I4s", len(self.block), b"BIN\0") + self.block)
        return path

    def write_gltf(self, path: Path) -> Path:
        uri = "data:application/octet-stream;base64," + base64.b64encode(self.block).decode()
        self.json["buffers"] = [{"byteLength": len(self.block), "uri": uri}]
        path.write_text(json.dumps(self.json))
        return path


def column(values: list[float]) -> np.ndarray:
    return np.array(values, np.float32)[:, None]
