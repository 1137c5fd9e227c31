"""Pixels of ours that Krita's undo brings back, or that lie elsewhere, are not the artist's."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.host import writing
from krita_plugin.propagate_colors.state import journal, review
from krita_plugin.propagate_colors.work import jobs
from tests.in_krita.scenarios import base
from tests.in_krita.scenarios.rig import GREEN, ready
from tests.krita_plugin import mock_krita


@pytest.fixture
def run(tmp_path, mock):
    """Run a scenario on the mock of Krita, from a rig whose frames were coloured once."""

    def go(scenario):
        clock, errors = mock_krita.Clock(), []
        context = base.Context("strays", tmp_path)
        context.clock = clock

        def whole():
            rig = yield from ready(context)
            yield from rig.do("propagate")
            yield from scenario(rig)
            rig.controller.shutdown()

        runner = jobs.Runner(whole(), "strays", lambda _: None, errors.append, clock)
        clock.run(lambda: runner.done)
        for error in errors:
            raise error

    return go


def put(rig, time, data):
    """Change a frame behind the plugin's back."""
    yield from writing.put(rig.document, rig.color, time, rig.box, data)
    yield from rig.look()


def colored_twice(rig):
    """Colour all again after another reference; returns what frame 5 held before."""
    former = rig.pixels(5)
    yield from rig.paint(0, GREEN, GREEN)
    yield from rig.look()
    yield from rig.do("propagate")
    assert rig.pixels(5) != former
    return former


def test_an_older_prediction_is_still_ours(run):
    def scenario(rig):
        former = yield from colored_twice(rig)
        newer = rig.pixels(5)
        yield from put(rig, 5, former)
        row = rig.row(5)
        assert (row.state, row.is_reference, row.segments) == ("predicted", False, 2)
        yield from rig.do("propagate")
        assert rig.pixels(5) == newer
        assert (rig.row(5).state, rig.row(5).segments) == ("predicted", 2)
        yield from put(rig, 5, former)
        yield from rig.do("undo", [5])
        assert rig.color_keys() == [0, 2, 6]

    run(scenario)


def test_an_older_prediction_is_known_after_reopening(run):
    def scenario(rig):
        former = yield from colored_twice(rig)
        yield from rig.reopened()
        yield from put(rig, 5, former)
        assert (rig.row(5).state, rig.row(5).is_reference) == ("predicted", False)

    run(scenario)


def test_a_frame_taken_back_and_brought_again_by_krita_is_ours(run):
    def scenario(rig):
        ours = rig.pixels(5)
        yield from rig.do("undo", [5])
        yield from put(rig, 5, ours)
        assert (rig.row(5).state, rig.row(5).is_reference) == ("predicted", False)

    run(scenario)


def test_a_frame_brought_again_by_krita_just_before_the_document_is_closed_is_ours(run):
    """Saved before anyone could look at it; taken back after reopening, with another one."""

    def scenario(rig):
        ours = rig.pixels(5)
        yield from rig.do("undo", [5])
        yield from writing.put(rig.document, rig.color, 5, rig.box, ours)
        yield from rig.reopened()
        assert (rig.row(5).state, rig.row(5).segments) == ("predicted", 2)
        yield from rig.do("undo", [5, 6])
        assert rig.color_keys() == [0, 2]

    run(scenario)


def test_what_the_artist_painted_where_a_frame_was_taken_back_is_not_ours(run):
    def scenario(rig):
        yield from rig.do("undo", [5])
        yield from put(rig, 5, rig.colors(GREEN, GREEN))
        yield from rig.reopened()
        painted = rig.pixels(5)
        assert (rig.row(5).state, rig.row(5).is_reference) == ("unknown", False)
        yield from rig.do("propagate")
        assert rig.pixels(5) == painted

    run(scenario)


def test_taking_back_a_copy_says_why_it_stays(run):
    def scenario(rig):
        yield from put(rig, 1, rig.pixels(5))
        said = yield from rig.do("undo", [1, 5])
        assert said == ["What frame 1 held before is no longer kept, so it stays as it is."]
        assert rig.color_keys() == [0, 1, 2, 6]

    run(scenario)


def test_what_was_the_artist_s_there_makes_no_reference_of_our_pixels(run):
    """Frame 5 is listed as a reference for what the artist painted, which we never saw go."""

    def scenario(rig):
        ours = rig.pixels(5)
        yield from rig.do("undo", [5])
        yield from put(rig, 5, rig.colors(GREEN, GREEN))
        yield from rig.do("toggle_reference", 0)
        assert 5 in rig.controller._documents.shot.journal.on
        yield from put(rig, 5, ours)
        assert (rig.row(5).state, rig.row(5).is_reference) == ("predicted", False)
        yield from rig.do("toggle_reference", 5)
        assert rig.row(5).is_reference
        yield from rig.do("toggle_reference", 5)
        assert not rig.row(5).is_reference

    run(scenario)


def test_copies_of_predicted_and_accepted_frames(run):
    def scenario(rig):
        yield from rig.do("accept", [6])
        predicted, accepted = rig.pixels(5), rig.pixels(6)
        yield from put(rig, 1, predicted)
        yield from put(rig, 2, accepted)
        assert (rig.row(1).state, rig.row(1).is_reference) == ("predicted", False)
        assert (rig.row(2).state, rig.row(2).is_reference) == ("unknown", False)
        yield from rig.do("propagate")
        assert rig.pixels(2) == accepted
        yield from rig.do("toggle_reference", 2)
        assert rig.row(2).is_reference

    run(scenario)


def test_an_accepted_older_prediction_stays(run):
    def scenario(rig):
        former = yield from colored_twice(rig)
        yield from put(rig, 5, former)
        yield from rig.do("accept", [5])
        assert rig.row(5).state == "accepted"
        yield from rig.do("propagate")
        assert rig.pixels(5) == former

    run(scenario)


def test_a_new_word_on_frames_that_stay_is_in_the_document(run, monkeypatch):
    def scenario(rig):
        monkeypatch.setattr(review, "summarize", lambda *_: {"confidence": 0.125})
        said = yield from rig.do("propagate")
        assert "Nothing had to be colored again." in said[-1]
        noted = journal.load(bytes(rig.document.read_annotation(journal.KIND)))
        assert noted.entry(rig.color, 5).summary == {"confidence": 0.125}

    run(scenario)


def test_a_copy_of_the_artist_s_drawing_makes_his_none_of_ours(run):
    """Frame 6 shows frame 0's drawing and gets the very pixels that he painted there."""

    def scenario(rig):
        drawing = rig.drawing(0, rig.line)
        yield from writing.put(rig.document, rig.line, 6, rig.box, drawing)
        yield from put(rig, 0, rig.predicted(0))
        yield from rig.do("propagate")
        assert rig.pixels(6) == rig.pixels(0)
        for _ in range(2):
            yield from rig.do("propagate")
            assert (rig.row(0).state, rig.row(0).is_reference) == ("artist", True)

    run(scenario)


def test_frames_that_are_kept_tell_nothing_of_the_time_left(run):
    def scenario(rig):
        told = []
        rig.controller.progress.connect(lambda *progress: told.append(progress[2]))
        yield from rig.do("propagate")
        assert told
        assert set(told) == {None}

    run(scenario)
