"""How long each stage took, per drawing, in seconds of wall time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

__all__ = ["STAGES", "Timings"]

# In the order in which a drawing passes them; overlapped stages add up to more than the run.
STAGES = (
    "check",
    "read",
    "segment",
    "describe",
    "encode",
    "match",
    "vote",
    "surfaces",
    "paint",
    "write",
)


class Timings:
    """Durations by stage; threads may share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, list[float]] = {stage: [] for stage in STAGES}

    @contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Time what happens inside."""
        start = time.perf_counter()
        try:
            yield
        finally:
            elapsed = time.perf_counter() - start
            with self._lock:
                self._seconds[stage].append(elapsed)

    def summary(self) -> dict[str, dict[str, float]]:
        """Return for each stage that ran: how often, total and median seconds."""
        with self._lock:
            return {
                stage: {
                    "count": len(seconds),
                    "total_s": round(sum(seconds), 4),
                    "median_s": round(median(seconds), 5),
                }
                for stage, seconds in self._seconds.items()
                if seconds
            }
