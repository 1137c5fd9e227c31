"""Training steps on stored clips: pairs a CPU second on one thread, by how samples are drawn.

Both ways start from the same weights and see clips of the same folder. `alone` draws every sample
for itself; `mutual` makes references targets of one another, whose crops are then encoded once.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path

_RATIO = 1.2  # least gain of `mutual`


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--clips", type=Path, required=True, help="folder of *.npz")
    parser.add_argument("--most", type=int, default=8, help="clips that are read")
    parser.add_argument(
        "--steps", type=int, default=24, help="steps a round; about as many are drawn at once"
    )
    parser.add_argument("--rounds", type=int, default=3, help="rounds, both ways in turns")


def run(args: argparse.Namespace) -> int:
    """Print pairs a CPU second and the mean loss of both ways; returns the exit code."""
    import numpy as np
    import torch

    from ant_core.matching.model_file import default_model
    from ant_core.training.data.clips import load_clip
    from ant_core.training.network.batches import batches
    from ant_core.training.network.config import TrainConfig
    from ant_core.training.network.machine import Machine
    from ant_core.training.network.restore import read_model
    from ant_core.training.network.step import step_loss

    config = TrainConfig(device="cpu", threads=1)
    machine = Machine(config.device, full_precision=False, threads=config.threads)
    paths = sorted(args.clips.glob("*.npz"))[: args.most]
    clips = [load_clip(path, config.purity_min, small=False) for path in paths]

    def pairs_a_second(mutual: bool) -> tuple[float, float]:
        model = read_model(default_model())[0].train()
        optimizer = torch.optim.AdamW(model.parameters(), 1e-4)
        options = replace(config.samples, mutual=mutual)
        source = batches(clips, config.tokens, np.random.default_rng(0), options)
        start, pairs, losses = time.process_time(), 0, []
        for _ in range(args.steps):
            batch = next(source)
            with machine.autocast():
                loss = step_loss(model, batch)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            pairs += len(batch["target_mask"])
            losses.append(float(loss.detach()))
        return pairs / (time.process_time() - start), float(np.mean(losses))

    speeds: dict[str, list[float]] = {"alone": [], "mutual": []}
    for turn in range(args.rounds):
        for name, found in speeds.items():
            speed, loss = pairs_a_second(name == "mutual")
            found.append(speed)
            print(f"round {turn + 1}  {name:7} {speed:5.1f} pairs a CPU second, loss {loss:.3f}")
    ratio = max(speeds["mutual"]) / max(speeds["alone"])
    print(f"mutual by alone: {ratio:.2f} (bar {_RATIO})")
    return int(ratio < _RATIO)
