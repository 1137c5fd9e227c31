"""Options that explain themselves: the comment goes into the example file of an experiment."""

from __future__ import annotations

from dataclasses import field
from typing import Any

__all__ = ["option"]


def option(default: Any, comment: str) -> Any:
    """Declare a dataclass field with its default and what it does."""
    return field(default=default, metadata={"comment": comment})
