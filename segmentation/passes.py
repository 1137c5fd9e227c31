"""Passes between pieces: what speaks for a line there, and which geometry closes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segmentation import _link_kernels as links
from segmentation import _piece_kernels as unions

# From this strength on geometry closes a pass by itself.
SURE = 0.5
# A narrow place between two ends is a hole up to this many times the width.
_TWO_ENDS = 1.5
# How far from a link the ink beside it is looked for, step by step.
_TO_INK_PX = (8, 32, 256)


@dataclass(frozen=True, kw_only=True)
class Passes:
    """The places where two pieces meet without a line between them.

    Attributes
    ----------
    pieces : (Q, 2) int32, piece ids a < b, sorted
    width_px : (Q,) float32, bare pixels between the two ink points
    ink_points : (Q, 4) float32, x0, y0, x1, y1 in pixels
    kind : (Q,) uint8, 0 narrow place, 1 slit, link from a stroke's end to 2 an end, 3 the side
        of a stroke, 4 the canvas edge
    ends : (Q,) uint8, ink points on which a stroke ends: 0, 1 or 2
    strength : (Q,) float32 in [0, 1]
        What speaks for a line there: 1 for a hole of no width, 0.5 at the widest that geometry
        closes given the evidence, 0 at twice that width or without evidence.
    closed : (Q,) bool, closed by geometry: no way between the two pieces is open
    doubtful : (Q,) bool
        Open, though as narrow as a hole, because nothing speaks for a line there: a corner may
        hide that a stroke ends. Lines that run side by side have such places as well.
    """

    pieces: NDArray[np.int32]
    width_px: NDArray[np.float32]
    ink_points: NDArray[np.float32]
    kind: NDArray[np.uint8]
    ends: NDArray[np.uint8]
    strength: NDArray[np.float32]
    closed: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """Number of passes Q."""
        return int(self.width_px.size)


@dataclass(frozen=True)
class JoinedPieces:
    """Hills joined to pieces, before they are numbered.

    Attributes
    ----------
    parents : (hills,) int32, piece of each hill, 0 is line
    groups : (pieces,) int32, equal for pieces that geometry joins over doubtful passes
    holes : (holes, 8) int64, y, x, y, x, hill, hill, squared height, ends
    links : (links, 9) float64, rows of `_link_kernels.propose`
    added : (pixels, 3) int64, y, x, link
    """

    parents: NDArray[np.int32]
    groups: NDArray[np.int32]
    holes: NDArray[np.int64]
    links: NDArray[np.float64]
    added: NDArray[np.int64]

    @staticmethod
    def none(count: int) -> JoinedPieces:
        """Hills that have no passes."""
        own = np.arange(count, dtype=np.int32)
        return JoinedPieces(
            own, own, np.zeros((0, 8), np.int64), np.zeros((0, 9)), np.zeros((0, 3), np.int64)
        )


def evidence_of(
    joined: JoinedPieces, met: NDArray[np.int64], near: float, line: float
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the two sides of every pass and rows x0, y0, x1, y1, width, kind, ends, strength.

    `met` are rows of label, other label, link; `near` the widest hole beside a single end.
    """
    holes, chosen = joined.holes, joined.links
    width = np.maximum(2 * np.sqrt(holes[:, 6]) - 1, 1)
    ends = holes[:, 7]
    slit = (ends == 0) & (width <= line)
    limit = np.where(ends == 2, _TWO_ENDS, 1.0) * max(near, 1e-6)
    limit[slit] = max(line, 1)
    strength = np.where((ends > 0) | slit, np.clip(1 - width / (2 * limit), 0, 1), 0)
    narrow = np.column_stack(
        [holes[:, [1, 0, 3, 2]] - 1, width, slit, np.maximum(ends, 0), strength]
    )
    row = chosen[met[:, 2]]
    linked = np.column_stack(
        [row[:, [1, 0, 3, 2]] - 1, row[:, 4], row[:, 6], 1 + (row[:, 8] >= 0), row[:, 5]]
    )
    sides = np.concatenate([joined.parents[holes[:, 4:6]], met[:, :2].astype(np.int32)])
    groups = joined.groups[sides[: len(narrow)]]
    narrow[groups[:, 0] == groups[:, 1], 7] = 0
    return sides, np.concatenate([narrow, linked])


def distinct(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the different ones of (n, 3) rows, sorted; np.unique is slow on rows."""
    rows = rows[np.lexsort(rows.T[::-1])]
    new = np.ones(len(rows), np.bool_)
    new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
    return rows[new]


def in_doubt(
    inside: NDArray[np.bool_],
    sides: NDArray[np.int32],
    evidence: NDArray[np.float64],
    near: float,
) -> NDArray[np.bool_]:
    """Tell which of the passes `inside` groups are in doubt; `sides` are pieces.

    A line with a hole of up to `near` pixels that geometry closes between two pieces runs on
    between them: then their narrow places are holes in it, too, and no longer in doubt.
    """
    code = np.sort(sides, axis=1).astype(np.int64) @ np.array([1 << 32, 1])
    firm = (evidence[:, 5] >= links.TO_END) & (evidence[:, 7] >= SURE)
    firm &= (evidence[:, 4] <= near) & (sides[:, 0] != sides[:, 1])
    return inside & ~np.isin(code, code[inside & firm])


def shut(
    count: int,
    sides: NDArray[np.int32],
    evidence: NDArray[np.float64],
    doubtful: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Tell which passes lie between pieces that neither doubtful passes nor open links join."""
    opened = (evidence[:, 5] >= links.TO_END) & (evidence[:, 7] < SURE)
    roots = unions.connected(count, sides[opened | doubtful])
    return np.asarray(roots[sides[:, 0]] != roots[sides[:, 1]])


def list_passes(
    ink: NDArray[np.bool_],
    sides: NDArray[np.int32],
    evidence: NDArray[np.float64],
    closed: NDArray[np.bool_],
    doubtful: NDArray[np.bool_],
) -> Passes:
    """Keep the passes between different pieces, in the order of these."""
    sides = np.sort(sides, axis=1)
    kept = np.flatnonzero(sides[:, 0] != sides[:, 1])
    kept = kept[np.lexsort((sides[kept, 1], sides[kept, 0]))]
    closed, found = closed[kept], evidence[kept]
    _to_ink(ink, found)
    strength = np.where(closed, np.maximum(found[:, 7], SURE), found[:, 7])
    return Passes(
        pieces=sides[kept],
        width_px=found[:, 4].astype(np.float32),
        ink_points=found[:, :4].astype(np.float32),
        kind=found[:, 5].astype(np.uint8),
        ends=found[:, 6].astype(np.uint8),
        strength=strength.astype(np.float32),
        closed=closed,
        doubtful=doubtful[kept],
    )


def _to_ink(ink: NDArray[np.bool_], evidence: NDArray[np.float64]) -> None:
    """Move ink points that lie on a link, or on none, to the nearest ink, in place.

    The canvas edge is told as the pixel beside it.
    """
    height, width = ink.shape
    for row in evidence:
        for side in (0, 2):
            x, y = row[side : side + 2].astype(int).tolist()
            inside = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
            row[side : side + 2] = inside
            if inside != (x, y) or ink[y, x]:
                continue
            for half in _TO_INK_PX:
                top, left = max(0, y - half), max(0, x - half)
                ys, xs = np.nonzero(ink[top : y + half + 1, left : x + half + 1])
                if ys.size:
                    nearest = np.argmin((ys + top - y) ** 2 + (xs + left - x) ** 2)
                    row[side : side + 2] = xs[nearest] + left, ys[nearest] + top
                    break
