"""A client whose engine has a fake network and fake shots."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # tests import their helpers as tests.engine.*

from tests.engine.client import Client  # noqa: E402

FAKE = (sys.executable, str(Path(__file__).with_name("fake_engine.py")))
FORMAT = {"model": "RGBA", "depth": "U8", "profile": "sRGB"}


@pytest.fixture
def start() -> Iterator[Callable[..., Client]]:
    """Start engines with fakes; all are ended afterwards."""
    clients: list[Client] = []

    def start(**options: object) -> Client:
        clients.append(Client(FAKE, **{"stderr": subprocess.DEVNULL} | options))
        return clients[-1]

    yield start
    for client in clients:
        client.kill()


@pytest.fixture
def client(start: Callable[..., Client]) -> Client:
    """An engine that was greeted."""
    client = start()
    client.hello()
    return client


@pytest.fixture
def shot(client: Client) -> Client:
    """A greeted engine with the shot "a" open, 4 x 2 pixels."""
    client.ask("open_shot", shot="a", width=4, height=2, line=FORMAT, color=FORMAT)
    return client
