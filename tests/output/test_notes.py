"""Notes of the review page: kept by drawing and place."""

from ant_core.output.notes import Note, NotePlace, attach, merge_notes, notes_json
from ant_core.schemas import first_error

HEAD = NotePlace("a1", (20, 20), (0, 0, 40, 40))
HAND = NotePlace("a1", (70, 20), (50, 0, 30, 40))


def note(place, text="look", written="2026-01-01T10:00:00Z"):
    return Note(place, "7", text, written)


def test_the_later_note_on_a_place_counts_and_a_note_can_be_taken_back():
    first, second = note(HEAD, "dark?"), note(HEAD, "fine", "2026-01-02T10:00:00Z")
    assert merge_notes([second], [first]) == [second]
    gone = note(HEAD, "", "2026-01-03T10:00:00Z")
    assert merge_notes([first], [second, gone]) == [gone]
    assert merge_notes([note(HEAD)], [note(HAND)]) == [note(HEAD), note(HAND)]


def test_notes_fit_their_schema():
    assert first_error(notes_json([note(HEAD), note(HAND, "")]), "review_notes") is None


def test_a_note_stays_with_its_place_when_segments_are_numbered_anew():
    assert attach([note(HAND)], {"a1": [HAND, HEAD]}) == {HAND: note(HAND)}


def test_a_note_on_a_segment_that_was_divided_goes_to_the_part_most_like_it():
    parts = [
        NotePlace("a1", (12, 20), (0, 0, 25, 40)),
        NotePlace("a1", (33, 20), (26, 0, 14, 40)),
        HAND,
    ]
    assert attach([note(HEAD)], {"a1": parts}) == {parts[0]: note(HEAD)}


def test_notes_on_drawings_that_are_gone_are_left():
    segments = {"b2": [NotePlace("b2", (20, 20), (0, 0, 40, 40))], "c3": []}
    assert attach([note(HEAD)], segments) == {}
