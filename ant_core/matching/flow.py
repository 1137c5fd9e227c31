"""Where segments of one drawing lie in its neighbour, by optical flow: evidence for the network.

The network knows segments one by one; flow knows how the picture around them moved. Each is wrong
where the other is not: flow where things jump or are drawn anew, the network where twins stand
side by side. What flow says of every two segments is an input of our network's match, which has
learned when to believe it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ant_core.matching._flow_kernels import count_landings, find_returning
from segmentation import expand_labels

__all__ = [
    "EVIDENCE",
    "Landing",
    "Motion",
    "SmallDrawing",
    "comparable",
    "flow_rank",
    "sampled",
    "shrink",
    "under_lines",
]

# Columns of what flow says of a target and a reference segment.
EVIDENCE = (
    "asked",  # 1 where flow was computed between their drawings, else the others mean nothing
    "ahead",  # share of the target segment's pixels that lead to the reference segment
    "back",  # share of the reference segment's pixels that lead to the target segment
    "returned",  # share of the target segment's pixels that lead there and back to their place
)
_SIDE_PX = 640  # flow of larger pictures costs more and was not better
_LEAST_PX = 32  # narrower pictures hold too few of the solver's patches of 8 px
_DARK = 96  # darkness from which on a pixel is line, where distances are measured
_FAR_PX = 20.0  # of the line distance; 8 to 40 are alike on validation
# Finest scale (0 = every pixel, 1 = every other, 2 = every fourth) and stride in pixels between the
# solver's patches, for the nearest references and for the next. A stride of 4 is 0.4 points better
# for the nearest and takes half as long again; between drawings further apart a field of a quarter
# of the resolution is as good as a finer one.
_SCALES = ((0, 5), (2, 4))
# A line tells flow how far it moved across itself, not along itself: how much the latter counts,
# and the side in pixels of the square whose slopes say where the line runs; 3 to 9 are alike.
_ALONG = 0.02
_SLOPES_PX = 5
_RETURN_PX = 1.0  # a pixel that comes back nearer than this has returned
_KEPT = 8  # flow fields: of four pairs of drawings, both ways; and what four drawings need of it

_Field = NDArray[np.float32]  # (h, w, 2) x, y in pixels


@dataclass(frozen=True)
class SmallDrawing:
    """A drawing as flow sees it.

    Attributes
    ----------
    darkness : (h, w) uint8
        0 = paper; the longer side is at most 640 px.
    labels : (h, w) uint16, or int32 where there are more segments than that holds
        0 = line, 1..N = segments, N + 1 = left out by `taken`.
    """

    darkness: NDArray[np.uint8]
    labels: NDArray[np.uint16] | NDArray[np.int32]

    def taken(self, rows: NDArray[np.int64], count: int) -> SmallDrawing:
        """Return the drawing with some of its `count` segments only, numbered anew in order."""
        number = np.full(count + 2, len(rows) + 1, self.labels.dtype)
        number[0] = 0
        number[rows + 1] = np.arange(1, len(rows) + 1)
        return SmallDrawing(self.darkness, number[self.labels])


def shrink(
    darkness: NDArray[np.uint8], labels: NDArray[np.int32], centers: NDArray[np.float32]
) -> SmallDrawing:
    """Reduce darkness (H, W) and label map (H, W) of a drawing.

    centers: (N, 2) x, y in pixels, a place of every segment. A segment that would fall between
    the pixels that are left gets the one there.
    """
    height, width = labels.shape
    scale = min(1.0, _SIDE_PX / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small = cv2.resize(darkness, size[::-1], interpolation=cv2.INTER_AREA)
    seen = sampled(labels, size)
    kept = np.bincount(seen.ravel(), minlength=len(centers) + 1) > 0
    lost = np.flatnonzero(~kept[1 : len(centers) + 1])
    place = (centers[lost] * (size[1] / width, size[0] / height)).astype(np.int64)
    column, row = np.clip(place, 0, (size[1] - 1, size[0] - 1)).T
    seen[row, column] = lost + 1
    few = len(centers) < np.iinfo(np.uint16).max
    return SmallDrawing(np.asarray(small, np.uint8), seen.astype(np.uint16) if few else seen)


def sampled(labels: NDArray[np.int32], size: tuple[int, int]) -> NDArray[np.int32]:
    """Return the label in the middle of every pixel of a smaller picture, (h, w)."""
    y, x = (
        ((np.arange(n) + 0.5) * full / n).astype(np.int64)
        for n, full in zip(size, labels.shape, strict=True)
    )
    return np.asarray(labels[y[:, None], x], np.int32)


def flow_rank(offsets: Sequence[float]) -> list[int]:
    """Tell which references flow is asked about: 0 = not, 1 = the nearest in time, 2 = the next.

    `offsets` are target frame number minus reference frame number, 0 for model sheets, which do
    not move, and for drawings that cannot be compared. Two at the same distance count alike. The
    nearest is mostly a drawing coloured before, the next one that the artist painted, whose
    colours are sure.
    """
    distances = sorted({abs(offset) for offset in offsets if offset})[:2]
    return [distances.index(abs(o)) + 1 if abs(o) in distances else 0 for o in offsets]


def comparable(target: SmallDrawing | None, reference: SmallDrawing | None) -> bool:
    """Tell whether there are two pictures of one size, large enough for flow."""
    if target is None or reference is None:
        return False
    size = target.labels.shape
    return size == reference.labels.shape and min(size) >= _LEAST_PX


@dataclass(frozen=True)
class Landing:
    """Where the pixels of a drawing lie in another one.

    Attributes
    ----------
    x, y : (h, w) float32
        In pixels.
    returned : (h, w) bool
        Whether the way back from there leads to the pixel again.
    known : (h, w, 3) float32 or None
        Weights xx, xy and yy of an error of the place: 1 across the line that a pixel lies at,
        less along it. None: 1 in all directions.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    returned: NDArray[np.bool_]
    known: NDArray[np.float32] | None = None

    def look_up(self, labels: NDArray[np.uint16] | NDArray[np.int32]) -> NDArray[np.int64]:
        """Return the label at each place, (h, w); 0 outside the picture."""
        return _look_up(labels, self.x, self.y)


