import json
import struct
import zlib

import pytest

from krita_plugin.propagate_colors.state import journal as journals
from krita_plugin.propagate_colors.state import journal_format
from krita_plugin.propagate_colors.state.journal import (
    ACCEPTED,
    PREDICTED,
    PRUNED,
    Entry,
    Journal,
    JournalError,
    load,
    pack_plane,
    pack_result,
    unpack_plane,
)
from krita_plugin.propagate_colors.state.pixels import Format, fingerprint
from krita_plugin.propagate_colors.version import __version__

FORM = Format("RGBA", "U8")
BOX = (0, 0, 4, 3)
PAINTED = bytes(16) + bytes(range(1, 17)) + bytes(16)
LAYER = "{11111111-2222-3333-4444-555555555555}"
RESULT = {"frame": 5, "segments": [{"id": 1, "color": [1, 2, 3, 255]}]}

# Written by hand from the description of the format, not by the code under test.
FIXTURE_JSON = {
    "schema": 1,
    "writer": f"propagate_colors {__version__}",
    "layers": {"{l}": {"role": "line"}, LAYER: {"role": "color"}},
    "settings": {"gap_px": 3.5, "first": 0, "last": 40, "model_sheets": ["/a b/ä.png"]},
    "references": {"on": [0, 12], "off": [3]},
    "hints": {
        "schema": 1,
        "hints": [{"frame": 5, "point": [6, 7], "color": [1, 2, 3, 255]}],
        "locks": [{"frame": 5, "point": [1, 1]}],
    },
    "entries": [
        {
            "layer": LAYER,
            "time": 5,
            "state": "predicted",
            "model": "ab" * 32,
            "before": {
                "hash": fingerprint(PAINTED),
                "box": [0, 1, 4, 1],
                "blob": [0, len(zlib.compress(bytes(range(1, 17)), 6))],
            },
            "after": {"hash": "cd" * 16},
            "summary": {"confidence": 0.93, "doubtful": 3, "no_counterpart": 1, "segments": 74},
        },
        {
            "layer": LAYER,
            "time": 7,
            "state": "accepted",
            "model": "ab" * 32,
            "before": None,
            "after": {"hash": "ef" * 16},
            "summary": {},
        },
        {
            "layer": LAYER,
            "time": 9,
            "state": "accepted",
            "model": "ab" * 32,
            "before": "pruned",
            "after": {"hash": "01" * 16},
            "summary": {},
        },
    ],
}


def annotation(document, blobs=b""):
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return b"PCJOURN1" + struct.pack("<I", len(text)) + text + blobs


FIXTURE = annotation(FIXTURE_JSON, zlib.compress(bytes(range(1, 17)), 6))


def entry(time=5, before=None, after="cd" * 16, state=PREDICTED, result=None):
    packed = b"" if result is None else pack_result(result)
    return Entry(LAYER, time, state, "ab" * 32, before, after, {}, packed)


def test_the_fixture_is_read():
    journal = load(FIXTURE)
    assert journal.choices == journals.Choices(["{l}"], LAYER, 0, 40, 3.5, ["/a b/ä.png"])
    assert (journal.on, journal.off) == ({0, 12}, {3})
    assert journal.hints == FIXTURE_JSON["hints"]
    first = journal.entry(LAYER, 5)
    assert (first.state, first.after, first.summary["doubtful"]) == (PREDICTED, "cd" * 16, 3)
    assert unpack_plane(first.before, FORM) == bytes(range(1, 17))
    assert journal.entry(LAYER, 7).before is None
    assert journal.entry(LAYER, 9).before == PRUNED
    assert journal.entry("{other}", 5) is None


def test_the_fixture_is_written_byte_by_byte():
    assert load(FIXTURE).dump() == FIXTURE


def test_results_and_former_pixels_return():
    journal = Journal()
    journal.record(entry(before=pack_plane(PAINTED, BOX, FORM), result=RESULT))
    journal.record(entry(time=6))
    again = load(journal.dump())
    assert again.entry(LAYER, 5).result == RESULT
    assert again.entry(LAYER, 5).before == pack_plane(PAINTED, BOX, FORM)
    assert again.entry(LAYER, 6).result is None


def test_a_blank_key_before_needs_no_pixels():
    plane = pack_plane(bytes(48), BOX, FORM)
    assert (plane.box[2:], plane.blob, unpack_plane(plane, FORM)) == ((0, 0), b"", b"")


