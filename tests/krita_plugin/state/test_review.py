import pytest

from krita_plugin.propagate_colors.state import review
from krita_plugin.propagate_colors.state.journal import Entry
from krita_plugin.propagate_colors.state.model import FrameRow, FrameState
from krita_plugin.propagate_colors.state.review import Seen

OURS = Entry("{c}", 5, "predicted", "m", None, "aa", {"confidence": 0.8, "doubtful": 2,
             "no_counterpart": 1, "segments": 9})  # fmt: skip


def segment(number, state="painted", confidence=0.9, color=(1, 2, 3, 255), flags=()):
    color = list(color) if isinstance(color, tuple) else color
    return {"id": number, "state": state, "confidence": confidence, "color": color,
            "flags": list(flags)}  # fmt: skip


@pytest.mark.parametrize(
    ("held", "entry", "unknown", "state"),
    [
        (None, None, False, FrameState.TODO),
        (Seen("00", True), None, False, FrameState.TODO),
        (None, OURS, False, FrameState.TODO),  # the artist removed the key
        (Seen("00", True), OURS, False, FrameState.TODO),  # the artist cleared it
        (Seen("aa", False), OURS, False, FrameState.PREDICTED),
        (Seen("aa", True), OURS, False, FrameState.PREDICTED),  # nothing but bare segments
        (Seen("bb", False), OURS, False, FrameState.ARTIST),
        (Seen("bb", False), OURS, True, FrameState.ARTIST),
        (Seen("bb", False), None, False, FrameState.ARTIST),
        (Seen("bb", False), None, True, FrameState.UNKNOWN),
    ],
)
def test_whose_pixels_a_frame_holds(held, entry, unknown, state):
    assert review.state_of(held, entry, unknown) == state


@pytest.mark.parametrize(
    ("state", "default", "when_on"),
    [
        (FrameState.ARTIST, True, True),
        (FrameState.ACCEPTED, True, True),
        (FrameState.PREDICTED, False, True),
        (FrameState.UNKNOWN, False, True),
        (FrameState.TODO, False, False),
        (FrameState.HOLD, False, False),
    ],
)
def test_which_frames_teach(state, default, when_on):
    assert review.is_reference(state, 4, (), ()) is default
    assert review.is_reference(state, 4, (4,), ()) is when_on
    assert review.is_reference(state, 4, (), (4,)) is False


def test_only_what_nobody_painted_may_be_written():
    writable = {FrameState.TODO, FrameState.FAILED, FrameState.PREDICTED}
    states = {value for name, value in vars(FrameState).items() if name.isupper()}
    assert {state for state in states if review.may_write(state)} == writable


RESULT = {
    "segments": [
        segment(1, confidence=0.95),
        segment(2, confidence=0.4),
        segment(3, "no_counterpart", 0.99, None),
        segment(4, confidence=0.95, flags=["sides_disagree"]),
        segment(5, "locked", 0.1),
        segment(6, "unpainted", 0.3, "unpainted"),
    ]
}


def test_doubtful_segments_come_worst_first():
    digest = review.digest(RESULT, 0.6)
    assert [number for _, number in digest.doubtful] == [3, 6, 2, 4]


def test_the_queue_goes_across_frames():
    digests = {
        7: review.digest({"segments": [segment(1, confidence=0.2)]}, 0.6),
        3: review.digest(RESULT, 0.6),
    }
    assert review.doubtful_queue(digests) == [(3, 3), (7, 1), (3, 6), (3, 2), (3, 4)]


def test_colors_are_grouped_across_frames():
    digests = {3: review.digest(RESULT, 0.6), 8: review.digest({"segments": [segment(1)]}, 0.6)}
    groups = review.color_groups(digests, lambda color: color[:3])
    assert [(g.color, g.display, g.segments, g.doubtful, g.frames) for g in groups] == [
        ((1, 2, 3, 255), (1, 2, 3), 5, 2, (3, 8)),
        ("unpainted", (255, 255, 255), 1, 1, (3,)),
    ]


def test_the_summary_counts():
    summary = review.summarize({**RESULT, "confidence": 0.7, "doubtful": 4})
    assert summary == {"confidence": 0.7, "doubtful": 4, "no_counterpart": 1, "segments": 6}


def test_a_row_shows_figures_of_our_frames_only():
    ours = review.frame_row(5, FrameState.PREDICTED, False, OURS)
    assert (ours.confidence, ours.doubtful, ours.no_counterpart, ours.segments) == (0.8, 2, 1, 9)
    artists = review.frame_row(5, FrameState.ARTIST, True, OURS)
    assert (artists.confidence, artists.segments) == (None, 0)


def test_accept_above_takes_predicted_frames_that_are_sure():
    rows = [
        FrameRow(1, FrameState.PREDICTED, confidence=0.9),
        FrameRow(2, FrameState.PREDICTED, confidence=0.89),
        FrameRow(3, FrameState.ACCEPTED, confidence=1.0),
        FrameRow(4, FrameState.PREDICTED),
    ]
    assert review.acceptable_above(rows, 0.9) == [1]
