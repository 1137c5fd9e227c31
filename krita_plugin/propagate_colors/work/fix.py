"""A segment that is given another colour at once: on the canvas, in the result and in the journal.

Nothing else in the frame changes, and what was painted meanwhile stays. What the frame held, and
what the artist had said about it, is kept for as long as the answer stands in the docker.
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Sequence

from ..host import writing
from ..host.document import HostError
from ..i18n import tr
from ..link.requests import EngineError, EngineRequests, Steps
from ..state import journal as journals
from ..state import mistakes, review
from ..state.answers import Refused
from ..state.journal import Entry
from ..state.mistakes import Carried
from ..state.model import UNPAINTED, Point
from ..state.recolor import recolor
from ..state.shot import DocumentShot
from . import reading, write
from .jobs import JobCancelled
from .run import Progress

ONE_SENTENCE = (HostError, EngineError, Refused)


class Place(NamedTuple):
    """A segment by a position in it."""

    time: int
    point: Point


class Former(NamedTuple):
    """What a fixed frame held, and what the artist had said about it."""

    time: int
    data: bytes
    entry: Entry
    state: str  # the entry's: accepted or predicted
    said: Any  # what the hint of the fix took the place of


class Fixed(NamedTuple):
    """What a fix did: frames with what they held, where the mistake goes on, what was refused."""

    former: list[Former]
    later: list[Carried]
    color: Any
    refused: list[str]


class Fix:
    """Gives segments a colour; `steps()` returns Fixed.

    Each becomes a hint in the step in which its frame is written. Where frames are fixed already,
    an error ends the rest and is told of in `refused`, so that the fixed ones can be taken back.
    """

    def __init__(
        self,
        shot: DocumentShot,
        requests: EngineRequests,
        places: Sequence[Place],
        color: Any,
        hint: Callable[[Place], Any],
        progress: Progress,
        wrote: Callable[[int], None],
        former: Sequence[Former] = (),
    ) -> None:
        self._shot = shot
        self._requests = requests
        self._places = places
        self._color = color
        self._hint = hint
        self._progress = progress
        self._wrote = wrote
        self._former = list(former)

    def steps(self) -> Steps:
        """Run; neither playhead nor active layer moves."""
        shot = self._shot
        keys = writing.Keys(shot.document, shot.color or "")
        items: list[Any] = []
        refused: list[str] = []
        try:
            yield from self._all(keys, items, refused)
        except ONE_SENTENCE as error:
            if not self._former:
                raise
            refused.append(str(error))
        except JobCancelled:
            if not self._former:
                raise
            refused.append(tr("Stopped: finished frames are kept."))
        finally:
            keys.close()
        last = self._places[-1].time
        first = next((item for item in items if item), None)
        later = [] if first is None else mistakes.carried(last, first, _results_after(shot, last))
        return Fixed(self._former, later, self._color, refused)

    def _all(self, keys: writing.Keys, items: list[Any], refused: list[str]) -> Steps:
        yield from reading.open_shot(self._shot, self._requests)
        for done, place in enumerate(self._places):
            if len(self._places) > 1:
                text = tr("Fixing {n} of {all}", n=done + 1, all=len(self._places))
                self._progress(done, len(self._places), None, text)
            try:
                items.append((yield from self._one(keys, place)))
            except (Refused, writing.Painted) as error:  # of this frame alone
                if len(self._places) == 1:
                    raise
                refused.append(str(error))
            self._wrote(place.time)

    def _one(self, keys: writing.Keys, place: Place) -> Steps:
        """Fix one segment; return what the result said of it."""
        shot, time = self._shot, place.time
        labels = yield from self._labels(time)
        reading.require_ready(shot)
        data = shot.look_at(time)
        entry = shot.entry_of(time)
        if data is None or entry is None:
            raise Refused(
                tr("Frame {time} was changed since it was colored: paint it yourself.", time=time)
            )
        segment = _label(labels, shot, place.point)
        if not segment:
            raise Refused(tr("There is a line here: click into the area beside it."))
        check = write.unchanged(shot, time)
        yield
        form, size = shot.color_format, (shot.document.width, shot.document.height)
        color = bytes(form.pixel_bytes) if self._color == UNPAINTED else form.pack(self._color)
        changed = yield from recolor(labels, size, segment, data, form.pixel_bytes, color)
        result = entry.result or {"segments": []}
        item = mistakes.item_of(result, segment)
        item = None if item is None else dict(item)
        fixed = _with_color(result, segment, self._color, self._requests.review_below)

        def note() -> None:
            self._former.append(Former(time, data, entry, entry.state, self._hint(place)))

        summary = review.summarize(fixed, shot.canvas_px, self._requests.review_below)
        over = _write_over(shot, keys, entry, changed.data, fixed, summary, check, note)
        yield from write.finish_before_cancel(over)
        return item

    def _labels(self, time: int) -> Steps:
        """Return the segment of every pixel of a frame, (H, W) int32."""
        shot, document = self._shot, self._shot.document
        yield from reading.teach_drawing(shot, self._requests, time)
        request = {
            "type": "segment_map",
            "shot": document.key,
            "frame": time,
            "max_side": max(document.width, document.height),
        }
        pieces = (shot.result(time) or {}).get("pieces")
        if isinstance(pieces, list):
            request["pieces"] = pieces
        header, data = yield from self._requests.ask(request)
        if (header["width"], header["height"]) != (document.width, document.height):
            raise Refused(tr("This document is too large to be fixed by a click."))
        return data


def _write_over(
    shot: DocumentShot,
    keys: writing.Keys,
    entry: Entry,
    data: bytes,
    result: Any,
    summary: dict[str, Any],
    check: Callable[[], None],
    note: Callable[[], None],
) -> Steps:
    """Write other pixels of ours into a frame that is ours, and note what it holds now."""
    time = entry.time
    canvas = yield from keys.put(time, shot.box, data, check)
    after = write.written_hash(shot, time, canvas)
    noted = Entry(
        layer=entry.layer,
        time=time,
        state=entry.state,
        model=entry.model,
        before=entry.before,
        after=after,
        summary=summary,
        packed_result=journals.pack_result(result),
    )
    note()
    shot.wrote(noted, after)
    yield
    shot.save()


class TakeBack:
    """Brings back what fixed frames held; `steps()` returns sentences."""

    def __init__(
        self,
        shot: DocumentShot,
        former: Sequence[Former],
        unsay: Callable[[Former], None],
        wrote: Callable[[int], None],
    ) -> None:
        self._shot = shot
        self._former = former
        self._unsay = unsay
        self._wrote = wrote

    def steps(self) -> Steps:
        """Run; a frame that was changed since the fix stays as it is, with its hints."""
        shot = self._shot
        keys = writing.Keys(shot.document, shot.color or "")
        refused = []
        try:
            for former in reversed(self._former):  # a frame may have been fixed more than once
                try:
                    yield from write.finish_before_cancel(self._one(keys, former))
                except (Refused, writing.Painted) as error:
                    refused.append(str(error))
                self._wrote(former.time)
        finally:
            keys.close()
        return list(dict.fromkeys(refused))

    def _one(self, keys: writing.Keys, former: Former) -> Steps:
        shot, time = self._shot, former.time
        reading.require_ready(shot)
        shot.look_at(time)
        present = shot.entry_of(time)
        if former.entry.layer != shot.color or present is None:
            raise Refused(
                tr(
                    "Frame {time} was changed since it was colored, so it stays as it is.",
                    time=time,
                )
            )
        yield from keys.put(time, shot.box, former.data, write.unchanged(shot, time))
        # The yes to the pixels that come back, unless the artist took it back since the fix.
        accepted = former.state == present.state == journals.ACCEPTED
        former.entry.state = journals.ACCEPTED if accepted else journals.PREDICTED
        shot.wrote(former.entry, former.entry.after)
        self._unsay(former)
        shot.look_at(time)
        yield
        shot.save()


def _label(labels: bytes, shot: DocumentShot, point: Point) -> int:
    """Return the segment at a position, or beside it where that is a line; 0: there is none."""
    width, height = shot.document.width, shot.document.height
    x, y = int(point[0]), int(point[1])
    for far in range(3):
        for v in range(max(0, y - far), min(height, y + far + 1)):
            for u in range(max(0, x - far), min(width, x + far + 1)):
                place = 4 * (v * width + u)
                found = int.from_bytes(labels[place : place + 4], "little")
                if found:
                    return found
    return 0


def _with_color(result: Any, segment: int, color: Any, review_below: float) -> Any:
    """Return a result in which a segment has the artist's colour.

    What lies on layers that also move stays as it is until the next run, and its doubt with it.
    """
    plain = color if color == UNPAINTED else list(color)
    state = "unpainted" if color == UNPAINTED else "painted"
    given = {"color": plain, "state": state, "confidence": 1.0}

    def fixed(item: Any) -> Any:
        flags = [flag for flag in item.get("flags", ()) if flag == "shade"]
        return {**item, **given, "flags": flags}

    segments = [fixed(item) if item["id"] == segment else item for item in result["segments"]]
    doubtful = sum(review.is_doubtful(item, review_below) for item in segments)
    return {**result, "segments": segments, "doubtful": doubtful}


def _results_after(shot: DocumentShot, time: int) -> Any:
    """Yield (time, result) of the predicted frames after one, up to the next of another kind."""
    for later in sorted(shot.seen):
        if later <= time:
            continue
        entry = shot.entry_of(later)
        if entry is None or entry.state != journals.PREDICTED or not entry.result:
            return
        yield later, entry.result
