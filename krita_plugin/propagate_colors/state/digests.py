"""Digests of results for the queue and the colour list, each made once.

To unpack the result of a frame with a thousand segments takes some milliseconds: those of a whole
shot are made a frame a step.
"""

from __future__ import annotations

from typing import Any, Callable, Generator, Mapping

from ..log import logger
from . import review
from .journal import Entry

AT_ONCE = 8  # keys hashed in one step, without a pause that can be felt


class Digests:
    """The digests of one shot's results."""

    def __init__(self, results: Callable[[], list[Entry]]) -> None:
        self._results = results
        self._made: dict[int, tuple[Any, review.Digest]] = {}  # by time, with what it is of

    def made(self, review_below: float) -> dict[int, review.Digest]:
        """Return those that are made; a few that are not are made now."""
        missing = self._missing(review_below)
        if len(missing) <= AT_ONCE:
            for entry in missing:
                self.make(entry, review_below)
        return {
            entry.time: self._made[entry.time][1]
            for entry in self._results()
            if self._is_made(entry, review_below)
        }

    def complete(self, review_below: float) -> bool:
        """Tell whether `made` returns all of them."""
        return len(self._missing(review_below)) <= AT_ONCE

    def steps(self, review_below: float) -> Generator[Any, None, None]:
        """Make those that are not made, one a step."""
        for entry in self._missing(review_below):
            self.make(entry, review_below)
            yield

    def make(
        self, entry: Entry, review_below: float, result: Mapping[str, Any] | None = None
    ) -> None:
        """Make one; of `result` where that is given, else of the packed one."""
        try:
            found = review.digest(result or entry.result or {}, review_below)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            logger.warning("a result in the journal cannot be read: %s", error)
            found = review.digest({}, review_below)
        self._made[entry.time] = (_key(entry, review_below), found)

    def _missing(self, review_below: float) -> list[Entry]:
        return [entry for entry in self._results() if not self._is_made(entry, review_below)]

    def _is_made(self, entry: Entry, review_below: float) -> bool:
        kept = self._made.get(entry.time)
        return kept is not None and kept[0] == _key(entry, review_below)


def _key(entry: Entry, review_below: float) -> Any:
    return hash(entry.packed_result), review_below
