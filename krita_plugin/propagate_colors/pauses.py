"""How long the plugin keeps Krita's event loop waiting, measured call by call."""

import time
from collections import deque
from contextlib import contextmanager
from typing import Deque, Dict, Iterator, NamedTuple, Tuple


class PauseSummary(NamedTuple):
    """How long calls of one kind kept the event loop waiting, in milliseconds."""

    count: int
    median: float
    longest: float


class Pauses:
    """Durations of the calls that keep Krita's event loop waiting, by kind."""

    def __init__(self, keep: int = 20000) -> None:
        self._found: Deque[Tuple[str, float]] = deque(maxlen=keep)

    def __iter__(self) -> Iterator[Tuple[str, float]]:
        """Go through the pairs (kind, milliseconds), oldest first."""
        return iter(tuple(self._found))

    @contextmanager
    def measure(self, kind: str) -> Iterator[None]:
        """Note how long the block takes, also when it raises."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._found.append((kind, (time.perf_counter() - started) * 1000.0))

    def clear(self) -> None:
        """Forget what was measured."""
        self._found.clear()

    def summary(self) -> Dict[str, PauseSummary]:
        """Return the figures of every kind, in alphabetical order."""
        kinds: Dict[str, list] = {}
        for kind, milliseconds in self._found:
            kinds.setdefault(kind, []).append(milliseconds)
        return {kind: _summary(sorted(kinds[kind])) for kind in sorted(kinds)}


def _summary(ordered) -> PauseSummary:
    last = len(ordered) - 1
    return PauseSummary(len(ordered), ordered[last // 2], ordered[last])


pauses = Pauses()
