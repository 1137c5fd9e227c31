"""Why a segment of a shot has its colour: the match that a run made of it, made once more.

A run keeps what came of a match, not the match. It follows from what is kept, though: the drawing,
those that it was coloured from and their colours, hints and rules. So it is repeated for one
drawing, with what the network attends to on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import NO_COLOR, UNPAINTED
from ant_core.errors import InputError, UsageError
from ant_core.matching.attention import LayerAttention
from ant_core.matching.fills import FLAG_HINT, LOCKED, NEVER, Fills
from ant_core.matching.matcher import DrawingFeatures, Match
from ant_core.matching.sources import SheetId, SourceId, source_code, source_of_code
from ant_core.propagation.division import Division
from ant_core.propagation.drawings import Settings
from ant_core.propagation.fill import Poll, Sources
from ant_core.propagation.output import Output
from ant_core.propagation.plan import Source, Step
from ant_core.propagation.prepared import Analysis, MatcherLike
from ant_core.propagation.progress import solved_by
from ant_core.propagation.record import record_name
from ant_core.propagation.result import FrameResult, Role, Solved, SourceUsed
from ant_core.propagation.run import Propagation
from ant_core.shot.hints import HintSet
from ant_core.shot.shot import Shot
from segmentation import settle_doubts

__all__ = [
    "BEST",
    "AttendedLayer",
    "Explainer",
    "RepeatedMatch",
    "WeighedSegment",
    "changed_since",
]

_TINY = 1e-12  # below what similarity can be
BEST = 5  # segments that are named, of matches and of each layer


@dataclass(frozen=True)
class WeighedSegment:
    """One segment of a drawing, and its weight.

    Attributes
    ----------
    source : int or SheetId
        The frame or model sheet.
    segment : int
        Its id there, from 1.
    share : float
        Of matches the part of all that counted in the vote, similarity times how sure the colour
        there is; of a layer the part of its attention. In [0, 1].
    color : int
        Palette index that it votes for; `NO_COLOR` in layers.
    """

    source: SourceId
    segment: int
    share: float
    color: int


@dataclass(frozen=True)
class AttendedLayer:
    """What a layer attends to most: `number` from 1; `is_cross` as in `LayerAttention`."""

    number: int
    is_cross: bool
    most: tuple[WeighedSegment, ...]


@dataclass(frozen=True, kw_only=True)
class RepeatedMatch:
    """Why a segment has its colour.

    Attributes
    ----------
    frame : int
        The frame under which its drawing was coloured.
    segment : int
    best : tuple of WeighedSegment
        Up to `BEST`: the one that the colour was taken from first, if there is one, then those of
        the largest shares.
    is_taken : bool
        Whether the colour was taken from the first; not where the segment has no counterpart.
    rest : float
        Share of all other segments: with those of `best` it sums to 1.
    has_counterpart : float
        Chance in [0, 1] that the segment is in any of the sources at all.
    layers : tuple of AttendedLayer
        In the order of computing; empty where the network shows none.
    divisions : dict of int or SheetId to Division
        Of the drawing and of those that it was coloured from.
    """

    frame: int
    segment: int
    best: tuple[WeighedSegment, ...]
    is_taken: bool
    rest: float
    has_counterpart: float
    layers: tuple[AttendedLayer, ...]
    divisions: dict[SourceId, Division] = field(default_factory=dict)


class _Attentive:
    """A matcher that keeps what the last match attended to."""

    def __init__(self, matcher: MatcherLike) -> None:
        self._matcher = matcher
        self.attention: list[LayerAttention] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._matcher, name)

    def match(
        self, references: list[DrawingFeatures], target: DrawingFeatures, offsets: list[int]
    ) -> Match:
        """Match, attentively where the network shows it."""
        self.attention = []
        try:
            match, self.attention = self._matcher.explain(references, target, offsets)
        except InputError:  # other networks match as well
            match = self._matcher.match(references, target, offsets)
        return match


class Explainer(Propagation):
    """A run over a shot that was run before, which colours nothing and changes nothing.

    Parameters are those of `Propagation`, as they were in that run.
    """

    def __init__(
        self,
        shot: Shot,
        output: Output,
        matcher: MatcherLike,
        settings: Settings,
        hints: HintSet,
        **more: Any,
    ) -> None:
        self._attentive = _Attentive(matcher)
        super().__init__(shot, output, self._attentive, settings, hints, **more)

    def explain(self, result: FrameResult, segment: int) -> RepeatedMatch:
        """Explain a segment of a frame.

        Parameters
        ----------
        result : FrameResult
            Of the frame, as the run gave it.
        segment : int
            From 1 to the number of its fills.

        Raises
        ------
        InputError
            When its colour was given and not found, or what it was found in has changed since.
        Cancelled
        """
        _check_found(result, segment)
        try:
            with self._drawings.pipeline:
                self._never.check_places()
                frame = result.drawing_frame
                step = next((step for step in self._plan.steps if step.frame == frame), None)
                if step is None:
                    raise changed_since(result.frame)
                sources = self._kept(result, step)
                return self._explain(result, segment, step, sources)
        finally:
            self._results.close()
            self._sheets.close()

    # ---- what the run was made from

    def _kept(self, result: FrameResult, step: Step) -> Sources:
        """Return the sources that a drawing was coloured from, as they were then."""
        planned = {source.frame: source for source in step.sources}
        pairs: list[tuple[Source, Solved]] = []
        for used in result.sources:
            solved = self._load(used)
            if solved is None or used.frame not in planned:
                raise changed_since(result.frame)
            pairs.append((planned[used.frame], solved))
        return pairs

    def _load(self, used: SourceUsed) -> Solved | None:
        state, code = self._output.state, source_code(used.frame)
        name = state.record_of(code) or ""
        record = state.load(name, self.palette) if name else None
        if record is None or record.digest != used.digest:
            return None
        if isinstance(used.frame, SheetId):
            line_hash = "sheet " + record_name(*record.keys.values())
            solved = solved_by(code, line_hash, name, record, "reference", "")
            return replace(solved, frame=used.frame)
        role: Role = "predicted" if used.kind == "predicted" else "reference"
        return solved_by(used.frame, record.keys["line"], name, record, role, "")

    # ---- the match

    def _explain(
        self, result: FrameResult, segment: int, step: Step, sources: Sources
    ) -> RepeatedMatch:
        analysis = self._drawings.pipeline.get(step.frame)
        self._drawings.check()
        target = self._drawings.features(step.frame, analysis.line_hash)
        ballots, features = self._filler.ballots(step, sources, target)
        if not ballots:
            raise InputError(
                f"nothing was matched with frame {result.frame}: no drawing that it could be "
                "coloured from has a segment; paint a frame that shows some"
            )
        piece = _largest_piece(result, segment, analysis)
        part_of = analysis.segmentation.of_piece
        row = int(part_of[piece - 1]) - 1
        (poll,) = self._filler.polls(np.arange(target.count), target, features, ballots, row)
        place = int(np.searchsorted(poll.rows, row))
        if _source(self._filler.elect([poll], 0), place) != _source(result.fills, segment - 1):
            # Perhaps colours divided its segment: then the match of the part decided.
            _, parts = settle_doubts(analysis.pieces)
            part = int(parts[piece - 1]) - 1
            rows = _of_divided(parts, analysis)
            if part in rows:
                part_of = parts
                target = self._drawings.encode_labels(step.frame, parts)
                (poll,) = self._filler.polls(rows, target, features, ballots, part)
                place = int(np.searchsorted(poll.rows, part))
        first = np.unique(part_of, return_index=True)[1]
        own = result.division.of_piece[first][poll.rows]
        divisions = {solved.frame: solved.result.division for _, solved in sources}
        told = self._told(result, segment, poll, place, own)
        return replace(told, divisions=divisions | {step.frame: result.division})

    def _told(
        self, result: FrameResult, segment: int, poll: Poll, place: int, own: NDArray[np.int32]
    ) -> RepeatedMatch:
        """Tell of a place among the rows of a poll; own: the result's segment of each row."""
        weight = np.concatenate([ballot.weight for ballot in poll.ballots])
        mass = poll.match.probability[place].astype(np.float64) * weight
        share = mass / max(float(mass.sum()), _TINY)
        order = np.argsort(-share, kind="stable").tolist()
        taken = _column(poll, _source(result.fills, segment - 1))
        if taken is not None:
            order.remove(taken)
            order.insert(0, taken)
        colors = np.concatenate([ballot.color for ballot in poll.ballots])
        colors[colors == self.palette.never] = UNPAINTED
        best = tuple(
            _found(poll, column, float(share[column]), int(colors[column]))
            for column in order[:BEST]
        )
        frame = result.drawing_frame
        return RepeatedMatch(
            frame=frame,
            segment=segment,
            best=best,
            is_taken=taken is not None,
            rest=max(0.0, 1 - sum(one.share for one in best)),
            has_counterpart=float(poll.match.has_counterpart[place]),
            layers=tuple(
                _layer(one, place, poll, (frame, own)) for one in self._attentive.attention
            ),
        )


