"""Why a segment got its colour: `ant_core explain`."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ant_core.errors import Cancelled, InputError, UsageError
from ant_core.files import WholeFiles, same_file
from ant_core.formats.base import FrameReader
from ant_core.matching.attention import LayerAttention
from ant_core.matching.matcher import Match, Matcher
from ant_core.models.installed import locate
from ant_core.output.attention_sheet import SheetDrawing, SheetRow, draw_attention
from ant_core.propagation.drawings import Settings
from ant_core.propagation.pipeline import limit_threads
from ant_core.propagation.prepared import Analysis, analyze
from ant_core.propagation.timing import Timings
from ant_core.reporter import Reporter
from ant_core.workflow.outcome import Outcome
from ant_core.workflow.propagate_options import PropagateOptions
from ant_core.workflow.suggest import open_painted
from segmentation import measure

__all__ = ["MOST_REFERENCES", "ExplainOptions", "run"]

MOST_REFERENCES = 2  # painted frames beside the target: more would not be seen on one sheet
_BEST = 5


@dataclass(frozen=True, kw_only=True)
class ExplainOptions:
    """Which segment of which frame is explained."""

    # The frame's number.
    frame: int
    # Its segment, from 1, as `ant_core segment` numbers it; None where a place is given.
    segment: int | None = None
    # x, y in pixels of a place in the segment; None where its number is given.
    at: tuple[int, int] | None = None
    # The picture to write, a PNG.
    out: str


def run(
    options: PropagateOptions,
    asked: ExplainOptions,
    reporter: Reporter,
    cancel: threading.Event,
    files: WholeFiles,
) -> Outcome:
    """Draw what a segment attends to and its best matches; see `ant_core explain --help`.

    Parameters
    ----------
    options : PropagateOptions
        Of them are used: shot, line, color, layer, gap, rough, threads, model and device.

    Raises
    ------
    UsageError, InputError, OutputError, Cancelled
    """
    lines, painted, inputs = open_painted(options)
    for path in inputs:
        if same_file(Path(asked.out), path):
            raise UsageError(f"the picture would overwrite {path}: give another name")
    frames = [asked.frame, *_references(lines, painted, asked.frame)]
    limit_threads(options.threads)
    model = locate(Path(options.model)) if options.model else None
    matcher = Matcher(model, options.device, options.threads, shows_attention=True)
    analyses = []
    for frame in frames:
        if cancel.is_set():
            raise Cancelled("stopped before anything was written: run the same command again")
        analyses.append(_analysis(lines, frame, options))
    segment = _segment(analyses[0], asked)
    if not any(one.descriptors.count for one in analyses[1:]):
        raise InputError(f"frame {frames[1]} has no segments: its drawing is blank")
    frames, analyses = _matched_at_once(frames, analyses)
    target, *references = (matcher.encode(one.descriptors) for one in analyses)
    offsets = [asked.frame - frame for frame in frames[1:]]
    match, attention = matcher.explain(references, target, offsets)
    drawings = [_drawing(*pair) for pair in zip(frames, analyses, strict=True)]
    sheet = draw_attention(drawings, segment, _rows(attention, match, segment))
    files.write(Path(asked.out), sheet)
    best = _largest(match.probability[segment - 1], match, frames[1:])
    event: dict[str, Any] = {
        "picture": asked.out,
        "frame": asked.frame,
        "segment": segment,
        "references": frames[1:],
        "has_counterpart": round(float(match.has_counterpart[segment - 1]), 4),
        "best": best,
        "layers": [_layer(one, match, segment, frames[1:]) for one in attention],
    }
    named = " and ".join(f"frame {frame}" for frame in frames[1:])
    reporter.say(f"frame {asked.frame}, segment {segment}, beside {named}")
    texts = [f"frame {b['frame']} segment {b['segment']}: {b['score']:.1%}" for b in best]
    return Outcome(text="\n".join([*texts, asked.out]), event=event)


def _references(lines: FrameReader, painted: Collection[int], frame: int) -> list[int]:
    """Return the painted frames beside a frame, the nearest first."""
    known = list(lines.frames)
    if frame not in known:
        nearest = min(known, key=lambda other: abs(other - frame), default=None)
        advice = "the shot has none" if nearest is None else f"the nearest is frame {nearest}"
        raise UsageError(f"frame {frame} has no drawing of its own: {advice}")
    near = sorted(set(painted) - {frame}, key=lambda other: (abs(other - frame), other))
    if not near:
        raise InputError("no other frame is painted: paint the frame that it gets its colours from")
    return near[:MOST_REFERENCES]


def _matched_at_once(
    frames: list[int], analyses: list[Analysis]
) -> tuple[list[int], list[Analysis]]:
    """Leave out the farther reference where both together are more than one match may hold.

    A run would match them in tiles, of which no layer shows all.
    """
    count, *given = (one.descriptors.count for one in analyses)
    for references in range(len(given), 0, -1):
        if Settings().fits(sum(given[:references]), count):
            return frames[: references + 1], analyses[: references + 1]
    raise InputError(
        f"frames {frames[0]} and {frames[1]} have {count} and {given[0]} segments, more than are "
        "matched at once: nothing shows what one of them attends to"
    )


def _analysis(lines: FrameReader, frame: int, options: PropagateOptions) -> Analysis:
    try:
        return analyze(lines.read(frame), "", options.gap, Timings(), rough=options.rough)
    except ValueError as error:
        raise InputError(f"{lines.place(frame)} cannot be segmented: {error}") from error


def _segment(target: Analysis, asked: ExplainOptions) -> int:
    """Return the segment in question, from 1."""
    labels = target.segmentation.labels
    count = target.descriptors.count
    if asked.at is None:
        assert asked.segment is not None
        if not 1 <= asked.segment <= count:
            raise UsageError(
                f"there is no segment {asked.segment}: frame {asked.frame} has 1 to {count}"
            )
        return asked.segment
    x, y = asked.at
    if not (0 <= x < labels.shape[1] and 0 <= y < labels.shape[0]):
        raise UsageError(
            f"{x},{y} lies outside the picture of {labels.shape[1]} x {labels.shape[0]}"
        )
    if not labels[y, x]:
        raise UsageError(f"{x},{y} lies on a line: name a place inside a segment")
    return int(labels[y, x])


def _drawing(frame: int, analysis: Analysis) -> SheetDrawing:
    labels = analysis.segmentation.labels
    return SheetDrawing(f"frame {frame}", analysis.image, labels, measure(labels).centroid)


def _largest(weights: NDArray[np.float32], match: Match, frames: list[int]) -> list[dict[str, Any]]:
    """Return the columns of the largest weights; ties go to the first."""
    return [
        {
            "frame": frames[match.reference[column]],
            "segment": int(match.segment[column]),
            "score": round(float(weights[column]), 4),
        }
        for column in np.argsort(-weights, kind="stable")[:_BEST]
    ]


def _layer(one: LayerAttention, match: Match, segment: int, frames: list[int]) -> dict[str, Any]:
    weights = one.weights[segment - 1]
    if one.is_cross:
        return {
            "layer": one.layer + 1,
            "to": "references",
            "most": _largest(weights, match, frames),
        }
    own = np.argsort(-weights, kind="stable")[:_BEST]
    most = [{"segment": int(i) + 1, "score": round(float(weights[i]), 4)} for i in own]
    return {"layer": one.layer + 1, "to": "itself", "most": most}


def _rows(attention: list[LayerAttention], match: Match, segment: int) -> list[SheetRow]:
    across = np.stack([match.reference + 1, match.segment], axis=1)
    rows = []
    for one in attention:
        weights = one.weights[segment - 1]
        own = np.arange(1, len(weights) + 1)
        places = across if one.is_cross else np.stack([np.zeros_like(own), own], axis=1)
        what = "cross-attention, to the references" if one.is_cross else "self-attention"
        title = f"layer {one.layer + 1}: {what}; most {weights.max():.0%}"
        rows.append(SheetRow(title, places.astype(np.int32), weights))
    scores = match.probability[segment - 1]
    labelled = min(_BEST, len(scores))
    best = np.sort(scores)[::-1][:labelled]
    title = "best matches: " + ", ".join(f"{i} {score:.1%}" for i, score in enumerate(best, 1))
    rows.append(SheetRow(title, across.astype(np.int32), scores, labelled))
    return rows
