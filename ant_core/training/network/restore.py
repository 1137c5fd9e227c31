"""From a model file back to the network that was exported into it."""

from __future__ import annotations

import io
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from ant_core.errors import InputError, ModelCorrupt, ModelMissing
from ant_core.files import read_bytes
from ant_core.guard import open_zip, parse_json, read_member
from ant_core.matching.descriptors import DESCRIPTOR_VERSION
from ant_core.matching.graph_check import check_graph
from ant_core.training.network.model import (
    CONFIGS,
    AntPaper,
    AntRelative,
    build,
    stored_model_config,
)

__all__ = ["graph_weights", "read_model", "widened"]

_POINTWISE = re.compile(r"(blocks\.\d+\.pointwise)\.(0\.weight|0\.bias|2\.weight)")


def read_model(path: Path) -> tuple[AntPaper | AntRelative, dict[str, Any]]:
    """Read the network of a model file, and the file's manifest.

    Weights keep their names in the exported graphs but for those of linear layers: these are
    stored transposed, or as 1 x 1 convolutions, and the node that uses them names the layer.
    Equal weights, as of layers that were never trained, are stored once, and the manifest names
    the others.

    Raises
    ------
    ModelMissing, ModelCorrupt
        When there is no such file, or it holds another network than this version knows.
    """
    try:
        with open_zip(read_bytes(path, "check its name")) as archive:
            manifest = parse_json(read_member(archive, "manifest.json"))
            weights: dict[str, torch.Tensor] = {}
            for name in ("encoder.onnx", "matcher.onnx"):
                graph = read_member(archive, name)
                check_graph(graph)  # it names no other file
                weights |= graph_weights(graph)
        for name, same in manifest.get("same_weights", {}).items():
            weights[name] = weights[same]
        # Files without a configuration are older than rounds of agreement and the head for pieces.
        config = manifest.get(
            "config", asdict(replace(CONFIGS[manifest["name"]], agreement=0, seen=False))
        )
        model = build(stored_model_config(config))
        current = manifest["descriptor_version"] == DESCRIPTOR_VERSION
        model.load_state_dict(weights, strict=True)
    except InputError as error:
        raise ModelMissing(str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
        raise ModelCorrupt(
            f"{path} cannot be trained further ({type(error).__name__}): it is damaged or holds a "
            "network that this version does not know; take another model"
        ) from error
    if not current:
        raise ModelCorrupt(
            f"{path} was trained on other descriptors than this version makes: take a newer model"
        )
    return model.eval(), manifest


def widened(
    stored: dict[str, torch.Tensor], fresh: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Return stored weights in the shape of a network whose point-wise networks are wider.

    What is new in a hidden layer starts as in `fresh`, the weights of the wider network, and
    counts nothing in the layer behind it, so that the network computes what it did: the first
    of the transformations of Chen et al., "Net2Net" (2016), without their copies. Weights that are
    not narrower are returned as they are.
    """
    weights = dict(stored)
    for name, narrow in stored.items():
        wide, found = fresh.get(name), _POINTWISE.fullmatch(name)
        if wide is None or not found or wide.shape == narrow.shape or wide.ndim != narrow.ndim:
            continue
        if any(new < old for new, old in zip(wide.shape, narrow.shape, strict=True)):
            continue
        wide = torch.zeros_like(wide) if found[2] == "2.weight" else wide.clone()
        wide[tuple(slice(size) for size in narrow.shape)] = narrow
        weights[name] = wide
    return weights


def graph_weights(data: bytes) -> dict[str, torch.Tensor]:
    """Return the weights of one graph under the names that the network gives them."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(io.BytesIO(data)).graph
    stored = {item.name: numpy_helper.to_array(item).copy() for item in graph.initializer}
    weights = {
        name.removeprefix("model."): torch.from_numpy(value)
        for name, value in stored.items()
        if name.startswith("model.")
    }
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in stored:
            matrix = torch.from_numpy(stored[node.input[1]])
            weights[_module_of(node.name) + ".weight"] = matrix.T.contiguous()
        if node.op_type == "Conv" and not node.input[1].startswith("model."):
            matrix = torch.from_numpy(stored[node.input[1]])
            weights[_module_of(node.name) + ".weight"] = matrix[..., 0, 0].contiguous()
    return weights


def _module_of(node: str) -> str:
    """`/blocks.0/pointwise/pointwise.2/MatMul` -> `blocks.0.pointwise.2`."""
    scopes = node.strip("/").split("/")[:-1]
    kept = [
        scope
        for scope, inner in zip(scopes, [*scopes[1:], ""], strict=True)
        if not inner.startswith(scope + ".")
    ]
    return ".".join(kept)
