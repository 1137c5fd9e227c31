"""A fix of a frame's colours changes what is shown there, and nothing that the artist said."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

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
