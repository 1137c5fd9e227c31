"""Networks tuned on a shot's painted frames, what attention looks at, and plain ways by flow."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ant_core.errors import UsageError
from ant_core.training.pixels.attention import PaintedView, agreement, attend, drawn
from ant_core.training.pixels.config import EXAMPLES
from ant_core.training.pixels.measure import encoder, measure
from ant_core.training.pixels.plain import PLAIN
from ant_core.training.pixels.scft import Scft
from ant_core.training.pixels.systems import SYSTEMS, painter
from ant_core.training.pixels.tune import tuned, tuned_painter

GIVEN = (0, 1, 3)


def few():
    torch.manual_seed(0)
    config = replace(
        EXAMPLES["few_references"], width=0.125, batch=2, threads=1, rate=2e-3, workers=0
    )
    return config, SYSTEMS["few_references"].network(config)


def test_tuning_brings_the_frame_that_was_not_given_nearer(clip):
    config, network = few()
    before = {name: one.clone() for name, one in network.state_dict().items()}
    scores = [
        measure(paint, [clip], 3)["psnr"]
        for paint in (painter(config, network), tuned_painter(config, network, 15))
    ]
    assert scores[1] > scores[0] + 2
    after = network.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before), "the network stays"


def test_tuning_never_sees_what_is_not_painted(clip):
    config, network = few()
    spoiled = replace(clip, color=clip.color.copy())
    spoiled.color[0, 2] = 0
    changed = replace(clip, color=clip.color.copy())
    changed.color[0, 0] = 0
    # Biases ahead of a norm have no gradient but rounding; those of the last layer have.
    own, same, other = (
        tuned(config, network, one, 0, GIVEN, 2).state_dict()["paint.bias"]
        for one in (clip, spoiled, changed)
    )
    assert torch.allclose(own, same, atol=1e-5)
    assert not torch.allclose(own, other, atol=1e-5)


def test_what_cannot_be_tuned_is_refused(clip):
    config, network = few()
    with pytest.raises(UsageError, match="paint more"):
        tuned(config, network, clip, 0, (0,), 1)
    spatial = replace(EXAMPLES["spatial_attention"], width=0.125)
    with pytest.raises(UsageError, match="cannot be tuned"):
        tuned(spatial, SYSTEMS["spatial_attention"].network(spatial), clip, 0, GIVEN, 1)


def test_attention_is_drawn_and_compared_with_the_true_parts(clip):
    torch.manual_seed(0)
    view = attend(Scft(0.125), clip, 0, 2, 0)
    assert view.weight.shape == (64, 64)
    assert np.allclose(view.weight.sum(1), 1, atol=1e-4)
    assert view.picture.shape == (64, 64, 3)
    straight = PaintedView(np.eye(64, dtype=np.float32), view.picture)
    assert agreement(straight, clip.ids[0], clip.ids[0]) == 1
    astray = PaintedView(np.roll(np.eye(64, dtype=np.float32), 36, 1), view.picture)
    assert agreement(astray, clip.ids[0], clip.ids[0]) < 0.5
    assert agreement(straight, clip.ids[0] * 0, clip.ids[0]) is None
    sheet = drawn(straight, clip, 0, 0, 0)
    assert sheet.shape == (64, 192, 3)
    query = np.argwhere((sheet[:, :64] == (220, 30, 30)).all(-1))
    found = np.argwhere((sheet[:, 64:128] == (30, 160, 30)).all(-1))
    assert np.array_equal(query, found), "it looks at its own place"
    assert clip.ids[0][tuple(query.mean(0).astype(int))] > 0


def test_pixels_moved_by_flow_follow_the_drawing(clip):
    scores = {name: measure(paint, [clip])["psnr_inside"] for name, paint in PLAIN.items()}
    copied, _, parts, flow, surfaces = scores.values()
    assert flow > copied + 2
    assert surfaces > parts + 1, "the gradient is kept"


def test_the_frechet_distance_is_that_of_the_named_encoder(clip):
    torch.manual_seed(0)
    encode = encoder(Scft(0.125))
    assert encode(clip.color[0]).shape == (len(clip.line), 32)
    copied = PLAIN["the reference, copied"]
    truth = measure(lambda clip, kind, _: clip.color[kind], [clip], 1, encode)
    assert truth["frechet"] == pytest.approx(0, abs=1e-6)
    assert measure(copied, [clip], 1, encode)["frechet"] > truth["frechet"]
    assert "frechet" not in measure(copied, [clip])
