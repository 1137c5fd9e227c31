"""Palettes of GIMP, Adobe and Krita."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from ant_core.color.pixels import PixelFormat
from ant_core.errors import InputError
from ant_core.formats.palettes import read_palette

RGB, RGBA, DEEP = PixelFormat(8, 3), PixelFormat(8, 4), PixelFormat(16, 4)
KRITAS_OWN = Path("/usr/share/krita/palettes")
GPL = b"""GIMP Palette
Name: Hero
Columns: 4
# day
244 188 157\tSkin
 40  90 200\tShirt blue
  0   0   0
"""


def aco(rows, versions=(1, 2)):
    """Pack (space, values, name) as Photoshop does."""
    data = b""
    for version in versions:
        data += struct.pack(">HH", version, len(rows))
        for space, values, name in rows:
            data += struct.pack(">5H", space, *values, *[0] * (4 - len(values)))
            if version == 2:
                text = (name + "\0").encode("utf-16-be")
                data += struct.pack(">I", len(text) // 2) + text
    return data


def ase(rows):
    """Pack (model, values, name), in one group."""
    group = "Hero\0".encode("utf-16-be")
    blocks = [struct.pack(">HIH", 0xC001, 2 + len(group), len(group) // 2) + group]
    for model, values, name in rows:
        text = (name + "\0").encode("utf-16-be")
        body = struct.pack(">H", len(text) // 2) + text + model
        body += struct.pack(f">{len(values)}f", *values) + struct.pack(">H", 2)
        blocks.append(struct.pack(">HI", 1, len(body)) + body)
    blocks.append(struct.pack(">HI", 0xC002, 0))
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def kpl(entries):
    text = f'<ColorSet version="2.0" name="Hero" columns="4">{entries}</ColorSet>'
    parts = {
        "mimetype": "application/x-krita-palette",
        "colorset.xml": text,
        "profiles.xml": "<Profiles/>",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            # Without the time, which would be another in each process that runs these tests: the
            # data are in the tests' names, which must be the same in all.
            archive.writestr(zipfile.ZipInfo(name), part)
    return buffer.getvalue()


def kpl_entry(name, value, depth="U8"):
    start = f'<ColorSetEntry name="{name}" id="" spot="false" bitdepth="{depth}">'
    return f"{start}{value}</ColorSetEntry>"


def read(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    return read_palette(tmp_path / name)


def values(palette, pixels):
    return {name: raw.tolist() for name, raw in palette.by_name(pixels).items()}


SKIN, SHIRT = (244, 188, 157), (40, 90, 200)
HERO = {"Skin": [*SKIN, 255], "Shirt blue": [*SHIRT, 255]}


def test_gimp(tmp_path):
    found = values(read(tmp_path, "hero.gpl", GPL), RGBA)
    assert found == HERO | {"": [0, 0, 0, 255]}


@pytest.mark.parametrize("scale", [257, 256])
def test_photoshop(tmp_path, scale):
    rows = [
        (0, [v * scale for v in SKIN], "Skin"),
        (0, [v * scale for v in SHIRT], "Shirt blue"),
    ]
    assert values(read(tmp_path, "hero.aco", aco(rows)), RGBA) == HERO


def test_photoshop_without_names(tmp_path):
    palette = read(tmp_path, "hero.aco", aco([(0, [257, 514, 771], "x")], versions=(1,)))
    assert [color.name for color in palette.colors] == [""]
    assert values(palette, RGB) == {"": [1, 2, 3]}


def test_photoshop_in_other_models(tmp_path):
    rows = [
        (2, [0, 65535, 32768, 65535], "ink"),
        (8, [5000], "half"),
        (7, [1, 2, 3], "lab"),
    ]
    palette = read(tmp_path, "hero.aco", aco(rows))
    assert palette.left_out == 1
    assert values(palette, PixelFormat(8, 5)) == {"ink": [255, 0, 127, 0, 255]}
    assert values(palette, PixelFormat(8, 2)) == {"half": [128, 255]}


def test_adobe_swatch_exchange(tmp_path):
    rows = [
        (b"RGB ", [v / 255 for v in SKIN], "Skin"),
        (b"RGB ", [v / 255 for v in SHIRT], "Shirt blue"),
        (b"LAB ", [0.5, 1, 1], "lab"),
    ]
    palette = read(tmp_path, "hero.ase", ase(rows))
    assert values(palette, RGBA) == HERO
    assert palette.left_out == 1


def test_krita(tmp_path):
    def rgb(color):
        r, g, b = (v / 255 for v in color)
        return f'<RGB r="{r:.9g}" g="{g:.9g}" b="{b:.9g}" space="sRGB-elle-V2-srgbtrc.icc"/>'

    entries = kpl_entry("Skin", rgb(SKIN))
    entries += f'<Group name="clothes">{kpl_entry("Shirt blue", rgb(SHIRT))}</Group>'
    entries += kpl_entry("paper", '<Gray g="0.5" space="g"/>', "U16")
    entries += kpl_entry("xyz", '<XYZ x="0.1" y="0.1" z="0.1"/>', "F32")
    palette = read(tmp_path, "hero.kpl", kpl(entries))
    assert values(palette, RGBA) == HERO | {"paper": [128, 128, 128, 255]}
    assert palette.left_out == 1


@pytest.mark.skipif(not KRITAS_OWN.is_dir(), reason="Krita is not installed")
def test_every_palette_that_comes_with_krita():
    for path in KRITAS_OWN.glob("*.*"):
        assert len(read_palette(path).colors) > 5


def test_eight_bit_colours_are_exact_in_sixteen(tmp_path):
    found = values(read(tmp_path, "hero.gpl", GPL), DEEP)
    assert found["Skin"] == [v * 257 for v in (*SKIN, 255)]


def test_floating_colours_are_those_nearest(tmp_path):
    found = read(tmp_path, "hero.gpl", GPL).by_name(PixelFormat(16, 4, floating=True))
    wanted = np.array([*(v / 255 for v in SKIN), 1], np.float16)
    assert found["Skin"].tobytes() == wanted.tobytes()


def test_one_colour_may_have_two_names(tmp_path):
    palette = read(tmp_path, "a.gpl", b"GIMP Palette\n1 2 3 Skin\n1 2 3 Ear\n1 2 3 Skin\n")
    assert palette.names_of(RGB) == {bytes((1, 2, 3)): ("Skin", "Ear")}


def test_one_name_for_two_colours_is_refused_where_names_count(tmp_path):
    palette = read(tmp_path, "a.gpl", b"GIMP Palette\n1 2 3 Skin\n1 2 4 Skin\n")
    with pytest.raises(InputError, match="two colours called 'Skin'"):
        palette.by_name(RGB)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.gpl", b""),
        ("a.gpl", b"JASC-PAL\n"),
        ("a.gpl", b"GIMP Palette\n1 2\n"),
        ("a.gpl", b"GIMP Palette\n1 2 300 red\n"),
        ("a.aco", b""),
        ("a.aco", b"\0\3\0\1"),
        ("a.aco", aco([(0, [1, 2, 3], "Skin")])[:-3]),
        ("a.ase", b"\xe0\xa5"),
        ("a.ase", ase([(b"RGB ", [0, 0, 0], "x")])[:40]),
        ("a.kpl", b"PK\3\4"),
        ("a.kpl", kpl("<ColorSetEntry")),
        ("a.kpl", kpl(kpl_entry("x", '<RGB r="a" g="0" b="0"/>'))),
    ],
)
def test_damage_is_one_sentence(tmp_path, name, data):
    with pytest.raises(InputError, match=r"no whole \.... palette"):
        read(tmp_path, name, data)


def test_a_palette_without_usable_colours_is_refused(tmp_path):
    with pytest.raises(InputError, match="no colour in RGB"):
        read(tmp_path, "a.ase", ase([(b"LAB ", [0, 0, 0], "x")]))


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"save it as \.gpl"):
        read(tmp_path, "a.pal", b"")
