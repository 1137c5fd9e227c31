"""The controller's pictures and colours: what is in memory at once, the rest fetched when idle."""

from __future__ import annotations

from typing import Any, Callable

from . import log
from .host import hand, pictures
from .host.document import HostError
from .link.engine_room import EngineRoom
from .open_documents import OpenDocuments
from .state import review
from .state.model import ArtistMark, ColorGroup, MistakeShown, Picture, Point, Rgb, SegmentInfo
from .work import reading
from .work.jobs import JobCancelled
from .work.worker import Steps

_PREVIEW_MOST = (1600, 1600)


class Showing:
    """Pictures, segments and colours of the document in front."""

    _host: Any
    _documents: OpenDocuments
    _engine: EngineRoom
    mistake_at: Callable[[int], MistakeShown | None]
    _refused: set[Any]  # pictures that the engine could not draw
    _quietly: Callable[..., None]
    _tell: Callable[[str], None]

    def segment_at(self, time: int, point: Point) -> SegmentInfo | None:
        """Return what is known of the segment under a point; None on lines and until fetched."""
        view = self._documents.view
        if view is None:
            return None
        self._fetch(view.map_wish(time), time)
        return view.info(time, view.segment(time, point), self._engine.review_below)

    def check_regions(self, time: int | None) -> None:
        """Show the segments and the gaps that are closed, at the present gap size."""
        if self._documents.view is not None:
            time = self._documents.time if time is None else time
            self._fetch(self._documents.view.preview_wish(time), time)

    def viewer_picture(self, time: int, most_w: int, most_h: int, mode: str) -> Picture | None:
        """Return a picture of a frame: "picture", "segments" or "doubtful"."""
        view = self._documents.view
        if view is None or min(most_w, most_h) < 1:
            return None
        try:
            if mode == "picture":
                return view.picture(time, (most_w, most_h))
            if mode == "segments":
                self._fetch(view.preview_wish(time), time)
                return view.preview(time, (most_w, most_h))
            marked = self._marked(time)
            if not marked:
                return None
            self._fetch(view.overlay_wish(time, marked), time, marked)
            return view.overlay(time, (most_w, most_h), marked)
        except HostError as error:
            log.logger.info("no picture: %s", error)
            return None

    def _marked(self, time: int) -> Any:
        """Return the segment of the mistake stepped to, on other frames all doubtful ones.

        The engine is asked by drawing: over what a hold shows of its own it says nothing.
        """
        mistake, view = self.mistake_at(time), self._documents.view
        if mistake is not None:
            return [mistake.segment]
        shot = self._documents.shot
        return "doubtful" if shot.stands_for(time) == view.drawing(time) else []

    def picture_awaited(self, time: int, mode: str) -> bool:
        """Tell whether the picture that there is none of is being fetched."""
        view = self._documents.view
        if view is None or mode == "picture":
            return False
        try:
            if mode == "segments":
                return self._lacks(view.preview_wish(time))
            marked = self._marked(time)
            return bool(marked) and self._lacks(view.overlay_wish(time, marked))
        except HostError:  # the document was closed: the next look sees that
            return False

    def _lacks(self, wish: Any) -> bool:
        """Tell whether the engine could draw something that is not fetched yet."""
        if self._documents.view.has(wish) or wish in self._refused or not self._engine.ok:
            return False
        return bool(self._documents.shot.lines)

    def said_on(self, time: int) -> list[ArtistMark]:
        """Return the hints and locks on the drawing shown at a time."""
        return [] if self._documents.view is None else self._documents.view.said(time)

    def _fetch(self, wish: Any, time: int, segments: Any = "doubtful") -> None:
        view = self._documents.view
        if not self._lacks(wish):
            return
        can_read = reading.is_not_playing(self._documents.shot)

        def fetch() -> Steps:
            try:
                yield can_read, hand.STROKE_SECONDS
                yield from self._engine.ready()
                yield from view.fetch(self._engine, wish, time, _PREVIEW_MOST, segments)
            except JobCancelled:
                raise
            except Exception:
                self._refused.add(wish)  # or it would be asked for again at once, without an end
                raise

        self._quietly(wish[0], fetch, lambda: self._tell("viewer"))

    def thumbnail(self, time: int) -> Picture | None:
        """Return a small picture of a frame."""
        view = self._documents.view
        try:
            return None if view is None else view.thumbnail(time)
        except HostError:
            return None

    def palette(self) -> list[tuple[Any, Rgb]]:
        """Return the colours in use, with what to show for them; each keeps its place.

        Fixes change which colour is the most frequent, but not what the artist's hand has learned.
        """
        groups = self.color_groups()
        order = [] if self._documents.view is None else self._documents.view.palette
        order += [group.color for group in groups if group.color not in order]
        groups.sort(key=lambda group: order.index(group.color))
        return [(group.color, group.display) for group in groups]

    def color_groups(self) -> list[ColorGroup]:
        """Return all colours of our frames with their segments; `changed` tells when more come."""
        shot, view, below = self._documents.shot, self._documents.view, self._engine.review_below
        if shot is None:
            return []
        if not shot.digests.complete(below):
            self._quietly("colors", lambda: shot.digests.steps(below), lambda: self._tell("colors"))
        return review.color_groups(shot.digests.made(below), view.display)

    def foreground_color(self) -> tuple[Any, Rgb] | None:
        """Return Krita's foreground colour in the colour layer's values, and what to show."""
        shot = self._documents.shot
        try:
            color = None if shot is None else self._host.foreground_color(shot.color_format)
        except HostError:
            color = None
        if color is None:
            return None
        return color, pictures.display(color, shot.color_format)
