"""The file of a model: one zip archive, `NAME.antmodel`, stored without compression.

It holds `manifest.json`, `encoder.onnx` (a drawing -> tokens, once a drawing) and `matcher.onnx`
(references and a target -> similarity). `ant_core.training.network.export` writes it.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from ant_core.errors import ModelCorrupt, ModelMissing
from ant_core.matching.descriptors import DESCRIPTOR_VERSION

__all__ = ["ModelFile", "default_model"]

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
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelMissing(
                f"no model at {path} ({error.strerror}); give --model the path of an .antmodel file"
            ) from None
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                manifest = json.loads(archive.read("manifest.json"))
                encoder, matcher = archive.read("encoder.onnx"), archive.read("matcher.onnx")
            missing = [key for key in _MANIFEST if key not in manifest]
            if missing:
                raise ValueError(f"its manifest lacks {', '.join(missing)}")
            version = manifest["descriptor_version"]
        except (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError) as error:
            raise ModelCorrupt(
                f"{path} is not a model file or is damaged ({error}); copy or download it again"
            ) from None
        if version != DESCRIPTOR_VERSION:
            raise ModelCorrupt(
                f"{path} is made for descriptors of version {version}, this engine has version "
                f"{DESCRIPTOR_VERSION}; use a model made for this engine"
            )
        return cls(manifest, encoder, matcher, hashlib.sha256(data).hexdigest())
