"""`ant_core explain`: the picture, the figures and the refusals."""

import argparse
import json

import cv2
import jsonschema
import numpy as np
import pytest

from ant_core.commands import explain, suggest
from ant_core.output.attention_sheet import SheetDrawing, SheetRow, draw_attention
from ant_core.propagation.drawings import Settings
from ant_core.schemas import load_schema
from ant_core.workflow.options import options_of_look
from tests.support.drawn import make_shot
from tests.workflow.test_kra_shot import make


@pytest.fixture
def shot(tmp_path):
    return make_shot(tmp_path / "shot", frames=range(1, 4))


def test_picture_and_figures_tell_of_one_segment(shot, tmp_path, real_cli):
    out = tmp_path / "why.png"
    done = real_cli("explain", shot, "--frame", 3, "--segment", 1, "--out", out, "--json")
    assert done.code == 0
    result = json.loads(done.out.splitlines()[-1])
    jsonschema.validate(result, load_schema("event"))
    assert (result["frame"], result["segment"], result["references"]) == (3, 1, [1])
    scores = [one["score"] for one in result["best"]]
    assert scores == sorted(scores, reverse=True)
    assert sum(scores) == pytest.approx(1, abs=0.05)
    assert [layer["to"] for layer in result["layers"]] == ["itself", "references"] * 4
    # A row a layer and one of matches, 440 pixels a drawing.
    height, width = cv2.imread(str(out)).shape[:2]
    assert width == 2 * 440 + 12
    assert height > 9 * 26


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("--frame", 9, "--segment", 1),
            "frame 9 has no drawing of its own: the nearest is frame 3",
        ),
        (("--frame", 2, "--segment", 999), "there is no segment 999: frame 2 has 1 to"),
        (("--frame", 2, "--at", "9999,0"), "9999,0 lies outside the picture"),
        (("--frame", 1, "--segment", 1), "no other frame is painted"),
    ],
)
def test_what_cannot_be_explained_is_refused(shot, tmp_path, real_cli, arguments, says):
    done = real_cli("explain", shot, *arguments, "--out", tmp_path / "why.png")
    assert done.code != 0
    assert says in done.err
    assert not (tmp_path / "why.png").exists()


@pytest.mark.parametrize("name", ["line/0003.png", "color/0001.png", "line/../color/0001.png"])
def test_no_picture_of_the_shot_is_overwritten(shot, real_cli, name):
    before = (shot / name).read_bytes()
    done = real_cli("explain", shot, "--frame", 3, "--segment", 1, "--out", shot / name)
    assert done.code == 2
    assert "the picture would overwrite" in done.err
    assert (shot / name).read_bytes() == before


def test_a_document_is_not_overwritten(tmp_path, real_cli):
    path = make(tmp_path / "shot.kra")
    before = path.read_bytes()
    done = real_cli("explain", path, "--frame", 1, "--segment", 1, "--out", path)
    assert done.code == 2
    assert "the picture would overwrite" in done.err
    assert path.read_bytes() == before


def test_what_is_not_matched_at_once_is_left_out_or_refused(tmp_path, real_cli, monkeypatch):
    shot = make_shot(tmp_path / "shot", frames=range(1, 5), painted=(1, 4))
    out = tmp_path / "why.png"
    words = ("explain", shot, "--frame", 2, "--segment", 1, "--out", out, "--json")
    both = json.loads(real_cli(*words).out.splitlines()[-1])
    assert both["references"] == [1, 4]
    most = []
    monkeypatch.setattr(Settings, "fits", lambda _, columns, __: columns <= most[-1])
    for bound, references in ((10**6, [1, 4]), (7, [1])):
        most.append(bound)
        assert json.loads(real_cli(*words).out.splitlines()[-1])["references"] == references
    most.append(0)
    done = real_cli(*words)
    assert done.code == 5
    assert "more than are matched at once" in done.err


def test_commands_that_look_read_the_same_options():
    words = ["shot", "--line", "a", "--color", "b", "--layer", "c", "--gap", "3", "--rough", "keep"]
    words += ["--threads", "2", "--model", "m.antmodel", "--device", "cpu"]
    read = []
    for command, more in ((suggest, []), (explain, ["--frame=1", "--segment=1", "--out=x.png"])):
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        read.append(options_of_look(parser.parse_args([*words, *more])))
    assert read[0] == read[1]
    assert (read[0].line, read[0].gap, read[0].model) == (("a",), 3.0, "m.antmodel")


def test_lines_lead_to_what_weighs(tmp_path):
    paper = np.full((40, 60), 255, np.uint8)
    labels = np.ones((40, 60), np.int32)
    labels[:, 30:] = 2
    drawing = SheetDrawing("one", paper, labels, np.array([[15.0, 20.0], [45.0, 20.0]]))
    places = np.array([[1, 1], [1, 2]], np.int32)
    sheets = []
    for weights in ((1.0, 0.0), (0.0, 1.0)):
        row = SheetRow("row", places, np.array(weights, np.float32))
        path = tmp_path / "sheet.png"
        path.write_bytes(draw_attention([drawing, drawing], 1, [row]))
        sheets.append(cv2.imread(str(path)))
    scale = 440 / 60
    centres = [(round(20 * scale) + 52, 452 + round(x * scale)) for x in (15, 45)]
    green = (70, 150, 20)  # blue, green, red
    assert [tuple(sheets[0][at]) == green for at in centres] == [True, False]
    assert tuple(sheets[1][centres[1]]) == green
