"""The network, its losses and its pairs."""

import math

import cv2
import numpy as np
import pytest
import torch

from ant_core.errors import InputError
from ant_core.training.network.self_reference import warp_map
from ant_core.training.pixels.augment import picture_of, source_cells
from ant_core.training.pixels.blocks import PatchDiscriminator
from ant_core.training.pixels.config import PixelConfig
from ant_core.training.pixels.losses import Vgg19, adversarial, perceptual_and_style, triplet
from ant_core.training.pixels.scft import REDUCTION, Scft
from ant_core.training.pixels.train import batches


def test_shapes_and_the_equations_of_the_attention():
    torch.manual_seed(0)
    network = Scft(0.25).eval()
    line, reference = torch.rand(2, 1, 32, 48) * 2 - 1, torch.rand(2, 3, 32, 48) * 2 - 1
    kept = {}
    network.query.register_forward_hook(
        lambda _, inputs, output: kept.update(v_s=inputs[0], q=output)
    )
    network.key.register_forward_hook(
        lambda _, inputs, output: kept.update(v_r=inputs[0], k=output)
    )
    network.reduce.register_forward_pre_hook(lambda _, inputs: kept.update(c=inputs[0]))
    with torch.inference_mode():
        made = network(line, reference)
    count = 32 * 48 // REDUCTION**2
    assert made.picture.shape == (2, 3, 32, 48)
    assert made.picture.abs().max() <= 1
    assert made.similarity.shape == (2, count, count)
    depth = kept["v_s"].shape[-1]
    assert depth == sum(layer[0].out_channels for layer in network.sketch.layers)  # equation 1
    dots = torch.einsum("bid,bjd->bij", kept["q"], kept["k"]) / math.sqrt(depth)
    assert torch.allclose(made.similarity, dots, atol=1e-5)  # equation 2
    with torch.inference_mode():
        moved = torch.einsum("bij,bjd->bid", dots.softmax(-1), network.value(kept["v_r"]))
    context = kept["c"].flatten(2).transpose(1, 2)
    assert torch.allclose(context, kept["v_s"] + moved, atol=1e-4)  # equations 3 and 4


def test_the_paper_s_width_has_992_features_a_cell():
    assert Scft().query.weight.shape == (992, 992)


def test_how_light_a_reference_is_reaches_the_picture():
    torch.manual_seed(0)
    network = Scft(0.25).eval()
    line, first, second = (
        torch.rand(1, 1, 32, 32),
        torch.rand(1, 3, 32, 32),
        torch.rand(1, 3, 32, 32),
    )
    with torch.inference_mode():
        made, other, darker = (network(line, one).picture for one in (first, second, first * 0.5))
    assert (made - darker).abs().mean() > 0.05 * (made - other).abs().mean()  # with norms: 0


def test_the_discriminator_says_one_thing_of_each_patch_of_70_pixels():
    judge = PatchDiscriminator(8)
    found = judge(torch.rand(1, 1, 70, 70), torch.rand(1, 3, 70, 70))
    assert [one.shape[1] for one in found] == [8, 16, 32, 64, 1]
    assert found[-1].shape[-2:] == (6, 6)
    torch.manual_seed(0)
    alone = torch.nn.Sequential(
        *(layer for layer in judge.modules() if isinstance(layer, torch.nn.Conv2d))
    )
    picture = torch.rand(1, 4, 128, 128, requires_grad=True)
    alone(picture)[0, 0, 7, 7].backward()
    rows = torch.nonzero(picture.grad.abs().sum((0, 1, 3)))
    assert int(rows.max() - rows.min()) + 1 == 70


def test_adversarial_terms():
    logits = torch.tensor([0.0, 2.0])
    right = -torch.log(torch.sigmoid(logits)).mean()
    wrong = -torch.log(1 - torch.sigmoid(logits)).mean()
    assert torch.allclose(adversarial(logits, real=True), right)
    assert torch.allclose(adversarial(logits, real=False), wrong)


