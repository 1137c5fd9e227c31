"""The network that makes colours steady over time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ant_core.errors import InputError
from ant_core.training.pixels.config import EXAMPLES
from ant_core.training.pixels.few import FewReferences
from ant_core.training.pixels.systems import painter
from ant_core.training.pixels.temporal import Shifted, Temporal, TemporalDiscriminator
from ant_core.training.pixels.train import PixelRun, batches, load_network, train

FEW = replace(EXAMPLES["few_references"], width=0.125, batch=1, pairs=2, threads=1)
STEADY = replace(EXAMPLES["temporal"], width=0.125, pairs=2, threads=1, frames=4)


@pytest.fixture(scope="module")
def color(tmp_path_factory):
    """A network for few references that was never trained."""
    torch.manual_seed(0)
    run = PixelRun(FEW, tmp_path_factory.mktemp("few"))
    run.save("best.pt")
    return str(run.folder / "best.pt")


def test_the_shift_begins_as_frame_before_frame_after_and_this_frame():
    layer = Shifted(4, 4)
    frames = torch.arange(3.0).reshape(1, 3, 1, 1, 1).expand(1, 3, 4, 2, 2)
    lines = frames.permute(0, 3, 4, 2, 1).reshape(-1, 4, 3)
    moved = layer.shift(lines)[0]
    assert torch.equal(moved, torch.tensor([[0.0, 0, 1], [1, 2, 0], [0, 1, 2], [0, 1, 2]]))
    assert Shifted(4, 6, 2)(torch.rand(2, 5, 4, 8, 8)).shape == (2, 5, 6, 4, 4)


def test_known_frames_are_given_and_others_are_painted_alone_first():
    torch.manual_seed(0)
    network = Temporal(FewReferences(0.125), 0.125).eval()
    planes, colors = torch.rand(1, 4, 2, 64, 64), torch.rand(1, 4, 3, 64, 64)
    known = torch.tensor([True, False, False, True])
    hidden = colors * known[:, None, None, None]
    with torch.inference_mode():
        alone = network.colored(planes, known, colors)
        steady = network(planes, known, colors)
        assert torch.equal(steady, network(planes, known, hidden)), "what is not known is not seen"
        expected = network.color(planes[:, 2], planes[:, known], colors[:, known]).picture
    assert torch.equal(alone[:, known], colors[:, known])
    assert torch.allclose(alone[:, 2], expected, atol=1e-5)
    assert steady.shape == (1, 4, 3, 64, 64)


def test_every_frame_is_seen_by_its_neighbours_through_time():
    torch.manual_seed(0)
    judge = TemporalDiscriminator(8)
    line = torch.rand(1, 4, 1, 64, 64)
    pictures = torch.rand(1, 4, 3, 64, 64, requires_grad=True)
    logits = judge(line, pictures)[-1]
    assert logits.shape == (4, 1, 4, 4)
    logits[0].sum().backward()
    assert (pictures.grad[0].abs().sum((1, 2, 3)) > 0).all(), "four layers reach four frames"


def test_only_the_steady_part_is_trained_and_the_rest_comes_from_its_checkpoint(
    color, clip, clips, tmp_path
):
    config = replace(STEADY, color=color)
    run = PixelRun(config, tmp_path / "one")
    before = {name: one.clone() for name, one in run.network.state_dict().items()}
    given = load_network(color)[1].state_dict()
    assert all(torch.equal(before[f"color.{name}"], one) for name, one in given.items())
    terms = run.step(next(batches(config, [clip], np.random.default_rng(0))))
    assert set(terms) == {"reconstruction", "discriminator", "adversarial"}
    after = run.network.state_dict()
    weights = [name for name in before if name.startswith("color.") and "_u" not in name]
    assert all(torch.equal(before[name], after[name]) for name in weights)
    assert not torch.equal(before["paint.weight"], after["paint.weight"])
    train(config, clips, tmp_path / "two")
    loaded, network = load_network(tmp_path / "two" / "best.pt")
    pictures = painter(loaded, network)(clip, 0, (0, 3))
    assert pictures.shape == clip.color[0].shape


def test_a_run_over_time_needs_the_trained_network(color, tmp_path):
    with pytest.raises(InputError, match=r"best\.pt"):
        PixelRun(replace(STEADY, color=str(tmp_path / "none.pt")), tmp_path / "one")
    with pytest.raises(InputError, match="same width"):
        PixelRun(replace(STEADY, color=color, width=0.25), tmp_path / "two")
