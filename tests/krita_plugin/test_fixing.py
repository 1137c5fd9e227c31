"""A fix of a frame's colours changes what is shown there, and nothing that the artist said."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.host import steps, writing
from krita_plugin.propagate_colors.ui.segment_words import explain
from tests.in_krita.scenarios.reviews import colored
from tests.in_krita.scenarios.rig import BLUE, GREEN, RED, logical

LEFT, RIGHT = (1.0, 1.0), (50.0, 1.0)


def undo(rig):
    """Press Undo in the message that a fix left."""
    yield
    message, _ = rig.controller._messages._said[rig.document.key]
    assert message.actions[-1][0] == "Undo", message
    message.actions[-1][1]()
    return (yield from rig.rests())


def test_a_fixed_frame_that_the_artist_made_a_reference_stays_one(run):
    def scenario(ctx):
        rig = yield from colored(ctx)
        yield from rig.do("toggle_reference", 2)
        yield from rig.do("give_hint", 2, LEFT, logical(GREEN))
        assert rig.row(2).is_reference
        fixed = rig.predicted(2, GREEN, BLUE)
        yield from rig.paint(0, BLUE, RED)
        yield from rig.do("propagate")
        assert rig.engine.asked("propagate")[-1]["references"] == [0, 2]
        assert rig.pixels(2) == fixed
        rig.controller.shutdown()

    run(scenario)


def test_a_fixed_frame_that_the_artist_made_no_reference_stays_none(run):
    def scenario(ctx):
        rig = yield from colored(ctx)
        yield from rig.do("accept", [5])
        yield from rig.do("toggle_reference", 5)
        yield from rig.do("give_hint", 5, LEFT, logical(GREEN))
        assert not rig.row(5).is_reference
        yield from rig.paint(0, BLUE, RED)
        yield from rig.do("propagate")
        assert rig.engine.asked("propagate")[-1]["references"] == [0]
        assert rig.pixels(5) == rig.predicted(5, GREEN, BLUE)
        rig.controller.shutdown()

    run(scenario)


def test_a_reference_stays_one_where_krita_undoes_its_fix(run):
    def scenario(ctx):
        rig = yield from colored(ctx)
        yield from rig.do("toggle_reference", 2)
        yield from rig.do("give_hint", 2, LEFT, logical(GREEN))
        yield from ctx.action(rig.document, "edit_undo")
        yield from rig.look()
        assert rig.pixels(2) == rig.predicted(2)
        assert rig.row(2).is_reference
        rig.controller.shutdown()

    run(scenario)


@pytest.mark.parametrize("accepted", [False, True])
def test_undo_of_a_fix_leaves_the_reference_as_the_artist_set_it_since(run, accepted):
    def scenario(ctx):
        rig = yield from colored(ctx)
        if accepted:
            yield from rig.do("accept", [6])
        yield from rig.do("give_hint", 6, LEFT, logical(GREEN))
        yield from rig.do("toggle_reference", 6)
        assert rig.row(6).is_reference is not accepted
        assert (yield from undo(rig)) == []
        assert rig.pixels(6) == rig.predicted(6)
        assert rig.row(6).is_reference is not accepted
        rig.controller.shutdown()

    run(scenario)


@pytest.mark.parametrize("way", ["taken back", "given"])
def test_undo_of_a_fix_accepts_no_frame_that_is_not_accepted_then_and_now(run, way):
    def scenario(ctx):
        rig = yield from colored(ctx)
        if way == "taken back":
            yield from rig.do("accept", [6])
        yield from rig.do("give_hint", 6, LEFT, logical(GREEN))
        yield from rig.do("take_back_accept" if way == "taken back" else "accept", [6])
        assert (yield from undo(rig)) == []
        assert (rig.states()[6], rig.pixels(6)) == ("predicted", rig.predicted(6))
        assert not rig.row(6).is_reference
        rig.controller.shutdown()

    run(scenario)


def test_undo_of_two_fixes_of_a_frame_leaves_it_un_accepted(run):
    def scenario(ctx):
        rig = yield from colored(ctx)
        yield from rig.do("accept", [6])
        rig.controller.set_fix_on_canvas(True)
        yield from rig.do("go_to", 6)
        rig.controller._host.set_foreground_color(rig.document.layer(rig.color), bytes(GREEN))
        for point in (LEFT, RIGHT):
            rig.controller._on_dab(point)
        yield from rig.rests()
        assert rig.pixels(6) == rig.predicted(6, GREEN, GREEN)
        yield from rig.do("take_back_accept", [6])
        assert (yield from undo(rig)) == []
        assert (rig.states()[6], rig.pixels(6)) == ("predicted", rig.predicted(6))
        rig.controller.shutdown()

    run(scenario)


# ---- a hold that shows colours of its own


def painted_hold(ctx):
    """Drawings at 2 and 5, coloured; the artist painted 3, where the one of 2 is held."""
    rig = yield from colored(ctx)
    yield from rig.paint(3, BLUE, GREEN)
    yield from rig.look()
    yield from rig.do("go_to", 3)
    yield from rig.do("segment_at", 3, RIGHT)
    return rig


@pytest.mark.parametrize("way", ["menu", "dab", "lock"])
def test_what_the_artist_painted_on_a_hold_takes_no_fix(run, way):
    def scenario(ctx):
        rig = yield from painted_hold(ctx)
        before = {time: rig.pixels(time) for time in (0, 2, 3, 5, 6)}
        for time in (3, 4):
            yield from rig.do("go_to", time)
            if way == "dab":
                rig.controller._on_dab(LEFT)
                said = yield from rig.rests()
            elif way == "lock":
                said = yield from rig.do("toggle_lock", time, LEFT)
            else:
                said = yield from rig.do("give_hint", time, LEFT, logical(GREEN))
            assert said == ["Frame 3 is yours: paint the color there directly."], said
        assert {time: rig.pixels(time) for time in before} == before
        hints = rig.controller._documents.shot.journal.hints
        assert (hints["hints"], hints["locks"]) == ([], [])
        rig.controller.shutdown()

    run(scenario)


def test_a_blank_key_on_a_hold_takes_no_fix(run):
    def scenario(ctx):
        rig = yield from colored(ctx)
        yield from steps.make_key(rig.document, rig.color, 3)
        yield from rig.look()
        before = rig.pixels(2)
        said = yield from rig.do("give_hint", 3, LEFT, logical(GREEN))
        assert said == ["Frame 3 is yours: paint the color there directly."], said
        assert rig.pixels(2) == before
        rig.controller.shutdown()

    run(scenario)


def test_nothing_is_said_of_what_the_artist_painted_on_a_hold(run):
    def scenario(ctx):
        rig = yield from painted_hold(ctx)
        controller = rig.controller
        for time in (3, 4):
            info = controller.segment_at(time, RIGHT)
            assert (info.segment, info.state, info.doubtful) == (2, "unknown", False)
            assert explain(info) == "Not colored yet"
            assert not controller.may_explain(time, info)
        controller.explain_segment(3, RIGHT)
        yield from rig.rests()
        assert rig.engine.asked("explain") == []
        asked = len(rig.engine.asked("overlay"))
        assert controller.viewer_picture(3, 64, 48, "doubtful") is None
        assert not controller.picture_awaited(3, "doubtful")
        yield from rig.rests()
        assert len(rig.engine.asked("overlay")) == asked
        controller.shutdown()

    run(scenario)


def test_the_drawing_before_a_painted_hold_is_fixed_and_marked_on_its_own_frames(run):
    def scenario(ctx):
        rig = yield from painted_hold(ctx)
        painted = rig.pixels(3)
        yield from rig.do("give_hint", 2, LEFT, logical(GREEN))
        yield from rig.do("toggle_lock", 2, RIGHT)
        assert rig.pixels(2) == rig.predicted(2, GREEN, BLUE)
        assert rig.pixels(3) == painted
        assert len(rig.controller.said_on(2)) == 2
        assert rig.controller.said_on(3) == rig.controller.said_on(4) == []
        said = yield from rig.do("remove_hint", 3, LEFT)
        assert said == ["There is no hint on this segment."], said
        assert rig.controller.may_explain(2, rig.controller.segment_at(2, RIGHT))
        rig.controller.shutdown()

    run(scenario)


def test_a_frame_of_ours_whose_drawing_the_artist_took_away_is_the_one_that_is_fixed(run):
    """It is a hold of the drawing before now, and shows the colours that were made for it."""

    def scenario(ctx):
        rig = yield from colored(ctx)
        yield from writing.remove_key(rig.document, rig.line, 5)
        yield from rig.look()
        before = rig.pixels(2)
        yield from rig.do("go_to", 5)
        yield from rig.do("give_hint", 5, LEFT, logical(GREEN))
        assert rig.pixels(5)[:4] == bytes(GREEN)
        assert rig.pixels(2) == before
        yield from rig.do("segment_at", 5, LEFT)
        assert explain(rig.controller.segment_at(5, LEFT)) == "Your choice"
        rig.controller.shutdown()

    run(scenario)
