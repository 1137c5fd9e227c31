"""What each protocol shows a method, and what it makes of the answers."""

from itertools import pairwise

import numpy as np
import pytest

from ant_core.training.data.true_shots import FlowTruth, TrueShot, from_picture, link
from ant_core.training.evaluation.benchmark import PROTOCOLS, MethodResult, applies, run_protocol
from ant_core.training.evaluation.dense_flow import dense_flow
from ant_core.training.evaluation.methods import Flow, ModelMethod, Overlap, Position
from ant_core.training.evaluation.protocols import effort, painted
from tests.support.fakes import FakeMatcher
from tests.training.evaluation.shots import Scripted, still_shot, true_frame


def scored(protocol, shot, method):
    result = MethodResult()
    assert applies(protocol, shot)
    assert run_protocol(protocol, shot, method, result)
    return result


def value(result, metric):
    return result.tally.figure(metric).value


def test_recursive_hands_on_predictions():
    # Frame 3 is matched wrongly once; frames 4 and 5 faithfully copy the mistake.
    result = scored("recursive", still_shot(5), Scripted(wrong=[3]))
    assert value(result, "accuracy") == pytest.approx(1 / 4)
    # Frame 5 is swapped back: two wrongs make a right only where predictions are handed on.
    result = scored("recursive", still_shot(5), Scripted(wrong=[3, 5]))
    assert value(result, "accuracy") == pytest.approx(2 / 4)


def test_parts_of_one_colour_are_told_apart():
    # Two parts of one colour change places in frame 3: right by colour, wrong by part.
    frames = [true_frame(n, [-0.5, 0.5], [1, 1], parts=[4, 5]) for n in range(1, 5)]
    shot = TrueShot(name="twins", frames=frames, has_parts=True)
    assert value(scored("recursive", shot, Scripted(wrong=[3])), "accuracy") == 1
    by_part = scored("recursive_parts", shot, Scripted(wrong=[3]))
    assert value(by_part, "accuracy") == pytest.approx(1 / 3)
    assert value(by_part, "mean_iou") == pytest.approx(1 / 5)
    assert not applies("recursive_parts", still_shot(4))


class Doubtful(Scripted):
    """Takes the other one of two a little rather than the same."""

    def match(self, references, target):
        probability, seen = super().match(references, target)
        return np.where(probability > 0, 0.4, 0.6).astype(np.float32), seen


def test_known_colours_decide_what_lines_leave_in_doubt():
    shot = still_shot(3, matches=[np.array([0, 1])] * 2)
    assert value(scored("regions", shot, Doubtful()), "acc") == 0
    assert value(scored("regions_colored", shot, Doubtful()), "acc") == 1
    alike = [true_frame(n, [-0.5, 0.5], [1, 1]) for n in range(1, 4)]
    twins = TrueShot(name="twins", frames=alike, matches=shot.matches)
    assert value(scored("regions_colored", twins, Doubtful()), "acc") == 0
    assert not applies("regions_colored", still_shot(3, matches=shot.matches, has_colors=False))


def test_consecutive_starts_from_the_truth_every_time():
    result = scored("consecutive", still_shot(5), Scripted(wrong=[3]))
    assert value(result, "acc") == pytest.approx(3 / 4)


def test_recursive_sees_the_frame_before_and_consecutive_too():
    for protocol in ("recursive", "consecutive"):
        method = Scripted()
        scored(protocol, still_shot(4), method)
        assert method.asked == [([1], 2), ([2], 3), ([3], 4)]


def test_recursive_first_also_sees_the_seed():
    method = Scripted()
    scored("recursive_first", still_shot(4), method)
    assert method.asked == [([1], 2), ([1, 2], 3), ([1, 3], 4)]


def test_recursive_takes_a_new_seed_after_ten_frames():
    method = Scripted(wrong=[3])
    result = scored("recursive", still_shot(13), method)
    assert [target for _, target in method.asked] == list(range(2, 14))
    # Frames 3 to 11 are wrong; 12 and 13 start from the truth of 11.
    assert value(result, "accuracy") == pytest.approx(3 / 12)
    assert value(result, "mean_iou") == pytest.approx((1 / 19 + 1) / 2)


