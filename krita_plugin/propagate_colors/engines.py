"""The controller's commands about the engine, its models and what diagnostics say."""

from __future__ import annotations

from typing import Any, Callable

from . import log
from .link.engine_room import EngineRoom
from .open_documents import OpenDocuments
from .pauses import pauses
from .signals import Signal
from .work.jobs import Runner
from .work.worker import Steps, Task, Worker


class Engines:
    """The one engine of all documents."""

    progress: Signal
    _host: Any
    _documents: OpenDocuments
    _engine: EngineRoom
    _worker: Worker
    _clock: Any
    _examination: Runner | None
    _on_examined: Callable[[], None]
    _quietly: Callable[..., None]
    _tell: Callable[[str], None]
    _not_busy: Callable[[], bool]

    @property
    def engine_status(self) -> str:
        """One sentence on the engine."""
        return self._engine.status

    @property
    def engine_ok(self) -> bool:
        """Whether the engine can be asked."""
        return self._engine.ok

    @property
    def engine_light(self) -> str:
        """Return "good" where the engine answers, "bad" where it cannot, "idle" before."""
        return self._engine.light

    def set_engine_command(self, text: str) -> None:
        """Use another engine."""
        self._engine.set_command(text)

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
        if self._not_busy():
            self._worker.start(Task("model", "reading", work, lambda _: self._tell("engine")))

    def examine(self, done: Callable[[], None]) -> None:
        """Have the engine check itself, beside any job; diagnostics are more complete then.

        Of several who ask while it does, the last one is told of the end.
        """
        self._on_examined = done
        if self._examination is not None:
            return

        def ended(error: BaseException | None) -> None:
            self._examination = None
            if error is not None:
                log.logger.warning("the engine could not be checked: %s", error)
            self._on_examined()

        self._examination = Runner(
            self._engine.examine(), "examination", lambda _: ended(None), ended, self._clock
        )

    def end_examination(self) -> None:
        """End the engine's check, and the process in which it runs."""
        runner, self._examination = self._examination, None
        if runner is not None:
            runner.close()

    def _release_engine(self) -> None:
        """End what runs of the engine: its files are to go, or another one takes its place."""
        self.end_examination()
        self._engine.release()

    def diagnostics(self) -> str:
        """Return what a helper needs to know; no names of files and layers."""
        facts: dict[str, Any] = {"Krita": self._host.version_text, **self._engine.facts()}
        facts.update(self._documents.facts())
        for kind, found in pauses.summary().items():
            facts[f"Pauses, {kind}"] = (
                f"{found.count}, median {found.median:.0f} ms, longest {found.longest:.0f} ms"
            )
        return log.diagnostics(facts, self._documents.names())
