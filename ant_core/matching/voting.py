"""From a match to fills: similarity is summed over all reference segments of equal colour.

A colour is never invented: it comes from a reference, a hint or a lock, or there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import NO_COLOR, UNPAINTED
from ant_core.matching.fills import (
    FLAG_HINT,
    FLAG_SIDES_DISAGREE,
    LOCKED,
    NEVER,
    NO_COUNTERPART,
    OTHERS,
    PAINTED,
    STATE_UNPAINTED,
    Fills,
    no_others,
)
from ant_core.matching.matcher import Match

__all__ = ["FREE", "Ballot", "apply_given", "shares", "vote"]

_CHUNK_CELLS = 4_000_000  # rows are voted in chunks: thousands of segments need no gigabytes
_TINY = 1e-12  # below float32 noise
_LEAST_SHARE = 0.02  # of similarity; less is no alternative
FREE = -2  # in place of a palette index: the votes of the segment alone decide


@dataclass(frozen=True)
class Ballot:
    """What one reference brings to a vote; row i is its segment id i + 1.

    Attributes
    ----------
    frame : int
        `source_code` of the frame or model sheet.
    offset : int
        Target frame minus this frame; 0 when it lies outside the shot.
    color : (M,) int32
        Palette indices; `NO_COLOR` for a segment that is itself without counterpart.
    weight : (M,) float32
        The confidence of the fill: 1 for painted references, less where one of their segments is
        painted in two colours.
    """

    frame: int
    offset: int
    color: NDArray[np.int32]
    weight: NDArray[np.float32]


def shares(
    match: Match,
    ballots: Sequence[Ballot],
    rank: NDArray[np.int64],
    no_counterpart_threshold: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return what speaks for each colour of the references; arguments as those of `vote`.

    Returns
    -------
    (K,) int64, (N, K) float64
        Palette indices, and the share of all similarity that each has with each target segment.
        A segment without counterpart has a row of zeros.
    """
    count, columns = match.probability.shape
    if columns == 0:
        return np.zeros(0, np.int64), np.zeros((count, 0))
    columns_of = _Columns.sort(match, ballots, rank)
    found = np.zeros((count, len(columns_of.classes)))
    step = max(1, _CHUNK_CELLS // columns)
    for start in range(0, count, step):
        rows = np.s_[start : start + step]
        mass = match.probability[rows][:, columns_of.order] * columns_of.weight
        found[rows] = np.add.reduceat(mass, columns_of.starts, axis=1)
    found /= np.maximum(found.sum(axis=1, keepdims=True), _TINY)
    found[match.has_counterpart < no_counterpart_threshold] = 0
    return columns_of.classes, found


def vote(
    match: Match,
    ballots: Sequence[Ballot],
    rank: NDArray[np.int64],
    confidence: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    no_counterpart_threshold: float,
    disagreement_share: float = 0.2,
    chosen: NDArray[np.int64] | None = None,
) -> Fills:
    """Colour the segments of a target.

    Parameters
    ----------
    match : Match
        N target segments against the M segments of all ballots, in the ballots' order.
    ballots : sequence of Ballot
    rank : (P,) int
        Order of the palette indices by colour value; equal sums go to the lower rank.
    confidence : callable
        Turns the winner's share of similarity, (N,) float32, into the chance that it is right.
    no_counterpart_threshold : float
        Below this `match.has_counterpart` the segment is left without colour.
    disagreement_share : float
        Share of all similarity from which the other side's colour counts as a contradiction.
    chosen : (N,) int64, optional
        Palette index that each segment gets in spite of its votes, `FREE` where they decide.

    Returns
    -------
    Fills
        The confidence is that of the match times the weight of the sources of the winning
        colour, lowered by the share of a side that disagrees.
    """
    count, columns = match.probability.shape
    if columns == 0:
        return Fills.unknown(count)
    columns_of = _Columns.sort(match, ballots, rank)
    step = max(1, _CHUNK_CELLS // columns)
    parts = []
    for start in range(0, max(count, 1), step):
        rows = np.s_[start : start + step]
        forced = None if chosen is None else columns_of.places(chosen[rows])
        fills, won = _vote_rows(
            match.probability[rows], columns_of, confidence, disagreement_share, forced
        )
        counterpart = match.has_counterpart[rows]
        threshold = no_counterpart_threshold
        parts.append(_without_counterpart(fills, won, counterpart, threshold, forced))
    return parts[0] if len(parts) == 1 else Fills.concatenate(parts)


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """The M reference segments, grouped into K classes of equal colour.

    classes: (K,) palette index; starts: (K,) first column of each class; order: (M,) original
    column; weight, offset, frame, segment: (M,) of the grouped columns.
    """

    classes: NDArray[np.int64]
    starts: NDArray[np.int64]
    order: NDArray[np.int64]
    weight: NDArray[np.float64]
    offset: NDArray[np.int64]
    frame: NDArray[np.int32]
    segment: NDArray[np.int32]

    @classmethod
    def sort(cls, match: Match, ballots: Sequence[Ballot], rank: NDArray[np.int64]) -> _Columns:
        """Group the columns of a match by the colours that the ballots give them; rank: (C,)."""
        color = np.concatenate([ballot.color for ballot in ballots])
        weight = np.concatenate([ballot.weight for ballot in ballots]).astype(np.float64)
        offset = np.array([ballot.offset for ballot in ballots], np.int64)
        frame = np.array([ballot.frame for ballot in ballots], np.int32)
        # "No colour" ranks last: a colour wins over it at equal similarity.
        key = np.where(color == NO_COLOR, len(rank), rank[np.maximum(color, 0)])
        order = np.argsort(key, kind="stable")
        grouped = key[order]
        starts = np.flatnonzero(np.concatenate([[True], grouped[1:] != grouped[:-1]]))
        reference = match.reference[order]
        return cls(
            classes=color[order][starts].astype(np.int64),
            starts=starts,
            order=order,
            weight=weight[order],
            offset=offset[reference],
            frame=frame[reference],
            segment=match.segment[order].astype(np.int32),
        )

    def places(self, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the place of palette indices among the classes, -1 where they have none."""
        table = {int(color): place for place, color in enumerate(self.classes)}
        return np.array([table.get(color, -1) for color in chosen.tolist()], np.int64)


def _vote_rows(
    probability: NDArray[np.float32],
    columns: _Columns,
    confidence: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    disagreement_share: float,
    forced: NDArray[np.int64] | None,
) -> tuple[Fills, NDArray[np.float32]]:
    """Sum and compare for some rows of the match, (n, M); returns the winners' shares, too."""
    plain = probability[:, columns.order].astype(np.float64)  # (n, M), grouped by colour
    mass = plain * columns.weight
    starts = columns.starts
    sums = np.add.reduceat(mass, starts, axis=1)  # (n, K)
    winner = sums.argmax(axis=1)
    if forced is not None:
        winner = np.where(forced >= 0, forced, winner)
    rows = np.arange(len(winner))
    won = sums[rows, winner]
    total = np.maximum(sums.sum(axis=1), _TINY)
    trust = won / np.maximum(np.add.reduceat(plain, starts, axis=1)[rows, winner], _TINY)
    share = (won / total).astype(np.float32)
    sure = confidence(share).astype(np.float64) * np.minimum(trust, 1)
    against = _disagreement(mass, columns.offset, starts, winner, disagreement_share * total)
    sure *= 1 - against / total
    best = _best_column(mass, starts, winner)
    color = columns.classes[winner]
    fills = Fills(
        color=color.astype(np.int32),
        state=np.where(color == UNPAINTED, STATE_UNPAINTED, PAINTED).astype(np.uint8),
        confidence=np.clip(sure, 0, 1).astype(np.float32),
        source_frame=columns.frame[best],
        source_segment=columns.segment[best],
        flags=np.where(against > 0, FLAG_SIDES_DISAGREE, 0).astype(np.uint8),
        **_others(sums / total[:, None], winner, columns.classes),
    )
    return fills, share


def _others(
    share: NDArray[np.float64], winner: NDArray[np.int64], classes: NDArray[np.int64]
) -> dict[str, NDArray[Any]]:
    """Return `Fills.other_color` and `other_share` from the share of each class, (n, K)."""
    others = no_others(len(share))
    rows = np.arange(len(share))
    left = share.copy()
    left[rows, winner] = 0
    left[:, classes == NO_COLOR] = 0
    for place in range(OTHERS):
        best = left.argmax(axis=1)
        part = left[rows, best]
        left[rows, best] = 0
        others["other_color"][:, place] = np.where(part >= _LEAST_SHARE, classes[best], NO_COLOR)
        others["other_share"][:, place] = np.where(part >= _LEAST_SHARE, part, 0)
    return others


def _disagreement(
    mass: NDArray[np.float64],
    offset: NDArray[np.int64],
    starts: NDArray[np.int64],
    winner: NDArray[np.int64],
    least: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what a side gives to another colour than the winner, (N,), 0 where they agree.

    The sides are the references before and after the target. A side contradicts when its own
    first choice is another colour and that choice weighs at least `least`.
    """
    against = np.zeros(len(winner))
    if not ((offset > 0).any() and (offset < 0).any()):
        return against
    rows = np.arange(len(winner))
    for side in (offset > 0, offset < 0):
        sums = np.add.reduceat(mass * side, starts, axis=1)
        choice = sums.argmax(axis=1)
        weight = sums[rows, choice]
        contradicts = (choice != winner) & (weight >= least) & (weight > 0)
        against = np.where(contradicts, np.maximum(against, weight), against)
    return against


def _best_column(
    mass: NDArray[np.float64], starts: NDArray[np.int64], winner: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return for each row the strongest column of its winning class, the first of equals."""
    ends = np.append(starts[1:], mass.shape[1])
    best = np.zeros(len(winner), np.int64)
    for kind in np.unique(winner):
        rows = winner == kind
        start, end = starts[kind], ends[kind]
        best[rows] = start + mass[rows, start:end].argmax(axis=1)
    return best


def _without_counterpart(
    fills: Fills,
    won: NDArray[np.float32],
    has_counterpart: NDArray[np.float32],
    threshold: float,
    forced: NDArray[np.int64] | None,
) -> Fills:
    """Blank the segments that no reference shows, or that resemble only such segments.

    The colour that such a segment would have had, `won` its share, is its first alternative. Those
    whose colour is forced are as sure as it is that they have a counterpart at all.
    """
    absent = has_counterpart < threshold
    if forced is not None:
        sure = np.where(absent, np.minimum(fills.confidence, has_counterpart), fills.confidence)
        fills = replace(fills, confidence=sure.astype(np.float32))
        absent = absent & (forced < 0)
    unknown = absent | (fills.color == NO_COLOR)
    sure = np.where(absent, 1 - has_counterpart, fills.confidence)
    other_color, other_share = fills.other_color.copy(), fills.other_share.copy()
    lost = absent & (fills.color != NO_COLOR)
    other_color[lost, 1:], other_share[lost, 1:] = other_color[lost, :-1], other_share[lost, :-1]
    other_color[lost, 0], other_share[lost, 0] = fills.color[lost], won[lost]
    return Fills(
        color=np.where(unknown, NO_COLOR, fills.color).astype(np.int32),
        state=np.where(unknown, NO_COUNTERPART, fills.state).astype(np.uint8),
        confidence=np.where(unknown, sure, fills.confidence).astype(np.float32),
        source_frame=np.where(unknown, 0, fills.source_frame).astype(np.int32),
        source_segment=np.where(unknown, 0, fills.source_segment).astype(np.int32),
        flags=np.where(unknown, 0, fills.flags).astype(np.uint8),
        other_color=other_color,
        other_share=other_share,
    )


def apply_given(
    fills: Fills,
    frame: int,
    hinted: dict[int, int],
    never: dict[int, int],
    locked: dict[int, int],
) -> Fills:
    """Let the artist have the last word: a rule wins over a hint, and a lock over both.

    Parameters
    ----------
    fills : Fills
        Not modified.
    frame : int
        The frame they are given on, which becomes their source.
    hinted, never, locked : dict of int to int
        Palette index by segment id; `never` are those that a rule leaves bare.
    """
    columns = {item.name: getattr(fills, item.name).copy() for item in fields(fills)}
    given = [(segment, index, PAINTED, FLAG_HINT) for segment, index in hinted.items()]
    given += [(segment, index, NEVER, 0) for segment, index in never.items()]
    given += [(segment, index, LOCKED, 0) for segment, index in locked.items()]
    for segment, index, state, flags in given:
        row = segment - 1
        bare = state == PAINTED and index == UNPAINTED
        columns["color"][row], columns["state"][row] = index, STATE_UNPAINTED if bare else state
        columns["confidence"][row], columns["flags"][row] = 1, flags
        columns["source_frame"][row], columns["source_segment"][row] = frame, segment
        columns["other_color"][row], columns["other_share"][row] = NO_COLOR, 0
    return Fills(**columns)
