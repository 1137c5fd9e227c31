"""From a drawing and its sources to fills: match, vote, hints and locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ant_core.matching.fills import Fills
from ant_core.matching.matcher import DrawingFeatures, Match
from ant_core.matching.sources import SourceId, source_code
from ant_core.matching.tiles import Tile, cut, split
from ant_core.matching.voting import Ballot, apply_given, vote
from ant_core.propagation.drawings import Workbench
from ant_core.propagation.plan import Source, Step
from ant_core.propagation.prepared import Analysis
from ant_core.propagation.references import GivenColors
from ant_core.propagation.result import FrameResult

__all__ = ["Filler", "Solved", "Sources"]

_LEAST_SOURCES = 2  # are seen by every target, in tiles if need be


@dataclass(frozen=True)
class Solved:
    """A drawing whose fills are known; `record` is the name of its record."""

    frame: SourceId
    line_hash: str
    digest: str
    record: str
    result: FrameResult

    @property
    def has_failed(self) -> bool:
        return self.result.role == "failed"


Sources = Sequence[tuple[Source, Solved]]


class Filler:
    """Colours the segments of one drawing after the other.

    Parameters
    ----------
    bench : Workbench
    given : GivenColors
    """

    def __init__(self, bench: Workbench, given: GivenColors) -> None:
        self._bench = bench
        self._given = given

    def fill(self, step: Step, analysis: Analysis, sources: Sources) -> Fills:
        """Match, vote, and let hints and locks have the last word."""
        target = self._bench.features(step.frame, analysis.line_hash)
        self._bench.check()
        ballots, features = self._ballots(sources, target.count)
        fills = apply_given(
            self._vote(features, target, ballots),
            step.frame,
            self._given.hinted(step.frames, analysis),
            self._given.locked(step.frames, analysis),
        )
        # Below this the network's own arithmetic differs from machine to machine.
        return replace(fills, confidence=fills.confidence.round(4))

    def _ballots(self, sources: Sources, count: int) -> tuple[list[Ballot], list[DrawingFeatures]]:
        """Collect the sources, the nearest first and sheets last, as far as memory allows."""
        ballots: list[Ballot] = []
        features: list[DrawingFeatures] = []
        columns, limits = 0, self._bench.settings
        for source, solved in sorted(sources, key=_nearness):
            self._bench.check()
            encoded = self._bench.features(solved.frame, solved.line_hash)
            columns += encoded.count
            too_many = columns > limits.max_columns or columns * count > limits.max_pairs
            if len(ballots) >= _LEAST_SOURCES and too_many:
                break
            if encoded.count == 0:
                continue
            fills = solved.result.fills
            weight = np.ones(fills.count, np.float32)
            if source.kind == "predicted":
                weight = fills.confidence
            ballots.append(Ballot(source_code(solved.frame), source.offset, fills.color, weight))
            features.append(encoded)
        return ballots, features

    def _vote(
        self, features: list[DrawingFeatures], target: DrawingFeatures, ballots: list[Ballot]
    ) -> Fills:
        """Match and vote, piece by piece where there are thousands of segments."""
        if not features or target.count == 0:
            return Fills.unknown(target.count)
        rows, parts = [], []
        boxes = [encoded.box for encoded in features]
        limits = self._bench.settings.max_pairs, self._bench.settings.max_columns
        for tile in split(target.box, boxes, *limits):
            self._bench.check()
            with self._bench.timings.measure("match"):
                match = self._match(tile, features, target, ballots)
            with self._bench.timings.measure("vote"):
                seen = [
                    replace(ballot, color=ballot.color[part], weight=ballot.weight[part])
                    for ballot, part in zip(ballots, tile.references, strict=True)
                ]
                rows.append(tile.target)
                parts.append(
                    vote(
                        match,
                        seen,
                        self._bench.palette.order(),
                        self._bench.matcher.confidence,
                        self._bench.matcher.no_counterpart_threshold,
                        self._bench.settings.disagreement_share,
                    )
                )
        return Fills.concatenate(parts).taken(np.argsort(np.concatenate(rows)))

    def _match(
        self,
        tile: Tile,
        features: list[DrawingFeatures],
        target: DrawingFeatures,
        ballots: list[Ballot],
    ) -> Match:
        """Match one tile; segment ids are those of the whole references."""
        match = self._bench.matcher.match(
            [cut(encoded, part) for encoded, part in zip(features, tile.references, strict=True)],
            cut(target, tile.target),
            [ballot.offset for ballot in ballots],
        )
        return replace(match, segment=np.concatenate(tile.references).astype(np.int32) + 1)


def _nearness(pair: tuple[Source, Solved]) -> tuple[bool, int]:
    source = pair[0]
    return source.kind == "sheet", abs(source.offset)
