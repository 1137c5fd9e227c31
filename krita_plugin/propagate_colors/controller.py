"""What the widgets command and watch: the open documents' state, and one job at a time.

Commands return at once. What takes longer runs as a job; a quiet one (looking at frames, fetching
a picture) gives way to a command. Every error ends as one sentence in `message`.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Callable, Sequence

from . import log
from .choosing import Choosing
from .engines import Engines
from .explaining import Explaining
from .fixing import Dab, Fixing
from .host import steps
from .host.dabs import Dabs
from .host.document import HostError
from .i18n import join_sentences, tr
from .link.engine_room import FAILED, NOT_FOUND, EngineRoom
from .link.requests import EngineError
from .messages import Action, Message, Messages
from .open_documents import OpenDocuments
from .reviewing import Reviewing, ReviewStep
from .sheets import Sheets
from .showing import Showing
from .signals import Signal
from .state import review
from .state.answers import Refused
from .state.model import FrameRow, FrameState
from .state.shot import DocumentShot
from .suggesting import Suggesting
from .work import sample, tasks
from .work.engine_setup import EngineSetup
from .work.jobs import JobCancelled, QtClock
from .work.run import RunOutcome, ShotRun
from .work.worker import Steps, Task, Worker, was_preempted
from .work.write import CannotUndo

_WITH_ENGINE = {"running", "fixing", "suggesting"}
_OUR_OWN = (HostError, EngineError, CannotUndo, Refused)  # their messages are for the artist


class Controller(Showing, Sheets, Reviewing, Fixing, Choosing, Suggesting, Engines, Explaining):
    """The plugin's state and commands; the widgets know nothing else."""

    def __init__(
        self, host: Any, settings: Any, make_client: Any = None, clock: Any = None
    ) -> None:
        self.changed = Signal()  # (what)
        self.message = Signal()  # (level, text, actions): actions are pairs (label, function)
        self.progress = Signal()  # (done, total, seconds_left, text)
        self._host = host
        clock = self._clock = clock or QtClock()
        self._examination = None
        self._worker = Worker(clock, self._on_worker, self._failed)
        self._dabs = Dabs(self._on_dab, self._on_pick)
        self._waiting: list[Dab] = []
        self._unanswered = None
        self._documents = OpenDocuments(
            host, clock, self._on_document_change, self._on_left, self._on_history
        )
        self._documents.hold = lambda: self._worker.busy is not None
        self._engine = EngineRoom(
            settings,
            f"Krita {host.version_text}",
            self._on_engine,
            lambda: self._tell("settings"),
            make_client,
            lambda: self.engine_setup.command(),  # noqa: PLW0108 (made below)
        )
        self.engine_setup = EngineSetup(
            settings,
            host.data_folder,
            self._engine.greet,
            self._release_engine,
            clock,
            idle=lambda: self._worker.idle,
            hindrance=self._hindrance,
            is_found=self._engine.is_found,
        )
        self._step: ReviewStep | None = None  # the mistake last gone to
        self._suggestions = {}
        self._asked = None
        self._sheet = OrderedDict()
        self._refused: set[Any] = set()  # pictures that the engine could not draw
        self._messages = Messages(lambda message: self.message.emit(*message[:3]))

    # ---- state

    @property
    def has_document(self) -> bool:
        """Whether a document is open."""
        return self._documents.shot is not None

    @property
    def document_size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._documents.size

    @property
    def busy(self) -> str | None:
        """What is being done, for the artist; None when nothing is."""
        return self._worker.busy

    @property
    def current_time(self) -> int:
        """The frame that Krita shows."""
        return self._documents.time

    @property
    def frames(self) -> list[FrameRow]:
        """One row a frame of the document, rising."""
        return self._documents.rows()

    # ---- looking

    def refresh(self) -> None:
        """Look at documents and layers now, and at the frames when there is time."""
        self._refused.clear()
        self._documents.look()
        self._scan()

    def look_here(self) -> None:
        """Notice what was painted on the present frame, for the artist who turns to the docker."""
        if self.has_document and not self.busy:
            # The time known here is up to half a second old.
            self._guard(lambda: self._documents.look_at(self._documents.shot.document.current_time))

    # ---- jobs

    def propagate(self) -> None:
        """Colour every frame of the range that is not the artist's."""
        if not self._free():
            return
        self.close_explanation()  # of the run before
        shot = self._documents.shot
        run = ShotRun(shot, self._engine, self.progress.emit, self._documents.wrote)
        self._start("running", "propagate", run.steps, lambda it: self._on_outcome(shot, it))

    def _on_outcome(self, shot: DocumentShot, outcome: RunOutcome) -> None:
        self._engine.worked()
        level = "warning" if outcome.failed or outcome.warnings else "info"

        def there() -> list[FrameRow]:  # may be taken back, and looked at
            rows = shot.rows() if shot.document.is_open() else []
            return [it for it in rows if it.time in outcome.written and it.state in review.OURS]

        def holds() -> bool:
            rows = there()
            looked_at = doubtful and not any(map(_is_to_be_looked_at, rows))
            return not outcome.written or (bool(rows) and not looked_at)

        doubtful = sum(map(_is_to_be_looked_at, there()))
        review_them = ((tr("Review"), lambda: self.step_doubtful(+1)),) if doubtful else ()
        text = tasks.describe(outcome, doubtful)
        if shot is self._documents.shot:
            self._say(level, text, *review_them, holds=holds)
        else:  # another document came in front meanwhile
            self._messages.keep(shot.document.key, Message(level, text, review_them, holds))

    def may_run_on(self, time: int) -> bool:
        """Tell whether a frame shows colours that others could be coloured from."""
        shot = self._documents.shot
        return shot is not None and shot.state(shot.stands_for(time)) in review.PAINTED_STATES

    def run_on_from(self, time: int) -> None:
        """Let a corrected frame teach the others and colour again what depends on it."""
        if self._free():
            shot = self._documents.shot
            if self._guard(lambda: shot.teach_from(shot.stands_for(time))):
                self.propagate()

    def cancel(self) -> None:
        """Stop the job; frames that are written stay."""
        self._waiting.clear()
        self._worker.cancel()

    def go_to(self, time: int) -> None:
        """Move the playhead."""
        shot = self._documents.shot
        if shot is not None and not self.busy:
            self._quietly("go to", lambda: steps.goto(shot.document, time), self._documents.look)

    def open_sample(self) -> bool:
        """Open the sample shot as a new document, its first frame painted; tell if it began."""
        return self._not_busy() and self._worker.start(
            Task("sample", "reading", lambda: sample.open_sample(self._host), self._on_sample)
        )

    def _on_sample(self, _: None) -> None:
        self._after_job()
        self._say("info", tr("The first frame is painted: press Propagate colors."))

    # ---- inside

    def shutdown(self) -> None:
        """Krita closes."""
        self._worker.close()
        self.engine_setup.shutdown()
        self.end_examination()
        self._documents.close()
        self._engine.close()
        self._dabs.switch(False)  # last: Krita's windows may be gone

    def _on_worker(self) -> None:
        self._tell("busy")
        if not self.busy:
            self.engine_setup.forget_refusal()
        self._fix_next()

    def _free(self) -> bool:
        """Tell whether a command can be followed now; say why not."""
        if not self.has_document:
            self._say("info", tr("Open a document first."))
            return False
        return self._not_busy()

    def _not_busy(self) -> bool:
        """Tell whether no job runs that the artist started; say so where one does."""
        hindrance = self._hindrance()
        if hindrance:
            self._say("info", hindrance)
        return not hindrance

    def _hindrance(self) -> str:
        """Return what is to be said while a job runs that the artist started, else ""."""
        return tr("Wait until the present job has ended, or stop it.") if self.busy else ""

    def _start(
        self, kind: str, name: str, work: Callable[[], Steps], done: Callable[[Any], None]
    ) -> None:
        def report(value: Any) -> None:
            self._refused.clear()
            self._after_job()
            done(value)

        def ready() -> Steps:
            if kind in _WITH_ENGINE:
                yield from self._engine.ready()
            return (yield from work())

        self._worker.start(Task(name, kind, ready, report))

    def _quietly(self, name: str, work: Callable[[], Steps], done: Callable[[], None]) -> None:
        self._worker.quietly(Task(name, None, work, lambda _: done()))

    def _scan(self) -> None:
        shot = self._documents.shot
        if shot is not None:
            self._quietly("scan", lambda: tasks.scan(shot), self._after_job)

    def _after_job(self) -> None:
        self._documents.look()
        self._show_frames()

    def _show_frames(self) -> None:
        for what in ("frames", "viewer", "colors"):
            self._documents.changed(what)

    def _failed(self, task: Task, error: BaseException) -> None:
        if was_preempted(task, error):
            return
        if isinstance(error, JobCancelled):
            self._say_stopped()
        elif isinstance(error, EngineError):
            level, text, action = self._engine.explain(error)
            if error.code == NOT_FOUND and self.engine_setup.possible:
                action = (tr("Set up"), self.engine_setup.begin)
            elif error.code == FAILED and self.engine_setup.possible and self._engine.is_set_up():
                repairs = self.engine_setup.repairs
                action = (tr("Repair") if repairs else tr("Update"), self.engine_setup.repair)
            self._say(level, text, *([action] if action else ()))
        elif isinstance(error, _OUR_OWN):
            if task.busy is None:
                log.logger.info("%s: %s", task.name, error)
            else:
                self._say("warning", str(error))
        else:
            self._unexpected(error)
        self._after_job()

    def _unexpected(self, error: BaseException) -> None:
        log.logger.error("unexpected", exc_info=error)
        self._say(
            "error",
            tr("Something unexpected happened; frames that are written stay. See the log."),
        )

    def _guard(self, change: Callable[[], Any]) -> bool:
        """Do something that may be refused; tell whether it was done."""
        try:
            change()
        except _OUR_OWN as error:
            self._say("warning", str(error))
            return False
        return True

    def _on_document_change(self, what: str) -> None:
        """Something about the documents changed."""
        if what == "keys":
            self._scan()
            return
        if what == "pictures":
            self._forget_pictures(self._documents.shot)
            return
        if what == "document":
            self._keep_pictures_of(self._documents.known())
            self._keep_suggestions_of(self._documents.known())
            self._step = self._asked = None
            self._worker.drop_quiet()
            self._scan()
            self._messages.turn_to(self._front(), self._facts(), self._documents.known())
            trouble = self._documents.trouble()
            if trouble:
                self._say("warning", trouble)
        elif what in {"frames", "choices"} and self._front() is not None:
            self._messages.check(self._facts())
        self._tell(what)
        if what == "viewer":
            self._prepare_click()

    def _front(self) -> Any:
        """Return the key of the document in front; None where there is none, or it was closed."""
        shot = self._documents.shot
        return None if shot is None or not shot.document.is_open() else shot.document.key

    def _facts(self) -> Any:
        """Return what messages speak of: layers, and whose pixels the frames hold."""
        shot = self._documents.shot
        infos = () if shot is None else tuple(shot.infos)
        rows = self._documents.rows()
        return infos, tuple((row.time, row.state, row.is_reference) for row in rows)

    def _on_history(self) -> None:
        """Krita's own undo or redo may have changed frames of ours, wherever they are."""
        shot = self._documents.shot
        self._quietly("history", lambda: tasks.look_again(shot), self._show_frames)

    def _on_left(self, time: int) -> None:
        """Look at a frame that the artist may have painted on."""
        shot = self._documents.shot
        self._forget_pictures(shot, time)
        self._quietly(f"look {time}", lambda: tasks.look_at(shot, time), self._show_frames)
        self._look_at_lines(time)

    def _on_engine(self, level: str, text: str, action: Any) -> None:
        self._tell("engine")
        if self.busy in _WITH_ENGINE and self._engine.client.compiling:
            self.progress.emit(0, 0, None, self.engine_status)
        if text:
            self._say(level, text, *([action] if action else ()))

    def _say_sentences(self, sentences: Sequence[str]) -> None:
        if sentences:
            self._say("info", join_sentences(*sentences))

    def say(self, text: str) -> None:
        """Tell the artist something that a widget did."""
        self._say("info", text)

    def close_message(self) -> None:
        """Let the message go that was read or answered."""
        self._messages.close()

    def _say(
        self, level: str, text: str, *actions: Action, holds: Callable[[], bool] | None = None
    ) -> None:
        log.logger.info("%s: %s", level, text)
        self._messages.say(Message(level, text, actions, holds), self._facts())

    def _tell(self, what: str) -> None:
        self.changed.emit(what)


def _is_to_be_looked_at(row: FrameRow) -> bool:
    return row.needs_review and row.state == FrameState.PREDICTED
