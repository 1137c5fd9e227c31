"""The commonest value under every segment."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["majority"]


def majority(
    labels: NDArray[np.int32], ids: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the commonest id under each segment and its share.

    Parameters
    ----------
    labels
        (H, W) int32, 0 = line, 1..N segments.
    ids
        (H, W) int32 >= 0.

    Returns
    -------
    (N,) int32 ids, ties to the smaller id, and (N,) float32 shares in (0, 1].
    """
    count, width = int(labels.max(initial=0)), int(ids.max(initial=0)) + 1
    joint = labels.ravel().astype(np.int64) * width + ids.ravel()
    table = np.bincount(joint, minlength=(count + 1) * width).reshape(count + 1, width)[1:]
    best = table.argmax(axis=1) if count else np.zeros(0, dtype=np.int64)
    share = table[np.arange(count), best] / np.maximum(table.sum(axis=1), 1)
    return best.astype(np.int32), share.astype(np.float32)
