"""Colours to pieces, and pieces of one colour to segments."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmentation import _labelling_kernels as kernels
from segmentation.passes import Passes
from segmentation.pieces import Pieces
from segmentation.trapped_ball import Segmentation, joined, relabel_pieces, united


def cut_by_colors(pieces: Pieces, colors: ArrayLike) -> Segmentation:
    """Divide a painted drawing where its colours meet.

    Parameters
    ----------
    colors : (P,) int, palette index of every piece, -1 where it is unknown or mixed

    Returns
    -------
    Segmentation
        Unions of pieces of one colour over passes that geometry leaves open. Unknown pieces
        fall to either side at the cheapest cut between the colours that they lie between.
    """
    given = np.asarray(colors)
    if given.shape != (pieces.count,) or given.dtype.kind not in "iu":
        raise ValueError(
            f"colors have shape {given.shape} and type {given.dtype}, "
            f"expected ({pieces.count},) integers: one for every piece"
        )
    palette, index = np.unique(given, return_inverse=True)
    known = given >= 0
    votes = (palette[None, :] == given[:, None]) & known[:, None]
    bound = 1.0 + pieces.passes.width_px.sum(dtype=np.float64)
    costs = np.where(known[:, None] & ~votes, bound, 0.0)
    costs[:, palette < 0] = bound
    labels = _labelled(pieces, costs, pieces.passes.closed)
    found = np.where(_reached(pieces, known, pieces.passes.closed), labels, -1)
    return merge_pieces(pieces, np.where(known, index, found))


def label_pieces(pieces: Pieces, votes: ArrayLike, smoothness: float = 1.0) -> NDArray[np.int64]:
    """Choose a colour for every piece: votes against colour changes across open space.

    Minimises the sum over pieces of sqrt(area) * (1 - vote) plus, over passes whose sides
    differ, `smoothness` * width * (1 - strength): LazyBrush (Sykora, Dingliana and Collins, 2009,
    section 3) on pieces instead of pixels, both terms lengths in pixels.

    Parameters
    ----------
    votes : (P, K) float in [0, 1], what speaks for each candidate colour; a row of zeros where
        nothing is known
    smoothness : weight of the passes

    Returns
    -------
    (P,) int64
        Candidate of every piece, -1 where it has no votes and no way to a piece that has. Ties
        go to the candidate with the most votes in all, then to the first.
    """
    given = np.asarray(votes, np.float64)
    if given.ndim != 2 or len(given) != pieces.count:
        raise ValueError(
            f"votes have shape {given.shape}, expected ({pieces.count}, K): a row for every piece"
        )
    if not (np.isfinite(given).all() and (given >= 0).all()):
        raise ValueError("votes hold negative or missing numbers, expected 0 to 1")
    if given.shape[1] == 0:
        return np.full(pieces.count, -1, np.int64)
    known = np.asarray(given.any(axis=1))
    costs = np.sqrt(pieces.area)[:, None] * (given.max(axis=1, keepdims=True) - given)
    labels = _labelled(pieces, costs, np.zeros(pieces.passes.count, np.bool_), smoothness)
    nowhere = np.zeros(pieces.passes.count, np.bool_)
    return np.where(_reached(pieces, known, nowhere), labels, -1)


def settle_doubts(pieces: Pieces) -> tuple[Pieces, NDArray[np.int32]]:
    """Join pieces over doubtful passes: what nothing but their width speaks for is no line.

    Returns
    -------
    Pieces, (P,) int32
        The joined pieces, numbered by their first pieces, and which of them each piece is part of.
    """
    old = pieces.passes
    part_of = united(pieces.count, old.pieces[old.doubtful])
    count = int(part_of.max(initial=0))
    if count == pieces.count:
        return pieces, part_of
    area = np.bincount(part_of - 1, pieces.area, count).astype(np.int64)
    sides = np.sort(part_of[old.pieces - 1], axis=1)
    # A link between two pieces is told once, though it may meet several parts of either.
    rows = np.column_stack([sides, old.ink_points])
    kept = np.sort(np.unique(rows, axis=0, return_index=True)[1])
    kept = kept[sides[kept, 0] != sides[kept, 1]]
    kept = kept[np.lexsort((sides[kept, 1], sides[kept, 0]))]
    passes = Passes(
        pieces=sides[kept],
        width_px=old.width_px[kept],
        ink_points=old.ink_points[kept],
        kind=old.kind[kept],
        ends=old.ends[kept],
        strength=old.strength[kept],
        closed=old.closed[kept],
        doubtful=old.doubtful[kept],
    )
    labels = relabel_pieces(pieces.labels, part_of)
    return Pieces(labels, area, passes, pieces.gap_px, pieces.line_width_px), part_of


def merge_pieces(pieces: Pieces, labels: ArrayLike) -> Segmentation:
    """Join pieces of one colour over the passes that geometry leaves open.

    Parameters
    ----------
    labels : (P,) int, colour of every piece; pieces of -1 join one another

    Returns
    -------
    Segmentation
    """
    chosen = np.asarray(labels)
    if chosen.shape != (pieces.count,):
        raise ValueError(f"labels have shape {chosen.shape}, expected ({pieces.count},)")
    ends = chosen[pieces.passes.pieces - 1]
    return joined(pieces, ends[:, 0] != ends[:, 1])


def _labelled(
    pieces: Pieces,
    costs: NDArray[np.float64],
    left_out: NDArray[np.bool_],
    smoothness: float = 1.0,
) -> NDArray[np.int64]:
    """Label each group of pieces that passes connect, on its own."""
    passes = pieces.passes
    price = smoothness * passes.width_px.astype(np.float64) * (1.0 - passes.strength)
    # Nothing is wholly free, so that of equal cuts the one with fewer passes is taken.
    price = np.maximum(price, 1e-3)
    edges = passes.pieces[~left_out].astype(np.int64) - 1
    price = price[~left_out]
    order = np.argsort(costs.sum(axis=0), kind="stable")
    group = united(pieces.count, passes.pieces[~left_out]) - 1
    labels = np.empty(pieces.count, np.int64)
    place = np.empty(pieces.count, np.int64)
    by_group = np.argsort(group, kind="stable")
    edge_group = group[edges[:, 0]]
    by_edge = np.argsort(edge_group, kind="stable")
    alone = np.bincount(group) == 1
    single = alone[group]
    labels[single] = kernels.cheapest(costs[single], np.zeros((0, 2), np.int64), np.zeros(0), order)
    bounds = np.searchsorted(group[by_group], np.arange(alone.size + 1))
    edge_bounds = np.searchsorted(edge_group[by_edge], np.arange(alone.size + 1))
    for g in np.flatnonzero(~alone):
        nodes = by_group[bounds[g] : bounds[g + 1]]
        own = by_edge[edge_bounds[g] : edge_bounds[g + 1]]
        place[nodes] = np.arange(nodes.size)
        labels[nodes] = kernels.cheapest(costs[nodes], place[edges[own]], price[own], order)
    return labels


def _reached(
    pieces: Pieces, known: NDArray[np.bool_], left_out: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Tell which pieces are connected with a known one."""
    group = united(pieces.count, pieces.passes.pieces[~left_out])
    return np.isin(group, group[known])
