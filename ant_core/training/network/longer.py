"""Training for as long as there are idle hours, on a stream of clips.

The learning rate rises, then stays. Weights that can be judged and shipped come from a decay: from
any checkpoint, training goes on for a short while in a folder of its own while the rate falls to 0.
After Hägele et al., "Scaling laws and compute-optimal training beyond fixed training durations"
(2024): a constant rate with a fall of 1 - sqrt reaches what a cosine over the same steps does, and
the length of the run need not be known beforehand.
"""

from __future__ import annotations

import json
import math
import pickle
import shutil
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ant_core.errors import InputError, UsageError
from ant_core.training.network.batches import batches
from ant_core.training.network.config import TrainConfig, stored_config
from ant_core.training.network.curves import draw_curves, read_log
from ant_core.training.network.machine import Machine
from ant_core.training.network.run import TrainingRun
from ant_core.training.network.train import (
    ClipPool,
    Notify,
    train_batch,
    validate,
    validation_clips,
)

__all__ = ["decay", "train_longer"]

Rate = Callable[[int], float]  # pairs of the run -> learning rate

_WARMUP_PAIRS = 2000  # of the optimizer's moments, which start from nothing
_SAVE_SECONDS = 90.0  # of CPU time between two checkpoints: what a kill costs at most
_MILESTONE = 1.25  # a checkpoint is kept whenever pairs have grown by this factor
_CLIPS_LEAST = 8  # training waits for these
_WAIT_SECONDS = 2.0
_NEEDED = {"model", "average", "optimizer", "pairs", "train_config"}  # to go on from a checkpoint


def train_longer(config: TrainConfig, clips: Path, folder: Path, cancel: threading.Event) -> None:
    """Train at a constant rate until cancelled; a run that is there goes on.

    Parameters
    ----------
    config : TrainConfig
        Its `minutes`, `pairs`, `warmup_share` and `workers` say nothing here; seconds in the log
        are of CPU time of this process.
    clips : Path
        Holds `train/*.npz`, which may come and go, and `validation/*.npz`.
    folder : Path
        The run's own: last.pt, log.jsonl, curves.png, and pairs_N.pt, checkpoints that are kept.
    cancel : threading.Event
        Ends the run after the step, with everything saved.
    """
    run = _run(config, folder, lambda _: None)
    while not cancel.is_set() and len(list((clips / "train").glob("*.npz"))) < _CLIPS_LEAST:
        time.sleep(_WAIT_SECONDS)

    def rate(pairs: int) -> float:
        return config.learning_rate * min(1.0, (pairs + 1) / _WARMUP_PAIRS)

    _steps(run, clips, rate, math.inf, cancel)


def decay(
    checkpoint: Path,
    clips: Path,
    folder: Path,
    share: float,
    cancel: threading.Event,
    notify: Notify = lambda _: None,
) -> dict[str, float]:
    """Train on from a checkpoint while the rate falls to 0; return the scores on validation.

    Parameters
    ----------
    checkpoint : Path
        last.pt or pairs_N.pt of `train_longer`; not changed.
    clips, cancel
        As in `train_longer`.
    folder : Path
        Gets best.pt, which scripts/export.py takes. A decay that is there goes on.
    share : float
        Of all pairs at the end that the decay sees, such as 0.15.
    notify : callable
        Told of every line of the log.

    Raises
    ------
    InputError
        When the checkpoint cannot be read, lacks what a run goes on from, or has seen no pairs.
    UsageError
        When the share is not between 0 and 1.
    """
    if not 0 < share < 1:
        raise UsageError(
            f"a share of {share:g} is none: give one above 0 and below 1, such as 0.15"
        )
    if not (folder / "decay.json").exists():
        begin = _read(checkpoint)["pairs"]
        if begin == 0:
            raise InputError(f"{checkpoint} has seen no pairs: train first")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkpoint, folder / "last.pt")
        bounds = {"begin": begin, "end": math.ceil(begin / (1 - share))}
        (folder / "decay.json").write_text(json.dumps(bounds))
    bounds = json.loads((folder / "decay.json").read_text())
    begin, end = bounds["begin"], bounds["end"]
    config = stored_config(_read(folder / "last.pt")["train_config"])
    run = _run(config, folder, notify)

    def rate(pairs: int) -> float:
        over = min(1.0, max(0, pairs - begin) / (end - begin))
        return config.learning_rate * (1 - math.sqrt(over))

    _steps(run, clips, rate, end, cancel)
    if not cancel.is_set():
        run.best_scores = _validate(run, clips)
        run.save("best.pt")
    return run.best_scores


def _read(checkpoint: Path) -> dict[str, Any]:
    try:
        # Of what is no archive PyTorch reads an old format, which ends in errors of any kind.
        with checkpoint.open("rb") as file:
            if not zipfile.is_zipfile(file):
                raise InputError(f"{checkpoint} is no checkpoint: name last.pt of a run")
        stored = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise InputError(
            f"{checkpoint} is no checkpoint ({error}): name last.pt of a run"
        ) from error
    if not isinstance(stored, dict) or not stored.keys() >= _NEEDED:
        raise InputError(
            f"{checkpoint} holds no state of a run that could go on: name last.pt of a run"
        )
    return stored


def _run(config: TrainConfig, folder: Path, notify: Notify) -> TrainingRun:
    machine = Machine(config.device, full_precision=config.full_precision, threads=config.threads)
    torch.manual_seed(config.seed)
    return TrainingRun(config, folder, config.model, machine, notify)


def _steps(run: TrainingRun, clips: Path, rate: Rate, end: float, cancel: threading.Event) -> None:
    """Train until `end` pairs or cancelled; leave last.pt."""
    pool = ClipPool(clips / "train", run.config)
    pool.refresh()
    rng = np.random.default_rng([run.config.seed, run.step])
    source = batches(pool.clips, run.config.tokens, rng, run.config.samples)
    saved, losses = run.seconds, list[torch.Tensor]()
    before = time.process_time()
    while not cancel.is_set() and run.pairs < end:
        now_rate = rate(run.pairs)
        loss, pairs = train_batch(run, source, now_rate)
        run.pairs += pairs
        losses.append(loss)
        due = _validation_due(run, time.process_time() - before)
        run.seconds += time.process_time() - before
        if len(losses) == 50:
            run.log(seconds=run.seconds, loss=float(torch.stack(losses).mean()), rate=now_rate)
            losses.clear()
            pool.refresh()
        if run.seconds > saved + _SAVE_SECONDS:
            run.save("last.pt")
            saved = run.seconds
        before = time.process_time()
        if due:
            _validate(run, clips)
            _keep_milestone(run)
            before = time.process_time()
    run.save("last.pt")


def _validation_due(run: TrainingRun, more: float) -> bool:
    every = run.config.validate_minutes * 60
    return math.floor((run.seconds + more) / every) > math.floor(run.seconds / every)


def _validate(run: TrainingRun, clips: Path) -> dict[str, float]:
    """Score the averaged weights; log and draw it."""
    scores = validate(run.average, validation_clips(clips / "validation", run.config))
    run.log(seconds=run.seconds, validation=scores)
    name = run.config.network
    draw_curves({name: read_log(run.folder / "log.jsonl")}, run.folder / "curves.png")
    return scores


def _keep_milestone(run: TrainingRun) -> None:
    kept = [int(path.stem.split("_")[1]) for path in run.folder.glob("pairs_*.pt")]
    if run.pairs >= _MILESTONE * max(kept, default=0):
        run.save(f"pairs_{run.pairs:09d}.pt")
