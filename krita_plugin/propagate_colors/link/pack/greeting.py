"""Starts an engine, greets it and ends it again: the proof that it works with this plugin."""

from __future__ import annotations

import os
from typing import Any

from ...i18n import tr
from ...state.engine_states import PACK
from ..client import READY, STARTING, EngineClient
from ..requests import Steps
from .background import FOREVER
from .problems import EngineFails


def greet(command: list[str], hello: dict[str, Any]) -> Steps:
    """Steps that return the device that an engine uses; EngineFails where it does not answer."""
    client = EngineClient(hello)
    try:
        client.start(command, dict(os.environ))
        yield (lambda: client.state != STARTING), FOREVER  # the client has a limit of its own
        if client.state != READY:
            raise EngineFails(
                tr(
                    "The new engine does not answer, and was not taken into use: {reason}",
                    reason=client.problem,
                ),
                PACK,
            )
        device = str(client.hello.get("device", ""))
        client.stop()
        # Its files cannot be moved on Windows before it has ended.
        yield (lambda: not client.is_leaving), FOREVER
        return device
    finally:
        client.shutdown()
