"""What a matcher has to beat: nearest position, and overlap with the previous drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["nearest_position", "overlap", "shared_pixels"]

# Weight of a difference in log area beside a distance in units of half the picture's longer side.
# The best of 0, 0.02, 0.05, 0.1, 0.2 on validation: the baseline is given its best chance.
AREA_WEIGHT = 0.1


def nearest_position(
    reference_position: NDArray[np.float32],
    reference_log_area: NDArray[np.float32],
    position: NDArray[np.float32],
    log_area: NDArray[np.float32],
    area_weight: float = AREA_WEIGHT,
) -> NDArray[np.int64]:
    """Return for every target segment the reference row nearest in centre and area.

    Positions (M, 2) and (N, 2) in units of half the picture's longer side; log areas (M,), (N,).
    Ties go to the lower row. Returns (N,), all -1 where there is no reference.
    """
    if len(reference_position) == 0:
        return np.full(len(position), -1, np.int64)
    distance = np.linalg.norm(position[:, None] - reference_position[None], axis=-1)  # (N, M)
    distance += area_weight * np.abs(log_area[:, None] - reference_log_area[None])
    return distance.argmin(axis=1)


def overlap(reference_labels: NDArray[np.int32], labels: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return for every target segment the reference row it shares most pixels with.

    Label maps (H, W) of one size, 0 = line. Returns (N,), -1 where a segment lies on lines only;
    ties go to the lower row.
    """
    shared = shared_pixels(reference_labels, labels)
    if shared.size == 0:
        return np.full(len(shared), -1, np.int64)
    return np.where(shared.max(axis=1) > 0, shared.argmax(axis=1), -1)


def shared_pixels(
    reference_labels: NDArray[np.int32], labels: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Count the pixels that every target segment shares with every reference segment, (N, M).

    Label maps of one shape, 0 = no segment.
    """
    count, rows = int(labels.max(initial=0)), int(reference_labels.max(initial=0))
    both = (labels > 0) & (reference_labels > 0)
    keys = (labels[both].astype(np.int64) - 1) * rows + reference_labels[both] - 1
    return np.bincount(keys, minlength=count * rows).reshape(count, rows)
