"""The journal: the same bytes for the engine and for the docker in Krita."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ant_core import __version__
from ant_core.errors import InputError
from ant_core.formats.kra import journal_format, owners
from ant_core.formats.kra.document import Key
from ant_core.formats.kra.journal import MOVED, Entry, KraJournal, pack_plane, plane_hash
from ant_core.formats.kra.spaces import space_named
from ant_core.output.kra_journal import note_layers
from krita_plugin.propagate_colors.state import journal as docker
from krita_plugin.propagate_colors.state import journal_format as docker_format
from krita_plugin.propagate_colors.state.pixels import Format

SPACE = space_named("RGBA", "")
LAYER = "{00000000-0000-4000-8000-000000000007}"


def picture(seed: int) -> np.ndarray:
    image = np.zeros((40, 60, 4), np.uint8)
    image[5 + seed : 20, 10:30] = np.random.default_rng(seed).integers(0, 256, (15 - seed, 20, 4))
    return image


def entry(time: int, state="predicted", before=None, result=b"", after="") -> Entry:
    summary = {"confidence": 0.93, "doubtful": 3, "no_counterpart": 1, "segments": 74}
    after = after or plane_hash(picture(time + 1), SPACE)
    return Entry(LAYER, time, state, "ab" * 32, before, after, summary, result)


def filled() -> KraJournal:
    journal = KraJournal()
    journal.document["layers"] = {"{line}": {"role": "line"}, LAYER: {"role": "color"}}
    journal.document["references"] = {"on": [0], "off": [9]}
    result = zlib.compress(json.dumps({"frame": 2, "segments": []}).encode())
    journal.record(entry(2, before=None, result=result))
    journal.record(entry(4, "accepted", pack_plane(picture(3), SPACE)))
    journal.record(entry(6, before=pack_plane(picture(0) * 0, SPACE)))
    journal.record(entry(8, before="pruned"))
    return journal


def test_the_docker_reads_what_the_engine_writes():
    ours = filled()
    theirs = docker.load(ours.dump())
    assert theirs.choices.lines == ["{line}"]
    assert theirs.choices.color == LAYER
    assert (theirs.on, theirs.off) == ({0}, {9})
    for item in ours:
        other = theirs.entry(LAYER, item.time)
        assert (other.state, other.after, other.model) == (item.state, item.after, item.model)
        assert other.summary == item.summary
    assert theirs.entry(LAYER, 2).result == {"frame": 2, "segments": []}
    assert theirs.entry(LAYER, 8).before == docker.PRUNED
    plane = theirs.entry(LAYER, 4).before
    x, y, width, height = plane.box
    inside = SPACE.format.encode(picture(3)[y : y + height, x : x + width])
    assert docker.unpack_plane(plane, Format("RGBA", "U8")) == inside
    assert not picture(3)[:y].any()
    assert theirs.entry(LAYER, 6).before.box[2:] == (0, 0)


def test_the_engine_reads_what_the_docker_writes():
    image = picture(3)
    raw = SPACE.format.encode(image)
    theirs = docker.Journal()
    theirs.choices.lines, theirs.choices.color = ["{line}"], LAYER
    theirs.on = {3}
    before = docker.pack_plane(raw, (0, 0, 60, 40), Format("RGBA", "U8"))
    theirs.record(docker.Entry(LAYER, 4, "accepted", "ab", before, "cd", {"segments": 1}))
    ours = KraJournal(theirs.dump())
    item = ours.entry(LAYER, 4)
    assert item.state == "accepted"
    assert item.after == "cd"
    assert item.before.hash == plane_hash(image, SPACE)
    assert item.before.box == before.box
    assert ours.references_on == {3}
    assert ours.document["layers"][LAYER] == {"role": "color"}


def test_hashes_of_what_was_written_formerly_go_both_ways():
    ours = filled()
    ours.record(entry(4, after="11" * 16))
    ours.forget(LAYER, 8)
    theirs = docker.load(ours.dump())
    for journal in (ours, theirs, KraJournal(theirs.dump())):
        assert journal.origin("11" * 16) == "predicted"
        assert journal.origin(entry(8).after) == "predicted"
        assert journal.origin("00" * 16) is None


@pytest.mark.parametrize(
    ("digest", "owner"), [("a1", "predicted"), ("b1", "unknown"), ("c1", "artist")]
)
def test_pixels_that_were_written_formerly_or_elsewhere_are_not_the_artists(digest, owner):
    journal = KraJournal()
    journal.record(entry(4, after="a1"))
    journal.record(entry(4, after="a2"))
    journal.record(entry(6, "accepted", after="b1"))
    assert owners._owner(SimpleNamespace(uuid=LAYER), 4, True, digest, journal) == owner
    assert owners._owner(SimpleNamespace(uuid=LAYER), 4, False, digest, journal) == "blank"


def test_both_sides_hold_the_same_format():
    ours, theirs = Path(journal_format.__file__), Path(docker_format.__file__)
    assert ours != theirs
    assert ours.read_bytes() == theirs.read_bytes()


def head_of(data: bytes) -> tuple[int, str]:
    """Return schema and writer of an annotation."""
    document = json.loads(data[12 : 12 + int.from_bytes(data[8:12], "little")])
    return document["schema"], document["writer"]


def test_who_wrote_last_is_named_and_in_which_form(monkeypatch):
    theirs = docker.Journal().dump()
    assert head_of(theirs) == (1, docker.WRITER)
    ours = KraJournal(theirs).dump()
    assert head_of(ours) == (1, f"ant_core {__version__}")
    assert head_of(docker.load(ours).dump()) == head_of(theirs)
    monkeypatch.setattr(journal_format, "_SCHEMA", 2)
    assert head_of(KraJournal(theirs).dump())[0] == 2


def taken_back() -> bytes:
    """Return a docker's journal whose frame 4 was taken back; `picture(5)` lay there."""
    theirs = docker.Journal()
    for time, state in ((4, "accepted"), (6, "predicted")):
        theirs.record(docker.Entry(LAYER, time, state, "ab", None, entry(time).after, {}))
    theirs.forget(LAYER, 4)
    return theirs.dump()


