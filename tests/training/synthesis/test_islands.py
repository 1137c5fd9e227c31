import numpy as np
import pytest

from ant_core.training.synthesis.puppet.islands import merge_islands


def _plane(text: str) -> np.ndarray:
    return np.array([[int(c) for c in row] for row in text.split()], dtype=np.int32)


def test_a_speck_joins_the_neighbour_it_borders_on_most():
    plane = _plane("1111222 1113222 1111222")
    assert (merge_islands(plane, 3) == _plane("1111222 1111222 1111222")).all()


def test_a_part_keeps_its_large_area_and_loses_its_stray_pixel():
    plane = _plane("11112222 11112212 11112222")
    assert (merge_islands(plane, 2) == _plane("11112222 11112222 11112222")).all()


def test_specks_side_by_side_end_in_the_large_neighbour():
    plane = _plane("11111111 11123111 11111111")
    assert (merge_islands(plane, 3) == 1).all()


def test_nothing_changes_when_all_areas_are_large_or_all_are_small():
    plane = _plane("1122 1122")
    assert (merge_islands(plane, 4) == plane).all()
    assert (merge_islands(plane, 100) == plane).all()


@pytest.mark.parametrize("seed", range(5))
def test_only_ids_of_neighbours_appear_and_large_areas_keep_every_pixel(seed):
    rng = np.random.default_rng(seed)
    plane = np.kron(rng.integers(0, 4, (12, 15)), np.ones((4, 4))).astype(np.int32)
    noisy = plane.copy()
    where = rng.random(plane.shape) < 0.05
    noisy[where] = 9
    merged = merge_islands(noisy, 5)
    assert merged.dtype == np.int32
    assert (merged == noisy)[~where].mean() > 0.9
    if (noisy == 9).any():
        assert (merged == 9).sum() < where.sum() / 4
