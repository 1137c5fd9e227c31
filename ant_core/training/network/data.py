"""From stored clips to samples: which drawings are paired, and how they are varied.

Nothing here touches pictures: clips hold descriptors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ant_core.matching.descriptors import SHAPE_FEATURES, edges_between
from ant_core.matching.flow import EVIDENCE, Motion, flow_rank
from ant_core.training.data.clips import UNSURE, ClipFrame, StoredClip
from ant_core.training.network.options import option

__all__ = ["SampleOptions", "TrainingSample", "observed", "rows_of", "sample_group"]

_COLUMN = {name: index for index, name in enumerate(SHAPE_FEATURES)}


@dataclass(frozen=True, kw_only=True)
class SampleOptions:
    """How pairs are drawn and varied in training."""

    batch_pairs: int = option(
        0, "targets of a batch, however many segments they have; 0 = as many as tokens allow"
    )
    references_max: int = option(3, "most references of one target")
    segments_max: int = option(
        400, "drawings with more are left out; bounds time and memory of a step"
    )
    window_share: float = option(0.93, "share of samples that see a part of the drawings only")
    window_segments: tuple[int, int] = option((12, 90), "target segments of such a part")
    vary_share: float = option(
        1.0,
        'share of samples in which cameras move and sizes and places tremble; 0 for only = "seen"',
    )
    merge_share: float = option(
        0.25, "share of samples in which some parts share a colour (inclusion)"
    )
    drop_share: float = option(
        0.35, "share of samples in which some reference segments are missing"
    )
    mistake_share: float = option(
        0.3, "share of samples of several references in which the nearest has wrong colours"
    )
    flow_share: float = option(
        0.95, "share of samples that are told of optical flow: sheets and other sizes have none"
    )
    beside_share: float = option(
        0.4,
        "share of samples of the next drawing alone, where a clip knows which pieces are hidden",
    )
    mutual: bool = option(
        default=False,
        comment="references are targets of one another as well: more pairs of fewer drawings, "
        "which are encoded once",
    )


class TrainingSample(NamedTuple):
    """A target and its references.

    `steps` says how many drawings of the clip each reference is after the target; empty where
    no head is asked which pieces are seen. flow: (N, M, 4) float32, see `matching.flow.EVIDENCE`;
    None where nothing is known. `drawings` are what target and references are taken from, some
    without all of their segments; samples that share them are cheaper together.
    """

    target: ClipFrame
    references: list[ClipFrame]
    steps: tuple[int, ...] = ()
    flow: NDArray[np.float32] | None = None
    drawings: Sequence[ClipFrame] = ()


def sample_group(
    clip: StoredClip, rng: np.random.Generator, options: SampleOptions
) -> list[TrainingSample]:
    """Choose a target and its references, as propagation would meet them.

    If `mutual`, each reference follows as target of the others. Empty if a drawing is too large.
    All have the same `drawings`.
    """
    count = len(clip.frames)
    if count < 2:
        return []
    target = int(rng.integers(count))
    step = int(rng.choice([1, 1, 1, 2, 3, 4, 6, 8]))
    near = target - step if target >= step else target + step
    near = int(np.clip(near, 0, count - 1))
    if near == target:
        near = target - 1 if target else 1
    chosen = [near]
    known = clip.frames[target].seen
    if known is not None and (known >= 0).any() and rng.random() < options.beside_share:
        back = target == count - 1 or (target > 0 and rng.random() < 0.5)
        chosen = [target - 1 if back else target + 1]
    elif rng.random() < 0.5 and options.references_max > 1:
        others = [i for i in range(count) if i not in (target, near)]
        extra = min(len(others), int(rng.integers(1, options.references_max)))
        chosen += [int(i) for i in rng.choice(others, extra, replace=False)]
    frames = [clip.frames[i] for i in chosen]
    whole = clip.frames[target]
    sizes = [frame.count for frame in [whole, *frames]]
    if min(sizes) < 2 or max(sizes) > options.segments_max:
        return []
    places = [target, *chosen]
    drawings, is_window = _framed([whole, *frames], rng, options)
    turns = range(len(places) if options.mutual else 1)
    group = []
    for turn in turns:
        order = [turn, *(i for i in range(len(places)) if i != turn)]
        first, *references = (drawings[i] for i in order)
        if turn and is_window:
            # The window holds the counterparts of the first target's segments, not of all others.
            first = _keep(first, np.flatnonzero(np.isin(first.label, drawings[0].label)))
        if first.count < 2:
            continue
        steps = tuple(places[i] - places[turn] for i in order[1:])
        sample = _troubled(TrainingSample(first, references, steps), rng, options)
        if rng.random() < options.flow_share:
            flow = _flow(clip, places[turn], [places[i] for i in order[1:]], sample)
            sample = sample._replace(flow=flow)
        group.append(sample._replace(drawings=drawings))
    return group


def observed(
    target: ClipFrame, references: Sequence[ClipFrame], motion: Motion | None
) -> TrainingSample:
    """Return a sample as the product sees it: not varied, with the flow of the stored pictures.

    Without `motion`, which some networks take no heed of, without flow.
    """
    if motion is None:
        return TrainingSample(target, [*references])
    flow = motion.evidence(
        target.small,
        [reference.small for reference in references],
        (target.count, [reference.count for reference in references]),
        [target.number - reference.number for reference in references],
    )
    return TrainingSample(target, [*references], flow=flow)


def _flow(
    clip: StoredClip, target: int, chosen: list[int], sample: TrainingSample
) -> NDArray[np.float32]:
    """Look up what flow says of the drawings nearest in time, as the product asks it."""
    offsets = [sample.target.number - reference.number for reference in sample.references]
    parts = []
    for index, frame, order in zip(chosen, sample.references, flow_rank(offsets), strict=True):
        known = clip.flows.get((target, index)) if order else None
        if known is None:
            parts.append(np.zeros((sample.target.count, frame.count, len(EVIDENCE)), np.float32))
        else:
            parts.append(known.evidence(rows_of(sample.target), rows_of(frame)))
    return np.concatenate(parts, axis=1)


def rows_of(frame: ClipFrame) -> NDArray[np.int64]:
    """Return the rows of the stored drawing that a frame has, (N,), ascending."""
    return np.arange(frame.count) if frame.rows is None else frame.rows


def _framed(
    drawings: list[ClipFrame], rng: np.random.Generator, options: SampleOptions
) -> tuple[list[ClipFrame], bool]:
    """Choose a part of the drawings, mirror and move them; tell whether it is a part."""
    is_window = rng.random() < options.window_share
    if is_window:
        drawings = _window(drawings, int(rng.integers(*options.window_segments)), rng)
    if rng.random() < 0.5:
        drawings = [_flip(frame) for frame in drawings]
    if rng.random() < options.vary_share:
        drawings = _vary(drawings, rng)
    return drawings, is_window


def _troubled(
    sample: TrainingSample, rng: np.random.Generator, options: SampleOptions
) -> TrainingSample:
    """Take parts from references, give parts one colour, and make mistakes."""
    target, references = sample.target, sample.references
    if rng.random() < options.drop_share:
        whole, references = references, [_drop(frame, rng) for frame in references]
        target = _hide(target, whole, references, sample.steps)
    if rng.random() < options.merge_share:
        target, references = _merge_colors(target, references, rng)
    if len(references) > 1 and rng.random() < options.mistake_share:
        references = _mistake(references, sample.steps, rng)
    return sample._replace(target=target, references=references)


def _vary(frames: list[ClipFrame], rng: np.random.Generator) -> list[ClipFrame]:
    """Choose another framing for all, and let the camera move between them."""
    scale = float(np.exp(rng.uniform(-0.4, 0.4)))
    shift = rng.uniform(-0.3, 0.3, 2)
    return [_shot(frame, scale, shift, rng) for frame in frames]


def _shot(
    frame: ClipFrame, scale: float, shift: NDArray[np.float64], rng: np.random.Generator
) -> ClipFrame:
    """Let the camera move a little, sometimes a lot, between any two drawings."""
    roam = 0.15 if rng.random() < 0.25 else 0.02
    own_scale = scale * float(np.exp(rng.normal(0, 0.06 if roam > 0.1 else 0.01)))
    return _move(frame, own_scale, shift + rng.normal(0, roam, 2), rng)


def _flip(frame: ClipFrame) -> ClipFrame:
    box, shape = frame.box.copy(), frame.shape.copy()
    box[:, 0] *= -1
    shape[:, _COLUMN["sin_2_angle"]] *= -1
    shape[:, _COLUMN["content_x"]] *= -1
    return replace(frame, crops=frame.crops[..., ::-1], box=box, shape=shape)


def _move(
    frame: ClipFrame, scale: float, shift: NDArray[np.float64], rng: np.random.Generator
) -> ClipFrame:
    box, shape = frame.box * np.float32(scale), frame.shape.copy()
    box[:, :2] += shift.astype(np.float32)
    box[:, :2] += rng.normal(0, 0.03, box[:, :2].shape) * np.minimum(box[:, 2:], 0.2)
    box[:, 2:] *= np.exp(rng.normal(0, 0.04, box[:, 2:].shape))
    log_scale = np.log(scale)
    for name, times in (("log_area", 2), ("log_width", 1), ("log_height", 1)):
        shape[:, _COLUMN[name]] += times * log_scale
    shape += rng.normal(0, 0.02, shape.shape).astype(np.float32)
    crops = frame.crops.copy()
    gain = rng.uniform(0.5, 1.5)
    crops[:, 0::2] = np.minimum(crops[:, 0::2] * np.float32(gain), 255).astype(np.uint8)
    if rng.random() < 0.5:
        crops = np.roll(crops, rng.integers(-1, 2, 2), axis=(2, 3))
    return replace(frame, crops=crops, box=box.astype(np.float32), shape=shape)


def _window(frames: list[ClipFrame], count: int, rng: np.random.Generator) -> list[ClipFrame]:
    """Keep `count` neighbouring segments of the target, and of each reference what they match.

    Beside the counterparts a reference keeps what lies near, up to a quarter more segments.
    Cheaper than whole drawings, and every sample is another composition.
    """
    target = frames[0]
    centre = target.box[rng.integers(target.count), :2]

    def nearness(frame: ClipFrame) -> NDArray[np.float32]:
        return np.linalg.norm(frame.box[:, :2] - centre, axis=1)

    kept = [_keep(target, nearness(target).argsort(kind="stable")[:count])]
    for frame in frames[1:]:
        distance = nearness(frame)
        distance[np.isin(frame.label, kept[0].label)] -= 1000.0
        kept.append(_keep(frame, distance.argsort(kind="stable")[: count * 5 // 4]))
    return kept


def _drop(frame: ClipFrame, rng: np.random.Generator) -> ClipFrame:
    """Take one to a fifth of the parts away, so that their targets have no counterpart."""
    parts = np.unique(frame.label)
    gone = rng.choice(parts, max(1, int(len(parts) * rng.uniform(0, 0.2))), replace=False)
    rows = np.flatnonzero(~np.isin(frame.label, gone))
    return _keep(frame, rows) if len(rows) >= 2 else frame


def _hide(
    target: ClipFrame, whole: list[ClipFrame], references: list[ClipFrame], steps: tuple[int, ...]
) -> ClipFrame:
    """Return the target with pieces of parts that were dropped from a reference as not seen there.

    Nothing else makes a seen piece unseen: where flow leads to a segment that is mostly of another
    part, the piece is seen all the same.
    """
    if target.seen is None:
        return target
    seen = target.seen.copy()
    for step, before, after in zip(steps, whole, references, strict=True):
        gone = np.setdiff1d(before.label, after.label)
        if abs(step) == 1 and len(gone):
            column = seen[:, (step + 1) // 2]
            column[np.isin(target.label, gone) & (target.label >= 0)] = 0
            # Which part these are of is not known, so neither is whether it was dropped.
            column[(target.label < 0) & (column == 1)] = UNSURE
    return replace(target, seen=seen)


def _mistake(
    references: list[ClipFrame], steps: tuple[int, ...], rng: np.random.Generator
) -> list[ClipFrame]:
    """Mark up to a third of the nearest reference's labels as wrong, where others hold them too.

    A drawing coloured before has mistakes that cannot be seen: only a match that does not lean on
    it alone gets over them.
    """
    at = int(np.argmin(np.abs(steps)))
    others = [frame.label for i, frame in enumerate(references) if i != at]
    near = references[at]
    known = np.isin(near.label, np.concatenate(others))
    wrong = known & (rng.random(near.count) < rng.uniform(0, 1 / 3))
    near = replace(
        near,
        label=np.where(wrong, UNSURE, near.label),  # right for no target
        color=np.where(wrong, UNSURE, near.color),
    )
    return [*references[:at], near, *references[at + 1 :]]


def _keep(frame: ClipFrame, rows: NDArray[np.int64]) -> ClipFrame:
    """Return the frame with these segments only."""
    keep = np.sort(rows)
    edges, weight = edges_between(keep, frame.count, frame.edges, frame.edge_weight)
    return replace(
        frame,
        crops=frame.crops[keep],
        box=frame.box[keep],
        shape=frame.shape[keep],
        label=frame.label[keep],
        color=frame.color[keep],
        overlap=frame.overlap[keep],
        position=frame.position[keep],
        rows=rows_of(frame)[keep],
        seen=None if frame.seen is None else frame.seen[keep],
        edges=edges,
        edge_weight=weight,
    )


def _merge_colors(
    target: ClipFrame, references: list[ClipFrame], rng: np.random.Generator
) -> tuple[ClipFrame, list[ClipFrame]]:
    """Give random groups of parts one colour (BasicPBC's label merging, arXiv 2403.18342)."""
    parts = np.unique(np.concatenate([frame.label for frame in [target, *references]]))
    groups = rng.integers(0, max(2, len(parts) * 2 // 3), len(parts))

    def recolor(frame: ClipFrame) -> ClipFrame:
        color = np.where(frame.label < 0, UNSURE, groups[np.searchsorted(parts, frame.label)])
        return replace(frame, color=color)

    return recolor(target), [recolor(frame) for frame in references]
