"""The segments of one drawing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from ant_core.api.arrays import checked
from ant_core.errors import InputError, UsageError
from ant_core.propagation.options import GAP_PX, check_range
from segmentation import Pieces, Rough, Segmentation, extract_lines, find_pieces, join_by_lines

__all__ = ["LabelMap", "check_lines_options", "label_map_of", "segment"]


@dataclass(frozen=True)
class LabelMap:
    """The segments of one drawing.

    Attributes
    ----------
    labels : (H, W) int32
        Segment id of every pixel, 1 to `count`; 0 is line.
    count : int
    gap_px : float
        Widest gap in a line that was closed, in pixels: as asked for, or derived.
    closed_gaps : (G, 4) float32
        x0, y0, x1, y1 in pixels: the two sides of each hole in a line that is closed.
    ground : str
        "light" under darker lines, "dark" under lighter ones, or "transparent".
    rough : str
        "ignored" where a light coloured sketch under the ink was left out, "kept" where light
        coloured lines were taken for lines, "none" where there are none.
    """

    labels: NDArray[np.int32]
    count: int
    gap_px: float
    closed_gaps: NDArray[np.float32]
    ground: str
    rough: str


def segment(line: NDArray[Any], *, gap_px: float | None = None, rough: Rough = "auto") -> LabelMap:
    """Divide one line drawing into segments, as `ant_core segment` does.

    Parameters
    ----------
    line : (H, W) or (H, W, 1 to 5), uint8, uint16, float16 or float32 in [0, 1]
        Lines on light, dark or transparent ground; alpha last, straight. Not modified.
    gap_px : float, optional
        Widest gap in a line that is closed, 0 to 256 pixels. Default: from the width of the
        lines and the size of the picture.
    rough : "auto", "keep" or "ignore"
        Whether a light coloured sketch under the ink belongs to the lines.

    Raises
    ------
    InputError
        When the array is no picture, or shows nothing that can be told as lines.
    UsageError
        When `gap_px` is out of range, or `rough` none of the three.

    Examples
    --------
    >>> room = np.full((7, 9), 255, np.uint8)
    >>> room[1:6, 2:7] = 0
    >>> room[2:5, 3:6] = 255
    >>> segment(room).count
    2
    """
    check_lines_options(gap_px, rough)
    return label_map_of(checked(line, "the drawing"), "the drawing", gap_px, rough)


def check_lines_options(gap_px: float | None, rough: str) -> None:
    """Raise UsageError where an option of how lines are read makes no sense."""
    check_range("gap_px", gap_px, GAP_PX, " px")
    if rough not in get_args(Rough):
        raise UsageError(f"rough is {rough!r}: give one of {', '.join(get_args(Rough))}")


def label_map_of(
    image: NDArray[Any],
    place: str,
    gap_px: float | None,
    rough: Rough,
    join: Callable[[Pieces], Segmentation] = join_by_lines,
) -> LabelMap:
    """Divide a decoded drawing; `place` says where it comes from, for messages.

    Parameters
    ----------
    join : callable
        Says which pieces are one segment; by default as the lines alone divide them.

    Raises
    ------
    InputError
    """
    try:
        lines = extract_lines(image, rough=rough)
        segmentation = join(find_pieces(lines, gap_px))
    except ValueError as error:
        raise InputError(f"{place} cannot be segmented: {error}") from error
    labels = segmentation.labels
    return LabelMap(
        labels,
        int(labels.max(initial=0)),
        segmentation.gap_px,
        segmentation.closed_gaps,
        lines.ground,
        lines.rough,
    )
