"""Each kernel against a slow, obvious twin on random input."""

from __future__ import annotations

import numpy as np
import pytest

from segmentation import _basin_kernels as basins
from segmentation import _gap_kernels as gaps
from segmentation import _line_kernels as line_kernels
from segmentation import _speck_kernels as specks
from segmentation import _tip_kernels as tips

AROUND = ((-1, 0), (0, -1), (0, 1), (1, 0))


def mask(text: str) -> np.ndarray:
    return np.array([[c == "#" for c in row] for row in text.split()], bool)


def random_ink(seed: int, share: float = 0.06) -> np.ndarray:
    return np.random.default_rng(seed).random((26, 33)) < share


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("reach", [1, 3, 8, 40])
def test_near_distance_equals_its_slow_twin(seed, reach):
    ink = random_ink(seed, 0.02)
    ys, xs = np.nonzero(ink)
    expected = np.full(ink.shape, reach * reach + 1)
    for y, x in np.ndindex(ink.shape):
        if ys.size:
            nearest = int(((ys - y) ** 2 + (xs - x) ** 2).min())
            expected[y, x] = min(expected[y, x], nearest)
    np.testing.assert_array_equal(basins.near_distance(ink, reach), expected)


def test_near_distance_without_ink_is_all_cut():
    assert (basins.near_distance(np.zeros((4, 5), bool), 3) == 10).all()


def climbed(ink, reach):
    squared = basins.near_distance(ink, reach)
    cut = reach * reach + 1
    labels = np.zeros(ink.shape, np.int32)
    labels[squared == cut] = 1
    balls = int((squared == cut).any())
    peaks = basins.ascend(squared, labels, cut, balls)
    return squared, labels, peaks


@pytest.mark.parametrize("seed", range(6))
def test_ascend_equals_its_slow_twin(seed):
    ink = random_ink(seed)
    squared, labels, peaks = climbed(ink, 4)
    expected = np.where(squared == 17, 1, 0)
    hills = int((squared == 17).any())
    tops = {1: 17} if hills else {}
    height, width = ink.shape

    def neighbours(y, x):
        return [
            (y + dy, x + dx) for dy, dx in AROUND if 0 <= y + dy < height and 0 <= x + dx < width
        ]

    for start in np.ndindex(ink.shape):
        if expected[start] or squared[start] == 0:
            continue
        trail = [start]
        while True:
            here = trail[-1]
            best = max(neighbours(*here), key=lambda at: squared[at])  # the first of equals
            if squared[best] <= squared[here]:
                level = [
                    expected[at] for at in neighbours(*here)
                    if squared[at] == squared[here] and expected[at]
                ]  # fmt: skip
                if not level:
                    hills += 1
                    tops[hills] = squared[here]
                label = level[0] if level else hills
                break
            if expected[best]:
                label = expected[best]
                break
            trail.append(best)
        for at in trail:
            expected[at] = label
    np.testing.assert_array_equal(labels, expected)
    assert peaks[1:].tolist() == [tops[i] for i in range(1, hills + 1)]


@pytest.mark.parametrize("seed", range(4))
def test_passes_equal_their_slow_twin(seed):
    squared, labels, _ = climbed(random_ink(seed), 4)
    height, width = labels.shape
    rows = []
    for y, x in np.ndindex(labels.shape):
        for y2, x2 in ((y, x + 1), (y + 1, x)):
            if y2 >= height or x2 >= width:
                continue
            a, b = labels[y, x], labels[y2, x2]
            if a and b and a != b:
                low = (y, x) if squared[y, x] <= squared[y2, x2] else (y2, x2)
                rows.append((*low, a, b, squared[low]))
    rows.sort(key=lambda row: -int(row[4]))
    np.testing.assert_array_equal(basins.passes(squared, labels, 17), np.array(rows).reshape(-1, 5))


STROKE = mask(
    """
    ...........
    ...........
    ..#########
    ..#########
    ...........
    ..........."""
)


def test_a_stroke_ends_at_its_end_and_points_away_from_itself():
    found, y, x = tips.stroke_end(STROKE, 2, 2, 5.0, 1)
    assert found
    assert x < -0.9
    assert abs(y) < 0.3


def test_a_stroke_does_not_end_in_its_middle_nor_a_speck_anywhere():
    long = np.zeros((21, 41), bool)
    long[9:12] = True
    assert not tips.stroke_end(long, 9, 20, 6.0, 1)[0]
    speck = np.zeros((21, 21), bool)
    speck[10, 10:12] = True
    assert not tips.stroke_end(speck, 10, 10, 6.0, 1)[0]


def test_a_sharp_corner_is_no_end():
    corner = np.zeros((41, 41), bool)
    for i in range(20):
        corner[20 - i, 10 + i] = corner[20 + i, 10 + i] = True
    assert not tips.stroke_end(corner, 20, 10, 8.0, 1)[0]


def test_a_stroke_goes_on_after_a_bare_pixel_only_when_told_to_leap():
    broken = np.zeros((21, 41), bool)
    broken[9:12] = True
    broken[:, 20] = False
    assert tips.stroke_end(broken, 10, 19, 6.0, 1)[0]
    assert not tips.stroke_end(broken, 10, 19, 6.0, 2)[0]


