"""The published protocols, run over shots for several methods.

recursive        AnT: ten frames, each coloured from the one before it as predicted
recursive_parts  the same by unique part instead of colour, which is what AnT reports
recursive_first  the same with the first frame as a second reference, as the product propagates
consecutive      PaintBucket: each frame from the true colours of the one before, 20-frame clips
keyframes_K      PaintBucket with sheets: K of the model sheets as references, or all
effort           an artist paints one drawing and corrects the others one after the other
effort_suggested the same from the two drawings that `ant_core suggest` would name
regions          AnimeRun: each segment to its segment of the next frame, labels from flow
regions_colored  the same with the colours of both frames known, as AnimeRun's "colored" input
parts            the same where the true parts are known instead of flow: a segment may have
                 several right answers, so these figures are no AnimeRun ACC
flow             AnimeRun Table 2: end-point error of the flow that the matches make
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ant_core.training.data.true_shots import TrueFrame, TrueShot, spread
from ant_core.training.evaluation.counterparts import Counterparts
from ant_core.training.evaluation.dense_flow import dense_flow
from ant_core.training.evaluation.methods import Flow, Method
from ant_core.training.evaluation.metrics import (
    end_point_errors,
    frame_scores,
    mean_class_iou,
    region_scores,
)
from ant_core.training.evaluation.protocols import (
    MatchFrames,
    ProtocolScore,
    effort,
    keyframes,
    recursive,
)
from ant_core.training.evaluation.reliability import Reliability
from ant_core.training.evaluation.suggested import suggested
from ant_core.training.evaluation.tally import Tally
from ant_core.training.evaluation.worst import Worst
from segmentation import expand_labels

__all__ = ["KEYFRAME_COUNTS", "PROTOCOLS", "MethodResult", "applies", "run_protocol"]

RECURSIVE_FRAMES = 10  # predicted from one seed (Casey et al. 2021, section 4.3)
CLIP_FRAMES = 20  # BasicPBC's clip_interval: the first frame of each clip is no target
# What is left of a match of two colours where both frames are coloured: light may change a colour.
_OTHER_COLOR = np.float32(1e-3)
_PAINTED = 2  # drawings, where suggested ones are painted
_SEEN_PX = 30  # a smaller segment is hardly seen, so that clicks on larger ones are told as well
KEYFRAME_COUNTS: tuple[int | None, ...] = (1, 3, 5, None)  # None = all

PROTOCOLS: dict[str, str] = {
    "recursive": "ten frames, each from the one before as predicted (AnT, section 4.3)",
    "recursive_parts": "the same by unique part: two parts of one colour are two labels (AnT)",
    "recursive_first": "the same with the first frame as second reference, as the product does",
    "consecutive": "each frame from the true one before it, 20-frame clips (PaintBucket)",
    **{
        f"keyframes_{count or 'all'}": (
            f"{count or 'all'} model sheet(s) as references; without sheets, up to ten frames of a "
            "shot's first half (at least five) stand for them and the rest is scored"
        )
        for count in KEYFRAME_COUNTS
    },
    "effort": (
        "the first drawing painted, the others corrected one by one: accuracy is the share of "
        "segments that need no click, over_30px that of larger ones, joined what one click for "
        "all of one mistake in a drawing would come to"
    ),
    "effort_suggested": "the same from the two drawings that ant_core suggest names",
    "regions": "matches with the next frame, labels from flow, first candidate (AnimeRun)",
    "regions_colored": "the same with both frames' colours known: two colours seldom match",
    "parts": "matches with the next frame, right where the true part is the same",
    "flow": "end-point error in pixels of the flow made from matches (AnimeRun, Table 2)",
}


@dataclass
class MethodResult:
    """One method under one protocol, over all shots so far.

    reliability, worst and counterparts are those of models; baselines have no confidence. worst
    is filled under the recursive protocol, counterparts where segments are matched.
    """

    tally: Tally = field(default_factory=Tally)
    reliability: Reliability = field(default_factory=Reliability)
    worst: Worst = field(default_factory=Worst)
    counterparts: Counterparts = field(default_factory=Counterparts)
    seconds: float = 0.0


def applies(protocol: str, shot: TrueShot) -> bool:
    """Say whether a shot brings what a protocol asks for."""
    if len(shot.frames) < 2 and not shot.sheet:
        return False
    if protocol.startswith("effort"):
        return shot.has_colors and len(shot.frames) > 2
    if protocol.startswith("regions"):
        return bool(shot.matches) and (shot.has_colors or protocol == "regions")
    if protocol == "flow":
        return bool(shot.flows)
    if protocol in ("parts", "recursive_parts"):
        return shot.has_parts
    if protocol.startswith("keyframes"):
        return shot.has_colors and len(shot.references) >= (_keyframe_count(protocol) or 1)
    return shot.has_colors


def run_protocol(protocol: str, shot: TrueShot, method: Method, result: MethodResult) -> bool:
    """Score a shot; False where the method cannot look at what it needs.

    The shot must be one that the protocol `applies` to.
    """
    start = time.perf_counter()
    if protocol.startswith("effort"):
        done = _effort(shot, method, result, by_suggestion=protocol == "effort_suggested")
    elif protocol in ("regions", "regions_colored", "parts"):
        done = _regions(protocol, shot, method, result)
    elif protocol == "flow":
        done = _flow(shot, method, result)
    else:
        done = _colors(protocol, shot, method, result)
    result.seconds += time.perf_counter() - start
    return done


# ---- colour


def _colors(protocol: str, shot: TrueShot, method: Method, result: MethodResult) -> bool:
    if protocol == "recursive_parts":
        shot = _by_part(shot)
    runs = _windows(protocol, shot)
    if not all(_can(protocol, method, *run) for run in runs):
        return False
    for references, targets in runs:
        score = _propagate(protocol, references, targets, method)
        _count(shot, targets, score, result, method)
        if protocol == "recursive" and method.is_model:
            result.worst.look(shot, references, targets, score)
    return True


def _by_part(shot: TrueShot) -> TrueShot:
    """Give every part a colour of its own, so that counts of colours are counts of parts."""
    return replace(shot, frames=[replace(frame, color=frame.label) for frame in shot.frames])


def _effort(shot: TrueShot, method: Method, result: MethodResult, *, by_suggestion: bool) -> bool:
    frames = shot.frames
    if not all(method.can([a], b) for a, b in pairwise(frames)):
        return False
    places = suggested(frames, method, _PAINTED) if by_suggestion else [0]
    match = cast("MatchFrames", method.match)
    score, order = effort(frames, places, match, method.confidence, method.no_counterpart_threshold)
    looked_at = [frames[place] for place in order]
    _count(shot, looked_at, score, result, method)
    for predicted, frame in zip(score.predicted, looked_at, strict=True):
        _count_clicks(shot.name, predicted, frame, result.tally)
    return True


def _count_clicks(
    shot: str, predicted: NDArray[np.integer[Any]], frame: TrueFrame, tally: Tally
) -> None:
    """Add over_30px and joined, shares of segments that need no click, for one drawing.

    over_30px is that of the segments of 30 px or more. joined is what it would be if one click
    put right all segments of the drawing that have one wrong colour and are meant to have one
    other: no way to let a click correct more of its drawing can do better.
    """
    wrong = predicted != frame.color
    seen = frame.area >= _SEEN_PX
    tally.add(shot, "over_30px", int((seen & ~wrong).sum()), int(seen.sum()))
    mistakes = np.stack([predicted[wrong], frame.color[wrong]], axis=1)
    tally.add(shot, "joined", frame.count - len(np.unique(mistakes, axis=0)), frame.count)


def _can(
    protocol: str, method: Method, references: Sequence[TrueFrame], targets: Sequence[TrueFrame]
) -> bool:
    if protocol.startswith("keyframes"):
        return all(method.can(references, target) for target in targets)
    return all(method.can([a], b) for a, b in pairwise([*references, *targets]))


def _windows(
    protocol: str, shot: TrueShot
) -> list[tuple[Sequence[TrueFrame], Sequence[TrueFrame]]]:
    """Cut a shot into what is run at once: (references, targets)."""
    if protocol.startswith("keyframes"):
        count = _keyframe_count(protocol) or len(shot.references)
        return [(spread(shot.references, count), shot.targets)]
    frames = shot.frames
    if protocol == "consecutive":
        pieces = [frames[i : i + CLIP_FRAMES] for i in range(0, len(frames), CLIP_FRAMES)]
    else:
        # The last frame of a window seeds the next one, with its true colours.
        steps = range(0, len(frames) - 1, RECURSIVE_FRAMES)
        pieces = [frames[i : i + RECURSIVE_FRAMES + 1] for i in steps]
    return [(piece[:1], piece[1:]) for piece in pieces if len(piece) > 1]


def _propagate(
    protocol: str, references: Sequence[TrueFrame], targets: Sequence[TrueFrame], method: Method
) -> ProtocolScore:
    # Protocols hand on the very frames that they are given, so these are TrueFrames.
    match = cast("MatchFrames", method.match)
    options = (match, method.confidence, method.no_counterpart_threshold)
    if protocol.startswith("keyframes"):
        return keyframes(references, targets, *options)
    return recursive(
        [*references, *targets],
        *options,
        true_references=protocol == "consecutive",
        # Baselines have no way to weigh two references; the one before is the better one.
        keep_first=protocol == "recursive_first" and method.is_model,
    )


def _count(
    shot: TrueShot,
    targets: Sequence[TrueFrame],
    score: ProtocolScore,
    result: MethodResult,
    method: Method,
) -> None:
    tally = result.tally
    for predicted, frame in zip(score.predicted, targets, strict=True):
        right = int(((predicted == frame.color) & (predicted >= 0)).sum())
        tally.add(shot.name, "accuracy", right, frame.count)
        tally.add(shot.name, "abstained", int((predicted < 0).sum()), frame.count)
        for name, value in frame_scores(predicted, frame.color, frame.area).items():
            tally.add(shot.name, name, value)
    truth = [frame.color for frame in targets]
    tally.add(shot.name, "mean_iou", mean_class_iou(score.predicted, truth))
    segments = sum(frame.count for frame in targets)
    tally.count(shot.name, segments, len(targets), shot.characters)
    if method.is_model:
        for predicted, sure, hit in zip(score.predicted, score.confidence, score.hit, strict=True):
            filled = predicted >= 0
            result.reliability.add(shot.name, sure[filled], hit[filled], len(filled))


def _keyframe_count(protocol: str) -> int | None:
    count = protocol.removeprefix("keyframes_")
    return None if count == "all" else int(count)


# ---- regions and flow


def _rows(
    method: Method, source: TrueFrame, target: TrueFrame, *, colored: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Match a frame with the next; if `colored`, other colours hardly count.

    Returns the row of each segment, -1 = none; the same without abstention; how likely each is
    seen in the next.
    """
    probability, counterpart = method.match_pieces(target, source)
    if probability.shape[1] == 0:
        nothing = np.full(source.count, -1, np.int64)
        return nothing, nothing, counterpart
    if colored:
        same = source.color[:, None] == target.color[None]
        probability = np.where(same, probability, _OTHER_COLOR * probability)
    best = np.where(probability.max(axis=1) > 0, probability.argmax(axis=1), -1)
    return np.where(counterpart < method.region_threshold, -1, best), best, counterpart


