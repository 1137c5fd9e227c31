"""How long a long job keeps Krita's event loop waiting; started by scripts/benchmark.py krita."""

import os
import time
from pathlib import Path

from krita_plugin.propagate_colors.host import steps, writing
from krita_plugin.propagate_colors.pauses import pauses
from krita_plugin.propagate_colors.qt import QtCore, QtGui
from krita_plugin.propagate_colors.state.model import FrameState

from .sample import Watched, picture

BEAT_MS = 5


class Heartbeat:
    """A timer that notes by how much each of its beats comes late."""

    def __init__(self):
        self.late_ms = []
        self._last = time.perf_counter()
        self._timer = QtCore.QTimer()
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def _beat(self):
        now = time.perf_counter()
        self.late_ms.append(max(0.0, (now - self._last) * 1000 - BEAT_MS))
        self._last = now

    def stop(self):
        self._timer.stop()


def a_long_run(ctx):
    """Colour a shot of drawn keys with the real engine, the first frame painted."""
    shot = Path(os.environ["PAUSES_SHOT"])
    lines = sorted((shot / "line").glob("*.png"))
    size = QtGui.QImage(str(lines[0])).size()
    document = yield from ctx.new_document(size=(size.width(), size.height()), name="long")
    document.raw.setFullClipRangeEndTime(len(lines))
    yield 1.2
    line = yield from ctx.add_layer(document, "Lines", still=False)
    canvas = ctx.canvas(document)
    for number, path in enumerate(lines):
        yield from writing.put(document, line, number, canvas, picture(path))
    color = yield from steps.create_color_layer(document, "Lines colors", line)
    (painted,) = (shot / "color").glob("*.png")
    yield from writing.put(document, color, 0, canvas, picture(painted))
    watched = Watched(ctx)
    watched.controller.refresh()
    yield lambda: watched.states().get(0) == FrameState.ARTIST, 100.0
    pauses.clear()
    heartbeat, started = Heartbeat(), time.perf_counter()
    watched.controller.propagate()
    yield lambda: watched.controller.busy is None, 1000.0
    heartbeat.stop()
    ctx.values["seconds"] = time.perf_counter() - started
    ctx.values["frames"] = len(lines)
    ctx.values["late_ms"] = [round(ms, 2) for ms in heartbeat.late_ms]
    ctx.values["calls_ms"] = {}
    for kind, ms in pauses:
        ctx.values["calls_ms"].setdefault(kind, []).append(round(ms, 2))
    states = list(watched.states().values())
    ctx.values["said"] = [text for _, text, _ in watched.messages]
    watched.controller.shutdown()
    assert states.count(FrameState.PREDICTED) == len(lines) - 1, ctx.values["said"]
