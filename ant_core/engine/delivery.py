"""Results of a run on their way out: each with its plane, as soon as both are there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ant_core.color.krita_layers import Box
from ant_core.color.palette import Palette
from ant_core.engine.memory_output import MemoryOutput
from ant_core.matching.fills import REVIEW_BELOW
from ant_core.propagation.result import FrameResult
from ant_core.propagation.run import Progress

__all__ = ["Delivery", "Notify"]

Notify = Callable[[dict[str, Any], Box | None, bytes | None, int, int], None]

_WITH_PLANE = ("predicted", "held_reference")


class Delivery:
    """Tells of each frame once; called by the run and by the thread that writes.

    Parameters
    ----------
    output : MemoryOutput
    references : collection of int
        Frames that the caller has painted: they need no plane.
    notify : callable
        Gets the result in its JSON form, box and bytes of the plane (both None where none is
        needed), how many frames are done, and of how many.
    known : dict of int to str
        Hash of the plane that the caller still has, by frame.
    """

    def __init__(
        self,
        output: MemoryOutput,
        references: Collection[int],
        notify: Notify,
        known: Mapping[int, str],
    ) -> None:
        self._output = output
        self._references = frozenset(references)
        self._notify = notify
        self._known = known
        self._lock = threading.Lock()
        self._written: set[int] = set()
        self._waiting: dict[int, FrameResult] = {}
        self._done = 0
        self._total = 0
        self._palette: Palette | None = None
        self._failure: BaseException | None = None

    def begin(self, palette: Palette) -> None:
        """Name the palette of the results that are to come."""
        self._palette = palette

    def on_result(self, progress: Progress) -> None:
        """Take the result of a frame; it waits while its plane is being written."""
        self.check()
        result = progress.result
        with self._lock:
            self._total = progress.total
            computed = bool(result.recomputed) and result.role in _WITH_PLANE
            if computed and result.frame not in self._written:
                self._waiting[result.frame] = result
                return
            self._send(result)

    def on_put(self, frame: int) -> None:
        """A frame is in place: tell of it if its result is there.

        What goes wrong then is raised by `check`: the frames that hold the same drawing must be
        put in place as well, or they would show what another run made.
        """
        with self._lock:
            self._written.add(frame)
            result = self._waiting.pop(frame, None)
            if result is None or self._failure is not None:
                return
            try:
                self._send(result)
            except Exception as error:
                self._failure = error

    def check(self) -> None:
        """Raise what went wrong in telling of a frame."""
        if self._failure is not None:
            raise self._failure

    def _send(self, result: FrameResult) -> None:
        assert self._palette is not None
        box, data = self._plane(result)
        self._done += 1
        reply = result.to_json(self._palette, REVIEW_BELOW)
        self._notify(reply, box, data, self._done, self._total)

    def _plane(self, result: FrameResult) -> tuple[Box | None, bytes | None]:
        frame = result.frame
        if result.role not in _WITH_PLANE or frame in self._references:
            return None, None
        if frame in self._known and self._known[frame] == self._output.plane_hash(frame):
            return None, None
        return self._output.plane(frame)
