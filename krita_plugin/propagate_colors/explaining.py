"""The controller's answer to why a segment has its colour, until the frame is coloured anew."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from .host.document import HostError
from .link.engine_room import EngineRoom
from .link.requests import EngineError, Steps
from .open_documents import OpenDocuments
from .state.journal import Entry
from .state.model import Explanation, Point, SegmentInfo
from .state.shot import DocumentShot
from .work.explain import Explain
from .work.jobs import JobCancelled
from .work.worker import Task, Worker

_TASK = "explain"
_MATCHED = {"painted", "unpainted", "no_counterpart"}  # states of segments that were looked for
# What an engine that works says of the question; anything else is told of as everywhere.
_OF_THE_QUESTION = {"input", "usage", "protocol", "model", "internal"}


class Asked(NamedTuple):
    """A question, and what it is about."""

    shot: DocumentShot
    entry: Entry
    explanation: Explanation


class Explaining:
    """What a segment was matched with, asked for one segment at a time."""

    _asked: Asked | None
    _documents: OpenDocuments
    _engine: EngineRoom
    _free: Callable[[], bool]
    _tell: Callable[[str], None]
    _worker: Worker
    segment_at: Callable[[int, Point], SegmentInfo | None]

    @property
    def explanation(self) -> Explanation | None:
        """Return what was asked for, and the answer once it is there; None where it is outdated."""
        asked = self._asked
        if asked is None or asked.shot is not self._documents.shot:
            return None
        explanation = asked.explanation
        same = asked.shot.entry_of(explanation.time) is asked.entry
        return explanation if same else None

    def may_explain(self, time: int, info: SegmentInfo | None) -> bool:
        """Tell whether a run found the colour of a segment of what is shown at a time."""
        shot = self._documents.shot
        if info is None or shot is None or info.state not in _MATCHED:
            return False
        frame = shot.stands_for(time)
        given = info.hinted or info.source_frame == frame
        return not given and shot.entry_of(frame) is not None

    def explain_segment(self, time: int, point: Point) -> None:
        """Ask why the segment under a point has its colour; `changed("explanation")` tells more."""
        if not self._free():
            return
        info = self.segment_at(time, point)
        if not self.may_explain(time, info):
            return
        shot, view = self._documents.shot, self._documents.view
        frame = shot.stands_for(time)
        work = Explain(shot, self._engine, frame, info.segment, view.display)
        asked = Asked(shot, shot.entry_of(frame), Explanation(frame, info))

        def ask() -> Steps:
            try:
                yield from self._engine.ready()
                return {"told": (yield from work.steps())}
            except EngineError as error:
                if error.code not in _OF_THE_QUESTION:
                    self._take(asked, None)
                    raise
                return {"problem": str(error)}
            except HostError as error:
                return {"problem": str(error)}
            except JobCancelled:
                raise
            except Exception:
                self._take(asked, None)
                raise

        self._worker.give_up(_TASK)  # what was asked for another segment
        self._take_new(asked)
        self._worker.quietly(Task(_TASK, None, ask, lambda answer: self._take(asked, answer)))

    def _take_new(self, asked: Asked | None) -> None:
        self._asked = asked
        self._tell("explanation")

    def _take(self, asked: Asked, answer: dict[str, Any] | None) -> None:
        """Show an answer, if it is still waited for."""
        if self._asked is asked:
            explanation = asked.explanation._replace(**(answer or {}))
            self._take_new(None if answer is None else asked._replace(explanation=explanation))

    def close_explanation(self) -> None:
        """Let the answer go, or no longer wait for it."""
        self._worker.give_up(_TASK)
        if self._asked is not None:
            self._take_new(None)
