"""The file of a model: one zip archive, `NAME.antmodel`, stored without compression.

It holds `manifest.json`, `encoder.onnx` (a drawing -> tokens, once a drawing) and `matcher.onnx`
(references and a target -> similarity). `ant_core.training.network.export` writes it.
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ant_core.errors import ModelCorrupt, ModelMissing
from ant_core.guard import open_zip, parse_json, read_member
from ant_core.matching.descriptors import DESCRIPTOR_VERSION
from ant_core.matching.graph_check import check_graph

__all__ = ["ModelFile", "default_model"]

_MOST_BYTES = 256 << 20
_MOST_MANIFEST = 16 << 20
_MANIFEST = (
    "name",
    "descriptor_version",
    "features",
    "no_counterpart_threshold",
    "confidence",
)


def default_model() -> Path:
    """Return the path of the model that is part of the package."""
    return Path(str(resources.files("ant_core"))) / "models" / "default.antmodel"


@dataclass(frozen=True)
class ModelFile:
    """The contents of a model file, checked.

    Attributes
    ----------
    manifest : dict
        Name, descriptor version, confidence table, threshold, and what the model card says.
    encoder, matcher : bytes
        The two graphs.
    sha256 : str
        Hash of the whole file.
    """

    manifest: dict[str, Any]
    encoder: bytes
    matcher: bytes
    sha256: str

    @classmethod
    def read(cls, path: Path) -> ModelFile:
        """Read a model file.

        Raises
        ------
        ModelMissing
            If there is no such file.
        ModelCorrupt
            If it is no model file, damaged, or made for other descriptors.
        """
        data = _read(path)
        try:
            with open_zip(data) as archive:
                manifest = parse_json(read_member(archive, "manifest.json", _MOST_MANIFEST))
                encoder, matcher = (
                    read_member(archive, name) for name in ("encoder.onnx", "matcher.onnx")
                )
            _check_manifest(manifest)
        except ValueError as error:
            raise _corrupt(path, error) from None
        version = manifest["descriptor_version"]
        if version != DESCRIPTOR_VERSION:
            raise ModelCorrupt(
                f"{path} is made for descriptors of version {version}, this engine has version "
                f"{DESCRIPTOR_VERSION}; use a model made for this engine"
            )
        for graph in (encoder, matcher):
            try:
                check_graph(graph)
            except ValueError as error:
                raise _corrupt(path, error) from None
        return cls(manifest, encoder, matcher, hashlib.sha256(data).hexdigest())


def _read(path: Path) -> bytes:
    try:
        found = path.stat()
        is_file = stat.S_ISREG(found.st_mode)
        if is_file and found.st_size <= _MOST_BYTES:
            return path.read_bytes()
        what = "too large for one" if is_file else "a folder or a device"
    except OSError as error:
        what = error.strerror or str(error)
    raise ModelMissing(f"no model at {path} ({what}); give --model the path of an .antmodel file")


def _corrupt(path: Path, error: Exception) -> ModelCorrupt:
    return ModelCorrupt(
        f"{path} is not a model file or is damaged ({error}); copy or download it again"
    )


def _check_manifest(manifest: Any) -> None:
    """Check what decides fills: ValueError where it is missing or makes no sense."""
    if not isinstance(manifest, dict):
        raise ValueError("its manifest is no table")
    missing = [key for key in _MANIFEST if key not in manifest]
    if missing:
        raise ValueError(f"its manifest lacks {', '.join(missing)}")
    try:
        table = np.asarray(manifest["confidence"], np.float64)
        numbers = [float(manifest["no_counterpart_threshold"]), float(manifest["features"])]
    except (ValueError, TypeError, OverflowError):
        raise ValueError("its manifest has text where numbers belong") from None
    if table.ndim != 2 or table.shape[1] != 2 or len(table) == 0:
        raise ValueError("its table of confidence is none")
    if not (np.isfinite(table).all() and np.isfinite(numbers).all()):
        raise ValueError("its manifest has numbers that are none")
    if (np.diff(table[:, 0]) < 0).any():
        raise ValueError("its table of confidence does not rise")
