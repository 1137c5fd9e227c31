"""The controller's commands about the engine, its models and what diagnostics say."""

from __future__ import annotations

from typing import Any, Callable

from . import log
from .desk import Desk
from .link.engine_room import EngineRoom
from .pauses import pauses
from .signals import Signal
from .work.worker import Steps, Task, Worker


class Engines:
    """The one engine of all documents."""

    progress: Signal
    _host: Any
    _desk: Desk
    _engine: EngineRoom
    _worker: Worker
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

    def diagnostics(self) -> str:
        """Return what a helper needs to know; no names of files and layers."""
        facts: dict[str, Any] = {"Krita": self._host.version_text, **self._engine.facts()}
        facts.update(self._desk.facts())
        for kind, found in pauses.summary().items():
            facts[f"Pauses, {kind}"] = (
                f"{found.count}, median {found.median:.0f} ms, longest {found.longest:.0f} ms"
            )
        return log.diagnostics(facts, self._desk.names())
