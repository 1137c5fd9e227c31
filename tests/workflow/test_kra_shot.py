"""`ant_core propagate shot.kra`: what is coloured, what is kept, what the journal says."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ant_core.formats.kra import KraArchive, KraDocument
from ant_core.formats.kra.journal import KIND, KraJournal, plane_hash
from ant_core.formats.kra.owners import color_keys, read_journal
from ant_core.formats.kra.reader import read_plane
from tests.formats.kra_builder import Builder, Frame, Paint, pixel_file, write_zip
from tests.support.command_line import Ended
from tests.support.drawn import SIZE, line_drawing, painting, save

TIMES = (0, 2, 4, 6)
BLANK = np.zeros((*SIZE, 4), np.uint8)


def ink(step: int) -> np.ndarray:
    """Return the line drawing as ink on nothing, (H, W, 4) RGBA."""
    image = np.zeros((*SIZE, 4), np.uint8)
    image[:, :, 3] = 255 - line_drawing(step)
    return image


def make(path: Path, painted=(0,), blank=(), extra=(), space="RGBA", colors=True) -> Path:
    """Write a document: line keys at `TIMES`, a colour layer, some other layers."""
    lines = Paint("Line", {t: Frame(ink(t // 2)) for t in TIMES})
    frames = {t: Frame(painting(t // 2)) for t in painted} | {t: Frame(BLANK) for t in blank}
    color = [Paint("Color", dict(sorted(frames.items())), space=space)] if colors else []
    ground = Paint("Background", still=Frame(BLANK[:0], bare=b"\xff\xff\xff\xff"))
    return Builder(SIZE[1], SIZE[0], "Gr\u00fcn").write(path, [lines, *color, *extra, ground])


@pytest.fixture
def run(fake_ant_core):
    def run(path: Path, *more: object) -> Ended:
        return fake_ant_core("propagate", path, *more)

    return run


def layer_of(path: Path, name: str = "Color") -> tuple[KraDocument, dict[int, np.ndarray]]:
    """Return a document and the pictures of one of its layers."""
    document = KraDocument(KraArchive(path))
    layer = document.find(name, "--color")
    return document, {key.time: read_plane(document, layer, key) for key in color_keys(layer)}


def journal_of(path: Path) -> KraJournal:
    found = read_journal(KraDocument(KraArchive(path)))
    assert found is not None
    return found


def middle_colors(image: np.ndarray, step: int) -> list[tuple[int, ...]]:
    return [tuple(image[y, x + step]) for x, y in ((22, 22), (60, 22), (40, 55), (90, 75))]


def test_every_drawing_gets_a_key_in_the_color_layer(run, tmp_path):
    shot = make(tmp_path / "shot.kra", blank=(4,))
    done = run(shot, "--line", "Line", "--color", "Color", "--out", tmp_path / "out.kra")
    assert done.code == 0, done.err
    _, pictures = layer_of(tmp_path / "out.kra")
    assert sorted(pictures) == list(TIMES)
    for t in TIMES:
        assert middle_colors(pictures[t], t // 2) == middle_colors(painting(0), 0)
    np.testing.assert_array_equal(pictures[0], painting(0))
    report = json.loads((tmp_path / "out.report.json").read_text())
    assert [frame["role"] for frame in report["frames"]] == ["reference"] + ["predicted"] * 3
    assert (tmp_path / "out.contact_sheet.png").read_bytes().startswith(b"\x89PNG")


def test_everything_else_is_kept_byte_for_byte(run, tmp_path):
    shot = make(tmp_path / "shot.kra", extra=[Paint("Other", {0: Frame(ink(3)), 5: Frame(BLANK)})])
    before = shot.read_bytes()
    assert run(shot, "--line", "Line", "--color", "Color", "--out", tmp_path / "out.kra").code == 0
    assert shot.read_bytes() == before
    changed = {"maindoc.xml", "Gr\u00fcn/layers/layer3.keyframes.xml"}
    with unzipped(shot) as old, unzipped(tmp_path / "out.kra") as new:
        assert new.testzip() is None
        old_bytes, new_bytes = shot.read_bytes(), (tmp_path / "out.kra").read_bytes()
        for info in old.infolist():
            if info.filename in changed:
                continue
            other = new.getinfo(info.filename)
            assert packed(old_bytes, info) == packed(new_bytes, other), info.filename
            assert (info.date_time, info.external_attr) == (other.date_time, other.external_attr)
        # Taking out what was put in gives back the very text.
        text = new.read("maindoc.xml").decode()
        start, stop = text.index("\n  <Annotations>"), text.index("</Annotations>") + 14
        assert text[:start] + text[stop:] == old.read("maindoc.xml").decode()


def unzipped(path: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(path, metadata_encoding="utf-8")


def packed(data: bytes, info: zipfile.ZipInfo) -> bytes:
    """Return a member's bytes as they lie in the archive."""
    at = info.header_offset
    names = int.from_bytes(data[at + 26 : at + 28], "little")
    more = int.from_bytes(data[at + 28 : at + 30], "little")
    start = at + 30 + names + more
    return data[start : start + info.compress_size]


