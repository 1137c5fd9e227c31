"""Every switch does what it says: by hand where it is a formula, in a training step otherwise."""

import dataclasses
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("onnx", reason="export needs the train extra")

from ant_core.errors import UsageError  # noqa: E402
from ant_core.matching.descriptors import SHAPE_FEATURES  # noqa: E402 - torch is optional
from ant_core.training.data.clips import Clip, Frame  # noqa: E402
from ant_core.training.evaluation.protocols import recursive  # noqa: E402
from ant_core.training.network import losses  # noqa: E402
from ant_core.training.network.batches import batches, collate  # noqa: E402
from ant_core.training.network.config import TrainConfig  # noqa: E402
from ant_core.training.network.data import SampleOptions, sample_pair  # noqa: E402
from ant_core.training.network.export import TOLERANCE, compare, write_model  # noqa: E402
from ant_core.training.network.hinted import hinted_recursive  # noqa: E402
from ant_core.training.network.hints import KNOWN, color_codes, random_hints  # noqa: E402
from ant_core.training.network.layers import distance_field  # noqa: E402
from ant_core.training.network.model import CONFIGS, build  # noqa: E402
from ant_core.training.network.run import load_model  # noqa: E402
from ant_core.training.network.step import match_batch, step_loss  # noqa: E402
from ant_core.training.network.switches import Switches  # noqa: E402
from ant_core.training.network.train import network_matcher  # noqa: E402

FEWER = ("graph", "context_crop", "pair_geometry", "counterpart", "flow")
MANIFEST = {"name": "ant_relative", "no_counterpart_threshold": 0.5, "confidence": [[0, 0], [1, 1]]}


def frame(number, count, seed):
    rng = np.random.default_rng(seed)
    label = rng.permutation(count)
    return Frame(
        number,
        rng.integers(0, 256, (count, 4, 32, 32), dtype=np.uint8),
        rng.normal(size=(count, len(SHAPE_FEATURES))).astype(np.float32),
        rng.random((count, 4)).astype(np.float32),
        np.array([[i, i + 1] for i in range(count - 1)], np.int32),
        np.ones(count - 1, np.float32),
        label,
        label // 2,
        np.full(count, -1),
        position=np.zeros((count, 2), np.float32),
        seen=rng.integers(0, 2, (count, 2)).astype(np.int8),
    )


@pytest.fixture
def clip():
    return Clip("made_0", [frame(number, 7 + number % 3, number) for number in range(1, 7)])


def batch_of(clip, *, companion=False):
    options = SampleOptions(window_share=0.0)
    batch = next(batches([clip], 200, np.random.default_rng(0), options, companion=companion))
    batch["flow"] = torch.rand(batch["flow"].shape, generator=torch.Generator().manual_seed(0))
    return batch


def network(**switches):
    torch.manual_seed(0)
    small = dataclasses.replace(CONFIGS["ant_relative"], features=32, layers=4)
    return build(Switches(**switches).applied(small))


# Triplet loss on attention


def test_triplet_loss_by_hand():
    scores = torch.tensor([[[3.0, 1.0], [20.0, 2.0], [5.0, 5.0]]])
    agreement = torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]])
    got = losses.triplet_loss(scores, agreement, torch.ones(1, 2))
    # 1 - 3 + 12; 2 - 20 + 12 < 0; no right reference
    assert got.tolist() == [[10.0, 0.0, 0.0]]


def test_triplet_loss_never_draws_padding():
    scores = torch.tensor([[[3.0, 1.0, 99.0]]])
    agreement = torch.tensor([[[1.0, 0.0, 0.0]]])
    for _ in range(20):
        got = losses.triplet_loss(scores, agreement, torch.tensor([[1.0, 1.0, 0.0]]))
        assert got.item() == 10.0
    assert losses.triplet_loss(scores, agreement, torch.tensor([[1.0, 0.0, 0.0]])).item() == 0


