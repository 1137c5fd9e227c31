"""What fails a job: too many doubtful segments, or one that is too unsure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Gate"]


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The limits that the result of a shot must keep; exit code 3 where it does not."""

    # Percent of all segments, 0 to 100, that may be doubtful. Default None: any number may.
    fail_over: float | None = None
    # Confidence, 0 to 1, that every coloured segment must reach; a segment without counterpart
    # fails it. Default None: no segment is looked at.
    fail_under: float | None = None

    @property
    def is_set(self) -> bool:
        """Whether there is any limit."""
        return self.fail_over is not None or self.fail_under is not None

    def fails(
        self, *, segments: int, doubtful: int, no_counterpart: int, lowest_confidence: float | None
    ) -> bool:
        """Tell whether a shot breaks a limit.

        Parameters
        ----------
        segments, doubtful, no_counterpart : int
            As the report counts them.
        lowest_confidence : float or None
            Of the segments that were coloured from a counterpart; None without any.

        Examples
        --------
        >>> gate = Gate(fail_over=5.0)
        >>> gate.fails(segments=100, doubtful=5, no_counterpart=0, lowest_confidence=0.2)
        False
        >>> gate.fails(segments=100, doubtful=6, no_counterpart=0, lowest_confidence=0.2)
        True
        """
        if self.fail_over is not None and 100 * doubtful > self.fail_over * segments:
            return True
        if self.fail_under is None:
            return False
        unsure = lowest_confidence is not None and lowest_confidence < self.fail_under
        return unsure or no_counterpart > 0
