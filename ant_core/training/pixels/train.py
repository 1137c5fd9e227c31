"""Training of a network that paints pixels: time-boxed, safe to stop, on stored pictures.

A run folder holds `last.pt` (everything needed to go on), `best.pt` (the weights that painted
validation best) and `log.jsonl` (one line a report).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ant_core.errors import Cancelled, InputError
from ant_core.training.network.beside import Batch, made_beside
from ant_core.training.network.machine import Machine
from ant_core.training.network.run import save_checkpoint
from ant_core.training.pixels.config import PixelConfig
from ant_core.training.pixels.losses import (
    Vgg19,
    adversarial,
    feature_matching,
    perceptual_and_style,
)
from ant_core.training.pixels.measure import painted_psnr
from ant_core.training.pixels.pictures import PictureClip, clip_paths, load_pictures
from ant_core.training.pixels.systems import SYSTEMS, Terms, painter

__all__ = ["PixelRun", "batches", "load_network", "train"]

_REPORT = 50  # steps a line of the log


def load_network(path: Path) -> tuple[PixelConfig, nn.Module]:
    """Read the network of a checkpoint, ready to paint, and how it was trained.

    Raises
    ------
    InputError
        When the file is none.
    """
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
        config = PixelConfig(**stored["config"])
        network = SYSTEMS[config.network].network(config)
        network.load_state_dict(stored["network"])
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, EOFError) as error:
        raise InputError(
            f"{path} is no checkpoint of this version of scripts/pixels.py train "
            f"({type(error).__name__}): name best.pt of a run"
        ) from error
    return config, network.eval()


def batches(
    config: PixelConfig, clips: Sequence[PictureClip], rng: np.random.Generator
) -> Iterator[Batch]:
    """Yield batches without end; see `System.sample`."""
    sample = SYSTEMS[config.network].sample
    while True:
        drawn = [
            sample(config, clips[int(rng.integers(len(clips)))], rng) for _ in range(config.batch)
        ]
        yield {name: torch.from_numpy(np.stack([one[name] for one in drawn])) for name in drawn[0]}


class PixelRun:
    """Networks, optimizers and progress of one run, in memory and in its folder.

    Parameters
    ----------
    folder : Path or None
        Made if need be; a run that is there goes on. None: it is not to be saved or logged.

    Raises
    ------
    InputError
        When the folder holds a run of another network, or `color` names no trained one.
    """

    def __init__(self, config: PixelConfig, folder: Path | None) -> None:
        self.config, self.folder = config, folder
        self.machine = Machine(
            config.device, full_precision=config.full_precision, threads=config.threads
        )
        device = self.machine.device
        torch.manual_seed(config.seed)
        self.system = SYSTEMS[config.network]
        self.network = self.system.network(config).to(device)
        self.judges = self.system.judges(config).to(device)
        self.vgg = Vgg19(Path(config.vgg)).to(device) if config.vgg else None
        self._of_network = _adam(self.network, config.rate)
        self._of_judges = _adam(self.judges, config.discriminator_rate)
        self.pairs, self.seconds, self.best = 0, 0.0, -1.0
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        if folder is not None and (folder / "last.pt").exists():
            self._resume(folder)
        elif config.network == "temporal":
            self._take_color()

    def _parts(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "judges": self.judges,
            "of_network": self._of_network,
            "of_judges": self._of_judges,
        }

    def _resume(self, folder: Path) -> None:
        stored = torch.load(folder / "last.pt", map_location="cpu", weights_only=True)
        for name in ("network", "width", "similarity", "distance", "attention"):
            if stored["config"][name] != getattr(self.config, name):
                raise InputError(
                    f"{folder} holds a run with {name} = {stored['config'][name]}: choose "
                    "another --out folder"
                )
        try:
            for name, part in self._parts().items():
                part.load_state_dict(stored[name])
        except (RuntimeError, ValueError) as error:  # layers or their parameters differ
            raise InputError(
                f"{folder} holds a run of an earlier version, whose layers were others: choose "
                "another --out folder"
            ) from error
        self.pairs, self.seconds, self.best = stored["pairs"], stored["seconds"], stored["best"]

    def _take_color(self) -> None:
        """Let the network over time begin with a trained one for few references."""
        trained, network = load_network(Path(self.config.color))
        names = ("width", "similarity", "distance")
        if trained.network != "few_references" or any(
            getattr(trained, name) != getattr(self.config, name) for name in names
        ):
            raise InputError(
                f"color names {self.config.color}, which is not best.pt of few_references with the "
                f"same {', '.join(names)}: train it first"
            )
        self.network.color.load_state_dict(network.state_dict())  # type: ignore[union-attr]

    @property
    def is_over(self) -> bool:
        """Whether the time box is used up, or all pairs have been seen."""
        by_pairs = 0 < self.config.pairs <= self.pairs
        return by_pairs or self.seconds >= self.config.minutes * 60

    def _set_rates(self) -> None:
        """Let both rates fall towards the end of the run, where they are to."""
        config = self.config
        if not config.decay:
            return
        left = 1 - self.seconds / (60 * config.minutes)
        if config.pairs:
            left = min(left, 1 - self.pairs / config.pairs)
        share = min(1.0, max(0.0, left / config.decay))
        rates = (self._of_network, config.rate), (self._of_judges, config.discriminator_rate)
        for optimizer, rate in rates:
            for group in optimizer.param_groups:
                group["lr"] = rate * share

    def step(self, batch: dict[str, Tensor]) -> Terms:
        """Train discriminator and network on a batch; return the terms of the loss by name.

        They stay where they were computed: reading each of them would make a GPU wait.
        """
        self._set_rates()
        batch = self.machine.to_device(batch)
        config, line, truth = self.config, batch["line"], batch["truth"]
        with self.machine.autocast():
            picture, terms = self.system.painted(config, self.network, batch)
        if config.reconstruction:
            terms["reconstruction"] = functional.l1_loss(picture, truth)
        said: Terms = {}
        if config.adversarial:
            said["discriminator"] = self._train_judges(line, truth, picture.detach())
            terms |= self._judged(line, truth, picture)
        if self.vgg is not None:
            frames = (one.flatten(0, -4) for one in (picture, truth))
            both = perceptual_and_style(self.vgg, *frames)
            terms["perceptual"], terms["style"] = both
        self._of_network.zero_grad(set_to_none=True)
        weighed = (getattr(config, name) * term for name, term in terms.items())
        sum(weighed, picture.sum() * 0).backward()
        self._of_network.step()
        self.pairs += len(line)
        return said | {name: term.detach() for name, term in terms.items()}

    def _judged(self, line: Tensor, truth: Tensor, picture: Tensor) -> dict[str, Tensor]:
        """What the discriminators say of a picture, as terms of the network's loss."""
        self.judges.requires_grad_(requires_grad=False)
        found = self._found(line, picture)
        terms = {"adversarial": _total(adversarial(scale[-1], real=True) for scale in found)}
        if self.config.network == "spatial_attention" and self.config.feature_matching:
            with torch.no_grad():
                true = self._found(line, truth)
            terms["feature_matching"] = _total(
                feature_matching(ours, theirs) for ours, theirs in zip(found, true, strict=True)
            )
        return terms

    def _found(self, line: Tensor, picture: Tensor) -> list[list[Tensor]]:
        """Return what the discriminators compute; see `Judges`."""
        with self.machine.autocast():
            found = self.judges(line, picture)
        return [[features.float() for features in scale] for scale in found]

    def _train_judges(self, line: Tensor, truth: Tensor, picture: Tensor) -> Tensor:
        self.judges.requires_grad_(requires_grad=True)
        real = _total(adversarial(one[-1], real=True) for one in self._found(line, truth))
        made = _total(adversarial(one[-1], real=False) for one in self._found(line, picture))
        loss = (real + made) / 2
        self._of_judges.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self._of_judges.step()
        return loss.detach()

    def save(self, name: str) -> None:
        """Write a checkpoint, best.pt to paint with, last.pt to go on from."""
        assert self.folder is not None
        state: dict[str, Any] = {
            "config": asdict(self.config),
            "pairs": self.pairs,
            "seconds": self.seconds,
            "best": self.best,
        }
        parts = self._parts() if name == "last.pt" else {"network": self.network}
        state |= {key: part.state_dict() for key, part in parts.items()}
        save_checkpoint(state, self.folder / name)

    def log(self, **values: float) -> dict[str, float]:
        """Append a line to the log and return it."""
        assert self.folder is not None
        line = {"pairs": self.pairs, "seconds": round(self.seconds, 1), **values}
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        return line


