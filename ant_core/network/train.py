"""Training on stored clips: time-boxed, resumable, with a validation curve.

    python scripts/generate.py --data DATA --out clips --split train --clips 400
    python scripts/train.py --clips clips --run runs/first --minutes 90
    python scripts/train.py --clips clips --run runs/first --minutes 180     # goes on from there

A run folder holds `last.pt` (everything needed to go on), `best.pt` (the averaged weights that
scored best on validation) and `log.jsonl` (one line a report).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ant_core.errors import InputError
from ant_core.evaluation.clips import Clip, Frame, load_clip
from ant_core.evaluation.protocols import MatchFrames, recursive
from ant_core.network.data import SampleOptions, batches, collate
from ant_core.network.losses import paper_loss, relative_loss
from ant_core.network.model import CONFIGS, AntPaper, AntRelative, ModelConfig, build

__all__ = ["TrainConfig", "load_model", "network_matcher", "step_loss", "train"]

_AVERAGE = 0.998  # decay a step of the averaged weights that are validated and shipped


@dataclass(frozen=True)
class TrainConfig:
    """One experiment."""

    network: str = "ant_relative"  # a key of CONFIGS
    minutes: float = 60.0  # time box over all sittings; the learning rate falls to zero with it
    tokens: int = 2400  # segments a step, targets and references and padding; about 13 pairs
    accumulate: int = 1  # batches whose gradients are summed in a step (ant_paper: 4)
    learning_rate: float = 8e-4  # peak
    warmup_steps: int = 200  # linear rise of the learning rate
    weight_decay: float = 1e-4
    clip_norm: float = 1.0  # global gradient norm
    constant_rate: bool = False  # the paper: no decay
    validate_minutes: float = 8.0  # time between validations
    validate_clips: int = 12  # clips of each kind (name up to the first '_') that are validated
    validate_frames: int = 8  # first frames of each
    full_precision: bool = False  # default: bfloat16 where PyTorch thinks it safe
    seed: int = 0
    threads: int = 2  # CPU threads of PyTorch
    pool_clips: int = 700  # most clips held in memory, 10 to 20 MB each
    purity_min: float = 0.7  # segments with less of one true part teach nothing


def _rate(config: TrainConfig, step: int, elapsed_share: float) -> float:
    warm = min(1.0, (step + 1) / max(config.warmup_steps, 1))
    if config.constant_rate:
        return config.learning_rate * warm
    return config.learning_rate * warm * max(0.02, 0.5 + 0.5 * math.cos(math.pi * elapsed_share))


def _match(model: AntPaper | AntRelative, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Encode both sides of a batch and match them: (B, N, M) similarity, (B, N) counterpart."""
    sides = []
    for side in ("reference", "target"):
        keys = ("crops", "shape", "box", "adjacency")
        tokens = model.encode(*(batch[f"{side}_{key}"] for key in keys))
        sides += [tokens, batch[f"{side}_geometry"], batch[f"{side}_mask"]]
    return model.match(*sides)


def step_loss(model: AntPaper | AntRelative, batch: dict[str, Tensor]) -> Tensor:
    """Return the loss of a batch, by the losses that belong to the network."""
    similarity, counterpart = _match(model, batch)
    if isinstance(model, AntPaper):
        return paper_loss(batch, similarity)
    return relative_loss(batch, similarity, counterpart)


