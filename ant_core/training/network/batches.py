"""From samples to padded batches: what the networks and the losses take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ant_core.matching.descriptors import adjacency_matrix, pair_geometry
from ant_core.matching.flow import EVIDENCE
from ant_core.training.data.clips import UNSURE, ClipFrame, StoredClip
from ant_core.training.network.beside import Batch
from ant_core.training.network.data import SampleOptions, TrainingSample, rows_of, sample_group

__all__ = ["batches", "collate"]

# Samples that batches are put together of, for every so many segments of a step: more waste less
# padding, and take memory.
_POOL, _POOL_TOKENS = 288, 8000


class _Crops:
    """The crops of a batch, each once; samples name theirs by their places."""

    def __init__(self) -> None:
        self._start: dict[int, int] = {}
        self._drawings: list[ClipFrame] = []
        self._count = 0

    def places(self, frame: ClipFrame, sample: TrainingSample) -> NDArray[np.int64]:
        """Return where a frame's crops are, (N,), and take in those of the drawing it is from."""
        whole = {drawing.number: drawing for drawing in sample.drawings}.get(frame.number, frame)
        if id(whole) not in self._start:
            self._start[id(whole)] = self._count
            self._drawings.append(whole)
            self._count += whole.count
        return self._start[id(whole)] + np.searchsorted(rows_of(whole), rows_of(frame))

    def tensor(self) -> Tensor:
        """(U, 4, 32, 32) uint8."""
        return torch.from_numpy(np.concatenate([drawing.crops for drawing in self._drawings]))


def collate(samples: list[TrainingSample]) -> Batch:
    """Pad samples to one batch; the keys are what the networks and the losses take.

    `crops` (U, 4, 32, 32) uint8 has the crops of all drawings once; `target_place` (B, N) and
    `reference_place` (B, M) say which are whose, 0 for padding.
    `references` (B,) says how many drawings the reference segments are of.
    `target_seen` (B, N) is 1 where this very piece of a target is seen in a reference, 0 where it
    is not, -1 where unknown; `flow` (B, N, M, 4) is zero there.
    """
    crops = _Crops()
    batch = _side(
        "target", [_join([s.target], s.target.number, s, crops) | _seen(s) for s in samples]
    )
    batch |= _side("reference", [_join(s.references, s.target.number, s, crops) for s in samples])
    sizes = (batch[f"{side}_mask"].shape[1] for side in ("target", "reference"))
    batch["flow"] = torch.from_numpy(_padded([sample.flow for sample in samples], *sizes))
    batch["crops"] = crops.tensor()
    batch["references"] = torch.tensor([len(sample.references) for sample in samples])
    return batch


def _padded(
    parts: Sequence[NDArray[np.float32] | None], rows: int, columns: int
) -> NDArray[np.float32]:
    """Return evidence of several matches as one array, (B, rows, columns, 4), padded with zeros.

    parts: B of (N, M, 4), or None where nothing is known.
    """
    block = np.zeros((len(parts), rows, columns, len(EVIDENCE)), np.float32)
    for filled, part in zip(block, parts, strict=True):
        if part is not None:
            filled[: part.shape[0], : part.shape[1]] = part
    return block


def _seen(sample: TrainingSample) -> dict[str, NDArray[np.int64]]:
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


def _side(name: str, rows: list[dict[str, NDArray[np.generic]]]) -> Batch:
    return {f"{name}_{key}": value for key, value in _pad(rows).items()}


def _join(
    frames: list[ClipFrame], target_number: int, sample: TrainingSample, crops: _Crops
) -> dict[str, NDArray[np.generic]]:
    """Concatenate drawings; their adjacency becomes block-diagonal."""
    counts = [frame.count for frame in frames]
    starts = np.cumsum([0, *counts])
    adjacency = np.zeros((starts[-1], starts[-1]), np.float32)
    for frame, a, b in zip(frames, starts, starts[1:], strict=False):
        adjacency[a:b, a:b] = adjacency_matrix(frame.count, frame.edges, frame.edge_weight)
    geometry = [pair_geometry(f.shape, f.box, float(target_number - f.number)) for f in frames]
    joined = {
        key: np.concatenate([getattr(frame, key) for frame in frames])
        for key in ("shape", "box", "label", "color")
    }
    joined["place"] = np.concatenate([crops.places(frame, sample) for frame in frames])
    return {**joined, "adjacency": adjacency, "geometry": np.concatenate(geometry)}


def _pad(rows: list[dict[str, NDArray[np.generic]]]) -> Batch:
    longest = max(len(row["box"]) for row in rows)
    batch: Batch = {}
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
    return batch


def batches(
    clips: list[StoredClip],
    tokens: int,
    rng: np.random.Generator,
    options: SampleOptions,
) -> Iterator[Batch]:
    """Yield batches of about `tokens` segments, padding included, without end.

    With `options.batch_pairs` they are of so many targets instead. Samples of alike size stand
    together, to waste little padding.
    """
    size = options.batch_pairs
    # Batches of a number of samples divide the pool, so that the last one is full as well.
    pool = _POOL * max(1, tokens // _POOL_TOKENS) if not size else size * -(-_POOL // size)
    while True:
        groups: list[list[TrainingSample]] = []
        while sum(map(len, groups)) < pool:
            clip = clips[int(rng.integers(len(clips)))]
            group = sample_group(clip, rng, options)
            groups += [group] if group else []
        batched = _batched(groups, tokens, size)
        for index in rng.permutation(len(batched)):
            yield collate(batched[index])


def _batched(
    groups: list[list[TrainingSample]], tokens: int, size: int
) -> list[list[TrainingSample]]:
    """Put groups, sorted by size, together until a batch would exceed the budget.

    That is `size` samples, or `tokens` segments with padding where it is 0.
    """

    def sizes(group: list[TrainingSample]) -> tuple[int, int]:
        targets = max(sample.target.count for sample in group)
        return targets, max(sum(frame.count for frame in s.references) for s in group)

    def alike(group: list[TrainingSample]) -> tuple[int, int]:
        """Classes of reference segments, each half as many again, then target segments."""
        targets, references = sizes(group)
        return round(2 * math.log2(references)), targets

    batched: list[list[TrainingSample]] = []
    longest = (0, 0)
    for group in sorted(groups, key=alike):
        both = [max(a, b) for a, b in zip(longest, sizes(group), strict=True)]
        together = len(batched[-1]) + len(group) if batched else 0
        if batched and (together <= size if size else sum(both) * together <= tokens):
            batched[-1].extend(group)
            longest = (both[0], both[1])
        else:
            batched.append(list(group))
            longest = sizes(group)
    return batched
