"""Moves the pointer of an X screen and presses its buttons, as a mouse does: the XTest extension.

Started as a program of its own beside Krita, so that its events come at any moment of
Krita's work: `python3 pointer.py < strokes`, one stroke a line as JSON: [seconds to wait before,
[[x, y], ...]] in pixels of the screen. The standard library alone.
"""

import ctypes
import ctypes.util
import json
import sys
import time

STEP_SECONDS = 0.004  # between two events of a stroke: a mouse sends some 250 a second


class Pointer:
    """The screen's one pointer."""

    def __init__(self):
        self._x = ctypes.CDLL("libX11.so.6")
        self._test = ctypes.CDLL("libXtst.so.6")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(None))
        assert self._display.value, "there is no screen"

    def move(self, x, y):
        self._test.XTestFakeMotionEvent(self._display, -1, int(x), int(y), ctypes.c_ulong(0))
        self._x.XFlush(self._display)

    def button(self, pressed):
        self._test.XTestFakeButtonEvent(self._display, 1, int(pressed), ctypes.c_ulong(0))
        self._x.XFlush(self._display)

    def stroke(self, points):
        """Press at the first point, go through the others, release at the last."""
        self.move(*points[0])
        time.sleep(STEP_SECONDS)
        self.button(True)
        for point in points[1:]:
            time.sleep(STEP_SECONDS)
            self.move(*point)
        time.sleep(STEP_SECONDS)
        self.button(False)
        # An X server that is late closes a client that has ended before it reads the last events.
        self._x.XSync(self._display, 0)


def main():
    pointer = Pointer()
    for line in sys.stdin:
        seconds, points = json.loads(line)
        time.sleep(seconds)
        pointer.stroke(points)


if __name__ == "__main__":
    main()
