"""Both networks: shapes, invariants, and that the written file computes the same."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("onnx", reason="export needs the train extra")

from ant_core.errors import ModelCorrupt  # noqa: E402 - torch is optional
from ant_core.matching.flow import SmallDrawing  # noqa: E402
from ant_core.matching.matcher import DrawingFeatures, Matcher  # noqa: E402
from ant_core.training.network.export import (  # noqa: E402
    TOLERANCE,
    compare,
    encoder_inputs,
    matcher_inputs,
    write_model,
)
from ant_core.training.network.layers import PieceHead  # noqa: E402
from ant_core.training.network.model import CONFIGS, build  # noqa: E402

MANIFEST = {"name": "fresh", "no_counterpart_threshold": 0.5, "confidence": [[0, 0], [1, 1]]}


@pytest.fixture(params=sorted(CONFIGS))
def model(request):
    torch.manual_seed(1)
    return build(CONFIGS[request.param]).eval()


def test_paper_configuration_has_the_papers_numbers():
    config = CONFIGS["ant_paper"]
    assert (config.features, config.layers, config.heads, config.dropout) == (256, 9, 4, 0.1)


def test_nine_layers_are_nine_blocks_or_nine_of_each():
    blocks = [len(build(replace(CONFIGS["ant_paper"], paired=p)).blocks) for p in (False, True)]
    assert blocks == [9, 18]


@torch.inference_mode()
@pytest.mark.parametrize("position", [True, False])
def test_without_boxes_the_place_of_a_segment_says_nothing(position):
    model = build(replace(CONFIGS["ant_paper"], position=position)).eval()
    crops, shape, box, adjacency = encoder_inputs(1, 4)
    crops = crops.float() / 255
    here = model.encode(crops, shape, box, adjacency)
    there = model.encode(crops, shape, box + 0.5, adjacency)
    assert torch.equal(here, there) is not position


@torch.inference_mode()
def test_without_transformer_tokens_are_compared_as_they_are():
    model = build(replace(CONFIGS["ant_paper"], layers=0)).eval()
    inputs = matcher_inputs(1, 6, 5, model.config.features)
    similarity = model.match(*inputs)[0]
    expected = model.project(inputs[3]) @ model.project(inputs[0]).transpose(1, 2)
    torch.testing.assert_close(similarity, expected)


@torch.inference_mode()
def test_permuting_segments_permutes_the_answer(model):
    inputs = matcher_inputs(1, 6, 5, model.config.features)
    similarity, counterpart, seen = model.match(*inputs)
    columns, rows = torch.randperm(6), torch.randperm(5)
    moved = [side[:, columns] for side in inputs[:3]] + [side[:, rows] for side in inputs[3:6]]
    moved += [inputs[6][:, columns][:, :, columns], inputs[7][:, rows][:, :, rows]]
    moved += [inputs[8][:, rows][:, :, columns]]
    got, got_counterpart, got_seen = model.match(*moved)
    torch.testing.assert_close(got, similarity[:, rows][:, :, columns], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(got_counterpart, counterpart[:, rows], rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(got_seen, seen[:, rows], rtol=1e-4, atol=1e-4)


@torch.inference_mode()
def test_padding_changes_nothing(model):
    inputs = matcher_inputs(1, 6, 5, model.config.features)
    similarity, counterpart, seen = model.match(*inputs)
    padded = [torch.cat([side, torch.zeros_like(side[:, :2])], dim=1) for side in inputs[:6]]
    padded += [torch.nn.functional.pad(adjacency, (0, 2, 0, 2)) for adjacency in inputs[6:8]]
    padded.append(torch.nn.functional.pad(inputs[8], (0, 0, 0, 2, 0, 2)))
    got, got_counterpart, got_seen = model.match(*padded)
    torch.testing.assert_close(got[:, :5, :6], similarity, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(got_counterpart[:, :5], counterpart, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(got_seen[:, :5], seen, rtol=1e-4, atol=1e-4)
    assert got[:, :5, 6:].max() < -1000


@torch.inference_mode()
def test_neighbours_that_match_decide_between_twins():
    """Segments 0 and 2 look alike; 0 adjoins 1, 2 adjoins 3, and only 1 and 3 are told apart."""
    model = build(CONFIGS["ant_relative"]).eval()
    similarity = torch.tensor([[[5.0, 0, 5, 0], [0, 5, 0, 0], [5, 0, 5, 0], [0, 0, 0, 5]]])
    pairs = torch.zeros(1, 4, 4)
    for i, j in ((0, 1), (2, 3)):
        pairs[0, i, j] = pairs[0, j, i] = 1
    agreed = model._agree(similarity, pairs, pairs)
    assert agreed[0].argmax(dim=1).tolist() == [0, 1, 2, 3]
    apart = model._agree(similarity, torch.zeros(1, 4, 4), torch.zeros(1, 4, 4))
    torch.testing.assert_close(apart.softmax(-1), similarity.softmax(-1))


@torch.inference_mode()
def test_what_hides_a_piece_is_asked_of_its_neighbours_too():
    torch.manual_seed(0)
    head, evidence = PieceHead(3, 8), torch.randn(1, 3, 3)
    alone = head(evidence, torch.zeros(1, 3, 3))
    beside = torch.zeros(1, 3, 3)
    beside[0, 0, 1] = beside[0, 1, 0] = 1
    among = head(evidence, beside)
    assert not torch.isclose(among[0, :2], alone[0, :2]).any()
    assert among[0, 2] == alone[0, 2]


@torch.inference_mode()
def test_encoding_is_per_segment_equivariant(model):
    crops, shape, box, adjacency = encoder_inputs(1, 6)
    tokens = model.encode(crops / 255.0, shape, box, adjacency)
    order = torch.randperm(6)
    moved = model.encode(
        crops[:, order] / 255.0, shape[:, order], box[:, order], adjacency[:, order][:, :, order]
    )
    torch.testing.assert_close(moved, tokens[:, order], rtol=1e-4, atol=1e-4)


def test_exported_file_computes_what_pytorch_computes(model, tmp_path):
    path = tmp_path / "fresh.antmodel"
    write_model(model, path, MANIFEST)
    assert compare(model, path) <= TOLERANCE["float32"]


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_flow_has_a_say_in_our_matches_and_none_in_the_papers(name, tmp_path):
    network = build(CONFIGS[name])
    with torch.no_grad():
        for value in network.parameters():  # a fresh network pays no heed to flow
            value.add_(0.1 * torch.randn_like(value))
    write_model(network, tmp_path / "a.antmodel", {**MANIFEST, "name": name})
    matcher = Matcher(tmp_path / "a.antmodel", device="cpu", threads=1)
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(1, 5, dtype=np.uint16)[None], 40, axis=0).repeat(20, axis=1)
    dark = rng.integers(0, 256, labels.shape, dtype=np.uint8)
    arrays = (
        rng.standard_normal((4, network.config.features)).astype(np.float32),
        rng.standard_normal((4, 14)).astype(np.float32),
        rng.random((4, 4)).astype(np.float32),
        np.zeros((0, 2), np.int32),
        np.zeros(0, np.float32),
    )
    blind = DrawingFeatures(*arrays)
    seeing = DrawingFeatures(*arrays, SmallDrawing(dark, labels))
    without = matcher.match([blind], blind, [1]).probability
    within = matcher.match([seeing], seeing, [1]).probability
    assert np.array_equal(without, within) == (name == "ant_paper")
    assert within.sum(axis=1) == pytest.approx(1)


def test_references_without_segments_join_a_match_or_leave_it_empty(model, tmp_path):
    path = tmp_path / "fresh.antmodel"
    write_model(model, path, MANIFEST)
    matcher = Matcher(path, device="cpu", threads=1)
    rng = np.random.default_rng(3)

    def drawing(count: int) -> DrawingFeatures:
        return DrawingFeatures(
            rng.standard_normal((count, model.config.features)).astype(np.float32),
            rng.standard_normal((count, 14)).astype(np.float32),
            rng.random((count, 4)).astype(np.float32),
            np.array([[i, i + 1] for i in range(count - 1)], np.int32).reshape(-1, 2),
            rng.random(max(count - 1, 0)).astype(np.float32),
        )

    match = matcher.match([drawing(4), drawing(0), drawing(3)], drawing(5), [2, 0, 1])
    assert match.segment.tolist() == [1, 2, 3, 4, 1, 2, 3]
    assert match.reference.tolist() == [0, 0, 0, 0, 2, 2, 2]
    assert matcher.match([drawing(0)], drawing(2), [1]).probability.shape == (2, 0)
    assert matcher.match([drawing(2)], drawing(0), [1]).probability.shape == (0, 2)


def test_a_model_for_other_descriptors_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr("ant_core.training.network.export.DESCRIPTOR_VERSION", 99)
    path = tmp_path / "other.antmodel"
    write_model(model, path, MANIFEST)
    with pytest.raises(ModelCorrupt, match="version 99"):
        Matcher(path)
