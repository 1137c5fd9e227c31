"""Small pictures of the segments of a drawing that need a look, made before it is dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import Palette
from ant_core.matching.fills import (
    FAILED,
    FLAG_SHADE,
    FLAG_SIDES_DISAGREE,
    FLAG_SURFACE,
    LOCKED,
    NO_COUNTERPART,
    Fills,
)
from ant_core.propagation.division import Division
from ant_core.propagation.prepared import Analysis
from segmentation import paint

__all__ = ["Crop", "make_crops", "worth"]

_MOST = 8  # of the worst, and as many of those that changed: a drawing's stay below 150 kB
_SURE = 0.9  # segments from this confidence on get none, also where --review-below is higher
_AROUND = 1.8  # a crop's side in units of the segment's box
_LEAST_PX = 120.0  # width of what a crop shows
_ASPECT = 4 / 3


@dataclass(frozen=True)
class Crop:
    """A segment and what is around it.

    Attributes
    ----------
    segment : int
    picture : bytes
        Line art over colour with the segment outlined, as `Output.crop` packs it.
    before : bytes
        The same with the colours of the run before; empty where the segment's has not changed.
    was : (int, int, float) or None
        Palette index, state and confidence that the segment had before; None where the drawing
        was not coloured before.
    """

    segment: int
    picture: bytes
    before: bytes = b""
    was: tuple[int, int, float] | None = None


def worth(fills: Fills) -> NDArray[np.float64]:
    """Return the chance that each segment is right as it stands, (N,); 0 where none has a say."""
    nothing = (fills.state == NO_COUNTERPART) | (fills.state == FAILED)
    return np.where(nothing, 0.0, fills.confidence.astype(np.float64))


def make_crops(
    draw: Callable[..., bytes],
    palette: Palette,
    analysis: Analysis,
    painted: NDArray[Any],
    now: tuple[Fills, Division],
    earlier: tuple[Fills, Division] | None,
) -> tuple[Crop, ...]:
    """Make the crops of a drawing: of its worst segments, and of the largest that changed.

    Parameters
    ----------
    draw : callable
        `Output.crop`.
    painted : (H, W, C) of the palette's format
    now, earlier : (Fills, Division)
        Of the drawing, now and as the run before left it; None where it is new.
    """
    fills, division = now
    was = _earlier_fills(earlier, division)
    rows = _worst(fills, division)
    if was is not None:
        rows += [row for row in _changed(fills, was, division) if row not in rows]
    crops = []
    for row in rows:
        window = _window(division.box[row], painted.shape[:2])
        labels = analysis.pieces.labels[window]
        inside = np.concatenate([[False], division.of_piece == row + 1])[labels]
        line, dark = analysis.image[window], analysis.taken.ground == "dark"
        picture = draw(line, painted[window], inside, dark=dark)
        if was is None:
            crops.append(Crop(row + 1, picture))
            continue
        then = int(was.color[row]), int(was.state[row]), float(was.confidence[row])
        before = b""
        if then[0] != fills.color[row] and earlier is not None:
            table = palette.table(earlier[0].color[earlier[1].of_piece - 1])
            before = draw(line, paint(labels, table), inside, dark=dark)
        crops.append(Crop(row + 1, picture, before, then))
    return tuple(crops)


def _worst(fills: Fills, division: Division) -> list[int]:
    """Return the rows of the least sure segments; of equally sure ones the larger first."""
    sure = worth(fills)
    told = (fills.flags & (FLAG_SIDES_DISAGREE | FLAG_SURFACE | FLAG_SHADE)) > 0
    asked = ((sure < _SURE) | told) & (fills.state != LOCKED)
    order = np.lexsort((-division.area, sure.round(2)))
    return [row for row in order.tolist() if asked[row]][:_MOST]


def _changed(fills: Fills, was: Fills, division: Division) -> list[int]:
    """Return the rows of the largest segments whose colour changed."""
    order = np.argsort(-division.area, kind="stable")
    return [row for row in order.tolist() if fills.color[row] != was.color[row]][:_MOST]


def _earlier_fills(earlier: tuple[Fills, Division] | None, division: Division) -> Fills | None:
    """Return what the segments had before: each the fill of its first piece then."""
    if earlier is None or len(earlier[1].of_piece) != len(division.of_piece):
        return None
    fills, then = earlier
    first = np.unique(division.of_piece, return_index=True)[1]
    return fills.taken(then.of_piece[first].astype(np.int64) - 1)


def _window(box: NDArray[np.int32], size: tuple[int, ...]) -> tuple[slice, slice]:
    """Return rows and columns of the part to show, as far as the picture goes."""
    x, y, width, height = box.tolist()
    wide = max(_AROUND * width, _AROUND * height * _ASPECT, _LEAST_PX)
    sides = []
    for start, length, whole, side in (
        (y, height, size[0], wide / _ASPECT),
        (x, width, size[1], wide),
    ):
        shown = min(round(side), whole)
        low = min(max(0, start + length // 2 - shown // 2), whole - shown)
        sides.append(slice(low, low + shown))
    return sides[0], sides[1]
