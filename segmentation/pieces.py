"""Line mask to pieces and the passes between them: what geometry proposes and colours decide."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from segmentation import _basin_kernels as basins
from segmentation import _gap_kernels as gaps
from segmentation import _link_kernels as links
from segmentation import _piece_kernels as unions
from segmentation import _speck_kernels as specks
from segmentation import _tip_kernels as tips
from segmentation.lines import LineArt
from segmentation.passes import (
    SURE,
    JoinedPieces,
    Passes,
    distinct,
    evidence_of,
    in_doubt,
    list_passes,
    shut,
)

# Wider holes are drawing, and squared distances must fit 16 bits.
WIDEST_GAP_PX = 256
# Both sides of a hole open by at least this much, else the narrow place is a wobble of a line.
_RISE_PX = 1.0
# Narrow places up to this many line widths may be holes although no stroke is seen to end there.
_DOUBT_WIDTHS = 2.0
# How far around its end a stroke is followed to see that it ends, and to see where it points.
_TIP_RADIUS_WIDTHS = 1.3
_TIP_RADIUS_PX = 2.4
_SIGHT_RADII = 2.5
# A pixel can be a stroke's end only if the ink around it is at most this share of that around an
# unbroken line.
_CROWD_AT_END = 0.9
# Segments up to this share of a squared line width are grain, not drawing; within these areas.
_SPECK_SHARE = 0.25
_SPECK_PX = (3, 12)
# How far a speck looks for the segment that takes it.
_SPECK_WALK_PX = 24
# Pieces up to this many squared line widths are not kept apart by passes that geometry opens,
# and those no larger than the ink that a pass lacks are not kept apart by that pass: at least
# where two lines cross, which a hole may bare.
_CRUMB_WIDTHS = 6.0


@dataclass(frozen=True)
class GapWidths:
    """How wide a hole may be, in pixels, by what speaks for it.

    Attributes
    ----------
    near : narrow place beside the end of a stroke
    wide : straight way between two ends that face each other
    """

    near: float
    wide: float


@dataclass(frozen=True)
class Pieces:
    """The pieces of one drawing.

    Attributes
    ----------
    labels : (H, W) int32, 0 = line, 1..P in raster order of the first pixel
    area : (P,) int64, pixels
    passes : Passes
    gap_px : widest hole that may be closed, in pixels
    line_width_px : typical width of the lines, in pixels
    """

    labels: NDArray[np.int32]
    area: NDArray[np.int64]
    passes: Passes
    gap_px: float
    line_width_px: float

    @property
    def count(self) -> int:
        """Number of pieces P."""
        return int(self.area.size)


def default_gap(shape: tuple[int, int], line_width_px: float) -> float:
    """Return the widest hole to close where the evidence is best, in pixels.

    A 40th of the diagonal: 55 px at 1080p, 23 px at 640 x 640. At most 25 line widths and 10 px,
    so that thin lines on a huge canvas do not close what is meant to be open.
    """
    diagonal = float(np.hypot(*shape))
    return min(diagonal / 40, 25 * line_width_px + 10, float(WIDEST_GAP_PX))


def gap_widths(shape: tuple[int, int], line_width_px: float, gap_px: float | None) -> GapWidths:
    """Return how wide a hole may be.

    Beside a single end that is a 150th of the diagonal by default (15 px at 1080p), at most ten
    line widths and 4 px. A hole about as long as the line is wide is seen as one at any
    picture size: at least 1.25 line widths, unless that is over an 80th of the diagonal (solid
    black is no line). A width that was asked for holds without evidence.
    """
    if gap_px is not None:
        if not 0 <= gap_px <= WIDEST_GAP_PX:
            raise ValueError(f"gap width is {gap_px} px, expected 0 to {WIDEST_GAP_PX}")
        return GapWidths(float(gap_px), float(gap_px))
    wide = default_gap(shape, line_width_px)
    diagonal = float(np.hypot(*shape))
    least = min(1.25 * line_width_px, diagonal / 80)
    near = min(max(diagonal / 150, least), 10 * line_width_px + 4, wide)
    return GapWidths(near, wide)


def find_pieces(lines: LineArt, gap_px: float | None = None) -> Pieces:
    """Divide a drawing into pieces that are kept apart wherever a line may have been meant.

    Parameters
    ----------
    lines : LineArt; not modified
    gap_px : float or None
        Widest hole in a line, in pixels; 0: pieces are what lines enclose; None derives it from
        line width and image size.

    Returns
    -------
    Pieces
        Joined over all passes they are the 4-connected components of the paper; joined over the
        passes that are not closed, the segments of the drawing as geometry sees them.
    """
    # The kernels are compiled for arrays that can be written: read-only ones are copied.
    lines = replace(lines, ink=np.require(lines.ink, np.bool_, ["C", "W"]))
    widths = gap_widths(lines.ink.shape, lines.line_width_px, gap_px)
    if widths.wide == 0:
        mask = np.logical_not(lines.ink).view(np.uint8)
        count, labels = _components(mask)
        return _numbered(lines, widths, labels, JoinedPieces.none(count))
    ink = np.pad(lines.ink, 1, constant_values=True)
    labels, joined = _hills(ink, lines, widths)
    return _numbered(lines, widths, labels, joined)


def _hills(
    ink: NDArray[np.bool_], lines: LineArt, widths: GapWidths
) -> tuple[NDArray[np.int32], JoinedPieces]:
    """Return hills of the free space and how they join; links are drawn into `ink`."""
    line = lines.line_width_px
    radius = _TIP_RADIUS_WIDTHS * line + _TIP_RADIUS_PX
    barrier = ink.copy()
    chosen, added = _link(ink, barrier, lines, widths, radius)
    # At the narrowest point of a gap of width g the distance to ink is (g + 1) / 2; further pixels
    # are searched so that this point differs from the hills beside it.
    reach = int(np.ceil((widths.near + 1) / 2 + _RISE_PX))
    squared = basins.near_distance(barrier, reach)
    cut = reach * reach + 1
    balls = (squared == cut).view(np.uint8)
    count, labels = _components(balls)
    peaks = basins.ascend(squared, labels, cut, count - 1)
    table = basins.passes(squared, labels, cut)
    roots, holes = gaps.join(
        ink, barrier, squared, labels, table, peaks, widths.near, _RISE_PX, line, radius
    )
    parts, narrow = gaps.divide(ink, barrier, table, peaks, roots, _DOUBT_WIDTHS * line, _RISE_PX)
    parents, pieces = _counted(parts)
    groups = np.zeros(pieces, np.int32)
    groups[parents] = roots
    unseen = np.zeros((len(narrow), 1), np.int64)
    holes = np.concatenate([holes, np.hstack([narrow, unseen])])
    holes = np.concatenate([holes, _others(ink, barrier, table, parents, holes, line, radius)])
    spare = np.arange(pieces, pieces + len(added), dtype=np.int32)
    tips.release(labels, added, parents.size)
    groups = np.concatenate([groups, roots.size + spare])
    return labels, JoinedPieces(np.concatenate([parents, spare]), groups, holes, chosen, added)


def _counted(roots: NDArray[np.int32]) -> tuple[NDArray[np.int32], int]:
    """Number the roots of hills from 0 on; return the number of every hill's, and how many."""
    own = roots == np.arange(roots.size)
    return (np.cumsum(own, dtype=np.int32) - 1)[roots].astype(np.int32), int(own.sum())