def test_the_journal_tells_what_was_written(run, tmp_path):
    shot = make(tmp_path / "shot.kra", blank=(4,))
    assert run(shot, "--line", "Line", "--color", "Color", "--out", tmp_path / "out.kra").code == 0
    document, pictures = layer_of(tmp_path / "out.kra")
    journal = journal_of(tmp_path / "out.kra")
    color, line = document.find("Color", ""), document.find("Line", "")
    assert document.annotations[KIND].attrs["description"] == "Propagate Colors"
    assert journal.document["layers"] == {
        line.uuid: {"role": "line"},
        color.uuid: {"role": "color"},
    }
    assert journal.document["references"] == {"on": [0], "off": []}
    entries = {entry.time: entry for entry in journal}
    assert sorted(entries) == [2, 4, 6]
    for time, entry in entries.items():
        assert entry.layer == color.uuid
        assert entry.state == "predicted"
        assert entry.after == plane_hash(pictures[time], document.space(color))
        assert entry.summary["segments"] == 4
        assert entry.result
    assert entries[2].before is None
    assert entries[4].before.box == (0, 0, 0, 0)


def test_frames_of_the_artist_are_never_written_over(run, tmp_path):
    shot = make(tmp_path / "shot.kra", painted=(0, 4))
    args = ("--line", "Line", "--color", "Color", "--references", "0", "--out")
    done = run(shot, *args, tmp_path / "out.kra")
    assert done.code == 0, done.err
    assert "frames 4 are painted but no references" in done.err
    _, pictures = layer_of(tmp_path / "out.kra")
    np.testing.assert_array_equal(pictures[4], painting(2))
    assert sorted(pictures) == list(TIMES)


def edit(path: Path, time: int, image: np.ndarray) -> None:
    """Paint a frame of the colour layer anew, as Krita would save it."""
    document = KraDocument(KraArchive(path))
    key = document.find("Color", "").key_at(time)
    members = {name: document.archive.read(name, 1 << 30) for name in document.archive.names}
    members[document.folder + key.file] = pixel_file(image)
    write_zip(path, members)


def test_a_second_run_keeps_what_the_artist_changed_and_learns_from_it(run, tmp_path):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    args = ("--line", "Line", "--color", "Color", "--out", out)
    assert run(shot, *args).code == 0
    repainted = painting(2, ground=(9, 8, 7, 255))
    edit(out, 4, repainted)
    edited = out.read_bytes()
    done = run(shot, *args)
    assert done.code == 0, done.err
    assert "frames 4 were painted or accepted" in done.err
    assert "was saved since the last run: of its changes those to the colour layer" in done.err
    _, pictures = layer_of(out)
    np.testing.assert_array_equal(pictures[4], repainted)
    assert tuple(pictures[6][75, 90]) == (9, 8, 7, 255)  # nearer to the edit than to frame 0
    assert out.with_name("out.kra~").read_bytes() == edited
    assert {entry.time for entry in journal_of(out)} == {2, 6}


def test_a_third_run_repeats_nothing(run, tmp_path):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    args = ("--line", "Line", "--color", "Color", "--out", out)
    assert run(shot, *args).code == 0
    first = out.read_bytes()
    done = run(shot, *args)
    assert "kept from the last run: frames 0, 2, 4, 6" in done.err
    assert "was saved since" not in done.err
    assert not out.with_name("out.kra~").exists()
    assert out.read_bytes() == first


def test_some_frames_only_and_later_the_others(run, tmp_path):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    args = ("--line", "Line", "--color", "Color", "--out", out)
    assert run(shot, *args, "--frames", "2").code == 0
    assert sorted(layer_of(out)[1]) == [0, 2]
    assert run(shot, *args, "--frames", "6").code == 0
    assert sorted(layer_of(out)[1]) == [0, 2, 6]
    assert {entry.time for entry in journal_of(out)} == {2, 6}


def test_in_place_keeps_a_backup(run, tmp_path):
    shot = make(tmp_path / "shot.kra")
    before = shot.read_bytes()
    done = run(shot, "--line", "Line", "--color", "Color", "--in-place")
    assert done.code == 0, done.err
    assert shot.with_name("shot.kra~").read_bytes() == before
    assert sorted(layer_of(shot)[1]) == list(TIMES)
    # Once more: what is noted as ours is no reference, and the layers are known.
    done = run(shot, "--in-place")
    assert done.code == 0, done.err
    report = json.loads((tmp_path / "shot.report.json").read_text())
    assert [item["frame"] for item in report["shot"]["references"]] == [0]
    assert {entry.time: entry.before for entry in journal_of(shot)} == {2: None, 4: None, 6: None}


