"""What the graphs of a model file may hold: the arithmetic of our networks and nothing else.

A graph of ONNX may name tensors in other files, which ONNX Runtime opens from the current folder,
and may loop. Ours do neither. The wire format is read by protobuf itself, which comes with ONNX
Runtime; field numbers are those of onnx.proto3 (https://github.com/onnx/onnx).
"""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["check_graph", "node_outputs"]

# Arithmetic: what the exporter writes, and its like; no loop, branch or text.
_OPERATORS = frozenset((
    "Abs", "Add", "And", "ArgMax", "AveragePool", "BatchNormalization", "Cast", "Ceil", "Clip",
    "Concat", "Constant", "ConstantOfShape", "Conv", "Div", "Einsum", "Elu", "Equal", "Erf",
    "Exp", "Expand", "Flatten", "Floor", "Gather", "GatherElements", "Gelu", "Gemm",
    "GlobalAveragePool", "Greater", "GreaterOrEqual", "GroupNormalization", "Identity",
    "LayerNormalization", "LeakyRelu", "Less", "LessOrEqual", "Log", "LogSoftmax", "MatMul",
    "Max", "MaxPool", "Mean", "Min", "Mul", "Neg", "Not", "Or", "Pad", "Pow", "Range",
    "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean",
    "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Reshape", "Shape",
    "Sigmoid", "Sign", "Slice", "Softmax", "Softplus", "Split", "Sqrt", "Squeeze", "Sub", "Sum",
    "Tanh", "Tile", "Transpose", "Unsqueeze", "Where",
))  # fmt: skip
_MODEL_GRAPH, _MODEL_TRAINING, _MODEL_FUNCTION = 7, 20, 25
_NODE, _INITIALIZER, _SPARSE = 1, 5, 15
_OUTPUT, _NAME, _OPERATOR, _ATTRIBUTE, _DOMAIN = 2, 3, 4, 5, 7
_TENSORS = (5, 10)  # of an attribute: one, several
_NESTED = (6, 11, 22, 23)  # of an attribute: graphs and sparse tensors
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14


def check_graph(graph: bytes) -> None:
    """Check that a graph is what our exporter writes.

    Parameters
    ----------
    graph : bytes
        A serialised ModelProto.

    Raises
    ------
    ValueError
        When it cannot be parsed, reads other files, or does anything but arithmetic.
    """
    model = _fields(graph)
    _refuse(model, (_MODEL_TRAINING, _MODEL_FUNCTION), "functions of its own")
    graphs = _all(model, _MODEL_GRAPH)
    if len(graphs) != 1:
        raise ValueError("it holds no graph")
    fields = _fields(graphs[0])
    _refuse(fields, (_SPARSE,), "sparse tensors")
    for tensor in _all(fields, _INITIALIZER):
        _check_tensor(tensor)
    for node in _all(fields, _NODE):
        _check_node(_fields(node))


def node_outputs(graph: bytes, operator: str) -> list[tuple[str, str]]:
    """Return name and first output of a graph's named nodes of one operator.

    graph: a serialised ModelProto that `check_graph` has passed.
    """
    found = []
    for content in _all(_fields(graph), _MODEL_GRAPH):
        for node in map(_fields, _all(_fields(content), _NODE)):
            if _texts(node, _OPERATOR) == [operator] and _texts(node, _NAME):
                found.append((_texts(node, _NAME)[0], _texts(node, _OUTPUT)[0]))
    return found


def _check_node(node: list[tuple[int, Any]]) -> None:
    for name in _texts(node, _OPERATOR):
        if name not in _OPERATORS:
            raise ValueError(f"it holds the operator {name[:40]!r}, which no network of ours has")
    if any(domain not in ("", "ai.onnx") for domain in _texts(node, _DOMAIN)):
        raise ValueError("it holds operators of other makers")
    for attribute in map(_fields, _all(node, _ATTRIBUTE)):
        _refuse(attribute, _NESTED, "graphs within graphs")
        for number in _TENSORS:
            for tensor in _all(attribute, number):
                _check_tensor(tensor)


def _check_tensor(tensor: bytes) -> None:
    _refuse(_fields(tensor), (_EXTERNAL_DATA, _DATA_LOCATION), "weights in other files")


def _fields(message: Any) -> list[tuple[int, Any]]:
    """Return number and content of every field of a message, one level deep."""
    if not isinstance(message, bytes):
        raise ValueError("it is no graph of ONNX")
    make_empty, decode_error, unknown_fields = _protobuf()
    empty = make_empty()
    try:
        empty.ParseFromString(message)
    except decode_error:
        raise ValueError("it is no graph of ONNX") from None
    return [(field.field_number, field.data) for field in unknown_fields(empty)]


@cache
def _protobuf() -> tuple[Any, Any, Any]:
    """Load the parser once: a graph has thousands of messages."""
    from google.protobuf.empty_pb2 import Empty
    from google.protobuf.message import DecodeError
    from google.protobuf.unknown_fields import UnknownFieldSet

    return Empty, DecodeError, UnknownFieldSet


def _all(fields: list[tuple[int, Any]], number: int) -> list[Any]:
    return [data for found, data in fields if found == number]


def _texts(fields: list[tuple[int, Any]], number: int) -> list[str]:
    found = _all(fields, number)
    if not all(isinstance(text, bytes) for text in found):
        raise ValueError("it is no graph of ONNX")
    return [text.decode("utf-8", "replace") for text in found]


def _refuse(fields: list[tuple[int, Any]], numbers: tuple[int, ...], what: str) -> None:
    if any(found in numbers and data for found, data in fields):
        raise ValueError(f"it has {what}, which no network of ours has")