def test_attention_says_what_it_takes_the_softmax_of():
    model = network()
    attention = model.blocks[1].attention
    x, source, bias = torch.randn(1, 3, 32), torch.randn(1, 5, 32), torch.randn(1, 4, 3, 5)
    weights = attention.scores(x, source, bias).softmax(-1)
    values = attention.key_value(source)[..., 32:].reshape(1, 5, 4, 8).transpose(1, 2)
    mixed = attention.out((weights @ values).transpose(1, 2).reshape(1, 3, 32))
    torch.testing.assert_close(attention(x, source, bias), mixed)


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_the_triplet_loss_asks_the_targets_attention_of_every_cross_layer(name, clip):
    torch.manual_seed(0)
    model = build(dataclasses.replace(CONFIGS[name], features=32, layers=4, dropout=0.0))
    batch = batch_of(clip)
    plain = step_loss(model, batch)
    seen = []

    def kept(scores, agreement, mask):
        seen.append((scores.shape, agreement.shape))
        return torch.ones(scores.shape[:2]) * batch["target_mask"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ant_core.training.network.step.triplet_loss", kept)
        weighted = step_loss(model, batch, Switches(triplet_weight=0.5))
    assert len(seen) == 2
    assert all(scores == agreement for scores, agreement in seen)
    assert (weighted - plain).item() == pytest.approx(0.5, abs=1e-4)
    assert not any(block.attention._forward_pre_hooks for block in model.blocks)


# Consistency


def test_consistency_by_hand():
    even, uneven = torch.zeros(1, 1, 2), torch.log(torch.tensor([[[0.75, 0.25]]]))
    same = torch.ones(1, 1, 1)
    assert losses.consistency_loss(even, even, same).item() == 0
    expected = 0.25 * math.log(3)  # 1/4 (log 3/2 - log 1/2), both sides of the divergence
    assert losses.consistency_loss(even, uneven, same).item() == pytest.approx(expected, abs=1e-5)
    assert losses.consistency_loss(even, uneven, torch.zeros(1, 1, 1)).item() == 0


def test_consistency_compares_with_the_mean_of_several_counterparts():
    mine = torch.zeros(1, 1, 2)
    theirs = torch.log(torch.tensor([[[0.9, 0.1], [0.1, 0.9]]]))
    got = losses.consistency_loss(mine, theirs, torch.ones(1, 1, 2))
    assert got.item() == pytest.approx(0, abs=1e-6)


def test_a_companion_stands_beside_the_target_and_changes_nothing_else(clip):
    options = SampleOptions()
    steps = set()
    for seed in range(20):
        alone = sample_pair(clip, np.random.default_rng(seed), options)
        sample = sample_pair(clip, np.random.default_rng(seed), options, companion=True)
        assert alone.companion is None
        np.testing.assert_array_equal(sample.target.box, alone.target.box)
        for one, other in zip(sample.references, alone.references, strict=True):
            np.testing.assert_array_equal(one.box, other.box)
        steps.add(sample.companion.number - sample.target.number)
        batch = collate([sample])
        assert batch["companion_step"].tolist() == [sample.companion.number - sample.target.number]
        assert batch["companion_label"].shape[1] == sample.companion.count
    assert steps == {-1, 1}


def test_consistency_is_none_for_a_companion_that_is_the_target(clip):
    batch = batch_of(clip)
    twins = {k.replace("target", "companion"): v for k, v in batch.items() if "target" in k}
    batch = {**batch, **twins, "companion_step": torch.zeros(len(batch["target_mask"]))}
    model = network()
    with torch.no_grad():
        plain = step_loss(model, batch)
        weighted = step_loss(model, batch, Switches(consistency_weight=10.0))
    assert weighted.item() == pytest.approx(plain.item(), abs=1e-4)


# Distance field


def test_distance_from_one_pixel():
    line = torch.zeros(1, 1, 1, 12)
    line[..., 0] = 1
    got = distance_field(line)[0, 0, 0] * 8
    assert got.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8]


def test_distance_counts_diagonal_steps_as_one_and_grey_as_a_mean():
    line = torch.zeros(1, 1, 5, 5)
    line[0, 0, 0, 0] = 1
    assert distance_field(line)[0, 0, 4, 4] * 8 == 4
    line[0, 0, 0, 0] = 0.25  # seen by a quarter of the thresholds; 8 pixels for the others
    assert distance_field(line)[0, 0, 4, 4] * 8 == 0.25 * 4 + 0.75 * 8


# Hints


def test_equal_colours_have_equal_codes_on_both_sides_and_unknown_ones_none():
    references = torch.tensor([[3, 0, 3, -1], [0, 1, 2, 3]])
    targets = torch.tensor([[0, -1], [-1, 3]])
    a, b = color_codes(references, targets)
    assert torch.equal(a[0, 0], a[0, 2])
    assert torch.equal(a[0, 1], b[0, 0])
    assert torch.equal(a[1, 3], b[1, 1])
    assert not torch.equal(a[0, 1], a[1, 0]), "codes are new for every sample"
    assert a[0, 3].abs().sum() == 0
    assert a[..., KNOWN].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert b[..., KNOWN].tolist() == [[1, 0], [0, 1]]


def test_some_samples_know_no_colour_and_none_more_than_a_fifth_of_the_target():
    torch.manual_seed(0)
    reference, target = random_hints(torch.ones(400, 30).long(), torch.ones(400, 500).long())
    blind = (reference < 0).all(dim=1)
    assert torch.equal(blind, (reference < 0).any(dim=1))
    assert 0.1 < blind.float().mean() < 0.3
    hinted = (target > 0).float().mean(dim=1)
    assert hinted[blind].sum() == 0
    assert 0.15 < hinted.max() < 0.25
    assert 0.05 < hinted[~blind].mean() < 0.15


def test_colours_reach_a_network_that_takes_them_and_no_other(clip):
    batch = batch_of(clip)
    known = batch["reference_color"], batch["target_color"]
    with torch.no_grad():
        for hints in (False, True):
            model = network(hints=hints)
            blind, *_ = match_batch(model, batch)
            seeing, *_ = match_batch(model, batch, known)
            assert torch.equal(blind, seeing) != hints


