"""Several cels of a shot in one run, and exposure sheets."""

import json

import numpy as np
import pytest

from ant_core.formats.pictures import picture_format
from ant_core.schemas import first_error
from tests.formats.test_every_format import PACKERS
from tests.formats.test_xdts import sheet, track
from tests.support.drawn import BOXES, SIZE, line_drawing, load, painting, save

OTHER = tuple(((x, y, w, h), (b, r, g, 255)) for (x, y, w, h), (r, g, b, _) in BOXES)
CELS = {"A": BOXES, "B": OTHER}
LAYOUTS = {
    "folders": "{cel}/{kind}/{frame:04d}.png",
    "subfolders": "{kind}/{cel}/{frame:04d}.png",
    "prefixes": "{kind}/{cel}_{frame:04d}.png",
    "dots": "{kind}/shot_010.{cel}.{frame:04d}.png",
}


def make_cels(root, layout="prefixes", frames=(1, 2, 3), painted=(1,), cels=CELS):
    for cel, boxes in cels.items():
        for frame in frames:
            name = LAYOUTS[layout].format(cel=cel, kind="line", frame=frame)
            save(root / name, line_drawing(frame - 1, boxes))
            if frame in painted:
                name = LAYOUTS[layout].format(cel=cel, kind="color", frame=frame)
                save(root / name, painting(frame - 1, boxes))
    return root


