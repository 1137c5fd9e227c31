"""What every label map must be, and how its segments meet under the lines."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmentation import _kernels as kernels


def checked_labels(labels: NDArray[Any]) -> NDArray[np.int32]:
    """Return labels as C-contiguous (H, W) int32, or say what is wrong with them.

    The kernels are compiled for arrays that can be written: read-only ones are copied.
    """
    array = np.asarray(labels)
    if array.ndim != 2 or array.size == 0 or array.dtype.kind not in "iu":
        raise ValueError(
            f"label map has shape {array.shape} and type {array.dtype}, expected (H, W) "
            "integers: pass the labels that segment() returned"
        )
    if int(array.min()) < 0:
        raise ValueError("label map holds negative ids, expected 0 for line and 1..N")
    return np.require(array, np.int32, ["C", "W"])


def expand_labels(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Let every segment reach under its lines, to their middle.

    Parameters
    ----------
    labels : (H, W) int32, 0 = line; not modified

    Returns
    -------
    (H, W) int32
        Without a 0 unless there is no segment at all. A pixel equally near (in 4-steps) to
        two segments goes to the one whose rim comes first in raster order.
    """
    grown = checked_labels(labels).copy()
    kernels.grow(grown, np.ones(grown.shape, np.bool_))
    return grown
