"""Every metric on a case that can be counted by hand."""

import numpy as np
import pytest

from ant_core.training.data.true_shots import line_area
from ant_core.training.evaluation.metrics import (
    end_point_errors,
    frame_scores,
    mean_class_iou,
    region_scores,
)


def ints(*values):
    return np.array(values, np.int64)


def test_frame_scores_by_hand():
    # Segments: background right, background said to be 2, colour 1 right, colour 2 abstained.
    scores = frame_scores(ints(0, 2, 1, -1), ints(0, 0, 1, 2), ints(50, 10, 30, 11))
    assert scores["acc"] == pytest.approx(2 / 4)
    assert scores["acc_thres"] == pytest.approx(2 / 3)  # 10 px is not over 10 px, 11 px is
    assert scores["pix_acc"] == pytest.approx(80 / 101)
    assert scores["pix_f_acc"] == pytest.approx(30 / 41)
    assert scores["b_miou"] == pytest.approx(1 / 2)
    assert scores["pix_b_miou"] == pytest.approx(50 / 60)


def test_background_iou_punishes_paint_taken_for_paper():
    scores = frame_scores(ints(0, 0), ints(0, 1), ints(30, 20))
    assert scores["b_miou"] == pytest.approx(1 / 2)
    assert scores["pix_b_miou"] == pytest.approx(30 / 50)


def test_background_iou_is_one_where_there_is_no_background():
    scores = frame_scores(ints(1, 2), ints(1, 1), ints(20, 20))
    assert scores["b_miou"] == scores["pix_b_miou"] == 1


def test_shares_of_nothing_are_left_out():
    scores = frame_scores(ints(0), ints(0), ints(5))
    assert scores["acc"] == 1
    assert scores["acc_thres"] is None
    assert scores["pix_f_acc"] is None


def test_abstention_is_wrong_even_where_the_truth_is_unknown():
    assert frame_scores(ints(-1, -1), ints(-1, 0), ints(20, 20))["acc"] == 0


def test_mean_class_iou_by_hand():
    predicted = [ints(1, 1, 2), ints(1, 2, -1)]
    truth = [ints(1, 2, 2), ints(1, 2, 2)]
    # 1: both twice, either three times; 2: both twice, either four times.
    assert mean_class_iou(predicted, truth) == pytest.approx((2 / 3 + 2 / 4) / 2)


def test_mean_class_iou_weighs_rare_labels_like_common_ones():
    assert mean_class_iou([ints(*[1] * 9, 1)], [ints(*[1] * 9, 2)]) == pytest.approx(0.9 / 2)
    assert mean_class_iou([], []) is None


def test_region_scores_by_hand():
    #               right  wrong  missed  gone, seen as such  gone, matched
    predicted = ints(0, 2, -1, -1, 4)
    best = ints(0, 2, 3, 1, 4)
    truth = ints(0, 1, 3, -1, -1)
    scores = region_scores(predicted, best, truth, target_count=5)
    assert scores["acc"] == pytest.approx(2 / 5)
    assert scores["nonocc"] == pytest.approx(1 / 3)
    assert scores["occ"] == pytest.approx(1 / 2)
    assert scores["nonocc_no_abstention"] == pytest.approx(2 / 3)
    assert scores["over_300"] is None


def test_crowded_means_a_largest_label_above_300():
    one = ints(0)
    assert region_scores(one, one, one, 301)["over_300"] is None  # labels 0 to 300
    assert region_scores(one, one, one, 302)["over_300"] == 1


def test_pair_without_occlusion_says_nothing_about_it():
    assert region_scores(ints(0), ints(0), ints(0), 1)["occ"] is None


def test_end_point_errors_by_hand():
    truth = np.zeros((1, 4, 2), np.float32)
    truth[0, :, 0] = [10, 11, 50, 51]
    flow = truth.copy()
    flow[0, 0] += [3, 4]  # error 5, slow
    flow[0, 3] += [0, 2]  # error 2, fast
    occluded = np.array([[True, False, False, False]])
    line = np.array([[True, True, False, False]])
    assert end_point_errors(flow, truth, occluded, line) == {
        "epe": (7.0, 4),
        "epe_nonocc": (2.0, 3),
        "epe_occ": (5.0, 1),
        "epe_line": (5.0, 2),
        "epe_flat": (2.0, 2),
        "epe_s<10": (5.0, 1),
        "epe_s10-50": (0.0, 2),
        "epe_s>50": (2.0, 1),
    }


def test_line_area_reaches_ten_pixels():
    ink = np.zeros((1, 30), np.bool_)
    ink[0, 4] = True
    assert np.flatnonzero(line_area(ink)[0]).tolist() == list(range(15))
    assert not line_area(np.zeros((2, 2), np.bool_)).any()
