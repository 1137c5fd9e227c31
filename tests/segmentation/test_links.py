"""The kernels that link stroke ends, against slow twins and small drawings."""

from __future__ import annotations

import math

import numpy as np
import pytest

from segmentation import _link_kernels as links


def mask(text: str) -> np.ndarray:
    return np.array([[c == "#" for c in row] for row in text.split()], bool)


def random_ink(seed: int, share: float) -> np.ndarray:
    return np.random.default_rng(seed).random((26, 33)) < share


def on_the_way(y0, x0, y1, x1):
    """Pixels of a link, both ends included."""
    steps = max(abs(y1 - y0), abs(x1 - x0))
    for k in range(steps + 1):
        part = k / steps
        yield (
            k,
            steps,
            math.floor(y0 + (y1 - y0) * part + 0.5),
            math.floor(x0 + (x1 - x0) * part + 0.5),
        )


@pytest.mark.parametrize("seed", range(6))
def test_is_clear_equals_its_slow_twin(seed):
    ink = random_ink(seed, 0.03)
    rng = np.random.default_rng(seed)
    seen = {True: 0, False: 0}
    for _ in range(300):
        y0, y1 = rng.integers(2, 24, 2)
        x0, x1 = rng.integers(2, 31, 2)
        if (y0, x0) == (y1, x1):
            continue
        away = math.hypot(y1 - y0, x1 - x0)
        expected = True
        for k, steps, y, x in on_the_way(y0, x0, y1, x1):
            along = away * k / steps
            if k in (0, steps) or along <= 2.5 or away - along <= 2.5:
                continue
            beside = (ink[y - 1, x] and ink[y, x - 1]) or (ink[y + 1, x] and ink[y, x + 1])
            expected &= not (ink[y, x] or beside)
        assert links.is_clear(ink, y0, x0, y1, x1, 2.5) == expected
        seen[expected] += 1
    assert min(seen.values()) > 20


def test_two_straight_ends_reach_the_wide_gap_and_bent_ones_the_near_gap():
    assert links.facing_limit(1.0, 1.0, 10, 50) == 50
    assert links.facing_limit(1.0, 0.5, 10, 50) == 10
    assert links.facing_limit(0.7, 1.0, 10, 50) == pytest.approx(30)
    assert links.facing_limit(0.0, 0.0, 10, 50) == 10


def test_an_end_looks_ahead_to_the_nearest_ink_in_its_direction():
    page = np.zeros((41, 61), bool)
    page[20, 5:21] = True  # ends at x 20, points right
    page[:, 40] = True
    y, x, strength = links.look_ahead(page, 20, 20, 0.0, 1.0, 15.0, 40.0, 1.0)
    assert (y, x) == (20, 40)
    assert strength == pytest.approx(1 - 19 / 75)
    behind = links.look_ahead(page, 20, 20, 0.0, -1.0, 15.0, 40.0, 1.0)
    assert behind[2] == 0  # along its own stroke
    assert links.look_ahead(page, 20, 20, 0.0, 1.0, 15.0, 18.0, 1.0)[2] == 0


def test_a_way_is_shortened_to_what_is_bare_of_it():
    page = mask("......... .###..##. .........")
    assert links.bare_stretch(page, 1, 1, 1, 7) == (1, 3, 1, 6)
    assert links.bare_stretch(page, 1, 7, 1, 2) == (1, 6, 1, 3)
    assert links.bare_stretch(page, 1, 1, 1, 2) == (1, 1, 1, 2)


def slow_facing(ends, ink, near, wide, line):
    rows = []
    for a, (y, x, uy, ux) in enumerate(ends):
        for b in range(a + 1, len(ends)):
            dy, dx = ends[b][0] - y, ends[b][1] - x
            away = math.hypot(dy, dx)
            if not 2 <= away <= wide + 2 * line + 1:
                continue
            ahead = (uy * dy + ux * dx) / away
            back = -(ends[b][2] * dy + ends[b][3] * dx) / away
            limit = links.facing_limit(ahead, back, near, wide)
            y0, x0, y1, x1 = links.bare_stretch(ink, int(y), int(x), int(y + dy), int(x + dx))
            bare = math.hypot(y1 - y0, x1 - x0) - 1
            strength = 1 - bare / (2 * limit)
            if min(ahead, back) < 0 or strength < 0.1 or bare > wide:
                continue
            if links.is_clear(ink, int(y), int(x), int(y + dy), int(x + dx), line):
                rows.append((a, b, strength))
    return rows


