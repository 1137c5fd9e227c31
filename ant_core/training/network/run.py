"""The state of one training run, on disk and in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ant_core.errors import InputError, UsageError
from ant_core.training.network.config import TrainConfig
from ant_core.training.network.machine import Machine
from ant_core.training.network.model import (
    AntPaper,
    AntRelative,
    ModelConfig,
    build,
    stored_model_config,
)
from ant_core.training.network.restore import read_model, widened

__all__ = ["TrainingRun", "load_model", "save_checkpoint"]

_AVERAGE = 0.998  # decay a step of the averaged weights that are validated and shipped


def _follow(averaged: Any, current: Any, steps: Any) -> None:
    """Move the averaged weights towards the current ones, faster in the first steps."""
    decay = min(_AVERAGE, (1 + int(steps)) / (10 + int(steps)))
    get_ema_multi_avg_fn(decay)(averaged, current, steps)  # type: ignore[no-untyped-call]


def load_model(path: Path) -> AntPaper | AntRelative:
    """Read the network of a checkpoint, ready for inference."""
    stored = torch.load(path, map_location="cpu", weights_only=True)
    model = build(stored_model_config(stored["model_config"]))
    model.load_state_dict(stored["average"])
    return model.eval()


def save_checkpoint(state: dict[str, Any], path: Path) -> None:
    """Write a checkpoint beside its final name, then rename it.

    A process that is killed, or a machine that loses its power, leaves whole ones.
    """
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


class TrainingRun:
    """Weights, their running average, optimizer and log of one run.

    Parameters
    ----------
    folder : Path or None
        Made if need be; a run that is there goes on. None: it is not to be saved or logged.
    notify : callable
        Told of every line of the log.

    Raises
    ------
    InputError
        When the folder, or the model file to start from, holds another network.
    UsageError
        When none of the network's weights are to be trained.
    """

    def __init__(
        self,
        config: TrainConfig,
        folder: Path | None,
        model_config: ModelConfig,
        machine: Machine,
        notify: Callable[[dict[str, Any]], None] = lambda _: None,
    ) -> None:
        self._folder, self.config, self.model_config = folder, config, model_config
        self.machine, self._notify = machine, notify
        self.model = build(model_config).to(machine.device)
        self._averaged = AveragedModel(self.model, multi_avg_fn=_follow)
        self.average.requires_grad_(requires_grad=False)
        for name, weights in self.model.named_parameters():
            weights.requires_grad_(name.startswith(config.only))
        if not any(weights.requires_grad for weights in self.model.parameters()):
            raise UsageError(
                f"only is {config.only!r}, and no weights of {config.network} are named so: try "
                "seen, or leave it empty"
            )
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.step, self.pairs, self.seconds = 0, 0, 0.0
        self.pairs_before = 0  # that the weights it started from had seen
        self.best_scores: dict[str, float] = {}
        if folder is not None and (folder / "last.pt").exists():
            self._resume()
        elif config.start_from:
            self._start_from(Path(config.start_from))

    def _start_from(self, path: Path) -> None:
        """Begin with the weights of a model file; parts of ours that it lacks start fresh."""
        model, manifest = read_model(path)
        stored = widened(model.state_dict(), self.model.state_dict())
        self.pairs_before = int(manifest.get("pairs_seen", 0))
        try:
            strange = self.model.load_state_dict(stored, strict=False).unexpected_keys
        except RuntimeError:
            strange = list(stored)
        if strange:
            raise InputError(
                f"start_from names {path}, a network of another shape ({strange[0]}): choose the "
                "network and switches that it was trained with"
            )
        self.average.load_state_dict(self.model.state_dict())

    def _resume(self) -> None:
        stored = torch.load(self.folder / "last.pt", map_location="cpu", weights_only=True)
        if stored_model_config(stored["model_config"]) != self.model_config:
            raise InputError(
                f"{self.folder} holds a run of {stored['model_config']['name']} of another shape: "
                "choose another --out folder"
            )
        self.model.load_state_dict(stored["model"])
        self.average.load_state_dict(stored["average"])
        self.optimizer.load_state_dict(stored["optimizer"])
        self.step, self.pairs = stored["step"], stored["pairs"]
        self.pairs_before = stored.get("pairs_before", 0)
        self.seconds, self.best_scores = stored["seconds"], stored["best_scores"]
        self._averaged.n_averaged.fill_(self.step)

    @property
    def folder(self) -> Path:
        """Where it is saved and logged; RuntimeError when it is not to be."""
        if self._folder is None:
            raise RuntimeError("this run has no folder: it is not to be saved or logged")
        return self._folder

    @property
    def average(self) -> AntPaper | AntRelative:
        """The averaged weights, which are validated and shipped."""
        return cast("AntPaper | AntRelative", self._averaged.module)

    @property
    def share(self) -> float:
        """How much of the run is over, 0 to 1: by pairs where they bound it, else by time.

        The learning rate follows it. By pairs no clock has a say in the weights.
        """
        if self.config.pairs:
            return self.pairs / self.config.pairs
        return self.seconds / (self.config.minutes * 60)

    @property
    def is_over(self) -> bool:
        """Whether the time box is used up, or all pairs have been seen."""
        return self.share >= 1 or self.seconds >= self.config.minutes * 60

    def keep(self, scores: dict[str, float]) -> None:
        """Save the run after a validation, and its weights if none before were better.

        Of equals the later ones: a head that is trained alone changes no score.
        """
        if scores["all"] >= self.best_scores.get("all", -1.0):
            self.best_scores = scores
            self.save("best.pt")
        self.save("last.pt")

    def save(self, name: str) -> None:
        """Write a checkpoint; best.pt is to be exported, others to go on from."""
        state = {
            "model_config": asdict(self.model_config),
            "train_config": asdict(self.config),
            "average": self.average.state_dict(),
            "step": self.step,
            "pairs": self.pairs,
            "pairs_before": self.pairs_before,
            "seconds": self.seconds,
            "best_scores": self.best_scores,
        }
        if name != "best.pt":
            state["model"] = self.model.state_dict()
            state["optimizer"] = self.optimizer.state_dict()
        save_checkpoint(state, self.folder / name)

    def log(self, **values: float | dict[str, float]) -> None:
        """Append a line to the log, on the first process."""
        if not self.machine.is_first:
            return
        line = {"step": self.step, "pairs": self.pairs, **values}
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        self._notify(line)

    def update(self) -> None:
        """Take one optimizer step and follow it with the averaged weights."""
        self.machine.average_gradients(self.model.parameters())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._averaged.update_parameters(self.model)
        self.step += 1
