"""Matches from flow on drawings of a few pixels."""

import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.files import WholeFiles
from ant_core.training.data.animerun import AnimeRunWriter
from ant_core.training.data.flow_labels import (
    FlowFrame,
    RegionStatistics,
    look_up,
    match_segments,
    occlusion,
    segment_centers,
    write_scene,
)


def flow_of(shape, x, y=0.0):
    return np.broadcast_to(np.array([x, y], np.float32), (*shape, 2)).copy()


def halves(height, width, at):
    """Two segments, 0 left of a column and 1 right of it."""
    return np.broadcast_to(np.arange(width) >= at, (height, width)).astype(np.int32)


def test_pixels_that_leave_the_picture_are_occluded():
    hidden = occlusion(flow_of((2, 4), 1), flow_of((2, 4), -1))
    assert hidden.tolist() == [[False, False, False, True]] * 2


def test_flows_may_disagree_by_half_a_pixel():
    still = flow_of((1, 3), 0)
    assert not occlusion(still, flow_of((1, 3), 0.5)).any()
    assert occlusion(still, flow_of((1, 3), 0.51)).all()


def test_backward_flow_is_read_where_the_forward_flow_leads():
    forward, backward = flow_of((1, 4), 0), flow_of((1, 4), 0)
    forward[0, 0, 0] = 1.5  # half way between 1 and 2
    backward[0, 1, 0], backward[0, 2, 0] = -1, -2
    assert occlusion(forward, backward).tolist() == [[False, True, True, False]]


def test_look_up_rounds_and_knows_the_edge():
    labels = np.array([[5, 6, 7]], np.int32)
    assert look_up(labels, flow_of((1, 3), 0.4), -1).tolist() == [[5, 6, 7]]
    assert look_up(labels, flow_of((1, 3), 0.6), -1).tolist() == [[6, 7, -1]]
    assert look_up(labels, flow_of((1, 3), 1e30), -1).tolist() == [[-1, -1, -1]]
    assert look_up(labels, flow_of((1, 3), np.nan), -1).tolist() == [[-1, -1, -1]]


def test_candidates_are_sorted_by_share():
    source, target = halves(5, 12, 12), halves(5, 12, 4)
    # All of the source is one segment: 4 columns of it lie on 0 and 8 on 1.
    still = flow_of((5, 12), 0)
    free = np.zeros((5, 12), np.bool_)
    assert match_segments(source, target, still, free) == [[1, 0]]


def test_equal_shares_go_to_the_lower_number():
    free = np.zeros((5, 8), np.bool_)
    assert match_segments(halves(5, 8, 8), halves(5, 8, 4), flow_of((5, 8), 0), free) == [[0, 1]]


def test_erosion_takes_the_rim_of_a_segment():
    # Segment 0 moved by one pixel: only its last column lies on 1, and that is rim.
    source, target = halves(5, 10, 5), halves(5, 10, 4)
    free = np.zeros((5, 10), np.bool_)
    assert match_segments(source, target, flow_of((5, 10), 0), free) == [[0], [1]]
    # Moved by two pixels, the second last column counts.
    target = halves(5, 10, 3)
    assert match_segments(source, target, flow_of((5, 10), 0), free) == [[0, 1], [1]]


def test_occluded_pixels_do_not_count():
    source = target = halves(5, 10, 5)
    hidden = source == 0
    assert match_segments(source, target, flow_of((5, 10), 0), hidden) == [[-1], [1]]


def test_segment_that_erosion_swallows_is_unmatched():
    source = np.zeros((6, 6), np.int32)
    source[2:4, 2:4] = 1
    free = np.zeros((6, 6), np.bool_)
    assert match_segments(source, source, flow_of((6, 6), 0), free) == [[0], [-1]]


def test_segment_that_leaves_the_picture_is_unmatched():
    source = halves(5, 12, 6)
    forward = flow_of((5, 12), 6)
    hidden = occlusion(forward, -forward)
    assert match_segments(source, source, forward, hidden) == [[1], [-1]]


@pytest.mark.parametrize("seed", range(5))
def test_still_segments_match_themselves_whatever_their_numbers(seed):
    rng = np.random.default_rng(seed)
    labels = np.kron(rng.permutation(12).reshape(3, 4), np.ones((6, 6))).astype(np.int32)
    number = rng.permutation(12).astype(np.int32)
    still, free = flow_of(labels.shape, 0), np.zeros(labels.shape, np.bool_)
    assert match_segments(labels, number[labels], still, free) == [[int(n)] for n in number]


def test_statistics_by_hand():
    statistics = RegionStatistics()
    source, target = halves(4, 8, 4), halves(4, 8, 6)
    centers = [segment_centers(labels) for labels in (source, target)]
    assert centers[0].tolist() == [[1.5, 1.5], [5.5, 1.5]]
    for count in (2, 2):
        statistics.add_frame(count)
    # Centre of 0: column 1.5, then 2.5.
    statistics.add_pair("scene", flow_of((4, 8), 3, 4), np.array([0, -1]), *centers)
    statistics.add_pair("scene", flow_of((4, 8), 0, 1), np.array([-1, -1]), *centers)
    assert statistics.table() == {
        "segments_per_frame": 2,
        "occluded_segments_per_frame": 1.5,
        "pixel_shift_per_frame_px": 3,
        "segment_shift_per_frame_px": 1,
        "accumulated_pixel_shift_per_sequence_px": 6,
        "frames": 2,
        "sequences": 1,
    }


def test_scene_without_flow_between_two_frames_is_refused(tmp_path):
    contour = np.full((8, 8), 255, np.uint8)
    frames = [FlowFrame(contour, None, None, labels=halves(8, 8, 4)) for _ in range(2)]
    writer = AnimeRunWriter(tmp_path, "scene", WholeFiles())
    with pytest.raises(InputError, match="between frames 1 and 2"):
        write_scene(writer, "scene", frames, RegionStatistics())
