"""Write a trained network as a model file, then run the file and compare it with PyTorch."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor, nn

from ant_core.files import WholeFiles
from ant_core.matching.descriptors import DESCRIPTOR_VERSION, SHAPE_FEATURES
from ant_core.matching.flow import EVIDENCE
from ant_core.training.network.model import AntPaper, AntRelative
from ant_core.training.network.restore import graph_weights

__all__ = ["TOLERANCE", "compare", "encoder_inputs", "matcher_inputs", "pack_model", "write_model"]

# Largest absolute difference between PyTorch and the exported file, by data type.
TOLERANCE = {"float32": 2e-4, "float16": 2e-2}
_OPSET = 17


class _EncoderGraph(nn.Module):
    def __init__(self, model: AntPaper | AntRelative) -> None:
        super().__init__()
        self.model = model

    def forward(self, crops: Tensor, shape: Tensor, box: Tensor, adjacency: Tensor) -> Tensor:
        return self.model.encode(crops.to(torch.float32) / 255.0, shape, box, adjacency)


class _Matcher(nn.Module):
    def __init__(self, model: AntPaper | AntRelative) -> None:
        super().__init__()
        self.model = model

    def forward(self, *sides: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        similarity, counterpart, seen = self.model.match(*sides)
        return similarity.softmax(dim=-1), counterpart.sigmoid(), seen.sigmoid()


def encoder_inputs(batch: int, count: int, seed: int = 0) -> tuple[Tensor, ...]:
    """Return random inputs of the encoder: crops, shape, box, adjacency."""
    rng = torch.Generator().manual_seed(seed)
    adjacency = torch.rand(batch, count, count, generator=rng)
    return (
        torch.randint(0, 256, (batch, count, 4, 32, 32), generator=rng, dtype=torch.uint8),
        torch.randn(batch, count, len(SHAPE_FEATURES), generator=rng),
        torch.rand(batch, count, 4, generator=rng),
        adjacency / adjacency.sum(dim=-1, keepdim=True),
    )


def matcher_inputs(
    batch: int, references: int, targets: int, features: int, seed: int = 0
) -> tuple[Tensor, ...]:
    """Return random inputs of the matcher: tokens, geometry, mask, adjacency a side, and flow."""
    rng = torch.Generator().manual_seed(seed)
    sides: list[Tensor] = []
    for count in (references, targets):
        sides += [
            torch.randn(batch, count, features, generator=rng),
            torch.rand(batch, count, 8, generator=rng),
            torch.ones(batch, count),
        ]
    for count in (references, targets):
        adjacency = torch.rand(batch, count, count, generator=rng)
        sides.append(adjacency / adjacency.sum(dim=-1, keepdim=True))
    sides.append(torch.rand(batch, targets, references, len(EVIDENCE), generator=rng))
    return tuple(sides)


_ENCODER_NAMES = ("crops", "shape", "box", "adjacency")
_MATCHER_NAMES = (
    *(f"reference_{name}" for name in ("tokens", "geometry", "mask")),
    *(f"target_{name}" for name in ("tokens", "geometry", "mask")),
    "reference_adjacency",
    "target_adjacency",
    "flow",
)


def _graph(
    module: nn.Module, inputs: Sequence[Tensor], names: Sequence[str], outputs: dict[str, Any]
) -> bytes:
    axes = {name: {0: "B", 1: "M" if name.startswith("reference") else "N"} for name in names}
    for name in names:
        if name.endswith("adjacency"):
            axes[name][2] = axes[name][1]
        if name == "flow":
            axes[name][2] = "M"
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes on itself; the file is run below
        torch.onnx.export(
            module,
            tuple(inputs),
            buffer,  # type: ignore[arg-type]  # the annotation knows paths only
            input_names=list(names),
            output_names=list(outputs),
            dynamic_axes={**axes, **outputs},
            opset_version=_OPSET,
            dynamo=False,
        )
    return buffer.getvalue()


def write_model(model: AntPaper | AntRelative, path: Path, manifest: dict[str, Any]) -> None:
    """Write the model file; see `pack_model`."""
    WholeFiles().write(path, pack_model(model, manifest))


def pack_model(model: AntPaper | AntRelative, manifest: dict[str, Any]) -> bytes:
    """Export both graphs with dynamic B, N and M; return the model file.

    `manifest` must hold name, no_counterpart_threshold and confidence; see `matching.model_file`.
    The same weights give the same bytes.
    """
    model.eval()
    features = model.config.features
    encoder = _graph(
        _EncoderGraph(model), encoder_inputs(1, 7), _ENCODER_NAMES, {"tokens": {0: "B", 1: "N"}}
    )
    matcher = _graph(
        _Matcher(model),
        matcher_inputs(1, 9, 7, features),
        _MATCHER_NAMES,
        {
            "probability": {0: "B", 1: "N", 2: "M"},
            "counterpart": {0: "B", 1: "N"},
            "seen": {0: "B", 1: "N"},
        },
    )
    manifest = {
        **manifest,
        "same_weights": _stored_once(model, encoder, matcher),
        "config": asdict(model.config),
        "descriptor_version": DESCRIPTOR_VERSION,
        "features": features,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        members = {
            "manifest.json": json.dumps(manifest, indent=1).encode(),
            "encoder.onnx": encoder,
            "matcher.onnx": matcher,
        }
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
    return packed.getvalue()


def _stored_once(model: AntPaper | AntRelative, *graphs: bytes) -> dict[str, str]:
    """Name the weights that the exporter left out, each with one that is stored and equal."""
    stored = {name: value for graph in graphs for name, value in graph_weights(graph).items()}
    same = {}
    for name, value in model.state_dict().items():
        if name not in stored:
            equal = (key for key, other in stored.items() if torch.equal(other, value))
            same[name] = next(equal)
    return same


def compare(model: AntPaper | AntRelative, file: Path | BinaryIO) -> float:
    """Run a model file at several sizes; return the largest difference from PyTorch."""
    import onnxruntime

    model.eval()
    worst = 0.0
    with zipfile.ZipFile(file) as archive:
        sessions = [
            onnxruntime.InferenceSession(archive.read(name), providers=["CPUExecutionProvider"])
            for name in ("encoder.onnx", "matcher.onnx")
        ]
    for seed, (batch, count, columns) in enumerate([(1, 1, 1), (1, 40, 120), (3, 17, 5)]):
        cases = [
            (_EncoderGraph(model), encoder_inputs(batch, count, seed), _ENCODER_NAMES),
            (
                _Matcher(model),
                matcher_inputs(batch, columns, count, model.config.features, seed),
                _MATCHER_NAMES,
            ),
        ]
        for session, (module, inputs, names) in zip(sessions, cases, strict=True):
            taken = {item.name for item in session.get_inputs()}
            feed = {n: v.numpy() for n, v in zip(names, inputs, strict=True) if n in taken}
            with torch.inference_mode():
                expected = module(*inputs)
            expected = expected if isinstance(expected, tuple) else (expected,)
            for got, wanted in zip(session.run(None, feed), expected, strict=True):
                worst = max(worst, float(np.abs(got - wanted.numpy()).max()))
    return worst