def test_the_triplet_term_is_zero_where_every_pair_keeps_the_margin():
    source = torch.tensor([[2, 0, -1, 1]])
    similarity = torch.zeros(1, 4, 4)
    assert float(triplet(similarity, source, 12.0)) == pytest.approx(12)
    for cell, query in ((0, 2), (1, 0), (3, 1)):
        similarity[0, query, cell] = 12.5
    assert float(triplet(similarity, source, 12.0)) == 0
    assert float(triplet(similarity, torch.full((1, 4), -1), 12.0)) == 0


def test_source_cells_name_what_the_bent_reference_shows():
    size, cells = 64, 8
    rng = np.random.default_rng(3)
    x, y = warp_map((size, size), 0.05, rng)
    numbers = np.repeat(np.repeat(np.arange(cells * cells).reshape(cells, cells), 8, 0), 8, 1)
    bent = cv2.remap(numbers.astype(np.float32), x, y, cv2.INTER_NEAREST, borderValue=-1)
    found = source_cells(x, y, cells).reshape(cells, cells)
    middle = bent[4::8, 4::8]
    inner = (middle >= 0) & (found >= 0)
    assert inner.mean() > 0.7
    assert (middle == found)[inner].mean() > 0.95
    far_x, far_y = np.full((size, size), -5, np.float32), np.full((size, size), 3, np.float32)
    assert (source_cells(far_x, far_y, cells) == -1).all()


def test_pairs_hold_the_same_colours_in_other_places(clip):
    batch = next(batches(PixelConfig(batch=6), [clip], np.random.default_rng(0)))
    assert {name: tuple(value.shape) for name, value in batch.items()} == {
        "line": (6, 1, 64, 64),
        "truth": (6, 3, 64, 64),
        "reference": (6, 3, 64, 64),
        "source": (6, 64),
    }
    truth, reference = picture_of(batch["truth"]), picture_of(batch["reference"])
    corners = truth[:, 0, 0].astype(int)
    assert len({tuple(corner) for corner in corners.tolist()}) > 3, "colours are moved anew"
    assert np.array_equal(reference[:, 0, 0], truth[:, 0, 0]), "paper moves as the figure does"
    assert (reference != truth).any((1, 2, 3)).all()


@pytest.fixture(scope="module")
def vgg_weights(tmp_path_factory):
    """Weights of the right names and shapes, drawn at random."""
    path = tmp_path_factory.mktemp("vgg") / "vgg19.pth"
    torch.manual_seed(0)
    state, inside = {}, 3
    numbers = (0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28)
    widths = (64, 64, 128, 128, 256, 256, 256, 256, 512, 512, 512, 512, 512)
    for number, width in zip(numbers, widths, strict=True):
        state[f"features.{number}.weight"] = torch.randn(width, inside, 3, 3) / (3 * inside**0.5)
        state[f"features.{number}.bias"] = torch.zeros(width)
        inside = width
    torch.save(state, path)
    return path


def test_perceptual_and_style_terms_with_given_weights(vgg_weights, tmp_path):
    vgg = Vgg19(vgg_weights)
    picture = torch.rand(1, 3, 32, 32) * 2 - 1
    assert [tuple(one.shape[1:]) for one in vgg(picture)] == [
        (64, 32, 32), (128, 16, 16), (256, 8, 8), (512, 4, 4), (512, 2, 2),
    ]  # fmt: skip
    assert [float(term) for term in perceptual_and_style(vgg, picture, picture)] == [0, 0]
    flipped = perceptual_and_style(vgg, picture.flip(-1), picture)
    assert all(float(term) > 0 for term in flipped)
    with pytest.raises(InputError, match="leave vgg empty"):
        Vgg19(tmp_path / "none.pth")
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match="VGG19"):
        Vgg19(tmp_path / "other.pth")
