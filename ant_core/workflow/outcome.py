"""What a command hands back to the process edge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Outcome"]


@dataclass(frozen=True)
class Outcome:
    """The end of a command.

    Attributes
    ----------
    exit_code : int
        0, or 3 when frames need review.
    text : str
        For stdout when no JSON was asked for.
    event : dict
        For the final JSON event.
    """

    exit_code: int = 0
    text: str = ""
    event: dict[str, Any] = field(default_factory=dict)
