"""The controller's pictures for the contact sheet: fetched one after the other, quietly."""

from __future__ import annotations

from collections import OrderedDict
from typing import Callable, Collection, Hashable, NamedTuple

from . import log
from .host.document import HostError
from .open_documents import OpenDocuments
from .state import timeline
from .state.journal import JournalError
from .state.model import Picture
from .state.shot import DocumentShot
from .work.jobs import JobCancelled
from .work.shown import version
from .work.thumbnails import thumbnail
from .work.worker import Steps

_SIZE = (192, 144)
_KEEP = 800  # pictures of 110 kB at most


class SheetKey(NamedTuple):
    """What a picture depends on."""

    document: str
    layer: str | None
    time: int
    before: bool
    color: str | None  # hash of the colour layer's pixels
    moved: Hashable  # of the layers that move along
    parts: tuple[timeline.Part, ...]


class Sheets:
    """Small pictures of all frames, as they are and as they were."""

    _documents: OpenDocuments
    _quietly: Callable[..., None]
    _tell: Callable[[str], None]
    _sheet: OrderedDict[SheetKey, Picture | None]

    def show_sheet(self) -> None:
        """Open the contact sheet of the window in front."""
        self._tell("contact sheet")

    def sheet_picture(self, time: int, before: bool = False) -> Picture | None:
        """Return a picture; None until `changed("sheet")` tells that it was fetched."""
        shot = self._documents.shot
        if shot is None:
            return None
        try:
            key = self._sheet_key(shot, time, before)
        except HostError:  # the document was closed: the next look sees that
            return None
        if key in self._sheet:
            self._sheet.move_to_end(key)
            return self._sheet[key]

        def fetch() -> Steps:
            if key not in self._sheet:  # or it was asked for again while it was fetched
                self._keep_picture(key, (yield from _picture(shot, time, before)))

        self._quietly(f"sheet {time} {before}", fetch, lambda: self._tell("sheet"))
        return None

    def _keep_picture(self, key: SheetKey, picture: Picture | None) -> None:
        self._sheet[key] = picture
        while len(self._sheet) > _KEEP:
            self._sheet.popitem(last=False)

    def _forget_pictures(self, shot: DocumentShot, time: int | None = None) -> None:
        """Draw a document's pictures anew; with a time those that show lines of that frame.

        Of still line layers only the active one counts, or each frame left would cost them all.
        """
        parts = set() if time is None else set(timeline.drawing_at(shot.lines, time).parts)
        active = None if time is None else shot.document.active_layer_uuid()
        changed = {part for part in parts if part.key is not None or part.uuid == active}
        for key in [key for key in self._sheet if key.document == shot.document.key]:
            if time is None or key.time == time or changed.intersection(key.parts):
                del self._sheet[key]

    def _keep_pictures_of(self, open_ones: Collection[str]) -> None:
        """Forget the pictures of documents that were closed."""
        for key in [key for key in self._sheet if key.document not in open_ones]:
            del self._sheet[key]

    @staticmethod
    def _sheet_key(shot: DocumentShot, time: int, before: bool) -> SheetKey:
        """Name what a picture depends on, but for the lines' pixels, which have no hash."""
        key = timeline.held_key(sorted(shot.seen), time)
        color = None if key is None else shot.seen[key].hash
        parts = timeline.drawing_at(shot.lines, time).parts
        moved = version(shot, time)
        return SheetKey(shot.document.key, shot.color, time, before, color, moved, parts)


def _picture(shot: DocumentShot, time: int, before: bool) -> Steps:
    """Return a picture; None where there is none: it would be asked for without an end."""
    try:
        return (yield from thumbnail(shot, time, _SIZE, before))
    except JobCancelled:
        raise
    except (HostError, JournalError) as error:
        log.logger.info("no picture of frame %s: %s", time, error)
    except Exception as error:  # Krita's or our own: one picture is missing, and the log says why
        log.logger.error("no picture of frame %s", time, exc_info=error)
    return None
