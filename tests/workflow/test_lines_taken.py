"""What was taken for lines is said: sketches under the ink, and dark grounds."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest

from ant_core.schemas import first_error
from tests.support.drawn import BOXES, line_drawing, load, make_shot, save


def sketched(step: int) -> np.ndarray:
    """Return (H, W, 3) uint8: the boxes over light blue strokes that cross them."""
    image = cv2.cvtColor(line_drawing(step), cv2.COLOR_GRAY2RGB)
    sketch = np.full_like(image, 255)
    for k in range(9):
        cv2.line(sketch, (4 + 10 * k, 2), (20 + 9 * k, 78), (170, 200, 255), 2)
        cv2.line(sketch, (2, 6 + 8 * k), (94, 2 + 9 * k), (170, 200, 255), 2)
    return np.minimum(image, sketch)


def lines_of(out, frame):
    report = json.loads((out / "report.json").read_text())
    assert first_error(report, "report") is None
    return next(f["lines"] for f in report["frames"] if f["frame"] == frame)


@pytest.fixture
def rough_shot(tmp_path):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    for frame in (1, 2):
        save(shot / "line" / f"{frame:04d}.png", sketched(frame - 1))
    return shot


def test_a_sketch_is_left_out_where_that_is_asked_for(rough_shot, tmp_path, cli):
    done = cli("propagate", rough_shot, "--out", tmp_path / "out", "--rough", "ignore")
    assert done.code == 0, done.err
    assert "frames 1-2: a light coloured sketch under the ink is left out" in done.err
    assert lines_of(tmp_path / "out", 2) == {"ground": "light", "rough": "ignored"}
    out = load(tmp_path / "out" / "color" / "0002.png")
    for (x, y, width, height), color in BOXES:
        assert out[y + height // 2, x + 1 + width // 2].tolist() == list(color)


def test_a_sketch_is_kept_where_that_is_asked_for(rough_shot, tmp_path, cli):
    done = cli("propagate", rough_shot, "--out", tmp_path / "out", "--rough", "keep")
    assert "taken for lines: pass --rough ignore" in done.err
    assert lines_of(tmp_path / "out", 2)["rough"] == "kept"


def test_another_choice_colours_anew(rough_shot, tmp_path, cli):
    command = ("propagate", rough_shot, "--out", tmp_path / "out", "--rough")
    assert cli(*command, "ignore").code == 0
    done = cli(*command, "keep")
    assert "frame 2: the settings changed" in done.err


def test_light_lines_on_a_dark_ground_are_lines_and_it_is_said(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=[1, 2], painted=[1])
    for frame in (1, 2):
        save(shot / "line" / f"{frame:04d}.png", 235 - line_drawing(frame - 1) // 255 * 205)
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    assert "frames 1-2: light lines on a dark ground are taken for lines" in done.err
    assert lines_of(tmp_path / "out", 1) == {"ground": "dark", "rough": "none"}
    out = load(tmp_path / "out" / "color" / "0002.png")
    for (x, y, width, height), color in BOXES:
        assert out[y + height // 2, x + 1 + width // 2].tolist() == list(color)


def test_segment_says_what_it_took_for_lines(tmp_path, cli):
    save(tmp_path / "line.png", sketched(0))
    done = cli(
        "segment",
        tmp_path / "line.png",
        "--out",
        tmp_path / "out.png",
        "--json",
        "--rough",
        "ignore",
    )
    assert json.loads(done.out.splitlines()[-1])["lines"] == {"ground": "light", "rough": "ignored"}
