"""Runs a command of the engine to its end, as steps of a job."""

from __future__ import annotations

import json
import os
from collections import deque
from typing import Any, Callable, NamedTuple

from ...log import logger
from ...qt import QtCore
from ..install import clean_environment
from ..requests import Steps
from .background import FOREVER

_LINES = 40
_LEAVE_MS = 3000

QProcess = QtCore.QProcess


class Ended(NamedTuple):
    """How a program ended."""

    code: int  # -1 where it crashed or could not be started
    events: list[dict[str, Any]]  # the objects that it wrote to stdout, one a line
    lines: list[str]  # the last ones of stderr


def run(command: list[str], heard: Callable[[dict[str, Any]], None] | None = None) -> Steps:
    """Steps that run a program; `heard` is called with each object that it writes to stdout.

    There is no time limit: it may compile, on a machine that is busy. What ends it is its own end
    or the cancelling of the job.
    """
    reader = _Lines(heard)
    process = QProcess()
    environment = QtCore.QProcessEnvironment()
    for name, value in clean_environment(dict(os.environ)).items():
        environment.insert(name, value)
    process.setProcessEnvironment(environment)
    process.readyReadStandardOutput.connect(lambda: reader.take(process))
    process.readyReadStandardError.connect(lambda: reader.take(process))
    logger.info("running %s", command)
    process.start(command[0], command[1:])
    try:
        yield (lambda: process.state() == QProcess.ProcessState.NotRunning), FOREVER
    finally:
        if process.state() != QProcess.ProcessState.NotRunning:
            process.kill()
            process.waitForFinished(_LEAVE_MS)
        reader.take(process)
        process.deleteLater()
    started = process.error() != QProcess.ProcessError.FailedToStart
    good = started and process.exitStatus() == QProcess.ExitStatus.NormalExit
    code = process.exitCode() if good else -1
    logger.info("it ended with %s", code)
    return Ended(code, reader.events(), list(reader.lines))


class _Lines:
    """What a program says."""

    def __init__(self, heard: Callable[[dict[str, Any]], None] | None) -> None:
        self.lines: deque[str] = deque(maxlen=_LINES)
        self._heard = heard
        self._out = b""
        self._told = 0  # bytes of it whose lines were told
        self._rest = b""

    def take(self, process: Any) -> None:
        """Take what has come; Krita must not see an exception of a slot."""
        try:
            self._out += process.readAllStandardOutput().data()
            *lines, self._rest = (self._rest + process.readAllStandardError().data()).split(b"\n")
            for line in lines:
                text = line.decode("utf-8", "replace").rstrip()
                self.lines.append(text)
                logger.info("engine: %s", text)
            end = self._out.rfind(b"\n") + 1
            fresh, self._told = self._out[self._told : end], max(end, self._told)
            for event in _objects(fresh):
                if self._heard is not None:
                    self._heard(event)
        except Exception:
            logger.exception("while a program's words were taken in")

    def events(self) -> list[dict[str, Any]]:
        """Return all objects: one a line, or one over all lines."""
        found = _objects(self._out)
        if not found:
            try:
                whole = json.loads(self._out.decode("utf-8", "replace"))
            except ValueError:
                return []
            return [whole] if isinstance(whole, dict) else []
        return found


def _objects(data: bytes) -> list[dict[str, Any]]:
    found = []
    for line in data.decode("utf-8", "replace").splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found
