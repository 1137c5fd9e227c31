"""Affine maps from the segments of one drawing to those of another, from optical flow.

A painted surface that is no single colour goes with its segment. How, six numbers tell: fitted to
the flow of those pixels that lead to the matched segment and back to their place. Rough
registration is enough inside of contours (Sykora et al., "TexToons", NPAR 2011); finer lattices
gained nothing on exact truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.matching._surface_kernels import sum_pixels, sum_places
from ant_core.matching.flow import Landing
from segmentation import expand_labels

__all__ = ["ANY", "IDENTITY", "Fit", "by_place", "compose", "fit", "measure_places", "to_full_size"]

ANY = -2  # class of a target segment that a map may lead anywhere from
IDENTITY = np.array([1, 0, 0, 0, 1, 0], np.float64)  # xx, xy, x0, yx, yy, y0
# What holds a small segment's map to a plain shift, in square pixels of the flow's picture: flow
# errs by half a pixel over patches of 8, and drawings rarely turn or grow by a tenth.
_STIFFNESS = 1600.0
_ROUNDS = 5
_SUMS = 24  # numbers that a fit is made of, a segment
_TINY = 1e-9  # keeps a segment without pixels from having no answer
# Flow knows how lines move and guesses the rest: in the middle of a wide empty segment it is about
# zero both ways, so it returns though nothing there was followed. That far from lines, in pixels of
# the flow's picture, a pixel counts for 1/e; validation clips are alike from 8 to 16.
_NEAR_PX = 16.0
_FAR_WEIGHT = 1e-3  # of pixels farther away, which still tell where there are no others
_SCALE = (0.5, 2.0)  # of a map from places and areas alone


@dataclass(frozen=True)
class Fit:
    """Maps of N target segments to one source drawing; row i is segment i + 1.

    Attributes
    ----------
    segment : (N,) int32
        The source segment that most of the returning pixels lead to; 0 where there is none.
    map : (N, 6) float64
        xx, xy, x0, yx, yy, y0: target pixel x, y comes from source pixel xx x + xy y + x0, ...
    share : (N,) float32
        Share of the segment's pixels that lead there and come back.
    """

    segment: NDArray[np.int32]
    map: NDArray[np.float64]
    share: NDArray[np.float32]


def fit(
    labels: NDArray[np.int32],
    landing: Landing,
    source: NDArray[np.int32],
    allowed: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> Fit:
    """Fit a map a segment, mostly to its outline and what lies near it.

    Parameters
    ----------
    labels : (h, w) int32
        Segments of the target, 0 = line; not modified.
    landing : Landing
        Where its pixels lead.
    source : (h, w) int32
        Segments of the source under the lines as well; not modified.
    allowed : (N,) and (M,) int64
        A class of every target and source segment: a map leads to a segment of the same class
        only; -1 leads nowhere, and a target of class `ANY` to the segment its pixels lead to.

    Returns
    -------
    Fit
        In pixels of these pictures.
    """
    own, other = allowed
    counts = len(own), len(other)
    reached = np.where(landing.returned, landing.look_up(source), 0).astype(np.int32)
    chosen, most = _chosen(labels, reached, own, other)
    maps = _fitted(labels, reached, chosen, landing)
    size = np.bincount(labels.ravel(), minlength=counts[0] + 1)[1 : counts[0] + 1]
    share = most / np.maximum(size, 1)
    return Fit(chosen, maps, share.astype(np.float32))


def _fitted(
    labels: NDArray[np.int32],
    reached: NDArray[np.int32],
    chosen: NDArray[np.int32],
    landing: Landing,
) -> NDArray[np.float64]:
    """Return the maps (N, 6) of segments to their chosen ones; those without stay as they are.

    Least squares of the errors that `Landing.known` weighs: a straight line says nothing of a move
    along itself, and its ends are not outliers for that.
    """
    count = len(chosen)
    under = expand_labels(np.ascontiguousarray(labels, np.int32))
    known = landing.known
    if known is None:
        known = np.broadcast_to(np.array([1, 0, 1], np.float32), (*labels.shape, 3))
    centers = np.zeros((count + 1, 2))
    centers[1:] = measure_places(under, count)[:, :2]
    target = np.concatenate([np.zeros(1, np.int32), chosen])
    weights, moves = _near_lines(labels), np.zeros((count + 1, 6))
    for turn in range(_ROUNDS):
        sums = np.zeros((count + 1, _SUMS))
        planes = landing.x, landing.y, weights, np.ascontiguousarray(known)
        sum_pixels(under, reached, target, *planes, centers, moves, turn > 0, sums)
        moves = _solved(sums)
    linear = moves[:, [0, 1, 3, 4]].reshape(-1, 2, 2)
    shift = moves[:, [2, 5]] - (linear @ centers[..., None])[..., 0]
    change = np.concatenate([linear, shift[..., None]], axis=2).reshape(-1, 6)
    return IDENTITY + change[1:]


def _solved(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the moves (N, 6) of sums (N, 24) as `sum_pixels` leaves them; 0 without pixels."""
    upper = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])
    xx, xy, yy = (sums[:, first + upper] for first in (0, 6, 12))
    system = np.block([[xx, xy], [xy, yy]])
    system[:, range(6), range(6)] += np.array([_STIFFNESS, _STIFFNESS, _TINY] * 2)
    return np.linalg.solve(system, sums[:, 18:, None])[..., 0]


