"""Dense flow from matches of segments: every segment moves as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.matching.descriptors import SHAPE_FEATURES
from ant_core.training.data.flow_labels import look_up
from ant_core.training.data.true_shots import TrueFrame

__all__ = ["dense_flow"]

_BORDER = SHAPE_FEATURES.index("touches_border")


def dense_flow(
    source: TrueFrame,
    target: TrueFrame,
    rows: NDArray[np.integer[Any]],
    source_plane: NDArray[np.int32],
    target_plane: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Turn matches into flow.

    A segment may move as its centre does, as a corner of its box does, as its neighbours do on
    the mean, or not at all: of these, it takes the move that brings most of its pixels onto its
    match (the first of equals; neighbours come first for segments that the picture's border
    cuts). A segment without match moves as the nearest one that has a match; nothing moves
    where none has.

    Parameters
    ----------
    rows : (N,) row of the target for each source segment, -1 = none
    source_plane, target_plane : (H, W) int32
        Segment id of every pixel, lines included.

    Returns
    -------
    (H, W, 2) float32 x, y in pixels
    """
    matched = np.flatnonzero(rows >= 0)
    shift = np.zeros((source.count + 1, 2), np.float32)
    if len(matched):
        moves = _candidates(source, target, rows, matched, max(source_plane.shape) / 2)
        wanted = np.append(-1, np.where(rows >= 0, rows + 1, -1))
        hits = [_hits(move, wanted, source_plane, target_plane) for move in moves]
        best = np.argmax(hits, axis=0)
        chosen = moves[best, np.arange(source.count)]
        near = np.linalg.norm(source.centroid[:, None] - source.centroid[matched][None], axis=-1)
        near[matched, np.arange(len(matched))] = -1  # its own move first, wherever others lie
        shift[1:] = chosen[matched][near.argmin(axis=1)]
    return shift[source_plane]


def _candidates(
    source: TrueFrame,
    target: TrueFrame,
    rows: NDArray[np.integer[Any]],
    matched: NDArray[np.int64],
    half: float,
) -> NDArray[np.float32]:
    """Return moves of every segment, (5, N, 2) px; `half` is half the longer side in px."""
    to = rows[matched]
    moves = np.zeros((5, source.count, 2), np.float32)
    moves[0, matched] = target.centroid[to] - source.centroid[matched]
    for index, sign in ((1, -1), (2, 1)):
        corner = [(f.box[:, :2] + sign * f.box[:, 2:] / 2) * half for f in (source, target)]
        moves[index, matched] = corner[1][to] - corner[0][matched]
    around = _of_neighbours(source, moves[0], matched)
    cut = source.shape[:, _BORDER] > 0
    moves[3] = np.where(cut[:, None], moves[0], around)
    moves[0] = np.where(cut[:, None], around, moves[0])
    return moves


def _of_neighbours(
    source: TrueFrame, move: NDArray[np.float32], matched: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return the mean move of each segment's matched neighbours by shared boundary, (N, 2)."""
    known = np.zeros(source.count, np.bool_)
    known[matched] = True
    total = np.zeros((source.count, 3))
    for here, there in (source.edges.T, source.edges.T[::-1]):
        weight = source.edge_weight * known[there]
        np.add.at(total, here, np.column_stack([move[there] * weight[:, None], weight]))
    mean = total[:, :2] / np.maximum(total[:, 2:], 1e-6)
    return np.where(total[:, 2:] > 0, mean, move).astype(np.float32)


def _hits(
    move: NDArray[np.float32],
    wanted: NDArray[np.integer[Any]],
    source_plane: NDArray[np.int32],
    target_plane: NDArray[np.int32],
) -> NDArray[np.int64]:
    """Count the pixels of every source segment that a move brings onto its match, (N,)."""
    flow = np.concatenate([np.zeros((1, 2), np.float32), move])[source_plane]
    hit = look_up(target_plane, flow, outside=0) == wanted[source_plane]
    return np.bincount(source_plane[hit], minlength=len(wanted))[1:]
