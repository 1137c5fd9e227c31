"""What goes with the mistake that the artist stepped to: its mark, and what a click needs."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from tests.in_krita.scenarios.reviews import colored
from tests.in_krita.scenarios.rig import ready


def test_a_mistake_is_not_marked_on_a_drawing_that_only_shows_its_colors(run):
    def scenario(ctx):
        rig = yield from ready(ctx)
        yield from rig.do("set_range", 0, 4)
        yield from rig.do("propagate")
        assert rig.color_keys() == [0, 2]
        yield from rig.do("step_doubtful", 1)
        marked = [rig.controller.mistake_at(time) is not None for time in range(7)]
        assert marked == [False, False, True, True, True, False, False]
        rig.controller.shutdown()

    run(scenario)


def test_a_step_to_the_frame_that_is_shown_prepares_the_click(run):
    def scenario(ctx):
        rig = yield from colored(ctx)
        yield from rig.do("go_to", 2)
        assert not rig.engine.asked("segment_map")
        yield from rig.do("step_doubtful", 1)
        assert rig.controller.current_time == 2
        assert [asked["frame"] for asked in rig.engine.asked("segment_map")] == [2]
        rig.controller.shutdown()

    run(scenario)
