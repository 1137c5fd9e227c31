"""Which document lies in front, and what of it changed: looked at twice a second, without pixels.

Krita has no signals for the current frame, layers or pixels. The colour layer's pixels are read
again when the artist leaves a frame, and before anything is done with them.
"""

from __future__ import annotations

from typing import Any, Callable

from .host import hand
from .host.document import HostError
from .log import logger
from .state.model import FrameRow
from .state.shot import DocumentShot
from .viewing import ShotView

POLL_SECONDS = 0.5


class OpenDocuments:
    """The open documents' shots; `changed(what)` tells of every change."""

    def __init__(
        self,
        host: Any,
        clock: Any,
        changed: Callable[[str], None],
        on_left: Callable[[int], None],
        on_history: Callable[[], None],
    ) -> None:
        self.shot: DocumentShot | None = None
        self.view: ShotView | None = None
        self.time = 0
        self.size = (0, 0)
        self.range = (0, 0)
        self.hold = lambda: False  # while true, a job moves the playhead and makes layers
        self._host = host
        self._clock = clock
        self._changed = changed
        self._on_left = on_left  # a frame that the artist may have painted on
        self._on_history = on_history  # after Krita's own undo or redo
        self._history = False
        self._known: dict[str, tuple[DocumentShot, ShotView]] = {}
        self._rows: list[FrameRow] | None = None
        self._closed = False
        clock.later(POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        if self._closed:
            return
        try:
            self._history = self._host.history_happened() or self._history
            if not self.hold():
                self.look()
                self._look_at_paint()
        except Exception as error:  # the timer's border: the next look must come
            logger.error("polling", exc_info=error)
        finally:
            self._clock.later(POLL_SECONDS, self._poll)

    def look(self) -> None:
        """Notice another document, another frame, other layers."""
        try:
            document = self._host.active_document()
            if document is not None and not document.is_open():
                return  # Krita is just opening or closing it: the next look sees which
            if self._is_other(document):
                self._switch(document)
            elif document is not None:
                self._compare()
        except HostError as error:  # closed in this very moment: the next look sees that
            logger.info("not looked: %s", error)

    def _look_at_paint(self) -> None:
        """Notice paint on the frame that is shown, and what undo brought back elsewhere."""
        shot = self.shot
        if shot is None or shot.document.is_playing() or not hand.is_up():
            return
        try:
            if shot.document.active_layer_uuid() == shot.color and shot.scanned:
                shown = shot.shown_at(self.time)
                if shot.painted_at(shown):
                    self.view.forget(shown)
                    for what in ("frames", "viewer", "colors"):
                        self.changed(what)
        except HostError as error:
            logger.info("not looked: %s", error)
        if self._history:
            self._history = False
            self._on_history()

    def _is_other(self, document: Any) -> bool:
        """Tell whether another document is in front; one that was opened again is another."""
        if document is None or self.shot is None:
            return document is not None or self.shot is not None
        return document.key != self.shot.document.key or not self.shot.document.is_open()

    def _switch(self, document: Any) -> None:
        self._known = {key: kept for key, kept in self._known.items() if kept[0].document.is_open()}
        self.shot = self.view = None
        self.time, self.size, self.range = 0, (0, 0), (0, 0)
        self._host.history_happened()  # from now on it is watched
        if document is not None:
            if document.key not in self._known:
                shot = DocumentShot(document)
                self._known[document.key] = (shot, ShotView(shot))
            shot, view = self._known[document.key]
            shot.look()
            self.shot, self.view = shot, view
            self.time, self.size = document.current_time, (document.width, document.height)
            self.range = shot.range
        for what in ("document", "choices", "frames", "viewer", "colors"):
            self.changed(what)

    def _compare(self) -> None:
        shot, document = self.shot, self.shot.document
        if document.is_playing():
            return
        if document.layers() != shot.infos:
            scanned = shot.scanned
            shot.look()
            self.changed("choices")
            self.changed("frames")
            if scanned and not shot.scanned:  # another colour layer is proposed
                self._forget_pictures()
                self.changed("keys")
        elif shot.current_lines() != shot.lines:
            shot.read_line_keys()
            self.changed("frames")
        size = (document.width, document.height)
        if (size, shot.range) != (self.size, self.range):
            self.size, self.range = size, shot.range
            self._forget_pictures()
            self.changed("document")
            self.changed("frames")
        if shot.keys_changed():
            self.changed("keys")
        if document.current_time != self.time:
            left, self.time = self.time, document.current_time
            self.look_at(left)
            self.changed("viewer")

    def look_at(self, time: int) -> None:
        """Have a frame read again that the artist may have painted on."""
        self.view.forget(self.shot.shown_at(time))
        self._on_left(time)

    def choose(self, choices: dict[str, Any]) -> None:
        """Change what the artist chose and note it in the document."""
        shot = self.shot
        shot.choose(**choices)
        shot.save()
        self.range = shot.range
        self._forget_pictures()
        for what in ("choices", "frames", "viewer", "colors"):
            self.changed(what)

    def _forget_pictures(self) -> None:
        """Have all pictures of the document in front drawn anew."""
        self.view.forget()
        self._changed("pictures")

    def wrote(self, time: int) -> None:
        """Show a frame that a job has just changed."""
        if self.view is not None:
            self.view.forget(time)
        self.changed("frames")

    def changed(self, what: str) -> None:
        """Tell of a change."""
        self._rows = None
        self._changed(what)

    def rows(self) -> list[FrameRow]:
        """Return one row a frame of the range."""
        if self._rows is None:
            try:
                self._rows = [] if self.shot is None else self.shot.rows()
            except HostError:
                self._rows = []
        return self._rows

    def trouble(self) -> str:
        """Return, once, why the document's journal could not be read."""
        if self.shot is None:
            return ""
        text, self.shot.trouble = self.shot.trouble, ""
        return text

    def known(self) -> list[str]:
        """Return the keys of the open documents that were in front."""
        return list(self._known)

    def facts(self) -> dict[str, Any]:
        """Return what diagnostics say of the document."""
        shot = self.shot
        if shot is None:
            return {"Document": "none"}
        return {
            "Canvas": f"{self.size[0]} x {self.size[1]}",
            "Colors": " ".join(shot.color_format),
            "Line layers": len(shot.lines),
            "Frames": f"{self.range[0]} to {self.range[1]}, {len(shot.seen)} color keys",
        }

    def names(self) -> list[str]:
        """Return names that diagnostics must not show."""
        if self.shot is None:
            return []
        try:
            document = self.shot.document
            return [document.name, *(info.name for info in self.shot.infos)]
        except HostError:
            return []

    def close(self) -> None:
        """Look no more."""
        self._closed = True
