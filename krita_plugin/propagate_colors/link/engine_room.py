"""The engine as the controller uses it: found, started when needed, restarted after a crash."""

from __future__ import annotations

import os
from typing import Any, Callable

from ..i18n import join_sentences, tr
from ..log import logger
from ..settings import DEVICE, ENGINE_COMMAND, MODEL, DockerSettings
from ..version import __version__
from .engine_texts import translated
from .examination import examine
from .install import EngineNotFound, find_engine
from .requests import EngineError, EngineRequests, Steps

STARTING, READY = "starting", "ready"
START_SECONDS = 120.0

# A failed start is told where it was asked for, a crash where the engine was at work.
NOT_FOUND, FAILED, _CRASHED = "not found", "failed", "crashed"
_DEVICE = "device"  # the engine's own code: it cannot compute on the one that was chosen

Told = Callable[[str, str, Any], None]  # level, text, action; "" where there is nothing to say


class EngineRoom(EngineRequests):
    """One engine for all documents."""

    def __init__(
        self,
        settings: DockerSettings,
        host: str,
        told: Told,
        ask_settings: Callable[[], None],
        make_client: Callable[[dict[str, Any]], Any] | None = None,
        set_up: Callable[[], list[str] | None] = lambda: None,
    ) -> None:
        # The client sends what this says at the time of the start.
        self._hello = {"plugin": __version__, "host": host, "background": True}
        super().__init__((make_client or _make_client)(self._hello))
        self.models: list[dict[str, Any]] = []
        self._settings = settings
        self._told = told
        self._ask_settings = ask_settings
        self._set_up = set_up
        self._problem = ""
        self._checks: list[str] = []  # what `doctor` last said
        self._started = ("", "")  # command and device of the last start
        self._restarted = False  # since a run went well last
        self.client.changed.connect(self._on_state)

    # ---- state

    @property
    def ok(self) -> bool:
        """Tell whether the engine runs, or may be started when it is needed."""
        return not self._problem

    @property
    def light(self) -> str:
        """Return "good" where it answers, "bad" where it cannot be used, "idle" otherwise."""
        if self._problem:
            return "bad"
        return "good" if self.client.state == READY else "idle"

    @property
    def status(self) -> str:
        """Return one line for the widgets."""
        if self._problem:
            return self._problem
        if self.client.state == STARTING:
            return tr("The engine is starting…")
        if self.client.state != READY:
            return tr("The engine starts when it is needed.")
        if self.client.compiling:
            return tr(
                "Preparing for this computer, once: step {number}", number=self.client.compiling
            )
        hello = self.client.hello
        return tr(
            "ant_core {version}, {model}, {device}",
            version=hello.get("engine", "?"),
            model=self.client.model_name or "?",
            device=str(hello.get("device", "?")).upper(),
        )

    def facts(self) -> dict[str, Any]:
        """Return what diagnostics say."""
        return {
            "Plugin": __version__,
            "Engine": self.status,
            "Engine state": self.client.state,
            "Handshake": self.client.hello,
            "Engine's last lines": " | ".join(self.client.last_lines()[-20:]),
            "Engine's checks": "".join(f"\n  {line}" for line in self._checks) or "none yet",
        }

    def examine(self) -> Steps:
        """Steps that have the engine check itself, in a process of its own, for `facts`."""
        try:
            command = self._found()
        except EngineNotFound as error:
            self._checks = [str(error)]
            return
        device, model = self._settings.get(DEVICE), self._settings.get(MODEL)
        self._checks = yield from examine(command, device, model)

    def _on_state(self, state: str) -> None:
        if state in {STARTING, READY}:
            self._problem = ""
        elif self.client.problem and state == FAILED:
            self._problem = self.client.problem
        self._told("info", "", None)

    # ---- life

    def ready(self) -> Steps:
        """Steps that end when the engine can be asked; EngineError when it cannot."""
        if self.client.state not in {STARTING, READY}:
            self._start()
        try:
            yield lambda: self.client.state != STARTING, START_SECONDS
        except TimeoutError:
            raise EngineError(FAILED, tr("The engine did not start in time.")) from None
        if self.client.state != READY:
            code = _DEVICE if self.client.refused == _DEVICE else FAILED
            raise EngineError(code, self.client.problem or tr("The engine did not start."))
        yield from self._use_chosen_model()

    def _found(self) -> list[str]:
        return find_engine(self._settings.get(ENGINE_COMMAND), None, self._set_up())

    def _start(self) -> None:
        try:
            command = self._found()
        except EngineNotFound as error:
            self._problem = str(error)
            raise EngineError(NOT_FOUND, str(error)) from None
        self._hello["device"] = self._settings.get(DEVICE)
        self._started = self._wanted()
        self.client.start(command, dict(os.environ))

    def _use_chosen_model(self) -> Steps:
        name = self._settings.get(MODEL)
        if name and name != self.client.model_name:
            answer, _ = yield from self.ask({"type": "choose_model", "name": name})
            self.client.note_hello(answer)

    def greet(self, command: list[str], device: str) -> Steps:
        """Steps that try another engine, which ends again; returns the device it uses.

        `device` is the one that is asked for, "auto", "cpu" or "cuda".
        """
        from .pack.greeting import greet

        return (yield from greet(command, {**self._hello, "device": device}))

    def is_found(self) -> bool:
        """Tell whether there is an engine that the docker did not set up."""
        try:
            find_engine(self._settings.get(ENGINE_COMMAND))
        except EngineNotFound:
            return False
        return True

    def is_set_up(self) -> bool:
        """Tell whether the engine is the one that the docker set up."""
        try:
            return self._found() == self._set_up()
        except EngineNotFound:
            return False

    def release(self) -> None:
        """End the engine: another one takes its place, or its files are to go."""
        self._problem = ""
        self.client.stop()
        self._told("info", "", None)

    def _wanted(self) -> tuple[str, str]:
        return self._settings.get(ENGINE_COMMAND), self._settings.get(DEVICE)

    def set_command(self, text: str) -> None:
        """Use another engine: the present one ends, but not while it starts as it is to."""
        self._settings.set(ENGINE_COMMAND, text)
        if self.client.state == STARTING and self._started == self._wanted():
            return
        self._problem = ""
        self.client.stop()

    def worked(self) -> None:
        """Note that a run went well: the next crash is a first one again."""
        self._restarted = False

    def close(self) -> None:
        """End it with Krita."""
        self.client.shutdown()

    # ---- what goes wrong

    def explain(self, error: EngineError) -> tuple[str, str, Any]:
        """Return level, sentence and action for an error; a first crash starts it again."""
        logger.info("engine error %s: %s", error.code, error)
        if error.code in {NOT_FOUND, FAILED, _DEVICE}:
            return "error", str(error), (tr("Choose…"), self._ask_settings)
        if error.code == _CRASHED:
            return self._after_crash(str(error))
        level = "info" if error.code == "cancelled" else "error"
        return level, str(error), None

    def _after_crash(self, text: str) -> tuple[str, str, Any]:
        if self._restarted:
            again = tr("Look into the log or choose another engine.")
            return "error", join_sentences(text, again), (tr("Choose…"), self._ask_settings)
        self._restarted = True
        try:
            self._start()
        except EngineError as error:
            return "error", str(error), (tr("Choose…"), self._ask_settings)
        again = tr("It was started again: press Propagate colors once more.")
        return "error", join_sentences(text, again), None

    # ---- models

    def ask_models(self) -> Steps:
        """Steps that ask for the list of models."""
        yield from self.ready()
        answer, _ = yield from self.ask({"type": "models", "action": "list"})
        self._take_models(answer)

    def download_model(self, name: str, progress: Callable[..., None]) -> Steps:
        """Steps that fetch a model."""
        yield from self.ready()
        call = self.start({"type": "models", "action": "download", "name": name})
        try:
            while True:
                yield call.ready, START_SECONDS
                header, _ = call.take()
                if header["type"] != "progress":
                    self._take_models(header)
                    return
                text = translated(header.get("text", name))
                progress(header["done"], header["total"], None, text)
        except Exception:
            self.stop(call)
            raise

    def choose_model(self, name: str) -> Steps:
        """Steps that change the model."""
        self._settings.set(MODEL, name)
        yield from self.ready()  # and use it
        yield from self.ask_models()

    def _take_models(self, answer: dict[str, Any]) -> None:
        used = self.client.model_name
        self.models = [
            {**row, "in_use": row.get("name") == used, "state": translated(row.get("state", ""))}
            for row in answer["models"]
        ]


def _make_client(hello: dict[str, Any]) -> Any:
    from .client import EngineClient

    return EngineClient(hello)
