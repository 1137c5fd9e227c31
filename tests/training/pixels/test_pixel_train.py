"""Runs: they learn, stop, go on, and are scored on other clips."""

import json
import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from ant_core.errors import Cancelled, InputError, UsageError
from ant_core.training.pixels.config import EXAMPLES, PixelConfig, example, read_config
from ant_core.training.pixels.measure import measure
from ant_core.training.pixels.pictures import load_pictures
from ant_core.training.pixels.plain import PLAIN
from ant_core.training.pixels.systems import painter
from ant_core.training.pixels.train import PixelRun, batches, load_network, train

SMALL = PixelConfig(width=0.25, batch=2, pairs=8, minutes=5.0, threads=1, rate=1e-3)
NETWORKS = [name for name in EXAMPLES if name != "temporal"]  # that need no other


def small(network):
    """Return the paper's settings at a size that a test can train."""
    return replace(EXAMPLES[network], width=0.125, batch=2, pairs=4, minutes=5.0, threads=1)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_run_writes_its_best_network_and_a_log(network, clips, tmp_path):
    lines = []
    best = train(small(network), clips, tmp_path / "run", notify=lines.append)
    assert lines[-1]["validation"] == best > 0
    logged = (tmp_path / "run" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in logged] == lines
    clip = load_pictures(next((clips / "validation").glob("*.npz")))
    config, trained = load_network(tmp_path / "run" / "best.pt")
    assert config == small(network)
    pictures = painter(config, trained)(clip, 0, (0, len(clip.line) - 1))
    assert pictures.shape == clip.color[0].shape
    assert pictures.std() > 0


@pytest.mark.slow
@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_learns_to_paint_what_it_is_given(network, clip, tmp_path):
    """One clip whose colours are new in each sample: only reference or hints can tell them."""
    config = replace(small(network), adversarial=0.0, pairs=0, batch=4, rate=2e-3, width=0.2)
    run = PixelRun(config, tmp_path)
    source = batches(config, [clip], np.random.default_rng(0))
    losses = [run.step(next(source))["reconstruction"] for _ in range(40)]
    assert np.mean(losses[-10:]) < 0.6 * np.mean(losses[:5])


def test_a_stopped_run_goes_on_from_where_it_was(clips, tmp_path):
    cancel = threading.Event()
    cancel.set()
    folder = tmp_path / "run"
    with pytest.raises(Cancelled, match="goes on from there"):
        train(SMALL, clips, folder, cancel=cancel)
    train(SMALL, clips, folder)
    assert PixelRun(SMALL, folder).pairs == 8
    more = replace(SMALL, pairs=12)
    train(more, clips, folder)
    run = PixelRun(more, folder)
    assert (run.pairs, run.is_over) == (12, True)
    with pytest.raises(InputError, match="another"):
        PixelRun(replace(SMALL, width=0.5), folder)
    stored = torch.load(folder / "last.pt", weights_only=True)
    stored["network"].popitem()
    torch.save(stored, folder / "last.pt")
    with pytest.raises(InputError, match="earlier version"):
        PixelRun(SMALL, folder)


def test_every_term_that_has_a_weight_is_in_the_log_and_others_are_not(large, tmp_path):
    judged = {"reconstruction", "discriminator", "adversarial"}
    own = {
        "scft": {"triplet"},
        "few_references": {"latent"},
        "spatial_attention": {"feature_matching"},
    }
    for network in NETWORKS:
        config = small(network)
        batch = next(batches(config, [large], np.random.default_rng(0)))
        terms = PixelRun(config, tmp_path / network).step(batch)
        assert set(terms) == judged | own[network]
        plain = replace(config, triplet=0.0, latent=0.0, adversarial=0.0)
        terms = PixelRun(plain, tmp_path / f"{network}_plain").step(batch)
        assert set(terms) == {"reconstruction"}


def test_plain_ways_and_their_scores(clip):
    scores = {name: measure(paint, [clip]) for name, paint in PLAIN.items()}
    copied, mean, parts, *_ = scores.values()
    assert parts["psnr_inside"] > max(mean["psnr_inside"], copied["psnr_inside"])
    assert copied["warp_error_truth"] == 0
    assert parts["warp_error"] < copied["warp_error"]
    truth = measure(lambda clip, kind, _: clip.color[kind], [clip], 2)
    assert (truth["psnr"], truth["sc_psnr"]) == (100, 100)
    assert truth["ssim"] == pytest.approx(1)


def test_files_that_are_none_are_named(tmp_path, clips):
    (tmp_path / "odd.npz").write_bytes(b"no clip")
    with pytest.raises(InputError, match="remove it"):
        load_pictures(tmp_path / "odd.npz")
    torch.save({"config": {"width": 1.0}}, tmp_path / "odd.pt")
    with pytest.raises(InputError, match="no checkpoint"):
        load_network(tmp_path / "odd.pt")
    with pytest.raises(InputError, match="no clips"):
        train(SMALL, tmp_path / "none", tmp_path / "run")


def test_the_examples_are_the_papers_settings_and_wrong_options_are_refused(tmp_path):
    path = tmp_path / "experiment.toml"
    for network in EXAMPLES:
        path.write_text(example(network))
        assert read_config(path) == EXAMPLES[network]
        path.write_text(f'network = "{network}"\nwidth = 0.5')
        assert read_config(path) == replace(EXAMPLES[network], width=0.5)
    path.write_text("widht = 1.0")
    with pytest.raises(UsageError, match="did you mean width"):
        read_config(path)
    path.write_text('network = "other"')
    with pytest.raises(UsageError, match="choose one of"):
        read_config(path)
    with pytest.raises(UsageError, match="expected more than 0"):
        PixelConfig(batch=0)
    with pytest.raises(UsageError, match="expected 0 or more"):
        PixelConfig(triplet=-1.0)
    with pytest.raises(UsageError, match="expected 1 or more"):
        PixelConfig(references=0)


@pytest.mark.parametrize("network", NETWORKS)
def test_an_exported_network_paints_as_the_checkpoint_does(network, tmp_path):
    from ant_core.training.pixels.export import TOLERANCE, export
    from ant_core.training.pixels.systems import SYSTEMS

    pytest.importorskip("onnx", reason="exporting needs the train extra")
    torch.manual_seed(0)
    config = small(network)
    made = SYSTEMS[network].network(config)
    assert export(config, made, tmp_path / "network.onnx", 64) <= TOLERANCE
    assert [path.name for path in tmp_path.iterdir()] == ["network.onnx"]


def test_rates_fall_in_the_last_part_of_the_time_box(clip, tmp_path):
    config = replace(small("scft"), minutes=1.0, decay=0.5)
    run = PixelRun(config, tmp_path)
    batch = next(batches(config, [clip], np.random.default_rng(0)))
    rates = []
    for run.seconds in (15, 45, 60):
        before = run.network.paint.bias.detach().clone()
        run.step(batch)
        rates.append(float((run.network.paint.bias.detach() - before).abs().max()) / config.rate)
    assert rates[0] == pytest.approx(1, rel=0.01), "Adam's first step is as long as its rate"
    assert 0.3 < rates[1] < 0.6
    assert rates[2] == 0
