"""What the docker says stays for as long as it is true, and no longer."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from tests.in_krita.scenarios.hand import RIGHT
from tests.in_krita.scenarios.reviews import colored
from tests.in_krita.scenarios.rig import BLUE, GREEN, RED, logical, ready

NOTICED_SECONDS = 1.2


def message(rig):
    """Return the message that is shown; None where none is."""
    said = rig.controller._messages._said.get(rig.document.key)
    return None if said is None else said[0]


def undone_in_krita(ctx, rig, time):
    """Give a frame a colour, then press Ctrl+Z; returns the message and what the frame held."""
    before = rig.pixels(time)
    yield from rig.do("give_hint", time, RIGHT, logical(GREEN))
    said = message(rig)
    assert rig.pixels(time) != before
    yield from ctx.action(rig.document, "edit_undo")
    assert rig.pixels(time) == before
    return said


@pytest.mark.parametrize("state", ["predicted", "failed"])
def test_what_is_to_be_painted_is_said_until_it_is(run, state):
    def scenario(ctx):
        rig = yield from ready(ctx)
        if state == "failed":
            rig.engine.failing = (6,)
        yield from rig.do("propagate")
        assert rig.states()[6] == state
        text = "Paint frame 6 here, then press Propagate colors."
        assert (yield from rig.do("begin_painting", 6)) == [text]
        yield from rig.look()
        assert message(rig).text == text
        yield from rig.paint(6, RED, BLUE)
        yield from rig.look()
        assert message(rig) is None
        rig.controller.shutdown()

    run(scenario)


@pytest.mark.parametrize(("time", "text"), [(2, "Also fix 2 later frames?"), (6, "Fixed.")])
def test_what_is_said_of_a_fix_goes_with_it(run, time, text):
    """Krita's undo brings back other pixels of ours, as if it were another prediction."""

    def scenario(ctx):
        rig = yield from colored(ctx)
        assert (yield from undone_in_krita(ctx, rig, time)).text == text
        yield NOTICED_SECONDS
        yield from rig.rests()
        assert rig.states()[time] == "predicted"
        assert message(rig) is None
        rig.controller.shutdown()

    run(scenario)


def test_a_color_that_was_undone_is_not_spread(run):
    """Not even by a press that comes before the undo was noticed."""

    def scenario(ctx):
        rig = yield from colored(ctx)
        said = yield from undone_in_krita(ctx, rig, 2)
        assert message(rig) is said, "not noticed yet"
        before = rig.pixels(5)
        dict(said.actions)["Fix"]()
        yield from rig.rests()
        assert rig.pixels(5) == before
        rig.controller.shutdown()

    run(scenario)