def _total(terms: Iterable[Tensor]) -> Tensor:
    return torch.stack(list(terms)).sum()


def _adam(module: nn.Module, rate: float) -> torch.optim.Adam:
    trained = (one for one in module.parameters() if one.requires_grad)
    return torch.optim.Adam(trained, rate, betas=(0.5, 0.999), fused=_on_gpu(module) or None)


def _on_gpu(module: nn.Module) -> bool:
    return next(module.parameters()).is_cuda


def train(
    config: PixelConfig,
    clips: Path,
    folder: Path,
    *,
    notify: Callable[[dict[str, float]], None] = lambda _: None,
    cancel: threading.Event | None = None,
) -> float:
    """Train until the time box is used up; return the best validation PSNR in dB.

    Parameters
    ----------
    clips
        Holds `train/*.npz` and `validation/*.npz`.
    folder
        The run's own; a run that is there goes on.
    notify
        Told of every line of the log.
    cancel
        Ends the run between two steps, with everything saved.

    Raises
    ------
    InputError
        When there are no clips, or their sizes differ.
    Cancelled
    """
    paths = clip_paths(clips / "validation")[: config.validate_clips]
    validation = [load_pictures(path) for path in paths]
    pool = [load_pictures(path) for path in clip_paths(clips / "train")]
    run = PixelRun(config, folder)
    _check_sizes(pool, run.system.reduction)
    rng = np.random.default_rng([config.seed, run.pairs])
    pin = _on_gpu(run.network)
    source = made_beside(partial(batches, config, pool), rng, config.workers, pin=pin)
    cancel = cancel or threading.Event()
    while not run.is_over:
        _train_until_validation(run, source, notify, cancel)
        if cancel.is_set():
            run.save("last.pt")
            raise Cancelled(f"stopped after {run.pairs} pairs: the same command goes on from there")
        score = painted_psnr(painter(config, run.network), validation, config.references)
        notify(run.log(validation=score))
        if score > run.best:
            run.best = score
            run.save("best.pt")
        run.save("last.pt")
    return run.best


def _check_sizes(clips: Sequence[PictureClip], reduction: int) -> None:
    sizes = {clip.line.shape[-1] for clip in clips}
    if len(sizes) > 1 or min(sizes) % reduction:
        raise InputError(
            f"clips of {sorted(sizes)} pixels: make them anew with one --size, a multiple of "
            f"{reduction}"
        )


def _train_until_validation(
    run: PixelRun,
    source: Iterator[Batch],
    notify: Callable[[dict[str, float]], None],
    cancel: threading.Event,
) -> None:
    until = run.seconds + run.config.validate_minutes * 60
    last = time.perf_counter()
    terms: list[Terms] = []
    run.network.train()
    while run.seconds < until and not run.is_over and not cancel.is_set():
        terms.append(run.step(next(source)))
        now = time.perf_counter()
        run.seconds += now - last
        last = now
        if len(terms) == _REPORT:
            means = {name: torch.stack([t[name] for t in terms]).mean() for name in terms[0]}
            notify(run.log(**{name: float(mean) for name, mean in means.items()}))
            terms.clear()
