"""Shared fixtures of the tests of batches: small shots, and the command line as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.drawn import make_shot

ROOT = Path(__file__).parents[2]


def environment() -> dict[str, str]:
    """Return the environment of a child that imports this checkout."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "NO_COLOR": "1"}


class Batch:
    """A running `ant_core batch --json`."""

    def __init__(self, *arguments: object) -> None:
        self.events: list[dict[str, Any]] = []
        self.child = subprocess.Popen(
            [sys.executable, "-m", "ant_core", "batch", *map(str, arguments), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            start_new_session=True,
        )

    def __iter__(self) -> Iterator[dict[str, Any]]:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self.events.append(json.loads(line))
            yield self.events[-1]

    def until_frame(self, number: int) -> dict[str, Any]:
        """Wait for so many finished frames of one shot; returns the event."""
        for event in self:
            if event.get("frame", {}).get("done", 0) >= number:
                return event
        raise AssertionError(f"ended before: {self.events}")

    def end(self) -> int:
        """Read to the end; returns the exit code."""
        for _ in self:
            pass
        assert self.child.stderr is not None
        self.stderr = self.child.stderr.read()
        return self.child.wait(timeout=60)

    def results(self) -> dict[str, dict[str, Any]]:
        """Return the result of every shot that ended."""
        return {event["shot"]: event["result"] for event in self.events if "result" in event}

    def close(self) -> None:
        if self.child.poll() is None:
            os.kill(self.child.pid, signal.SIGKILL)
        self.child.communicate()


@pytest.fixture
def start() -> Iterator[Callable[..., Batch]]:
    """Start a batch; engines that a test leaves running are ended."""
    running: list[Batch] = []

    def begin(*arguments: object) -> Batch:
        running.append(Batch(*arguments))
        return running[-1]

    yield begin
    for batch in running:
        batch.close()


@pytest.fixture
def run(start: Callable[..., Batch]) -> Callable[..., Batch]:
    """Run a batch to its end; `code` of what is returned is the exit code."""

    def go(*arguments: object) -> Batch:
        batch = start(*arguments)
        batch.code = batch.end()  # type: ignore[attr-defined]
        return batch

    return go


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """Return a folder with two small shots, a and b, of three frames each."""
    for name in ("a", "b"):
        make_shot(tmp_path / "shots" / name, frames=range(1, 4))
    return tmp_path / "shots"


def history(out: Path, name: str) -> list[dict[str, Any]]:
    """Return when and where a shot ended, as its record tells."""
    record = json.loads((out / ".ant_core" / "shots" / f"{name}.json").read_text("utf-8"))
    return list(record["history"])


def frame_reasons(out: Path, name: str) -> dict[int, str]:
    """Return why each frame was computed in the last run of a shot; empty for kept ones."""
    report = json.loads((out / name / "report.json").read_text("utf-8"))
    return {frame["frame"]: frame["recomputed"] for frame in report["frames"]}