def network_matcher(model: AntPaper | AntRelative) -> MatchFrames:
    """Wrap a network for the evaluation protocols."""

    def match(
        references: Sequence[Frame], target: Frame
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        batch = collate([(target, list(references))])
        with torch.inference_mode():
            similarity, counterpart = _match(model, batch)
        return similarity.softmax(-1)[0].numpy(), counterpart.sigmoid()[0].numpy()

    return match


def validate(model: AntPaper | AntRelative, clips: Sequence[Clip]) -> dict[str, float]:
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
        raise InputError(f"no clips (*.npz) in {folder}; make some with scripts/generate.py")
    return paths


def _validation_clips(folder: Path, config: TrainConfig) -> list[Clip]:
    """Read the first clips of each kind; a fixed set, so that all reports compare."""
    kinds: dict[str, list[Path]] = {}
    for path in _clip_paths(folder):
        kinds.setdefault(path.name.split("_")[0], []).append(path)
    chosen = [path for paths in kinds.values() for path in paths[: config.validate_clips]]
    clips = [load_clip(path) for path in chosen]
    return [Clip(clip.name, clip.frames[: config.validate_frames]) for clip in clips]


class _ClipPool:
    """The training clips in memory; takes in files that appear while training goes on."""

    def __init__(self, folder: Path, config: TrainConfig) -> None:
        self.folder, self.config = folder, config
        self.clips: dict[Path, Clip] = {}

    def refresh(self) -> list[Clip]:
        """Read what is new, and return all clips."""
        for path in _clip_paths(self.folder):
            if path not in self.clips and len(self.clips) < self.config.pool_clips:
                self.clips[path] = load_clip(path, self.config.purity_min)
        return list(self.clips.values())


def load_model(path: Path) -> AntPaper | AntRelative:
    """Read the network of a checkpoint, ready for inference."""
    stored = torch.load(path, map_location="cpu", weights_only=True)
    model = build(ModelConfig(**stored["model_config"]))
    model.load_state_dict(stored["average"])
    return model.eval()


class _Run:
    """The state of one training run, on disk and in memory."""

    def __init__(self, config: TrainConfig, folder: Path, model_config: ModelConfig) -> None:
        self.config, self.folder, self.model_config = config, folder, model_config
        folder.mkdir(parents=True, exist_ok=True)
        self.model = build(model_config)
        self.average = deepcopy(self.model).requires_grad_(requires_grad=False)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.step, self.pairs, self.seconds, self.best = 0, 0, 0.0, -1.0
        if (folder / "last.pt").exists():
            self._resume()

    def _resume(self) -> None:
        stored = torch.load(self.folder / "last.pt", map_location="cpu", weights_only=True)
        self.model.load_state_dict(stored["model"])
        self.average.load_state_dict(stored["average"])
        self.optimizer.load_state_dict(stored["optimizer"])
        self.step, self.pairs = stored["step"], stored["pairs"]
        self.seconds, self.best = stored["seconds"], stored["best"]

    def save(self, name: str) -> None:
        """Write a checkpoint beside its final name, then rename it."""
        state = {
            "model_config": asdict(self.model_config),
            "train_config": asdict(self.config),
            "average": self.average.state_dict(),
            "step": self.step,
            "pairs": self.pairs,
            "seconds": self.seconds,
            "best": self.best,
        }
        if name == "last.pt":
            state["model"] = self.model.state_dict()
            state["optimizer"] = self.optimizer.state_dict()
        part = self.folder / (name + ".part")
        torch.save(state, part)
        part.replace(self.folder / name)

    def log(self, **values: float | dict[str, float]) -> None:
        """Append a line to the log."""
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps({"step": self.step, "pairs": self.pairs, **values}) + "\n")

    def update(self) -> None:
        """Take one optimizer step and follow it with the averaged weights."""
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        decay = min(_AVERAGE, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, value in zip(self.average.parameters(), self.model.parameters(), strict=True):
                mean.lerp_(value, 1 - decay)
        self.step += 1


def train(config: TrainConfig, clips: Path, folder: Path) -> dict[str, float]:
    """Train until the time box is used up; return the best validation scores.

    `clips` holds `train/*.npz` and `validation/*.npz`; new training clips that appear while the
    run goes on are taken in at the next validation.
    """
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    validation = _validation_clips(clips / "validation", config)
    pool = _ClipPool(clips / "train", config)
    run = _Run(config, folder, CONFIGS[config.network])
    rng = np.random.default_rng([config.seed, run.step])
    best: dict[str, float] = {}
    while run.seconds < config.minutes * 60:
        _train_until_validation(run, pool.refresh(), rng)
        scores = validate(run.average, validation)
        if scores["all"] > run.best:
            run.best, best = scores["all"], scores
            run.save("best.pt")
        run.log(seconds=run.seconds, validation=scores)
        run.save("last.pt")
    return best


def _train_until_validation(run: _Run, clips: list[Clip], rng: np.random.Generator) -> None:
    config = run.config
    source = batches(clips, config.tokens, rng, SampleOptions())
    last = time.perf_counter()
    until = min(run.seconds + config.validate_minutes * 60, config.minutes * 60)
    losses: list[float] = []
    while run.seconds < until:
        rate = _rate(config, run.step, run.seconds / (config.minutes * 60))
        for group in run.optimizer.param_groups:
            group["lr"] = rate
        total = 0.0
        for _ in range(config.accumulate):
            batch = next(source)
            with torch.autocast("cpu", torch.bfloat16, enabled=not config.full_precision):
                loss = step_loss(run.model, batch) / config.accumulate
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
            run.pairs += len(batch["target_mask"])
        run.update()
        losses.append(total)
        now = time.perf_counter()
        run.seconds, last = run.seconds + now - last, now
        if len(losses) == 50:
            run.log(seconds=run.seconds, loss=float(np.mean(losses)), rate=rate)
            losses.clear()