class Motion:
    """Computes evidence and keeps the last flow fields: large drawings are matched in pieces."""

    def __init__(self) -> None:
        # Never changed in place, so threads need no lock; pictures are held, so that `is` is safe.
        self._known: tuple[tuple[NDArray[np.uint8], NDArray[np.uint8], bool, _Field], ...] = ()
        self._made: tuple[tuple[NDArray[Any], Callable[..., Any], NDArray[Any]], ...] = ()
        self._checked: tuple[tuple[_Field, NDArray[np.bool_]], ...] = ()

    def evidence(
        self,
        target: SmallDrawing | None,
        references: Sequence[SmallDrawing | None],
        counts: tuple[int, Sequence[int]],
        offsets: Sequence[float],
    ) -> NDArray[np.float32]:
        """Say what flow tells of every target and every reference segment.

        Parameters
        ----------
        target, references : SmallDrawing or None
            None: no picture, flow says nothing.
        counts : (int, sequence of int)
            Segments of the target, N, and of each reference, M in all.
        offsets : sequence of float
            See `flow_rank`.

        Returns
        -------
        (N, M, 4) float32
            See `EVIDENCE`; references one after another.
        """
        rows, columns = counts
        found = np.zeros((rows, sum(columns), len(EVIDENCE)), np.float32)
        able = [
            offset if comparable(target, small) else 0.0
            for small, offset in zip(references, offsets, strict=True)
        ]
        starts = np.cumsum([0, *columns])
        for small, order, start, count in zip(
            references, flow_rank(able), starts, columns, strict=False
        ):
            if order and target is not None and small is not None:
                part = found[:, start : start + count]
                part[..., 0] = 1
                part[..., 1:] = self.compare(target, small, (rows, count), is_far=order > 1)
        return found

    def compare(
        self,
        target: SmallDrawing,
        reference: SmallDrawing,
        counts: tuple[int, int],
        *,
        is_far: bool = False,
    ) -> NDArray[np.float32]:
        """Return the columns "ahead", "back" and "returned" of two drawings, (N, M, 3) float32.

        counts: N, M. Pixels that lead onto a line lead to the segment next to it. Where the two
        are far from each other in time the flow is coarser.
        """
        ahead = self._flow(target.darkness, reference.darkness, is_far=is_far)
        back = self._flow(reference.darkness, target.darkness, is_far=is_far)
        returned = self._returning(ahead, back)
        theirs, ours = (self._once(drawing.labels, _expand) for drawing in (reference, target))
        there = _shares(target.labels, ahead, theirs, returned, counts)
        here = _shares(reference.labels, back, ours, returned, counts[::-1])
        return np.stack([there[..., 0], here[..., 0].T, there[..., 1]], axis=-1)

    def landing(
        self, target: SmallDrawing, reference: SmallDrawing, *, is_far: bool = False
    ) -> Landing:
        """Return where the target's pixels lie in the reference; see `compare`."""
        ahead = self._flow(target.darkness, reference.darkness, is_far=is_far)
        back = self._flow(reference.darkness, target.darkness, is_far=is_far)
        known = self._once(self._once(target.darkness, _with_slopes), _known)
        return Landing(*_moved(ahead), self._returning(ahead, back), known)

    def _once(
        self, array: NDArray[Any], make: Callable[[NDArray[Any]], NDArray[Any]]
    ) -> NDArray[Any]:
        """Return what is made of a drawing's array: it takes part in several comparisons."""
        found = next((m for m in self._made if m[0] is array and m[1] is make), None)
        item = found or (array, make, make(array))
        self._made = (*(m for m in self._made if m is not found), item)[-_KEPT:]
        return item[2]

    def _returning(self, ahead: _Field, back: _Field) -> NDArray[np.bool_]:
        """Tell which pixels come back to their place: a match and its surfaces ask the same."""
        for one, returned in self._checked:
            if one is ahead:  # of which there is one way back
                return returned
        found = _returned(ahead, back)
        self._checked = (*self._checked, (ahead, found))[-_KEPT:]
        return found

    def _flow(
        self, first: NDArray[np.uint8], second: NDArray[np.uint8], *, is_far: bool = False
    ) -> _Field:
        for one, other, far, field in self._known:
            if one is first and other is second and far == is_far:
                return field
        # Both ways, for both are asked.
        hills = self._once(first, _with_slopes), self._once(second, _with_slopes)
        ahead, back = (_dense_flow(*pair, *_SCALES[is_far]) for pair in (hills, hills[::-1]))
        pairs = (first, second, is_far, ahead), (second, first, is_far, back)
        self._known = (*self._known[2 - _KEPT :], *pairs)
        return ahead


