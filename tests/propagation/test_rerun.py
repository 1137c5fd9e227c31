"""Running again after an edit: what depends on it is computed again, and nothing else."""

import json

import numpy as np
import pytest

from ant_core.errors import OutputError
from ant_core.formats.sequence import SequenceWriter
from ant_core.output.folder import OutputFolder
from ant_core.propagation.references import read_reference
from tests.support.drawn import BOXES, line_drawing, load, make_shot, painting, save
from tests.support.reports import frames_of, recomputed


@pytest.fixture
def shot(tmp_path):
    """Nine frames, the first and the last painted."""
    return make_shot(tmp_path / "shot", frames=range(1, 10), painted=[1, 9])


@pytest.fixture
def out(tmp_path, shot, cli):
    assert cli("propagate", shot, "--out", tmp_path / "out").code == 0
    return tmp_path / "out"


def pictures(out):
    return {path.name: path.read_bytes() for path in (out / "color").iterdir()}


def test_nothing_changed_nothing_computed(shot, out, cli):
    before = pictures(out)
    done = cli("propagate", shot, "--out", out)
    assert done.code == 0
    assert recomputed(out) == {}
    assert "kept from the last run: frames 1-9" in done.err
    assert pictures(out) == before


def test_the_same_pixels_packed_anew_change_nothing(shot, out, cli):
    import cv2

    path = shot / "line" / "0004.png"
    packed = cv2.imencode(".png", line_drawing(3), [cv2.IMWRITE_PNG_COMPRESSION, 0])[1].tobytes()
    assert packed != path.read_bytes()
    path.write_bytes(packed)
    cli("propagate", shot, "--out", out)
    assert recomputed(out) == {}


def test_an_edited_line_drawing_disturbs_only_what_was_coloured_from_it(shot, out, cli):
    # Frame 3 feeds 4, which feeds 5; 6 and 7 hang on the other side.
    image = line_drawing(2)
    image[30, 60:70] = 0  # a stroke in the green box
    save(shot / "line" / "0003.png", image)
    done = cli("propagate", shot, "--out", out)
    again = recomputed(out)
    assert again[3] == "its line drawing changed"
    assert set(again) <= {3, 4, 5}
    assert "recomputed: frame 3 (its line drawing changed)" in done.err


def test_a_frame_that_comes_out_as_before_does_not_disturb_the_next(shot, out, cli):
    image = line_drawing(2)
    image[2, 2] = 253  # other pixels, same segments, same fills
    save(shot / "line" / "0003.png", image)
    cli("propagate", shot, "--out", out)
    assert recomputed(out)[3] == "its line drawing changed"
    # The neighbour saw another drawing, so it is looked at again; beyond it nothing changed.
    assert 6 not in recomputed(out)


def test_an_edited_reference_disturbs_those_that_see_it(shot, out, cli):
    image = painting(0)
    image[20, 20:30] = (1, 1, 1, 255)
    image[13:32, 11:34] = (9, 8, 7, 255)  # the red box in another colour
    save(shot / "color" / "0001.png", image)
    cli("propagate", shot, "--out", out)
    again = recomputed(out)
    assert again[1] == "its painting changed"
    assert again[2] == "frame 1 changed"
    assert 9 not in again
    assert load(out / "color" / "0002.png")[22, 23].tolist() == [9, 8, 7, 255]
    assert (out / "color" / "0001.png").read_bytes() == (shot / "color" / "0001.png").read_bytes()


def test_a_reference_edited_where_it_does_not_matter_disturbs_nobody(shot, out, cli):
    image = painting(0)
    image[12, 10:20] = (1, 1, 1, 255)  # under the line
    save(shot / "color" / "0001.png", image)
    cli("propagate", shot, "--out", out)
    assert set(recomputed(out)) == {1}


def test_a_hint_disturbs_its_drawing_and_what_follows(shot, out, cli, tmp_path):
    hints = tmp_path / "hints.json"
    color = [11, 12, 13, 255]
    point = [BOXES[0][0][0] + 3 + 12, BOXES[0][0][1] + 10]
    hints.write_text(
        json.dumps({"schema": 1, "hints": [{"frame": 4, "point": point, "color": color}]})
    )
    assert cli("propagate", shot, "--out", out, "--hints", hints).code == 0
    again = recomputed(out)
    assert again[4] == "its hints changed"
    assert set(again) <= {4, 5}
    assert load(out / "color" / "0004.png")[point[1], point[0]].tolist() == color
    hinted = [s for s in frames_of(out)[4]["segments"] if s.get("flags") == ["hint"]]
    assert [s["color"] for s in hinted] == [color]
    assert hinted[0]["confidence"] == 1
    cli("propagate", shot, "--out", out, "--hints", hints)
    assert recomputed(out) == {}
    cli("propagate", shot, "--out", out)
    assert recomputed(out)[4] == "its hints changed"


