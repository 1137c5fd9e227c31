"""What the viewer and the lists show of frames: pictures, segments under a point, colours."""

from __future__ import annotations

import struct
from collections import OrderedDict
from math import floor
from typing import Any, Hashable, Tuple

from .host import pictures
from .link.requests import EngineRequests, Steps
from .state import review, timeline
from .state.model import HINT, LOCK, UNPAINTED, ArtistMark, Picture, Point, Rgb, SegmentInfo, Size
from .state.pixels import Box, Format
from .state.shot import DocumentShot
from .work import reading, shown

THUMBNAIL: Size = (160, 120)
MAP_SIDE = 1024  # pixels of the longer side of a segment map: a segment of a hair is a pixel
_KEEP = 12  # pictures and maps; a map of that size is 2.4 MB
_SAME_PLACE_PX = 3.0


class SegmentMap:
    """The segment of every pixel of a drawing, scaled down."""

    def __init__(self, size: Size, data: bytes, canvas: Size) -> None:
        self._size, self._data = size, data
        self._scale = (size[0] / canvas[0], size[1] / canvas[1])

    def at(self, point: Point) -> int:
        """Return the segment under a document position; 0 on a line or outside."""
        x, y = (floor(value * scale) for value, scale in zip(point, self._scale))
        if not (0 <= x < self._size[0] and 0 <= y < self._size[1]):
            return 0
        return struct.unpack_from("<i", self._data, 4 * (y * self._size[0] + x))[0]

    def box(self, segment: int) -> Box | None:
        """Return the segment's box in document pixels."""
        pattern = struct.pack("<i", segment)
        stride = 4 * self._size[0]
        rows, left, right = [], self._size[0], -1
        for y in range(self._size[1]):
            row = self._data[y * stride : (y + 1) * stride]
            first = _find(row, pattern)
            if first >= 0:
                rows.append(y)
                left, right = min(left, first), max(right, _find_last(row, pattern))
        if not rows:
            return None
        across, down = self._scale
        x, y = int(left / across), int(rows[0] / down)
        return x, y, round((right + 1) / across) - x, round((rows[-1] + 1) / down) - y


def _find(row: bytes, pattern: bytes) -> int:
    """Return the first pixel that holds the pattern; a match astride two pixels is none."""
    place = row.find(pattern)
    while place % 4 and place >= 0:
        place = row.find(pattern, place + 1)
    return place // 4 if place >= 0 else -1


def _find_last(row: bytes, pattern: bytes) -> int:
    place = row.rfind(pattern)
    while place % 4 and place >= 0:
        place = row.rfind(pattern, 0, place + 3)
    return place // 4


def _image(layer: Any, key: int | None, form: Format, box: Box, most: Size) -> Any:
    """Return a layer's key as a small image; None when it is not there (any more)."""
    if layer is None or key is None or (not layer.is_still() and not layer.has_key(key)):
        return None
    return pictures.image(layer.read(key, box), form, (box[2], box[3]), most)


class LastUsed:
    """The things used last, by key."""

    def __init__(self) -> None:
        self._items: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, key: Hashable) -> Any:
        """Return what was put, or None."""
        if key in self._items:
            self._items.move_to_end(key)
        return self._items.get(key)

    def put(self, key: Hashable, item: Any) -> Any:
        """Keep an item; the one used longest ago goes."""
        self._items[key] = item
        self._items.move_to_end(key)
        while len(self._items) > _KEEP:
            self._items.popitem(last=False)
        return item


Wish = Tuple[str, Hashable]  # "preview" | "overlay" | "map", what it depends on


