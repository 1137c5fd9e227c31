"""Shadow layers and painted surfaces that go with their segments, through the command line."""

import json

import cv2
import numpy as np
import pytest

from ant_core.formats.kra import KraArchive, KraDocument
from ant_core.formats.kra.owners import color_keys
from ant_core.formats.kra.reader import read_plane
from ant_core.schemas import first_error
from tests.formats.kra_builder import Builder, Frame, Paint
from tests.formats.test_layered import ora
from tests.support.drawn import GROUND, line_drawing, load, painting, save
from tests.support.reports import frames_of, recomputed

SIZE = (240, 320)
BOXES = (
    ((20, 20, 80, 70), (220, 40, 40, 255)),
    ((130, 25, 90, 80), (30, 200, 60, 255)),
    ((60, 130, 130, 80), (250, 220, 10, 255)),
)
STEP = 3  # pixels a frame


def shadow(frame):
    """The lower part of every box, in a colour that lets the paint through."""
    image = np.zeros((*SIZE, 4), np.uint8)
    for (x, y, width, height), _ in BOXES:
        left = x + STEP * (frame - 1)
        image[y + height // 2 : y + height + 1, left : left + width + 1] = (20, 10, 60, 128)
    return image


def textured(frame):
    """The boxes with a gradient, the first with stripes of two colours; the ground is flat."""
    image = painting(STEP * (frame - 1), BOXES, SIZE)
    rows, columns = np.indices(SIZE)
    for place, ((x, y, width, height), color) in enumerate(BOXES):
        left = x + STEP * (frame - 1)
        part = slice(y, y + height + 1), slice(left, left + width + 1)
        if place == 0:
            stripes = (rows - y) // 10 % 2 == 1
            image[part][stripes[part]] = (90, 0, 0, 255)
        else:
            light = 0.4 + 0.6 * (columns[part] - left) / width
            image[part][..., :3] = (np.array(color[:3]) * light[..., None]).astype(np.uint8)
    return image


@pytest.fixture
def shot(tmp_path):
    root = tmp_path / "shot"
    for frame in range(1, 6):
        drawing = line_drawing(STEP * (frame - 1), BOXES, SIZE)
        save(root / "line" / f"{frame:04d}.png", drawing)
    save(root / "color" / "0001.png", painting(0, BOXES, SIZE))
    save(root / "shadow" / "0001.png", shadow(1))
    return root


def near(image, truth):
    """Share of pixels that are as they should be."""
    return float((image == truth).all(axis=2).mean())


def report_error(out):
    return first_error(json.loads((out / "report.json").read_text("utf-8")), "report")


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_shadow_goes_with_its_segments_and_the_colours_stay_as_they_are(shot, tmp_path, cli):
    plain, out = tmp_path / "plain", tmp_path / "out"
    assert cli("propagate", shot, "--out", plain).code == 0
    done = cli("propagate", shot, "--out", out, "--shade", "shadow")
    assert done.code == 0, done.err
    assert files(out / "color") == files(plain / "color")
    assert sorted(files(out / "shadow")) == [f"{frame:04d}.png" for frame in range(1, 6)]
    painted = (shot / "shadow" / "0001.png").read_bytes()
    assert (out / "shadow" / "0001.png").read_bytes() == painted
    for frame in range(2, 6):
        made = load(out / "shadow" / f"{frame:04d}.png")
        assert near(made, shadow(frame)) > 0.99
        assert np.unique(made.reshape(-1, 4), axis=0).tolist() == [[0, 0, 0, 0], [20, 10, 60, 128]]
    assert report_error(out) is None
    result = frames_of(out)[3]
    (layer,) = result["layers"]
    assert layer["name"] == "shadow"
    assert layer["file"] == str(out / "shadow" / "0003.png")
    assert len(layer["surfaces"]) == 3
    for surface in layer["surfaces"]:
        assert surface["frame"] == 1
        assert surface["share"] > 0.6
        assert surface["by"] in ("direct", "composed")


def test_nothing_is_done_again_until_the_shadow_is_edited(shot, tmp_path, cli):
    out = tmp_path / "out"
    arguments = ("propagate", shot, "--out", out, "--shade", "shadow")
    cli(*arguments)
    before = files(out / "shadow")
    cli(*arguments)
    assert recomputed(out) == {}
    assert files(out / "shadow") == before
    (out / "shadow" / "0003.png").unlink()
    cli(*arguments)
    assert recomputed(out) == {3: "its file was missing or unfinished"}
    assert files(out / "shadow") == before
    image = shadow(1)
    image[image[..., 3] > 0] = (1, 2, 3, 255)
    save(shot / "shadow" / "0001.png", image)
    cli(*arguments)
    again = recomputed(out)
    assert again[1] == "what is painted on it in further layers changed"
    assert set(again) == {1, 2, 3, 4, 5}
    assert (1, 2, 3, 255) in map(tuple, load(out / "shadow" / "0005.png").reshape(-1, 4).tolist())


def test_a_shadow_that_was_changed_in_the_output_is_kept_and_learned_from(shot, tmp_path, cli):
    out = tmp_path / "out"
    arguments = ("propagate", shot, "--out", out, "--shade", "shadow")
    cli(*arguments)
    image = shadow(4)
    image[image[..., 3] > 0] = (1, 2, 3, 255)
    save(out / "shadow" / "0004.png", image)
    mended = (out / "shadow" / "0004.png").read_bytes()
    done = cli(*arguments)
    assert "frames 4 were changed" in done.err
    assert (out / "shadow" / "0004.png").read_bytes() == mended
    beyond = load(out / "shadow" / "0005.png")
    image = shadow(5)
    image[image[..., 3] > 0] = (1, 2, 3, 255)
    assert near(beyond, image) > 0.99
    assert near(load(out / "shadow" / "0002.png"), shadow(2)) > 0.99
    assert near(load(out / "color" / "0005.png"), painting(STEP * 4, BOXES, SIZE)) > 0.9


@pytest.mark.parametrize("by", ["edit", "reference", "lock"])
def test_a_frame_whose_colours_are_given_keeps_the_shadow_that_was_moved_there(
    shot, tmp_path, cli, by
):
    out = tmp_path / "out"
    arguments = ["propagate", shot, "--out", out, "--shade", "shadow"]
    cli(*arguments)
    before = files(out / "shadow")
    own = painting(STEP * 2, BOXES, SIZE)
    own[own[..., 0] == 220] = (1, 2, 3, 255)
    if by == "lock":
        arguments += ["--lock", "3"]
    else:
        save((out if by == "edit" else shot) / "color" / "0003.png", own)
    for _ in range(2):
        done = cli(*arguments)
        assert done.code == 0, done.err
        assert "stays empty" not in done.err
        assert files(out / "shadow") == before
        assert ("frames 3 have their colours given: they keep" in done.err) == (by != "lock")
    if by == "edit":
        (out / "color" / "0003.png").unlink()
        done = cli(*arguments)
        assert "have their colours given" not in done.err
        assert files(out / "shadow") == before


def test_a_frame_whose_colours_are_given_has_no_shadow_where_none_was_moved(shot, tmp_path, cli):
    """What is blank is no picture that has to stay, so neighbours do not learn from it."""
    out = tmp_path / "out"
    arguments = ["propagate", shot, "--out", out, "--shade", "shadow"]
    save(shot / "color" / "0005.png", painting(STEP * 4, BOXES, SIZE))
    for _ in range(2):
        done = cli(*arguments)
        assert "painted frames 5 have nothing in --shade shadow" in done.err
        assert not load(out / "shadow" / "0005.png").any()
        assert near(load(out / "shadow" / "0004.png"), shadow(4)) > 0.99


def test_frames_that_show_one_drawing_have_one_shadow(shot, tmp_path, cli):
    for frame, origin in ((6, 5), (7, 1)):
        data = (shot / "line" / f"{origin:04d}.png").read_bytes()
        (shot / "line" / f"{frame:04d}.png").write_bytes(data)
    cli("propagate", shot, "--out", tmp_path / "out", "--shade", "shadow")
    made = files(tmp_path / "out" / "shadow")
    assert made["0006.png"] == made["0005.png"]
    assert made["0007.png"] == made["0001.png"] == (shot / "shadow" / "0001.png").read_bytes()


@pytest.mark.parametrize("origin", [2, 1], ids=["coloured", "painted"])
def test_a_shadow_painted_where_equal_lines_are_packed_otherwise_is_kept_and_learned_from(
    shot, tmp_path, cli, origin
):
    """Frames 4 and 6, of one file, have the lines of another frame in other bytes."""
    lines = line_drawing(STEP * (origin - 1), BOXES, SIZE)
    packed = cv2.imencode(".png", lines, [cv2.IMWRITE_PNG_COMPRESSION, 0])[1].tobytes()
    assert packed != (shot / "line" / f"{origin:04d}.png").read_bytes()
    for frame in (4, 6):
        (shot / "line" / f"{frame:04d}.png").write_bytes(packed)
    own = shadow(origin)
    own[own[..., 3] > 0] = (1, 2, 3, 255)
    save(shot / "shadow" / "0004.png", own)
    arguments = ("propagate", shot, "--out", tmp_path / "out", "--shade", "shadow")
    for _ in range(2):
        done = cli(*arguments)
        assert done.code == 0, done.err
        made = {f: load(tmp_path / "out" / "shadow" / f"{f:04d}.png") for f in range(1, 7)}
        np.testing.assert_array_equal(made[4], own)
        np.testing.assert_array_equal(made[6], own)
        assert near(made[2], shadow(2)) > 0.99
        assert near(made[3], shadow(3)) > 0.99
        wanted = shadow(5)
        wanted[wanted[..., 3] > 0] = (1, 2, 3, 255)
        assert near(made[5], wanted) > 0.99, "the frame beside it learns from it"
        (layer,) = frames_of(tmp_path / "out")[4]["layers"]
        assert not layer["doubtful"]
    assert recomputed(tmp_path / "out") == {}


def test_several_layers_have_each_their_own_format(shot, tmp_path, cli):
    light = np.zeros((*SIZE, 4), np.uint16)
    light[shadow(1)[..., 3] > 0] = (65535, 60000, 50001, 30000)
    save(shot / "light" / "0001.png", light)
    out = tmp_path / "out"
    done = cli("propagate", shot, "--out", out, "--shade", "shadow", "--shade", "light")
    assert done.code == 0, done.err
    made = load(out / "light" / "0004.png")
    assert made.dtype == np.uint16
    assert np.unique(made.reshape(-1, 4), axis=0).tolist() == [
        [0, 0, 0, 0],
        [65535, 60000, 50001, 30000],
    ]
    assert ((made[..., 3] > 0) == (load(out / "shadow" / "0004.png")[..., 3] > 0)).all()


def test_painted_surfaces_go_into_the_colours_only_where_they_are_asked_for(shot, tmp_path, cli):
    save(shot / "color" / "0001.png", textured(1))
    off, auto = tmp_path / "off", tmp_path / "auto"
    cli("propagate", shot, "--out", off)
    done = cli("propagate", shot, "--out", auto, "--surface", "auto")
    assert done.code == 0, done.err
    assert report_error(auto) is None
    for frame in range(2, 6):
        flat, made = (load(out / "color" / f"{frame:04d}.png") for out in (off, auto))
        truth = textured(frame)
        error, before = (np.abs(one.astype(float) - truth).mean() for one in (made, flat))
        assert error < 0.2 * before
    segments = frames_of(auto)[3]["segments"]
    assert sum("surface" in segment for segment in segments) == 3
    ground = [segment for segment in segments if segment["color"] == list(GROUND)]
    assert ground
    assert all("surface" not in segment for segment in ground)
    # Stripes of two colours are copied, never mixed.
    left = 20 + STEP * 4
    stripes = load(auto / "color" / "0005.png")[25:85, left + 5 : left + 75].reshape(-1, 4)
    assert np.unique(stripes, axis=0).tolist() == [[90, 0, 0, 255], [220, 40, 40, 255]]


def test_a_flat_shot_is_the_same_to_the_byte(shot, tmp_path, cli):
    off, auto = tmp_path / "off", tmp_path / "auto"
    cli("propagate", shot, "--out", off)
    cli("propagate", shot, "--out", auto, "--surface", "auto")
    assert files(auto / "color") == files(off / "color")


def test_an_edit_of_a_texture_goes_on_although_no_colour_changes(shot, tmp_path, cli):
    save(shot / "color" / "0001.png", textured(1))
    arguments = ("propagate", shot, "--out", tmp_path / "out", "--surface", "auto")
    cli(*arguments)
    image = textured(1)
    image[22:26, 30:34] = (90, 0, 0, 255)
    save(shot / "color" / "0001.png", image)
    cli(*arguments)
    assert set(recomputed(tmp_path / "out")) == {1, 2, 3, 4, 5}
    left = 30 + STEP * 4
    made = load(tmp_path / "out" / "color" / "0005.png")[23:25, left + 1 : left + 3]
    assert (made == (90, 0, 0, 255)).all()


def test_a_hint_gives_one_colour_whatever_was_painted(shot, tmp_path, cli):
    save(shot / "color" / "0001.png", textured(1))
    hints = {"schema": 1, "hints": [{"frame": 3, "point": [60, 50], "color": [1, 2, 3, 255]}]}
    (tmp_path / "hints.json").write_text(json.dumps(hints), "utf-8")
    out = tmp_path / "out"
    options = ("--surface", "auto", "--hints", tmp_path / "hints.json")
    done = cli("propagate", shot, "--out", out, *options)
    assert done.code == 0, done.err
    made = load(out / "color" / "0003.png")
    assert (made[30:80, 40:90] == (1, 2, 3, 255)).all()


def test_a_hint_leaves_the_shadow_where_it_is(shot, tmp_path, cli):
    hints = {"schema": 1, "hints": [{"frame": 3, "point": [60, 30], "color": [1, 2, 3, 255]}]}
    (tmp_path / "hints.json").write_text(json.dumps(hints), "utf-8")
    out = tmp_path / "out"
    options = ("--shade", "shadow", "--hints", tmp_path / "hints.json")
    assert cli("propagate", shot, "--out", out, *options).code == 0
    assert load(out / "color" / "0003.png")[50, 60].tolist() == [1, 2, 3, 255]
    assert near(load(out / "shadow" / "0003.png"), shadow(3)) > 0.99


def test_a_painted_frame_without_a_shadow_is_told(shot, tmp_path, cli):
    save(shot / "color" / "0005.png", painting(STEP * 4, BOXES, SIZE))
    done = cli("propagate", shot, "--out", tmp_path / "out", "--shade", "shadow")
    assert done.code == 0
    assert "painted frames 5 have nothing in --shade shadow" in done.err
    assert not load(tmp_path / "out" / "shadow" / "0005.png").any()


def test_a_document_keeps_painted_surfaces_too(tmp_path, fake_ant_core):
    lines = {}
    for frame in range(1, 4):
        ink = np.zeros((*SIZE, 4), np.uint8)
        ink[..., 3] = 255 - line_drawing(STEP * (frame - 1), BOXES, SIZE)
        lines[frame] = Frame(ink)
    shot, out = tmp_path / "shot.kra", tmp_path / "out.kra"
    layers = [Paint("Line", lines), Paint("Color", {1: Frame(textured(1))})]
    Builder(SIZE[1], SIZE[0], "shot").write(shot, layers)
    names = ("--line", "Line", "--color", "Color")
    done = fake_ant_core("propagate", shot, *names, "--out", out, "--surface", "auto")
    assert done.code == 0, done.err
    document = KraDocument(KraArchive(out))
    layer = document.find("Color", "--color")
    made = {key.time: read_plane(document, layer, key) for key in color_keys(layer)}
    assert sorted(made) == [1, 2, 3]
    flat = textured(3).copy()
    for (x, y, width, height), _ in BOXES:
        part = np.s_[y : y + height + 1, x + 2 * STEP : x + 2 * STEP + width + 1]
        flat[part] = flat[part].reshape(-1, 4).mean(axis=0)  # the best that one colour can do
    error, one = (np.abs(image.astype(float) - textured(3)).mean() for image in (made[3], flat))
    assert error < 0.3 * one


def refused(done):
    assert done.code != 0
    assert "Traceback" not in done.err
    return done.err


def test_what_cannot_be_a_shade_ends_in_a_sentence(shot, tmp_path, cli):
    base = ("propagate", shot, "--out", tmp_path / "out", "--shade")
    assert "nothing" in refused(cli(*base, "nothing"))
    assert "another name" in refused(cli(*base, "color"))
    save(shot / "Color.b" / "Color" / "0001.png", shadow(1))
    assert "another name" in refused(cli(*base, "Color.b/Color"))
    save(shot / "other" / "Shadow" / "0001.png", shadow(1))
    assert "two layers" in refused(cli(*base, "shadow", "--shade", "other/Shadow"))
    names = ("--color", "color", "--shade", "other/Shadow", "--out", shot / "other")
    assert "input folder" in refused(cli("propagate", shot, *names))
    assert "two layers" in refused(cli(*base, "shadow", "--shade", "shadow/*.png"))
    save(shot / "small" / "0001.png", shadow(1)[:-1])
    assert "the same size" in refused(cli(*base, "small"))
    save(shot / "late" / "0099.png", shadow(1))
    assert "no painted frame" in refused(cli(*base, "late"))
    save(tmp_path / "out" / "shadow" / "0002.png", shadow(2))
    assert "in the way" in refused(cli(*base, "shadow"))
    assert not (tmp_path / "out" / "color").exists()


def layered_sheet(path, colors, scale=2):
    """Save a layered model sheet of the shot's first drawing, larger; its lines lie apart."""
    ink = np.zeros((*SIZE, 4), np.uint8)
    ink[..., 3] = 255 - line_drawing(0, BOXES, SIZE)
    pictures = [np.kron(image, np.ones((scale, scale, 1), np.uint8)) for image in (ink, colors)]
    layers = zip(("Line", "Color"), pictures, strict=True)
    size = SIZE[0] * scale, SIZE[1] * scale
    path.write_bytes(ora([(name, picture, {}) for name, picture in layers], size))


def flagged(out):
    """Return the segments of all frames that have a flag."""
    return [s for frame in frames_of(out).values() for s in frame["segments"] if "flags" in s]


def test_paint_of_a_model_sheet_that_is_not_flat_is_told_and_stays_there(shot, tmp_path, cli):
    (shot / "color" / "0001.png").unlink()
    sheet = tmp_path / "turn.ora"
    stripes = painting(0, BOXES, SIZE)
    stripes[20:91, 20:101] = textured(1)[20:91, 20:101]
    layered_sheet(sheet, stripes)
    base = ("propagate", shot, "--model-sheet", sheet, "--out")
    off, auto = tmp_path / "off", tmp_path / "auto"
    assert cli(*base, off).code == 0
    done = cli(*base, auto, "--surface", "auto")
    assert done.code == 0, done.err
    assert report_error(auto) is None
    assert files(auto / "color") == files(off / "color")
    for frame in frames_of(auto).values():
        red = [s for s in frame["segments"] if "surface" in s.get("flags", ())]
        assert [segment["color"] for segment in red] == [[220, 40, 40, 255]], frame["frame"]
        assert "surface" not in red[0]
        assert frame["doubtful"] == 1
    assert not flagged(off)
    cli(*base, auto, "--surface", "auto")
    assert recomputed(auto) == {}
    layered_sheet(sheet, painting(0, BOXES, SIZE))
    cli(*base, auto, "--surface", "auto")
    assert not flagged(auto)
