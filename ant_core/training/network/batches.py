"""From samples to padded batches: what the networks and the losses take."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ant_core.matching.descriptors import adjacency_matrix, pair_geometry
from ant_core.matching.flow import padded
from ant_core.training.data.clips import UNSURE, Clip, Frame
from ant_core.training.network.data import Sample, SampleOptions, sample_pair

__all__ = ["batches", "collate"]


def collate(samples: list[Sample]) -> dict[str, Tensor]:
    """Pad samples to one batch; the keys are what the networks and the losses take.

    `target_seen` (B, N) is 1 where this very piece of a target is seen in a reference, 0 where it
    is not, -1 where nobody knows; `flow` (B, N, M, 4) is zero there. With companions, a sample
    without one stands beside itself; `companion_step` (B,) says how many frames later than the
    target a companion is.
    """
    batch = _side("target", [_join([s.target], s.target.number) | _seen(s) for s in samples])
    batch |= _side("reference", [_join(s.references, s.target.number) for s in samples])
    sizes = (batch[f"{side}_mask"].shape[1] for side in ("target", "reference"))
    batch["flow"] = torch.from_numpy(padded([sample.flow for sample in samples], *sizes))
    if any(s.companion for s in samples):
        frames = [s.companion or s.target for s in samples]
        batch |= _side("companion", [_join([frame], frame.number) for frame in frames])
        steps = [f.number - s.target.number for f, s in zip(frames, samples, strict=True)]
        batch["companion_step"] = torch.tensor(steps, dtype=torch.float32)
    return batch


def _seen(sample: Sample) -> dict[str, NDArray[np.int64]]:
    """Tell which pieces of the target are seen in its references; known beside it in time only."""
    target = sample.target
    answer = np.full(target.count, UNSURE, np.int64)
    if target.seen is None or not sample.steps:
        return {"seen": answer}
    for step in (step for step in sample.steps if abs(step) == 1):
        column = target.seen[:, (step + 1) // 2]
        answer[column == 1] = 1
        if len(sample.steps) == 1:
            answer[column == 0] = 0
    return {"seen": answer}


def _side(name: str, rows: list[dict[str, NDArray[np.generic]]]) -> dict[str, Tensor]:
    return {f"{name}_{key}": value for key, value in _pad(rows).items()}


def _join(frames: list[Frame], target_number: int) -> dict[str, NDArray[np.generic]]:
    """Concatenate drawings; their adjacency becomes block-diagonal."""
    counts = [frame.count for frame in frames]
    starts = np.cumsum([0, *counts])
    adjacency = np.zeros((starts[-1], starts[-1]), np.float32)
    for frame, a, b in zip(frames, starts, starts[1:], strict=False):
        adjacency[a:b, a:b] = adjacency_matrix(frame.count, frame.edges, frame.edge_weight)
    geometry = [pair_geometry(f.shape, f.box, float(target_number - f.number)) for f in frames]
    joined = {
        key: np.concatenate([getattr(frame, key) for frame in frames])
        for key in ("crops", "shape", "box", "label", "color")
    }
    return {**joined, "adjacency": adjacency, "geometry": np.concatenate(geometry)}


def _pad(rows: list[dict[str, NDArray[np.generic]]]) -> dict[str, Tensor]:
    longest = max(len(row["box"]) for row in rows)
    batch: dict[str, Tensor] = {}
    for key, first in rows[0].items():
        padded_shape = (longest, *first.shape[1:])
        if key == "adjacency":
            padded_shape = (longest, longest)
        fill = UNSURE if key in ("label", "color", "seen") else 0
        block = np.full((len(rows), *padded_shape), fill, first.dtype)
        for i, row in enumerate(rows):
            value = row[key]
            inside: tuple[int | slice, ...] = (i, *(slice(0, side) for side in value.shape))
            block[inside] = value
        batch[key] = torch.from_numpy(block)
    filled = np.array([len(row["box"]) for row in rows])
    batch["mask"] = torch.from_numpy((np.arange(longest) < filled[:, None]).astype(np.float32))
    batch["crops"] = batch["crops"].float() / 255.0
    return batch


def batches(
    clips: list[Clip],
    tokens: int,
    rng: np.random.Generator,
    options: SampleOptions,
    *,
    companion: bool = False,
) -> Iterator[dict[str, Tensor]]:
    """Yield batches of about `tokens` segments, padding included, without end.

    Samples of alike size stand together, to waste little padding.
    """
    while True:
        samples: list[Sample] = []
        while len(samples) < 96:
            clip = clips[int(rng.integers(len(clips)))]
            sample = sample_pair(clip, rng, options, companion=companion)
            if sample is not None:
                samples.append(sample)
        groups = _group(samples, tokens)
        for index in rng.permutation(len(groups)):
            yield collate(groups[index])


def _group(samples: list[Sample], tokens: int) -> list[list[Sample]]:
    """Cut samples, sorted by size, where the padded size would exceed the budget."""

    def sizes(sample: Sample) -> tuple[int, int]:
        return sample.target.count, sum(frame.count for frame in sample.references)

    groups: list[list[Sample]] = []
    longest = (0, 0)
    for sample in sorted(samples, key=lambda s: sum(sizes(s))):
        both = [max(a, b) for a, b in zip(longest, sizes(sample), strict=True)]
        if groups and sum(both) * (len(groups[-1]) + 1) <= tokens:
            groups[-1].append(sample)
            longest = (both[0], both[1])
        else:
            groups.append([sample])
            longest = sizes(sample)
    return groups
