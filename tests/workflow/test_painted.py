"""Painted frames as people make them, through the command line: what is told, what comes out."""

import json

import cv2
import numpy as np
import pytest

from ant_core.schemas import first_error
from tests.support.drawn import BOXES, load, make_shot, painting, save

COLORS = [color for _, color in BOXES]
BLUE = (20, 90, 240, 255)


def big(image):
    return cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_NEAREST)


def large_shot(root, painted):
    """The drawn boxes at four times the size; frame 1 is painted as given."""
    shot = make_shot(root, frames=[1, 2], painted=[1])
    for path in (shot / "line").iterdir():
        save(path, big(load(path)))
    save(shot / "color" / "0001.png", painted)
    return shot


def run(tmp_path, cli, painted, *options):
    shot = large_shot(tmp_path / "shot", painted)
    done = cli("propagate", shot, "--out", tmp_path / "out", "--json", *options)
    assert done.code == 0, done.err
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert first_error(report, "report") is None
    for line in done.out.splitlines():
        assert first_error(json.loads(line), "event") is None
    return done, report


def second_frame(tmp_path):
    image = load(tmp_path / "out" / "color" / "0002.png")
    return [
        tuple(image[4 * (y + height // 2), 4 * (x + 1 + width // 2)].tolist())
        for (x, y, width, height), _ in BOXES
    ]


def test_a_flat_frame_has_no_note(tmp_path, cli):
    _, report = run(tmp_path, cli, big(painting(0)))
    assert report["warnings"] == []
    assert "notes" not in report["frames"][0]
    assert second_frame(tmp_path) == COLORS


def test_jpeg_noise_comes_out_as_the_colours_of_the_artist(tmp_path, cli):
    image = big(painting(0))[..., 2::-1]
    noisy = cv2.imdecode(
        cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 80])[1], cv2.IMREAD_COLOR
    )
    _, report = run(tmp_path, cli, np.ascontiguousarray(noisy[..., ::-1]))
    used = {tuple(s["color"]) for frame in report["frames"] for s in frame["segments"]}
    assert len(used) == 4
    for color, meant in zip(second_frame(tmp_path), COLORS, strict=True):
        assert np.abs(np.array(color[:3]) - meant[:3]).max() <= 3
    assert report["summary"]["not_flat"] == 0


def test_dabs_are_told_with_their_places(tmp_path, cli):
    image = np.zeros_like(big(painting(0)))
    for (x, y, width, height), color in BOXES:
        cv2.circle(image, (4 * x + 2 * width, 4 * y + 2 * height), 5, color, -1)
    _, report = run(tmp_path, cli, image)
    assert second_frame(tmp_path) == COLORS
    (note,) = report["warnings"]
    assert note.startswith("frame 1: paint that does not fill its segment gives 3 of them")
    flags = [s.get("flags") for s in report["frames"][0]["segments"]]
    assert flags.count(["dab"]) == 3
    assert report["summary"]["doubtful"] == 0


def test_a_dab_means_a_smaller_bare_segment_behind_a_closed_gap(tmp_path, cli):
    line = np.full((240, 320), 255, np.uint8)
    cv2.rectangle(line, (40, 40), (280, 200), 0, 3)
    cv2.line(line, (200, 40), (200, 200), 0, 3)
    line[115:121, 190:211] = 255  # the wall to the smaller room has a hole
    cv2.rectangle(line, (230, 100), (260, 140), 0, 3)  # a closed room within it stays bare
    color = np.zeros((240, 320, 4), np.uint8)
    cv2.circle(color, (120, 120), 9, BLUE, -1)
    save(tmp_path / "shot" / "line" / "0001.png", line)
    save(tmp_path / "shot" / "color" / "0001.png", color)
    assert cli("propagate", tmp_path / "shot", "--out", tmp_path / "out").code == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    segments = report["frames"][0]["segments"]
    assert [s["color"] for s in segments] == ["unpainted", list(BLUE), list(BLUE), "unpainted"]


def test_a_gradient_is_told_with_place_and_cause(tmp_path, cli):
    image = big(painting(0))
    (x, y, width, height), _ = BOXES[2]
    part = image[4 * y : 4 * (y + height), 4 * x : 4 * (x + width)]
    part[..., 1] = np.linspace(40, 240, part.shape[1])
    done, report = run(tmp_path, cli, image)
    assert report["summary"]["not_flat"] == 1
    (segment,) = [s for s in report["frames"][0]["segments"] if s["state"] == "not_flat"]
    assert segment["cover"] < 0.2
    (note,) = report["warnings"]
    assert note.startswith("frame 1 is not painted flat at")
    assert "a gradient or noise" in note
    assert note in done.err


@pytest.mark.parametrize("shift", [(10, 0), (-7, 9)])
def test_a_frame_beside_its_lines_is_told_once_and_read_where_it_belongs(tmp_path, cli, shift):
    right, down = shift
    moved = np.roll(big(painting(0)), (down, right), (0, 1))
    _, report = run(tmp_path, cli, moved)
    (note,) = [text for text in report["warnings"] if "beside its lines" in text]
    told = [int(number) for number in note.split("painted ")[1].split(" px")[0].split(",")]
    assert max(abs(told[0] - right), abs(told[1] - down)) <= 1
    assert second_frame(tmp_path) == COLORS


def test_notes_stay_when_nothing_is_done_again(tmp_path, cli):
    image = np.zeros_like(big(painting(0)))
    for (x, y, width, height), color in BOXES:
        cv2.circle(image, (4 * x + 2 * width, 4 * y + 2 * height), 5, color, -1)
    _, first = run(tmp_path, cli, image)
    again = cli("propagate", tmp_path / "shot", "--out", tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert report["warnings"] == first["warnings"]
    assert first["warnings"][0] in again.err
    assert "kept from the last run" in again.err


def leaked(step):
    """The boxes where a line that leaks has let blue into 30 % of the last one."""
    image = painting(step)
    (x, y, width, height), _ = BOXES[2]
    image[y : y + height + 1, x + step + round(0.7 * width) : x + step + width + 1] = BLUE
    return big(image)


def sure_of_last_box(report, frame):
    color = list(BOXES[2][1])
    (one,) = [s for s in report["frames"][frame - 1]["segments"] if s["color"] == color]
    return one["confidence"]


def test_a_segment_of_two_flat_colours_votes_with_its_share(tmp_path, cli):
    _, flat = run(tmp_path / "flat", cli, big(painting(0)))
    assert sure_of_last_box(flat, 1) == 1
    _, report = run(tmp_path / "leaked", cli, leaked(0))
    assert sure_of_last_box(report, 1) == pytest.approx(0.7, abs=0.03)
    share = sure_of_last_box(report, 2) / sure_of_last_box(flat, 2)
    assert share == pytest.approx(0.7, abs=0.03)
    # A frame that is kept votes alike.
    save(tmp_path / "flat" / "out" / "color" / "0002.png", leaked(1))
    _, kept = run(tmp_path / "flat", cli, big(painting(0)), "--lock", "2")
    assert kept["frames"][1]["role"] == "locked"
    assert sure_of_last_box(kept, 2) == pytest.approx(0.7, abs=0.03)
