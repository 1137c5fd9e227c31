"""The artist's pointer on Krita's canvas: real events, sent by a program of their own."""

import json
import os
import subprocess

import krita

from krita_plugin.propagate_colors.qt import QtCore, QtWidgets

POINTER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "pointer.py")
BRUSH_PX = 5.0
INK = (1.0, 0.0, 1.0, 1.0)  # blue, green, red and alpha: of no drawing and no engine
ARRIVES_TENTHS = 100  # of a second, until a dab is drawn on a busy machine
DABS = 4
ENDS_SECONDS = 120.0  # an idle machine needs a moment
FAR = 0.2  # of the canvas, between the places that tell where the document lies


class _Releases(QtCore.QObject):
    """Counts the releases of the pointer's button that reach a window of Krita's."""

    def __init__(self):
        super().__init__()
        self.count = 0
        QtWidgets.QApplication.instance().installEventFilter(self)

    def eventFilter(self, watched, event):
        released = event.type() == QtCore.QEvent.Type.MouseButtonRelease
        self.count += released and watched.metaObject().className() == "QWidgetWindow"
        return False


class Pen:
    """Draws on the canvas of the document in front."""

    def __init__(self, ctx, document):
        self.ctx = ctx
        self.document = document
        self.canvas = None
        self._releases = _Releases()
        self._expected = 0  # releases, when all that was started has been seen
        self._scale = self._left = self._top = 0.0

    def take(self, layer, time):
        """Take a small brush and learn where the document lies, by two dabs that are undone.

        The document must fill much of the window.
        """
        ctx = self.ctx
        view = ctx.krita.activeWindow().activeView()
        ctx.krita.action("KritaShape/KisToolBrush").trigger()
        yield 0.5
        view.setBrushSize(BRUSH_PX)
        view.setPaintingOpacity(1.0)
        ink = krita.ManagedColor("RGBA", "U8", "")
        ink.setComponents(list(INK))
        view.setForeGroundColor(ink)
        yield 0.3
        self.canvas = _canvas()
        corner = self.canvas.mapToGlobal(QtCore.QPoint(0, 0))
        width, height = self.canvas.width(), self.canvas.height()
        found = []
        for share in (0.5 - FAR / 2, 0.5 + FAR / 2):
            place = (corner.x() + round(width * share), corner.y() + round(height * share))
            before = ctx.pixels(self.document, layer, time)
            yield from self.inks(layer, time, place)
            yield from ctx.settle(self.document.raw, 0.1)
            after = ctx.pixels(self.document, layer, time)
            changed = [
                i // 4 for i in range(0, len(after), 4) if after[i : i + 4] != before[i : i + 4]
            ]
            columns = [i % self.document.width for i in changed]
            rows = [i // self.document.width for i in changed]
            found.append((place, (_middle(columns), _middle(rows))))
            yield from ctx.action(self.document, "edit_undo")
        (screen, at), (screen_2, at_2) = found
        self._scale = (screen_2[0] - screen[0]) / (at_2[0] - at[0])
        self._left = screen[0] - at[0] * self._scale
        self._top = screen[1] - at[1] * self._scale

    def inks(self, layer, time, place):
        """Press at a place of the screen until Krita's brush has left ink there.

        On a busy machine Krita, which has just taken the tool or turned the canvas, drops a dab.
        """
        before = self.ctx.pixels(self.document, layer, time)
        for _ in range(DABS):
            yield from self.presses([place] * 3)
            for _ in range(ARRIVES_TENTHS):
                yield from self.ctx.settle(self.document.raw, 0.1)
                if self.ctx.pixels(self.document, layer, time) != before:
                    return
        screen = QtWidgets.QApplication.primaryScreen()
        screen.grabWindow(0).save(self.ctx.file("no_dab.png"))
        raise AssertionError(f"a dab at {place} of the screen left nothing: {self.canvas}")

    def draws(self, strokes):
        """Draw strokes, (seconds to wait before, points of the document); returns the process."""
        return self._start(
            [(seconds, [self.screen(point) for point in points]) for seconds, points in strokes]
        )

    def presses(self, places):
        """Press at the first place of the screen, go through the others, release; steps."""
        yield from self.ends(self._start([(0.1, places)]))

    def screen(self, point):
        """Return where a place of the document lies on the screen."""
        return (
            round(self._left + (point[0] + 0.5) * self._scale),
            round(self._top + (point[1] + 0.5) * self._scale),
        )

    def _start(self, strokes):
        self._expected = max(self._expected, self._releases.count) + len(strokes)
        process = subprocess.Popen(
            ["/usr/bin/python3", POINTER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        process.stdin.write("".join(json.dumps(stroke) + "\n" for stroke in strokes).encode())
        process.stdin.close()
        return process

    def ends(self, process):
        """Wait until a pointer's program has ended and Krita has seen its last stroke; steps.

        A busy Krita sees it later. Until then nothing may wait for Krita to be done: that opens a
        dialog over its canvas after a second, and the stroke is lost.
        """
        yield lambda: process.poll() is not None, ENDS_SECONDS
        assert process.returncode == 0, "the pointer could not be moved"
        yield lambda: self._releases.count >= self._expected, ENDS_SECONDS


def _canvas():
    """Return the widget that Krita draws the document on."""
    kinds = {"KisOpenGLCanvas2", "KisQPainterCanvas"}
    (found,) = [
        widget
        for widget in QtWidgets.QApplication.allWidgets()
        if widget.metaObject().className() in kinds and widget.isVisible()
    ]
    return found


def _middle(values):
    return (min(values) + max(values) + 1) / 2


class Watch:
    """Notes every playhead and active layer that there are, 200 times a second."""

    def __init__(self, document):
        self.seen = set()
        self._document = document
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._look)
        self._timer.start(5)

    def _look(self):
        self.seen.add((self._document.current_time, self._document.active_layer_uuid()))

    def stop(self):
        self._timer.stop()
