"""What the widgets command and watch: the open documents' state, and one job at a time.

Commands return at once. What takes longer runs as a job; a quiet one (looking at frames, fetching
a picture) gives way to a command. Whatever goes wrong ends as one sentence in `message`.
"""

from __future__ import annotations

from typing import Any, Callable, Sequence

from . import editing, log
from .desk import Desk
from .host import pictures, steps
from .host.document import HostError
from .i18n import tr
from .link.engine_room import NOT_FOUND, EngineRoom
from .link.talk import EngineError
from .pauses import pauses
from .signals import Signal
from .state import layers, review
from .state.model import ColorGroup, FrameRow, LayerChoice, Picture, Point, Rgb, SegmentInfo
from .state.shot import Refused
from .work import sample, tasks
from .work.engine_setup import EngineSetup
from .work.jobs import JobCancelled, QtClock
from .work.run import Outcome, Run
from .work.worker import Steps, Task, Worker, given_way
from .work.write import CannotUndo

_PREVIEW_MOST = (1600, 1600)
_OUR_OWN = (HostError, EngineError, CannotUndo, Refused)  # their messages are for the artist


class Controller:
    """The plugin's state and commands; the widgets know nothing else."""

    def __init__(
        self, host: Any, settings: Any, make_client: Any = None, clock: Any = None
    ) -> None:
        self.changed = Signal()  # (what)
        self.message = Signal()  # (level, text, action)
        self.progress = Signal()  # (done, total, seconds_left, text)
        self._host = host
        clock = clock or QtClock()
        self._worker = Worker(clock, lambda: self._tell("busy"), self._failed)
        self._desk = Desk(host, clock, self._on_desk, self._on_left)
        self._desk.hold = lambda: self._worker.busy is not None
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
            self._engine.release,
            clock,
        )
        self._doubt: tuple[int, int] | None = None  # (time, segment) last stepped to
        self._refused: set[Any] = set()  # pictures that the engine could not draw

    # ---- state

    @property
    def has_document(self) -> bool:
        return self._desk.shot is not None

    @property
    def document_size(self) -> tuple[int, int]:
        return self._desk.size

    @property
    def busy(self) -> str | None:
        return self._worker.busy

    @property
    def current_time(self) -> int:
        return self._desk.time

    @property
    def frames(self) -> list[FrameRow]:
        return self._desk.rows()

    @property
    def engine_status(self) -> str:
        return self._engine.status

    @property
    def engine_ok(self) -> bool:
        return self._engine.ok

    @property
    def engine_light(self) -> str:
        """Return "good" where the engine answers, "bad" where it cannot, "idle" before."""
        return self._engine.light

    @property
    def line_choices(self) -> list[LayerChoice]:
        shot = self._desk.shot
        return [] if shot is None else layers.line_choices(shot.infos)

    @property
    def color_choices(self) -> list[LayerChoice]:
        shot = self._desk.shot
        return [] if shot is None else layers.color_choices(shot.infos, self.line_layers)

    @property
    def line_layers(self) -> list[str]:
        shot = self._desk.shot
        return [] if shot is None else list(shot.journal.choices.lines)

    @property
    def color_layer(self) -> str | None:
        shot = self._desk.shot
        return None if shot is None else shot.color

    @property
    def frame_range(self) -> tuple[int, int]:
        return self._desk.range

    @property
    def gap_px(self) -> float | None:
        shot = self._desk.shot
        return None if shot is None else shot.journal.choices.gap_px

    @property
    def model_sheets(self) -> list[str]:
        shot = self._desk.shot
        return [] if shot is None else list(shot.journal.choices.model_sheets)

    # ---- choices

    def refresh(self) -> None:
        """Look at documents and layers now, and at the frames when there is time."""
        self._refused.clear()
        self._desk.look()
        self._scan()

    def look_here(self) -> None:
        """Notice what was painted on the present frame, for the artist who turns to the docker."""
        if self.has_document and not self.busy:
            # The desk's own time is up to half a second old.
            self._guard(lambda: self._desk.look_at(self._desk.shot.document.current_time))

    def set_line_layers(self, uuids: Sequence[str]) -> None:
        """Take the lines from these layers."""
        self._choose(lines=list(uuids))

    def set_color_layer(self, uuid: str | None) -> None:
        """Write colours into this layer; None: a new one below the lines."""
        self._choose(color=uuid)

    def set_range(self, first: int, last: int) -> None:
        """Colour the drawings that begin within these frames."""
        self._choose(first=min(first, last), last=max(first, last))

    def set_gap(self, px: float | None) -> None:
        """Close gaps in lines up to this width; None: as the drawing suggests."""
        self._choose(gap_px=px)

    def add_model_sheet(self, path: str) -> None:
        """Learn from a picture outside the document, too."""
        if path not in self.model_sheets:
            self._choose(model_sheets=[*self.model_sheets, path])

    def remove_model_sheet(self, path: str) -> None:
        """Learn from a picture no longer."""
        self._choose(model_sheets=[kept for kept in self.model_sheets if kept != path])

    def _choose(self, **choices: Any) -> None:
        if self._free():
            self._refused.clear()
            self._guard(lambda: self._desk.choose(choices))
            self._scan()

    def toggle_reference(self, time: int) -> None:
        """Let a painted frame teach the others, or no longer."""
        if self._free():
            self._guard(lambda: self._desk.shot.toggle_reference(time))
            self._desk.changed("frames")

    # ---- jobs

    def propagate(self) -> None:
        """Colour every frame of the range that is not the artist's."""
        if not self._free():
            return
        shot = self._desk.shot
        run = Run(shot, self._engine, self.progress.emit, self._desk.wrote)
        self._start("running", "propagate", run.steps, self._on_outcome)

    def _on_outcome(self, outcome: Outcome) -> None:
        self._engine.worked()
        level = "warning" if outcome.failed or outcome.warnings else "info"
        self._say(level, tasks.describe(outcome))

    def may_run_on(self, time: int) -> bool:
        """Tell whether a frame shows colours that others could be coloured from."""
        shot = self._desk.shot
        return shot is not None and shot.state(shot.shown_at(time)) in review.PAINTED_STATES

    def run_on_from(self, time: int) -> None:
        """Let a corrected frame teach the others and colour again what depends on it."""
        if self._free():
            shot = self._desk.shot
            if self._guard(lambda: shot.teach_from(shot.shown_at(time))):
                self.propagate()

    def cancel(self) -> None:
        """Stop the job; frames that are written stay."""
        self._worker.cancel()

    def accept(self, times: Sequence[int]) -> None:
        """Say yes to frames that are ours."""
        if self._free():
            shot = self._desk.shot
            work = tasks.Accept(shot, sorted({shot.shown_at(time) for time in times}))
            self._start("reading", "accept", work.steps, self._say_sentences)

    def accept_above(self, confidence: float) -> None:
        """Say yes to all frames that are at least so sure."""
        times = review.acceptable_above(self.frames, confidence)
        if times:
            self.accept(times)
        else:
            self._say("info", tr("No frame is that sure."))

    def undo(self, times: Sequence[int]) -> None:
        """Give frames back their former pixels."""
        if self._free():
            shot = self._desk.shot
            shown = sorted({shot.shown_at(time) for time in times})
            work = tasks.Undo(shot, shown, self.progress.emit, self._desk.wrote)
            self._start("undoing", "undo", work.steps, self._say_sentences)

    def go_to(self, time: int) -> None:
        """Move the playhead."""
        shot = self._desk.shot
        if shot is not None and not self.busy:
            self._quietly("go to", lambda: steps.goto(shot.document, time), self._desk.look)

    def step_doubtful(self, direction: int) -> None:
        """Go to the next or previous doubtful segment, worst first, across frames."""
        shot, below = self._desk.shot, self._engine.review_below
        if shot is None:
            return
        if not shot.digests.complete(below):
            self._quietly(
                "step", lambda: shot.digests.steps(below), lambda: self.step_doubtful(direction)
            )
            return
        queue = review.doubtful_queue(shot.digests.made(below))
        if not queue:
            self._say("info", tr("No segment is doubtful."))
            return
        if self._doubt in queue:
            place = (queue.index(self._doubt) + direction) % len(queue)
        else:
            place = 0 if direction > 0 else len(queue) - 1
        self._doubt = queue[place]
        self.go_to(self._doubt[0])
        self._tell("viewer")

    # ---- segments

    def give_hint(self, time: int, point: Point, color: Any) -> None:
        """Fix the colour of the segment under a point."""
        self._edit(editing.give_hint, time, point, color)

    def remove_hint(self, time: int, point: Point) -> None:
        """Let the engine choose again."""
        self._edit(editing.remove_hint, time, point)

    def toggle_lock(self, time: int, point: Point) -> None:
        """Keep a segment's present colour, or no longer."""
        self._edit(editing.toggle_lock, time, point)

    def _edit(self, change: Callable[..., None], *arguments: Any) -> None:
        if not self._free():
            return
        shot, view = self._desk.shot, self._desk.view
        if self._guard(lambda: (change(shot, view, *arguments), shot.save())):
            self._desk.changed("frames")
            self._tell("viewer")
            again = (tr("Color again"), self.propagate)
            self._say("info", tr("This holds from the next run on."), again)

    def segment_at(self, time: int, point: Point) -> SegmentInfo | None:
        """Return what is known of the segment under a point; None on lines and until fetched."""
        view = self._desk.view
        if view is None:
            return None
        self._fetch(view.map_wish(time), time)
        return view.info(time, view.segment(time, point))

    # ---- pictures and colours

    def check_regions(self, time: int | None) -> None:
        """Show the segments and the gaps that are closed, at the present gap size."""
        if self.has_document:
            time = self.current_time if time is None else time
            self._fetch(self._desk.view.preview_wish(time), time)

    def viewer_picture(self, time: int, most_w: int, most_h: int, mode: str) -> Picture | None:
        """Return a picture of a frame: "picture", "segments" or "doubtful"."""
        view = self._desk.view
        if view is None or min(most_w, most_h) < 1:
            return None
        try:
            if mode == "picture":
                return view.picture(time, (most_w, most_h))
            if mode == "segments":
                self._fetch(view.preview_wish(time), time)
                return view.preview(time, (most_w, most_h))
            marked = self._marked(time)
            self._fetch(view.overlay_wish(time, marked), time, marked)
            return view.overlay(time, (most_w, most_h), marked)
        except HostError as error:
            log.logger.info("no picture: %s", error)
            return None

    def _marked(self, time: int) -> Any:
        """Return the segment stepped to, on other frames all doubtful ones."""
        if self._doubt is not None and self._doubt[0] == self._desk.view.drawing(time):
            return [self._doubt[1]]
        return "doubtful"

    def _fetch(self, wish: Any, time: int, segments: Any = "doubtful") -> None:
        view = self._desk.view
        if view.has(wish) or wish in self._refused or not self._engine.ok:
            return

        def fetch() -> Steps:
            try:
                yield from self._engine.ready()
                yield from view.fetch(self._engine, wish, time, _PREVIEW_MOST, segments)
            except EngineError:
                self._refused.add(wish)  # or each move of the mouse would ask again
                raise

        self._quietly(wish[0], fetch, lambda: self._tell("viewer"))

    def thumbnail(self, time: int) -> Picture | None:
        """Return a small picture of a frame."""
        view = self._desk.view
        try:
            return None if view is None else view.thumbnail(time)
        except HostError:
            return None

    def palette(self) -> list[tuple[Any, Rgb]]:
        """Return the colours in use, with what to show for them."""
        return [(group.color, group.display) for group in self.color_groups()]

    def color_groups(self) -> list[ColorGroup]:
        """Return all colours of our frames with their segments; `changed` tells when more come."""
        shot, view, below = self._desk.shot, self._desk.view, self._engine.review_below
        if shot is None:
            return []
        if not shot.digests.complete(below):
            self._quietly("colors", lambda: shot.digests.steps(below), lambda: self._tell("colors"))
        return review.color_groups(shot.digests.made(below), view.display)

    def foreground_color(self) -> tuple[Any, Rgb] | None:
        """Return Krita's foreground colour in the colour layer's values, and what to show."""
        shot = self._desk.shot
        try:
            color = None if shot is None else self._host.foreground_color(shot.document)
        except HostError:
            color = None
        if color is None:
            return None
        return color, pictures.display(color, layers.document_format(shot.document))

    # ---- the engine

    def set_engine_command(self, text: str) -> None:
        """Use another engine."""
        self._engine.set_command(text)

    def open_sample(self) -> None:
        """Open the sample shot as a new document, its first frame painted."""
        if self.busy:
            self._say_busy()
            return
        self._worker.start(
            Task("sample", "reading", lambda: sample.open_sample(self._host), self._on_sample)
        )

    def _on_sample(self, _: None) -> None:
        self._after_job()
        self._say("info", tr("The first frame is painted: press Propagate colors."))

    def ask_models(self) -> None:
        """Ask the engine for its models; `changed("engine")` follows."""
        self._quietly("models", self._engine.ask_models, lambda: self._tell("engine"))

    def models(self) -> list[dict[str, Any]]:
        """Return the models as last told."""
        return self._engine.models

    def download_model(self, name: str) -> None:
        """Fetch a model from the registry."""
        self._model_job(lambda: self._engine.download_model(name, self.progress.emit))

    def choose_model(self, name: str) -> None:
        """Match with another model from now on."""
        self._model_job(lambda: self._engine.choose_model(name))

    def _model_job(self, work: Callable[[], Steps]) -> None:
        started = self._worker.start(Task("model", "reading", work, lambda _: self._tell("engine")))
        if not started:
            self._say_busy()

    def diagnostics(self) -> str:
        """Return what somebody who helps needs to know; no names of files."""
        facts: dict[str, Any] = {"Krita": self._host.version_text, **self._engine.facts()}
        facts.update(self._desk.facts())
        for kind, found in pauses.summary().items():
            facts[f"Pauses, {kind}"] = (
                f"{found.count}, median {found.median:.0f} ms, longest {found.longest:.0f} ms"
            )
        return log.diagnostics(facts, self._desk.names())

    def shutdown(self) -> None:
        """Krita closes."""
        self._worker.close()
        self.engine_setup.cancel()
        self._desk.close()
        self._engine.close()

    # ---- inside

    def _free(self) -> bool:
        """Tell whether a command can be followed now; say why not."""
        if not self.has_document:
            self._say("info", tr("Open a document first."))
            return False
        if self.busy:
            self._say_busy()
            return False
        return True

    def _start(
        self, kind: str, name: str, work: Callable[[], Steps], done: Callable[[Any], None]
    ) -> None:
        def report(value: Any) -> None:
            self._refused.clear()
            self._after_job()
            done(value)

        def ready() -> Steps:
            if kind == "running":
                yield from self._engine.ready()
            return (yield from work())

        self._worker.start(Task(name, kind, ready, report))

    def _quietly(self, name: str, work: Callable[[], Steps], done: Callable[[], None]) -> None:
        self._worker.quietly(Task(name, None, work, lambda _: done()))

    def _scan(self) -> None:
        shot = self._desk.shot
        if shot is not None:
            self._quietly("scan", lambda: tasks.scan(shot), self._after_job)

    def _after_job(self) -> None:
        self._desk.look()
        self._show_frames()

    def _show_frames(self) -> None:
        for what in ("frames", "viewer", "colors"):
            self._desk.changed(what)

    def _failed(self, task: Task, error: BaseException) -> None:
        if given_way(task, error):
            return
        if isinstance(error, JobCancelled):
            self._say("info", tr("Stopped: finished frames are kept."))
        elif isinstance(error, EngineError):
            level, text, action = self._engine.explain(error)
            if error.code == NOT_FOUND and self.engine_setup.possible:
                action = (tr("Set up"), self.engine_setup.begin)
            self._say(level, text, action)
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

    def _on_desk(self, what: str) -> None:
        """Something about the documents changed."""
        if what == "keys":
            self._scan()
            return
        if what == "document":
            self._doubt = None
            self._worker.drop_quiet()
            self._scan()
            trouble = self._desk.trouble()
            if trouble:
                self._say("warning", trouble)
        self._tell(what)

    def _on_left(self, time: int) -> None:
        """Look at a frame that the artist may have painted on."""
        shot = self._desk.shot
        self._quietly(f"look {time}", lambda: tasks.look_at(shot, time), self._show_frames)

    def _on_engine(self, level: str, text: str, action: Any) -> None:
        self._tell("engine")
        if self.busy == "running" and self._engine.client.compiling:
            self.progress.emit(0, 0, None, self.engine_status)
        if text:
            self._say(level, text, action)

    def _say_sentences(self, sentences: Sequence[str]) -> None:
        if sentences:
            self._say("info", " ".join(sentences))

    def _say_busy(self) -> None:
        self._say("info", tr("Wait until the present job has ended, or stop it."))

    def _say(self, level: str, text: str, action: Any = None) -> None:
        log.logger.info("%s: %s", level, text)
        self.message.emit(level, text, action)

    def _tell(self, what: str) -> None:
        self.changed.emit(what)
