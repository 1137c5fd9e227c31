"""Model sheets: references from outside the shot."""

import json

import cv2
import numpy as np
import pytest

from ant_core.color.palette import Palette, read_segment_colors
from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError
from ant_core.matching.descriptors import SHAPE_FEATURES, describe
from ant_core.propagation.sheet_references import scaled
from ant_core.schemas import first_error
from ant_core.shot.lines_and_colors import split_lines_and_colors
from ant_core.shot.model_sheet import _views, _without_ground, fit, open_model_sheets
from segmentation import extract_lines, measure, segment
from tests.support.drawn import BOXES, GROUND, line_drawing, load, make_shot, painting, save

RGBA = PixelFormat(8, 4)


def flattened(step=0, scale=1):
    """Return the drawn boxes, coloured and inked in one RGB picture."""
    color, line = painting(step), line_drawing(step)
    image = np.where(line[:, :, None] < 128, 0, color[:, :, :3]).astype(np.uint8)
    return np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)


def one_view(path, pixels=RGBA):
    (view,) = open_model_sheets([path])[0].views(pixels)
    return view


def describe_view(view):
    lines = extract_lines(view.line)
    labels = segment(lines).labels
    return describe(lines, labels, measure(labels))


# ---- reading


def figure(paper=(255, 255, 255)):
    """Return a head on a body, inked, in one RGB picture with paper around."""
    image = np.full((120, 100, 3), paper, np.uint8)
    for top, bottom, color in ((20, 60, (240, 190, 160)), (60, 100, (30, 80, 200))):
        cv2.rectangle(image, (30, top), (70, bottom), color, -1)
        cv2.rectangle(image, (30, top), (70, bottom), (0, 0, 0), 2)
    return image


@pytest.mark.parametrize("paper", [(255, 255, 255), (200, 190, 180)])
def test_paper_around_a_figure_is_unpainted(tmp_path, paper):
    save(tmp_path / "sheet.png", figure(paper))
    view = one_view(tmp_path / "sheet.png")
    assert view.colors[0, 0].tolist() == [0, 0, 0, 0]
    present = {tuple(row) for row in view.colors.reshape(-1, 4).tolist()}
    assert present == {(0, 0, 0, 0), (240, 190, 160, 255), (30, 80, 200, 255)}


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("layered", [False, True])
def test_a_part_that_the_sheets_border_cuts_keeps_its_colour(turns, layered):
    # Much more paper than body: where the body is open to it, paper wins.
    image = np.full((160, 240, 4), (255, 255, 255, 0) if layered else 255, np.uint8)
    line = np.full((160, 240), 255, np.uint8)
    for top, bottom, color in ((100, 130, (240, 190, 160)), (130, 170, (30, 80, 200))):
        cv2.rectangle(image, (100, top), (130, bottom), (*color, 255), -1)
        cv2.rectangle(line, (100, top), (130, bottom), 0, 2)
    image[line == 0] = (0, 0, 0, 255)
    image, line = np.rot90(image, turns).copy(), np.rot90(line, turns).copy()
    if layered:
        line = np.dstack([line, line, line, 255 - line])
        colors = image
    else:
        line, colors = split_lines_and_colors(image, RGBA)
        colors = _without_ground(colors, RGBA)
    (view,) = _views(line, colors, RGBA)
    palette = Palette(RGBA)
    labels = segment(extract_lines(view.line)).labels
    read = read_segment_colors(labels, view.colors, palette)
    present = {palette.color(i) for i in read.index.tolist()}
    assert {(240, 190, 160, 255), (30, 80, 200, 255), (0, 0, 0, 0)} <= present


def test_figures_that_lie_apart_are_views_of_their_own(tmp_path):
    sheet = np.concatenate([figure(), figure()], axis=1)
    sheet[5:12, 90:97] = 0  # a swatch
    save(tmp_path / "turn.png", sheet)
    first, second = open_model_sheets([tmp_path / "turn.png"])[0].views(RGBA)
    assert np.array_equal(first.colors, second.colors)
    assert np.array_equal(first.line, second.line)


def test_a_scene_painted_to_its_borders_is_one_view(tmp_path):
    save(tmp_path / "scene.png", painting(0))
    view = one_view(tmp_path / "scene.png")
    assert np.array_equal(view.colors, painting(0))


def test_colours_come_exactly_into_a_deeper_shot():
    image = np.array([[[1, 128, 255, 255]]], np.uint8)
    assert fit(image, PixelFormat(16, 4), "").tolist() == [[[257, 128 * 257, 65535, 65535]]]


def test_sixteen_bit_colours_come_into_a_shot_of_eight_where_nothing_is_rounded():
    image = np.array([[[257, 514, 65535]]], np.uint16)
    assert fit(image, RGBA, "").tolist() == [[[1, 2, 255, 255]]]
    with pytest.raises(InputError, match="save it with 8 bits"):
        fit(image + np.uint16(1), RGBA, "sheet.png")


def test_a_grey_sheet_serves_a_shot_in_colour():
    assert fit(np.full((1, 1), 7, np.uint8), RGBA, "").tolist() == [[[7, 7, 7, 255]]]


