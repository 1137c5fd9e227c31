"""What flow says of a clip's drawings: computed, stored, read, and cut to some of the segments."""

import cv2
import numpy as np
import pytest

from ant_core.matching.flow import Motion, SmallDrawing
from ant_core.training.data.pair_flows import flows_between, pack, unpack


def drawing(shift):
    """Draw three boxes that moved."""
    darkness, labels = np.zeros((80, 160), np.uint8), np.zeros((80, 160), np.uint16)
    for i in range(3):
        x = 10 + 45 * i + shift
        cv2.rectangle(darkness, (x, 20), (x + 30, 55), 255, 2)
        cv2.line(darkness, (x + 6 + 8 * i, 20), (x + 6 + 8 * i, 55), 255, 2)
        labels[22:54, x + 2 : x + 29] = i + 1
    return SmallDrawing(darkness, labels)


@pytest.fixture(scope="module")
def drawings():
    return [drawing(shift) for shift in (0, 2, 4, 6, 8)]


def test_neighbours_are_compared_both_ways_and_half_of_the_others(drawings):
    flows = flows_between(drawings, [3] * 5)
    assert {(t, r) for t, r in flows if abs(t - r) == 1} == {
        pair for i in range(4) for pair in ((i, i + 1), (i + 1, i))
    }
    assert {pair for pair in flows if abs(pair[0] - pair[1]) > 1} == {
        *((1, 3), (3, 1)),
        *((1, 4), (4, 1)),
        *((0, 4), (4, 0)),
    }


def test_stored_flow_is_that_of_the_pictures(drawings):
    counts = [3] * 5
    stored = pack(flows_between(drawings, counts))
    read = unpack(stored, counts)
    every = np.arange(3)
    for (t, r), flow in read.items():
        exact = Motion().compare(drawings[t], drawings[r], (3, 3))
        evidence = flow.evidence(every, every)
        assert (evidence[..., 0] == 1).all()
        np.testing.assert_allclose(evidence[..., 1:], exact, atol=0.5 / 255 + 1e-6)
        part = flow.evidence(np.array([2, 0]), np.array([1]))
        np.testing.assert_array_equal(part, evidence[[2, 0]][:, [1]])


def test_a_drawing_without_picture_or_of_another_size_is_left_out(drawings):
    larger = SmallDrawing(np.zeros((90, 160), np.uint8), np.zeros((90, 160), np.uint16))
    flows = flows_between([drawings[0], None, larger, drawings[1], drawings[2]], [3] * 5)
    assert set(flows) == {(3, 4), (4, 3), (0, 4), (4, 0)}


def test_clips_of_before_have_no_flow():
    assert unpack({}, []) == {}
    assert unpack(pack({}), []) == {}
