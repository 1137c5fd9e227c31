"""The networks for few references and for dots of colour, against their papers' equations."""

import numpy as np
import pytest
import torch

from ant_core.training.pixels.augment import (
    distance_field,
    hint_planes,
    network_color,
    sampled_hints,
)
from ant_core.training.pixels.blocks import Judges, PairDiscriminator, PatchDiscriminator
from ant_core.training.pixels.config import EXAMPLES
from ant_core.training.pixels.few import FewReferences, Similarity
from ant_core.training.pixels.losses import feature_matching
from ant_core.training.pixels.spatial import SpatialAttention
from ant_core.training.pixels.train import batches


def test_the_similarity_layer_is_that_of_the_equations():
    torch.manual_seed(0)
    layer = Similarity(16).eval()
    target, references = torch.randn(2, 16, 3, 5), torch.randn(2, 3, 16, 3, 5)
    colors = torch.randn(2, 3, 16, 3, 5)
    with torch.inference_mode():
        made = layer(target, references, colors)
        for item in range(2):
            query = layer.target(target[item : item + 1])[0].flatten(1)
            key, value = (
                torch.cat([small(one[None])[0].flatten(1) for one in ones[item]], 1)
                for small, ones in ((layer.reference, references), (layer.color, colors))
            )
            weights = (query.T @ key).softmax(1)
            assert torch.allclose(weights.sum(1), torch.ones(15))
            matched = layer.matched((value @ weights.T).reshape(1, 2, 3, 5))[0]
            total = torch.zeros(16, 3, 5)
            for reference, color in zip(references[item], colors[item], strict=True):
                both = torch.cat([reference, target[item]])[None]
                taken, trust = layer.take(both).sigmoid()[0], layer.trust(both).sigmoid()[0]
                total += (1 - trust) * matched + color * taken * trust
            assert torch.allclose(made[item], total / 3, atol=1e-5)


def test_few_references_take_any_number_and_no_order():
    torch.manual_seed(0)
    network = FewReferences(0.125).eval()
    target = torch.rand(1, 2, 64, 64)
    references, colors = torch.rand(1, 3, 2, 64, 64), torch.rand(1, 3, 3, 64, 64)
    with torch.inference_mode():
        made = network(target, references, colors)
        other = network(target, references[:, [2, 0, 1]], colors[:, [2, 0, 1]])
        one = network(target, references[:, :1], colors[:, :1])
    assert made.picture.shape == made.similar.shape == made.middle.shape == (1, 3, 64, 64)
    assert torch.allclose(made.picture, other.picture, atol=1e-4)
    assert not torch.allclose(made.picture, one.picture, atol=1e-2)


def test_what_an_ablation_leaves_out_is_not_looked_at():
    torch.manual_seed(0)
    target, references = torch.rand(1, 2, 64, 64), torch.rand(1, 2, 2, 64, 64)
    colors = torch.rand(1, 2, 3, 64, 64)
    changed = target.clone()
    changed[:, 1] = 0
    for options, same in (({}, False), ({"distance": False}, True), ({"similarity": False}, True)):
        network = FewReferences(0.125, **options).eval()
        with torch.inference_mode():
            one, two = (network(each, references, colors).picture for each in (target, changed))
        assert torch.allclose(one, two, atol=1e-6) == same, options


def test_only_encoders_decoder_and_discriminator_have_spectral_norm():
    def normed(network):
        return {
            name.split(".")[0]
            for name, module in network.named_modules()
            if hasattr(module, "parametrizations")
        }

    network = FewReferences(0.125)
    assert normed(network) - {""} == {"line", "color", "distance", "decoder", "paint"}
    judge = PairDiscriminator(8)
    layers = [hasattr(layer[0], "parametrizations") for layer in judge.layers[:-1]]
    assert layers == [True] * 4
    assert not hasattr(judge.layers[-1], "parametrizations")


