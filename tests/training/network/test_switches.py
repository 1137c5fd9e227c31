"""Every switch does what it says: by hand where it is a formula, in a training step otherwise."""

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("onnx", reason="export needs the train extra")

from ant_core.errors import InputError, UsageError  # noqa: E402
from ant_core.matching.descriptors import SHAPE_FEATURES  # noqa: E402 - torch is optional
from ant_core.training.data.clips import ClipFrame, StoredClip  # noqa: E402
from ant_core.training.network.batches import batches  # noqa: E402
from ant_core.training.network.config import TrainConfig, stored_config  # noqa: E402
from ant_core.training.network.data import SampleOptions  # noqa: E402
from ant_core.training.network.export import TOLERANCE, compare, write_model  # noqa: E402
from ant_core.training.network.machine import Machine  # noqa: E402
from ant_core.training.network.model import CONFIGS, build, stored_model_config  # noqa: E402
from ant_core.training.network.run import TrainingRun, load_model  # noqa: E402
from ant_core.training.network.step import match_batch, step_loss  # noqa: E402
from ant_core.training.network.switches import Switches  # noqa: E402
from tests.training.network.pairs import sample_pair  # noqa: E402

FEWER = ("graph", "context_crop", "pair_geometry", "counterpart", "flow")
MANIFEST = {"name": "ant_relative", "no_counterpart_threshold": 0.5, "confidence": [[0, 0], [1, 1]]}


def frame(number, count, seed):
    rng = np.random.default_rng(seed)
    label = rng.permutation(count)
    return ClipFrame(
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
    return StoredClip("made_0", [frame(number, 7 + number % 3, number) for number in range(1, 7)])


def batch_of(clip):
    options = SampleOptions(window_share=0.0)
    batch = next(batches([clip], 200, np.random.default_rng(0), options))
    batch["flow"] = torch.rand(batch["flow"].shape, generator=torch.Generator().manual_seed(0))
    return batch


def network(**switches):
    torch.manual_seed(0)
    small = dataclasses.replace(CONFIGS["ant_relative"], features=32, layers=4)
    return build(Switches(**switches).applied(small))


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


@pytest.mark.parametrize("changes", [{name: False} for name in FEWER])
def test_switched_networks_are_exported_and_compute_the_same(changes, tmp_path):
    model = network(**changes).eval()
    write_model(model, tmp_path / "m.antmodel", MANIFEST)
    assert compare(model, tmp_path / "m.antmodel") <= TOLERANCE["float32"]


@pytest.mark.parametrize("changes", [{name: False} for name in FEWER], ids="+".join)
def test_a_step_changes_every_weight(changes, clip):
    model = network(**changes)
    before = {name: weights.clone() for name, weights in model.named_parameters()}
    batch = batch_of(clip)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.0)
    for _ in range(2):  # a unit that no segment of the first batch wakes may in the second
        step_loss(model, batch).backward()
        optimizer.step()
        optimizer.zero_grad()
    for name, weights in model.named_parameters():
        # Attention ignores what is added to all its scores alike.
        if not name.endswith(("key_value.bias", "pair_out.bias", "flow_bias.out.bias")):
            assert not torch.equal(weights, before[name]), name


def test_networks_of_before_the_switches_are_read_as_ours(tmp_path):
    model = network()
    config = dataclasses.asdict(model.config)
    for name in ("context_crop", "pair_geometry", "counterpart"):
        del config[name]
    state = {"model_config": config, "average": model.state_dict()}
    torch.save(state, tmp_path / "old.pt")
    assert load_model(tmp_path / "old.pt").config == model.config


def test_files_that_name_parts_that_are_gone_are_read_unless_they_were_on(tmp_path):
    model = network()
    gone = {"distance_field": False, "hints": False}
    state = {
        "model_config": dataclasses.asdict(model.config) | gone,
        "average": model.state_dict(),
    }
    torch.save(state, tmp_path / "old.pt")
    assert load_model(tmp_path / "old.pt").config == model.config
    with pytest.raises(TypeError, match="hints"):
        stored_model_config({**state["model_config"], "hints": True})
    values = dataclasses.asdict(TrainConfig())
    values["switches"] |= gone | {"triplet_weight": 0.0, "consistency_weight": 0.0}
    assert stored_config(values) == TrainConfig()
    values["switches"]["consistency_weight"] = 0.5
    with pytest.raises(TypeError, match="consistency_weight"):
        stored_config(values)


def test_switches_are_in_the_configuration_and_refused_where_they_mean_nothing():
    config = TrainConfig(switches=Switches(graph=False, context_crop=False))
    assert (config.model.graph_layers, config.model.context_crop) == (0, False)
    assert TrainConfig().model == CONFIGS["ant_relative"]
    assert TrainConfig(network="ant_paper").model == CONFIGS["ant_paper"]
    with pytest.raises(UsageError, match="graph is a switch of ant_relative"):
        TrainConfig(network="ant_paper", switches=Switches(graph=False))


def stored_start(tmp_path, model):
    """Write a model file and return the weights of the run that an experiment starts from it."""
    with torch.no_grad():
        for value in model.parameters():
            value.add_(0.02 * torch.randn_like(value))
    write_model(model, tmp_path / "start.antmodel", MANIFEST)

    def start(**switches):
        config = TrainConfig(
            start_from=str(tmp_path / "start.antmodel"), switches=Switches(**switches)
        )
        machine = Machine("cpu", full_precision=True, threads=1)
        return TrainingRun(config, None, config.model, machine).model.eval()

    return start


def test_a_start_from_narrower_point_wise_networks_computes_the_same(clip, tmp_path):
    start = stored_start(tmp_path, build(CONFIGS["ant_relative"]))
    same, wide, batch = start(), start(pointwise=4), batch_of(clip)
    assert wide.blocks[0].pointwise[0].weight.shape == (512, 128)
    with torch.no_grad():
        for one, other in zip(match_batch(same, batch), match_batch(wide, batch), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)
    # What is new learns, but for units that no segment of the batch wakes.
    optimizer = torch.optim.AdamW(wide.parameters(), 1e-3, weight_decay=0.0)
    for _ in range(2):
        step_loss(wide, batch).backward()
        optimizer.step()
    assert (wide.blocks[0].pointwise[2].weight[:, 256:] != 0).float().mean() > 0.9


def test_a_start_from_tokens_of_another_width_is_refused(tmp_path):
    start = stored_start(tmp_path, build(CONFIGS["ant_relative"]))
    for switches in ({"features": 64}, {"features": 160}, {"pointwise": 1}):
        with pytest.raises(InputError, match="another shape"):
            start(**switches)


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
