"""The controller's commands about which frames to paint."""

from __future__ import annotations

from typing import Any, Callable, Collection

from .i18n import tr
from .link.engine_room import EngineRoom
from .open_documents import OpenDocuments
from .signals import Signal
from .state.model import FrameRow, FrameState
from .state.shot import DocumentShot
from .work.begin import begin_painting
from .work.suggest import Suggest, Suggested, is_as_before
from .work.worker import Steps

_UNPAINTED = {FrameState.TODO, FrameState.PREDICTED, FrameState.FAILED}


class Suggesting:
    """Frames that are best painted, until they are or their lines change."""

    progress: Signal
    frames: list[FrameRow]
    _documents: OpenDocuments
    _engine: EngineRoom
    _free: Callable[[], bool]
    _quietly: Callable[..., None]
    _say: Callable[..., None]
    _start: Callable[..., None]
    _suggestions: dict[Any, Suggested]  # by the document's key

    @property
    def suggested(self) -> list[int]:
        """Return the frames to paint first, the most useful first."""
        shot = self._documents.shot
        known = None if shot is None else self._suggestions.get(shot.document.key)
        if known is None or known.lines != tuple(shot.lines):
            return []
        unpainted = {row.time for row in self.frames if row.state in _UNPAINTED}
        return [time for time in known.times if time in unpainted]

    def suggest_frames(self) -> None:
        """Ask which frames to paint, before anything is painted or next."""
        if self._free():
            shot = self._documents.shot
            work = Suggest(shot, self._engine, self.progress.emit)
            # The artist may have another document in front by the end.
            self._start(
                "suggesting", "suggest", work.steps, lambda it: self._on_suggested(shot, it)
            )

    def begin_painting(self, time: int | None = None) -> None:
        """Go to the colour layer and a frame to paint: the one given, suggested or shown."""
        if self._free():
            shot, suggested = self._documents.shot, self.suggested
            if time is None and suggested:
                time = min(suggested)
            self._start("reading", "begin", lambda: begin_painting(shot, time), self._on_begun)

    def _on_begun(self, time: int) -> None:
        shot = self._documents.shot
        text = tr("Paint frame {n} here, then press Propagate colors.", n=time)
        self._say("info", text, holds=lambda: shot.state(time) in _UNPAINTED)

    def _keep_suggestions_of(self, open_ones: Collection[str]) -> None:
        """Forget what was suggested for documents that were closed."""
        for key in [key for key in self._suggestions if key not in open_ones]:
            del self._suggestions[key]

    def _on_suggested(self, shot: DocumentShot, found: Suggested) -> None:
        if shot.document.key in self._documents.known():
            self._suggestions[shot.document.key] = found
        if shot is not self._documents.shot:
            return
        self._documents.changed("frames")
        times = sorted(found.times)
        if not times:
            self._say("info", tr("No other frame needs to be painted."))
            return
        go = (tr("Paint frame {n}", n=times[0]), lambda: self.begin_painting(times[0]))
        if found.after_paint and len(times) == 1:
            text = tr("Painting frame {n} next would help most.", n=times[0])
        elif len(times) == 1:
            text = tr("Paint frame {n} first.", n=times[0])
        else:
            first = ", ".join(map(str, times[:-1]))
            text = tr("Paint frames {frames} and {last} first.", frames=first, last=times[-1])
        self._say("info", text, go, holds=lambda: set(times) <= set(self.suggested))

    def _look_at_lines(self, time: int) -> None:
        """Forget what was suggested if the lines that the artist left are others now."""
        shot = self._documents.shot
        known = self._suggestions.get(shot.document.key)
        if known is None:
            return

        def look() -> Steps:
            if not (yield from is_as_before(shot, known, time)):
                self._suggestions.pop(shot.document.key, None)

        self._quietly(f"lines {time}", look, lambda: self._documents.changed("frames"))
