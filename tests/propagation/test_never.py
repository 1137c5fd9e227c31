"""Rules of what is never coloured: by place, by colour, by drawing, for the whole shot."""

import json

import numpy as np
import pytest

from tests.support.drawn import BOXES, GROUND, line_drawing, load, make_shot, painting, save
from tests.support.reports import frames_of, recomputed

RED, GREEN, YELLOW = (list(color) for _, color in BOXES)
RED_IN_FOUR = [26, 22]  # frame 4 shows the boxes three pixels to the right


@pytest.fixture
def shot(tmp_path):
    """Nine frames, the first and the last painted."""
    return make_shot(tmp_path / "shot", frames=range(1, 10), painted=[1, 9])


@pytest.fixture
def color(shot, tmp_path, cli):
    """Colour the shot by rules; returns how it ended and where it lies."""

    def run(*rules, **more):
        path = tmp_path / "hints.json"
        path.write_text(json.dumps({"schema": 1, "never": rules, **more}), "utf-8")
        out = tmp_path / "out"
        return cli("propagate", shot, "--out", out, "--hints", path), out

    return run


def at(out, frame, box):
    """Return the pixel in the middle of a box as the frame has it."""
    (x, y, width, height), _ = BOXES[box]
    image = load(out / "color" / f"{frame:04d}.png")
    return image[y + height // 2, x + width // 2 + frame - 1].tolist()


def states(out, frame):
    return [segment["state"] for segment in frames_of(out)[frame]["segments"]]


@pytest.mark.parametrize(
    "rule", [{"frame": 4, "point": RED_IN_FOUR}, {"frame": 1, "point": [22, 22]}]
)
def test_a_place_stays_bare_wherever_its_segment_leads(color, rule):
    done, out = color(rule)
    assert done.code == 0, done.err
    for frame in range(2, 9):
        assert at(out, frame, 0) == [0, 0, 0, 0]
        assert at(out, frame, 1) == GREEN
        assert states(out, frame).count("never") == 1
    for frame in (1, 9):  # painted frames are the artist's
        assert at(out, frame, 0) == RED
    item = next(s for s in frames_of(out)[6]["segments"] if s["state"] == "never")
    assert item["color"] == "unpainted"
    assert item["source"]["frame"] in range(1, 10)


def test_a_place_holds_on_given_frames_alone(color):
    done, out = color({"frame": 4, "point": RED_IN_FOUR, "frames": "3-5,8"})
    assert done.code == 0, done.err
    bare = [frame for frame in range(2, 9) if at(out, frame, 0) != RED]
    assert bare == [3, 4, 5, 8]


def test_a_colour_is_never_propagated(color):
    done, out = color({"color": YELLOW})
    assert done.code == 0, done.err
    for frame in range(2, 9):
        assert at(out, frame, 2) == [0, 0, 0, 0]
        assert at(out, frame, 0) == RED
        assert states(out, frame).count("never") == 1


def test_a_drawing_is_left_alone_and_teaches_nothing(color):
    done, out = color({"frame": 4})
    assert done.code == 0, done.err
    assert not load(out / "color" / "0004.png").any()
    assert set(states(out, 4)) == {"never"}
    assert all(source["frame"] != 4 for source in frames_of(out)[5]["sources"])
    assert at(out, 5, 0) == RED


def test_rules_win_over_hints_at_their_own_place_and_locks_over_both(color):
    hint = {"frame": 4, "point": RED_IN_FOUR, "color": [1, 2, 3, 255]}
    done, out = color({"frame": 4, "point": RED_IN_FOUR}, hints=[hint])
    assert done.code == 0, done.err
    assert at(out, 4, 0) == [0, 0, 0, 0]
    elsewhere = {"frame": 6, "point": [28, 22], "color": [1, 2, 3, 255]}
    done, out = color({"frame": 4, "point": RED_IN_FOUR}, hints=[elsewhere])
    assert at(out, 6, 0) == [1, 2, 3, 255]  # where the rule only leads a hint mends it
    lock = {"frame": 6, "point": [28, 22]}
    done, out = color({"frame": 6, "point": [28, 22]}, locks=[lock])
    assert at(out, 6, 0) == [1, 2, 3, 255]


def test_a_rule_colours_anew_what_it_reaches_and_nothing_twice(color):
    _, out = color()
    assert recomputed(out)[5] == "new"
    color({"frame": 4})
    again = recomputed(out)
    assert again[4] == "what is never coloured changed"
    assert set(again) <= {4, 5}
    color({"frame": 4})
    assert recomputed(out) == {}
    color({"color": YELLOW})
    assert set(recomputed(out)) == set(range(2, 9))
    color()
    assert set(recomputed(out)) == set(range(2, 9))
    assert at(out, 5, 2) == YELLOW


def test_a_place_follows_its_drawing(color, shot):
    rule = {"frame": 4, "point": RED_IN_FOUR}
    color(rule)
    image = line_drawing(3)
    image[2, 2] = 253
    save(shot / "line" / "0004.png", image)
    _, out = color(rule)
    assert recomputed(out)[7] == "what is never coloured changed"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"color": [1, 2, 3, 255]}, "names the colour [1, 2, 3, 255], which no reference holds"),
        ({"frame": 4, "point": [13, 22]}, "lies on a line at 13, 22 of frame 4"),
        ({"frame": 4, "point": [500, 2]}, "outside the picture"),
        ({"frame": 77}, "frame 77, which is not in the shot"),
        ({"color": [1, 2, 3, 0]}, "transparency"),
        ({"color": [1, 2, 300, 255]}, "the value 300"),
        ({"frame": 4, "color": YELLOW}, "hints.json holds no valid hints"),
        ({"frames": "1-4"}, "hints.json holds no valid hints"),
        ({"color": YELLOW, "frames": "9-1"}, "runs backwards"),
    ],
)
def test_rules_that_name_nothing_end_in_one_sentence(color, rule, words):
    done, out = color(rule)
    assert done.code == 5
    assert words in done.err
    assert "Traceback" not in done.err
    assert not (out / "report.json").exists()


def test_rules_without_effect_are_named(color):
    hint = {"frame": 4, "point": RED_IN_FOUR, "color": [1, 2, 3, 255]}
    done, out = color({"frame": 1}, {"frame": 4}, hints=[hint])
    assert done.code == 0, done.err
    assert "never rule 1" in done.err
    assert "frame 1 shows a painted or locked drawing" in done.err
    assert "a never rule leaves frame 4 bare" in done.err
    assert at(out, 1, 0) == RED


def test_papers_without_alpha_stay_white(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 4), painted=[])
    save(shot / "color" / "0001.png", painting(0)[:, :, :3].copy())
    hints = tmp_path / "hints.json"
    hints.write_text(
        json.dumps({"schema": 1, "never": [{"color": RED[:3]}, {"color": GROUND[:3]}]})
    )
    done = cli("propagate", shot, "--out", tmp_path / "out", "--hints", hints)
    assert done.code == 0, done.err
    assert at(tmp_path / "out", 3, 0) == [255, 255, 255]
    assert np.array_equal(load(tmp_path / "out" / "color" / "0003.png")[0, 0], [255, 255, 255])
