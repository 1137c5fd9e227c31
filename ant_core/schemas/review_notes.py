"""The form of the notes that a review page saves."""

from __future__ import annotations

from typing import Annotated, Literal

from ant_core.schemas.forms import Box, Form, Point, told

__all__ = ["FORMS"]


class ReviewNoteForm(Form):
    """A note on a segment."""

    drawing: Annotated[str, told("hash of the decoded line drawing")]
    point: Annotated[Point, told("a pixel x, y of the segment")]
    box: Annotated[Box, told("x, y, width, height of the segment in pixels")]
    frame: str
    text: Annotated[str, told("empty where the note was taken back")]
    written: Annotated[str, told("ISO 8601 in UTC; the later of two counts")]


class ReviewNotesForm(Form):
    """Notes on segments, written on the review page of a shot."""

    schema: Literal[1]
    kind: Literal["review_notes"]
    notes: list[ReviewNoteForm]


FORMS = (ReviewNotesForm,)