def _regions(protocol: str, shot: TrueShot, method: Method, result: MethodResult) -> bool:
    colored, by_parts = protocol == "regions_colored", protocol == "parts"
    pairs = list(pairwise(shot.frames))
    if not all(method.can([target], source) for source, target in pairs):
        return False
    for index, (source, target) in enumerate(pairs):
        rows, best, counterpart = _rows(method, source, target, colored=colored)
        if by_parts:
            # As numbers of parts: several segments of the target may be the right one.
            rows, best = _parts_of(rows, target), _parts_of(best, target)
            truth = np.where(np.isin(source.label, target.label), source.label, -1)
        else:
            truth = shot.matches[index]
        for name, value in region_scores(rows, best, truth, target.count).items():
            result.tally.add(shot.name, name, value)
        if method.is_model:
            result.counterparts.add(counterpart, truth >= 0, best == truth, source.area)
        none = rows < 0
        result.tally.add(shot.name, "none_precision", int((none & (truth < 0)).sum()), none.sum())
        result.tally.add(
            shot.name, "none_recall", int((none & (truth < 0)).sum()), (truth < 0).sum()
        )
        result.tally.count(shot.name, source.count, 1, shot.characters)
    return True


def _parts_of(rows: NDArray[np.int64], target: TrueFrame) -> NDArray[np.int64]:
    return np.where(rows >= 0, target.label[np.maximum(rows, 0)], -1)


def _flow(shot: TrueShot, method: Method, result: MethodResult) -> bool:
    pairs = list(pairwise(shot.frames))
    if not all(source.labels is not None and method.can([t], source) for source, t in pairs):
        return False
    for (source, target), read in zip(pairs, shot.flows, strict=True):
        truth = read()
        assert source.labels is not None
        assert target.labels is not None
        if isinstance(method, Flow):
            flow = method.motion(source, target)
        else:
            rows = _rows(method, source, target)[0]
            planes = expand_labels(source.labels), expand_labels(target.labels)
            flow = dense_flow(source, target, rows, *planes)
        errors = end_point_errors(flow, truth.flow, truth.occluded, truth.line)
        for name, (total, pixels) in errors.items():
            result.tally.add(shot.name, name, total, pixels)
        result.tally.count(shot.name, source.count, 1, shot.characters)
    return True