def test_the_shot_itself_is_no_output(run, tmp_path):
    shot = make(tmp_path / "shot.kra")
    done = run(shot, "--line", "Line", "--color", "Color", "--out", shot)
    assert done.code == 2
    assert "is the shot itself" in done.err


def test_a_document_of_somebody_else_is_left_alone(run, tmp_path):
    shot, out = make(tmp_path / "shot.kra"), make(tmp_path / "out.kra", painted=(2,))
    before = out.read_bytes()
    done = run(shot, "--line", "Line", "--color", "Color", "--out", out)
    assert done.code == 5
    assert "in the way" in done.err
    assert out.read_bytes() == before


def test_layers_are_guessed_or_listed(run, tmp_path):
    shot = make(tmp_path / "shot.kra")
    assert run(shot, "--out", tmp_path / "out.kra").code == 0
    other = make(tmp_path / "two.kra", extra=[Paint("Rough lines", {0: Frame(ink(0))})])
    done = run(other, "--out", tmp_path / "out2.kra")
    assert done.code == 2
    assert "Line (4 keyframes), Color (1 keyframes), Rough lines (1 keyframes)" in done.err


def test_a_still_color_layer_is_the_painting_of_frame_0(run, tmp_path):
    lines = Paint("Line", {t: Frame(ink(t // 2)) for t in TIMES})
    color = Paint("Color", still=Frame(painting(0)), attrs={"x": 0, "y": 0})
    shot = Builder(SIZE[1], SIZE[0]).write(tmp_path / "shot.kra", [lines, color])
    done = run(shot, "--line", "Line", "--color", "Color", "--out", tmp_path / "out.kra")
    assert done.code == 0, done.err
    _, pictures = layer_of(tmp_path / "out.kra")
    assert sorted(pictures) == list(TIMES)
    np.testing.assert_array_equal(pictures[0], painting(0))


def test_nothing_to_learn_from_is_one_sentence(run, tmp_path):
    shot = make(tmp_path / "shot.kra", painted=(), colors=False)
    done = run(shot, "--line", "Line", "--color", "Color", "--out", tmp_path / "out.kra")
    assert done.code == 5
    assert "no reference" in done.err
    assert not (tmp_path / "out.kra").exists()


def test_folders_above_the_output_are_made(run, tmp_path):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "missing" / "sub" / "out.kra"
    assert run(shot, "--line", "Line", "--color", "Color", "--out", out).code == 0
    assert out.exists()
    assert not list(out.parent.glob(".part-*"))


def test_a_new_color_layer_comes_below_the_lines_with_the_image_s_profile(run, tmp_path):
    shot = make(tmp_path / "shot.kra", colors=False)
    save(tmp_path / "sheet.png", painting(0))
    args = ("--line", "Line", "--color", "Fresh <&>", "--model-sheet", tmp_path / "sheet.png")
    done = run(shot, *args, "--out", tmp_path / "out.kra")
    assert done.code == 0, done.err
    document, pictures = layer_of(tmp_path / "out.kra", "Fresh <&>")
    assert [layer.name for layer in document.walk()] == ["Line", "Fresh <&>", "Background"]
    assert sorted(pictures) == list(TIMES)
    assert any(picture.any() for picture in pictures.values())
    fresh = document.find("Fresh <&>", "")
    profile = document.archive.read(f"{document.folder}{fresh.file}.icc", 1000)
    assert profile == b"the profile of the image"
    uuids = [layer.uuid for layer in document.walk()]
    assert len(set(uuids)) == 3
    # The same layer is found again by the next run.
    assert run(shot, *args, "--out", tmp_path / "out.kra").code == 0
    assert [layer.uuid for layer in layer_of(tmp_path / "out.kra", "Fresh <&>")[0].walk()] == uuids


def test_a_locked_frame_keeps_what_the_output_has(run, tmp_path):
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    args = ("--line", "Line", "--color", "Color", "--out", out)
    done = run(shot, *args, "--lock", "4")
    assert done.code == 5
    assert "frame 4 is locked but" in done.err
    assert run(shot, *args).code == 0
    before = layer_of(out)[1][4]
    done = run(shot, *args, "--lock", "4")
    assert done.code == 0, done.err
    np.testing.assert_array_equal(layer_of(out)[1][4], before)
    report = json.loads((tmp_path / "out.report.json").read_text())
    assert {f["frame"]: f["role"] for f in report["frames"]}[4] == "locked"


def test_a_damaged_document_leaves_nothing_behind(run, tmp_path):
    shot = make(tmp_path / "shot.kra")
    shot.write_bytes(shot.read_bytes()[:-400])
    done = run(shot, "--line", "Line", "--color", "Color", "--out", tmp_path / "out.kra")
    assert done.code == 5
    assert done.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shot.kra"]


def test_a_blank_key_keeps_its_colour_label(run, tmp_path):
    shot = make(tmp_path / "shot.kra", blank=(4,))
    name = "Gr\u00fcn/layers/layer3.keyframes.xml"
    document = KraDocument(KraArchive(shot))
    members = {name: document.archive.read(name, 1 << 30) for name in document.archive.names}
    members[name] = members[name].replace(b'time="4" color-label="0"', b'time="4" color-label="5"')
    write_zip(shot, members)
    assert run(shot, "--line", "Line", "--color", "Color", "--out", tmp_path / "out.kra").code == 0
    text = KraArchive(tmp_path / "out.kra").read(name, 1 << 20).decode()
    assert text.count('color-label="5"') == 1
    (line,) = [line for line in text.splitlines() if 'color-label="5"' in line]
    assert 'time="4"' in line


def test_a_still_layer_whose_opacity_is_animated_gets_its_keys(run, tmp_path):
    lines = Paint("Line", {t: Frame(ink(t // 2)) for t in TIMES})
    color = Paint("Color", still=Frame(painting(0)), attrs={"keyframes": "opacity.xml"})
    builder = Builder(SIZE[1], SIZE[0])
    keys = (
        b'<keyframes xmlns="http://www.calligra.org/DTD/krita-keyframes">\n'
        b' <channel name="opacity">\n  <keyframe time="0" value="255"/>\n </channel>\n</keyframes>'
    )
    builder.members["shot/layers/opacity.xml"] = keys
    shot = builder.write(tmp_path / "shot.kra", [lines, color])
    done = run(shot, "--line", "Line", "--color", "Color", "--out", tmp_path / "out.kra")
    assert done.code == 0, done.err
    document, pictures = layer_of(tmp_path / "out.kra")
    assert sorted(pictures) == list(TIMES)
    np.testing.assert_array_equal(pictures[0], painting(0))
    assert document.find("Color", "").opacity_changes


def test_a_line_group_with_the_colours_in_it_is_refused(run, tmp_path):
    lines = Paint("Line", {t: Frame(ink(t // 2)) for t in TIMES})
    color = Paint("Color", {0: Frame(painting(0))})
    group = Paint("Cat", children=[Paint("Inner", children=[lines, color])])
    shot = Builder(SIZE[1], SIZE[0]).write(tmp_path / "shot.kra", [group])
    done = run(shot, "--line", "Cat", "--color", "Color", "--out", tmp_path / "out.kra")
    assert done.code == 2
    assert "its colours would be taken for lines" in done.err
    done = run(shot, "--line", "Cat", "--line", "Line", "--out", tmp_path / "out.kra")
    assert done.code == 2
    assert "a layer in it" in done.err


@pytest.mark.parametrize("memory", ["kept", "gone", "of a stopped run"])
@pytest.mark.parametrize("place", ["in place", "another file"])
def test_a_locked_frame_is_what_the_document_shows(run, tmp_path, memory, place):
    """Whatever the memory has: it may be deleted, or hold what was never written."""
    shot, out = make(tmp_path / "shot.kra"), tmp_path / "out.kra"
    end = ("--in-place",) if place == "in place" else ("--out", out)
    out = shot if place == "in place" else out
    args = ("--line", "Line", "--color", "Color", *end)
    assert run(shot, *args).code == 0
    before = layer_of(out)[1]
    if memory == "gone":
        shutil.rmtree(tmp_path / ".ant_core")
    elif memory == "of a stopped run":
        stopped = out.read_bytes()
        hint = {"frame": 4, "point": [24, 22], "color": [9, 8, 7, 255]}
        hints = tmp_path / "hints.json"
        hints.write_text(json.dumps({"schema": 1, "hints": [hint]}))
        assert run(shot, *args, "--hints", hints).code == 0
        assert layer_of(out)[1][4][22, 24].tolist() == [9, 8, 7, 255]
        out.write_bytes(stopped)  # as if it had ended before it wrote the document
    for _ in range(2):
        done = run(shot, *args, "--lock", "4")
        assert done.code == 0, done.err
        pictures = layer_of(out)[1]
        np.testing.assert_array_equal(pictures[4], before[4])
        assert sorted(pictures) == list(TIMES)
        report = json.loads(out.with_suffix(".report.json").read_text())
        assert {f["frame"]: f["role"] for f in report["frames"]}[4] == "locked"
        document = KraDocument(KraArchive(out))
        entry = journal_of(out).entry(document.find("Color", "").uuid, 4)
        assert entry is not None
        assert entry.after == plane_hash(pictures[4], document.space(document.find("Color", "")))
        assert entry.state == "predicted"
