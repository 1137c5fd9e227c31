"""Batches made by processes beside the one that trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

__all__ = ["Batch", "made_beside"]

Batch = dict[str, Tensor]
Draw = Callable[[np.random.Generator], Iterator[Batch]]

_AHEAD = 3  # batches that a process makes before they are asked for


class _Endless(IterableDataset[dict[str, NDArray[Any]]]):
    """Batches without end; each process that makes some draws other ones.

    They travel as arrays through a pipe: tensors would take shared memory, and where that is
    small, a few runs use it up.
    """

    def __init__(self, draw: Draw, rngs: list[np.random.Generator]) -> None:
        self._draw, self._rngs = draw, rngs

    def __iter__(self) -> Iterator[dict[str, NDArray[Any]]]:
        worker = get_worker_info()
        for batch in self._draw(self._rngs[worker.id if worker else 0]):
            yield {name: one.numpy() for name, one in batch.items()}


def made_beside(
    draw: Draw, rng: np.random.Generator, workers: int, *, pin: bool = False
) -> Iterator[Batch]:
    """Yield what `draw` yields, made by so many processes beside this one; 0 = in this one.

    The processes begin as copies of this one, so that all share the clips that it holds; they end
    when the iterator is released. `pin` puts batches where a GPU reads them without waiting.
    """
    if workers == 0:
        yield from draw(rng)
        return
    loader = DataLoader(
        _Endless(draw, rng.spawn(workers)),
        batch_size=None,  # it yields batches
        num_workers=workers,
        prefetch_factor=_AHEAD,
        multiprocessing_context="fork",
        collate_fn=_as_it_is,
    )
    for arrays in loader:
        batch = {name: torch.from_numpy(one) for name, one in arrays.items()}
        yield {name: one.pin_memory() for name, one in batch.items()} if pin else batch


def _as_it_is(batch: Any) -> Any:
    return batch
