"""The middle of drawn lines, as paths one pixel wide: where they fork, end and turn."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Strokes", "strokes", "thin"]

# Weights of the eight neighbours, clockwise from above: their sum is a pixel's code, 0..255.
_WEIGHTS = np.array([[128, 1, 2], [64, 0, 4], [32, 16, 8]], dtype=np.float32)
_STEP_PX = 4  # paths are measured by chords of this length, else stairs would lengthen them
_TURN = np.radians(45)  # from here a bend is a corner


@dataclass(frozen=True)
class Strokes:
    """The lines of a drawing in figures.

    Attributes
    ----------
    length_px
        Their length, pixels.
    corners, junctions, ends
        How often a line turns sharply, lines meet or cross, and a line ends within the picture.
    local_width_px
        (P,) float32 width of the line at each pixel of its middle.
    """

    length_px: float
    corners: int
    junctions: int
    ends: int
    local_width_px: NDArray[np.float32]


def _tables() -> tuple[NDArray[np.bool_], NDArray[np.uint8], NDArray[np.uint8]]:
    """Return, by neighbour code: (6, 256) deletable in each pass, number of arcs, of neighbours.

    The first two passes are those of Zhang and Suen (1984).  They leave stairs two pixels thick;
    the other four remove their inner corners, one direction each, so that no two touch.
    """
    bits = (np.arange(256)[:, None] >> np.arange(8)) & 1  # clockwise from above
    arcs = ((bits == 0) & (np.roll(bits, -1, axis=1) == 1)).sum(axis=1)
    count = bits.sum(axis=1)
    up, right, down, left = bits[:, 0], bits[:, 2], bits[:, 4], bits[:, 6]
    base = (count >= 2) & (count <= 6) & (arcs == 1)
    passes = [
        base & (up * right * down == 0) & (right * down * left == 0),
        base & (up * right * left == 0) & (up * down * left == 0),
    ]
    for turn in (0, 2, 4, 6):
        a, b, opposite = (bits[:, np.add(turn, k) % 8] for k in (0, 2, [4, 5, 6]))
        passes.append((a * b == 1) & (opposite == 0).all(axis=1))
    return np.array(passes), arcs.astype(np.uint8), count.astype(np.uint8)


_DELETABLE, _ARCS, _COUNT = _tables()


def _codes(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    codes = cv2.filter2D(mask, cv2.CV_8U, _WEIGHTS, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(codes, dtype=np.uint8)


def thin(ink: NDArray[np.bool_], *, stairs: bool = False) -> NDArray[np.bool_]:
    """Thin lines to their middle, connected as they were.

    Parameters
    ----------
    ink
        (H, W) bool; not modified.
    stairs
        Whether stairs two pixels thick stay, as Zhang and Suen leave them.

    Returns
    -------
    (H, W) bool
    """
    mask = ink.astype(np.uint8)
    before = -1
    while before != (before := int(mask.sum())):
        for table in _DELETABLE[:2]:
            mask[table[_codes(mask)] & (mask == 1)] = 0
    for table in () if stairs else _DELETABLE[2:]:
        mask[table[_codes(mask)] & (mask == 1)] = 0
    return mask.astype(bool)


def _is_fork(skeleton: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which pixels of a skeleton have three ways out or more."""
    return skeleton & (_ARCS[_codes(skeleton.astype(np.uint8))] >= 3)


def _without_spurs(skeleton: NDArray[np.bool_], least_px: float) -> NDArray[np.bool_]:
    """Remove short paths from a fork to a free end: the roughness of ink, no strokes."""
    forks = cv2.dilate(_is_fork(skeleton).astype(np.uint8), np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        (skeleton & (forks == 0)).astype(np.uint8), connectivity=8
    )
    single = skeleton & (_COUNT[_codes(skeleton.astype(np.uint8))] <= 1)
    free = np.bincount(labels[single], minlength=count) > 0
    beside = cv2.dilate(forks, np.ones((3, 3), np.uint8)) > 0
    hangs = np.bincount(labels[beside & skeleton], minlength=count) > 0
    spur = free & hangs & (stats[:, cv2.CC_STAT_AREA] < least_px)
    spur[0] = False
    return thin(skeleton & ~spur[labels])


def _paths(branches: NDArray[np.bool_]) -> list[tuple[NDArray[np.int32], bool]]:
    """Return each branch of a skeleton without forks as its points x, y in order, and if closed."""
    contours, _ = cv2.findContours(branches.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    single = _COUNT[_codes(branches.astype(np.uint8))] <= 1
    found = []
    for contour in contours:
        points = np.asarray(contour[:, 0], dtype=np.int32)
        tips = np.flatnonzero(single[points[:, 1], points[:, 0]])
        if len(tips) == 0:  # a loop has an outer and an inner side: take the one that turns right
            if cv2.contourArea(contour, oriented=True) > 0:
                found.append((points, True))
            continue
        points = np.roll(points, -tips[0], axis=0)
        # The contour of an open path runs there and back again.
        found.append((points[: len(points) // 2 + 1], False))
    return found


def _corners(points: NDArray[np.int32], closed: bool, reach: int) -> int:
    """Count the sharp turns of a path, seen over ``reach`` points to either side."""
    if len(points) < 2 * reach + 1:
        return 0
    path = points.astype(np.float64)
    ahead = np.roll(path, -reach, axis=0) - path
    behind = path - np.roll(path, reach, axis=0)
    cross = behind[:, 0] * ahead[:, 1] - behind[:, 1] * ahead[:, 0]
    turn = np.abs(np.arctan2(cross, (behind * ahead).sum(axis=1)))
    if not closed:
        turn[:reach] = turn[-reach:] = 0
    sharp = turn > _TURN
    # A turn is seen from several points in a row: each row counts once.
    rows = sharp & ~np.roll(sharp, 1)
    return int(rows.sum())


def _length(points: NDArray[np.int32], closed: bool) -> float:
    chosen = points[::_STEP_PX].astype(np.float64)
    last = points[:1] if closed else points[-1:]
    return float(np.hypot(*np.diff(np.concatenate((chosen, last)), axis=0).T).sum())


def strokes(ink: NDArray[np.bool_], line_width_px: float) -> Strokes:
    """Measure the lines of a drawing.

    Parameters
    ----------
    ink
        (H, W) bool, the line mask; not modified.
    line_width_px
        Typical width; paths up to 1.5 of it are no strokes, and forks no further apart are one.
    """
    thick = cv2.distanceTransform(ink.astype(np.uint8), cv2.DIST_L2, 5)
    skeleton = _without_spurs(thin(ink), 1.5 * line_width_px + 2)
    forks = _is_fork(skeleton).astype(np.uint8)
    side = 2 * round(line_width_px / 2) + 3
    round_pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    junctions = cv2.connectedComponents(cv2.dilate(forks, round_pen), connectivity=8)[0] - 1
    ends = skeleton & (_COUNT[_codes(skeleton.astype(np.uint8))] == 1)
    edge = round(1.5 * line_width_px) + 2
    paths = _paths(skeleton & (cv2.dilate(forks, np.ones((3, 3), np.uint8)) == 0))
    reach = max(4, round(2 * line_width_px))
    return Strokes(
        length_px=sum(_length(points, closed) for points, closed in paths),
        corners=sum(_corners(points, closed, reach) for points, closed in paths),
        junctions=junctions,
        ends=int(ends[edge:-edge, edge:-edge].sum()),
        local_width_px=np.asarray(2 * thick[skeleton] - 1, dtype=np.float32),
    )
