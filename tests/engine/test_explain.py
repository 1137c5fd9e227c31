"""Why a segment has its colour: the match of the very run, repeated."""

import gc
import threading
import weakref

import numpy as np
import pytest

from ant_core.errors import Cancelled, InputError, UsageError
from ant_core.matching.matcher import Matcher
from ant_core.propagation.drawings import Settings
from ant_core.propagation.fill import Filler
from ant_core.shot.hints import parse_hints
from tests.engine.test_sample import SHOT, bgra
from tests.engine.test_session import RGBA8, Program, ShotSession, ink, probes, program
from tests.propagation.test_pieces import SHORT, drawing, painted
from tests.support.drawn import BOXES, line_drawing, painting, save
from tests.support.fakes import FakeMatcher

NOT_CANCELLED = threading.Event()


def explain(krita, frame, segment, side=96):
    return krita.session.explain(frame, segment, side, NOT_CANCELLED)


def shares(told):
    return [one["share"] for one in told["matches"]]


@pytest.fixture(scope="module")
def sample():
    """The bundled shot's first frames, run with the embedded model."""
    height, width = bgra(SHOT / "line" / "0001.png").shape[:2]
    krita = Program(ShotSession(width, height, RGBA8, RGBA8, Matcher(None, "cpu")), RGBA8)
    for frame in range(1, 8):
        krita.draw(frame, bgra(SHOT / "line" / f"{frame:04d}.png"))
    krita.paint(1, bgra(SHOT / "color" / "0001.png"))
    krita.run(range(1, 8), [1])
    return krita


def test_the_best_match_is_what_the_run_took_the_colour_from(sample):
    taken, untaken = 0, 0
    for frame in (2, 7):
        for one in sample.results[frame]["segments"][::6]:
            told, _ = explain(sample, frame, one["id"])
            assert told["taken"] == (one["source"] is not None)
            assert sum(shares(told)) + told["rest"] == pytest.approx(1, abs=5e-4)
            assert shares(told)[1:] == sorted(shares(told)[1:], reverse=True)
            if one["source"] is None:
                untaken += 1
                assert told["has_counterpart"] < sample.session.matcher.no_counterpart_threshold
                continue
            first = told["matches"][0]
            assert {"frame": first["frame"], "segment": first["segment"]} == one["source"]
            assert first["color"] == one["color"]
            taken += 1
    assert taken > 20
    assert untaken < taken


def test_layers_tell_what_is_attended_to_and_show_it(sample):
    told, data = explain(sample, 3, 1)
    assert [layer["to"] for layer in told["layers"]] == ["itself", "references"] * 4
    for layer in told["layers"]:
        shown = {one["frame"] for one in layer["pictures"]}
        assert shown <= {one["frame"] for one in layer["most"]}
        assert (shown == {3}) == (layer["to"] == "itself")
    pictures = [told["picture"], *(one["picture"] for one in told["matches"])]
    pictures += [one for layer in told["layers"] for one in layer["pictures"]]
    assert sum(one["bytes"] for one in pictures) == len(data)
    assert all(one["bytes"] == one["width"] * one["height"] * 4 for one in pictures)


def test_the_segment_is_outlined_and_its_colours_are_seen(sample):
    """Also where lines lie on opaque paper."""
    told, data = explain(sample, 2, 1, side=200)
    at = 0
    for one in [told["picture"], *(match["picture"] for match in told["matches"])]:
        part = np.frombuffer(data[at : at + one["bytes"]], np.uint8).reshape(-1, 4).astype(int)
        at += one["bytes"]
        blue, green, red = part[:, 0], part[:, 1], part[:, 2]
        assert ((red > 230) & (green < 110) & (blue > 110)).sum() > 20  # the outline
        assert (np.ptp(part[:, :3], axis=1) > 40).mean() > 0.02  # skin, hair


def test_nothing_is_changed_by_it(sample):
    before = dict(sample.results)
    explain(sample, 4, 2)
    sample.run(range(1, 8), [1], known={f: sample.session.plane_hash(f) for f in range(2, 8)})
    assert sample.recomputed() == set()
    assert [it["segments"] for it in sample.results.values()] == [
        it["segments"] for it in before.values()
    ]


def test_matches_in_tiles_are_told_of_the_tile(monkeypatch):
    krita = program()
    whole = Settings(max_pairs=6, max_columns=3)
    monkeypatch.setattr("ant_core.propagation.assemble.Settings", lambda **_: whole)
    krita.run([2, 3], [1])
    for one in krita.results[2]["segments"]:
        told, _ = explain(krita, 2, one["id"])
        first = told["matches"][0]
        assert {"frame": first["frame"], "segment": first["segment"]} == one["source"]
        assert told["layers"] == []  # the fake network shows none


def test_a_held_frame_is_told_of_as_the_frame_it_holds():
    krita = program(frames=[1, 2])
    krita.draw(3, ink(1))
    krita.run([2, 3], [1])
    assert explain(krita, 3, 2)[0] == explain(krita, 2, 2)[0]