@pytest.mark.parametrize("seed", range(5))
def test_proposed_links_between_ends_equal_their_slow_twin(seed):
    rng = np.random.default_rng(seed)
    ink = np.pad(np.zeros((60, 80), bool), 1, constant_values=True)
    ink[30] = True
    turn = rng.uniform(0, 2 * math.pi, 30)
    ends = np.column_stack(
        [rng.integers(2, 59, 30), rng.integers(2, 79, 30), np.sin(turn), np.cos(turn)]
    ).astype(float)
    ends = np.ascontiguousarray(ends[np.argsort(ends[:, 0], kind="stable")])
    found = links.propose(ink, ends, 12.0, 40.0, 2.0)
    between = found[found[:, 6] == links.TO_END]
    expected = slow_facing(ends, ink, 12.0, 40.0, 2.0)
    assert len(expected) > 3
    np.testing.assert_allclose(between[:, [7, 8, 5]], np.array(expected))


def test_an_end_near_the_canvas_edge_is_linked_with_it():
    ink = np.pad(np.zeros((40, 40), bool), 1, constant_values=True)
    ink[20, 5:35] = True
    found = links.propose(ink, np.array([[20, 34, 0.0, 1.0]]), 10.0, 30.0, 1.0)
    assert found[:, :5].tolist() == [[20, 34, 20, 41, 6]]
    assert found[0, 6] == links.TO_EDGE


def drawn(proposed, ink, ends, sure=0.5):
    barrier = ink.copy()
    order = np.argsort(-proposed[:, 5], kind="stable")
    which, added = links.draw(ink, barrier, proposed, order, ends, 1.0, sure)
    return which.tolist(), added, barrier


def test_sure_links_become_ink_and_others_only_a_barrier():
    ink = np.zeros((14, 20), bool)
    rows = np.array([
        [2, 2, 2, 9, 6, 0.9, 2, 0, 1],
        [10, 2, 10, 9, 6, 0.3, 2, 2, 3],
    ])  # fmt: skip
    which, added, barrier = drawn(rows, ink, 4)
    assert which == [0, 1]
    assert ink[2, 2:10].all()
    assert not ink[10].any()
    assert barrier[10, 2:10].all()
    assert added[:, 2].tolist() == [0] * 8 + [1] * 8


def test_a_link_that_crosses_a_stronger_one_is_not_drawn():
    ink = np.zeros((20, 20), bool)
    rows = np.array([[2, 2, 16, 16, 19, 0.6, 2, 0, 1], [2, 16, 16, 2, 19, 0.5, 2, 2, 3]])
    assert drawn(rows, ink, 4)[0] == [0]


def test_an_end_with_a_sure_link_takes_no_other():
    rows = np.array([[2, 2, 2, 9, 6, 0.9, 2, 0, 1], [2, 2, 9, 2, 6, 0.8, 3, 0, -1]])
    assert drawn(rows, np.zeros((14, 20), bool), 2)[0] == [0]
    rows[:, 5] = 0.3, 0.2
    assert drawn(rows, np.zeros((14, 20), bool), 2)[0] == [0, 1]


def test_a_link_is_drawn_without_a_4_connected_way_through_it():
    ink = np.zeros((12, 12), bool)
    ink[2, :3] = ink[9, 9:] = True
    _, added, _ = drawn(np.array([[2, 2, 9, 9, 8, 0.9, 2, 0, 1]]), ink, 2)
    assert len(added) == 6
    assert ink[np.arange(2, 10), np.arange(2, 10)].all()


def test_contacts_are_the_labels_that_meet_at_a_link():
    labels = np.array([[1, 1, 1], [1, 1, 2], [3, 2, 2]], np.int32)
    added = np.array([[1, 1, 5]])
    assert sorted(map(tuple, links.contacts(labels, added))) == [(1, 2, 5), (1, 2, 5)]


def test_no_ends_propose_nothing():
    ink = mask("##### #...# #####")
    assert links.propose(ink, np.zeros((0, 4)), 5.0, 9.0, 1.0).shape == (0, 9)
