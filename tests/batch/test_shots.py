"""Shots of every kind in a batch: Krita documents, and several cels."""

import json

import numpy as np

from tests.batch.conftest import history
from tests.formats.kra_builder import Builder, Frame, Paint
from tests.support.drawn import line_drawing, make_shot, painting, save


def write_kra(path):
    """Write a document of three drawings, of which the first is painted."""
    height, width = line_drawing(0).shape
    ink = {}
    for step in range(3):
        image = np.zeros((height, width, 4), np.uint8)
        image[:, :, 3] = 255 - line_drawing(step)
        ink[step] = Frame(image)
    layers = [Paint("Line", ink), Paint("Color", {0: Frame(painting(0))})]
    path.parent.mkdir(parents=True, exist_ok=True)
    return Builder(width, height).write(path, layers)


def test_krita_documents_are_shots(tmp_path, run):
    write_kra(tmp_path / "shots" / "sc010.kra")
    make_shot(tmp_path / "shots" / "sc020", frames=range(1, 4))
    (tmp_path / "night.json").write_text(
        json.dumps([{"shot": "shots/sc010.kra", "line": "Line", "color": "Color"}, "shots/sc020"]),
        "utf-8",
    )
    out = tmp_path / "out"
    batch = run(tmp_path / "night.json", "--out", out)
    results = batch.results()
    assert batch.code == 0, results["sc010"]["error"]
    assert (out / "sc010" / "sc010.kra").is_file()
    assert results["sc010"]["frames"] == 3
    assert (out / results["sc010"]["report"]).is_file()
    assert (out / results["sc010"]["contact_sheet"]).is_file()
    again = run(tmp_path / "night.json", "--out", out)
    assert {result["kept"] for result in again.results().values()} == {True}
    assert len(history(out, "sc010")) == 1


def test_cels_of_a_shot_are_one_row(tmp_path, run):
    shot = tmp_path / "sc1"
    for cel in ("A", "B"):
        for frame in range(1, 4):
            save(shot / "line" / cel / f"{frame:04d}.png", line_drawing(frame - 1))
        save(shot / "color" / cel / "0001.png", painting(0))
    (tmp_path / "night.txt").write_text("sc1 --cel A --cel B\n", "utf-8")
    out = tmp_path / "out"
    batch = run(tmp_path / "night.txt", "--out", out)
    result = batch.results()["sc1"]
    assert batch.code == 0, result["error"]
    assert (result["frames"], result["drawings"], len(result["doubt"])) == (6, 4, 3)
    assert (out / "sc1" / "B" / "color" / "0003.png").is_file()
    again = run(tmp_path / "night.txt", "--out", out)
    assert again.results()["sc1"]["kept"]
