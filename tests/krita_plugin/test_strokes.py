"""A stroke of the artist's at every single step of a job: it stays, and it is the artist's."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.host import steps
from krita_plugin.propagate_colors.work import jobs
from tests.in_krita.scenarios import base
from tests.in_krita.scenarios.rig import GREEN, ready
from tests.krita_plugin import mock_krita

STROKE = bytes((1, 99, 3, 255))
MOST_STEPS = 400


class Pen:
    """Paints one pixel of the colour layer's frame that is shown, before the `number`th step."""

    def __init__(self, number):
        self.rig = None
        self.at = None  # the frame that was painted on
        self.turns = 0
        self._number = number

    def before_turn(self):
        if self.rig is None:
            return
        self.turns += 1
        document = self.rig.document.raw
        time, layer = document.time, document.active
        there = layer.uniqueId().toString() == self.rig.color and layer.hasKeyframeAtTime(time)
        if self.turns == self._number and there:
            frame = layer.keys[time]
            document.stroke(frame, frame.data[:-4] + STROKE, "Stroke")
            self.at = time


def first_run(rig):
    rig.controller.propagate()
    yield


def second_run(rig):
    """Every frame is coloured anew: its reference has other colours."""
    yield from rig.do("propagate")
    yield from rig.paint(0, GREEN, GREEN)
    yield from rig.look()
    yield from steps.goto(rig.document, 5)
    rig.controller.propagate()


def undo(rig):
    yield from rig.do("propagate")
    rig.controller.undo([2, 5, 6])


def _one(tmp_path, begin, number):
    """Run with a stroke before one step; returns the pen, and the job's document by its rig."""
    mock_krita.reset()
    clock, errors, pen = mock_krita.Clock(), [], Pen(number)
    context = base.Context("strokes", tmp_path)
    context.clock = clock

    def scenario():
        rig = yield from ready(context)
        yield from steps.goto(rig.document, 5)
        yield from begin(rig)
        pen.rig = rig
        yield from rig.rests()
        rig, pen.rig = pen.rig, None
        yield from rig.look()
        rig.controller.shutdown()
        return rig

    found = []
    clock.before_turn = pen.before_turn
    runner = jobs.Runner(scenario(), "strokes", found.append, errors.append, clock)
    clock.run(lambda: runner.done)
    for error in errors:
        raise error
    return pen, found[0]


@pytest.mark.parametrize("begin", [first_run, second_run, undo], ids=lambda way: way.__name__)
def test_a_stroke_at_any_step_stays_the_artists(tmp_path, begin):
    painted = 0
    for number in range(1, MOST_STEPS):
        pen, rig = _one(tmp_path, begin, number)
        if pen.turns < number:
            break
        if pen.at is not None:
            painted += 1
            assert rig.pixels(pen.at)[-4:] == STROKE, (number, pen.at)
            assert rig.states()[pen.at] == "artist", (number, pen.at)
    else:
        raise AssertionError("the job never ended")
    assert painted > 2