def test_missing_files_come_back(shot, out, cli):
    before = pictures(out)
    (out / "color" / "0004.png").unlink()
    (out / "color" / "0001.png").unlink()
    cli("propagate", shot, "--out", out)
    assert recomputed(out) == {4: "its file was missing or unfinished"}
    assert pictures(out) == before


def test_a_file_that_was_cut_off_is_made_again(shot, out, cli):
    before = pictures(out)
    path = out / "color" / "0004.png"
    path.write_bytes(path.read_bytes()[:60])
    assert cli("propagate", shot, "--out", out).code == 0
    assert pictures(out) == before


def test_a_run_stopped_before_it_replaced_a_file_does_not_take_it_for_an_edit(
    shot, out, cli, tmp_path, monkeypatch
):
    image = painting(0)
    image[13:32, 11:34] = (9, 8, 7, 255)
    save(shot / "color" / "0001.png", image)
    write = SequenceWriter.write

    def write_some(self, frame, data):
        if frame == 3:
            raise OutputError("the disk is full")
        write(self, frame, data)

    with monkeypatch.context() as full_disk:
        full_disk.setattr(SequenceWriter, "write", write_some)
        for _ in range(2):
            assert cli("propagate", shot, "--out", out).code == 5
    done = cli("propagate", shot, "--out", out)
    assert "changed" not in done.err.split("[1/9]")[0]
    assert cli("propagate", shot, "--out", tmp_path / "fresh").code == 0
    assert pictures(out) == pictures(tmp_path / "fresh")
    assert frames_of(out)[3]["role"] == "predicted"


def test_an_added_frame_is_new_and_the_others_stay(shot, out, cli):
    save(shot / "line" / "0010.png", line_drawing(9))
    cli("propagate", shot, "--out", out)
    assert recomputed(out) == {10: "new"}


def test_a_drawing_moved_to_another_frame_takes_its_picture_along(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 6), painted=[5])
    out = tmp_path / "out"
    assert cli("propagate", shot, "--out", out).code == 0
    # Frame 3 now holds the drawing of frame 4, whose sources and offsets stay the same.
    (shot / "line" / "0003.png").write_bytes((shot / "line" / "0004.png").read_bytes())
    cli("propagate", shot, "--out", out)
    assert pictures(out)["0003.png"] == pictures(out)["0004.png"]


def test_another_gap_computes_everything_again(shot, out, cli):
    cli("propagate", shot, "--out", out, "--gap", "3")
    assert set(recomputed(out)) == set(range(1, 10))


def test_part_of_the_shot_leaves_the_rest_in_memory(shot, out, cli):
    cli("propagate", shot, "--out", out, "--frames", "2-3")
    cli("propagate", shot, "--out", out)
    assert recomputed(out) == {}


def test_references_outside_the_frames_asked_for_are_read_once(shot, cli, tmp_path, monkeypatch):
    read = []

    def read_and_tell(analysis, reference, *more, **named):
        read.append(reference.frame)
        return read_reference(analysis, reference, *more, **named)

    monkeypatch.setattr("ant_core.propagation.run.read_reference", read_and_tell)
    for _ in range(2):
        assert cli("propagate", shot, "--out", tmp_path / "part", "--frames", "2-3").code == 0
    assert sorted(read) == [1, 9]


def test_a_locked_frame_keeps_its_file_and_teaches_its_neighbours(shot, out, cli):
    fixed = painting(3)
    fixed[13:32, 14:37] = (5, 6, 7, 255)
    path = out / "color" / "0004.png"
    save(path, fixed)
    kept = path.read_bytes()
    assert cli("propagate", shot, "--out", out, "--lock", "4").code == 0
    assert path.read_bytes() == kept
    result = frames_of(out)
    assert result[4]["role"] == "locked"
    assert {s["state"] for s in result[4]["segments"]} == {"locked"}
    assert load(out / "color" / "0005.png")[22, 26].tolist() == [5, 6, 7, 255]


