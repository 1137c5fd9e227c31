"""Further layers of a Krita document that go with the segments, through the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from ant_core.formats.kra.owners import survey
from ant_core.schemas import first_error
from tests.formats.kra_builder import Builder, Frame, Paint
from tests.support.drawn import line_drawing, painting
from tests.workflow.test_kra_shot import journal_of, layer_of
from tests.workflow.test_shades import BOXES, SIZE, STEP, near, shadow

TIMES = (0, 1, 2, 3, 4)
BLANK = np.zeros((*SIZE, 4), np.uint8)


def ink(time: int, boxes=BOXES) -> np.ndarray:
    image = np.zeros((*SIZE, 4), np.uint8)
    image[:, :, 3] = 255 - line_drawing(STEP * time, boxes, SIZE)
    return image


def shades(time: int) -> np.ndarray:
    return shadow(time + 1)


def make(path: Path, shaded=(0,), blank=(), still=False, more=(), again=None, own=shades) -> Path:
    """Write a document of five drawings, the first painted, with shadows on a layer above.

    `again`: drawings that are shown once more, by the time at which they are.
    """
    drawn = {t: t for t in TIMES} | (again or {})
    lines = Paint("Line", {t: Frame(ink(drawing)) for t, drawing in drawn.items()})
    color = Paint("Color", {0: Frame(painting(0, BOXES, SIZE))})
    keys = {t: Frame(own(t)) for t in shaded} | {t: Frame(BLANK) for t in blank}
    shadows = Paint("Shadow", dict(sorted(keys.items())))
    if still:
        shadows = Paint("Shadow", still=Frame(shades(0)))
    return Builder(SIZE[1], SIZE[0], "Shaded").write(path, [lines, shadows, color, *more])


@pytest.fixture
def propagate(cli):
    def propagate(shot: Path, *more: object):
        return cli("propagate", shot, "--line", "Line", "--color", "Color", *more)

    return propagate


def test_a_shadow_layer_is_moved_and_the_colours_stay_as_without_it(propagate, tmp_path):
    shot = make(tmp_path / "shot.kra", blank=(3,))
    assert propagate(shot, "--out", tmp_path / "plain.kra").code == 0
    done = propagate(shot, "--out", tmp_path / "out.kra", "--shade", "Shadow")
    assert done.code == 0, done.err
    _, plain = layer_of(tmp_path / "plain.kra")
    _, colors = layer_of(tmp_path / "out.kra")
    _, moved = layer_of(tmp_path / "out.kra", "Shadow")
    assert sorted(colors) == sorted(moved) == list(TIMES)
    for time in TIMES:
        np.testing.assert_array_equal(colors[time], plain[time])
        assert near(moved[time], shades(time)) > 0.99, time
    np.testing.assert_array_equal(moved[0], shades(0))
    report = json.loads((tmp_path / "out.report.json").read_text("utf-8"))
    assert first_error(report, "report") is None
    (layer,) = report["frames"][2]["layers"]
    assert (layer["name"], layer["file"]) == ("Shadow", f"{tmp_path / 'out.kra'} Shadow frame 2")
    assert layer["doubtful"] == []


def test_the_layer_that_a_doubtful_shadow_lies_on_is_told_everywhere(real_cli, tmp_path):
    """The green box jumps, so that no flow leads there; light of one value lies on it all."""
    places = ((200, 150, 80, 70), (20, 25, 90, 80), (60, 130, 130, 80))
    jumped = tuple((place, color) for place, (_, color) in zip(places, BOXES, strict=True))
    lines = Paint("Line", {0: Frame(ink(0)), 1: Frame(ink(0, jumped))})
    light = np.full((*SIZE, 4), (250, 250, 200, 80), np.uint8)
    layers = [("Shadow", shades(0)), ("Light", light), ("Color", painting(0, BOXES, SIZE))]
    painted = [Paint(name, {0: Frame(image)}) for name, image in layers]
    shot, out = tmp_path / "shot.kra", tmp_path / "out.kra"
    Builder(SIZE[1], SIZE[0], "Shaded").write(shot, [lines, *painted])
    names = ("--line", "Line", "--color", "Color", "--shade", "Shadow", "--shade", "Light")
    done = real_cli("propagate", shot, *names, "--out", out)
    assert done.code == 0, done.err
    report = json.loads((tmp_path / "out.report.json").read_text("utf-8"))
    assert first_error(report, "report") is None
    frame = report["frames"][1]
    flagged = [s["id"] for s in frame["segments"] if "shade" in s.get("flags", ())]
    assert [s["color"] for s in frame["segments"] if s["id"] in flagged] == [list(BOXES[1][1])]
    told = {layer["name"]: layer["doubtful"] for layer in frame["layers"]}
    assert told == {"Shadow": flagged, "Light": []}
    document, _ = layer_of(out)
    summary = journal_of(out).entry(document.find("Color", "--color").uuid, 1).summary
    assert (summary["surfaces"], summary["surface_layers"]) == (1, ["Shadow"])
    page = (tmp_path / "out.review.html").read_text("utf-8")
    assert page.count("Doubtful in</dt><dd>Shadow</dd>") == 1


def test_what_a_run_wrote_is_ours_and_what_the_artist_painted_there_is_kept(propagate, tmp_path):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    options = "--out", out, "--shade", "Shadow"
    assert propagate(shot, *options).code == 0
    document, _ = layer_of(out, "Shadow")
    layer = document.find("Shadow", "--shade")
    owners = {t: item.owner for t, item in survey(document, layer, journal_of(out)).items()}
    assert owners == {0: "artist", **dict.fromkeys(TIMES[1:], "predicted")}

    again = propagate(shot, *options)
    assert again.code == 0
    report = json.loads(out.with_suffix(".report.json").read_text("utf-8"))
    assert [f["recomputed"] for f in report["frames"] if f["recomputed"]] == []
    before = layer_of(out, "Shadow")[1]

    # In Krita the artist paints another shadow on frame 3 of the output.
    own = shades(3).copy()
    own[own[..., 3] > 0] = (90, 0, 0, 200)
    repaint(out, tmp_path / "repainted.kra", 3, own)
    (tmp_path / "repainted.kra").replace(out)
    done = propagate(shot, *options)
    assert done.code == 0, done.err
    assert 'frames 3 of "Shadow" were painted in' in done.err
    moved = layer_of(out, "Shadow")[1]
    np.testing.assert_array_equal(moved[3], own)
    np.testing.assert_array_equal(moved[1], before[1])
    wanted = shades(4).copy()
    wanted[wanted[..., 3] > 0] = (90, 0, 0, 200)
    assert near(moved[4], wanted) > 0.99, "the frame beyond learns from it"
    assert (tmp_path / "out.kra~").exists(), "what the artist saved is kept"


def repaint(source: Path, target: Path, time: int, image: np.ndarray, name: str = "Shadow") -> None:
    """Save a document with another picture on one key of a layer, as Krita would."""
    from ant_core.formats.kra import KraArchive, KraDocument
    from ant_core.formats.kra.frames import PackedFrame
    from ant_core.formats.kra.journal import KIND
    from ant_core.formats.kra.writer import Painting, kra_pieces

    document = KraDocument(KraArchive(source))
    layer = document.find(name, "--shade")
    data = PackedFrame.of(image, document.space(layer)).tiles("test")
    journal = document.archive.read(document.annotation_file(KIND), 1 << 26)
    pieces = kra_pieces(document, [Painting(layer, {time: lambda: data})], journal)
    target.write_bytes(b"".join(pieces))


def owners_of(path: Path, name: str) -> dict[int, str]:
    document, _ = layer_of(path, name)
    layer = document.find(name, "--shade")
    return {t: item.owner for t, item in survey(document, layer, journal_of(path)).items()}


def test_in_a_cycle_what_the_artist_painted_stays_the_artist_s(propagate, tmp_path):
    """Nor are its copies, where the drawing is shown again, taken for the artist's."""
    shot = make(tmp_path / "shot.kra", again={5: 0, 6: 1})
    for _ in range(3):
        done = propagate(shot, "--in-place", "--shade", "Shadow")
        assert done.code == 0, done.err
        moved = layer_of(shot, "Shadow")[1]
        np.testing.assert_array_equal(moved[0], shades(0))
        np.testing.assert_array_equal(moved[5], shades(0))
        owners = owners_of(shot, "Shadow")
        assert owners.pop(0) in ("artist", "unknown")
        assert set(owners.values()) == {"predicted"}
        assert owners_of(shot, "Color")[0] in ("artist", "unknown")


