"""Colours on pieces: the graph cut against brute force, then small drawings."""

from __future__ import annotations

from itertools import product

import cv2
import numpy as np
import pytest

from segmentation import _labelling_kernels as kernels
from segmentation import (
    cut_by_colors,
    extract_lines,
    find_pieces,
    label_pieces,
    merge_pieces,
    segment,
)


def slow_energy(costs, edges, weights, labels):
    own = sum(costs[i, label] for i, label in enumerate(labels))
    return own + sum(w for (a, b), w in zip(edges, weights, strict=True) if labels[a] != labels[b])


def random_graph(seed, nodes=7, labels=3):
    rng = np.random.default_rng(seed)
    costs = rng.random((nodes, labels)) * rng.choice([5, 10, 20], (nodes, 1))
    edges = [(i, int(rng.integers(0, i))) for i in range(1, nodes)]
    edges += [(0, int(b)) for b in rng.integers(1, nodes, 4)]
    return costs, np.array(edges, np.int64), rng.random(len(edges)) * 10


def cheapest(costs, edges, weights):
    return kernels.cheapest(costs, edges, weights, np.argsort(costs.sum(axis=0)))


@pytest.mark.parametrize("seed", range(8))
def test_energy_equals_its_slow_twin(seed):
    graph = random_graph(seed)
    labels = np.random.default_rng(seed).integers(0, 3, 7)
    assert kernels.energy(*graph, labels) == pytest.approx(slow_energy(*graph, labels))


@pytest.mark.parametrize("seed", range(30))
def test_one_expansion_is_the_best_of_all_sets(seed):
    costs, edges, weights = random_graph(seed)
    start = np.random.default_rng(seed).integers(0, 3, 7)
    best = min(
        slow_energy(costs, edges, weights, np.where(change, 1, start))
        for change in product([False, True], repeat=7)
    )
    labels = start.copy()
    gained = kernels.expand(costs, edges, weights, labels, 1)
    assert slow_energy(costs, edges, weights, labels) == pytest.approx(best)
    assert gained == (best < slow_energy(costs, edges, weights, start) - 1e-9)


@pytest.mark.parametrize("seed", range(30))
def test_two_labels_are_cut_exactly(seed):
    graph = random_graph(seed, labels=2)
    best = min(slow_energy(*graph, labels) for labels in product(range(2), repeat=7))
    assert slow_energy(*graph, cheapest(*graph)) == pytest.approx(best)


def test_more_labels_are_all_but_exact():
    exact = 0
    for seed in range(60):
        graph = random_graph(seed, nodes=6, labels=4)
        best = min(slow_energy(*graph, labels) for labels in product(range(4), repeat=6))
        found = slow_energy(*graph, cheapest(*graph))
        assert found <= 1.1 * best
        exact += found <= best + 1e-9
    assert exact >= 55


def rooms(count=4, hole_px=18):
    """A row of rooms with a hole in every wall, wide enough that geometry leaves it open."""
    sheet = np.full((640, 640), 255, np.uint8)
    cv2.rectangle(sheet, (10, 10), (100 * count + 10, 190), 0, 3)
    for i in range(1, count):
        cv2.line(sheet, (100 * i + 10, 10), (100 * i + 10, 190), 0, 3)
        # Beside the floor, so that one end points at it.
        sheet[189 - hole_px : 189, 100 * i : 100 * i + 21] = 255
    return sheet


@pytest.fixture(name="open_rooms")
def open_rooms_fixture():
    pieces = find_pieces(extract_lines(rooms(hole_px=18)))
    assert pieces.count == 5
    assert pieces.passes.count >= 3
    assert not pieces.passes.closed.any()
    return pieces


def seats(pieces):
    """Piece of each room."""
    return [int(pieces.labels[100, 60 + 100 * i]) for i in range(4)]


def colored(pieces, by_room, outside=9):
    colors = np.full(pieces.count, outside)
    for seat, color in zip(seats(pieces), by_room, strict=True):
        colors[seat - 1] = color
    return colors


