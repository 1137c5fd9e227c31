"""Where painted pixels come from: for every segment of a drawing a painted frame and a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.matching.fills import FLAG_HINT, LOCKED, NEVER, Fills
from ant_core.matching.flow import sampled, under_lines
from ant_core.matching.matcher import DrawingFeatures
from ant_core.matching.sources import SheetId, source_code
from ant_core.matching.surface_maps import (
    ANY,
    IDENTITY,
    Fit,
    by_place,
    compose,
    fit,
    measure_places,
    to_full_size,
)
from ant_core.propagation.division import Division
from ant_core.propagation.prepared import MatcherLike

__all__ = ["DOUBTFUL_SHARE", "HOW", "Neighbour", "Surfaces", "Tracker"]

HOW = ("none", "direct", "composed", "placed")
NONE, DIRECT, COMPOSED, PLACED = range(len(HOW))
_DIRECT_SHARE = 0.6  # a map straight to the painted frame counts from here on
_LEAST_SHARE = 0.2  # below this the flow says less than places and areas do
DOUBTFUL_SHARE = 0.2  # as far as flow is asked at all; chosen on validation clips


@dataclass(frozen=True)
class Surfaces:
    """Of N segments and one painted layer; row i is segment i + 1.

    Attributes
    ----------
    frame : (N,) int32
        The painted frame, or the `source_code` of a model sheet, whose paint stays there.
    segment : (N,) int32
        Its segment; 0 where there is none.
    map : (N, 6) float64
        Pixel x, y comes from pixel xx x + xy y + x0, yx x + yy y + y0 of the painted frame, in
        this order.
    share : (N,) float32
        Share of the segment's flow that returns, in [0, 1]; of composed maps the product.
    how : (N,) uint8
        Index into `HOW`: from the flow to the painted frame, from that to a neighbour whose own
        map goes on, or from places and areas alone.
    used : (N,) bool
        Whether pixels were taken through it.
    doubtful : (N,) bool
        Whether what is painted there needs a look.
    """

    frame: NDArray[np.int32]
    segment: NDArray[np.int32]
    map: NDArray[np.float64]
    share: NDArray[np.float32]
    how: NDArray[np.uint8]
    used: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """The number of segments."""
        return len(self.frame)

    @classmethod
    def none(cls, count: int) -> Surfaces:
        """Return those of segments that come from nowhere."""
        return cls(
            np.zeros(count, np.int32),
            np.zeros(count, np.int32),
            np.tile(IDENTITY, (count, 1)),
            np.zeros(count, np.float32),
            np.zeros(count, np.uint8),
            *np.zeros((2, count), np.bool_),
        )

    @classmethod
    def own(cls, frame: int, count: int) -> Surfaces:
        """Return those of a painted frame: every segment is its own source."""
        return cls(
            np.full(count, frame, np.int32),
            np.arange(1, count + 1, dtype=np.int32),
            np.tile(IDENTITY, (count, 1)),
            np.ones(count, np.float32),
            np.full(count, DIRECT, np.uint8),
            *np.zeros((2, count), np.bool_),
        )

    @classmethod
    def of_sheet(cls, code: int, flat: NDArray[np.bool_]) -> Surfaces:
        """Return those of a model sheet: paint on the segments that are not flat, (N,)."""
        segment = np.where(flat, 0, np.arange(1, len(flat) + 1)).astype(np.int32)
        frame = np.full(len(flat), code, np.int32)
        return replace(cls.none(len(flat)), frame=frame, segment=segment)

    def to_json(self, row: int) -> dict[str, Any]:
        """Return one as the report has it."""
        return {
            "frame": int(self.frame[row]),
            "segment": int(self.segment[row]),
            "map": [round(value, 4) for value in self.map[row].tolist()],
            "share": round(float(self.share[row]), 4),
            "by": HOW[self.how[row]],
        }

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def tobytes(self) -> bytes:
        """Return all values in one, for hashing."""
        return b"".join(
            np.ascontiguousarray(column).tobytes() for column in self.columns().values()
        )


@dataclass(frozen=True)
class Neighbour:
    """A drawing that a target was matched with.

    Attributes
    ----------
    frame : int or SheetId
    encoded : DrawingFeatures
    color : (M,) int32
        Palette index of its segments.
    order : int
        See `ant_core.matching.flow.asked`; 0 where flow says nothing.
    surfaces : dict of str to Surfaces
        Its own, by layer.
    """

    frame: int | SheetId
    encoded: DrawingFeatures
    color: NDArray[np.int32]
    order: int
    surfaces: dict[str, Surfaces]


class Tracker:
    """Finds the surfaces of one drawing, for any number of layers.

    Parameters
    ----------
    matcher : MatcherLike
        Knows the flow from its last match.
    encoded : DrawingFeatures
        Of the target as it was matched.
    pieces : (H, W) int32
        Pieces of the target, 0 = line; not modified.
    division : Division
        Its segments as they are coloured.
    fills : Fills
        Of those segments.
    neighbours : sequence of Neighbour
        The nearest first.
    """

    def __init__(
        self,
        matcher: MatcherLike,
        encoded: DrawingFeatures,
        pieces: NDArray[np.int32],
        division: Division,
        fills: Fills,
        neighbours: Sequence[Neighbour],
    ) -> None:
        self._fills = fills
        self._size = pieces.shape
        self._neighbours = [near for near in neighbours if near.encoded.small is not None]
        self._sheets = [near for near in neighbours if isinstance(near.frame, SheetId)]
        self._small = None
        self._fits: list[tuple[Neighbour, Fit]] = []
        if encoded.small is None:
            return
        self._small = _small_segments(pieces, division, encoded.small.labels.shape)
        own = np.where(fills.state == NEVER, -1, fills.color).astype(np.int64)
        # A colour given by hand is perhaps nowhere else: it does not say which segment this was.
        given = ((fills.flags & FLAG_HINT) > 0) | (fills.state == LOCKED)
        own[given] = ANY
        for near in self._neighbours:
            if not near.order or near.encoded.small is None:
                continue
            landing = matcher.landing(encoded.small, near.encoded.small, is_far=near.order > 1)
            found = fit(
                self._small,
                landing,
                under_lines(near.encoded.small),
                (own, near.color.astype(np.int64)),
            )
            self._fits.append((near, found))

    def find(self, layer: str, painted: frozenset[int]) -> Surfaces:
        """Return the surfaces of a layer that is painted on some frames."""
        best = Surfaces.none(self._fills.count)
        value = np.zeros(best.count)
        for near, found in self._fits:
            there = near.surfaces.get(layer)
            if there is None:
                continue
            rows = np.flatnonzero(found.segment > 0)
            rows = rows[there.segment[found.segment[rows] - 1] > 0]
            at = found.segment[rows].astype(np.int64) - 1
            share = found.share[rows] * there.share[at]
            straight = near.frame in painted
            worth = share + (straight & (share >= _DIRECT_SHARE))
            # Of two painted frames that both will do, the nearer one.
            better = (worth > value[rows]) & (value[rows] < 1)
            rows, at, share = rows[better], at[better], share[better]
            value[rows] = worth[better]
            self._take(
                best, rows, there, at, found.map[rows], share, DIRECT if straight else COMPOSED
            )
        self._place(best, layer, self._follow(best, layer, painted))
        self._note_sheets(best, layer)
        return best

    def _follow(self, best: Surfaces, layer: str, painted: frozenset[int]) -> NDArray[np.bool_]:
        """Bring segments on from a neighbour whose own map is doubtful, where flow leads to it.

        What was placed by place and extent once is not placed anew on every drawing. Returns
        which segments flow still says little of, (N,).
        """
        weak = best.share < _LEAST_SHARE
        most = np.zeros(best.count, np.float32)
        for near, found in self._fits:
            there = near.surfaces.get(layer)
            if there is None or near.frame in painted:
                continue
            led = (found.segment > 0) & (found.share >= _LEAST_SHARE) & (found.share > most)
            rows = np.flatnonzero(weak & led)
            rows = rows[there.segment[found.segment[rows] - 1] > 0]
            at = found.segment[rows].astype(np.int64) - 1
            most[rows] = found.share[rows]
            share = found.share[rows] * there.share[at]
            self._take(best, rows, there, at, found.map[rows], share, COMPOSED)
        return weak & (most == 0)

    def _take(
        self,
        best: Surfaces,
        rows: NDArray[np.int64],
        there: Surfaces,
        at: NDArray[np.int64],
        maps: NDArray[np.float64],
        share: NDArray[np.float32],
        how: int,
    ) -> None:
        """Write the surfaces of some rows, whose maps (n, 6) lead to rows `at` of a neighbour."""
        assert self._small is not None
        full = to_full_size(maps, self._small.shape, self._size)
        best.frame[rows] = there.frame[at]
        best.segment[rows] = there.segment[at]
        best.map[rows] = compose(full, there.map[at])
        best.share[rows] = share
        best.how[rows] = how

    def _place(self, best: Surfaces, layer: str, weak: NDArray[np.bool_]) -> None:
        """Bring segments that flow says little of to where their colour comes from."""
        if self._small is None:
            return
        lost = np.flatnonzero(weak & (self._fills.source_segment > 0))
        own = None
        for near in self._neighbours:
            there = near.surfaces.get(layer)
            if there is None or near.encoded.small is None:
                continue
            rows = lost[self._fills.source_frame[lost] == source_code(near.frame)]
            at = self._fills.source_segment[rows].astype(np.int64) - 1
            known = at < there.count
            rows, at = rows[known], at[known]
            known = there.segment[at] > 0
            rows, at = rows[known], at[known]
            if len(rows) == 0 or near.encoded.small.labels.shape != self._small.shape:
                continue
            own = measure_places(self._small, best.count) if own is None else own
            other = measure_places(np.asarray(near.encoded.small.labels, np.int32), there.count)
            maps = by_place(own[rows], other[at])
            self._take(best, rows, there, at, maps, np.zeros(len(rows), np.float32), PLACED)

    def _note_sheets(self, best: Surfaces, layer: str) -> None:
        """Say of segments that have nothing else which painted segment of a sheet they lack."""
        for near in self._sheets:
            there = near.surfaces.get(layer)
            if there is None:
                continue
            taught = self._fills.source_frame == source_code(near.frame)
            taught &= (self._fills.source_segment > 0) & (best.segment == 0)
            rows = np.flatnonzero(taught)
            at = self._fills.source_segment[rows].astype(np.int64) - 1
            best.frame[rows], best.segment[rows] = there.frame[at], there.segment[at]


def _small_segments(
    pieces: NDArray[np.int32], division: Division, size: tuple[int, int]
) -> NDArray[np.int32]:
    """Return the segments of a drawing at another size; each has a pixel at least, if it can."""
    small = np.append(np.int32(0), division.of_piece)[sampled(pieces, size)]
    count = len(division.area)
    lost = np.flatnonzero(np.bincount(small.ravel(), minlength=count + 1)[1 : count + 1] == 0)
    scale = np.array([size[1] / pieces.shape[1], size[0] / pieces.shape[0]])
    column, row = np.minimum(division.point[lost] * scale, (size[1] - 1, size[0] - 1)).T
    small[row.astype(np.int64), column.astype(np.int64)] = lost + 1
    return small