def test_effort_goes_on_from_what_was_corrected():
    method = Scripted(wrong=[3])
    result = scored("effort", still_shot(5), method)
    # The mistake in frame 3 is corrected, so frames 4 and 5 do not repeat it.
    assert value(result, "accuracy") == pytest.approx(3 / 4)
    assert method.asked == [([1], 2), ([2, 1], 3), ([3, 2, 1], 4), ([4, 3, 2, 1], 5)]


def test_effort_tells_clicks_on_segments_that_are_seen_and_what_joining_them_would_save():
    shot = still_shot(3)
    for frame in shot.frames:
        frame.area = np.array([29, 30])
    result = scored("effort", shot, Scripted(wrong=[3]))
    assert value(result, "over_30px") == pytest.approx(1 / 2)  # the larger one of frame 3
    assert value(result, "joined") == pytest.approx(2 / 4)  # 1 for 2 and 2 for 1: two mistakes


def test_effort_joins_segments_that_are_wrong_in_the_same_way_in_one_drawing():
    first = true_frame(1, [-0.9, -0.3, 0.3], [1, 1, 2])
    others = [true_frame(n, [-0.9, -0.3, 0.3], [2, 2, 2]) for n in (2, 3)]
    shot = TrueShot(name="two", frames=[first, *others], characters=("someone",))
    method = Scripted()
    assert value(scored("effort", shot, method), "accuracy") == pytest.approx(2 / 6)
    assert value(scored("effort", shot, method), "joined") == pytest.approx(4 / 6)  # one a drawing


def test_effort_looks_from_the_painted_drawings_outwards():
    method = Scripted()
    score, order = effort(still_shot(5).frames, [2], method.match)
    assert order == [1, 0, 3, 4]
    assert method.asked == [([3], 2), ([2, 3], 1), ([3, 2, 1], 4), ([4, 3, 2, 1], 5)]
    assert (score.right, score.segments) == (8, 8)


def test_painted_hands_on_predictions_outwards():
    method = Scripted(wrong=[4])
    score = painted(still_shot(5).frames, [2], method.match)
    # Frame 5 is coloured from the painted frame and from frame 4, in which two colours changed.
    assert method.asked == [([3], 2), ([3, 2], 1), ([3], 4), ([3, 4], 5)]
    assert score.drawings == 4
    assert score.right < score.segments


def test_suggested_drawings_are_painted_first():
    method = ModelMethod(FakeMatcher(), "fake")
    shot = still_shot(6)
    result = scored("effort_suggested", shot, method)
    assert result.tally.counts.frames == 4  # two of six are painted


def test_consecutive_cuts_clips_of_twenty():
    method = Scripted()
    result = scored("consecutive", still_shot(23), method)
    targets = [target for _, target in method.asked]
    assert targets == [n for n in range(2, 24) if n != 21]
    assert (result.tally.counts.frames, result.tally.counts.segments) == (21, 42)


