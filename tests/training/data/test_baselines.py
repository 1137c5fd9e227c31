"""Baselines, protocol and calibration on cases small enough to check by eye."""

import numpy as np
import pytest

from ant_core.training.data.baselines import nearest_position, overlap
from ant_core.training.evaluation.calibration import calibration_error, fit_confidence
from ant_core.training.evaluation.protocols import by_overlap, by_position, recursive
from tests.training.evaluation.shots import true_frame as frame


def test_nearest_position_takes_the_nearest_and_weighs_area():
    reference = np.array([[0.0, 0.0], [1.0, 0.0]], np.float32)
    area = np.array([0.0, -3.0], np.float32)
    target = np.array([[0.1, 0.0], [0.45, 0.0]], np.float32)
    target_area = np.array([0.0, -3.0], np.float32)
    assert nearest_position(reference, area, target, target_area, 0.0).tolist() == [0, 0]
    assert nearest_position(reference, area, target, target_area, 0.1).tolist() == [0, 1]


def test_nearest_position_without_references():
    none, one = np.zeros((0, 2), np.float32), np.zeros((1, 2), np.float32)
    assert nearest_position(none, none[:, 0], one, one[:, 0]).tolist() == [-1]


def test_overlap_by_eye():
    before = np.array([[1, 1, 0, 2, 2], [1, 1, 0, 2, 2]], np.int32)
    now = np.array([[0, 1, 1, 1, 2], [3, 1, 1, 0, 2]], np.int32)
    # 1 shares two pixels with 1 and one with 2; 2 lies on 2; 3 lies on 1.
    assert overlap(before, now).tolist() == [0, 1, 0]


def test_overlap_of_a_segment_on_lines_only():
    before, now = np.array([[1, 0]], np.int32), np.array([[0, 1]], np.int32)
    assert overlap(before, now).tolist() == [-1]


def test_overlap_with_no_segments_on_either_side():
    before = np.array([[1, 1, 2, 2, 0]], np.int32)
    now = np.array([[1, 2, 2, 2, 3]], np.int32)
    assert overlap(before, now).tolist() == [0, 1, -1]
    assert overlap(np.zeros_like(before), now).tolist() == [-1, -1, -1]
    assert overlap(before, np.zeros_like(now)).tolist() == []


def test_recursive_scores_what_was_propagated_not_the_truth():
    shot = [frame(1, [0, 1], [7, 8]), frame(2, [0, 1], [7, 8]), frame(3, [0, 1], [7, 8])]

    def swapped_once(references, target):
        swap = target.number == 2
        reference = references[-1]
        probability = np.zeros((2, sum(r.count for r in references)), np.float32)
        start = probability.shape[1] - reference.count
        for row in range(2):
            probability[row, start + (1 - row if swap else row)] = 1
        return probability, np.ones(2, np.float32)

    score = recursive(shot, swapped_once)
    # Frame 2 is swapped, and frame 3 faithfully copies the mistake.
    assert (score.right, score.segments, score.drawings) == (0, 4, 2)


def test_recursive_sums_the_mass_of_equal_colours():
    shot = [frame(1, [0, 1, 2], [5, 6, 6]), frame(2, [0], [6])]

    def spread(references, target):
        return np.array([[0.4, 0.3, 0.3]], np.float32), np.ones(1, np.float32)

    assert recursive(shot, spread).accuracy == 1.0


def test_baseline_scores_follow_recursion():
    shot = [frame(1, [0, 1], [7, 8]), frame(2, [0.1, 0.9], [7, 8], overlap=[1, -1])]
    assert by_position(shot).accuracy == 1.0
    assert by_overlap(shot).accuracy == 0.0


@pytest.mark.parametrize("seed", range(5))
def test_confidence_table_rises_and_calibrates(seed):
    rng = np.random.default_rng(seed)
    raw = rng.random(20000).astype(np.float32)
    hit = rng.random(20000) < raw**2
    table = np.array(fit_confidence(raw[:10000], hit[:10000]))
    assert (np.diff(table, axis=0) >= 0).all()
    assert table.min() >= 0
    assert table.max() <= 1
    fitted = np.interp(raw[10000:], table[:, 0], table[:, 1])
    assert calibration_error(raw[10000:], hit[10000:]) > 0.1
    assert calibration_error(fitted, hit[10000:]) < 0.03


def test_confidence_without_data_is_the_identity():
    nothing = np.zeros(0, np.float32)
    assert fit_confidence(nothing, nothing > 0) == [[0.0, 0.0], [1.0, 1.0]]
    assert calibration_error(nothing, nothing > 0) == 0.0


def test_confidence_follows_the_weights():
    raw = np.full(100, 0.5, np.float32)
    hit = np.arange(100) < 20
    table = np.array(fit_confidence(raw, hit, np.where(hit, 4.0, 1.0), knots=1))
    assert np.interp(0.5, *table.T) == pytest.approx(0.5)  # 20 times 4 of 160
    assert np.interp(0.5, *np.array(fit_confidence(raw, hit, knots=1)).T) == pytest.approx(0.2)