@pytest.mark.parametrize(("name", "picture"), [("Shadow", shades), ("Color", None)])
def test_a_frame_of_a_cycle_that_was_painted_in_the_output_is_kept(
    propagate, tmp_path, name, picture
):
    shot, out = make(tmp_path / "shot.kra", again={5: 3, 6: 1}), tmp_path / "out.kra"
    options = "--out", out, "--shade", "Shadow"
    assert propagate(shot, *options).code == 0
    own = painting(STEP * 3, BOXES, SIZE) if picture is None else picture(3).copy()
    own[own[..., 3] > 0] = (90, 0, 0, 200)
    repaint(out, tmp_path / "repainted.kra", 3, own, name)
    (tmp_path / "repainted.kra").replace(out)
    for _ in range(3):
        done = propagate(shot, *options)
        assert done.code == 0, done.err
        now = layer_of(out, name)[1]
        np.testing.assert_array_equal(now[3], own)
        np.testing.assert_array_equal(now[5], own)


def test_a_run_without_shades_keeps_those_of_the_output(propagate, tmp_path):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    assert propagate(shot, "--out", out, "--shade", "Shadow").code == 0
    own = shades(3).copy()
    own[own[..., 3] > 0] = (90, 0, 0, 200)
    repaint(out, tmp_path / "repainted.kra", 3, own)
    (tmp_path / "repainted.kra").replace(out)
    for more in (("--shade", "Shadow"), (), (), ("--shade", "Shadow")):
        done = propagate(shot, "--out", out, *more)
        assert done.code == 0, done.err
        moved = layer_of(out, "Shadow")[1]
        assert sorted(moved) == list(TIMES)
        np.testing.assert_array_equal(moved[3], own)


