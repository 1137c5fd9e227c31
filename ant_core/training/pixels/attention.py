"""What a network by Lee et al. looks at: where in the reference a place of the drawing takes from.

Section 4.5 there: a place of the drawing is the query, and the three places of the reference that
it attends to most are marked.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ant_core.training.pixels.augment import network_color, network_line, picture_of
from ant_core.training.pixels.pictures import PictureClip
from ant_core.training.pixels.scft import REDUCTION, Scft, Transferred

__all__ = ["PaintedView", "agreement", "attend", "drawn"]

_TOP = 3
_QUERY, _FOUND = (220, 30, 30), ((30, 160, 30), (120, 190, 60), (190, 220, 120))


@dataclass(frozen=True)
class PaintedView:
    """One frame painted from another.

    Attributes
    ----------
    weight : (N, N) float32
        How much each cell of the drawing takes from each of the reference, rows sum to 1; cells
        by rows, `REDUCTION` pixels a side.
    picture : (S, S, 3) uint8
    """

    weight: NDArray[np.float32]
    picture: NDArray[np.uint8]


def attend(network: Scft, clip: PictureClip, kind: int, frame: int, painted: int) -> PaintedView:
    """Paint a frame from a painted one and keep what was attended to."""
    device = next(network.parameters()).device
    line, reference = (
        torch.from_numpy(one)[None].to(device)
        for one in (network_line(clip.line[frame]), network_color(clip.color[kind, painted]))
    )
    with torch.inference_mode():
        made: Transferred = network.eval()(line, reference)
        weight = made.similarity.float().softmax(-1)
    return PaintedView(weight[0].cpu().numpy(), picture_of(made.picture)[0])


def _cells(plane: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the value in the middle of each cell, by rows."""
    return plane[REDUCTION // 2 :: REDUCTION, REDUCTION // 2 :: REDUCTION].ravel()


def agreement(view: PaintedView, here: NDArray[np.int16], there: NDArray[np.int16]) -> float | None:
    """Return how often the cell attended to most shows the same part.

    Parameters
    ----------
    here, there
        (S, S) part ids of drawing and reference, 0 = paper.

    Returns
    -------
    float or None
        Share of the drawing's cells on parts that both show; None without any.
    """
    own, other = _cells(here), _cells(there)
    asked = (own > 0) & np.isin(own, other)
    if not asked.any():
        return None
    return float((other[view.weight.argmax(1)] == own)[asked].mean())


def drawn(
    view: PaintedView, clip: PictureClip, kind: int, frame: int, painted: int
) -> NDArray[np.uint8]:
    """Return line art, reference and painted picture side by side, for the largest part.

    The query is marked red, what it attends to most is green, (S, 3 * S, 3).
    """
    ids = _cells(clip.ids[frame])
    part = np.bincount(ids[ids > 0], minlength=2).argmax() if ids.any() else 0
    side = clip.line.shape[-1] // REDUCTION
    own = np.flatnonzero(ids == part)
    center = np.stack([own // side, own % side], 1)
    query = int(own[((center - center.mean(0)) ** 2).sum(1).argmin()])
    line = np.repeat(clip.line[frame][..., None], 3, -1)
    reference = clip.color[kind, painted].copy()
    _mark(line, query, side, _QUERY)
    most = np.argsort(-view.weight[query])[:_TOP]
    for cell, color in reversed(list(zip(most.tolist(), _FOUND, strict=True))):
        _mark(reference, cell, side, color)
    return np.hstack([line, reference, view.picture])


def _mark(picture: NDArray[np.uint8], cell: int, side: int, color: tuple[int, int, int]) -> None:
    row, column = divmod(cell, side)
    corner = column * REDUCTION, row * REDUCTION
    end = corner[0] + REDUCTION - 1, corner[1] + REDUCTION - 1
    cv2.rectangle(picture, corner, end, color, 1)
