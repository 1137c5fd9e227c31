"""Large matches in pieces: every target segment once, the nearest references, bounded size."""

from dataclasses import replace

import numpy as np
import pytest

from ant_core.matching.flow import SmallDrawing
from ant_core.matching.matcher import DrawingFeatures, join
from ant_core.matching.tiles import cut, split


def boxes(rng, count):
    return rng.random((count, 4)).astype(np.float32)


def test_what_fits_stays_whole():
    rng = np.random.default_rng(0)
    (tile,) = split(boxes(rng, 6), [boxes(rng, 4), boxes(rng, 1)], max_pairs=30, max_columns=5)
    assert tile.target.tolist() == list(range(6))
    assert [part.tolist() for part in tile.references] == [[0, 1, 2, 3], [0]]


@pytest.mark.parametrize("seed", range(6))
def test_every_target_once_and_no_tile_over_the_limit(seed):
    rng = np.random.default_rng(seed)
    target = boxes(rng, 157)
    references = [boxes(rng, n) for n in (140, 0, 161)]
    limit = int(rng.integers(200, 4000))
    most = int(rng.integers(20, 400))
    tiles = list(split(target, references, limit, most))
    assert sorted(np.concatenate([tile.target for tile in tiles]).tolist()) == list(range(157))
    for tile in tiles:
        columns = sum(len(part) for part in tile.references)
        assert 0 < len(tile.target) * columns <= limit
        assert columns <= most
        for part, reference in zip(tile.references, references, strict=True):
            assert part.tolist() == sorted(set(part.tolist()))
            assert ((part >= 0) & (part < len(reference))).all()


def test_a_tile_sees_the_reference_segments_at_its_place():
    grid = np.stack(np.meshgrid(np.arange(20.0), np.arange(20.0)), axis=-1).reshape(-1, 2)
    same = np.hstack([grid, np.ones((400, 2))]).astype(np.float32)
    for tile in split(same, [same], max_pairs=10_000, max_columns=300):
        assert set(tile.target.tolist()) <= set(tile.references[0].tolist())


def features(count, edges):
    return DrawingFeatures(
        np.arange(count, dtype=np.float32)[:, None],
        np.zeros((count, 14), np.float32),
        np.zeros((count, 4), np.float32),
        np.array(edges, np.int32).reshape(-1, 2),
        np.arange(1, len(edges) + 1, dtype=np.float32),
    )


def test_a_cut_keeps_the_edges_between_what_it_keeps():
    part = cut(features(5, [(0, 1), (1, 3), (3, 4), (0, 4)]), np.array([1, 3, 4]))
    assert part.tokens[:, 0].tolist() == [1, 3, 4]
    assert part.edges.tolist() == [[0, 1], [1, 2]]
    assert part.edge_weight.tolist() == [2, 3]


def test_a_cut_keeps_the_pixels_of_what_it_keeps():
    picture = SmallDrawing(np.zeros((1, 6), np.uint8), np.array([[0, 1, 2, 3, 4, 5]], np.uint16))
    part = cut(replace(features(5, []), small=picture), np.array([1, 3, 4]))
    assert part.small.labels.tolist() == [[0, 4, 1, 4, 2, 3]]


def test_a_cut_of_everything_is_the_drawing_itself():
    whole = features(5, [(0, 1), (1, 3)])
    assert cut(whole, np.arange(5)) is whole


def test_joined_drawings_keep_edges_of_their_own():
    both = join([features(3, [(0, 2)]), features(0, []), features(2, [(0, 1)])])
    assert both.count == 5
    assert both.edges.tolist() == [[0, 2], [3, 4]]