@pytest.mark.parametrize("count", [1, 5])
def test_without_hints_hinted_propagation_is_the_protocol(clip, count):
    frames = clip.frames[: count + 1]
    model = network().eval()
    got, wanted = hinted_recursive(model, frames, 0.0, 0), recursive(frames, network_matcher(model))
    assert (got.right, got.segments) == (wanted.right, wanted.segments)
    for one, other in zip(got.predicted, wanted.predicted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_hints_are_final_and_not_scored(clip):
    model = network(hints=True).eval()
    score = hinted_recursive(model, clip.frames, 1.0, 0)
    assert (score.right, score.segments) == (0, 0)
    for predicted, true in zip(score.predicted, clip.frames[1:], strict=True):
        np.testing.assert_array_equal(predicted, true.color)
    some = hinted_recursive(model, clip.frames, 0.5, 0)
    assert 0 < some.segments < sum(frame.count for frame in clip.frames[1:])


def test_a_network_that_takes_colours_is_not_exported(tmp_path):
    with pytest.raises(UsageError, match="hints = false"):
        write_model(network(hints=True), tmp_path / "m.antmodel", MANIFEST)
    assert not list(tmp_path.iterdir())


# Networks with less, and with more


@pytest.mark.parametrize("name", FEWER)
def test_a_part_that_is_off_leaves_no_weights(name):
    def count(model):
        return sum(weights.numel() for weights in model.parameters())

    assert count(network(**{name: False})) < count(network())


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("graph", "target_adjacency"),
        ("agreement", "target_adjacency"),
        ("context_crop", "crops"),
        ("pair_geometry", "target_geometry"),
    ],
)
def test_a_part_that_is_off_does_not_read_its_input(name, reads, clip):
    batch = batch_of(clip)
    other = dict(batch)
    changed = batch[reads].clone()
    (changed[:, 2:] if name == "context_crop" else changed)[:] = 0.5
    other[reads] = changed
    with torch.no_grad():
        for on in (True, False):
            # Two parts read the adjacency: the other one is off.
            model = network(**{"graph": False, "agreement": False, name: on})
            same = torch.equal(match_batch(model, batch)[0], match_batch(model, other)[0])
            assert same != on


@torch.inference_mode()
def test_without_the_head_every_segment_has_a_counterpart(clip):
    _, counterpart, _ = match_batch(network(counterpart=False), batch_of(clip))
    assert counterpart.sigmoid().min() > 0.999


@pytest.mark.parametrize("changes", [*({name: False} for name in FEWER), {"distance_field": True}])
def test_switched_networks_are_exported_and_compute_the_same(changes, tmp_path):
    model = network(**changes).eval()
    write_model(model, tmp_path / "m.antmodel", MANIFEST)
    assert compare(model, tmp_path / "m.antmodel") <= TOLERANCE["float32"]


@pytest.mark.parametrize(
    "changes",
    [
        *({name: False} for name in FEWER),
        {"distance_field": True},
        {"hints": True},
        {"triplet_weight": 0.1},
        {"consistency_weight": 0.5},
        {"hints": True, "consistency_weight": 0.5, "triplet_weight": 0.1},
    ],
    ids="+".join,
)
def test_a_step_changes_every_weight(changes, clip):
    switches = Switches(**changes)
    model = network(**changes)
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    batch = batch_of(clip, companion=switches.consistency_weight > 0)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.0)
    for _ in range(2):  # a unit that no segment of the first batch wakes may in the second
        step_loss(model, batch, switches).backward()
        optimizer.step()
        optimizer.zero_grad()
    for name, weights in model.named_parameters():
        # Attention ignores what is added to all its scores alike.
        if not name.endswith(("key_value.bias", "pair_out.bias", "flow_bias.out.bias")):
            assert not torch.equal(weights, before[name]), name


def test_networks_of_before_the_switches_are_read_as_ours(tmp_path):
    model = network()
    config = dataclasses.asdict(model.config)
    for name in ("context_crop", "pair_geometry", "counterpart", "distance_field", "hints"):
        del config[name]
    state = {"model_config": config, "average": model.state_dict()}
    torch.save(state, tmp_path / "old.pt")
    assert load_model(tmp_path / "old.pt").config == model.config


def test_switches_are_in_the_configuration_and_refused_where_they_mean_nothing():
    config = TrainConfig(switches=Switches(graph=False, distance_field=True))
    assert (config.model.graph_layers, config.model.distance_field) == (0, True)
    assert TrainConfig().model == CONFIGS["ant_relative"]
    assert TrainConfig(network="ant_paper").model == CONFIGS["ant_paper"]
    with pytest.raises(UsageError, match="hints is a switch of ant_relative"):
        TrainConfig(network="ant_paper", switches=Switches(hints=True))


def test_one_reference_at_most_means_one(clip):
    for seed in range(20):
        for most in (1, 3, 5):
            options = SampleOptions(references_max=most)
            sample = sample_pair(clip, np.random.default_rng(seed), options)
            assert 1 <= len(sample.references) <= most
    five = [
        len(sample_pair(clip, np.random.default_rng(s), SampleOptions(references_max=5)).references)
        for s in range(60)
    ]
    assert max(five) == 5
