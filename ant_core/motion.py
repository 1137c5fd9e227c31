"""Where segments of one drawing lie in its neighbour, by optical flow, as a second opinion.

The network knows segments one by one; flow knows how the picture around them moved. Each is wrong
where the other is not: flow where things jump or are drawn anew, the network where twins stand
side by side. On held-out clips the two together are right more often than either, see
docs/measured.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["SmallDrawing", "comparable", "guide", "shares", "shrink"]

_SIDE_PX = 640  # flow of larger pictures costs more and was not better
_LEAST_PX = 32  # narrower pictures hold too few of the solver's patches of 8 px
_DOUBT = 0.1  # chance that flow leads anywhere else; 0.02 to 0.2 are alike on validation
_UNKNOWN = 0.5  # stands for the share of a segment that flow says nothing of


@dataclass(frozen=True)
class SmallDrawing:
    """A drawing as flow sees it.

    Attributes
    ----------
    darkness : (h, w) uint8
        0 = paper; the longer side is at most 640 px.
    labels : (h, w) uint16, or int32 where there are more segments than that holds
        0 = line, 1..N = segments; the smallest may have no pixel here.
    """

    darkness: NDArray[np.uint8]
    labels: NDArray[np.uint16] | NDArray[np.int32]

    def taken(self, rows: NDArray[np.int64], count: int) -> SmallDrawing:
        """Return the drawing with some of its `count` segments only, numbered anew in order."""
        number = np.zeros(count + 1, self.labels.dtype)
        number[rows + 1] = np.arange(1, len(rows) + 1)
        return SmallDrawing(self.darkness, number[self.labels])


def shrink(darkness: NDArray[np.uint8], labels: NDArray[np.int32]) -> SmallDrawing:
    """Reduce darkness (H, W) and label map (H, W) of a drawing."""
    height, width = labels.shape
    scale = min(1.0, _SIDE_PX / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small = cv2.resize(darkness, size[::-1], interpolation=cv2.INTER_AREA)
    y, x = (
        ((np.arange(n) + 0.5) * full / n).astype(np.int64)
        for n, full in zip(size, labels.shape, strict=True)
    )
    seen = labels[y[:, None], x]
    kind = np.uint16 if seen.max(initial=0) <= np.iinfo(np.uint16).max else np.int32
    return SmallDrawing(np.asarray(small, np.uint8), seen.astype(kind))


def shares(
    target: SmallDrawing, reference: SmallDrawing, counts: tuple[int, int]
) -> NDArray[np.float32]:
    """Return to which reference segments the pixels of every target segment lead.

    Dense inverse search (Kroeger et al., "Fast optical flow using dense inverse search", ECCV
    2016) from target to reference. counts: N, M. Returns (N, M), rows sum to 1, or to 0 where no
    pixel leads to a segment.
    """
    height, width = target.labels.shape
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    start = np.zeros((height, width, 2), np.float32)
    flow = solver.calc(255 - target.darkness, 255 - reference.darkness, start)
    x = flow[..., 0] + np.arange(width, dtype=np.float32)
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    plane = reference.labels.astype(np.float32)  # remap takes no int32; exact up to 2^24 segments
    reached = cv2.remap(plane, x, y, cv2.INTER_NEAREST, borderValue=0).astype(np.int64)
    joint = target.labels.astype(np.int64) * (counts[1] + 1) + reached
    table = np.bincount(joint.ravel(), minlength=(counts[0] + 1) * (counts[1] + 1))
    votes = table.reshape(counts[0] + 1, counts[1] + 1)[1:, 1:].astype(np.float32)
    return np.asarray(votes / np.maximum(votes.sum(axis=1, keepdims=True), 1), np.float32)


def guide(
    probability: NDArray[np.float32],
    target: SmallDrawing | None,
    references: Sequence[SmallDrawing | None],
    counts: Sequence[int],
    offsets: Sequence[float],
) -> NDArray[np.float32]:
    """Weigh a match with what flow from the nearest drawings says.

    Parameters
    ----------
    probability : (N, M) float32
        Of the network; rows sum to one over the segments of all references, in order.
    target, references : SmallDrawing or None
        Those that are None, of another size than the target, or tiny have no say.
    counts : sequence of int
        Segments of each reference, M in all.
    offsets : sequence of float
        Target frame number minus reference frame number; 0 for model sheets, which do not move.

    Returns
    -------
    (N, M) float32, rows sum to one. Only references at the least distance in time are asked, one
    or two; beside them a segment elsewhere stands as if half of the pixels led there.
    """
    asked = [
        abs(offset) if offset and comparable(target, small) else np.inf
        for small, offset in zip(references, offsets, strict=True)
    ]
    nearest = min(asked, default=np.inf)
    if target is None or nearest == np.inf:
        return probability
    weight = np.full(probability.shape, _UNKNOWN, np.float32)
    starts = np.cumsum([0, *counts])
    for small, distance, start, count in zip(references, asked, starts, counts, strict=False):
        if small is not None and distance == nearest and count:
            found = shares(target, small, (len(probability), count))
            led = found.any(axis=1)
            weight[led, start : start + count] = found[led]
    guided = probability * (weight + _DOUBT)
    return np.asarray(guided / guided.sum(axis=1, keepdims=True), np.float32)


def comparable(target: SmallDrawing | None, reference: SmallDrawing | None) -> bool:
    """Tell whether there are two pictures of one size, large enough for `shares`."""
    if target is None or reference is None:
        return False
    size = target.labels.shape
    return size == reference.labels.shape and min(size) >= _LEAST_PX
