"""The drawings of a shot with known truth that `ant_core suggest` would name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ant_core.propagation.suggest import best, counterparts
from ant_core.training.data.true_shots import TrueFrame
from ant_core.training.evaluation.methods import Method

__all__ = ["suggested"]


def suggested(frames: Sequence[TrueFrame], method: Method, count: int) -> list[int]:
    """Return the places of so many drawings, the most useful first, chosen by a method's matches.

    Parameters
    ----------
    frames : sequence of TrueFrame
        In the order of time; their true colours are not looked at.
    count : int
    """
    # Their own objects, once, because a method keeps what it encoded by object.
    far = [replace(frame, small=None) for frame in frames]

    def find(source: int, target: int, near: bool) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        looked_at = frames if near else far
        return counterparts(*method.match([looked_at[source]], looked_at[target]))

    return [one.frame for one in best([frame.count for frame in frames], [], find, count)]
