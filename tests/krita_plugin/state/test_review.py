from types import SimpleNamespace

import pytest

from krita_plugin.propagate_colors.state import review
from krita_plugin.propagate_colors.state.journal import Entry
from krita_plugin.propagate_colors.state.model import FrameRow, FrameState
from krita_plugin.propagate_colors.state.review import SeenKey
from krita_plugin.propagate_colors.state.shot import DocumentShot

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
        (SeenKey("00", True), None, False, FrameState.TODO),
        (None, OURS, False, FrameState.TODO),  # the artist removed the key
        (SeenKey("00", True), OURS, False, FrameState.TODO),  # the artist cleared it
        (SeenKey("aa", False), OURS, False, FrameState.PREDICTED),
        (SeenKey("aa", True), OURS, False, FrameState.PREDICTED),  # nothing but bare segments
        (SeenKey("bb", False), OURS, False, FrameState.ARTIST),
        (SeenKey("bb", False), OURS, True, FrameState.ARTIST),
        (SeenKey("bb", False), None, False, FrameState.ARTIST),
        (SeenKey("bb", False), None, True, FrameState.UNKNOWN),
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


def test_a_digest_says_what_is_doubtful_and_how_much():
    digest = review.digest(RESULT, 0.6)
    worth = {mark.segment: mark.worth for mark in digest.marks if mark.worth is not None}
    assert worth == {3: 0.0, 6: 0.3, 2: 0.4, 4: 0.95}


def test_a_mark_has_what_the_result_says():
    told = {**segment(4), "box": [1, 2, 30, 40], "point": [9, 9], "area": 77}
    found = review.mark({**told, "source": {"frame": 3, "segment": 8}})
    assert found == (4, (1, 2, 3, 255), (1, 2, 30, 40), 77, (9.5, 9.5), (3, 8), None)
    assert review.mark({**told, "source": {"sheet": "hero", "segment": 8}}).source == ("hero", 8)
    assert review.mark({**told, "source": None}).source is None


def test_colors_are_grouped_across_frames():
    digests = {3: review.digest(RESULT, 0.6), 8: review.digest({"segments": [segment(1)]}, 0.6)}
    groups = review.color_groups(digests, lambda color: color[:3])
    assert [(g.color, g.display, g.segments, g.doubtful, g.frames) for g in groups] == [
        ((1, 2, 3, 255), (1, 2, 3), 5, 2, (3, 8)),
        ("unpainted", (255, 255, 255), 1, 1, (3,)),
    ]


def test_the_summary_counts():
    result = {**RESULT, "confidence": 0.7, "doubtful": 4}
    summary = review.summarize(result, 1920 * 1080, review.DOUBTFUL_BELOW)
    assert summary == {
        "confidence": 0.7,
        "doubtful": 4,
        "no_counterpart": 1,
        "segments": 6,
        "to_look_at": 2,
    }


def test_the_summary_counts_by_the_engine_s_own_bound():
    result = {"segments": [{**segment(1, confidence=0.7), "area": 9000}]}
    found = [review.summarize(result, 1920 * 1080, below)["to_look_at"] for below in (0.69, 0.71)]
    assert found == [0, 1]


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


@pytest.mark.parametrize(
    ("confidence", "area", "worth_it"),
    [(0.59, 201, True), (0.61, 9000, False), (0.59, 200, False), (0.39, 4, True), (0.41, 4, False)],
)
def test_a_small_segment_is_worth_a_look_only_where_it_is_very_unsure(confidence, area, worth_it):
    told = {**segment(1, confidence=confidence), "area": area}
    mark = review.mark(told, review.DOUBTFUL_BELOW)
    assert review.is_worth_a_look(mark, 1920 * 1080) is worth_it
    assert review.is_worth_a_look(mark._replace(area=area * 4), 3840 * 2160) is worth_it


def test_a_frame_is_amber_for_what_is_worth_a_look():
    row = FrameRow(1, FrameState.PREDICTED, doubtful=3)
    assert row.needs_review, "of a journal that does not say"
    assert not row._replace(to_look_at=0).needs_review
    assert row._replace(to_look_at=1).needs_review


@pytest.mark.parametrize("flag", ["shade", "surface"])
@pytest.mark.parametrize("state", ["painted", "unpainted", "never"])
def test_a_doubtful_surface_needs_a_look_however_sure_its_color_is(flag, state):
    sure, moved = segment(1, state), segment(2, state, flags=[flag])
    assert not review.is_doubtful(sure, 0.6)
    assert review.is_doubtful(moved, 0.6)
    result = {"confidence": 0.9, "doubtful": 1, "segments": [sure, moved]}
    summary = review.summarize(result, 100, 0.6)
    assert (summary["surfaces"], summary["to_look_at"]) == (1, 1)
    entry = Entry("{c}", 5, "predicted", "m", None, "aa", summary)
    assert review.frame_row(5, FrameState.PREDICTED, False, entry).surfaces == 1
    plain = review.summarize({**result, "segments": [sure]}, 100, 0.6)
    assert plain.keys().isdisjoint({"surfaces", "surface_layers"})


def test_the_layers_that_a_doubtful_surface_is_about_are_told():
    segments = [segment(1), segment(2, flags=["shade"]), segment(3, flags=["shade", "surface"])]
    layers = [
        {"name": "{a}", "doubtful": [3]},
        {"name": "{b}", "doubtful": []},
        {"name": "{c}", "doubtful": [2, 3]},
    ]
    result = {"confidence": 0.9, "doubtful": 2, "segments": segments, "layers": layers}
    assert review.doubtful_layers(result, 1) == []
    assert review.doubtful_layers(result, 2) == ["{c}"]
    assert review.doubtful_layers(result) == ["color", "{a}", "{c}"]
    older = {**result, "layers": [{"name": "{a}"}]}
    assert review.doubtful_layers(older, 2) == []
    for told, expected in ((result, ("color", "{a}", "{c}")), (older, ("color",))):
        entry = Entry("{c}", 5, "predicted", "m", None, "aa", review.summarize(told, 100, 0.6))
        row = review.frame_row(5, FrameState.PREDICTED, False, entry)
        assert (row.surfaces, row.surface_layers) == (2, expected)
    damaged = Entry("{c}", 5, "predicted", "m", None, "aa", {"surface_layers": 7})
    assert review.frame_row(5, FrameState.PREDICTED, False, damaged).surface_layers == ()


def test_layers_of_a_result_are_named_as_the_document_does():
    infos = [
        SimpleNamespace(uuid=uuid, name=name)
        for uuid, name in (("{a}", "Shadow"), ("{c}", "Color"))
    ]
    shot = SimpleNamespace(infos=infos, color="{c}")
    assert DocumentShot.layer_names(shot, ("{a}", "color")) == ("Shadow", "Color")
    assert DocumentShot.layer_names(shot, ("Shadow", "{gone}")) == ("Shadow",), (
        "by name, as ant_core does"
    )
    assert DocumentShot.layer_names(shot, ()) == ()
