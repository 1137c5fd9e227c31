"""Exposure sheets: which drawing of which cel every frame shows."""

import json

import pytest

from ant_core.errors import InputError
from ant_core.formats.xdts import parse_xdts, read_xdts

FIRST_LINE = "exchangeDigitalTimeSheet Save Data\n"


def track(number, *starts):
    """Return a track; a start is (frame from 0, drawing)."""
    frames = [
        {"frame": frame, "data": [{"id": 0, "values": [str(value)]}]} for frame, value in starts
    ]
    return {"trackNo": number, "frames": frames}


def sheet(*tracks, names=("A", "B"), length=12, **more):
    table = {
        "name": "cut 12",
        "duration": length,
        "timeTableHeaders": [
            {"fieldId": 3, "names": ["speech"]},
            {"fieldId": 0, "names": list(names)},
        ],
        "fields": [
            {"fieldId": 5, "tracks": [track(0, (0, "PAN"))]},
            {"fieldId": 0, "tracks": list(tracks)},
        ],
    }
    document = {"version": 5, "header": {"cut": "12", "scene": "3"}, "timeTables": [table | more]}
    return (FIRST_LINE + json.dumps(document)).encode()


def test_a_drawing_is_shown_until_the_next_begins():
    found = parse_xdts(sheet(track(0, (0, 1), (3, 2), (6, 1)), length=8), "")
    assert found.length == 8
    assert found.cel("A").exposures == (1, 1, 1, 2, 2, 2, 1, 1)
    assert found.cel("A").drawings == (1, 2)
    assert found.cel("A").frames_of(1) == [1, 2, 3, 7, 8]


def test_before_the_first_drawing_and_after_a_null_cell_a_cel_is_empty():
    found = parse_xdts(sheet(track(0, (2, 5), (4, "SYMBOL_NULL_CELL")), length=6), "")
    assert found.cel("A").exposures == (None, None, 5, 5, None, None)


def test_marks_on_a_held_drawing_change_nothing():
    marks = [(1, "SYMBOL_TICK_1"), (2, "SYMBOL_TICK_2"), (3, "SYMBOL_HYPHEN")]
    found = parse_xdts(sheet(track(0, (0, 7), *marks), length=5), "")
    assert found.cel("A").exposures == (7,) * 5


def test_cels_have_the_names_of_the_header_and_keep_their_order():
    found = parse_xdts(sheet(track(0, (0, 1)), track(1, (0, 1)), names=["BG", "A"]), "")
    assert [cel.name for cel in found.cels] == ["BG", "A"]


def test_a_cel_without_a_name_is_called_by_its_track():
    found = parse_xdts(sheet(track(0, (0, 1)), track(4, (0, 1)), names=["A"]), "")
    assert [cel.name for cel in found.cels] == ["A", "4"]


def test_cels_that_are_never_shown_are_left_out():
    found = parse_xdts(sheet(track(0, (0, 1)), track(1, (0, "SYMBOL_NULL_CELL"))), "")
    assert [cel.name for cel in found.cels] == ["A"]


@pytest.mark.parametrize("value", ["3", "A3", "A0003", "shot2_A_0003"])
def test_drawings_are_numbered_as_their_files_are(value):
    assert parse_xdts(sheet(track(0, (0, value))), "").cel("A").drawings == (3,)


def test_two_drawings_of_one_number_are_refused():
    with pytest.raises(InputError, match="both 'A2' and 'A2_'"):
        parse_xdts(sheet(track(0, (0, "A2"), (3, "A2_"))), "")
    with pytest.raises(InputError, match="both '2b' and '02B'"):
        parse_xdts(sheet(track(0, (0, "2b"), (3, "02B"))), "")


def test_a_drawing_without_number_is_refused():
    with pytest.raises(InputError, match="cel A, frame 4 shows 'key'"):
        parse_xdts(sheet(track(0, (0, 1), (3, "key"))), "")


def test_letters_make_drawings_of_their_own_in_order_of_number_then_letters():
    found = parse_xdts(sheet(track(0, (0, "2B"), (1, 1), (2, "1a"), (3, 1)), length=4), "")
    assert [str(drawing) for drawing in found.cel("A").drawings] == ["1", "1a", "2B"]
    assert found.cel("A").drawings == (1, 2, 3)


def test_what_lies_beyond_the_end_is_left_out_and_said():
    found = parse_xdts(sheet(track(0, (0, 1), (99, 2)), length=4), "cut.xdts")
    assert found.cel("A").drawings == (1,)
    assert len(found.notes) == 1
    assert "cut.xdts is 4 frames long, but cel A goes on to frame 100" in found.notes[0]


@pytest.mark.parametrize("last", ["SYMBOL_NULL_CELL", 1])
def test_a_sheet_that_ends_in_time_has_no_note(last):
    frame = 4 if last == "SYMBOL_NULL_CELL" else 3
    assert parse_xdts(sheet(track(0, (0, 1), (frame, last)), length=4), "").notes == ()


def test_an_unknown_cel_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="no cel C: it has A, B"):
        parse_xdts(sheet(track(0, (0, 1)), track(1, (0, 1))), "x").cel("C")


def test_two_cels_of_one_name_are_refused():
    with pytest.raises(InputError, match="two cels called A"):
        parse_xdts(sheet(track(0, (0, 1)), track(1, (0, 1)), names=["A", "A"]), "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"toeiDigitalTimeSheet Save Data\n{}",
        FIRST_LINE.encode(),
        FIRST_LINE.encode() + b"{",
        FIRST_LINE.encode() + b"[]",
        FIRST_LINE.encode() + b'{"timeTables": []}',
        FIRST_LINE.encode() + b'{"timeTables": [{"duration": "x"}]}',
        b"\xff\xfe\x00",
        sheet(track(0, (0, 1)), length=0),
        sheet(track(0, (0, 1)), length=10**9),
        sheet(track(0, (0, 1)), fields=[]),
        sheet(track(0, (0, 1)), fields=[{"fieldId": 0, "tracks": [{}]}]),
        sheet(track(0)),
        FIRST_LINE.encode() + b"[" * 100_000,
    ],
)
def test_what_is_no_sheet_is_one_sentence(data):
    with pytest.raises(InputError, match=r"s\.xdts"):
        parse_xdts(data, "s.xdts")


def test_every_file_cut_off_is_an_input_error():
    data = sheet(track(0, (0, 1)))
    for end in range(0, len(data) - 1, 7):
        with pytest.raises(InputError):
            parse_xdts(data[:end], "s.xdts")


def test_a_file_is_read(tmp_path):
    (tmp_path / "s.xdts").write_bytes(b"\xef\xbb\xbf" + sheet(track(0, (0, 1))))
    assert read_xdts(tmp_path / "s.xdts").cel("A").drawings == (1,)
