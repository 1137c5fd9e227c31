"""Access to the bytes of a glTF file: its JSON, its buffers, its typed arrays, its pictures.

A glTF file is JSON beside one block of bytes (Khronos' glTF 2.0: sections 3.6, buffers, and 4,
GLB).
"""

from __future__ import annotations

import base64
import json
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError

__all__ = ["Floats", "GltfFile", "parse"]

Floats = NDArray[np.float32]

_DTYPE = {
    5120: np.int8,
    5121: np.uint8,
    5122: np.int16,
    5123: np.uint16,
    5125: np.uint32,
    5126: np.float32,
}
_WIDTH = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}


class _Record(dict[str, Any]):
    """A JSON object whose members are attributes; what is absent is None."""

    def __getattr__(self, name: str) -> Any:
        return self.get(name)


def _chunks(path: Path) -> tuple[bytes, bytes]:
    """Return the JSON text and the binary block (may be empty) of a .glb or .gltf file."""
    data = path.read_bytes()
    if data[:4] != b"glTF":
        return data, b""
    found, start = {b"JSON": b"", b"BIN\0": b""}, 12
    while start + 8 <= len(data):
        length, kind = struct.unpack_from("<I4s", data, start)
        found[kind] = data[start + 8 : start + 8 + length]
        start += 8 + length
    return found[b"JSON"], found[b"BIN\0"]


def parse(path: Path) -> tuple[Any, bytes]:
    """Return the JSON of a file as records, and its binary block."""
    try:
        text, block = _chunks(path)
        gltf = json.loads(text, object_hook=_Record)
    except (OSError, ValueError, struct.error) as error:
        raise InputError(
            f"{path}: expected a glTF 2.0 model, but it cannot be read ({error})."
        ) from error
    if not isinstance(gltf, _Record) or gltf.asset is None:
        raise InputError(
            f"{path}: expected a glTF 2.0 model, but it has no 'asset'; choose another file."
        )
    return gltf, block


class GltfFile:
    """The parsed file with its buffers, and typed access to them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.gltf, self._block = parse(path)
        if self.gltf.extensionsRequired:
            raise InputError(
                f"{path}: needs the extensions {self.gltf.extensionsRequired}, which are not "
                "supported; export it without compression."
            )
        self.buffers = [self._buffer(buffer) for buffer in self.gltf.buffers or []]

    def _buffer(self, buffer: Any) -> bytes:
        if buffer.uri is None:
            return self._block
        if buffer.uri.startswith("data:"):
            return base64.b64decode(buffer.uri.split(",", 1)[1])
        beside: Path = self.path.parent / buffer.uri
        return beside.read_bytes()

    def view(self, index: int) -> bytes:
        """Return the bytes of buffer view `index`."""
        view = self.gltf.bufferViews[index]
        start = int(view.byteOffset or 0)
        buffer = self.buffers[int(view.buffer)]
        return buffer[start : start + int(view.byteLength)]

    def array(self, index: int) -> NDArray[Any]:
        """Return accessor ``index`` as (count, width); normalised integers become floats."""
        accessor = self.gltf.accessors[index]
        if accessor.sparse is not None or accessor.bufferView is None:
            raise InputError(
                f"{self.path}: sparse accessors are not supported; export without them."
            )
        dtype: np.dtype[Any] = np.dtype(_DTYPE[accessor.componentType])
        width = _WIDTH[accessor.type]
        view = self.gltf.bufferViews[accessor.bufferView]
        stride = view.byteStride or width * dtype.itemsize
        raw = np.frombuffer(self.view(accessor.bufferView), np.uint8)[accessor.byteOffset or 0 :]
        shape, strides = (accessor.count, width * dtype.itemsize), (stride, 1)
        needed = (accessor.count - 1) * stride + width * dtype.itemsize
        if accessor.count and raw.size < needed:
            raise InputError(
                f"{self.path}: accessor {index} reaches past its buffer; export it again."
            )
        rows = np.lib.stride_tricks.as_strided(raw, shape, strides)
        values = np.ascontiguousarray(rows).view(dtype).reshape(accessor.count, width)
        if accessor.normalized and dtype.kind in "iu":
            shares: Floats = np.maximum(values.astype(np.float32) / np.iinfo(dtype).max, -1.0)
            return shares
        return values

    def image(self, index: int) -> NDArray[np.uint8] | None:
        """Return picture ``index`` as (h, w, 3) BGR, None where its file is absent."""
        image = self.gltf.images[index]
        if image.bufferView is not None:
            data = self.view(image.bufferView)
        elif image.uri and (self.path.parent / image.uri).is_file():
            data = (self.path.parent / image.uri).read_bytes()
        else:
            return None
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        return None if decoded is None else decoded.astype(np.uint8, copy=False)