def _dense_flow(
    first: NDArray[np.uint8], second: NDArray[np.uint8], finest: int, stride: int
) -> _Field:
    """Return the flow of dense inverse search between hills (Kroeger et al., ECCV 2016)."""
    solver = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    solver.setFinestScale(finest)
    solver.setPatchStride(stride)
    solver.setUseMeanNormalization(False)
    solver.setVariationalRefinementIterations(0)
    start = np.zeros((*first.shape, 2), np.float32)
    return np.asarray(solver.calc(first, second, start), np.float32)


def _with_slopes(darkness: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give the paper a slope: line brightness and distance from the line, half each.

    Between lines there is nothing for flow to hold on to. Shi et al., "Deep Line Art Video
    Colorization with a Few References", section 3.1, match on distance fields for that reason.
    """
    paper = (darkness < _DARK).astype(np.uint8)
    distance = cv2.distanceTransform(paper, cv2.DIST_L2, 5)
    distance = np.minimum(distance, 2 * _FAR_PX)  # without any line it is the largest number
    hills = np.minimum(distance * (255 / _FAR_PX), 255) - darkness + 255
    return np.asarray(hills / 2, np.uint8)


def _known(hills: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return in which directions hills tell a move, (h, w, 3); see `Landing.known`.

    The structure tensor over its larger eigenvalue: near 0 along a straight line, where a patch
    fits anywhere (the aperture problem), and 1 in every direction at corners and on flat ground.
    """
    x, y = (cv2.Sobel(hills, cv2.CV_32F, dx, 1 - dx) for dx in (1, 0))
    side = (_SLOPES_PX, _SLOPES_PX)
    xx, xy, yy = (cv2.boxFilter(product, -1, side) for product in (x * x, x * y, y * y))
    most = (xx + yy) / 2 + np.hypot((xx - yy) / 2, xy)
    share = np.float32(1 - _ALONG) / np.maximum(most, 1)
    flat = most < 1
    diagonal = (np.where(flat, 1, share * one + np.float32(_ALONG)) for one in (xx, yy))
    across, down = diagonal
    return np.stack([across, np.where(flat, 0, share * xy), down], -1).astype(np.float32)


def _moved(field: _Field) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return x and y, (h, w) each, of where a field leads from every pixel."""
    height, width = field.shape[:2]
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    return x + field[..., 0], y + field[..., 1]


def under_lines(drawing: SmallDrawing) -> NDArray[np.int32]:
    """Return the segments of a drawing, each reaching to the middle of its lines."""
    return _expand(drawing.labels)


def _expand(labels: NDArray[np.uint16] | NDArray[np.int32]) -> NDArray[np.int32]:
    return expand_labels(np.asarray(labels, np.int32))


def _look_up(
    labels: NDArray[np.uint16] | NDArray[np.int32],
    x: NDArray[np.float32],
    y: NDArray[np.float32],
) -> NDArray[np.int64]:
    """Return the label at every place; 0 outside the picture."""
    plane = np.asarray(labels, np.float32)  # exact up to 2^24
    return cv2.remap(plane, x, y, cv2.INTER_NEAREST, borderValue=0).astype(np.int64)


def _returned(ahead: _Field, back: _Field) -> NDArray[np.bool_]:
    """Tell which pixels come back to their place, (h, w)."""
    returned = np.empty(ahead.shape[:2], np.bool_)
    find_returning(ahead, back, np.float32(_RETURN_PX), returned)
    return returned


def _shares(
    labels: NDArray[np.uint16] | NDArray[np.int32],
    flow: _Field,
    reached: NDArray[np.int32],
    marked: NDArray[np.bool_],
    counts: tuple[int, int],
) -> NDArray[np.float32]:
    """Return the share of every segment that leads to every segment there, (N, M, 2) float32.

    First of all its pixels, then of those that are marked. counts: N, M.
    """
    found, sizes = np.zeros((*counts, 2), np.float32), np.zeros(counts[0], np.float32)
    count_landings(labels, flow, reached, marked, found, sizes)
    found /= np.maximum(sizes, 1)[:, None, None]
    return found