def test_shades_that_are_asked_for_later_are_those_of_the_shot(propagate, tmp_path):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    assert propagate(shot, "--out", out).code == 0
    own = shades(0).copy()
    own[own[..., 3] > 0] = (90, 0, 0, 200)
    make(shot, own=lambda _: own)
    done = propagate(shot, "--out", out, "--shade", "Shadow")
    assert done.code == 0, done.err
    moved = layer_of(out, "Shadow")[1]
    np.testing.assert_array_equal(moved[0], own)
    assert set(map(tuple, moved[3][moved[3][..., 3] > 0])) == {(90, 0, 0, 200)}


def test_in_place_twice_and_a_still_layer(propagate, tmp_path):
    shot = make(tmp_path / "shot.kra", still=True)
    for _ in range(2):
        done = propagate(shot, "--in-place", "--shade", "Shadow")
        assert done.code == 0, done.err
        _, moved = layer_of(shot, "Shadow")
        assert sorted(moved) == list(TIMES)
        for time in TIMES:
            assert near(moved[time], shades(time)) > 0.99, time


def test_two_layers_and_one_with_nothing_on_a_painted_frame(propagate, tmp_path):
    light = Paint("Light", {2: Frame(shades(2))})
    shot = make(tmp_path / "shot.kra", more=[light])
    done = propagate(shot, "--out", tmp_path / "out.kra", "--shade", "Shadow", "--shade", "Light")
    assert done.code == 0, done.err
    assert 'painted frames 0 have nothing in "Light"' in done.err
    _, moved = layer_of(tmp_path / "out.kra", "Light")
    assert not moved[0].any()
    np.testing.assert_array_equal(moved[2], shades(2))
    assert near(moved[3], shades(3)) > 0.99
    _, moved = layer_of(tmp_path / "out.kra", "Shadow")
    assert near(moved[3], shades(3)) > 0.99


def test_what_cannot_be_a_shade_ends_in_a_sentence(propagate, tmp_path):
    shot = make(tmp_path / "shot.kra", more=[Paint("Empty", {0: Frame(BLANK)})])
    out = "--out", tmp_path / "out.kra"
    for name, sentence in (
        ("Nowhere", "no layer"),
        ("Line", "uses already"),
        ("Color", "uses already"),
        ("Empty", "has no painted frame"),
    ):
        done = propagate(shot, *out, "--shade", name)
        assert done.code in (2, 5), (name, done.err)
        assert sentence in done.err, (name, done.err)
    done = propagate(shot, *out, "--shade", "Shadow", "--shade", "Shadow")
    assert "twice" in done.err
    assert not (tmp_path / "out.kra").exists()


@pytest.mark.parametrize("memory", [True, False], ids=["memory", "forgotten"])
def test_a_locked_frame_keeps_its_shadow_in_place(propagate, tmp_path, memory):
    shot = make(tmp_path / "shot.kra", again={5: 3})
    assert propagate(shot, "--in-place", "--shade", "Shadow").code == 0
    before = layer_of(shot, "Shadow")[1]
    if not memory:
        shutil.rmtree(tmp_path / ".ant_core")
    for _ in range(2):
        done = propagate(shot, "--in-place", "--shade", "Shadow", "--lock", "3")
        assert done.code == 0, done.err
        assert "stays empty" not in done.err
        moved = layer_of(shot, "Shadow")[1]
        np.testing.assert_array_equal(moved[3], before[3])
        np.testing.assert_array_equal(moved[5], before[3])
        assert owners_of(shot, "Shadow")[3] == "predicted"


@pytest.mark.parametrize("by", ["lock", "repainted", "reference"])
def test_a_frame_with_given_colours_keeps_its_shadow_in_another_file(propagate, tmp_path, by):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    options = "--out", out, "--shade", "Shadow"
    assert propagate(shot, *options).code == 0
    before = layer_of(out, "Shadow")[1]
    own = painting(STEP * 3, BOXES, SIZE)
    own[own[..., 0] == 220] = (1, 2, 3, 255)
    if by == "repainted":
        repaint(out, tmp_path / "repainted.kra", 3, own, "Color")
        (tmp_path / "repainted.kra").replace(out)
    elif by == "reference":
        lines = Paint("Line", {t: Frame(ink(t)) for t in TIMES})
        colors = Paint("Color", {0: Frame(painting(0, BOXES, SIZE)), 3: Frame(own)})
        layers = [lines, Paint("Shadow", {0: Frame(shades(0))}), colors]
        Builder(SIZE[1], SIZE[0], "Shaded").write(shot, layers)
    lock = ("--lock", "3") if by == "lock" else ()
    for _ in range(2):
        done = propagate(shot, *options, *lock)
        assert done.code == 0, done.err
        moved = layer_of(out, "Shadow")[1]
        np.testing.assert_array_equal(moved[3], before[3])
        assert near(moved[4], shades(4)) > 0.99
        if not lock:
            np.testing.assert_array_equal(layer_of(out)[1][3], own)
    assert "frames 3 have their colours given: they keep what earlier runs moved" in done.err