def _near_lines(labels: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return how much every pixel counts, (h, w): most on lines, little far from them."""
    distance = cv2.distanceTransform((labels > 0).astype(np.uint8), cv2.DIST_L2, 5)
    weight = np.exp(-((distance / np.float32(_NEAR_PX)) ** 2))
    return np.maximum(weight, np.float32(_FAR_WEIGHT)).astype(np.float32)


def _chosen(
    labels: NDArray[np.int32],
    reached: NDArray[np.int32],
    own: NDArray[np.int64],
    other: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the segment that most pixels of each lead to, and how many; (N,) each, 0 for none.

    Only pairs that occur are counted: of two large drawings a table of all would fill the memory.
    """
    chosen, most = np.zeros(len(own), np.int32), np.zeros(len(own), np.int64)
    inside = (labels > 0) & (labels <= len(own)) & (reached > 0) & (reached <= len(other))
    width = len(other) + 1
    pairs = labels[inside].astype(np.int64) * width + reached[inside]
    pairs, pixels = np.unique(pairs, return_counts=True)
    row, column = pairs // width - 1, pairs % width
    fits = (own[row] == ANY) | ((own[row] == other[column - 1]) & (own[row] >= 0))
    row, column, pixels = row[fits], column[fits], pixels[fits]
    # The last one written counts: the most pixels, of equals the lower segment.
    order = np.lexsort((-column, pixels))
    chosen[row[order]], most[row[order]] = column[order], pixels[order]
    return chosen, most


def measure_places(labels: NDArray[np.int32], count: int) -> NDArray[np.float64]:
    """Return centre x, y, area and mean xx, xy, yy about the centre of segments, (count, 6)."""
    sums = np.zeros((count + 1, 6))
    sum_places(np.ascontiguousarray(labels, np.int32), sums)
    area = sums[1:, 0]
    cx, cy, xx, xy, yy = sums[1:, 1:].T / np.maximum(area, 1)
    # A pixel is a square, whose own spread is a twelfth.
    spread = xx - cx * cx + 1 / 12, xy - cx * cy, yy - cy * cy + 1 / 12
    return np.stack([cx, cy, area, *spread], axis=1)


def by_place(target: NDArray[np.float64], source: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return maps (n, 6) that bring centre to centre and spread to spread.

    The map between two clouds of points that moves them least: it turns nothing, and keeps what is
    inside of the one mostly inside of the other. Rows as of `measure_places`.
    """
    own, other = (rows[:, (3, 4, 4, 5)].reshape(-1, 2, 2) for rows in (target, source))
    root = _root(own)
    back = np.linalg.inv(root)
    linear = back @ _root(root @ other @ root) @ back
    # Within what is likely between two drawings of one part.
    value, vector = np.linalg.eigh(linear)
    linear = (vector * np.clip(value, *_SCALE)[:, None, :]) @ vector.transpose(0, 2, 1)
    shift = source[:, :2, None] - linear @ target[:, :2, None]
    return np.concatenate([linear, shift], axis=2).reshape(-1, 6)


def _root(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the square roots of symmetric positive matrices, (n, 2, 2)."""
    value, vector = np.linalg.eigh(matrices)
    return (vector * np.sqrt(np.maximum(value, 1e-9))[:, None, :]) @ vector.transpose(0, 2, 1)


def compose(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the maps (n, 6) that do `first` and then `second`."""
    a, b = (maps.reshape(-1, 2, 3) for maps in (first, second))
    linear = b[:, :, :2] @ a[:, :, :2]
    shift = (b[:, :, :2] @ a[:, :, 2:]) + b[:, :, 2:]
    return np.concatenate([linear, shift], axis=2).reshape(-1, 6)


def to_full_size(
    maps: NDArray[np.float64], small: tuple[int, int], full: tuple[int, int]
) -> NDArray[np.float64]:
    """Bring maps (n, 6) between pictures of one size to another size, both height and width.

    Centres of pixels stay centres: the corner of a picture lies half a pixel outside of its first.
    """
    ratio = full[1] / small[1], full[0] / small[0]
    up = np.array([ratio[0], 0, (ratio[0] - 1) / 2, 0, ratio[1], (ratio[1] - 1) / 2])
    down = np.array(
        [1 / ratio[0], 0, (1 / ratio[0] - 1) / 2, 0, 1 / ratio[1], (1 / ratio[1] - 1) / 2]
    )
    count = len(maps)
    return compose(compose(np.tile(down, (count, 1)), maps), np.tile(up, (count, 1)))
