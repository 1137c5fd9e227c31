"""OpenEXR files of several layers and parts: which one is read, and what is said of the others."""

from __future__ import annotations

import io

import numpy as np
import pytest

from ant_core.errors import InputError
from ant_core.formats.pictures import picture_format
from ant_core.formats.sequence import SequenceReader
from tests.formats.test_pictures import exr, random, same
from tests.support.drawn import SIZE, line_drawing, painting, save


def planes(pixels, prefix=""):
    names = {1: "Y", 3: "RGB", 4: "RGBA"}[pixels.shape[2]]
    return {f"{prefix}{name}": pixels[:, :, i].copy() for i, name in enumerate(names)}


def parts(prefix="", **pixels):
    """Pack pictures as parts of a file, by their names."""
    openexr = pytest.importorskip("OpenEXR", reason="needs the formats extra")
    made = [
        openexr.Part({"type": openexr.scanlineimage}, planes(image, prefix), name)
        for name, image in pixels.items()
    ]
    buffer = io.BytesIO()
    openexr.File(made).write(buffer)
    return buffer.getvalue()


INK, PAINT = random("f4", 5, 7, 4), random("f4", 5, 7, 3)
DEPTH = {"depth.Z": random("f4", 5, 7)}


def read(data, layer=None):
    return picture_format("a.exr", layer=layer).decode(data, "a.exr")


def test_a_layer_is_chosen_by_its_name():
    data = exr(planes(INK, "ink.") | planes(PAINT, "View.paint.") | DEPTH)
    assert same(read(data, "ink"), INK)
    assert same(read(data, "View.paint"), PAINT)
    info = picture_format("a.exr", layer="View.paint").check(data, "a.exr")
    assert (info.height, info.width, info.channels) == (5, 7, 3)


def test_a_part_is_a_layer():
    data = parts(ink=INK, paint=PAINT)
    assert same(read(data, "ink"), INK)
    assert same(read(data, "paint"), PAINT)


def test_layers_that_two_parts_share_are_told_apart():
    data = parts("ink.", left=INK, right=INK + 1)
    assert same(read(data, "right.ink"), INK + 1)


@pytest.mark.parametrize("pack", [lambda: parts(ink=INK, paint=PAINT), None])
def test_several_layers_and_no_choice_is_one_sentence_that_names_them(pack):
    data = pack() if pack else exr(planes(INK, "ink.") | planes(PAINT, "paint.") | DEPTH)
    with pytest.raises(InputError, match=r"a\.exr has the layers ink, paint: choose one with"):
        read(data)
    with pytest.raises(InputError, match="layers ink, paint and none called Ink: choose"):
        read(data, "Ink")


def test_the_only_layer_needs_no_choice():
    assert same(read(exr(planes(INK, "ink.") | DEPTH)), INK)
    assert same(read(parts(ink=INK)), INK)


def test_a_plain_picture_is_taken_where_none_is_chosen():
    data = exr(planes(PAINT) | planes(INK, "ink."))
    assert same(read(data), PAINT)
    assert same(read(data, "ink"), INK)
    with pytest.raises(InputError, match=r"layers \(the plain picture\), ink and none called x"):
        read(data, "x")


def test_a_file_without_layers_beside_others_that_have_them_is_read():
    assert same(read(exr(planes(PAINT)), "ink"), PAINT)


@pytest.mark.parametrize("pack", [parts, None])
def test_more_layers_than_are_unpacked_at_once_are_refused(pack, monkeypatch):
    pytest.importorskip("OpenEXR", reason="needs the formats extra")
    monkeypatch.setattr("ant_core.formats.exr._MOST_SAMPLES", 4 * 5 * 7)
    many = {f"layer{number}": PAINT for number in range(4)}
    channels = [planes(image, f"{name}.") for name, image in many.items()]
    data = pack(**many) if pack else exr({k: v for layer in channels for k, v in layer.items()})
    with pytest.raises(InputError, match=r"a\.exr holds too many layers to be read at once"):
        read(data, "layer0")
    assert same(read(exr(planes(INK)), None), INK)


