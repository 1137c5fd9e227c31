"""Training on stored clips: time-boxed, resumable, with a validation curve.

    python scripts/generate.py --data DATA --out clips --split train --clips 400
    ant_core train --example > first.toml
    ant_core train first.toml --clips clips --out runs/first
    ant_core train first.toml --clips clips --out runs/first --minutes 180    # goes on from there
    torchrun --nproc-per-node 4 -m ant_core train first.toml --clips clips --out runs/first

A run folder holds `last.pt` (everything needed to go on), `best.pt` (the averaged weights that
scored best on validation), `log.jsonl` (one line a report) and `curves.png`.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ant_core.errors import Cancelled, InputError
from ant_core.matching.flow import Motion
from ant_core.training.data.clips import ClipFrame, StoredClip, load_clip
from ant_core.training.evaluation.protocols import MatchFrames, recursive
from ant_core.training.network.batches import batches, collate
from ant_core.training.network.beside import Batch, made_beside
from ant_core.training.network.config import TrainConfig
from ant_core.training.network.data import observed
from ant_core.training.network.machine import Machine
from ant_core.training.network.model import AntPaper, AntRelative
from ant_core.training.network.run import TrainingRun
from ant_core.training.network.step import match_batch, step_loss

__all__ = [
    "ClipPool",
    "network_matcher",
    "train",
    "train_batch",
    "validate",
    "validation_clips",
]

Notify = Callable[[dict[str, Any]], None]


def learning_rate(config: TrainConfig, share: float) -> float:
    """Return the rate at a point of the run: `share` of its time or pairs is over."""
    warm = min(1.0, (share + 1e-4) / max(config.warmup_share, 1e-4))
    if config.constant_rate:
        return config.learning_rate * warm
    return config.learning_rate * warm * max(0.02, 0.5 + 0.5 * math.cos(math.pi * min(share, 1.0)))


def network_matcher(model: AntPaper | AntRelative) -> MatchFrames:
    """Wrap a network for the evaluation protocols."""
    device = next(model.parameters()).device
    motion = Motion() if model.config.flow else None

    def match(
        references: Sequence[ClipFrame], target: ClipFrame
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        sample = collate([observed(target, references, motion)])
        batch = {key: value.to(device) for key, value in sample.items()}
        with torch.inference_mode():
            similarity, counterpart, _ = match_batch(model, batch)
        probability = similarity.softmax(-1)[0].cpu().numpy()
        return probability, counterpart.sigmoid()[0].cpu().numpy()

    return match


def validate(model: AntPaper | AntRelative, clips: Iterable[StoredClip]) -> dict[str, float]:
    """Recursive colour accuracy in percent, by kind of clip (the name up to the first '_')."""
    model.eval()
    counts: dict[str, list[int]] = {}
    for clip in clips:
        score = recursive(clip.frames, network_matcher(model))
        for key in (clip.name.split("_")[0], "all"):
            right, segments = counts.get(key, (0, 0))
            counts[key] = [right + score.right, segments + score.segments]
    model.train()
    return {key: 100 * right / segments for key, (right, segments) in counts.items()}


def _clip_paths(folder: Path) -> list[Path]:
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise InputError(
            f"no clips (*.npz) in {folder}; make some with scripts/generate.py, those of "
            "self_reference with scripts/ablate.py --data"
        )
    return paths


def validation_clips(folder: Path, config: TrainConfig) -> Iterator[StoredClip]:
    """Read the first clips of each kind one by one; a fixed set, so that all reports compare."""
    kinds: dict[str, list[Path]] = {}
    for path in _clip_paths(folder):
        kinds.setdefault(path.name.split("_")[0], []).append(path)
    for path in (path for paths in kinds.values() for path in paths[: config.validate_clips]):
        clip = load_clip(path)
        yield StoredClip(clip.name, clip.frames[: config.validate_frames])


class ClipPool:
    """The training clips in memory; follows its folder while training goes on.

    Attributes
    ----------
    clips : list of StoredClip
        Kept up to date in place, so that those who draw from it need not be told.
    """

    def __init__(self, folder: Path, config: TrainConfig) -> None:
        self.folder, self.config = folder, config
        self.clips: list[StoredClip] = []
        self._read: dict[Path, StoredClip] = {}

    def refresh(self) -> list[StoredClip]:
        """Read what is new, drop what is gone, and return all clips."""
        paths = _clip_paths(self.folder)
        for path in self._read.keys() - set(paths):
            del self._read[path]
        room = self.config.pool_clips - len(self._read)
        new = [path for path in paths if path not in self._read][: max(0, room)]
        with ThreadPoolExecutor(self.config.threads + self.config.workers) as readers:
            for path, clip in zip(new, readers.map(self._load, new), strict=True):
                if clip is not None:
                    self._read[path] = clip
        self.clips[:] = self._read.values()
        return self.clips

    def _load(self, path: Path) -> StoredClip | None:
        """Read a clip; None where it went while the folder was read, as the oldest may."""
        try:
            return load_clip(path, self.config.purity_min, small=False)
        except FileNotFoundError:
            return None


def train_batch(run: TrainingRun, source: Iterator[Batch], rate: float) -> tuple[Tensor, int]:
    """Take one optimizer step; return the loss and the number of pairs of this process.

    The loss, a number, stays on the device: to read it there would wait for every step.
    """
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    total, pairs = torch.zeros((), device=run.machine.device), 0
    for _ in range(run.config.accumulate):
        batch = run.machine.to_device(next(source))
        with run.machine.autocast():
            loss = step_loss(run.model, batch, run.config) / run.config.accumulate
        loss.backward()  # type: ignore[no-untyped-call]
        total += loss.detach()
        pairs += len(batch["target_mask"])
    run.update()
    return total, pairs


def train(
    config: TrainConfig,
    clips: Path,
    folder: Path,
    *,
    notify: Notify = lambda _: None,
    cancel: threading.Event | None = None,
) -> dict[str, float]:
    """Train until the time box is used up; return the best validation scores.

    Parameters
    ----------
    clips : Path
        Holds `train/*.npz` and `validation/*.npz`; new training clips that appear while the run
        goes on are taken in at the next validation. With `self_reference_share` also
        `self_reference/*.npz`.
    folder : Path
        The run's own; a run that is there goes on.
    notify : callable
        Told of every line of the log.
    cancel : threading.Event, optional
        Ends the run between two steps, with everything saved.

    Raises
    ------
    InputError
        When there are no clips.
    Cancelled
    """
    machine = Machine(config.device, full_precision=config.full_precision, threads=config.threads)
    torch.manual_seed(config.seed)
    validation = list(validation_clips(clips / "validation", config))
    pool = ClipPool(clips / "train", config)
    first = config.switches.self_reference_share > 0
    bent = ClipPool(clips / "self_reference", config).refresh() if first else []
    run = TrainingRun(config, folder, config.model, machine, notify)
    rng = np.random.default_rng([config.seed, run.step, machine.rank])
    stopped = False
    while not run.is_over and not stopped:
        source = _source(run, pool.refresh(), bent, rng)
        stopped = _train_until_validation(run, source, cancel or threading.Event())
        if machine.is_first and stopped:
            run.save("last.pt")
        elif machine.is_first:
            scores = validate(run.average, validation)
            run.log(seconds=run.seconds, validation=scores)
            run.keep(scores)
        machine.wait()
    if stopped:
        raise Cancelled(f"stopped after {run.pairs} pairs: the same command goes on from there")
    return run.best_scores


def _source(
    run: TrainingRun, clips: list[StoredClip], bent: list[StoredClip], rng: np.random.Generator
) -> Iterator[Batch]:
    """Yield batches of bent single drawings in the first part of the run, then of clips."""
    config, switches = run.config, run.config.switches

    def draw(some: list[StoredClip], own: np.random.Generator) -> Iterator[Batch]:
        make = partial(batches, some, config.tokens, options=config.samples)
        return made_beside(make, own, config.workers, pin=run.machine.device.type == "cuda")

    first, then = draw(bent, rng.spawn(1)[0]), draw(clips, rng)
    while True:
        yield next(first if run.share < switches.self_reference_share else then)


def _train_until_validation(
    run: TrainingRun, source: Iterator[Batch], cancel: threading.Event
) -> bool:
    """Train until the next validation is due; return whether the run was stopped."""
    config = run.config
    last = time.perf_counter()
    until = run.seconds + config.validate_minutes * 60
    losses: list[Tensor] = []
    stopped = False
    while run.seconds < until and not run.is_over and not stopped:
        rate = learning_rate(config, run.share)
        loss, pairs = train_batch(run, source, rate)
        now = time.perf_counter()
        run.seconds, pairs, stopped = run.machine.agree(
            run.seconds + now - last, pairs, stop=cancel.is_set()
        )
        run.pairs += pairs
        last = now
        losses.append(loss)
        if len(losses) == 50:
            run.log(seconds=run.seconds, loss=float(torch.stack(losses).mean()), rate=rate)
            losses.clear()
    return stopped
