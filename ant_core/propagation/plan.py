"""Which drawing is coloured from which, and in which order: pure functions of frame numbers.

The policy (design, section 4): painted frames first; from each of them outwards; a target is
matched in one pass against the nearest painted drawings and, as weaker references, the
neighbours that were just predicted, never across a painted frame.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ant_core.matching.sources import SheetId, SourceId
from ant_core.shot.shot import Drawing, Reference

__all__ = ["Plan", "Source", "Step", "make_plan"]


@dataclass(frozen=True)
class Source:
    """One drawing that another is coloured from.

    Attributes
    ----------
    frame : int or SheetId
        The painted frame, or the frame under which the neighbour is coloured; or a model sheet.
    kind : "painted", "predicted" or "sheet"
    offset : int
        Target frame minus source frame, for the pair of their frames that lie nearest; 0 for a
        model sheet, which lies outside the shot.
    """

    frame: SourceId
    kind: Literal["painted", "predicted", "sheet"]
    offset: int


@dataclass(frozen=True)
class Step:
    """Colour one drawing.

    Attributes
    ----------
    frame : int
        The frame that stands for the drawing: the one nearest to a painted frame.
    frames : tuple of int
        All frames that show it.
    sources : tuple of Source
        Nearest painted first, then predicted neighbours, then model sheets.
    """

    frame: int
    frames: tuple[int, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True)
class Plan:
    """What a run does.

    Attributes
    ----------
    steps : tuple of Step
        Drawings to be coloured, in order; a source that is predicted comes before its target.
    references : dict of int to tuple of int
        For each reference frame the frames that take its colours: itself and its holds.
    """

    steps: tuple[Step, ...]
    references: dict[int, tuple[int, ...]]


def make_plan(
    drawings: Sequence[Drawing],
    references: Sequence[Reference],
    frames: Collection[int],
    max_references: int,
    sheets: int = 0,
) -> Plan:
    """Lay out the work.

    Parameters
    ----------
    drawings : sequence of Drawing
    references : sequence of Reference
        Each shows one of the drawings. Without any, the shot is coloured from its first frame on.
    frames : collection of int
        Frames to be coloured; other frames of the drawings only serve as sources.
    max_references : int
        Painted drawings a target is matched against, at most.
    sheets : int
        Model sheets, each a source of every drawing.
    """
    drawing_of = {frame: drawing for drawing in drawings for frame in drawing.frames}
    shown = _frames_of_references(references, drawing_of)
    painted = sorted(frame for held in shown.values() for frame in held)
    stand_in = _stand_ins(drawings, painted, frames)
    steps: list[Step] = []
    for gap in _gaps(sorted(set(drawing_of) & set(frames) | set(painted)), painted):
        steps += _plan_gap(gap, drawing_of, stand_in, shown, max_references)
    outside = tuple(Source(SheetId(place), "sheet", 0) for place in range(sheets))
    return Plan(tuple(replace(step, sources=(*step.sources, *outside)) for step in steps), shown)


def _frames_of_references(
    references: Sequence[Reference], drawing_of: dict[int, Drawing]
) -> dict[int, tuple[int, ...]]:
    """Give every held frame of a painted drawing to the nearest painted frame of that drawing."""
    by_drawing: dict[str, list[int]] = {}
    for reference in references:
        by_drawing.setdefault(drawing_of[reference.frame].digest, []).append(reference.frame)
    shown: dict[int, list[int]] = {reference.frame: [] for reference in references}
    for digest, painted in by_drawing.items():
        drawing = drawing_of[painted[0]]
        assert drawing.digest == digest
        for frame in drawing.frames:
            shown[_nearest(frame, sorted(painted))].append(frame)
    return {frame: tuple(held) for frame, held in sorted(shown.items())}


def _nearest(frame: int, among: Sequence[int]) -> int:
    """Return the nearest of some sorted frames, the earlier one of two equally near."""
    place = bisect_left(among, frame)
    near = among[max(0, place - 1) : place + 1]
    return min(near, key=lambda other: (abs(other - frame), other))


def _stand_ins(
    drawings: Sequence[Drawing], painted: Sequence[int], frames: Collection[int]
) -> dict[str, int]:
    """Return the frame that stands for each unpainted drawing: the nearest to a painted frame."""
    known = set(painted)
    result = {}
    for drawing in drawings:
        wanted = [frame for frame in drawing.frames if frame in frames]
        if wanted and not known.intersection(drawing.frames):
            result[drawing.digest] = min(
                wanted,
                key=lambda frame: (
                    abs(frame - _nearest(frame, painted)) if painted else 0,
                    frame,
                ),
            )
    return result


@dataclass(frozen=True)
class _Gap:
    """Unpainted frames between two painted ones; a side is None at the ends of the shot."""

    left: int | None
    right: int | None
    frames: tuple[int, ...]

    def distance(self, frame: int) -> int:
        sides = [abs(frame - side) for side in (self.left, self.right) if side is not None]
        return min(sides, default=0)


def _gaps(frames: Sequence[int], painted: Sequence[int]) -> list[_Gap]:
    known = set(painted)
    gaps: list[_Gap] = []
    left: int | None = None
    inside: list[int] = []
    for frame in frames:
        if frame not in known:
            inside.append(frame)
            continue
        if inside:
            gaps.append(_Gap(left, frame, tuple(inside)))
        left, inside = frame, []
    if inside:
        gaps.append(_Gap(left, None, tuple(inside)))
    return gaps


def _plan_gap(
    gap: _Gap,
    drawing_of: dict[int, Drawing],
    stand_in: dict[str, int],
    shown: dict[int, tuple[int, ...]],
    max_references: int,
) -> list[Step]:
    """Order one gap from its painted ends inwards."""
    own = [frame for frame in gap.frames if stand_in[drawing_of[frame].digest] == frame]
    own.sort(key=lambda frame: (gap.distance(frame), frame))
    steps: list[Step] = []
    done: set[str] = set()
    for frame in own:
        drawing = drawing_of[frame]
        sources = _painted_sources(drawing.frames, shown, max_references)
        for neighbour in _neighbours(frame, gap.frames, drawing_of):
            if neighbour.digest in done:
                offset = _offset(drawing.frames, neighbour.frames)
                sources.append(Source(stand_in[neighbour.digest], "predicted", offset))
        steps.append(Step(frame, drawing.frames, tuple(sources)))
        done.add(drawing.digest)
    return steps


def _painted_sources(
    frames: Sequence[int], shown: dict[int, tuple[int, ...]], limit: int
) -> list[Source]:
    offsets = {reference: _offset(frames, held) for reference, held in shown.items()}
    nearest = sorted(offsets, key=lambda reference: (abs(offsets[reference]), reference))
    return [Source(reference, "painted", offsets[reference]) for reference in nearest[:limit]]


def _neighbours(frame: int, frames: Sequence[int], drawing_of: dict[int, Drawing]) -> list[Drawing]:
    """Return the next other drawing to the left and to the right within a gap."""
    place = frames.index(frame)
    own = drawing_of[frame].digest
    found: list[Drawing] = []
    for side in (reversed(frames[:place]), frames[place + 1 :]):
        others = (drawing_of[other] for other in side if drawing_of[other].digest != own)
        neighbour = next(iter(others), None)
        if neighbour is not None and neighbour not in found:
            found.append(neighbour)
    return found


def _offset(target: Sequence[int], source: Sequence[int]) -> int:
    """Return target minus source frame of the nearest pair; the earlier source of two."""
    best: int | None = None
    for frame in target:
        other = frame - _nearest(frame, source)
        if best is None or (abs(other), -other) < (abs(best), -best):
            best = other
    assert best is not None
    return best