def test_two_layers_of_one_file_are_two_pictures():
    data = exr(planes(INK, "ink.") | planes(PAINT, "paint."))
    checked = [picture_format("a.exr", layer=name).check(data, "") for name in ("ink", "paint")]
    assert checked[0].digest != checked[1].digest


def test_a_layer_is_stored_alone(tmp_path):
    data = exr(planes(INK, "ink.") | planes(PAINT, "paint."))
    (tmp_path / "0001.exr").write_bytes(data)
    alone = SequenceReader(tmp_path, layer="paint").raw(1)
    assert same(read(alone), PAINT)
    (tmp_path / "0001.exr").write_bytes(exr(planes(PAINT)))
    assert SequenceReader(tmp_path).raw(1) == (tmp_path / "0001.exr").read_bytes()


def test_layers_that_are_passed_over_are_named(tmp_path):
    (tmp_path / "0001.exr").write_bytes(exr(planes(PAINT) | planes(INK, "ink.") | DEPTH))
    (text,) = SequenceReader(tmp_path).remarks()
    assert "has the layers ink beside its plain picture, which is taken" in text
    assert not SequenceReader(tmp_path, layer="ink").remarks()
    (tmp_path / "0001.exr").write_bytes(exr(planes(PAINT) | DEPTH))
    assert not SequenceReader(tmp_path).remarks()


@pytest.fixture
def shot(tmp_path):
    """Return a shot whose files hold lines and colours, of which the first alone is painted."""
    folder = tmp_path / "shot"
    (folder / "both").mkdir(parents=True)
    for step in (1, 2, 3):
        line = np.float32(line_drawing(step)[:, :, None]) / 255
        flats = np.float32(painting(step)) / 255
        data = exr(planes(line, "ink.") | planes(flats, "View.paint."))
        (folder / "both" / f"{step:04d}.exr").write_bytes(data)
    return folder


def test_lines_and_colours_are_layers_of_the_same_files(shot, tmp_path, cli):
    layers = ["--layer", "line=ink", "--layer", "color=View.paint"]
    command = ["propagate", shot, "--line", "both", "--color", "both/*.exr", "--references", 1]
    ended = cli(*command, *layers, "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    for frame in (1, 2, 3):
        written = (tmp_path / "out" / "color" / f"{frame:04d}.exr").read_bytes()
        assert read(written).shape == (*SIZE, 4)
        assert "View.paint.R" not in str(written)


def test_one_name_holds_for_lines_and_colours(shot, tmp_path, cli):
    color = shot / "color"
    color.mkdir()
    (color / "0001.exr").write_bytes(exr(planes(np.float32(painting(1)) / 255)))
    command = ["propagate", shot, "--line", "both", "--layer", "ink", "--out", tmp_path / "out"]
    ended = cli(*command)
    assert ended.code == 0, ended.err
    ended = cli(
        "segment", shot / "both" / "0001.exr", "--layer", "ink", "--out", tmp_path / "l.png"
    )
    assert ended.code == 0, ended.err


def test_no_choice_and_no_file_to_choose_in_are_one_sentence(shot, tmp_path, cli):
    command = ["propagate", shot, "--line", "both", "--color", "both", "--out", tmp_path / "out"]
    ended = cli(*command)
    assert ended.code == 5
    assert "has the layers View.paint, ink: choose one with --layer NAME" in ended.err
    for step in (1, 2):
        save(shot / "line" / f"{step:04d}.png", line_drawing(step))
    save(shot / "color" / "0001.png", painting(1))
    ended = cli("propagate", shot, "--layer", "ink", "--out", tmp_path / "out")
    assert ended.code == 2
    assert "--layer names a layer of OpenEXR files, and there are none in" in ended.err
