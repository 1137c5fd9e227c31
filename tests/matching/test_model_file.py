"""Model files that other people made: what they hold is checked before any of it runs."""

import json
import os
import zipfile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from ant_core.errors import ModelCorrupt, ModelMissing
from ant_core.matching.graph_check import check_graph
from ant_core.matching.matcher import Matcher
from ant_core.matching.model_file import ModelFile, default_model


def graph(nodes, initializers=(), inputs=(), **more) -> onnx.ModelProto:
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    made = helper.make_graph(nodes, "g", inputs, outputs, list(initializers), **more)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def packed(tmp_path, manifest=None, encoder=None, matcher=None, method=zipfile.ZIP_STORED):
    """Write the embedded model with some of its parts exchanged."""
    own = ModelFile.read(default_model())
    path = tmp_path / "m.antmodel"
    changed = own.manifest if manifest is None else manifest
    text = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("manifest.json", text)
        archive.writestr("encoder.onnx", own.encoder if encoder is None else encoder)
        archive.writestr("matcher.onnx", own.matcher if matcher is None else matcher)
    return path


def external() -> bytes:
    weight = numpy_helper.from_array(np.ones(4, np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "secret.bin"), ("offset", "0"), ("length", "16")):
        entry = weight.external_data.add()
        entry.key, entry.value = key, value
    return graph([helper.make_node("Identity", ["w"], ["y"])], [weight]).SerializeToString()


def external_constant() -> bytes:
    model = onnx.load_from_string(external())
    node = helper.make_node("Constant", [], ["y"], value=model.graph.initializer[0])
    return graph([node]).SerializeToString()


def looping() -> bytes:
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("d", TensorProto.BOOL, [])],
    )
    return graph([helper.make_node("Loop", ["", "c"], [], body=body)]).SerializeToString()


def hidden_loop() -> bytes:
    """A graph in an attribute of a harmless operator."""
    body = onnx.load_from_string(looping()).graph
    return graph([helper.make_node("Identity", ["x"], ["y"], body=body)]).SerializeToString()


def foreign() -> bytes:
    node = helper.make_node("Add", ["x", "x"], ["y"], domain="com.microsoft")
    return graph([node]).SerializeToString()


def with_function() -> bytes:
    model = graph([helper.make_node("Identity", ["x"], ["y"])])
    node = helper.make_node("Identity", ["a"], ["b"])
    opset = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("own", "f", ["a"], ["b"], [node], opset))
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (external, "weights in other files"),
        (external_constant, "weights in other files"),
        (looping, "operator 'Loop'"),
        (hidden_loop, "graphs within graphs"),
        (foreign, "operators of other makers"),
        (with_function, "functions of its own"),
        (lambda: b"no graph", "no graph of ONNX"),
        # An operator whose name is the number 2^62.
        (lambda: b"\x3a\x0c\x0a\x0a\x20" + b"\x80" * 8 + b"\x40", "no graph of ONNX"),
        (lambda: b"", "it holds no graph"),
    ],
)
@pytest.mark.parametrize("part", ["encoder", "matcher"])
def test_a_graph_that_does_more_than_arithmetic_is_refused(tmp_path, monkeypatch, made, told, part):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.bin").write_bytes(np.full(4, 7, np.float32).tobytes())
    path = packed(tmp_path, **{part: made()})
    with pytest.raises(ModelCorrupt, match=told):
        ModelFile.read(path)
    with pytest.raises(ModelCorrupt, match=told):
        Matcher(path, "cpu", 1)


def test_the_shipped_graphs_pass():
    own = ModelFile.read(default_model())
    check_graph(own.encoder)
    check_graph(own.matcher)