def test_what_a_run_did_not_find_is_refused():
    krita = program()
    with pytest.raises(InputError, match="frame 2 was not coloured since the engine was started"):
        explain(krita, 2, 1)
    krita.run([1, 2, 3], [1])
    with pytest.raises(InputError, match="colours of frame 1 are given"):
        explain(krita, 1, 1)
    with pytest.raises(UsageError, match="there is no segment 99 in frame 2"):
        explain(krita, 2, 99)
    krita.draw(2, ink(30))
    with pytest.raises(InputError, match="the drawing of frame 2 has changed"):
        explain(krita, 2, 1)


def test_a_colour_given_by_hand_is_refused_and_others_are_told_of():
    krita = program()
    hint = {"frame": 2, "point": list(probes(1)[0]), "color": list(BOXES[1][1])}
    krita.run([2, 3], [1], hints=parse_hints({"schema": 1, "hints": [hint]}, "here"))
    segments = krita.results[2]["segments"]
    (given,) = [one["id"] for one in segments if "hint" in one.get("flags", ())]
    with pytest.raises(InputError, match=f"segment {given} in frame 2 was given by hand"):
        explain(krita, 2, given)
    other = next(one["id"] for one in segments if one["id"] != given)
    assert explain(krita, 2, other)[0]["taken"]


def test_a_source_that_was_coloured_anew_since_is_refused():
    krita = program()
    krita.run([2, 3], [1])
    assert explain(krita, 3, 1)[0]["taken"]
    hint = {"frame": 2, "point": list(probes(1)[0]), "color": list(BOXES[1][1])}
    krita.run([2], [1], hints=parse_hints({"schema": 1, "hints": [hint]}, "here"))
    with pytest.raises(InputError, match="what frame 3 was coloured from has changed since"):
        explain(krita, 3, 1)


def test_a_frame_that_a_later_run_leaves_out_is_told_of_as_its_own_run_coloured_it():
    krita = program()
    krita.run([2, 3], [1])
    before = explain(krita, 3, 1)
    krita.run([2], [1])
    assert explain(krita, 3, 1) == before


def test_pictures_of_runs_long_ago_are_not_kept_to_explain_them():
    krita = program(frames=range(1, 11))
    for frame in range(2, 10):
        krita.run([frame], [1])
        krita.run([frame], [1])  # of these two only the last one counts
    assert explain(krita, 2, 1)[0]["taken"]
    krita.paint(1, painting(0))
    old = weakref.ref(krita.session._past._frames[2].assembly.shot)
    krita.run([10], [1])
    gc.collect()
    assert old() is None
    with pytest.raises(InputError, match="what frame 2 was coloured from has changed since"):
        explain(krita, 2, 1)
    assert explain(krita, 10, 1)[0]["taken"]


def test_it_stops_when_it_is_cancelled():
    krita = program()
    krita.run([2, 3], [1])
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        krita.session.explain(2, 1, 96, stop)


def leaking(shorts):
    """Two halves of a box whose dividing line ends so many pixels above the floor, by frame."""
    krita = Program(ShotSession(640, 480, RGBA8, RGBA8, FakeMatcher()), RGBA8)
    for frame, short in enumerate(shorts, 1):
        line = drawing(2 * (frame - 1), short)
        krita.draw(frame, np.dstack([line, line, line, 255 - line]))
    krita.paint(1, painted(0))
    krita.run(range(1, len(shorts) + 1), [1])
    return krita


def taken_from(krita, frame, segment):
    told, _ = explain(krita, frame, segment)
    first = told["matches"][0]
    return told["taken"], {"frame": first["frame"], "segment": first["segment"]}


def test_a_part_that_colours_divided_is_told_of_by_its_own_match(monkeypatch):
    krita = leaking([0, SHORT])
    segments = krita.results[2]["segments"]
    assert krita.results[2]["pieces"] is not None, "colours divided it"
    asked, polls = [], Filler.polls
    monkeypatch.setattr(
        Filler, "polls", lambda self, *given: asked.append(given) or polls(self, *given)
    )
    matches = []
    for one in segments:
        asked.clear()
        assert taken_from(krita, 2, one["id"]) == (True, one["source"])
        matches.append(len(asked))
    # Of the ground the whole was matched; of the halves the parts as well, which decided.
    assert sorted(matches) == [1, 2, 2]


def test_a_divided_reference_is_shown_divided():
    krita = leaking([SHORT, 0])
    for one in krita.results[2]["segments"]:
        assert taken_from(krita, 2, one["id"]) == (True, one["source"])


def test_a_model_sheet_is_named_and_shown(tmp_path):
    sheet = np.where(line_drawing(0)[:, :, None] < 128, 0, painting(0)[:, :, :3])
    path = tmp_path / "sheet.png"
    save(path, sheet.astype(np.uint8))
    krita = program(painted=())
    krita.session.add_model_sheet(str(path))
    krita.run([1, 2], [], model_sheets=[str(path)])
    for one in krita.results[1]["segments"]:
        told, data = explain(krita, 1, one["id"])
        first = told["matches"][0]
        assert {"sheet": first["sheet"], "segment": first["segment"]} == one["source"]
        assert first["color"] == one["color"]
        pictures = [told["picture"], *(match["picture"] for match in told["matches"])]
        assert sum(picture["bytes"] for picture in pictures) == len(data)
    path.unlink()
    with pytest.raises(InputError, match=r"sheet\.png"):
        explain(krita, 1, 1)
