"""Whose pixels a frame holds, and what of ours should be looked at. Pure: no Krita, no Qt.

The rule, in the order in which it is tried:

1. The journal has an entry and the pixels are the ones it noted: ours, predicted or accepted.
2. No key, or a key without a visible pixel: blank; it may be written ("todo").
3. We wrote such pixels formerly, or at another time or layer: Krita's own undo brought them back,
   or the artist moved or copied a frame. They are predicted; as a copy of what the artist accepted
   elsewhere they are unknown.
4. The journal has an entry and the pixels differ: the artist's, who changed them since.
5. No entry, but painted in a document that held no journal when it was opened, or painted since it
   was opened, or toggled as a reference once: the artist's.
6. No entry, painted, and already so when a document with a journal was opened: unknown. It may
   stem from a run whose journal was lost, so it is no reference until the artist toggles it.

What is the artist's or unknown is never written. References by default are the frames that are
the artist's and the accepted ones.
"""

from __future__ import annotations

from typing import Any, Callable, Collection, Iterable, Mapping, NamedTuple

from .journal import ACCEPTED, Before, Entry, Plane
from .model import UNPAINTED, ColorGroup, FrameRow, FrameState, Point, Rgb
from .pixels import Box, Format, fingerprint, is_transparent

PAINTED_STATES = frozenset(
    {FrameState.PREDICTED, FrameState.ACCEPTED, FrameState.ARTIST, FrameState.UNKNOWN}
)
DOUBTFUL_BELOW = 0.6  # confidence, of an engine that does not say
# A frame is amber where a look is worth it. Measured on the bundled shot, painted in five ways, by
# scripts/benchmark.py doubt: small segments are mostly right though the engine is not sure of them.
LOOK_AT_SMALL_BELOW = 0.4  # confidence
SMALL_SHARE = 200 / (1920 * 1080)  # of the canvas
COLORS = "color"  # the engine's name of the layer of the colours
OURS = frozenset({FrameState.PREDICTED, FrameState.ACCEPTED})


class SeenKey(NamedTuple):
    """What the colour layer's key at one time held when it was last read."""

    hash: str
    blank: bool


def seen(data: bytes, form: Format) -> SeenKey:
    """Note what the raw bytes of a frame are."""
    return SeenKey(fingerprint(data), is_transparent(data, form))


def state_of(
    held: SeenKey | None, entry: Entry | None, unknown: bool, origin: str | None = None
) -> str:
    """Return the FrameState of one time.

    `unknown`: these pixels met us without an entry; `origin`: the state in which we wrote them,
    be it formerly or elsewhere.
    """
    if entry is not None and held is not None and held.hash == entry.after:
        return entry.state
    if held is None or held.blank:
        return FrameState.TODO
    if origin is not None:
        return FrameState.UNKNOWN if origin == ACCEPTED else FrameState.PREDICTED
    if entry is None and unknown:
        return FrameState.UNKNOWN
    return FrameState.ARTIST


def is_as_before(held: SeenKey | None, before: Before) -> bool:
    """Tell whether a key holds what it did before we wrote it; frame 0 always keeps a blank key."""
    if before is None:
        return held is None or held.blank
    return isinstance(before, Plane) and held is not None and held.hash == before.hash


def is_reference(state: str, time: int, on: Collection[int], off: Collection[int]) -> bool:
    """Tell whether a frame's colours teach others."""
    if state not in PAINTED_STATES or time in off:
        return False
    return time in on or state in {FrameState.ARTIST, FrameState.ACCEPTED}


def may_write(state: str) -> bool:
    """Tell whether a frame may be given other pixels; accepted ones are final."""
    return state in {FrameState.TODO, FrameState.FAILED, FrameState.PREDICTED}


def is_doubtful(segment: Mapping[str, Any], review_below: float) -> bool:
    """Tell whether a segment needs a look; the engine counts them alike."""
    if segment["state"] in {"no_counterpart", "not_flat", "failed"} or is_surface_doubtful(segment):
        return True
    if segment["state"] not in {"painted", "unpainted"}:
        return False
    unsure = segment["confidence"] < review_below
    return unsure or "sides_disagree" in segment.get("flags", ())


def is_surface_doubtful(segment: Mapping[str, Any]) -> bool:
    """Tell whether what was moved into a segment needs a look: on its layer, or in the colours."""
    return not {"shade", "surface"}.isdisjoint(segment.get("flags", ()))


def doubtful_layers(result: Mapping[str, Any], segment: int | None = None) -> list[str]:
    """Return the layers whose surfaces need a look, of one segment or of all.

    Ids as the engine was told them, `COLORS` for the colours' own; of an engine that does not say
    which, none.
    """
    segments = [s for s in result.get("segments", ()) if segment in {None, s["id"]}]
    own = any("surface" in item.get("flags", ()) for item in segments)
    ids = {item["id"] for item in segments}
    moved = (layer for layer in result.get("layers", ()) if ids & {*layer.get("doubtful", ())})
    return [COLORS] * own + [layer["name"] for layer in moved]