def _check_found(result: FrameResult, segment: int) -> None:
    """Raise InputError where nothing was looked for: the colour was given."""
    row, fills = segment - 1, result.fills
    if result.role != "predicted":
        raise InputError(
            f"the colours of frame {result.frame} are given, painted or accepted: ask about a "
            "frame that was coloured from others"
        )
    if not 0 <= row < fills.count:
        raise UsageError(
            f"there is no segment {segment} in frame {result.frame}, which has 1 to {fills.count}"
        )
    if fills.state[row] in (LOCKED, NEVER) or fills.flags[row] & FLAG_HINT:
        raise InputError(
            f"the colour of segment {segment} in frame {result.frame} was given by hand: ask about "
            "one that was coloured from others"
        )


def changed_since(frame: int) -> InputError:
    """Return the error that a match cannot be made again as it was."""
    return InputError(
        f"what frame {frame} was coloured from has changed since: propagate again, then ask "
        "once more"
    )


def _largest_piece(result: FrameResult, segment: int, analysis: Analysis) -> int:
    """Return the piece whose match decided a segment's colour, from 1; see `Fills.merged`."""
    own = np.flatnonzero(result.division.of_piece == segment)
    return int(own[np.argmax(analysis.pieces.area[own])]) + 1


def _of_divided(parts: NDArray[np.int32], analysis: Analysis) -> NDArray[np.int64]:
    """Return the rows of parts, of every piece, that are matched by themselves; see `Filler`."""
    own = np.zeros(int(parts.max()), np.int64)
    own[parts - 1] = analysis.segmentation.of_piece - 1
    return np.flatnonzero(np.bincount(own)[own] > 1)


