"""How far a download is, with speed and time left: a bar, plain lines, or events."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from ant_core.reporter import Reporter, has_bars, open_bar

__all__ = ["DownloadProgress"]

_EVENT_EVERY_S = 0.5
_LINE_EVERY_S = 5.0  # a log of a farm should not fill with them


class DownloadProgress:
    """Tells how a download goes on; `close` ends it.

    Parameters
    ----------
    reporter : Reporter
        Gets the events, or the lines where there is no terminal.
    as_json : bool
        Events instead of lines or a bar.
    clock : callable
        Seconds, monotonic.
    """

    def __init__(
        self, reporter: Reporter, *, as_json: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reporter, self._as_json, self._clock = reporter, as_json, clock
        self._bar: Any = None
        self._wants_bar = not as_json and has_bars(sys.stderr)
        self._label, self._total = "", 0
        self._begin = self._told = clock()
        self._first = 0

    def start(self, label: str, total: int, done: int) -> None:
        """Begin: `done` of `total` bytes are there from an earlier run."""
        self._label, self._total, self._first = label, total, done
        self._begin = self._told = self._clock()
        if done:
            self._reporter.say(f"{label}: going on at {done / 1e6:.1f} of {total / 1e6:.1f} MB")
        if self._wants_bar:
            self._bar = open_bar(
                sys.stderr, total=total, initial=done, desc=label, unit="B", unit_scale=True
            )

    def update(self, done: int) -> None:
        """Tell that `done` bytes are there."""
        if done < self._first:  # began anew
            self._first, self._begin = done, self._clock()
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
            return
        now = self._clock()
        every_s = _EVENT_EVERY_S if self._as_json else _LINE_EVERY_S
        if now - self._told < every_s and done < self._total:
            return
        self._told = now
        speed = (done - self._first) / max(now - self._begin, 1e-3)  # bytes a second
        left_s = (self._total - done) / speed if speed > 0 else None
        if self._as_json:
            event = {
                "model": self._label,
                "bytes_per_s": round(speed),
                "seconds_left": None if left_s is None else round(left_s, 1),
            }
            self._reporter.progress(done, self._total, self._label, event)
        else:
            self._reporter.say(self._line(done, speed, left_s))

    def _line(self, done: int, speed: float, left_s: float | None) -> str:
        left = "" if left_s is None else f", {left_s:.0f} s left"
        return (
            f"{self._label}: {done / 1e6:.1f} of {self._total / 1e6:.1f} MB, "
            f"{speed / 1e6:.1f} MB/s{left}"
        )

    def close(self) -> None:
        """Take the bar away, if there is one."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