def test_a_frame_changed_by_hand_is_kept_without_being_told(shot, out, cli):
    fixed = painting(3)
    fixed[0:4] = (5, 6, 7, 255)
    path = out / "color" / "0004.png"
    save(path, fixed)
    kept = path.read_bytes()
    done = cli("propagate", shot, "--out", out)
    assert path.read_bytes() == kept
    assert "frames 4 were changed" in done.err
    assert frames_of(out)[4]["role"] == "locked"
    cli("propagate", shot, "--out", out, "--overwrite")
    assert path.read_bytes() != kept


def test_a_changed_copy_of_a_reference_is_not_overwritten_silently(shot, out, cli):
    path = out / "color" / "0001.png"
    save(path, painting(1))
    kept = path.read_bytes()
    done = cli("propagate", shot, "--out", out)
    assert done.code == 5
    assert "frame 1 is painted in the shot" in done.err
    assert path.read_bytes() == kept


def test_a_file_changed_by_hand_may_become_a_reference_of_the_shot(shot, out, cli):
    fixed = painting(3)
    fixed[0:4] = (5, 6, 7, 255)
    path = out / "color" / "0004.png"
    save(path, fixed)
    (shot / "color" / "0004.png").write_bytes(path.read_bytes())
    for _ in range(2):
        done = cli("propagate", shot, "--out", out)
        assert done.code == 0, done.err
        assert frames_of(out)[4]["role"] == "reference"
        assert path.read_bytes() == (shot / "color" / "0004.png").read_bytes()


def test_files_of_others_are_left_alone(shot, tmp_path, cli):
    theirs = tmp_path / "theirs" / "color" / "0003.png"
    save(theirs, painting(5))
    kept = theirs.read_bytes()
    done = cli("propagate", shot, "--out", tmp_path / "theirs")
    assert done.code == 5
    assert "was not written by an earlier run" in done.err
    assert theirs.read_bytes() == kept
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["color"]


def test_a_locked_segment_keeps_its_colour_while_the_rest_follows(shot, out, cli, tmp_path):
    locks = tmp_path / "locks.json"
    locks.write_text(json.dumps({"schema": 1, "locks": [{"frame": 4, "point": [26, 22]}]}), "utf-8")
    for frame, step in ((1, 0), (9, 8)):  # red and green boxes get other colours
        image = painting(step)
        image[13:32, 11 + step : 34 + step] = (9, 8, 7, 255)
        image[11:36, 47 + step : 74 + step] = (1, 8, 7, 255)
        save(shot / "color" / f"{frame:04d}.png", image)
    assert cli("propagate", shot, "--out", out, "--hints", locks).code == 0
    image = load(out / "color" / "0004.png")
    assert image[22, 26].tolist() == list(BOXES[0][1])
    assert image[22, 60].tolist() == [1, 8, 7, 255]
    assert [s["state"] for s in frames_of(out)[4]["segments"]].count("locked") == 1
    cli("propagate", shot, "--out", out, "--hints", locks)
    assert recomputed(out) == {}


def test_a_file_that_locks_lie_on_is_read_once_a_run(shot, out, cli, tmp_path, monkeypatch):
    locks = tmp_path / "locks.json"
    locks.write_text(json.dumps({"schema": 1, "locks": [{"frame": 4, "point": [26, 22]}]}), "utf-8")
    read, asked = OutputFolder.read, []

    def read_and_tell(self, frame):
        asked.append(frame)
        return read(self, frame)

    monkeypatch.setattr(OutputFolder, "read", read_and_tell)
    assert cli("propagate", shot, "--out", out, "--hints", locks).code == 0
    assert asked.count(4) == 1


def test_a_damaged_memory_only_costs_time(shot, out, cli):
    before = pictures(out)
    for record in (out / ".ant_core" / "drawings").iterdir():
        record.write_bytes(b"PK\x03\x04 broken")
    ledger = out / ".ant_core" / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes() + b'["file", "00')
    assert cli("propagate", shot, "--out", out).code == 0
    assert pictures(out) == before


def test_records_that_nobody_needs_are_thrown_away(shot, out, cli):
    def count():
        return len(list((out / ".ant_core" / "drawings").iterdir()))

    before = count()
    for step in range(5):
        image = line_drawing(2)
        image[2, step] = np.uint8(step)
        save(shot / "line" / "0003.png", image)
        cli("propagate", shot, "--out", out)
    assert count() == before
