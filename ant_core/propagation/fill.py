"""From a drawing and its sources to fills: match, vote, hints, rules and locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import NO_COLOR, Palette
from ant_core.matching.fills import Fills
from ant_core.matching.flow import comparable, flow_rank
from ant_core.matching.matcher import DrawingFeatures, Match
from ant_core.matching.sources import SheetId, source_code
from ant_core.matching.tiles import cut, split
from ant_core.matching.voting import FREE, Ballot, apply_given, shares, vote
from ant_core.propagation.division import Division
from ant_core.propagation.drawings import Drawings, Settings
from ant_core.propagation.never import NeverRules
from ant_core.propagation.plan import Source, Step
from ant_core.propagation.prepared import Analysis, MatcherLike
from ant_core.propagation.references import GivenColors
from ant_core.propagation.result import Solved
from ant_core.propagation.surfaces import Neighbour
from ant_core.propagation.timing import Timings
from segmentation import label_pieces, merge_pieces, settle_doubts

__all__ = ["LEAST_SOURCES", "Filler", "Poll", "Sources"]

Sources = Sequence[tuple[Source, Solved]]

LEAST_SOURCES = 2  # are matched with every target, in tiles where need be


@dataclass(frozen=True)
class Poll:
    """The match of some target segments, rows (n,), and the ballots of what they saw."""

    rows: NDArray[np.int64]
    match: Match
    ballots: list[Ballot]


class Filler:
    """Colours the segments of one drawing after the other."""

    def __init__(
        self,
        drawings: Drawings,
        matcher: MatcherLike,
        palette: Palette,
        settings: Settings,
        given: GivenColors,
        never: NeverRules,
        timings: Timings,
    ) -> None:
        self._drawings = drawings
        self._matcher = matcher
        self._palette = palette
        self._settings = settings
        self._timings = timings
        self._given = given
        self._never = never
        # The drawings that the last target was matched with, none where it was not matched.
        self.seen: tuple[Neighbour, ...] = ()

    def fill(self, step: Step, analysis: Analysis, sources: Sources) -> tuple[Fills, Division]:
        """Match, vote, and let hints, rules and locks have the last word.

        Returns
        -------
        Fills, Division
            The fills of the segments, and which pieces they consist of: those of one colour that
            no line, closed gap or other colour divides.
        """
        self.seen = ()
        left_alone = self._never.left_alone(step.frame)
        if left_alone:
            fills = self._never.bare(step.frame, analysis)
        else:
            fills = self._voted(step, analysis, sources)
        segmentation = merge_pieces(analysis.pieces, fills.color)
        hinted, never = {}, {}
        if not left_alone:
            hinted = self._given.hinted(step.frames, analysis, segmentation, fills.color)
            never = self._never.own(step.frames, analysis, segmentation)
        locked = self._given.locked(step.frames, analysis)
        if hinted or never or locked:
            fills = apply_given(fills, step.frame, hinted, never, locked)
            segmentation = merge_pieces(analysis.pieces, fills.color)
            own = np.array(sorted({*hinted, *never, *locked}), np.int64) - 1
            source = fills.source_segment.copy()
            source[own] = segmentation.of_piece[own]
            fills = replace(fills, source_segment=source)
        fills = self._never.settle(fills.merged(segmentation.of_piece, analysis.pieces.area))
        # Below this the network's own arithmetic differs from machine to machine.
        fills = replace(fills, confidence=fills.confidence.round(4))
        return fills, Division.make(analysis, segmentation)

    def _voted(self, step: Step, analysis: Analysis, sources: Sources) -> Fills:
        """Return the fills of a drawing's pieces as the votes have them."""
        target = self._drawings.features(step.frame, analysis.line_hash)
        self._drawings.check()
        ballots, features = self.ballots(step, sources, target)
        polls = self.polls(np.arange(target.count), target, features, ballots)
        fills = self.elect(polls, target.count)
        fills = fills.taken(analysis.segmentation.of_piece.astype(np.int64) - 1)
        return self._split(step.frame, analysis, (features, ballots), polls, fills)

    def ballots(
        self, step: Step, sources: Sources, target: DrawingFeatures
    ) -> tuple[list[Ballot], list[DrawingFeatures]]:
        """Collect the sources, the nearest first and sheets last, as far as memory allows."""
        ballots: list[Ballot] = []
        features: list[DrawingFeatures] = []
        taken: list[Solved] = []
        columns, limits = 0, self._settings
        for source, solved in sorted(sources, key=_nearness):
            self._drawings.check()
            encoded = self._drawings.features(
                solved.frame, solved.line_hash, solved.result.division
            )
            columns += encoded.count
            if len(ballots) >= LEAST_SOURCES and not limits.fits(columns, target.count):
                break
            if encoded.count == 0:
                continue
            color, weight = self._never.seen(source, solved, step.frames, self._similarity)
            ballots.append(Ballot(source_code(solved.frame), source.offset, color, weight))
            features.append(encoded)
            taken.append(solved)
        self.seen = _neighbours(target, features, ballots, taken)
        return ballots, features

    def _similarity(self, frame: int, line_hash: str, solved: Solved) -> NDArray[np.float32]:
        """Return (N, M): the match of a frame's segments with those of one source alone."""
        target = self._drawings.features(frame, line_hash)
        encoded = self._drawings.features(solved.frame, solved.line_hash, solved.result.division)
        offset = 0 if isinstance(solved.frame, SheetId) else frame - solved.frame
        fills = solved.result.fills
        ballot = Ballot(source_code(solved.frame), offset, fills.color, fills.confidence)
        found = np.zeros((target.count, encoded.count), np.float32)
        for poll in self.polls(np.arange(target.count), target, [encoded], [ballot]):
            least = self._matcher.no_counterpart_threshold
            known = (poll.match.has_counterpart >= least)[:, None]
            found[poll.rows[:, None], poll.match.segment - 1] = poll.match.probability * known
        return found

    def polls(
        self,
        rows: NDArray[np.int64],
        target: DrawingFeatures,
        features: list[DrawingFeatures],
        ballots: list[Ballot],
        only: int | None = None,
    ) -> list[Poll]:
        """Match some segments of a target, in tiles where there are thousands.

        With `only`, a row of the target, just the tile that holds it is matched.
        """
        if not features or len(rows) == 0:
            return []
        boxes = [encoded.box for encoded in features]
        limits = self._settings.max_pairs, self._settings.max_columns
        polls = []
        for tile in split(target.box[rows], boxes, *limits):
            self._drawings.check()
            chosen = rows[tile.target]
            if only is not None and only not in chosen:
                continue
            parts = tile.references
            with self._timings.measure("match"):
                match = self._matcher.match(
                    [cut(encoded, part) for encoded, part in zip(features, parts, strict=True)],
                    cut(target, chosen),
                    [ballot.offset for ballot in ballots],
                )
            seen = [
                replace(ballot, color=ballot.color[part], weight=ballot.weight[part])
                for ballot, part in zip(ballots, parts, strict=True)
            ]
            # Segment ids are those of the whole references.
            segment = np.concatenate(parts).astype(np.int32) + 1
            polls.append(Poll(chosen, replace(match, segment=segment), seen))
        return polls

    def elect(
        self, polls: list[Poll], count: int, chosen: NDArray[np.int64] | None = None
    ) -> Fills:
        """Count the votes, in the order of the rows polled.

        `chosen` as in `vote`, a row for each of `count` segments.
        """
        if not polls:
            return Fills.unknown(count)
        with self._timings.measure("vote"):
            parts = [
                vote(
                    poll.match,
                    poll.ballots,
                    self._palette.order(),
                    self._matcher.confidence,
                    self._matcher.no_counterpart_threshold,
                    self._settings.disagreement_share,
                    None if chosen is None else chosen[poll.rows],
                )
                for poll in polls
            ]
        rows = np.concatenate([poll.rows for poll in polls])
        return Fills.concatenate(parts).taken(np.argsort(rows))

    def _shares(self, polls: list[Poll], count: int) -> NDArray[np.float64]:
        """Return what speaks for each palette colour, (count, C), `NO_COLOR` last."""
        found = np.zeros((count, len(self._palette) + 1))
        threshold = self._matcher.no_counterpart_threshold
        for poll in polls:
            order = self._palette.order()
            classes, share = shares(poll.match, poll.ballots, order, threshold)
            found[poll.rows[:, None], classes] = share
        return found

    def _split(
        self,
        frame: int,
        analysis: Analysis,
        seen: tuple[list[DrawingFeatures], list[Ballot]],
        polls: list[Poll],
        fills: Fills,
    ) -> Fills:
        """Divide the segments whose pieces match different colours.

        Such a segment may be two, joined through a gap that is too wide to be closed by its shape
        alone. Its pieces are matched by themselves; a piece is spoken for by its own match and by
        that of its segment, the more, the larger a part of the segment it is. Then votes are
        weighed against the width of the passes between the pieces. Pieces that are apart in doubt
        only are matched as one: shown the fragments, the network takes them for something else.

        Parameters
        ----------
        polls : list of Poll
            Of the segments.
        fills : Fills
            Of the pieces, as their segments have them.
        """
        pieces, part_of = settle_doubts(analysis.pieces)
        of_piece = np.zeros(pieces.count, np.int64)
        of_piece[part_of - 1] = analysis.segmentation.of_piece - 1
        rows = np.flatnonzero(np.bincount(of_piece)[of_piece] > 1)
        if len(rows) == 0 or not polls:
            return fills
        target = self._drawings.encode_labels(frame, part_of)
        own = self.polls(rows, target, *seen)
        votes = self._shares(own, pieces.count)
        whole = self._shares(polls, int(of_piece.max()) + 1)[of_piece]
        part = pieces.area / np.maximum(np.bincount(of_piece, pieces.area), 1)[of_piece]
        votes[rows] += part[rows, None] * (whole - votes)[rows]
        used = np.flatnonzero(votes.any(axis=0))
        label = label_pieces(pieces, votes[:, used])
        # A segment is divided where two of its pieces get different colours.
        low = np.full(int(of_piece.max()) + 1, len(used))
        high = np.full(int(of_piece.max()) + 1, -1)
        known = rows[label[rows] >= 0]
        np.minimum.at(low, of_piece[known], label[known])
        np.maximum.at(high, of_piece[known], label[known])
        divided = rows[(high > low)[of_piece[rows]]]
        if len(divided) == 0:
            return fills
        color = np.where(used == votes.shape[1] - 1, NO_COLOR, used)
        chosen = np.where(label >= 0, color[label], FREE)
        elected = self.elect(own, len(rows), chosen)
        mine = np.flatnonzero(np.isin(part_of - 1, divided))
        return fills.replaced(mine, elected.taken(np.searchsorted(rows, part_of[mine] - 1)))


def _neighbours(
    target: DrawingFeatures,
    features: Sequence[DrawingFeatures],
    ballots: Sequence[Ballot],
    solved: Sequence[Solved],
) -> tuple[Neighbour, ...]:
    """Return what a target is matched with, and of which drawings the match asks for flow."""
    able = [
        ballot.offset if comparable(target.small, encoded.small) else 0
        for ballot, encoded in zip(ballots, features, strict=True)
    ]
    return tuple(
        Neighbour(own.frame, encoded, own.result.fills.color, order, dict(own.result.surfaces))
        for own, encoded, order in zip(solved, features, flow_rank(able), strict=True)
    )


def _nearness(pair: tuple[Source, Solved]) -> tuple[bool, int]:
    source = pair[0]
    return source.kind == "sheet", abs(source.offset)