def box_colors(path, step, boxes):
    image = load(path)
    return [
        tuple(image[y + height // 2, x + step + width // 2].tolist())
        for (x, y, width, height), _ in boxes
    ]


def right(path, step, boxes):
    return box_colors(path, step, boxes) == [color for _, color in boxes]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_cel_is_coloured_from_its_own_painted_frames(tmp_path, layout, cli):
    shot = make_cels(tmp_path / "shot", layout)
    done = cli(
        *("propagate", shot, "--out", tmp_path / "out", "--cel", "A", "--cel", "B", "--json")
    )
    assert done.code == 0, done.err
    for cel, boxes in CELS.items():
        files = sorted((tmp_path / "out" / cel / "color").iterdir())
        assert len(files) == 3
        assert right(files[2], 2, boxes)
        report = json.loads((tmp_path / "out" / cel / "report.json").read_text())
        assert first_error(report, "report") is None
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert first_error(report, "cels") is None
    assert [cel["name"] for cel in report["cels"]] == ["A", "B"]
    assert report["summary"]["frames"] == 6
    events = [json.loads(line) for line in done.out.splitlines()]
    assert all(first_error(event, "event") is None for event in events)
    assert {event["cel"] for event in events[:-1]} == {"A", "B"}


def test_patterns_say_where_cels_lie(tmp_path, cli):
    make_cels(tmp_path / "shot", "dots")
    done = cli(
        *("propagate", tmp_path / "shot", "--out", tmp_path / "out", "--cel", "B"),
        *("--line", "line/shot_010.{cel}.%04d.png", "--color", "color/*.{cel}.*.png"),
    )
    assert done.code == 0, done.err
    assert right(tmp_path / "out" / "B" / "color" / "shot_010.B.0002.png", 1, OTHER)


def test_start_numbers_steps_and_holes_are_kept(tmp_path, cli):
    shot = tmp_path / "shot"
    for step, frame in enumerate((1001, 1003, 1009)):
        save(shot / "line" / f"s.A.{frame}.png", line_drawing(step))
    save(shot / "color" / "s.A.1003.png", painting(1))
    assert cli("propagate", shot, "--out", tmp_path / "out").code == 0
    names = sorted(path.name for path in (tmp_path / "out" / "color").iterdir())
    assert names == ["s.A.1001.png", "s.A.1003.png", "s.A.1009.png"]


def test_a_pattern_without_a_place_for_the_cel_is_refused(tmp_path, cli):
    shot = make_cels(tmp_path / "shot")
    done = cli(
        *("propagate", shot, "--out", tmp_path / "out", "--cel", "A", "--line", "line/*.png")
    )
    assert done.code == 2
    assert "write {cel}" in done.err


def test_every_cel_has_review_notes_of_its_own(tmp_path, cli):
    shot = make_cels(tmp_path / "shot")
    for cel in CELS:
        note = {"drawing": "0" * 64, "point": [3, 4], "box": [0, 0, 9, 9], "frame": "2"}
        note |= {"text": f"on {cel}", "written": "2026-01-01T10:00:00Z"}
        document = {"schema": 1, "kind": "review_notes", "notes": [note]}
        (tmp_path / f"{cel}_notes.json").write_text(json.dumps(document))
    notes = ("--review-notes", tmp_path / "{cel}_notes.json")
    done = cli("propagate", shot, "--out", tmp_path / "out", "--cel", "A", "--cel", "B", *notes)
    assert done.code == 0, done.err
    for cel in CELS:
        kept = json.loads((tmp_path / "out" / cel / "review_notes.json").read_text("utf-8"))
        assert [note["text"] for note in kept["notes"]] == [f"on {cel}"]


def test_a_cel_that_is_not_there_is_named_with_where_it_was_looked_for(tmp_path, cli):
    shot = make_cels(tmp_path / "shot")
    done = cli("propagate", shot, "--out", tmp_path / "out", "--cel", "C")
    assert done.code == 5
    assert "C/line, line/C, line/C_*.*" in done.err


def test_no_cel_has_the_name_of_a_folder_elsewhere(tmp_path, cli):
    done = cli("propagate", tmp_path, "--out", tmp_path / "out", "--cel", "../A")
    assert done.code == 2


# ---- exposure sheets


@pytest.fixture
def timed(tmp_path):
    """A shot of cel A with drawings 1 to 4, of which the sheet shows 1, 2 and 4."""
    make_cels(tmp_path / "shot", frames=(1, 2, 3, 4), cels={"A": BOXES})
    data = sheet(track(0, (0, 1), (2, 4), (5, 1), (7, "SYMBOL_NULL_CELL"), (8, 2)), length=10)
    (tmp_path / "cut.xdts").write_bytes(data)
    return tmp_path


def test_a_sheet_says_which_drawings_are_coloured_and_when_they_show(timed, cli):
    done = cli(*("propagate", timed / "shot", "--out", timed / "out", "--xdts", timed / "cut.xdts"))
    assert done.code == 0, done.err
    names = sorted(path.name for path in (timed / "out" / "A" / "color").iterdir())
    assert names == ["A_0001.png", "A_0002.png", "A_0004.png"]
    report = json.loads((timed / "out" / "report.json").read_text())
    assert first_error(report, "cels") is None
    assert report["length"] == 10
    assert report["cels"][0]["exposures"] == [
        {"drawing": 1, "frames": [1, 2, 6, 7]},
        {"drawing": 2, "frames": [9, 10]},
        {"drawing": 4, "frames": [3, 4, 5]},
    ]
    assert not (timed / "out" / "exposed").exists()


def test_expose_writes_a_file_for_every_frame_of_the_sheet(timed, cli):
    command = ("propagate", timed / "shot", "--out", timed / "out", "--expose")
    assert cli(*command, "--xdts", timed / "cut.xdts").code == 0
    folder = timed / "out" / "exposed" / "A"
    shown = {1: 0, 2: 0, 3: 3, 4: 3, 5: 3, 6: 0, 7: 0, 9: 1, 10: 1}
    names = sorted(path.name for path in folder.glob("A_*"))
    assert names == [f"A_{frame:04d}.png" for frame in range(1, 11)]
    empty = load(folder / "A_0008.png")
    assert empty.shape == (*SIZE, 4)
    assert not empty.any()
    for frame, step in shown.items():
        assert right(folder / f"A_{frame:04d}.png", step, BOXES)
    # A new timing: what it does not show goes away, what others changed stays.
    save(folder / "A_0010.png", np.zeros((80, 96), np.uint8))
    (timed / "cut.xdts").write_bytes(sheet(track(0, (0, 2)), length=4))
    assert cli(*command, "--xdts", timed / "cut.xdts").code == 0
    names = sorted(path.name for path in folder.glob("A_*"))
    assert names == ["A_0001.png", "A_0002.png", "A_0003.png", "A_0004.png", "A_0010.png"]
    assert right(folder / "A_0001.png", 1, BOXES)


@pytest.mark.parametrize("suffix", ["png", "tif", "tga", "exr"])
def test_an_empty_frame_is_of_the_format_of_the_others(suffix, timed, cli):
    """Grey without alpha: what shows nothing is white."""
    pack = PACKERS[suffix]
    for file in (timed / "shot" / "color").iterdir():
        file.unlink()
    (timed / "shot" / "color" / f"A_0001.{suffix}").write_bytes(pack(painting(0)[:, :, 1].copy()))
    command = ("propagate", timed / "shot", "--out", timed / "out", "--expose")
    done = cli(*command, "--xdts", timed / "cut.xdts")
    assert done.code == 0, done.err
    files = sorted((timed / "out" / "exposed" / "A").glob("A_*"))
    assert [file.name for file in files] == [f"A_{n:04d}.{suffix}" for n in range(1, 11)]
    form = picture_format(files[7])
    image = form.decode(files[7].read_bytes(), "")
    assert image.shape == SIZE
    assert (image == (1 if suffix == "exr" else 255)).all()
    report = json.loads((timed / "out" / "report.json").read_text())
    assert report["cels"][0]["exposed"] == [str(file) for file in files]


def test_a_drawing_that_was_not_coloured_has_no_frames(timed, cli):
    command = ("propagate", timed / "shot", "--out", timed / "out", "--expose", "--frames", "1-2")
    assert cli(*command, "--xdts", timed / "cut.xdts").code == 0
    names = sorted(path.name for path in (timed / "out" / "exposed" / "A").glob("A_*"))
    assert names == [f"A_{frame:04d}.png" for frame in (1, 2, 6, 7, 8, 9, 10)]


def test_drawings_that_are_not_made_yet_are_named_and_the_others_coloured(timed, cli):
    (timed / "cut.xdts").write_bytes(sheet(track(0, (0, 1), (3, 9), (5, 2)), length=8))
    command = ("propagate", timed / "shot", "--out", timed / "out", "--expose")
    done = cli(*command, "--xdts", timed / "cut.xdts")
    assert done.code == 0, done.err
    assert "cel A shows drawings 9 that are not there yet" in done.err
    report = json.loads((timed / "out" / "report.json").read_text())
    assert first_error(report, "cels") is None
    assert report["cels"][0]["missing"] == ["9"]
    names = sorted(path.name for path in (timed / "out" / "exposed" / "A").glob("A_*"))
    assert names == [f"A_{frame:04d}.png" for frame in (1, 2, 3, 6, 7, 8)]


def test_an_empty_frame_is_told_from_a_drawing_that_is_not_made_yet(timed, cli):
    starts = ((0, 1), (2, 9), (4, "SYMBOL_NULL_CELL"), (6, 2))
    (timed / "cut.xdts").write_bytes(sheet(track(0, *starts), length=7))
    command = ("propagate", timed / "shot", "--out", timed / "out", "--expose")
    assert cli(*command, "--xdts", timed / "cut.xdts").code == 0
    folder = timed / "out" / "exposed" / "A"
    names = sorted(path.name for path in folder.glob("A_*"))
    assert names == [f"A_{frame:04d}.png" for frame in (1, 2, 5, 6, 7)]
    assert not load(folder / "A_0005.png").any()
    assert load(folder / "A_0007.png").any()


def test_a_cel_without_any_drawing_is_passed_over_unless_it_is_asked_for(timed, cli):
    (timed / "cut.xdts").write_bytes(sheet(track(0, (0, 1)), track(1, (0, 1)), length=4))
    command = ("propagate", timed / "shot", "--out", timed / "out", "--xdts", timed / "cut.xdts")
    done = cli(*command)
    assert done.code == 0, done.err
    assert "cel B has no line drawings" in done.err
    assert cli(*command, "--cel", "B").code == 5


def test_a_sheet_of_which_nothing_is_drawn_is_an_error(timed, cli):
    (timed / "cut.xdts").write_bytes(sheet(track(0, (0, 7), (3, 9))))
    done = cli(*("propagate", timed / "shot", "--out", timed / "out", "--xdts", timed / "cut.xdts"))
    assert done.code == 5
    assert "cel A shows drawings 7, 9 that are not in" in done.err
    assert "there are 1-4" in done.err


def test_a_sheet_that_runs_past_its_end_says_so(timed, cli):
    (timed / "cut.xdts").write_bytes(sheet(track(0, (0, 1), (20, 2)), length=8))
    done = cli(*("propagate", timed / "shot", "--out", timed / "out", "--xdts", timed / "cut.xdts"))
    assert done.code == 0, done.err
    assert "is 8 frames long, but cel A goes on to frame 21" in done.err


def test_drawings_with_letters_keep_their_names_from_sheet_to_file(tmp_path, cli):
    shot = tmp_path / "shot"
    for step, name in enumerate(("0001", "0001a", "0002B", "0003")):
        save(shot / "line" / f"A_{name}.png", line_drawing(step))
    save(shot / "color" / "A_0001a.png", painting(1))
    data = sheet(track(0, (0, "2B"), (2, "1a"), (4, "1"), (6, "2b")), length=8)
    (tmp_path / "cut.xdts").write_bytes(data.replace(b"2b", b"2B"))
    command = ("propagate", shot, "--out", tmp_path / "out", "--expose")
    done = cli(*command, "--xdts", tmp_path / "cut.xdts")
    assert done.code == 0, done.err
    folder = tmp_path / "out" / "A" / "color"
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["A_0001.png", "A_0001a.png", "A_0002B.png"]
    for step, name in enumerate(names):
        assert right(folder / name, step, BOXES)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert first_error(report, "cels") is None
    shown = {item["name"]: item["frames"] for item in report["cels"][0]["exposures"]}
    assert shown == {"1": [5, 6], "1a": [3, 4], "2B": [1, 2, 7, 8]}
    assert right(tmp_path / "out" / "exposed" / "A" / "A_0001.png", 2, BOXES)
    assert right(tmp_path / "out" / "exposed" / "A" / "A_0005.png", 0, BOXES)


def test_one_cel_may_lie_in_a_plain_shot(timed, cli):
    shot = timed / "plain"
    for frame in (1, 2, 4):
        save(shot / "line" / f"{frame:04d}.png", line_drawing(frame - 1))
    save(shot / "color" / "0001.png", painting(0))
    done = cli("propagate", shot, "--out", timed / "out", "--xdts", timed / "cut.xdts")
    assert done.code == 0, done.err
    assert right(timed / "out" / "A" / "color" / "0004.png", 3, BOXES)


def test_expose_without_a_sheet_is_refused(timed, cli):
    done = cli("propagate", timed / "shot", "--out", timed / "out", "--cel", "A", "--expose")
    assert done.code == 2
    assert "--xdts" in done.err
