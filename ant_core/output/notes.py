"""What people note on the review page: kept by drawing and place, through later runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ant_core.errors import InputError
from ant_core.files import WholeFiles, json_bytes, read_bytes
from ant_core.guard import MOST_JSON, parse_json
from ant_core.schemas import first_error

__all__ = ["Note", "NotePlace", "attach", "keep_notes", "merge_notes", "notes_json", "read_notes"]


@dataclass(frozen=True)
class NotePlace:
    """A segment as a note knows it: by its drawing and where it lies, not by its number.

    Attributes
    ----------
    drawing : str
        Hash of the decoded line drawing.
    point : (int, int)
        A pixel x, y in it.
    box : (int, int, int, int)
        x, y, width, height in pixels.
    """

    drawing: str
    point: tuple[int, int]
    box: tuple[int, int, int, int]


@dataclass(frozen=True)
class Note:
    """What was noted of a segment.

    Attributes
    ----------
    place : NotePlace
    frame : str
        The frame that the page named.
    text : str
        Empty where a note was taken back.
    written : str
        When, as ISO 8601 in UTC: of two notes on one place the later counts.
    """

    place: NotePlace
    frame: str
    text: str
    written: str


def read_notes(path: Path) -> list[Note]:
    """Read notes that the review page saved, or a run kept.

    Raises
    ------
    InputError
        When the file cannot be read or holds no notes.
    """
    try:
        document = parse_json(read_bytes(path, most=MOST_JSON))
    except ValueError as error:
        raise InputError(
            f"{path} is no JSON file ({error}): save the notes again from the review page"
        ) from None
    wrong = first_error(document, "review_notes")
    if wrong is not None:
        raise InputError(
            f"{path} holds no review notes ({wrong}): save them again from the review page"
        )
    return [
        Note(
            NotePlace(item["drawing"], tuple(item["point"]), tuple(item["box"])),
            item["frame"],
            item["text"],
            item["written"],
        )
        for item in document["notes"]
    ]


def merge_notes(*several: Iterable[Note]) -> list[Note]:
    """Put notes together; of two on one place the one written later counts."""
    latest: dict[tuple[str, tuple[int, int]], Note] = {}
    for note in sorted((note for notes in several for note in notes), key=lambda n: n.written):
        latest[note.place.drawing, note.place.point] = note
    return list(latest.values())


def keep_notes(path: Path, notes: Sequence[Note], files: WholeFiles) -> list[Note]:
    """Write notes beside the page, with those that were saved there meanwhile; return them all.

    Raises
    ------
    InputError
        When the file that is there cannot be read or holds no notes; it stays as it is.
    """
    kept = merge_notes(notes, read_notes(path) if path.is_file() else ())
    if kept:
        files.write(path, json_bytes(notes_json(kept)))
    return kept


def notes_json(notes: Sequence[Note]) -> dict[str, Any]:
    """Return notes as their schema has them."""
    rows = [
        {
            "drawing": note.place.drawing,
            "point": list(note.place.point),
            "box": list(note.place.box),
            "frame": note.frame,
            "text": note.text,
            "written": note.written,
        }
        for note in notes
    ]
    return {"schema": 1, "kind": "review_notes", "notes": rows}


def attach(
    notes: Iterable[Note], segments: Mapping[str, Sequence[NotePlace]]
) -> dict[NotePlace, Note]:
    """Find the segment of today that each note is about.

    Parameters
    ----------
    notes : iterable of Note
    segments : dict of str to sequence of NotePlace
        Of every drawing, by its hash.

    Returns
    -------
    dict of NotePlace to Note
        One a segment, the last written. A segment that was divided or joined since is the one with
        the same point, else the one whose box is most alike. Notes on other drawings are left out.
    """
    found: dict[NotePlace, Note] = {}
    for note in notes:
        known = segments.get(note.place.drawing, ())
        if not known:
            continue
        place = max(known, key=lambda place: (place.point == note.place.point, _alike(place, note)))
        other = found.get(place)
        if other is None or other.written < note.written:
            found[place] = note
    return found


def _alike(place: NotePlace, note: Note) -> float:
    """Return the area that two boxes share by the area of both, in [0, 1]."""
    x0, y0, w0, h0 = place.box
    x1, y1, w1, h1 = note.place.box
    wide = min(x0 + w0, x1 + w1) - max(x0, x1)
    high = min(y0 + h0, y1 + h1) - max(y0, y1)
    shared = max(wide, 0) * max(high, 0)
    return shared / max(w0 * h0 + w1 * h1 - shared, 1)