def test_the_frame_written_last_comes_last():
    journal = Journal()
    for time in (1, 2, 1):
        journal.record(entry(time))
    assert [item.time for item in load(journal.dump())] == [2, 1]
    journal.forget(LAYER, 2)
    assert [item.time for item in journal] == [1]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PCJOURN1",
        FIXTURE[:-1],
        FIXTURE[:40],
        b"PCJOURN2" + FIXTURE[8:],
        FIXTURE[:8] + b"\xff\xff\xff\xff" + FIXTURE[12:],
        annotation([1]),
        annotation({**FIXTURE_JSON, "schema": "1"}),
        annotation({**FIXTURE_JSON, "entries": [{"layer": LAYER}]}),
        annotation({**FIXTURE_JSON, "entries": None}),
        annotation(FIXTURE_JSON, b"short"),
        annotation({**FIXTURE_JSON, "references": {"on": ["x"], "off": []}}),
        b"PCJOURN1" + struct.pack("<I", 200_000) + b"[" * 200_000,
    ],
)
def test_damage_is_one_sentence(data):
    with pytest.raises(JournalError, match="damaged"):
        load(data)


HINT = {"frame": 5, "point": [6, 7], "color": [1, 2, 3, 255]}
WHOLE = {**FIXTURE_JSON["entries"][1]}


@pytest.mark.parametrize(
    "part",
    [
        {"settings": {"first": float("inf")}},
        {"settings": {"first": 10**12}},
        {"settings": {"first": 1.5}},
        {"settings": {"gap_px": float("nan")}},
        {"settings": {"gap_px": float("inf")}},
        {"references": {"on": [float("inf")], "off": []}},
        {"references": {"on": [], "off": [None]}},
        {"hints": {"hints": [{"point": [1, 2], "color": "unpainted"}]}},
        {"hints": {"hints": [{**HINT, "frame": "5"}]}},
        {"hints": {"hints": [{**HINT, "frame": float("inf")}]}},
        {"hints": {"hints": [{**HINT, "point": [1]}]}},
        {"hints": {"locks": [{"frame": 5, "point": ["a", "b"]}]}},
        {"hints": {"locks": [[]]}},
        {"hints": {"locks": 7}},
        {"former": 7},
        {"entries": [{**WHOLE, "time": float("inf")}]},
        {"entries": [{**WHOLE, "time": 10**30}]},
        {"entries": [{**WHOLE, "summary": {"confidence": "sure"}}]},
        {"entries": [{**WHOLE, "summary": {"segments": float("inf")}}]},
        {"entries": [{**WHOLE, "before": {"hash": "aa", "box": [0, 0, 10**10, 1]}}]},
    ],
)
def test_numbers_that_are_none_are_damage(part):
    with pytest.raises(JournalError, match="damaged"):
        load(annotation({**FIXTURE_JSON, "entries": [], **part}))


def test_hashes_that_were_written_once_stay_known():
    journal = Journal()
    journal.record(entry(after="a1"))
    journal.record(entry(after="a2"))
    journal.record(entry(6, after="b1", state=ACCEPTED))
    journal.forget(LAYER, 6)
    journal.record(entry(7, after="c1", state=ACCEPTED))
    again = load(journal.dump())
    assert again.former == ["a1", "b1"]
    assert [again.origin(digest) for digest in ("a1", "a2", "b1", "c1", "d1")] == [
        PREDICTED, PREDICTED, PREDICTED, ACCEPTED, None,
    ]  # fmt: skip


def test_no_more_former_hashes_are_kept_than_the_most():
    journal = Journal()
    for number in range(journal_format.FORMER_MOST + 3):
        journal.record(entry(after=str(number)))
    assert len(journal.former) == journal_format.FORMER_MOST
    assert journal.former[0] == "2"


def test_every_cut_and_flipped_byte_is_read_or_refused():
    for place in range(0, len(FIXTURE), 7):
        for data in (
            FIXTURE[:place],
            FIXTURE[:place] + bytes([FIXTURE[place] ^ 1]) + FIXTURE[place + 1 :],
        ):
            try:
                load(data).dump()
            except JournalError:
                continue


def test_a_newer_journal_is_not_guessed_at():
    with pytest.raises(JournalError, match="newer version"):
        load(annotation({"schema": 2}))


