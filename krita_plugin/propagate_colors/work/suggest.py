"""The job that asks which drawings to paint: reads them, has them compared, changes nothing."""

from __future__ import annotations

from typing import NamedTuple

from ..i18n import tr
from ..link.requests import Call, EngineRequests, Steps
from ..state.shot import DocumentShot
from ..state.timeline import LineLayer, drawing_at
from . import reading
from .run import RUN_SECONDS, Progress, check_format, check_lines, read_drawings


class Suggested(NamedTuple):
    """Frames to paint, the most useful first, and the drawings that they were chosen from."""

    times: tuple[int, ...]
    lines: tuple[LineLayer, ...]
    hashes: dict[int, str]  # of the drawings, by the time at which they begin
    after_paint: bool  # something was painted already


class Suggest:
    """Asks for frames of a shot's range; `steps()` is the job and returns `Suggested`."""

    def __init__(self, shot: DocumentShot, requests: EngineRequests, progress: Progress) -> None:
        self._shot = shot
        self._requests = requests
        self._progress = progress

    def steps(self) -> Steps:
        """Run."""
        shot, requests = self._shot, self._requests
        reading.require_ready(shot)
        shot.look()
        check_lines(shot)
        check_format(shot.color_format)
        yield from reading.scan(shot)
        painted = shot.references()
        times = sorted({*shot.drawing_times(), *painted})
        yield from reading.open_shot(shot, requests)
        hashes = yield from read_drawings(shot, requests, times, self._progress, len(times))
        call = requests.start(
            {
                "type": "suggest",
                "shot": shot.document.key,
                "painted": painted,
                "gap_px": shot.journal.choices.gap_px,
            }
        )
        try:
            found = yield from self._follow(call)
        except Exception:
            requests.stop(call)
            raise
        frames = tuple(time for time in found if time in times and time not in painted)
        return Suggested(frames, tuple(shot.lines), hashes, bool(painted))

    def _follow(self, call: Call) -> Steps:
        self._progress(0, 0, None, tr("Comparing the drawings"))
        while True:
            yield from self._requests.await_message(call, RUN_SECONDS)
            header, _ = call.take()
            if header["type"] == "suggest":
                return [one["frame"] for one in header["suggested"]]
            if header["type"] == "progress":
                self._progress(header["done"], header["total"], None, tr("Comparing the drawings"))


def is_as_before(shot: DocumentShot, suggested: Suggested, time: int) -> Steps:
    """Tell whether the drawing shown at a time still has the lines that were compared."""
    begins = max((t for t in suggested.hashes if t <= time), default=None)
    if begins is None or drawing_at(shot.lines, begins).grouped:
        return True  # going there would disturb the artist
    digest, _ = yield from reading.read_drawing(shot, drawing_at(shot.lines, begins))
    return digest == suggested.hashes[begins]