def test_a_blurred_sheet_is_refused(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    save(tmp_path / "photo.png", noise)
    with pytest.raises(InputError, match="cannot serve as a model sheet: only"):
        one_view(tmp_path / "photo.png")


def test_a_missing_sheet_is_named(tmp_path):
    with pytest.raises(InputError, match="missing"):
        open_model_sheets([tmp_path / "none.png"])


def test_sheets_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for folder in ("a", "b"):
        save(tmp_path / folder / "turn.png", flattened())
    sheets = open_model_sheets([tmp_path / "a" / "turn.png", tmp_path / "b" / "turn.png"])
    assert [sheet.name for sheet in sheets] == [str(tmp_path / f / "turn.png") for f in "ab"]


# ---- geometry


def test_a_view_is_brought_to_the_size_and_place_of_the_drawing(tmp_path):
    save(tmp_path / "large.png", flattened(scale=3))
    view = describe_view(one_view(tmp_path / "large.png"))
    lines = extract_lines(line_drawing(20))
    labels = segment(lines).labels
    drawing = describe(lines, labels, measure(labels))
    assert view.count == drawing.count == 4
    seen = scaled(view, drawing)
    inner = drawing.shape[:, SHAPE_FEATURES.index("touches_border")] == 0
    order = np.argsort(drawing.box[inner, 0]), np.argsort(seen.box[inner, 0])
    assert np.abs(drawing.box[inner][order[0]] - seen.box[inner][order[1]]).max() < 0.06
    area = SHAPE_FEATURES.index("log_area")
    difference = drawing.shape[inner, area][order[0]] - seen.shape[inner, area][order[1]]
    assert np.abs(difference).max() < 0.2


# ---- the run


@pytest.fixture
def sheet(tmp_path):
    save(tmp_path / "turn.png", flattened(scale=2))
    return tmp_path / "turn.png"


def box_colors(image, step):
    return [
        tuple(image[y + height // 2, x + step + width // 2].tolist())
        for (x, y, width, height), _ in BOXES
    ]


TRUE = [color for _, color in BOXES]


def test_a_sheet_alone_colours_a_shot(tmp_path, sheet, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 4), painted=())
    done = cli("propagate", shot, "--out", tmp_path / "out", "--model-sheet", sheet)
    assert done.code == 0, done.err
    for frame in (1, 2, 3):
        image = load(tmp_path / "out" / "color" / f"{frame:04d}.png")
        assert box_colors(image, frame - 1) == TRUE
        assert tuple(image[2, 2].tolist()) == GROUND
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert first_error(report, "report") is None
    assert report["shot"]["references"] == []
    assert [item["name"] for item in report["shot"]["model_sheets"]] == ["turn.png"]
    first = report["frames"][0]
    assert first["sources"] == [{"sheet": "turn.png", "kind": "sheet", "offset": 0}]
    sources = [segment["source"] for segment in first["segments"]]
    assert {source["sheet"] for source in sources} == {"turn.png"}
    assert sorted(source["segment"] for source in sources) == [1, 2, 3, 4]


def test_a_sheet_serves_beside_painted_frames(tmp_path, sheet, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 4), painted=(1,))
    done = cli("propagate", shot, "--out", tmp_path / "out", "--model-sheet", sheet, "--json")
    assert done.code == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert all(first_error(event, "event") is None for event in events)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    kinds = [source["kind"] for source in report["frames"][1]["sources"]]
    assert kinds == ["painted", "sheet"]


def test_nothing_is_done_again_until_the_sheet_changes(tmp_path, sheet, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 4), painted=())
    command = ("propagate", shot, "--out", tmp_path / "out", "--model-sheet", sheet)
    assert cli(*command).code == 0
    again = cli(*command)
    assert "kept from the last run: frames 1-3" in again.err
    changed = flattened(scale=2)
    changed[(changed == BOXES[0][1][:3]).all(axis=2)] = (1, 2, 3)
    save(sheet, changed)
    third = cli(*command)
    assert "a model sheet changed" in third.err
    image = load(tmp_path / "out" / "color" / "0002.png")
    assert box_colors(image, 1) == [(1, 2, 3, 255), *TRUE[1:]]


def test_colours_of_a_sheet_come_exactly_into_a_shot_of_16_bits(tmp_path, sheet, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 3), painted=())
    save(shot / "color" / "0001.png", painting(0).astype(np.uint16) * 257)
    done = cli(
        *("propagate", shot, "--out", tmp_path / "out", "--model-sheet", sheet),
    )
    assert done.code == 0, done.err
    image = load(tmp_path / "out" / "color" / "0002.png")
    assert image.dtype == np.uint16
    assert box_colors(image, 1) == [tuple(257 * v for v in color) for color in TRUE]


def test_the_contact_sheet_shows_the_model_sheet(tmp_path, sheet, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 3), painted=())
    assert cli("propagate", shot, "--out", tmp_path / "out", "--model-sheet", sheet).code == 0
    with_sheet = load(tmp_path / "out" / "contact_sheet.png")
    red = BOXES[0][1][:3]
    count = cv2.connectedComponents((with_sheet == red).all(axis=2).astype(np.uint8))[0] - 1
    assert count >= 3


def test_without_any_reference_both_ways_are_named(tmp_path, cli):
    shot = make_shot(tmp_path / "shot", frames=range(1, 3), painted=())
    (shot / "color").mkdir()
    done = cli("propagate", shot, "--out", tmp_path / "out")
    assert done.code == 5
    assert "--model-sheet" in done.err
