"""One palette swapped for another, exactly and by name."""

import json

import numpy as np
import pytest

from ant_core.color.pixels import PixelFormat
from ant_core.commands.recolor_frames import recoloring
from ant_core.errors import InputError
from ant_core.formats.palettes import NamedColor, NamedPalette
from ant_core.formats.pictures import picture_format
from tests.support.drawn import load, save

RGBA = PixelFormat(8, 4)
DAY = b"GIMP Palette\n244 188 157 Skin\n40 90 200 Shirt\n1 1 1 Sock\n"
NIGHT = b"GIMP Palette\n90 80 140 Skin\n244 188 157 Shirt\n5 5 5 Moon\n"


def palette(**colors):
    return NamedPalette(
        "p.gpl",
        tuple(NamedColor(n, "RGB", tuple(v / 255 for v in c)) for n, c in colors.items()),
    )


@pytest.fixture
def palettes(tmp_path):
    (tmp_path / "day.gpl").write_bytes(DAY)
    (tmp_path / "night.gpl").write_bytes(NIGHT)
    return ["--from", tmp_path / "day.gpl", "--to", tmp_path / "night.gpl"]


def frame():
    image = np.zeros((6, 8, 4), np.uint8)
    image[1:3] = (244, 188, 157, 255)
    image[3:5] = (40, 90, 200, 255)
    image[5] = (0, 0, 0, 255)  # a line
    image[5, 0] = (40, 90, 200, 128)  # half transparent
    image[0, :] = (40, 90, 200, 0)  # transparent, with a colour
    return image


def test_colours_are_swapped_by_name_and_at_once(tmp_path, palettes, cli):
    save(tmp_path / "in" / "A_0007.png", frame())
    done = cli("recolor", tmp_path / "in", *palettes, "--out", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    image = load(tmp_path / "out" / "A_0007.png")
    wanted = frame()
    wanted[1:3] = (90, 80, 140, 255)
    wanted[3:5] = (244, 188, 157, 255)  # what Skin was: no colour is swapped twice
    assert np.array_equal(image[1:], wanted[1:])
    assert (image[0, :, 3] == 0).all()
    report = json.loads((tmp_path / "out" / "recolor.json").read_text())
    counts = {item["name"]: item["pixels"] for item in report["swapped"]}
    assert counts == {"Skin": 16, "Shirt": 16}
    assert report["unmatched"] == [
        {"color": [0, 0, 0, 255], "pixels": 7},
        {"color": [40, 90, 200, 128], "pixels": 1},
    ]
    assert report["names_only_in_from"] == ["Sock"]
    assert report["names_only_in_to"] == ["Moon"]
    assert "only --from has 'Sock'" in done.err


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float16", "float32"])
@pytest.mark.parametrize("channels", [3, 4])
def test_every_depth_is_exact(dtype, channels):
    pixels = PixelFormat(np.dtype(dtype).itemsize * 8, channels, np.dtype(dtype).kind == "f")
    day, night = palette(Skin=(244, 188, 157)), palette(Skin=(9, 8, 7))
    table = recoloring(day, night, pixels)
    image = np.zeros((3, 2, channels), dtype)
    image[:] = day.by_name(pixels)["Skin"]
    image[0, 0] = 0
    found = table.apply(image)
    assert found.dtype == image.dtype
    assert found[1:].tobytes() == np.array([night.by_name(pixels)["Skin"]] * 4).tobytes()
    assert not found[0, 0].any()


def test_a_frame_without_any_of_the_colours_is_the_same_file(tmp_path, palettes, cli):
    save(tmp_path / "in" / "0001.png", np.zeros((4, 4, 4), np.uint8))
    assert cli("recolor", tmp_path / "in", *palettes, "--out", tmp_path / "out").code == 0
    old, new = (tmp_path / folder / "0001.png" for folder in ("in", "out"))
    assert old.read_bytes() == new.read_bytes()


def test_other_formats_stay_what_they_are(tmp_path, palettes, cli):
    pytest.importorskip("tifffile", reason="needs the formats extra")
    form = picture_format("a.tif")
    pixels = frame()[1:].astype(np.uint16) * np.uint16(257)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "s.A.0001.tif").write_bytes(form.encode(pixels, b""))
    done = cli("recolor", tmp_path / "in", *palettes, "--out", tmp_path / "out")
    assert done.code == 0, done.err
    found = form.decode((tmp_path / "out" / "s.A.0001.tif").read_bytes(), "")
    assert found[0, 0].tolist() == [90 * 257, 80 * 257, 140 * 257, 65535]


def test_one_colour_that_would_become_two_is_refused():
    day = palette(Skin=(1, 2, 3), Ear=(1, 2, 3))
    with pytest.raises(InputError, match="'Skin' and 'Ear' are the same colour"):
        recoloring(day, palette(Skin=(4, 5, 6), Ear=(7, 8, 9)), RGBA)
    both = recoloring(day, palette(Skin=(4, 5, 6), Ear=(4, 5, 6)), RGBA)
    assert both.names == ["Skin"]


def test_palettes_without_a_common_name_are_refused():
    with pytest.raises(InputError, match="share no name"):
        recoloring(palette(Skin=(1, 2, 3)), palette(Haut=(4, 5, 6)), RGBA)


def test_the_input_folder_is_never_written_to(tmp_path, palettes, cli):
    save(tmp_path / "in" / "0001.png", frame())
    before = (tmp_path / "in" / "0001.png").read_bytes()
    done = cli("recolor", tmp_path / "in", *palettes, "--out", tmp_path / "in")
    assert done.code == 2
    assert (tmp_path / "in" / "0001.png").read_bytes() == before


def test_there_and_back_is_where_it_began():
    rng = np.random.default_rng(0)
    first = {f"c{i}": tuple(c) for i, c in enumerate(rng.integers(0, 256, (20, 3)).tolist())}
    second = {f"c{i}": (i, 255 - i, 7) for i in range(20)}
    image = np.concatenate(
        [np.array(list(first.values()), np.uint8)[rng.integers(0, 20, (30, 30))]], axis=1
    )
    pixels = PixelFormat(8, 3)
    there = recoloring(palette(**first), palette(**second), pixels).apply(image)
    assert not np.array_equal(there, image)
    back = recoloring(palette(**second), palette(**first), pixels).apply(there)
    assert np.array_equal(back, image)


def test_colours_without_a_name_are_no_pair():
    def nameless(*values):
        colors = [NamedColor("", "RGB", (v, v, v)) for v in values]
        return NamedPalette(f"{values[0]}.gpl", (*colors, NamedColor("Skin", "RGB", values)))

    pair = recoloring(nameless(0.1, 0.2, 0.3), nameless(0.4, 0.5, 0.6), PixelFormat(8, 3))
    assert pair.names == ["Skin"]
