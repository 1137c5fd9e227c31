"""A model sheet teaches the colours of a Krita document that has no painted frame."""

import json

import numpy as np

from ant_core.formats.kra.archive import KraArchive
from ant_core.formats.kra.document import KraDocument
from ant_core.schemas import first_error
from tests.formats.kra_builder import Builder, Frame, Paint
from tests.shot.test_model_sheet import flattened
from tests.support.drawn import BOXES, SIZE, line_drawing, save


def ink(step):
    layer = np.zeros((*SIZE, 4), np.uint8)
    layer[:, :, 3] = 255 - line_drawing(step)
    return layer


def test_a_sheet_alone_colours_a_document(tmp_path, cli):
    builder = Builder(SIZE[1], SIZE[0])
    line = Paint("Line", {0: Frame(ink(0)), 4: Frame(ink(2))})
    builder.write(tmp_path / "shot.kra", [line])
    save(tmp_path / "turn.png", flattened(scale=2))
    out = tmp_path / "out.kra"
    done = cli(
        *("propagate", tmp_path / "shot.kra", "--out", out, "--line", "Line"),
        *("--model-sheet", tmp_path / "turn.png"),
    )
    assert done.code == 0, done.err
    report = json.loads(next(tmp_path.glob("**/*report*.json")).read_text())
    assert first_error(report, "report") is None
    assert report["frames"][0]["sources"] == [{"sheet": "turn.png", "kind": "sheet", "offset": 0}]
    document = KraDocument(KraArchive(out))
    assert {"Line"} < {layer.name for layer in document.layers}
    colors = {tuple(segment["color"]) for segment in report["frames"][1]["segments"]}
    assert {color for _, color in BOXES} <= colors
