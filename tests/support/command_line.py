"""Fixtures that run the command line, in this process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """What a process left."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    """Return the environment of a child: the checkout importable, few threads, no colours."""
    return os.environ | {"PYTHONPATH": str(ROOT), "NUMBA_NUM_THREADS": "2", "NO_COLOR": "1"}


@pytest.fixture
def ant_core() -> Callable[..., Ended]:
    """Run the real command line in a process of its own."""

    def run(*arguments: object, prefix: Sequence[str] = ()) -> Ended:
        command = [*prefix, sys.executable, "-m", "ant_core", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, env=environment(), timeout=300, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def fake_ant_core() -> Callable[..., Ended]:
    """Run the command line in a process of its own, with the fake matcher."""

    def run(*arguments: object, prefix: Sequence[str] = (), text: bool = True) -> Ended:
        script = str(Path(__file__).with_name("run_with_fake.py"))
        command = [*prefix, sys.executable, script, *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=text, env=environment(), timeout=300, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def real_cli(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run the real command line in this process."""
    from ant_core.cli import main

    def run(*arguments: object) -> Ended:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        text = capfd.readouterr()
        return Ended(code, text.out, text.err)

    return run


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, real_cli: Callable[..., Ended]) -> Callable[..., Ended]:
    """Run the command line in this process, with the fake matcher: quick."""
    from tests.support.fakes import FakeMatcher

    monkeypatch.setattr("ant_core.workflow.propagate.Matcher", FakeMatcher)

    return real_cli