@pytest.mark.parametrize(
    ("protocol", "references"),
    [
        ("keyframes_1", [1]),
        ("keyframes_3", [1, 3, 6]),
        ("keyframes_5", [1, 2, 3, 5, 6]),
        ("keyframes_all", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_first_half_stands_for_sheets_where_there_are_none(protocol, references):
    method = Scripted()
    scored(protocol, still_shot(12), method)
    assert method.asked == [(references, target) for target in range(7, 13)]


def test_short_shots_give_five_sheets_and_long_ones_ten():
    method = Scripted()
    scored("keyframes_all", still_shot(7), method)
    assert method.asked == [([1, 2, 3, 4, 5], 6), ([1, 2, 3, 4, 5], 7)]
    method = Scripted()
    scored("keyframes_all", still_shot(40), method)
    assert [len(references) for references, _ in method.asked] == [10] * 20
    assert method.asked[0] == ([1, 3, 5, 7, 9, 12, 14, 16, 18, 20], 21)


def test_own_sheets_come_first_and_every_frame_is_a_target():
    sheets = still_shot(3, name="sheet").frames
    shot = still_shot(2, sheet=sheets)
    method = Scripted()
    scored("keyframes_all", shot, method)
    assert method.asked == [([1, 2, 3], 1), ([1, 2, 3], 2)]
    assert not applies("keyframes_5", shot)


def test_sheets_have_no_offset_and_frames_have():
    matcher = FakeMatcher()
    scored("keyframes_3", still_shot(12), ModelMethod(matcher, "fake"))
    assert set(map(tuple, matcher.matches)) == {(0, 0, 0)}
    matcher = FakeMatcher()
    scored("recursive_first", still_shot(4), ModelMethod(matcher, "fake"))
    assert matcher.matches == [[1], [2, 1], [3, 1]]


def test_drawings_are_encoded_once():
    matcher, shot = FakeMatcher(), still_shot(6)
    method = ModelMethod(matcher, "fake")
    for protocol in ("recursive", "recursive_first", "consecutive"):
        scored(protocol, shot, method)
    assert matcher.encoded == 6
    method.forget()
    scored("recursive", shot, method)
    assert matcher.encoded == 12


def test_abstention_counts_as_wrong_and_is_not_calibrated():
    result = scored("consecutive", still_shot(3), Scripted(absent=[3]))
    assert value(result, "acc") == pytest.approx(1 / 2)
    assert value(result, "abstained") == pytest.approx(1 / 2)
    assert result.reliability.fills == 2
    assert result.reliability.high_right().value == 1
    assert result.reliability.high_share().value == pytest.approx(1 / 2)


def test_regions_compare_with_the_first_candidate():
    shot = still_shot(3, matches=[np.array([0, -1]), np.array([1, 0])])
    result = scored("regions", shot, Scripted(absent=[2]))
    # Pair 1: row 0 right, row 1 matched though gone. Pair 2, from frame 2: all abstained.
    assert value(result, "acc") == pytest.approx((1 / 2 + 0) / 2)
    assert value(result, "nonocc") == pytest.approx((1 + 0) / 2)
    assert value(result, "occ") == 0
    assert value(result, "none_precision") == 0
    assert result.tally.counts.frames == 2


def test_regions_match_each_frame_to_the_next():
    method = Scripted()
    scored("regions", still_shot(3, matches=[np.array([0, 1])] * 2), method)
    assert method.asked == [([2], 1), ([3], 2)]


def test_abstention_can_be_right_for_regions():
    shot = still_shot(2, matches=[np.array([-1, -1])])
    result = scored("regions", shot, Scripted(absent=[1]))
    assert value(result, "acc") == value(result, "occ") == value(result, "none_precision") == 1
    assert value(result, "none_recall") == 1


def test_parts_accept_any_segment_of_the_part():
    first = true_frame(1, [-0.5, 0, 0.5], [1, 1, 2], parts=[7, 7, 9])
    second = true_frame(2, [-0.5, 0, 0.5], [1, 1, 3], parts=[7, 7, 8])
    shot = TrueShot(name="parts", frames=[first, second], has_parts=True)
    result = scored("parts", shot, Scripted(wrong=[]))
    # Part 9 is gone, but was matched.
    assert value(result, "nonocc") == 1
    assert value(result, "occ") == 0
    swapped = TrueShot(
        name="swapped", frames=[first, true_frame(2, [0, 0, 0], [1, 1, 3], [7, 7, 7])]
    )
    swapped.has_parts = True
    assert value(scored("parts", swapped, Scripted(wrong=[1])), "nonocc") == 1


def test_protocols_ask_for_what_they_need():
    chains = ["recursive", "recursive_first", "consecutive"]
    efforts = ["effort", "effort_suggested"]
    assert [name for name in PROTOCOLS if applies(name, still_shot(5))] == chains + efforts
    keys = [f"keyframes_{count}" for count in ("1", "3", "5", "all")]
    found = [name for name in PROTOCOLS if applies(name, still_shot(6))]
    assert found == [*chains, *keys, *efforts]
    assert not any(applies(name, still_shot(1)) for name in PROTOCOLS)
    assert not applies("recursive", still_shot(4, has_colors=False))


def drawing(number, at, colors):
    """Two boxes of ink around paper, side by side, the left one's corner at `at`."""
    picture = np.full((48, 96), 255, np.uint8)
    for left in (at, at + 40):
        picture[8:40, left : left + 32] = 0
        picture[10:38, left + 2 : left + 30] = 255
    frame = from_picture(number, picture)
    assert frame.count == 3  # paper, left box, right box
    frame.color = frame.label = np.array(colors, np.int64)
    return frame


@pytest.fixture
def moved():
    frames = [drawing(1, 8, [0, 1, 2]), drawing(2, 12, [0, 1, 2]), drawing(3, 16, [0, 1, 2])]
    link(frames)
    return TrueShot(name="moved", frames=frames)


@pytest.mark.parametrize("make", [Position, Overlap, Flow])
def test_baselines_follow_what_moves_a_little(moved, make):
    assert value(scored("recursive", moved, make()), "accuracy") == 1
    moved.sheet = [moved.frames[1]]
    assert value(scored("keyframes_1", moved, make()), "acc") == 1


def test_overlap_is_fooled_where_things_move_far():
    # The left box comes to lie on the right one, and the right one on paper.
    frames = [drawing(1, 0, [0, 1, 2]), drawing(2, 22, [0, 1, 2])]
    link(frames)
    shot = TrueShot(name="far", frames=frames)
    overlap = scored("consecutive", shot, Overlap())
    assert value(overlap, "acc") == pytest.approx(1 / 3)


def test_stored_overlap_serves_the_frame_before_only():
    shot = still_shot(6)
    for before, frame in zip(shot.frames, shot.frames[1:], strict=False):
        frame.overlap, frame.before = np.array([1, 0]), before.number
    assert value(scored("consecutive", shot, Overlap()), "acc") == 0
    assert not run_protocol("keyframes_1", shot, Overlap(), MethodResult())
    assert not run_protocol("consecutive", shot, Flow(), MethodResult())


def test_flow_baseline_moves_the_way_the_picture_does(moved):
    flow = Flow().motion(moved.frames[0], moved.frames[1])
    assert np.median(flow[8:40, 8:40, 0]) == pytest.approx(4, abs=0.5)
    assert np.median(flow[8:40, 8:40, 1]) == pytest.approx(0, abs=0.5)


def test_segments_move_as_their_centres_do():
    source, target = true_frame(1, [-0.5, 0.5], [1, 2]), true_frame(2, [-0.4, 0.9], [1, 2])
    plane = np.array([[1, 1, 2]], np.int32)
    nowhere = np.zeros_like(plane)
    flow = dense_flow(source, target, np.array([0, 1]), plane, nowhere)
    assert flow[0, :, 0] == pytest.approx([5, 5, 20], abs=1e-4)
    # Without a match of its own, the nearest segment that has one leads.
    flow = dense_flow(source, target, np.array([0, -1]), plane, nowhere)
    assert flow[0, :, 0] == pytest.approx([5, 5, 5], abs=1e-4)
    assert not dense_flow(source, target, np.array([-1, -1]), plane, nowhere).any()


def test_segment_that_grows_moves_by_the_corner_that_fits():
    # Its left end moved by two, its right end by six: only the left end's move keeps the notch.
    def half_hidden(number, left, right):
        plane = np.full((9, 40), 2, np.int32)
        plane[1:8, left:right] = 1
        plane[3:6, left + 3 : left + 8] = 2
        frame = from_picture(number, np.full(plane.shape, 255, np.uint8), plane)
        return frame, plane

    (source, before), (target, after) = half_hidden(1, 4, 20), half_hidden(2, 6, 26)
    flow = dense_flow(source, target, np.array([0, 1]), before, after)
    assert flow[before == 1] == pytest.approx(np.array([[2.0, 0.0]] * (before == 1).sum()))


def test_right_matches_have_no_end_point_error(moved):
    source, target = moved.frames[:2]
    moved.frames = [source, target]
    truth = np.zeros((48, 96, 2), np.float32)
    truth[..., 0] = 4  # the picture's border cuts the paper, so that it goes with the boxes
    nothing = np.zeros((48, 96), np.bool_)
    moved.flows = [lambda: FlowTruth(truth, nothing, nothing)]
    assert value(scored("flow", moved, Scripted()), "epe") == pytest.approx(0, abs=1e-3)
    assert value(scored("flow", moved, Scripted(wrong=[1])), "epe") > 5


def test_flow_baseline_is_scored_by_its_own_flow(moved):
    truth = np.zeros((48, 96, 2), np.float32)
    truth[..., 0] = 4
    nothing = np.zeros((48, 96), np.bool_)
    moved.flows = [lambda: FlowTruth(truth, nothing, nothing)] * 2
    result = scored("flow", moved, Flow())
    expected = [
        np.linalg.norm(Flow().motion(a, b) - truth, axis=-1).mean()
        for a, b in pairwise(moved.frames)
    ]
    assert value(result, "epe") == pytest.approx(np.mean(expected), rel=1e-4)
