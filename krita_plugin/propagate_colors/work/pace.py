"""How long the rest of a run will take, from the pace of its frames so far."""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import Callable

_FEWEST = 3  # frames before anything is said: the first has waited for the engine to begin
_RECENT = 5  # frames that the pace is taken from: the machine may be busy for a while


class Pace:
    """Notes when frames arrive."""

    def __init__(self, now: Callable[[], float] = monotonic) -> None:
        self._now = now
        self._arrived: deque[float] = deque(maxlen=_RECENT)

    def arrived(self) -> None:
        """Note a frame that was coloured; one that is kept takes no time and says nothing."""
        self._arrived.append(self._now())

    def seconds(self, left: int) -> float | None:
        """Return the seconds for the `left` other frames, None where it is too early."""
        if len(self._arrived) < _FEWEST:
            return None
        taken = self._arrived[-1] - self._arrived[0]
        return taken / (len(self._arrived) - 1) * left
