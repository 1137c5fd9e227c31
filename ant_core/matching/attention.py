"""What a network attends to: its attention weights as further outputs of the matcher's graph.

Casey et al. 2021, appendix F, show that of two segments. The exported graph holds the weights as
the results of softmaxes inside its blocks. They become outputs by adding a few bytes: in
protobuf's wire format two messages of one field that follow each other are one message, so a
second graph that has outputs alone joins the first
(https://protobuf.dev/programming-guides/encoding/#last-one-wins).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import InputError
from ant_core.matching.graph_check import node_outputs

__all__ = [
    "AttentionTensor",
    "LayerAttention",
    "attention_tensors",
    "mean_attention",
    "with_outputs",
]

# Of each block the second call of its attention is the target's; blocks of even number attend to
# the drawing itself, those of odd number to the references.
_NAME = re.compile(r"/blocks\.(\d+)/attention_1/Softmax")
_MODEL_GRAPH, _GRAPH_OUTPUT, _VALUE_NAME = 7, 12, 1  # fields of onnx.proto3
_LENGTH_DELIMITED = 2


@dataclass(frozen=True)
class AttentionTensor:
    """One layer's weights in the graph: its number from 0, and the tensor's name."""

    layer: int
    name: str

    @property
    def is_cross(self) -> bool:
        """Whether the target attends to the references, not to itself."""
        return self.layer % 2 == 1


@dataclass(frozen=True)
class LayerAttention:
    """One layer's attention of all target segments.

    Attributes
    ----------
    layer : int
        From 0, in the order of computing.
    is_cross : bool
        Whether it goes to the references' segments, (N, M), or to the target's own, (N, N).
    weights : (N, M or N) float32
        Mean over the heads; rows sum to 1.
    """

    layer: int
    is_cross: bool
    weights: NDArray[np.float32]


def attention_tensors(graph: bytes) -> list[AttentionTensor]:
    """Return the tensors of a matcher's graph that hold the target's attention, by layer.

    Raises
    ------
    InputError
        When it has none: the network has no blocks, or another exporter named them otherwise.
    """
    found = [
        AttentionTensor(int(name[1]), output)
        for node, output in node_outputs(graph, "Softmax")
        if (name := _NAME.fullmatch(node))
    ]
    if not found:
        raise InputError(
            "this model shows no attention: its network has no attention layers, or was exported "
            "under other names; choose another --model"
        )
    return sorted(found, key=lambda tensor: tensor.layer)


def with_outputs(graph: bytes, names: list[str]) -> bytes:
    """Return a serialised ModelProto whose graph has these tensors as further outputs."""
    outputs = b"".join(
        _message(_GRAPH_OUTPUT, _message(_VALUE_NAME, name.encode())) for name in names
    )
    return graph + _message(_MODEL_GRAPH, outputs)


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Write a number as protobuf does: seven bits a byte, the lowest first."""
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def mean_attention(tensor: AttentionTensor, weights: NDArray[np.float32]) -> LayerAttention:
    """Make (1, A, N, M) weights of A heads to a `LayerAttention`."""
    return LayerAttention(tensor.layer, tensor.is_cross, weights[0].mean(axis=0))