def _others(
    ink: NDArray[np.bool_],
    barrier: NDArray[np.bool_],
    table: NDArray[np.int32],
    parents: NDArray[np.int32],
    holes: NDArray[np.int64],
    line: float,
    radius: float,
) -> NDArray[np.int64]:
    """Describe the highest pass between any two pieces that meet and have no hole."""
    base = np.int64(parents.size)
    one, other = parents[table[:, 2]], parents[table[:, 3]]
    rows = np.flatnonzero(one != other)
    meet = np.sort(np.column_stack([one[rows], other[rows]]), axis=1).astype(np.int64)
    codes, first = np.unique(meet[:, 0] * base + meet[:, 1], return_index=True)
    known = np.sort(parents[holes[:, 4:6]], axis=1).astype(np.int64)
    new = ~np.isin(codes, known[:, 0] * base + known[:, 1])
    return gaps.describe_passes(ink, barrier, table, np.sort(rows[first[new]]), line, radius)


def _components(mask: NDArray[np.uint8]) -> tuple[int, NDArray[np.int32]]:
    count, labels = cv2.connectedComponents(mask, connectivity=4, ltype=cv2.CV_32S)
    return count, np.asarray(labels, np.int32)


def _link(
    ink: NDArray[np.bool_],
    barrier: NDArray[np.bool_],
    lines: LineArt,
    widths: GapWidths,
    radius: float,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Draw the links between stroke ends and what they point at, in place."""
    line = lines.line_width_px
    half = max(2, round(line))
    side = 2 * half + 1
    crowd = cv2.boxFilter(
        lines.ink.view(np.uint8),
        cv2.CV_16U,
        (side, side),
        normalize=False,
        borderType=cv2.BORDER_REPLICATE,
    )
    most = round(_CROWD_AT_END * side * line)
    ends = tips.stroke_ends(lines.ink, crowd, most, half, radius, _SIGHT_RADII * radius)
    height, width = lines.ink.shape
    inside = (ends[:, :2] > 0).all(axis=1) & (ends[:, :2] < (height - 1, width - 1)).all(axis=1)
    ends = np.ascontiguousarray(ends[inside] + (1, 1, 0, 0))
    proposed = links.propose(ink, ends, widths.near, widths.wide, line)
    order = np.argsort(-proposed[:, 5], kind="stable")
    drawn, added = links.draw(ink, barrier, proposed, order, len(ends), line, SURE)
    return proposed[drawn], added


def _numbered(
    lines: LineArt, widths: GapWidths, labels: NDArray[np.int32], joined: JoinedPieces
) -> Pieces:
    """Settle specks and crumbs, number the pieces, describe the passes."""
    line = lines.line_width_px
    area, first = specks.settle(labels, joined.parents)
    met = distinct(links.contacts(labels, joined.added))
    sides, evidence = evidence_of(joined, met, widths.near, line)
    speck = round(np.clip(_SPECK_SHARE * line**2, *_SPECK_PX))
    takes = specks.takers(labels, area, first, speck, _SPECK_WALK_PX)
    lacks = (np.maximum(evidence[:, 4], line) + 1) * (line + 1)
    open_crumb = np.maximum(lacks, _CRUMB_WIDTHS * line**2)
    inside = joined.groups[sides[:, 0]] == joined.groups[sides[:, 1]]
    takes[sides[inside]] = sides[inside]
    parts = np.arange(area.size, dtype=np.int32)
    _merge_crumbs(parts, area, sides[inside], evidence[inside], open_crumb[inside])
    takes, sides = parts[takes], parts[sides]
    doubtful = in_doubt(inside, sides, evidence, widths.near)
    closed = shut(area.size, sides, evidence, doubtful)
    # What doubtful passes join is as large as all of it beside a closed pass.
    roots = unions.connected(area.size, sides[doubtful])
    whole = np.bincount(roots[parts], area, area.size)[roots]
    crumb = np.where(closed, lacks, open_crumb)
    crumb[closed & (whole[sides].min(axis=1) > crumb)] = 0
    _merge_crumbs(takes, area, sides, evidence, crumb)
    margin = (labels.shape[0] - lines.ink.shape[0]) // 2
    count, numbers, numbered = specks.renumber(labels, takes, margin)
    sizes = np.bincount(numbers[takes], weights=area, minlength=count + 1)[1:].astype(np.int64)
    passes = list_passes(lines.ink, numbers[takes[sides]], evidence, closed, doubtful)
    return Pieces(numbered, sizes, passes, widths.wide, line)


def _merge_crumbs(
    takes: NDArray[np.int32],
    area: NDArray[np.int64],
    sides: NDArray[np.int32],
    evidence: NDArray[np.float64],
    crumb: NDArray[np.float64],
) -> None:
    """Let pieces of at most `crumb` pixels join a neighbour over their most open pass.

    `crumb` holds the bound of each pass.
    """
    size = np.zeros(area.size, np.int64)
    np.add.at(size, takes, area)
    order = np.lexsort((-evidence[:, 4], evidence[:, 7]))
    unions.merge_crumbs(takes, size, sides, order, crumb)