def test_damaged_former_pixels_are_noticed():
    whole = pack_plane(PAINTED, BOX, FORM)
    for blob in (whole.blob[:-3], b"nonsense", zlib.compress(bytes(10_000))):
        with pytest.raises(JournalError):
            unpack_plane(whole._replace(blob=blob), FORM)


def test_a_damaged_result_is_no_result():
    item = entry(result=RESULT)
    item.packed_result = item.packed_result[:-4]
    assert item.result is None


def pruned(limit):
    journal = Journal()
    noise = [bytes((i * 7919 * (n + 3) >> 5) % 256 for i in range(48)) for n in range(3)]
    for time, state in ((1, PREDICTED), (2, ACCEPTED), (3, ACCEPTED)):
        before = pack_plane(noise[time - 1], BOX, FORM)
        journal.record(entry(time, before, state=state, result={**RESULT, "frame": time}))
    full = len(journal.dump())
    data = journal.dump(full - limit)
    assert len(data) <= full - limit
    again = load(data)
    return {
        (time, what)
        for time in (1, 2, 3)
        for what, gone in (
            ("before", again.entry(LAYER, time).before == PRUNED),
            ("result", again.entry(LAYER, time).result is None),
        )
        if gone
    }


def test_pruning_takes_accepted_former_pixels_first_then_results_then_the_rest():
    assert pruned(0) == set()
    assert pruned(10) == {(2, "before")}
    assert pruned(100) == {(2, "before"), (3, "before")}
    assert pruned(300) >= {(2, "before"), (3, "before"), (1, "result")}
    assert (1, "before") not in pruned(300)


def test_everything_can_be_pruned():
    journal = Journal()
    journal.record(entry(before=pack_plane(PAINTED, BOX, FORM), result=RESULT))
    again = load(journal.dump(10))
    assert again.entry(LAYER, 5).before == PRUNED
    assert again.entry(LAYER, 5).result is None


def test_an_entry_is_taken_up_again_when_its_pixels_are_back():
    book = journals.Journal()
    first = journals.Entry("l", 3, journals.ACCEPTED, "m", None, "one", {"doubtful": 2})
    book.record(first)
    book.forget("l", 3)
    assert not book.revive("l", 3, "other")
    assert not book.revive("l", 4, "one")
    assert book.touched("l") == [3]
    assert book.revive("l", 3, "one")
    assert book.entry("l", 3) is first
    assert not book.revive("l", 3, "one")


def test_retired_entries_are_bounded(monkeypatch):
    monkeypatch.setattr(journal_format, "RETIRED_MOST", 5000)
    book = journals.Journal()
    for number in range(20):
        book.record(journals.Entry("l", number, journals.PREDICTED, "m", None, str(number), {}))
        book.forget("l", number)
    kept = [number for number in range(20) if book.revive("l", number, str(number))]
    assert kept == list(range(10, 20))


def test_a_forgotten_entry_can_be_taken_up_again_after_reopening_if_there_was_room_for_it():
    book = journals.Journal()
    book.record(journals.Entry("l", 3, journals.PREDICTED, "m", None, "one", {}))
    book.record(journals.Entry("l", 3, journals.PREDICTED, "m", None, "two", {}))
    book.record(journals.Entry("l", 4, journals.PREDICTED, "m", None, "four", {}))
    book.forget("l", 4)
    again = load(book.dump())
    assert [(entry.time, entry.after) for entry in again] == [(3, "two")]
    assert again.revive("l", 4, "four")
    assert not again.revive("l", 3, "one")
    small = load(book.dump(len(book.dump()) - 1))
    assert [(entry.time, entry.after) for entry in small] == [(3, "two")]
    assert not small.revive("l", 4, "four")


def test_layers_that_also_move_and_painted_surfaces_are_kept():
    journal = Journal()
    journal.choices.moved, journal.choices.color = ["{s}", "{h}"], LAYER
    journal.choices.surfaces = True
    journal.record(Entry("{s}", 5, PREDICTED, "m", None, "aa", {journals.MOVED: True}))
    journal.record(Entry(LAYER, 5, PREDICTED, "m", None, "bb", {"segments": 3}))
    again = load(journal.dump())
    assert again.choices == journal.choices
    assert again.moved_layers() == {"{s}"}
    assert again.is_moved("{s}", 5)
    assert not again.is_moved(LAYER, 5)
    assert not again.is_moved("{s}", 6)


def test_a_journal_without_them_is_as_it_was_before_they_were_known():
    text = Journal().dump()
    assert b"surfaces" not in text
    assert b"moved" not in text