class Mark(NamedTuple):
    """What a mistake needs of one segment."""

    segment: int
    color: Any
    box: Box | None  # in document pixels; None of an engine that told no places
    area: int
    point: Point | None  # well inside it
    source: tuple[Any, int] | None  # the frame or sheet, and its segment, that the colour is from
    worth: float | None  # the less, the likelier it is wrong; None: not doubtful


class Digest(NamedTuple):
    """What the mistakes and the colour list need of a result, some kilobytes a frame."""

    marks: tuple[Mark, ...]
    colors: Mapping[Any, tuple[int, int]]  # colour -> segments, doubtful ones


def digest(result: Mapping[str, Any], review_below: float) -> Digest:
    """Extract what is asked for often."""
    marks, colors = [], {}
    for segment in result.get("segments", ()):
        made = mark(segment, review_below)
        marks.append(made)
        if made.color is not None:
            count, unsure = colors.get(made.color, (0, 0))
            colors[made.color] = (count + 1, unsure + (made.worth is not None))
    return Digest(tuple(marks), colors)


def mark(segment: Mapping[str, Any], review_below: float | None = None) -> Mark:
    """Extract what a mistake needs of a segment of a result; without a bound none is doubtful."""
    box, point, source = segment.get("box"), segment.get("point"), segment.get("source") or {}
    origin = source.get("frame", source.get("sheet"))
    return Mark(
        segment["id"],
        as_color(segment["color"]),
        None if box is None else tuple(box),
        int(segment.get("area", 1)),
        None if point is None else (float(point[0]) + 0.5, float(point[1]) + 0.5),
        None if origin is None else (origin, source.get("segment", 0)),
        None if review_below is None or not is_doubtful(segment, review_below) else _worth(segment),
    )


def _worth(segment: Mapping[str, Any]) -> float:
    """Order by how likely the segment is right as it stands; one left unpainted is not."""
    if segment["state"] in {"no_counterpart", "failed"}:
        return 0.0
    return float(segment["confidence"])


def color_groups(digests: Mapping[int, Digest], display: Callable[[Any], Rgb]) -> list[ColorGroup]:
    """Collect the segments of every colour across frames, the most frequent colour first."""
    groups: dict[Any, ColorGroup] = {}
    for time, item in sorted(digests.items()):
        for color, (segments, doubtful) in item.colors.items():
            group = groups.get(color) or ColorGroup(color, _shown(color, display), 0, 0, ())
            groups[color] = group._replace(
                segments=group.segments + segments,
                doubtful=group.doubtful + doubtful,
                frames=(*group.frames, time),
            )
    return sorted(groups.values(), key=lambda group: (-group.segments, str(group.color)))


def _shown(color: Any, display: Callable[[Any], Rgb]) -> Rgb:
    return (255, 255, 255) if color == UNPAINTED else display(color)


def as_color(value: Any) -> Any:
    """Return a result's colour as a tuple, "unpainted", or None."""
    return tuple(value) if isinstance(value, list) else value


def is_worth_a_look(mark: Mark, canvas_px: int) -> bool:
    """Tell whether a segment makes its frame amber, on a canvas of so many pixels."""
    if mark.worth is None:
        return False
    return mark.area > SMALL_SHARE * canvas_px or mark.worth < LOOK_AT_SMALL_BELOW


def summarize(result: Mapping[str, Any], canvas_px: int, review_below: float) -> dict[str, Any]:
    """Return what the journal keeps of a result when the result itself is pruned."""
    segments = result.get("segments", ())
    marks = [mark(segment, review_below) for segment in segments]
    surfaces, on = sum(map(is_surface_doubtful, segments)), doubtful_layers(result)
    return {
        "confidence": result.get("confidence"),
        "doubtful": result.get("doubtful", 0),
        "no_counterpart": sum(item["state"] == "no_counterpart" for item in segments),
        "segments": len(segments),
        "to_look_at": sum(is_worth_a_look(one, canvas_px) for one in marks),
        **({"surfaces": surfaces} if surfaces else {}),
        **({"surface_layers": on} if on else {}),
    }


def frame_row(
    time: int, state: str, reference: bool, entry: Entry | None, error: str = ""
) -> FrameRow:
    """Return the row of a frame that begins a drawing or has a key of its own."""
    if entry is None or state not in OURS:
        return FrameRow(time, state, reference, error=error)
    summary = entry.summary
    layers = summary.get("surface_layers")
    return FrameRow(
        time,
        state,
        reference,
        summary.get("confidence"),
        int(summary.get("doubtful") or 0),
        int(summary.get("no_counterpart") or 0),
        int(summary.get("segments") or 0),
        error=error,
        to_look_at=summary.get("to_look_at"),
        surfaces=int(summary.get("surfaces") or 0),
        surface_layers=tuple(map(str, layers)) if isinstance(layers, list) else (),
    )


def acceptable_above(rows: Iterable[FrameRow], confidence: float) -> list[int]:
    """Return the predicted frames that are at least so sure, for accepting all at once."""
    return [
        row.time
        for row in rows
        if row.state == FrameState.PREDICTED
        and row.confidence is not None
        and row.confidence >= confidence
    ]