@pytest.mark.parametrize("seed", range(4))
def test_stroke_ends_equal_their_slow_twin(seed):
    rng = np.random.default_rng(seed)
    ink = np.zeros((40, 50), bool)
    for _ in range(5):
        y, x = rng.integers(5, 35, 2)
        ink[y : y + 2, x : x + rng.integers(4, 25)] = True
    crowd = np.zeros(ink.shape, np.uint16)
    padded = np.pad(ink, 3)
    for y, x in np.ndindex(ink.shape):
        crowd[y, x] = padded[y : y + 7, x : x + 7].sum()
    expected = []
    for y, x in np.argwhere(ink):
        near = [
            (crowd[at], *at) for at in map(tuple, np.argwhere(ink))
            if abs(at[0] - y) <= 2 and abs(at[1] - x) <= 2
        ]  # fmt: skip
        found, uy, ux = tips.stroke_end(ink, y, x, 5.0, 1)
        if crowd[y, x] <= 12 and min(near) == (crowd[y, x], y, x) and found:
            far, vy, vx = tips.stroke_end(ink, y, x, 9.0, 1)
            straight = far and vy * uy + vx * ux > 0.75
            expected.append((y, x, vy, vx) if straight else (y, x, uy, ux))
    found = tips.stroke_ends(ink, crowd, 12, 2, 5.0, 9.0)
    np.testing.assert_allclose(found, np.array(expected).reshape(-1, 4))


def test_released_links_join_the_segment_beside_them_or_stand_alone():
    labels = np.array([[1, 0, 2], [0, 0, 0], [0, 0, 0]], np.int32)
    added = np.array([[0, 1, 0], [2, 2, 1]])
    tips.release(labels, added, 7)
    np.testing.assert_array_equal(labels, [[1, 1, 2], [0, 0, 0], [0, 0, 7]])


@pytest.mark.parametrize("seed", range(5))
def test_banks_equal_their_slow_twin(seed):
    ink = random_ink(seed)
    squared = basins.near_distance(ink, 8)
    for y, x in np.argwhere(squared > 0)[::7]:
        reach = int(np.sqrt(squared[y, x])) + 3
        near = [
            (int((a - y) ** 2 + (b - x) ** 2), int(a), int(b)) for a, b in np.argwhere(ink)
            if abs(a - y) <= reach and abs(b - x) <= reach
        ]  # fmt: skip
        if not near:
            assert gaps.facing_ink(ink, y, x, squared[y, x]) == (-1, -1, -1, -1)
            continue
        away, py, px = min(near)
        facing = []
        for other, a, b in near:
            dot = (a - y) * (py - y) + (b - x) * (px - x)
            if dot < 0 and dot * dot >= 0.17 * other * away:
                facing.append((other, a, b))
        expected = (py, px, *(min(facing)[1:] if facing else (-1, -1)))
        assert gaps.facing_ink(ink, y, x, squared[y, x]) == expected


def test_find_returns_the_root_and_shortens_the_way():
    parents = np.array([0, 1, 1, 2, 3], np.int32)
    assert gaps.find(parents, 4) == 1
    assert gaps.find(parents, 4) == 1
    assert parents[4] < 4


@pytest.mark.parametrize("seed", range(4))
def test_settle_and_renumber_equal_their_slow_twins(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 9, (12, 15)).astype(np.int32)
    parents = np.array([0, 1, 2, 1, 2, 5, 5, 7, 7], np.int32)
    before = labels.copy()
    area, first = specks.settle(labels, parents)
    np.testing.assert_array_equal(labels, parents[before])
    np.testing.assert_array_equal(area[1:], np.bincount(labels.ravel(), minlength=8)[1:])
    for root in np.unique(labels[labels > 0]):
        assert first[root] == np.flatnonzero(labels.ravel() == root)[0]
    takes = np.array([0, 1, 1, 3, 4, 5, 6, 7], np.int32)
    roots = takes[labels]
    count, numbers, numbered = specks.renumber(labels, takes, 0)
    assert count == 3
    np.testing.assert_array_equal(numbered, numbers[roots])
    np.testing.assert_array_equal(numbered > 0, roots > 0)
    ids, start = np.unique(numbered[numbered > 0], return_index=True)
    assert ids.tolist() == [1, 2, 3]
    assert (np.diff(start) > 0).all()
    inner = specks.renumber(np.pad(labels, 2, constant_values=6), takes, 2)[2]
    np.testing.assert_array_equal(inner, numbered)


def test_a_speck_goes_to_the_neighbour_it_touches_most():
    labels = np.array(
        [
            [1, 1, 1, 1, 1],
            [1, 4, 4, 2, 2],
            [1, 2, 2, 2, 2],
        ],
        np.int32,
    )
    area = np.bincount(labels.ravel())
    assert specks.host(labels, area, 6, 3, 4) == 1
    first = np.array([0, 0, 8, 0, 6])
    np.testing.assert_array_equal(specks.takers(labels, area, first, 3, 4), [0, 1, 2, 3, 1])


def test_a_speck_far_from_any_segment_keeps_to_itself():
    labels = np.zeros((9, 30), np.int32)
    labels[4, 4] = 1
    labels[:, 25:] = 2
    area = np.bincount(labels.ravel())
    assert specks.host(labels, area, 4 * 30 + 4, 3, 6) == 0


@pytest.mark.parametrize("seed", range(4))
def test_line_width_equals_its_slow_twin(seed):
    ink = np.random.default_rng(seed).random((30, 40)) < 0.4
    runs = []
    for row in [*ink, *ink.T]:
        cells = row.tolist()
        closed = [
            here or (0 < i < len(cells) - 1 and cells[i - 1] and cells[i + 1])
            for i, here in enumerate(cells)
        ]
        text = "".join("#" if here else " " for here in closed)
        runs += [len(run) for run in text.split()]
    median = sorted(runs)[(len(runs) + 1) // 2 - 1]
    kept = [run for run in runs if run <= median + median // 2]
    assert line_kernels.line_width(ink) == pytest.approx(max(1.0, np.mean(kept) / 1.12))
