"""A trained network as an ONNX file, compared with PyTorch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ant_core.errors import UsageError
from ant_core.training.pixels.config import PixelConfig

__all__ = ["TOLERANCE", "export"]

TOLERANCE = 2e-3  # largest difference of a value in [-1, 1] between PyTorch and the file
_OPSET = 17


class _Picture(nn.Module):
    """The network without what training alone needs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        made = self.network(*inputs)
        picture: Tensor = getattr(made, "picture", made)
        return picture


def _inputs(config: PixelConfig, size: int) -> dict[str, tuple[int, ...]]:
    square = (size, size)
    if config.network == "scft":
        return {"line": (1, 1, *square), "reference": (1, 3, *square)}
    if config.network == "spatial_attention":
        return {"line": (1, 1, *square), "hints": (1, 4, *square)}
    if config.network == "temporal":
        raise UsageError("a network over time cannot be exported: export few_references alone")
    count = config.references
    return {
        "target": (1, 2, *square),
        "references": (1, count, 2, *square),
        "colors": (1, count, 3, *square),
    }


def _plain(network: nn.Module) -> nn.Module:
    """Put spectral norms into the weights, for good."""
    for module in list(network.modules()):
        for name in list(getattr(module, "parametrizations", {})):
            parametrize.remove_parametrizations(module, name)
    return network


def export(config: PixelConfig, network: nn.Module, path: Path, size: int) -> float:
    """Write a network for pictures of one size, run the file, and compare.

    Parameters
    ----------
    network
        Not to be trained on afterwards: its norms become plain weights.
    size
        S, pixels a side. Inputs are named and shaped as the network's `forward` says for one
        picture; the output is picture (1, 3, S, S); all float32.

    Returns
    -------
    float
        Largest absolute difference of the output for a random input.

    Raises
    ------
    UsageError
        For a network over time.
    RuntimeError
        When it is over `TOLERANCE`; no file is left then.
    """
    generator = torch.Generator().manual_seed(0)
    shapes = _inputs(config, size)
    inputs = [torch.rand(shape, generator=generator) * 2 - 1 for shape in shapes.values()]
    whole = _plain(_Picture(network).cpu().eval())
    part = path.with_suffix(".part")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes on itself; the file is run below
        torch.onnx.export(
            whole,
            tuple(inputs),
            str(part),
            input_names=list(shapes),
            output_names=["picture"],
            opset_version=_OPSET,
            dynamo=False,
        )
    difference = _difference(whole, part, list(shapes), inputs)
    if difference > TOLERANCE:
        part.unlink()
        raise RuntimeError(f"the exported file differs by {difference:.2g}")
    part.replace(path)
    return difference


def _difference(
    whole: nn.Module, path: Path, names: Sequence[str], inputs: Sequence[Tensor]
) -> float:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feed = {name: value.numpy() for name, value in zip(names, inputs, strict=True)}
    with torch.inference_mode():
        expected = whole(*inputs).numpy()
    return float(np.abs(session.run(None, feed)[0] - expected).max())