class ShotView:
    """Pictures and segments of one shot; what only the engine can draw is fetched by a job."""

    def __init__(self, shot: DocumentShot) -> None:
        self._shot = shot
        self._fetched = LastUsed()
        self._composed = LastUsed()
        self._thumbnails: dict[int, tuple[Hashable, Picture]] = {}
        self.palette: list[Any] = []  # colours in the order in which they were first shown
        self._previewed: dict[int, Wish] = {}  # what was last shown of a drawing
        self._lines: dict[int, str] = {}  # hash of the drawing that a frame's map belongs to

    # ---- composed here

    def thumbnail(self, time: int) -> Picture | None:
        """Return a small picture of a frame, kept until its colours change."""
        key = self._version(time)
        kept = self._thumbnails.get(time)
        if kept is None or kept[0] != key:
            picture = self._compose(time, THUMBNAIL)
            if picture is None:
                return None
            kept = (key, pictures.to_bgra(picture))
            self._thumbnails[time] = kept
        return kept[1]

    def forget(self, time: int | None = None) -> None:
        """Draw a frame anew, or all of them."""
        if time is None:
            self._thumbnails.clear()
        self._thumbnails.pop(time, None)
        self._composed = LastUsed()

    def picture(self, time: int, most: Size) -> Picture | None:
        """Return lines over colours and moved layers as the timeline shows them."""
        key = (time, most, self._version(time))
        kept = self._composed.get(key)
        if kept is None:
            picture = self._compose(time, most)
            if picture is None:
                return None
            kept = self._composed.put(key, pictures.to_bgra(picture))
        return kept

    def overlay(self, time: int, most: Size, segments: Any) -> Picture | None:
        """Return the picture with segments marked; None without marks or until they are fetched."""
        marks = self._fetched.get(self.overlay_wish(time, segments))
        if marks is None or not marks[2].strip(b"\0"):
            return None
        below = self._compose(time, most)
        return pictures.to_bgra(pictures.marked(below, pictures.from_bgra(marks, most)))

    def preview(self, time: int, most: Size) -> Picture | None:
        """Return the segments in tints with closed gaps marked; None until that is fetched.

        While another gap size is fetched, what was last shown of the drawing stays.
        """
        wish, drawing = self.preview_wish(time), self.drawing(time)
        if self._fetched.get(wish) is not None:
            self._previewed[drawing] = wish
        picture = self._fetched.get(self._previewed.get(drawing))
        return None if picture is None else pictures.to_bgra(pictures.from_bgra(picture, most))

    def _version(self, time: int) -> Hashable:
        shot = self._shot
        held = timeline.held_key(sorted(shot.seen), time)
        color = None if held is None else shot.seen[held].hash
        parts = timeline.drawing_at(shot.lines, time).parts
        return shot.color, color, shown.version(shot, time), parts

    def _compose(self, time: int, most: Size):
        """Lines over painted layers; a group's pixels cannot be read without going there."""
        shot = self._shot
        document = shot.document
        size = (document.width, document.height)
        layers = []
        for frames, key, *how in shown.shown_at(shot, time):
            layer = document.layer(frames.color)
            image = _image(layer, key, frames.color_format, shot.box, most)
            if image is not None:
                layers.append((image, *how))
        below = pictures.laid(pictures.fitted(size, most), layers)
        lines = [
            _image(document.layer(part.uuid), part.key or 0, shot.line_format, shot.box, most)
            for part in timeline.drawing_at(shot.lines, time).parts
            if not part.grouped
        ]
        return pictures.stacked(below, [line for line in lines if line is not None])

    # ---- fetched from the engine

    def preview_wish(self, time: int) -> Wish:
        """Name the preview at the present gap size, and as colors divided the drawing."""
        gap_px = self._shot.journal.choices.gap_px
        return "preview", (self.drawing(time), gap_px, self._pieces(time))

    def overlay_wish(self, time: int, segments: Any) -> Wish:
        """Name the marks of some segments."""
        marked = segments if isinstance(segments, str) else tuple(segments)
        return "overlay", (self.drawing(time), self._version(time), marked)

    def map_wish(self, time: int) -> Wish:
        """Name the segment map at the present gap size, and as colors divided the drawing."""
        gap_px = self._shot.journal.choices.gap_px
        return "map", (self.drawing(time), gap_px, self._pieces(time))

    def _pieces(self, time: int) -> tuple[int, ...] | None:
        """Return how colors divided the drawing, where they did, as the engine wrote it."""
        result = self._shot.result(self._shot.stands_for(time)) or {}
        pieces = result.get("pieces")
        return tuple(pieces) if isinstance(pieces, list) else None

    def has(self, wish: Wish) -> bool:
        """Tell whether it was fetched."""
        return self._fetched.get(wish) is not None

    def drawing(self, time: int) -> int:
        """Return the time at which the drawing shown at `time` begins."""
        times = timeline.drawing_times(self._shot.lines, 0, time)
        return times[-1] if times else time

    def fetch(
        self, requests: EngineRequests, wish: Wish, time: int, most: Size, segments: Any
    ) -> Steps:
        """Steps that get a picture or map from the engine."""
        shot = self._shot
        frame = self.drawing(time)
        yield from reading.open_shot(shot, requests)
        digest = yield from reading.teach_drawing(shot, requests, frame)
        if self._lines.get(frame, digest) != digest:
            self._fetched = LastUsed()  # lines were edited: what was fetched may be of old ones
        self._lines[frame] = digest
        kind = wish[0]
        request = {"type": kind, "shot": shot.document.key, "frame": frame}
        if kind == "map":
            request.update(type="segment_map", max_side=MAP_SIDE)
        else:
            request["max_side"] = max(most)
        if kind == "preview":
            request["gap_px"] = shot.journal.choices.gap_px
        if kind == "overlay":
            request["segments"] = segments
        pieces = self._pieces(time)
        if pieces is not None and kind != "preview":
            request["pieces"] = list(pieces)
        header, data = yield from requests.ask(request)
        size = (header["width"], header["height"])
        canvas = (shot.document.width, shot.document.height)
        item = SegmentMap(size, data, canvas) if kind == "map" else (*size, data)
        self._fetched.put(wish, item)

    # ---- segments

    def segment(self, time: int, point: Point) -> int:
        """Return the segment under a position; 0 on a line, or while its map is not fetched."""
        segments = self._fetched.get(self.map_wish(time))
        return 0 if segments is None else segments.at(point)

    def same_place(self, time: int, one: Point, other: Point) -> bool:
        """Tell whether two positions mean the same segment."""
        first = self.segment(time, one)
        if first:
            return first == self.segment(time, other)
        return max(abs(one[0] - other[0]), abs(one[1] - other[1])) <= _SAME_PLACE_PX

    def info(self, time: int, segment: int, review_below: float) -> SegmentInfo | None:
        """Return what is known of a segment of what is shown at a time.

        On a hold with a colour key of its own, that is of this key, whose segments are the same.
        """
        frame = self._shot.stands_for(time)
        result = self._shot.result(frame) or {}
        found = [item for item in result.get("segments", ()) if item["id"] == segment]
        if not segment:
            return None
        item = found[0] if found else {"state": "unknown", "confidence": 0.0, "color": None}
        source = item.get("source") or {}
        segments = self._fetched.get(self.map_wish(time))
        return SegmentInfo(
            segment=segment,
            state=item["state"],
            confidence=item["confidence"],
            color=review.as_color(item["color"]),
            source_frame=source.get("frame"),
            source_segment=source.get("segment"),
            source_name=source.get("sheet", ""),
            locked=self._marked("locks", frame, segment),
            hinted=self._marked("hints", frame, segment),
            box=None if segments is None else segments.box(segment),
            doubtful=bool(found) and review.is_doubtful(item, review_below),
            surface_doubtful=review.is_surface_doubtful(item),
            surface_layers=self._shot.layer_names(review.doubtful_layers(result, segment)),
        )

    def said(self, time: int) -> list[ArtistMark]:
        """Return the hints and locks on what is shown at a time."""
        shot, frame = self._shot, self._shot.stands_for(time)
        hints = [
            ArtistMark(
                HINT,
                tuple(item["point"]),
                self.display(review.as_color(item["color"])),
                shot.is_pending(item),
            )
            for item in shot.said_on(frame, "hints")
        ]
        locks = shot.said_on(frame, "locks")
        return hints + [ArtistMark(LOCK, tuple(item["point"]), None, False) for item in locks]

    def _marked(self, kind: str, frame: int, segment: int) -> bool:
        """Tell whether a hint or lock of the frame lies in the segment."""
        said = self._shot.said_on(frame, kind)
        return any(self.segment(frame, item["point"]) == segment for item in said)

    def display(self, color: Any) -> Rgb:
        """Return R, G, B of a colour in the colour layer's format."""
        if color == UNPAINTED:
            return (255, 255, 255)
        return pictures.display(color, self._shot.color_format)
