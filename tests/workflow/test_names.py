"""Drawings named 1, 1a, 2B: three drawings in that order, under these names everywhere."""

import json
import pickle

import pytest

from ant_core.errors import InputError
from ant_core.formats.frame_names import Frame, number_names
from ant_core.formats.pattern import find_sequence
from ant_core.formats.sequence import SequenceReader
from ant_core.schemas import first_error
from tests.support.drawn import BOXES, line_drawing, load, painting, save

NAMES = ("0001", "0001a", "0002B", "0003", "0007")


@pytest.fixture
def shot(tmp_path):
    for step, name in enumerate(NAMES):
        save(tmp_path / "shot" / "line" / f"A_{name}.png", line_drawing(step))
    save(tmp_path / "shot" / "color" / "A_0002B.png", painting(2))
    return tmp_path / "shot"


def test_numbers_are_kept_where_they_are_free():
    frames = number_names([(7, ""), (1, "b"), (1, ""), (1, "A"), (2, ""), (20, "c")])
    assert {str(frame): int(frame) for frame in frames.values()} == {
        "1": 1,
        "1A": 2,
        "1b": 3,
        "2": 4,
        "7": 7,
        "20c": 20,
    }


def test_a_frame_is_a_number_with_a_name():
    frame = Frame(3, 2, "B")
    assert frame == 3
    assert f"{frame} {frame:04d}" == "2B 0002B"
    assert json.dumps([frame]) == "[3]"
    again = pickle.loads(pickle.dumps(frame))
    assert (again, str(again)) == (3, "2B")


def test_painted_frames_have_the_numbers_of_the_lines(shot):
    lines = SequenceReader("line", shot, lines=True)
    colors = SequenceReader("color", shot, like=lines.frames)
    assert [str(frame) for frame in lines.frames] == ["1", "1a", "2B", "3", "7"]
    assert colors.frames == (3,)
    assert lines.frames == (1, 2, 3, 4, 7)


@pytest.mark.parametrize("names", [["0001a", "0002a"], ["0001_x", "0002_y"], ["0001", "0002"]])
def test_what_all_names_have_after_the_number_tells_nothing(tmp_path, names):
    for name in names:
        (tmp_path / f"{name}.png").touch()
    frames = find_sequence(tmp_path).files
    assert list(frames) == [1, 2]
    assert not any(isinstance(frame, Frame) for frame in frames)


def test_letters_that_differ_in_case_alone_are_refused(tmp_path):
    for name in ("1a", "1A", "2"):
        (tmp_path / f"{name}.png").touch()
    with pytest.raises(InputError, match=r"for frame 1[aA]"):
        find_sequence(tmp_path)


@pytest.mark.parametrize("name", ["-0001", "A_-5", "cut -12"])
def test_a_negative_frame_number_is_refused_in_a_sentence(tmp_path, name):
    (tmp_path / f"{name}.png").touch()
    with pytest.raises(InputError, match="negative frame number: frames count from 0 up"):
        find_sequence(tmp_path)


@pytest.mark.parametrize("name", ["cut-12", "A-0005"])
def test_a_hyphen_between_name_and_number_is_no_sign(tmp_path, name):
    (tmp_path / f"{name}.png").touch()
    assert list(find_sequence(tmp_path).files) == [int(name.split("-")[1])]


def test_a_shot_of_such_names_is_coloured_under_them(shot, tmp_path, cli):
    hints = tmp_path / "hints.json"
    hint = {"frame": "1a", "point": [20, 22], "color": [9, 9, 9, 255]}
    hints.write_text(json.dumps({"schema": 1, "hints": [hint]}))
    done = cli("propagate", shot, "--out", tmp_path / "out", "--hints", hints)
    assert done.code == 0, done.err
    out = tmp_path / "out"
    assert sorted(path.stem for path in (out / "color").iterdir()) == [f"A_{n}" for n in NAMES]
    for step, name in enumerate(NAMES):
        image = load(out / "color" / f"A_{name}.png")
        if name == "0001a":
            assert image[22, 22 + step].tolist() == [9, 9, 9, 255]
        assert image[55, 40 + step].tolist() == list(BOXES[2][1])
    report = json.loads((out / "report.json").read_text("utf-8"))
    assert first_error(report, "report") is None
    assert [item["name"] for item in report["frames"]] == ["1", "1a", "2B", "3", "7"]
    assert "frame 2B" in done.err
    kept = cli("propagate", shot, "--out", out, "--hints", hints)
    assert "kept from the last run: frames 1-3, 7" in kept.err, kept.err


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ("1a", ["0001a"]),
        ("1-2B", ["0001", "0001a", "0002B"]),
        ("1-2", ["0001", "0001a", "0002B"]),
        ("2b,7", ["0002B", "0007"]),
        ("1", ["0001"]),
    ],
)
def test_frames_are_named_as_the_files_are(shot, tmp_path, cli, asked, names):
    done = cli("propagate", shot, "--out", tmp_path / "out", "--frames", asked)
    assert done.code == 0, done.err
    written = sorted(path.stem for path in (tmp_path / "out" / "color").iterdir())
    assert written == [f"A_{name}" for name in names]


def test_a_name_that_is_not_there_is_told_with_those_that_are(shot, tmp_path, cli):
    done = cli("propagate", shot, "--out", tmp_path / "out", "--frames", "2")
    assert done.code == 2
    assert "frame 2, but there is no such line drawing: there are 1-3, 7" in done.err
    hints = tmp_path / "hints.json"
    hints.write_text('{"schema": 1, "locks": [{"frame": 2}]}')
    done = cli("propagate", shot, "--out", tmp_path / "out", "--hints", hints)
    assert done.code == 5
    assert "frame 2, which is not in the shot" in done.err