def _source(fills: Fills, row: int) -> tuple[int, int] | None:
    """Return code and segment that a fill was taken from; None where there is none."""
    segment = int(fills.source_segment[row])
    return (int(fills.source_frame[row]), segment) if segment else None


def _column(poll: Poll, source: tuple[int, int] | None) -> int | None:
    """Return the column of a source, None where the match has it not."""
    if source is None:
        return None
    codes = np.array([ballot.frame for ballot in poll.ballots])[poll.match.reference]
    found = np.flatnonzero((codes == source[0]) & (poll.match.segment == source[1]))
    return int(found[0]) if len(found) else None


def _found(poll: Poll, column: int, share: float, color: int = NO_COLOR) -> WeighedSegment:
    reference = int(poll.match.reference[column])
    source = source_of_code(poll.ballots[reference].frame)
    return WeighedSegment(source, int(poll.match.segment[column]), share, color)


def _layer(
    one: LayerAttention, row: int, poll: Poll, own: tuple[int, NDArray[np.int32]]
) -> AttendedLayer:
    """Name what a layer attends to most; ties go to the first.

    own: the target's frame, and the segment of the result that each row belongs to.
    """
    weights = one.weights[row]
    largest = np.argsort(-weights, kind="stable")[:BEST].tolist()
    if one.is_cross:
        most = [_found(poll, at, float(weights[at])) for at in largest]
    else:
        frame, segment = own
        most = [
            WeighedSegment(frame, int(segment[at]), float(weights[at]), NO_COLOR) for at in largest
        ]
    return AttendedLayer(one.layer + 1, one.is_cross, tuple(most))
