"""Conversations with the engine as steps of a job: ask and await the answer, follow a run."""

from __future__ import annotations

import zlib
from collections import deque
from typing import Any, Generator

from ..i18n import tr
from ..pauses import pauses
from ..state.review import DOUBTFUL_BELOW
from .engine_texts import sentence
from .protocol import MORE_TO_COME, EngineError, Message

Steps = Generator[Any, None, Any]

# An answer may wait for a drawing that is being segmented; a crash is noticed otherwise.
ANSWER_SECONDS = 300.0
# Planes that wait to be written, as they are. An engine that knows all frames of a shot already
# sends them faster than Krita takes them: 400 of 4K would be 13 GB.
_MOST_UNPACKED = 64 << 20  # bytes


class Call:
    """One request and what came for it so far."""

    def __init__(self) -> None:
        self.id = 0
        self.over = False
        self._messages: deque[tuple[dict, bytes, bool]] = deque()
        self._unpacked = 0  # bytes

    def __call__(self, header: dict, payload: bytes = b"") -> None:
        """Take a message from the client."""
        packed = self._unpacked + len(payload) > _MOST_UNPACKED and bool(self._messages)
        if packed:
            with pauses.measure("pack"):
                payload = zlib.compress(payload, 1)
        else:
            self._unpacked += len(payload)
        self._messages.append((header, payload, packed))
        self.over = self.over or header["type"] not in MORE_TO_COME

    def ready(self) -> bool:
        """Whether an answer waits to be taken."""
        return bool(self._messages)

    def take(self) -> Message:
        """Return the oldest message; EngineError, in the docker's words, where it is an error."""
        header, payload, packed = self._messages.popleft()
        if packed:
            payload = zlib.decompress(payload)
        else:
            self._unpacked -= len(payload)
        if header["type"] == "error":
            raise EngineError(str(header.get("code")), sentence(str(header.get("message"))))
        return header, payload


class EngineRequests:
    """Sends requests through an EngineClient."""

    def __init__(self, client: Any) -> None:
        self.client = client

    @property
    def review_below(self) -> float:
        """Return the confidence below which a segment is doubtful."""
        return float(self.client.hello.get("review_below", DOUBTFUL_BELOW))

    def start(self, header: dict, payload: bytes = b"") -> Call:
        """Send a request; what comes for it gathers in the Call."""
        call = Call()
        with pauses.measure("send"):
            call.id = self.client.request(header, payload, call)
        return call

    def ask(self, header: dict, payload: bytes = b"") -> Steps:
        """Send a request and return its answer, (header, payload)."""
        if payload:
            yield self.client.can_send, ANSWER_SECONDS
        call = self.start(header, payload)
        try:
            yield from self.await_message(call, ANSWER_SECONDS)
        except TimeoutError:
            raise EngineError("silent", tr("The engine does not answer: start it again.")) from None
        return call.take()

    def await_message(self, call: Call, seconds: float) -> Steps:
        """Wait for a call's next message; time in which the engine compiles does not count."""
        while True:
            try:
                yield call.ready, seconds
                return
            except TimeoutError:
                if not self.client.compiling:
                    raise

    def tell(self, header: dict, data: dict, payload: bytes) -> Steps:
        """Ask whether the engine knows something; send `data` and its pixels if it does not."""
        answer, _ = yield from self.ask(header)
        if answer["type"] == "need":
            yield from self.ask({**header, **data}, payload)

    def stop(self, call: Call) -> None:
        """Ask the engine to end a run; its late messages find no reader."""
        if not call.over:
            self.client.request({"type": "cancel", "job": call.id}, b"", Call())
