"""What is counted: shares of right segments and pixels, as the published benchmarks define them.

Predictions are labels of any kind, (N,) integers; a negative one is an abstention, which is
wrong wherever it stands. Shares are in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.training.data.true_shots import BACKGROUND

__all__ = [
    "LEAST_AREA_PX",
    "end_point_errors",
    "frame_scores",
    "mean_class_iou",
    "region_scores",
]

Labels = NDArray[np.integer[Any]]

LEAST_AREA_PX = 10  # Acc-Thres looks at segments with more pixels than that
MANY_SEGMENTS = 300  # AnimeRun's "#>300": largest 0-based label of the second frame above that


def _share(right: NDArray[np.bool_], weight: NDArray[Any] | None = None) -> float | None:
    """Return the weighted share of True, or None where nothing is weighed."""
    if weight is None:
        weight = np.ones(len(right))
    total = weight.sum()
    return float(weight[right].sum() / total) if total else None


def _iou(
    one: NDArray[np.bool_], other: NDArray[np.bool_], weight: NDArray[Any] | None = None
) -> float:
    """Return intersection over union, 1 where both are empty."""
    if weight is None:
        weight = np.ones(len(one))
    union = weight[one | other].sum()
    return float(weight[one & other].sum() / union) if union else 1.0


def frame_scores(
    predicted: Labels, truth: Labels, area: NDArray[np.int64]
) -> dict[str, float | None]:
    """Score the colours of one drawing as BasicPBC and DACoN do.

    predicted, truth: (N,) colours, truth >= 0, `BACKGROUND` = transparent; area: (N,) pixels.

    Returns
    -------
    dict
        acc, acc_thres (segments over 10 px), pix_acc, pix_f_acc (pixels whose truth is not
        background), b_miou and pix_b_miou (IoU of "is background" over segments and over
        pixels, 1 where no background is involved). None where nothing is to be counted.
    """
    right = (predicted == truth) & (predicted >= 0)
    large, front = area > LEAST_AREA_PX, truth != BACKGROUND
    said, was = predicted == BACKGROUND, ~front
    return {
        "acc": _share(right),
        "acc_thres": _share(right[large]),
        "pix_acc": _share(right, area),
        "pix_f_acc": _share(right[front], area[front]),
        "b_miou": _iou(said, was),
        "pix_b_miou": _iou(said, was, area),
    }


def mean_class_iou(predicted: Sequence[Labels], truth: Sequence[Labels]) -> float | None:
    """Return the IoU over the segments of a sequence, averaged over its labels.

    One array a drawing (Casey et al. 2021, section 4.3 and appendix C): for each label that the
    true sequence shows, segments that have it in both, by segments that have it in either.
    None for a sequence without segments.
    """
    said = np.concatenate([np.zeros(0, np.int64), *predicted])
    was = np.concatenate([np.zeros(0, np.int64), *truth])
    classes = np.unique(was)
    if len(classes) == 0:
        return None
    return float(np.mean([_iou(said == label, was == label) for label in classes]))


def region_scores(
    predicted: Labels, best: Labels, truth: Labels, target_count: int
) -> dict[str, float | None]:
    """Score the matches of one pair of frames as AnimeRun does.

    Parameters
    ----------
    predicted : (N,) row of the target frame matched to each source segment, -1 = none
    best : (N,) the same without abstention
    truth : (N,) the first candidate of the label, -1 = none
    target_count : int
        Segments of the target frame.

    Returns
    -------
    dict
        acc over all rows; nonocc over rows that have a match; occ over those that have none;
        over_300: acc where the target frame is that crowded; nonocc_no_abstention. None where
        the pair has no such row. Means over pairs leave those out.
    """
    hit, seen = predicted == truth, truth >= 0
    acc = _share(hit)
    return {
        "acc": acc,
        "nonocc": _share(hit[seen]),
        "occ": _share(hit[~seen]),
        "over_300": acc if target_count - 1 > MANY_SEGMENTS else None,
        "nonocc_no_abstention": _share((best == truth)[seen]),
    }


def end_point_errors(
    flow: NDArray[np.float32],
    truth: NDArray[np.float32],
    occluded: NDArray[np.bool_],
    line: NDArray[np.bool_],
) -> dict[str, tuple[float, int]]:
    """Split the end-point errors of a flow as AnimeRun's Table 2 does.

    flow, truth: (H, W, 2) float32 x, y in pixels; occluded, line: (H, W) bool. Returns the sum
    of errors and the number of pixels for epe, nonocc, occ, line, flat, s<10, s10-50, s>50.
    """
    error = np.linalg.norm(flow.astype(np.float64) - truth, axis=-1)
    speed = np.linalg.norm(truth.astype(np.float64), axis=-1)
    areas = {
        "epe": np.ones(error.shape, np.bool_),
        "epe_nonocc": ~occluded,
        "epe_occ": occluded,
        "epe_line": line,
        "epe_flat": ~line,
        "epe_s<10": speed <= 10,
        "epe_s10-50": (speed > 10) & (speed <= 50),
        "epe_s>50": speed > 50,
    }
    return {name: (float(error[area].sum()), int(area.sum())) for name, area in areas.items()}
