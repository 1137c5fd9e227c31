"""The engine's process: started, spoken to and ended without ever waiting for it."""

from __future__ import annotations

import logging
from collections import deque
from typing import Any, Callable

from ..i18n import tr
from ..qt import QtCore
from ..signals import Signal
from .engine_texts import sentence
from .install import clean_environment
from .protocol import PROTOCOL, Callback, EngineProtocolError, Requests, error_answer

logger = logging.getLogger("propagate_colors")

OFF, STARTING, READY, CRASHED, FAILED = "off", "starting", "ready", "crashed", "failed"

_HELLO_MS = 90_000  # two CPU seconds; nothing is compiled before its answer
_LEAVE_MS = 2000
_TRIES = 2  # where it ends at its start without a word
_CHUNK = 256 << 10  # bytes handed to Qt at a time; it copies them
_MOST_UNSENT = 8 << 20  # bytes
_MOST_UNANSWERED = 64 << 20  # bytes of planes that the engine has not taken in yet
_LINES = 200

QProcess = QtCore.QProcess


class EngineClient:
    """One engine at a time; `start` begins another after a crash or a failure.

    `changed` emits the state: off, starting, ready, crashed (it was ready before) or failed
    (it never was). `problem` is the sentence for the artist in the last two, `refused` the code of
    the error that it answered hello with, "" where it answered otherwise.
    """

    def __init__(self, hello: dict[str, Any]) -> None:
        self.changed = Signal()
        self.state = OFF
        self.problem = self.refused = ""
        self.hello: dict[str, Any] = {}
        self._greeting = hello
        self._hello_ms = _HELLO_MS
        self._process: Any = None
        self._leaving: list[Any] = []
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._requests = Requests()
        self._tries = 0  # starts that are left
        self._again: Callable[[], None] | None = None
        self._reset()

    def _reset(self) -> None:
        self._requests.begin()
        self._rest = b""  # of stderr's last line
        self._spoke = False  # on stderr
        self.compiling = 0  # kernels since the last answer: once on each computer
        self._unsent: deque[memoryview] = deque()
        self._unsent_bytes = 0

    # ---- life

    def start(self, command: list[str], environment: dict[str, str]) -> None:
        """Start the engine; `changed` tells what came of it."""
        self.stop()
        self._tries = _TRIES
        self._launch(command, environment)

    def _launch(self, command: list[str], environment: dict[str, str]) -> None:
        self._reset()
        self._tries -= 1
        self._again = lambda: self._launch(command, environment)
        self.hello, self.problem, self.refused = {}, "", ""
        process = self._process = QProcess()
        process.setProcessEnvironment(_environment(environment))
        process.readyReadStandardOutput.connect(lambda: self._guard(process, self._read))
        process.readyReadStandardError.connect(lambda: self._guard(process, self._read_lines))
        process.bytesWritten.connect(lambda count: self._guard(process, self._pump))
        process.errorOccurred.connect(lambda error: self._guard(process, self._on_error, error))
        process.errorOccurred.connect(lambda error: self._on_never_started(process, error))
        process.finished.connect(lambda *ended: self._on_finished(process))
        self._set(STARTING)
        logger.info("starting the engine: %s", command)
        process.start(command[0], [*command[1:], "serve"])
        greeting = {**self._greeting, "type": "hello", "protocol": PROTOCOL}
        self.request(greeting, b"", self._on_hello)
        QtCore.QTimer.singleShot(self._hello_ms, lambda: self._guard(process, self._on_late))

    def stop(self) -> None:
        """Ask the engine to end, and return at once; it is killed if it has not in two seconds."""
        process = self._release()
        if process is None:
            return
        self._leaving.append(process)
        QtCore.QTimer.singleShot(_LEAVE_MS, lambda: self._kill_late(process))
        self._set(OFF)

    def shutdown(self) -> None:
        """End the engine and wait for it, two seconds at most: Krita is closing."""
        self.stop()
        for process in list(self._leaving):
            if not process.waitForFinished(_LEAVE_MS):
                process.kill()
                process.waitForFinished(_LEAVE_MS)

    @property
    def is_leaving(self) -> bool:
        """Tell whether an engine that was told to end still runs."""
        return bool(self._leaving)

    def _kill_late(self, process: Any) -> None:
        if process in self._leaving:
            process.kill()

    def _release(self) -> Any:
        """Detach the process and tell it to end; None when none runs."""
        process, self._process = self._process, None
        if process is None or process.state() == QProcess.ProcessState.NotRunning:
            return None
        process.closeWriteChannel()  # its end, once it has read what is on its way
        self._fail(self._forget_all(), "off", tr("The engine was ended."))
        return process

    # ---- requests

    def request(self, header: dict[str, Any], payload: bytes, callback: Callback) -> int:
        """Send a request; `callback(header, payload)` gets every answer, the last one always."""
        number = self._requests.next_id()
        if self._process is None or self.state not in (STARTING, READY):
            answer = error_answer(number, "off", self.problem or tr("The engine is not running."))
            QtCore.QTimer.singleShot(0, lambda: _call(callback, answer, b""))
            return number
        start = self._requests.add(number, header, payload, callback)
        for piece in (start, payload):
            if piece:
                self._unsent.append(memoryview(piece))
                self._unsent_bytes += len(piece)
        self._pump()
        return number

    def can_send(self) -> bool:
        """Tell whether another plane would go out soon, rather than pile up in memory."""
        unanswered = self._requests.payload_bytes
        return self._unsent_bytes < _MOST_UNSENT and unanswered < _MOST_UNANSWERED

    def _pump(self) -> None:
        """Hand Qt the next bytes, no more than it can write without keeping much of it."""
        process = self._process
        while self._unsent and process.bytesToWrite() < _CHUNK:
            piece = self._unsent.popleft()
            head, tail = piece[:_CHUNK], piece[_CHUNK:]
            if len(tail):
                self._unsent.appendleft(tail)
            self._unsent_bytes -= len(head)
            process.write(bytes(head))

    # ---- what comes

    def _read(self) -> None:
        process = self._process
        try:
            data = process.readAllStandardOutput().data()
            for callback, header, payload in self._requests.feed(data):
                if header["type"] == "compiling":
                    self._note_compiling(int(header.get("done", 1)))
                elif callback is None:
                    logger.warning("the engine says: %s", header.get("message", header["type"]))
                else:
                    self._note_compiling(0)
                    _call(callback, header, payload)
                if process is not self._process:  # the callback ended it
                    return
        except EngineProtocolError as error:
            logger.error("the engine's answer cannot be read: %s", error)
            self._give_up(
                tr("The program chosen as engine does not answer as one: choose another.")
                if self.state == STARTING
                else tr("The engine's answers cannot be read: start it again.")
            )

    def _on_hello(self, header: dict[str, Any], payload: bytes) -> None:
        if self.state != STARTING:
            return
        if header["type"] == "error":
            self.refused = str(header.get("code"))
            self._give_up(sentence(str(header.get("message"))))
        elif header.get("protocol") != PROTOCOL:
            self._give_up(
                tr(
                    "This plugin speaks protocol {ours} and the engine {theirs}: install both of "
                    "the same release.",
                    ours=PROTOCOL,
                    theirs=header.get("protocol"),
                )
            )
        else:
            self.hello = header
            logger.info("the engine is ready: %s", header)
            self._set(READY)

    def _note_compiling(self, count: int) -> None:
        if count != self.compiling:
            self.compiling = count
            self.changed.emit(self.state)

    def note_hello(self, header: dict[str, Any]) -> None:
        """Take the engine's answer to choose_model, which tells of the model now in use."""
        self.hello = header
        self.changed.emit(self.state)

    def _read_lines(self) -> None:
        data = self._rest + self._process.readAllStandardError().data()
        self._spoke = self._spoke or bool(data)
        *lines, self._rest = data.split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip()
            self._lines.append(text)
            logger.info("engine: %s", text)

    # ---- what goes wrong

    def _on_late(self) -> None:
        if self.state == STARTING:
            self._give_up(tr("The engine did not answer in time: look into the log."))

    def _on_error(self, error: Any) -> None:
        logger.error("the engine's process: %s", self._process.errorString())
        if error == QProcess.ProcessError.FailedToStart:  # it will not tell that it finished
            self._process.deleteLater()
            self._process = None
            self._end(
                FAILED, tr("The engine could not be started: choose another in the settings.")
            )

    def _on_never_started(self, process: Any, error: Any) -> None:
        """Forget a process that was given up before the system could start it."""
        if error == QProcess.ProcessError.FailedToStart and process in self._leaving:
            self._leaving.remove(process)
            process.deleteLater()

    def _on_finished(self, process: Any) -> None:
        process.deleteLater()
        if process in self._leaving:
            self._leaving.remove(process)
        self._guard(process, self._read)  # the last words
        self._guard(process, self._read_lines)
        if process is not self._process:
            return
        crashed = process.exitStatus() == QProcess.ExitStatus.CrashExit
        ended = "crashed or was killed" if crashed else "ended by itself"
        logger.error("the engine %s, exit status %s", ended, process.exitCode())
        self._process = None
        silent = not self._spoke and (crashed or process.exitCode() != 0)
        if self.state == STARTING and silent and self._tries and len(self._requests) == 1:
            # Killed from outside, short of memory, a file still being scanned: worth another try.
            logger.warning("it said nothing and is started once more")
            self._forget_all()
            self._again()
        elif self.state == READY:
            self._end(CRASHED, tr("The engine has stopped unexpectedly; nothing was lost."))
        else:
            self._end(FAILED, tr("The engine ended while it started: look into the log."))

    def _give_up(self, problem: str) -> None:
        """End a process that cannot be worked with."""
        process, self._process = self._process, None
        self._leaving.append(process)
        process.kill()
        self._end(FAILED, problem)

    def _end(self, state: str, problem: str) -> None:
        self.problem = problem
        waiting = self._forget_all()  # first: a listener may start another engine
        self._set(state)
        self._fail(waiting, "crashed" if state == CRASHED else "failed", problem)

    def _forget_all(self) -> dict[int, Callback]:
        self._unsent.clear()
        self._unsent_bytes = 0
        return self._requests.forget_all()

    def _fail(self, waiting: dict[int, Callback], code: str, message: str) -> None:
        for number, callback in waiting.items():
            if callback != self._on_hello:
                _call(callback, error_answer(number, code, message), b"")

    def _guard(self, process: Any, slot: Callable[..., None], *arguments: Any) -> None:
        """Call a slot for the present process; Krita must not see what it raises."""
        if process is self._process:
            try:
                slot(*arguments)
            except Exception:
                logger.exception("while talking to the engine")

    def _set(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit(state)

    # ---- facts

    @property
    def model_name(self) -> str:
        """The model's name; empty before the engine has said it."""
        return str(self.hello.get("model", {}).get("name", ""))

    @property
    def model_hash(self) -> str:
        """SHA-256 of the model; empty before the engine has said it."""
        return str(self.hello.get("model", {}).get("sha256", ""))

    def last_lines(self) -> list[str]:
        """Return what the engine wrote to stderr last."""
        return list(self._lines)


def _environment(variables: dict[str, str]) -> Any:
    environment = QtCore.QProcessEnvironment()
    for name, value in clean_environment(variables).items():
        environment.insert(name, value)
    return environment


def _call(callback: Callback, header: dict[str, Any], payload: bytes) -> None:
    try:
        callback(header, payload)
    except Exception:
        logger.exception("while an answer of the engine was taken in")