def test_equal_colours_join_and_different_ones_are_cut_where_they_meet(open_rooms):
    result = cut_by_colors(open_rooms, colored(open_rooms, [5, 5, 7, 7]))
    one, two, three, four = (int(result.labels[100, 60 + 100 * i]) for i in range(4))
    assert one == two != three == four
    assert result.by_colors.tolist() == [True]
    assert result.closed_gaps[0, [0, 2]].mean() == pytest.approx(210, abs=6)
    assert result.of_piece[np.array(seats(open_rooms)) - 1].tolist() == [one, two, three, four]


def test_without_colours_everything_open_joins(open_rooms):
    result = cut_by_colors(open_rooms, np.full(open_rooms.count, -1))
    assert result.labels.max() == 2
    plain = segment(extract_lines(rooms(hole_px=18)))
    np.testing.assert_array_equal(result.labels, plain.labels)


def test_an_unknown_piece_falls_to_the_side_of_the_wider_pass(open_rooms):
    width = open_rooms.passes.width_px.copy()
    result = cut_by_colors(open_rooms, colored(open_rooms, [5, -1, -1, 7]))
    labels = [int(result.labels[100, 60 + 100 * i]) for i in range(4)]
    assert labels[0] != labels[3]
    assert len(set(labels)) == 2
    assert width.size == open_rooms.passes.count


def test_votes_overrule_open_space_and_weak_ones_follow_it(open_rooms):
    at = np.array(seats(open_rooms)) - 1
    votes = np.zeros((open_rooms.count, 2))
    votes[at] = [[1, 0], [0.45, 0.55], [1, 0], [0, 1]]
    labels = label_pieces(open_rooms, votes, smoothness=5.0)
    assert labels[at].tolist() == [0, 0, 0, 1]
    assert label_pieces(open_rooms, votes, smoothness=0.0)[at].tolist() == [0, 1, 0, 1]


def test_a_piece_without_votes_takes_its_neighbours_colour_or_none(open_rooms):
    at = np.array(seats(open_rooms)) - 1
    votes = np.zeros((open_rooms.count, 3))
    votes[at[0], 2] = 1.0
    labels = label_pieces(open_rooms, votes)
    assert labels[at].tolist() == [2, 2, 2, 2]
    outside = np.setdiff1d(np.arange(open_rooms.count), at)
    assert labels[outside].tolist() == [-1]
    assert label_pieces(open_rooms, np.zeros((open_rooms.count, 0))).tolist() == [-1] * 5


@pytest.mark.parametrize("seed", range(8))
def test_permuting_the_colours_permutes_the_answer(seed, scribble):
    pieces = find_pieces(extract_lines(scribble(seed)))
    rng = np.random.default_rng(seed)
    votes = rng.random((pieces.count, 5))
    turn = rng.permutation(5)
    np.testing.assert_array_equal(
        turn[label_pieces(pieces, votes[:, turn])], label_pieces(pieces, votes)
    )


@pytest.mark.parametrize("seed", range(8))
def test_segments_are_unions_of_pieces_of_one_colour(seed, scribble):
    lines = extract_lines(scribble(seed))
    pieces = find_pieces(lines)
    colors = np.random.default_rng(seed).integers(0, 3, pieces.count)
    result = cut_by_colors(pieces, colors)
    np.testing.assert_array_equal(result.labels == 0, lines.ink)
    np.testing.assert_array_equal(
        np.concatenate([[0], result.of_piece])[pieces.labels], result.labels
    )
    for label in range(1, result.labels.max() + 1):
        assert len(set(colors[result.of_piece == label])) == 1
    same = cut_by_colors(pieces, np.zeros(pieces.count, int))
    np.testing.assert_array_equal(same.labels, segment(lines).labels)


def test_wrong_shapes_are_refused(open_rooms):
    with pytest.raises(ValueError, match="one for every piece"):
        cut_by_colors(open_rooms, [1, 2])
    with pytest.raises(ValueError, match="a row for every piece"):
        label_pieces(open_rooms, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="negative or missing"):
        label_pieces(open_rooms, np.full((open_rooms.count, 2), np.nan))
    with pytest.raises(ValueError, match="labels have shape"):
        merge_pieces(open_rooms, [1])