def test_a_frame_taken_back_is_no_entry_for_the_engine_and_stays_marked():
    ours = KraJournal(taken_back())
    assert [item.time for item in ours] == [6]
    again = docker.load(KraJournal(ours.dump()).dump())
    assert [item.time for item in again] == [6]
    assert again.revive(LAYER, 4, entry(4).after)
    assert again.entry(LAYER, 4).state == "accepted"


@pytest.mark.parametrize(
    ("seed", "owner", "times"),
    [(5, "accepted", [6, 4]), (7, "predicted", [6]), (9, "unknown", [6])],
)
def test_only_its_own_pixels_take_up_a_frame_that_was_taken_back(monkeypatch, seed, owner, times):
    """Those of frame 6 are a copy; others are not ours, and nothing says that they teach."""
    journal = KraJournal(taken_back())
    layer = SimpleNamespace(uuid=LAYER)
    monkeypatch.setattr(owners, "read_plane", lambda *_: picture(seed))
    document = SimpleNamespace(space=lambda _: SPACE)
    found = owners.survey(document, layer, journal, [Key(4, "layer.f4", (0, 0))])
    assert found[4].owner == owner
    assert [item.time for item in journal] == times


def test_what_is_read_is_written_again():
    data = filled().dump()
    assert KraJournal(data).dump() == data


def test_over_the_limit_the_least_needed_goes_first():
    journal = filled()
    whole = journal.dump()
    smaller = KraJournal(journal.dump(len(whole) - 1))
    assert smaller.entry(LAYER, 4).before == "pruned"
    assert smaller.entry(LAYER, 2).result
    smallest = KraJournal(filled().dump(1))
    assert not smallest.entry(LAYER, 2).result
    assert smallest.entry(LAYER, 6).before.box == (0, 0, 0, 0)  # a blank key costs nothing


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:11],
        lambda data: data[:60],
        lambda data: b"PCJOURN2" + data[8:],
        lambda data: data[:12] + b"[" + data[13:],
        lambda data: data[:-1],
        lambda data: data.replace(b'"state":"accepted"', b'"state":"approved"'),
        lambda data: data.replace(b'"on":[0]', b'"on":"0"'),
        lambda data: data.replace(b'"time":2', b'"time":1e999'),
        lambda data: data.replace(b'"entries":', b'"former":[7],"entries":'),
    ],
)
def test_damage_is_one_sentence(damage):
    with pytest.raises(InputError, match=r"notes of Propagate Colors in shot\.kra are damaged"):
        KraJournal(damage(filled().dump()), "shot.kra")


def test_a_newer_journal_asks_for_an_update():
    data = filled().dump().replace(b'"schema":1,"writer"', b'"schema":2,"writer"')
    with pytest.raises(InputError, match="update ant_core"):
        KraJournal(data, "shot.kra")


def test_what_the_docker_chose_to_move_is_kept_by_a_run_of_the_command_line():
    journal = docker.Journal()
    journal.choices.lines, journal.choices.color = ["{l}"], LAYER
    journal.choices.moved, journal.choices.surfaces = ["{s}"], True
    ours = KraJournal(journal.dump())
    note_layers(ours, ["{l}"], LAYER)
    assert docker.load(ours.dump()).choices == journal.choices
    assert docker.MOVED == MOVED
