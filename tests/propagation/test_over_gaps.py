"""What a dab of paint means reaches bare segments behind closed gaps, the least lines first."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ant_core.color.palette import NO_COLOR, UNPAINTED
from ant_core.propagation.references import _over_gaps
from segmentation import Passes, Pieces


def slowly(pieces, segment, index, dabbed):
    """Look through all gaps for the first one that hands its colour on, again and again."""
    area = np.bincount(segment, pieces.area)
    color = np.full(len(area), UNPAINTED, np.int32)
    color[segment] = index
    meant = np.zeros(len(area), np.bool_)
    meant[segment[dabbed]] = True
    ends = segment[pieces.passes.pieces - 1]
    rows = np.flatnonzero(pieces.passes.closed & (ends[:, 0] != ends[:, 1]))
    rows = rows[np.argsort(pieces.passes.strength[rows], kind="stable")]
    ends = np.concatenate([ends[rows], ends[rows, ::-1]])
    while dabbed.any():
        giver, taker = ends.T
        free = meant[giver] & ~meant[taker] & (color[taker] == UNPAINTED)
        free &= (area[taker] < area[giver]) & (color[giver] > UNPAINTED)
        if not free.any():
            break
        first = np.flatnonzero(free)
        first = first[np.argmin(first % len(rows))]
        color[taker[first]] = color[giver[first]]
        meant[taker[first]] = True
    index[:] = np.where(meant[segment] & (index == UNPAINTED), color[segment], index)


def pieces_of(area, ends, strength, closed):
    count = len(ends)
    none = np.zeros(count, np.uint8)
    passes = Passes(
        pieces=np.asarray(ends, np.int32).reshape(-1, 2),
        width_px=np.ones(count, np.float32),
        ink_points=np.zeros((count, 4), np.float32),
        kind=none,
        ends=none,
        strength=np.asarray(strength, np.float32),
        closed=np.asarray(closed, np.bool_),
        doubtful=np.zeros(count, np.bool_),
    )
    return Pieces(np.zeros((1, 1), np.int32), np.asarray(area, np.int64), passes, 9.0, 3.0)


@pytest.mark.parametrize("seed", range(60))
def test_colors_go_over_gaps_in_the_order_of_the_slow_search(seed):
    rng = np.random.default_rng(seed)
    count, gaps = int(rng.integers(2, 60)), int(rng.integers(0, 200))
    ends = np.sort(rng.integers(1, count + 1, (gaps, 2)), axis=1)
    # Few areas and strengths, so that many are equal.
    pieces = pieces_of(
        rng.integers(1, rng.choice([4, 1000]), count),
        ends,
        rng.integers(0, 6, gaps) / 5,
        rng.random(gaps) < 0.8,
    )
    _, segment = np.unique(rng.integers(0, count, count), return_inverse=True)
    segment = segment.astype(np.int32) if seed % 2 else np.arange(count, dtype=np.int32)
    of_segment = np.where(rng.random(count) < 0.7, UNPAINTED, rng.integers(NO_COLOR, 5, count))
    index = of_segment[segment].astype(np.int32)
    dabbed = rng.random(count) < 0.2
    expected = index.copy()
    slowly(pieces, segment, expected, dabbed)
    _over_gaps(pieces, segment, index, dabbed)
    np.testing.assert_array_equal(index, expected)


def test_many_bare_segments_take_little_time():
    count = 20000
    steps = np.arange(1, count)
    ends = np.concatenate([np.column_stack([steps, steps + 1]), [[1, row] for row in (3, 5, 7)]])
    closed = np.ones(len(ends), np.bool_)
    pieces = pieces_of(np.arange(count, 0, -1), ends, np.full(len(ends), 0.5), closed)
    index = np.full(count, UNPAINTED, np.int32)
    index[0] = 3
    begin = time.process_time()
    _over_gaps(pieces, np.arange(count, dtype=np.int32), index, np.arange(count) == 0)
    assert time.process_time() - begin < 2
    assert (index == 3).all()
