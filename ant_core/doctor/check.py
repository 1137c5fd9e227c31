"""What one check found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from ant_core.errors import AntError, Cancelled

__all__ = ["Check", "State", "broken_package", "guarded"]

State = Literal["good", "note", "problem"]


@dataclass(frozen=True)
class Check:
    """The outcome of one check.

    Attributes
    ----------
    name : str
        What was checked, in lower case letters and `_`.
    text : str
        What was found, in one line.
    state : "good", "note" or "problem"
        A note is worth knowing and hinders nothing.
    remedy : str
        What to do about a note or a problem; "" where there is nothing.
    facts : dict
        The same for programs, JSON types.
    error : type of AntError
        The class of error of a problem, which decides the exit code.
    """

    name: str
    text: str
    state: State = "good"
    remedy: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    error: type[AntError] = AntError

    def to_json(self) -> dict[str, Any]:
        """Return the check as the last event has it."""
        document = {"name": self.name, "state": self.state, "text": self.text}
        if self.remedy:
            document["remedy"] = self.remedy
        return {**document, "facts": self.facts}


def broken_package(error: Exception) -> tuple[str, str]:
    """Return in one line what is wrong with a package that cannot be used, and the remedy."""
    why = " ".join(str(error).split())
    if "DLL load failed" in why:  # Windows, whose packages need Microsoft's run-time
        return why, "install the Microsoft Visual C++ Redistributable (x64) and run this again"
    return why, "install the engine again"


def guarded(name: str, check: Callable[[], Check]) -> Check:
    """Do a check; what stops it is a problem of its own, so that the others are still told."""
    try:
        return check()
    except AntError as error:
        if isinstance(error, Cancelled):
            raise
        what, colon, remedy = str(error).rpartition(": ")
        if not colon:
            what, _, remedy = str(error).partition("; ")
        return Check(name, what, "problem", remedy, error=type(error))
    except Exception as error:  # a broken installation breaks in ways that nothing foresees
        what, remedy = broken_package(error)
        return Check(name, f"{type(error).__name__}: {what}", "problem", remedy)
