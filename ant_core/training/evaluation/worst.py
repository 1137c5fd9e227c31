"""Which segments a model gets wrong: the surest wrong fills and the largest wrong segments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ant_core.training.data.true_shots import TrueFrame, TrueShot
from ant_core.training.evaluation.metrics import LEAST_AREA_PX
from ant_core.training.evaluation.protocols import ProtocolScore
from ant_core.training.evaluation.worst_tiles import Tiles, tiles

__all__ = ["Worst", "WrongSegment"]

_KEPT = 12  # of each list
_KEPT_OF_SHOT = 2  # of each list, while there are others: one hard shot must not fill it


@dataclass(frozen=True, kw_only=True)
class WrongSegment:
    """A segment of the wrong colour, where the mistake was made.

    Attributes
    ----------
    shot : str
    frame, segment : int
        The target's frame and the segment's id in it.
    area : int
        Pixels.
    predicted, truth : int
        Numbers of colours; -1 = left without colour, 0 = transparent.
    confidence : float
    source : (int, int) or None
        Frame and segment that the colour was copied from.
    color_of : callable
        From a number to (R, G, B), None for transparent and for no colour.
    """

    shot: str
    frame: int
    segment: int
    area: int
    predicted: int
    truth: int
    confidence: float
    source: tuple[int, int] | None
    color_of: Callable[[int], tuple[int, int, int] | None] = field(repr=False, compare=False)
    target_tiles: Tiles = field(repr=False, compare=False)
    source_tiles: Tiles | None = field(repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return all but the pictures."""
        return {
            "shot": self.shot,
            "frame": self.frame,
            "segment": self.segment,
            "area_px": self.area,
            "predicted": self.predicted,
            "truth": self.truth,
            "confidence": round(self.confidence, 4),
            "source": list(self.source) if self.source else None,
        }


@dataclass
class Worst:
    """The worst mistakes of one model so far, and how all its wrong segments came about.

    A wrong colour may only be handed on: the reference segment had it already, wrongly. Such
    segments are counted and not listed, nor are those of up to 10 px.
    """

    made: int = 0
    handed_on: int = 0
    unpainted: int = 0
    surest: list[WrongSegment] = field(default_factory=list)  # of fills
    largest: list[WrongSegment] = field(
        default_factory=list
    )  # of fills and of segments left unpainted

    def look(
        self,
        shot: TrueShot,
        references: Sequence[TrueFrame],
        targets: Sequence[TrueFrame],
        score: ProtocolScore,
    ) -> None:
        """Look through what was predicted for some targets of a shot, in `score`'s order."""
        known = {frame.number: frame for frame in (*references, *targets)}
        found: list[_Found] = []
        for index, frame in enumerate(targets):
            found += self._wrong(frame, known, score, index)
        found = [one for one in found if one.area > LEAST_AREA_PX]
        self.surest = _keep(
            self.surest,
            [f for f in found if f.source is not None],
            shot,
            lambda one: (-one.confidence, -one.area),
        )
        self.largest = _keep(self.largest, found, shot, lambda one: (-one.area, -one.confidence))

    def _wrong(
        self, frame: TrueFrame, known: dict[int, TrueFrame], score: ProtocolScore, index: int
    ) -> list[_Found]:
        predicted, sources = score.predicted[index], score.source[index]
        found = []
        for row in np.flatnonzero(predicted != frame.color):
            reference = None
            if predicted[row] < 0:
                self.unpainted += 1
            else:
                reference = known[int(sources[row, 0])]
                if reference.color[sources[row, 1] - 1] != predicted[row]:
                    self.handed_on += 1
                    continue
                self.made += 1
            source = None if reference is None else (reference, int(sources[row, 1]) - 1)
            sure = float(score.confidence[index][row])
            found.append(_Found(frame, int(row), int(predicted[row]), sure, source))
        return found


@dataclass(frozen=True)
class _Found:
    """A mistake that is not pictured yet."""

    target: TrueFrame
    row: int
    predicted: int
    confidence: float
    source: tuple[TrueFrame, int] | None  # frame and row

    @property
    def area(self) -> int:
        return int(self.target.area[self.row])

    def picture(self, shot: TrueShot) -> WrongSegment:
        source = self.source
        return WrongSegment(
            shot=shot.name,
            frame=self.target.number,
            segment=self.row + 1,
            area=self.area,
            predicted=self.predicted,
            truth=int(self.target.color[self.row]),
            confidence=self.confidence,
            source=None if source is None else (source[0].number, source[1] + 1),
            color_of=shot.color_of,
            target_tiles=tiles(self.target, self.row),
            source_tiles=None if source is None else tiles(*source),
        )


def _keep(
    kept: Sequence[WrongSegment],
    found: Sequence[_Found],
    shot: TrueShot,
    key: Callable[[WrongSegment | _Found], Any],
) -> list[WrongSegment]:
    """Return the first of both by `key`; beyond some of a shot, others go first."""
    both: list[WrongSegment | _Found] = sorted([*kept, *found], key=key)
    first: list[WrongSegment | _Found] = []
    later: list[WrongSegment | _Found] = []
    of_shot: dict[str, int] = {}
    for one in both:
        name = one.shot if isinstance(one, WrongSegment) else shot.name
        of_shot[name] = of_shot.get(name, 0) + 1
        (first if of_shot[name] <= _KEPT_OF_SHOT else later).append(one)
    result = sorted((first + later)[:_KEPT], key=key)
    # Pictures are made of what is kept alone: drawings need not stay in memory.
    return [one if isinstance(one, WrongSegment) else one.picture(shot) for one in result]