def test_the_distance_field_grows_from_ink():
    line = np.full((40, 40), 255, np.uint8)
    line[:, 10] = 0
    field = distance_field(line)[0]
    assert field[5, 10] == -1
    assert field[5, 15] == pytest.approx(2 * 5 / 10 - 1)
    assert field[5, 30] == 1


def test_hints_are_drawn_as_the_paper_says():
    rng = np.random.default_rng(0)
    counts = [len(sampled_hints((512, 512), rng)) for _ in range(2000)]
    assert np.mean(counts) == pytest.approx(8, rel=0.1), "1 / 0.125"
    places = sampled_hints((512, 512), rng, 4000)
    assert set(np.unique(places[:, 2])) == set(range(1, 9))
    centers = places[:, :2] + places[:, 2:] / 2
    assert centers.mean(0) == pytest.approx([256, 256], abs=8)
    assert (places[:, :2] >= 0).all()
    assert (places[:, :2] + places[:, 2:] <= 512).all()


def test_a_hint_is_the_mean_colour_of_its_patch():
    picture = np.zeros((8, 8, 3), np.uint8)
    picture[2:4, 2:4] = [[[100, 0, 0], [200, 0, 0]], [[100, 0, 0], [200, 0, 0]]]
    planes = hint_planes(picture, np.array([[2, 2, 2]]))
    assert planes[3].sum() == 4
    assert planes[:3, 2, 3] == pytest.approx(network_color(np.uint8([[[150, 0, 0]]]))[:, 0, 0])
    assert (planes[:, 0] == 0).all()


def test_without_the_module_the_blocks_do_not_see_the_hints():
    torch.manual_seed(0)
    hints = torch.rand(1, 4, 64, 64)
    for attention in (True, False):
        network = SpatialAttention(0.125, attention=attention).eval()
        seen = []
        network.hints.register_forward_hook(lambda *call, seen=seen: seen.append(call[2]))
        with torch.inference_mode():
            picture = network(torch.rand(1, 1, 64, 64), hints)
            features = torch.randn_like(seen[0])
            one = network.blocks[0](features, seen[0])
            two = network.blocks[0](features, seen[0] * 0)
        assert picture.shape == (1, 3, 64, 64)
        assert torch.allclose(one, two) != attention


def test_three_judges_look_at_three_sizes_and_their_features_are_matched():
    torch.manual_seed(0)
    judges = Judges([PatchDiscriminator(8) for _ in range(3)])
    line, picture = torch.rand(1, 1, 128, 128), torch.rand(1, 3, 128, 128)
    judges.requires_grad_(requires_grad=False)
    found = judges(line, picture)
    assert [scale[0].shape[-1] for scale in found] == [64, 32, 16]
    other = judges(line, picture * 0.5)
    pairs = zip(found[0][:-1], other[0][:-1], strict=True)
    expected = sum(float((one - two).abs().mean()) for one, two in pairs)
    assert float(feature_matching(found[0], other[0])) == pytest.approx(expected, rel=1e-4)
    assert float(feature_matching(found[0], found[0])) == 0


def test_samples_of_few_references_never_hold_the_target(clip):
    config = EXAMPLES["few_references"]
    batch = next(batches(config, [clip], np.random.default_rng(0)))
    assert batch["references"].shape == (4, 2, 2, 64, 64)
    assert batch["colors"].shape == (4, 2, 3, 64, 64)
    same = (batch["references"] == batch["target"][:, None]).flatten(2).all(2)
    assert not same.any()
    corner = batch["truth"][:, :, 0, 0]
    assert torch.equal(batch["colors"][:, 0, :, 0, 0], corner), "paper is moved alike"


def test_samples_of_dots_show_the_truth_where_they_are(clip):
    batch = next(batches(EXAMPLES["spatial_attention"], [clip], np.random.default_rng(0)))
    mask = batch["hints"][:, 3:] > 0
    assert mask.flatten(1).any(1).all()
    difference = (batch["hints"][:, :3] - batch["truth"]).abs()
    assert float(difference[mask.expand(-1, 3, -1, -1)].mean()) < 0.15
