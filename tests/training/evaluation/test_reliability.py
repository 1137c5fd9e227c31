"""Confidence against the truth: sums by shot give the figures of all segments."""

import cv2
import numpy as np
import pytest

from ant_core.training.evaluation.calibration import (
    calibration_error,
    curve_of_sums,
    reliability_sums,
)
from ant_core.training.evaluation.reliability import Reliability, draw_reliability


def drawn(shots, seed=5):
    rng = np.random.default_rng(seed)
    for shot in range(shots):
        for _ in range(3):
            sure = rng.random(40).astype(np.float32)
            yield f"shot {shot}", sure, rng.random(40) < sure**2


@pytest.fixture
def counted():
    reliability = Reliability()
    for shot, sure, hit in drawn(4):
        reliability.add(shot, sure, hit, 50)
    return reliability


def test_figures_are_those_of_all_segments_together(counted):
    sure = np.concatenate([s for _, s, _ in drawn(4)])
    hit = np.concatenate([h for _, _, h in drawn(4)])
    assert counted.fills == 480
    assert counted.error().value == pytest.approx(calibration_error(sure, hit))
    assert counted.curve() == pytest.approx(curve_of_sums(reliability_sums(sure, hit)))
    high = sure >= 0.9
    assert counted.high_right().value == pytest.approx(hit[high].mean())
    assert counted.high_share().value == pytest.approx(high.sum() / (12 * 50))


def test_intervals_are_over_shots(counted):
    right = counted.high_right()
    assert right.low < right.value < right.high
    alone = Reliability()
    alone.add("one", np.array([0.95], np.float32), np.array([True]), 1)
    assert (alone.error().low, alone.high_right().low) == (None, None)
    assert alone.error().value == pytest.approx(0.05)


def test_nothing_sure_has_no_share_of_right_ones():
    reliability = Reliability()
    reliability.add("one", np.array([0.2], np.float32), np.array([True]), 4)
    assert reliability.high_right() is None
    assert reliability.high_share().value == 0


def test_diagram_is_a_picture_that_tells_the_model(counted):
    pytest.importorskip("matplotlib")
    first = draw_reliability("net", {"recursive": counted})
    picture = cv2.imdecode(np.frombuffer(first, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape[0] > 400
    assert draw_reliability("other", {"recursive": counted}) != first
