"""What optical flow says of the drawings of one clip, kept for training: sparse, without pictures.

Most of two drawings' segments have nothing to do with each other, so only pairs of segments that
share a pixel's way are kept, as shares in steps of 1/255.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.matching.flow import EVIDENCE, Motion, SmallDrawing, comparable

__all__ = ["PairFlow", "flows_between", "pack", "unpack"]

# Drawings apart, as training draws a target's references, see `ant_core.training.network.data`. Of
# those more than one apart half are enough: a shot has sheets and jumps without flow, too.
_STEPS = (1, 2, 3, 4, 6, 8)


@dataclass(frozen=True)
class PairFlow:
    """Evidence about a target and a reference drawing, where it is not zero.

    cells: (Z, 2) int, row of the target's and of the reference's segment; shares: (Z, 3) uint8,
    255 = all, the columns of `Motion.compare`; shape: N, M.
    """

    cells: NDArray[np.integer[Any]]
    shares: NDArray[np.uint8]
    shape: tuple[int, int]

    def evidence(
        self, target: NDArray[np.int64], reference: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the columns `EVIDENCE` of some segments of both, (n, m, 4) float32."""
        whole = np.zeros((*self.shape, len(EVIDENCE)), np.float32)
        whole[..., 0] = 1
        whole[self.cells[:, 0], self.cells[:, 1], 1:] = self.shares * np.float32(1 / 255)
        return whole[target[:, None], reference[None]]


def flows_between(
    drawings: Sequence[SmallDrawing | None], counts: Sequence[int]
) -> dict[tuple[int, int], PairFlow]:
    """Compare drawings that stand near each other; keys are target and reference index."""
    motion, found = Motion(), {}
    for first in range(len(drawings)):
        for step in _STEPS:
            second = first + step
            if second >= len(drawings) or (step > 1 and (first + step // 2) % 2):
                continue
            for t, r in ((first, second), (second, first)):
                target, reference = drawings[t], drawings[r]
                if target is not None and reference is not None and comparable(target, reference):
                    shape = counts[t], counts[r]
                    found[t, r] = _sparse(motion.compare(target, reference, shape))
    return found


def _sparse(shares: NDArray[np.float32]) -> PairFlow:
    steps = np.rint(shares * 255).astype(np.uint8)
    rows, columns = np.nonzero(steps.any(axis=-1))
    cells = np.stack([rows, columns], axis=1).astype(np.int32)
    return PairFlow(cells, steps[rows, columns], shares.shape[:2])


def pack(flows: Mapping[tuple[int, int], PairFlow]) -> dict[str, NDArray[np.generic]]:
    """Return the arrays that a clip file stores."""
    pairs, parts = list(flows), list(flows.values())
    return {
        "flow_pair": np.array(pairs, np.int16).reshape(-1, 2),
        "flow_start": np.cumsum([0, *(len(part.cells) for part in parts)]).astype(np.int32),
        "flow_cells": np.concatenate([np.zeros((0, 2), np.int32), *(p.cells for p in parts)]),
        "flow_shares": np.concatenate([np.zeros((0, 3), np.uint8), *(p.shares for p in parts)]),
    }


def unpack(
    data: Mapping[str, NDArray[Any]], counts: Sequence[int]
) -> dict[tuple[int, int], PairFlow]:
    """Read what `pack` wrote; empty for clips of before."""
    if "flow_pair" not in data:
        return {}
    start, cells, shares = data["flow_start"], data["flow_cells"], data["flow_shares"]
    return {
        (t, r): PairFlow(cells[a:b], shares[a:b], (counts[t], counts[r]))
        for (t, r), a, b in zip(data["flow_pair"].tolist(), start, start[1:], strict=False)
    }
