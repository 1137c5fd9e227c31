"""Where a colour came from: a frame of the shot, or a model sheet outside it.

Columns of fills, records on disk and the ledger hold a source as one whole number, its code: a
frame is its own number, the first model sheet is -1, the next -2. Only `source_code` and
`source_of_code` know that.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SheetId", "SourceId", "source_code", "source_of_code"]


@dataclass(frozen=True)
class SheetId:
    """A model sheet of a shot, by its place in `Shot.sheets`; 0 is the first."""

    index: int


SourceId = int | SheetId  # a frame by its number, or a model sheet


def source_code(source: SourceId) -> int:
    """Write a source as one whole number.

    Examples
    --------
    >>> source_code(12), source_code(SheetId(0)), source_code(SheetId(1))
    (12, -1, -2)
    """
    return -1 - source.index if isinstance(source, SheetId) else source


def source_of_code(code: int) -> SourceId:
    """Read what `source_code` wrote.

    Examples
    --------
    >>> source_of_code(12), source_of_code(-2)
    (12, SheetId(index=1))
    """
    return code if code >= 0 else SheetId(-1 - code)
