"""Strokes within the event loop that Krita 6 runs while it waits for its own: waitForDone()."""

import pytest

pytest.importorskip("PyQt5.QtGui", reason="pictures of frames are QImages", exc_type=ImportError)

from krita_plugin.propagate_colors.host import hand, steps
from krita_plugin.propagate_colors.work import jobs
from tests.in_krita.scenarios import base
from tests.in_krita.scenarios.rig import GREEN, ready
from tests.krita_plugin import mock_krita
from tests.krita_plugin.fake_engine import FakeEngine
from tests.krita_plugin.mock_document import Document

STROKE = bytes((1, 99, 3, 255))
MOST_WAITS = 400
FRAME = 5


class Pen:
    """Paints the last pixel of the shown frame of the colour layer within the `number`th wait."""

    def __init__(self, number):
        self.rig = None
        self.waits = self.strokes = self.touches = 0
        self._number = number

    def wait(self):
        if self.rig is None:
            return
        self.waits += 1
        document = self.rig.document.raw
        layer = document.active
        there = layer.uniqueId().toString() == self.rig.color
        if self.waits == self._number and there and layer.hasKeyframeAtTime(FRAME):
            frame = layer.keys[FRAME]
            document.stroke(frame, frame.data[:-4] + STROKE, "Stroke")
            self.strokes += 1
            self.touches += 2


class LastRowLess(FakeEngine):
    """Gives colours for all rows but the last, in which the artist paints."""

    def _answer(self, number, fields, payload=b""):
        if payload and fields.get("type") == "frame_result":
            _, _, width, height = fields["box"]
            payload = payload[: len(payload) // height * (height - 1)]
            fields.update(box=[0, 0, width, height - 1], bytes=len(payload))
        super()._answer(number, fields, payload)


def _one(tmp_path, monkeypatch, number, engine):
    """Write frames for the second time with a stroke in one wait; returns the pen and the rig."""
    mock_krita.reset("6.0.4")
    clock, errors, found, pen = mock_krita.Clock(), [], [], Pen(number)
    context = base.Context("nested", tmp_path)
    context.clock = clock

    def scenario():
        rig = yield from ready(context)
        rig.engine.__class__ = engine
        yield from rig.do("propagate")
        yield from rig.paint(0, GREEN, GREEN)
        yield from rig.look()
        yield from context.activate(rig.document, rig.color)
        yield from steps.goto(rig.document, FRAME)
        pen.rig = rig
        yield from rig.do("propagate")
        pen.rig = None
        yield from rig.look()
        rig.controller.shutdown()
        return rig

    def wait(document):
        document.rendered = document.time
        pen.wait()

    monkeypatch.setattr(Document, "waitForDone", wait)
    monkeypatch.setattr(hand, "touches", lambda: pen.touches, raising=False)
    runner = jobs.Runner(scenario(), "nested", found.append, errors.append, clock)
    clock.run(lambda: runner.done)
    for error in errors:
        raise error
    return pen, found[0]


@pytest.mark.parametrize("engine", [FakeEngine, LastRowLess], ids=lambda kind: kind.__name__)
def test_a_stroke_in_any_wait_stays_the_artists(tmp_path, monkeypatch, engine):
    painted = 0
    for number in range(1, MOST_WAITS):
        pen, rig = _one(tmp_path, monkeypatch, number, engine)
        if pen.waits < number:
            break
        if pen.strokes:
            painted += 1
            assert rig.pixels(FRAME)[-4:] == STROKE, number
            assert rig.states()[FRAME] == "artist", number
    else:
        raise AssertionError("the job never ended")
    assert painted > 4
