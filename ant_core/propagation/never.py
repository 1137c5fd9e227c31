"""Rules of what is never coloured, by place, by colour or by drawing, for a whole shot.

Where a rule goes by place or colour, segments of the references count as having a colour of their
own that means "bare" (`Palette.never`). It is voted for like any other, so that it leads wherever
their matches lead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ant_core.color.palette import UNPAINTED, Palette
from ant_core.errors import InputError
from ant_core.matching.fills import NEVER, Fills
from ant_core.propagation.drawings import Drawings
from ant_core.propagation.plan import Source
from ant_core.propagation.prepared import Analysis
from ant_core.propagation.record import digest_of
from ant_core.propagation.result import Solved
from ant_core.shot.hints import HintSet, NeverRule, segment_touched
from ant_core.shot.shot import Shot
from segmentation import Segmentation

__all__ = ["NeverRules", "Similarity"]

# Similarity of the segments of a frame, (N, M), with those of a source.
Similarity = Callable[[int, str, Solved], NDArray[np.float32]]

_ALIKE = 0.5  # of the greatest similarity: a segment may have several parts elsewhere


@dataclass(frozen=True)
class _Place:
    """Where a rule points: the piece of a drawing, and the segment as its lines divide it."""

    line_hash: str
    piece: int
    segment: int


class NeverRules:
    """The rules of a run."""

    def __init__(self, drawings: Drawings, palette: Palette, shot: Shot, hints: HintSet) -> None:
        self._drawings = drawings
        self._palette = palette
        self._hints = hints
        self._frames = {f: drawing.frames for drawing in shot.drawings for f in drawing.frames}
        self._places: dict[NeverRule, _Place] = {}
        self._traced: dict[tuple[NeverRule, str], NDArray[np.int64]] = {}

    @property
    def by_color(self) -> list[NeverRule]:
        """The rules that name a colour."""
        return [rule for rule in self._hints.never if rule.color is not None]

    def left_alone(self, frame: int) -> bool:
        """Tell whether the drawing of a frame stays bare as a whole."""
        return self._hints.left_alone(self._frames[frame])

    def teaches(self, frame: int, frames: Sequence[int]) -> bool:
        """Tell whether a predicted drawing may teach one at `frames`: the same rules hold on both.

        Where they differ, what the one was given says nothing of the other.
        """
        return not self.left_alone(frame) and self._on(self._frames[frame]) == self._on(frames)

    def keys(self, frames: Sequence[int]) -> dict[str, str]:
        """Return what a drawing shown at `frames` depends on, by name."""
        raw = self._palette.raw
        told = [
            [
                rule.points,
                rule.frame is not None and self._drawings.line_hash(rule.frame),
                rule.color is not None and raw(rule.palette_index(self._palette)),
            ]
            for rule in self._on(frames)
        ]
        return {"never": digest_of([self._hints.left_alone(frames), told])}

    def _on(self, frames: Sequence[int]) -> list[NeverRule]:
        """Return the rules by place and colour that hold on a drawing."""
        return [rule for rule in self._hints.on(frames).never if not rule.by_drawing]

    # ---- checks

    def check_places(self) -> None:
        """Find the segments that rules name; InputError where there is none."""
        for rule in self._hints.never:
            if not rule.points:
                continue
            assert rule.frame is not None
            try:
                analysis = self._drawings.pipeline.get(rule.frame)
            except ValueError as error:
                raise InputError(
                    f"{rule.name} is for frame {rule.frame}, whose drawing cannot be segmented: "
                    f"{error}"
                ) from error
            piece = segment_touched(analysis.pieces.labels, rule.points)
            if piece == 0:
                x, y = rule.points[0]
                raise InputError(
                    f"{rule.name} lies on a line at {x:g}, {y:g} of frame {rule.frame}: move it "
                    "into the segment that stays bare"
                )
            segment = int(analysis.segmentation.of_piece[piece - 1])
            self._places[rule] = _Place(analysis.line_hash, piece, segment)
            self._drawings.features(rule.frame, analysis.line_hash)

    def check_colors(self, sources: Sequence[Solved]) -> None:
        """Raise InputError where a rule names a colour that no source of the run holds."""
        held = {int(i) for solved in sources for i in np.unique(solved.result.fills.color)}
        for rule in self.by_color:
            if rule.palette_index(self._palette) not in held:
                raise InputError(
                    f"{rule.name} names the colour {[*(rule.color or ())]}, which no reference "
                    "holds: give a colour exactly as it is painted, or remove the rule"
                )

    # ---- what it does to a drawing

    def seen(
        self, source: Source, solved: Solved, frames: Sequence[int], similarity: Similarity
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return colour and weight of a source's segments as a drawing at `frames` sees them.

        What rules leave bare has the colour `Palette.never`.
        """
        fills = solved.result.fills
        color, weight = fills.color, fills.confidence
        if source.kind == "predicted":
            bare = fills.state == NEVER
        else:
            bare = np.zeros(fills.count, np.bool_)
            for rule in self._on(frames):
                if rule.color is not None:
                    bare |= fills.color == rule.palette_index(self._palette)
                else:
                    bare[self._trace(rule, solved, similarity)] = True
        if bare.any():
            color = np.where(bare, self._palette.never, color).astype(np.int32)
        return color, weight

    def _trace(self, rule: NeverRule, solved: Solved, similarity: Similarity) -> NDArray[np.int64]:
        """Return the rows of a source that match the segment which a rule names.

        Both ways: what looks like the segment, and resembles no other of its drawing more.
        """
        place = self._places[rule]
        key = (rule, f"{solved.line_hash} {solved.digest}")
        if key not in self._traced:
            assert rule.frame is not None
            if solved.line_hash == place.line_hash:
                rows = np.array([solved.result.division.of_piece[place.piece - 1] - 1], np.int64)
            else:
                alike = similarity(rule.frame, place.line_hash, solved)
                own = alike[place.segment - 1]
                mutual = alike.argmax(axis=0) == place.segment - 1
                rows = np.flatnonzero(mutual & (own > 0) & (own >= _ALIKE * own.max(initial=0)))
            self._traced[key] = rows
        return self._traced[key]

    def own(
        self, frames: Sequence[int], analysis: Analysis, segmentation: Segmentation
    ) -> dict[int, int]:
        """Return `Palette.never` by piece id, for what rules name on that drawing itself."""
        segments = [
            segmentation.of_piece[self._places[rule].piece - 1]
            for rule in self._on(frames)
            if rule.points and self._places[rule].line_hash == analysis.line_hash
        ]
        pieces = np.flatnonzero(np.isin(segmentation.of_piece, segments)) + 1
        return dict.fromkeys(pieces.tolist(), self._palette.never)

    def bare(self, frame: int, analysis: Analysis) -> Fills:
        """Return the fills of the pieces of a drawing that is left alone."""
        count = analysis.pieces.count
        color = np.full(count, self._palette.never)
        return Fills.given(color, np.full(count, NEVER), frame)

    def settle(self, fills: Fills) -> Fills:
        """Return fills in which what rules leave bare is unpainted, and says why."""
        if not self._hints.never:
            return fills
        never = self._palette.never
        color, others, state = fills.color.copy(), fills.other_color.copy(), fills.state.copy()
        state[color == never] = NEVER
        color[color == never], others[others == never] = UNPAINTED, UNPAINTED
        return replace(fills, color=color, other_color=others, state=state)