def test_a_graph_that_asks_for_all_memory_fails(tmp_path):
    """40,000 x 40,000 x 8 numbers: 51 GB."""
    own = ModelFile.read(default_model())
    model = onnx.load_from_string(own.encoder)
    output = next(node for node in model.graph.node if "tokens" in node.output)
    output.output[list(output.output).index("tokens")] = "tokens_before"
    shape = numpy_helper.from_array(np.array([8, 40_000, 40_000], np.int64), "huge_shape")
    one = numpy_helper.from_array(np.ones(1, np.float32), "huge_one")
    model.graph.initializer.extend([shape, one])
    model.graph.node.extend(
        [
            helper.make_node("Expand", ["huge_one", "huge_shape"], ["huge"]),
            helper.make_node("ReduceMax", ["huge"], ["huge_most"], keepdims=0),
            helper.make_node("Mul", ["tokens_before", "huge_most"], ["tokens"]),
        ]
    )
    path = packed(tmp_path, encoder=model.SerializeToString())
    with pytest.raises(Exception, match=r"Expand|memory|Memory|bad_alloc"):
        run_encoder(path)


def run_encoder(path) -> None:
    from ant_core.matching.descriptors import describe
    from segmentation import extract_lines, measure, segment
    from tests.support.drawn import line_drawing

    lines = extract_lines(line_drawing(0))
    labels = segment(lines).labels
    Matcher(path, "cpu", 1).encode(describe(lines, labels, measure(labels)))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("confidence", []),
        ("confidence", [[0, "a"]]),
        ("confidence", [[0, float("nan")]]),
        ("confidence", [0.1, 0.2]),
        ("confidence", [[0.5, 0.1], [0.2, 0.9]]),
        ("no_counterpart_threshold", "half"),
        ("no_counterpart_threshold", float("nan")),
        ("no_counterpart_threshold", None),
        ("features", {}),
    ],
)
def test_a_manifest_that_makes_no_sense_is_refused(tmp_path, key, value):
    manifest = ModelFile.read(default_model()).manifest | {key: value}
    with pytest.raises(ModelCorrupt, match=r"manifest|confidence"):
        ModelFile.read(packed(tmp_path, manifest=manifest))


@pytest.mark.parametrize("text", [b"[" * 100_000, b"[]", b"3", b"{", b'{"name": "a"}'])
def test_a_manifest_that_is_none_is_refused(tmp_path, text):
    with pytest.raises(ModelCorrupt):
        ModelFile.read(packed(tmp_path, manifest=text))


def test_a_member_of_gigabytes_is_not_unpacked(tmp_path):
    path = tmp_path / "m.antmodel"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", "{}")
        with archive.open("encoder.onnx", "w", force_zip64=True) as file:
            for _ in range(600):
                file.write(bytes(1 << 20))
    with pytest.raises(ModelCorrupt, match="claims 629145600 bytes"):
        ModelFile.read(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damaged_members_of_other_methods(tmp_path, method):
    path = packed(tmp_path, method=method)
    data = bytearray(path.read_bytes())
    start = data.index(b"PK\3\4") + 30 + len("manifest.json")
    data[start : start + 40] = bytes(range(200, 240))
    path.write_bytes(data)
    with pytest.raises(ModelCorrupt, match=r"manifest\.json cannot be unpacked"):
        ModelFile.read(path)


def test_an_archive_of_a_version_to_come(tmp_path):
    path = packed(tmp_path)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2")
    data[at + 6] = 200  # the version that is needed to unpack it
    path.write_bytes(data)
    with pytest.raises(ModelCorrupt, match="is not a model file or is damaged"):
        ModelFile.read(path)


@pytest.mark.parametrize("change", ["encrypted", "method", "deflate"])
def test_a_member_that_cannot_be_unpacked(tmp_path, change):
    path = packed(tmp_path, method=zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    local, central = data.index(b"PK\3\4"), data.index(b"PK\1\2")
    if change == "deflate":
        data[local + 50 : local + 60] = b"\xff" * 10
    else:
        for start, shift in ((local, 6), (central, 8)):
            at = start + shift + (2 if change == "method" else 0)
            data[at] = data[at] | 1 if change == "encrypted" else 77
    path.write_bytes(data)
    with pytest.raises(ModelCorrupt, match=r"manifest\.json cannot be unpacked"):
        ModelFile.read(path)


def test_a_folder_a_pipe_and_a_device_are_no_models(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", "/dev/zero"):
        with pytest.raises(ModelMissing, match=r"no model at .* \(a folder or a device\)"):
            ModelFile.read(type(tmp_path)(path))
