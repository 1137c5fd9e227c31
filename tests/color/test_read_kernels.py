"""Kernels behind the reading of painted frames equal plain NumPy."""

import numpy as np
import pytest

from ant_core.color._read_kernels import (
    climb,
    find_quantile,
    group_pairs,
    longest_runs,
    mark_edges,
    slot_of,
    sum_steps,
)


@pytest.mark.parametrize("different", [1, 7, 9000])
def test_pairs_are_numbered_as_they_appear(different):
    rng = np.random.default_rng(different)
    segment = rng.integers(1, 40, 20000)
    code = rng.integers(0, different, 20000).astype(np.uint64) << np.uint64(33)
    group = np.empty(20000, np.int64)
    first = group_pairs(segment, code, group)
    pairs = np.stack([segment, code.astype(np.int64)], axis=1)
    _, heads, inverse = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    assert first.tolist() == np.sort(heads).tolist()
    assert np.array_equal(first[group], heads[inverse.ravel()])


@pytest.mark.parametrize("shift", [0, 8, 16, 32, 48])
def test_colours_that_differ_in_a_few_bits_have_slots_of_their_own(shift):
    """Else the search for each would pass all of the others."""
    codes = (np.arange(4096, dtype=np.uint64) << np.uint64(shift)).tolist()
    assert len({slot_of(1, np.uint64(code), 8192) for code in codes}) > 3000
    assert len({slot_of(segment, np.uint64(7), 8192) for segment in range(4096)}) > 3000


def test_longest_run_and_of_equals_the_first_place():
    group = np.array([0, 0, 1, 0, 1, 0])
    run, at = np.array([3, 5, 2, 5, 2, 1]), np.array([10, 60, 90, 20, 80, 0])
    best = np.full(2, -1, np.int64)
    longest_runs(group, run, at, best)
    assert best.tolist() == [3, 4]


def test_steps_to_right_and_lower_neighbours_in_the_segment():
    rng = np.random.default_rng(0)
    inside = rng.random((20, 30)) < 0.7
    levels = rng.uniform(0, 60, (600, 3)).astype(np.float32)
    image = levels.reshape(20, 30, 3)
    right = np.abs(image[:, 1:] - image[:, :-1]).max(axis=2)[inside[:, 1:] & inside[:, :-1]]
    down = np.abs(image[1:] - image[:-1]).max(axis=2)[inside[1:] & inside[:-1]]
    off = np.concatenate([right, down])
    off = off[off <= 32].astype(np.float64)
    at = np.flatnonzero(inside)
    pairs, squares = sum_steps(at, at, levels, 30, np.float32(32))
    assert pairs == len(off) > 0
    assert squares == pytest.approx((off**2).sum())


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_quantile_is_the_value_at_a_share_of_the_pixels(share):
    rng = np.random.default_rng(1)
    levels = rng.integers(0, 9, (30, 2)).astype(np.float32)
    counts, taken = rng.integers(1, 9, 30), rng.random(30) < 0.6
    found = np.empty(2, np.float32)
    find_quantile(levels, np.argsort(levels, axis=0), counts, taken, share, found)
    for channel in range(2):
        every = np.sort(np.repeat(levels[taken, channel], counts[taken]))
        assert found[channel] == every[int(np.ceil(share * len(every))) - 1]


def test_middle_climbs_to_the_fuller_colours_beside_it_and_leaves_bare_ones_out():
    levels = np.array([[0], [2], [3], [4], [5], [30]], np.float32)
    counts, bare = np.array([5, 1, 1, 1, 9, 99]), np.array([0, 0, 0, 0, 1, 0], np.bool_)
    near, middle = np.array([0, 1, 1, 1, 0, 0], np.bool_), np.empty(1, np.float32)
    orders = np.argsort(levels, axis=0)
    climb(levels, orders, counts, bare, np.float32(3), 4, near, middle)
    assert near.tolist() == [True, True, True, False, False, False]
    assert middle[0] == 0


@pytest.mark.parametrize("alpha", [-1, 3])
def test_edges_are_where_colours_differ_but_not_between_clear_pixels(alpha):
    rng = np.random.default_rng(2)
    image = rng.integers(0, 80, (30, 40, 4)).astype(np.uint8)
    image[..., 3] = rng.choice([0, 70], (30, 40))
    plain = image.astype(np.int32)
    if alpha == 3:
        plain[image[..., 3] == 0] = 0
    wanted = np.zeros((30, 40))
    wanted[:, :-1][np.abs(plain[:, 1:] - plain[:, :-1]).max(axis=2) > 50] = 1
    wanted[:-1][np.abs(plain[1:] - plain[:-1]).max(axis=2) > 50] = 1
    edges = np.zeros((30, 40), np.float32)
    mark_edges(image, alpha, 50, edges)
    assert np.array_equal(edges, wanted)
    assert 0 < wanted.mean() < 1
