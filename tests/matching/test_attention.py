"""Attention of the embedded model: weights of the very match, layer by layer."""

import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.matching.attention import AttentionTensor, attention_tensors, with_outputs
from ant_core.matching.matcher import Matcher
from ant_core.matching.model_file import ModelFile, default_model
from tests.matching.test_matcher import descriptors

onnx = pytest.importorskip("onnx", reason="reading graphs needs the train extra")


@pytest.fixture(scope="module")
def graph():
    return ModelFile.read(default_model()).matcher


def test_layers_take_turns(graph):
    tensors = attention_tensors(graph)
    assert [tensor.layer for tensor in tensors] == list(range(8))
    assert [tensor.is_cross for tensor in tensors] == [False, True] * 4


def test_added_outputs_stand_behind_the_graphs_own(graph):
    before = onnx.load_model_from_string(graph).graph
    after = onnx.load_model_from_string(with_outputs(graph, ["one", "x" * 200])).graph
    assert [item.name for item in after.output] == [
        *(item.name for item in before.output),
        "one",
        "x" * 200,
    ]
    assert len(after.node) == len(before.node)
    assert len(after.initializer) == len(before.initializer)


@pytest.fixture
def pair():
    """A matcher and what it matches: references, target, offsets."""
    matcher = Matcher(device="cpu", threads=1, shows_attention=True)
    references = [matcher.encode(descriptors(count, seed=count)) for count in (5, 3)]
    return matcher, (references, matcher.encode(descriptors(4)), [1, -2])


def test_rows_sum_to_one_over_what_is_attended_to(pair):
    matcher, given = pair
    for one in matcher.explain(*given)[1]:
        assert one.weights.shape == ((4, 8) if one.is_cross else (4, 4))
        np.testing.assert_allclose(one.weights.sum(axis=1), 1, atol=1e-5)


def test_an_explained_match_is_the_match(pair):
    matcher, given = pair
    plain = Matcher(device="cpu", threads=1)
    for other in (matcher, plain):  # with the graph loaded so, and once more when it is asked for
        match, attention = other.explain(*given)
        expected = plain.match(*given)
        assert len(attention) == 8
        for name in ("probability", "has_counterpart", "is_seen"):
            found = getattr(match, name)
            np.testing.assert_allclose(found, getattr(expected, name), atol=1e-6)
        np.testing.assert_array_equal(match.reference, expected.reference)
        np.testing.assert_array_equal(match.segment, expected.segment)


@pytest.mark.parametrize(("shows_attention", "loaded"), [(True, 2), (False, 3)])
def test_graphs_are_loaded_once(monkeypatch, pair, shows_attention, loaded):
    made = []
    load = Matcher._session
    monkeypatch.setattr(
        Matcher, "_session", lambda *graph, **more: made.append(1) or load(*graph, **more)
    )
    matcher = Matcher(device="cpu", threads=1, shows_attention=shows_attention)
    for _ in range(2):
        matcher.explain(*pair[1])
    assert len(made) == loaded


def test_a_graph_without_attention_is_refused():
    encoder = ModelFile.read(default_model()).encoder
    with pytest.raises(InputError, match="shows no attention"):
        attention_tensors(encoder)


def test_a_graph_whose_nodes_have_no_names_is_refused():
    onnx = pytest.importorskip("onnx", reason="changing a graph needs the train extra")
    graph = onnx.load_from_string(ModelFile.read(default_model()).matcher)
    for node in graph.graph.node:
        node.name = ""
    with pytest.raises(InputError, match="shows no attention"):
        attention_tensors(graph.SerializeToString())


def test_odd_layers_look_across():
    assert AttentionTensor(1, "a").is_cross
    assert not AttentionTensor(2, "a").is_cross
