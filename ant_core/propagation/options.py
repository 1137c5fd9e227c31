"""What a run over given pictures may be told, from a command line and from a painting program."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, get_args

from ant_core.errors import UsageError
from ant_core.matching.review import REVIEW_BELOW

if TYPE_CHECKING:
    from segmentation import Rough  # its package is slow to import

__all__ = ["FILES", "GAP_PX", "NO_INFLUENCE", "SHARE", "THREADS", "RunOptions", "Surface"]

Surface = Literal["auto", "off"]

# Metadata of fields, for the hash of what a run's results depend on.
NO_INFLUENCE = {"influence": False}  # changes where or how fast results are made, not what they are
FILES = {"files": True}  # names files, whose content counts

# The least and the greatest value that an option takes.
GAP_PX = (0.0, 256.0)  # what segmentation can close
THREADS = (1, 1024)
SHARE = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """The options of a run that do not name its frames or files."""

    # Paths of coloured pictures outside the shot that are learned from as well. Default: none.
    model_sheet: tuple[str, ...] = field(default=(), metadata=FILES)
    # Widest gap in a line that is closed, in pixels, 0 to 256. Default None: from the width of
    # the lines and the size of the picture.
    gap: float | None = None
    # Whether a light coloured sketch under the ink belongs to the lines: "auto", "keep" or
    # "ignore". Default "auto": told by its pressure and disorder.
    rough: Rough = "auto"
    # Whether segments that are painted in more than one colour keep what is painted: "auto" or
    # "off". Default "off": every segment gets one colour.
    surface: Surface = "off"
    # CPU threads of the kernels, 1 to 1024. Default None: all cores.
    threads: int | None = field(default=None, metadata=NO_INFLUENCE)
    # Confidence, 0 to 1, under which a segment counts as doubtful. Default 0.6.
    review_below: float = REVIEW_BELOW

    def check(self) -> None:
        """Raise UsageError where a value or a combination makes no sense; reads no file."""
        check_range("--gap", self.gap, GAP_PX, " px")
        check_range("--threads", self.threads, THREADS)
        check_range("--review-below", self.review_below, SHARE)
        if self.surface not in get_args(Surface):
            raise UsageError(f"--surface is {self.surface!r}: give auto or off")


def check_range(option: str, value: Any, limits: tuple[float, float], unit: str = "") -> None:
    """Raise UsageError where a number lies outside its limits; None is always in order."""
    low, high = limits
    if not isinstance(value, Real | None):
        raise UsageError(f"{option} is {value!r}: give a number from {low:g} to {high:g}{unit}")
    if value is not None and not low <= float(value) <= high:
        raise UsageError(f"{option} is {value}{unit}: give a value from {low:g} to {high:g}{unit}")
